/* SPDX-License-Identifier: MIT
 *
 * The plugins of this machine: see registry.h. Each file is read once, told by its hash, and asked of the
 * cache; only those that the cache does not know are checked, copied and scanned.
 */
#include "core/plugin/registry.h"

#include "core/plugin/copy.h"
#include "core/plugin/describe.h"
#include "core/plugin/elf_check.h"
#include "core/plugin/formula.h"
#include "core/plugin/formula_build.h"
#include "core/plugin/open.h"
#include "core/plugin/scan.h"
#include "core/plugin/search.h"
#include "core/plugin/trust.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file of the search path on its way to a row. */
typedef struct candidate {
    const char *path;
    gsc_plugin_copy copy; /* empty where the file could not be read */
    json_t *row;
    bool fresh;   /* not from the cache */
    bool trusted; /* of the installation, or on the user's list */
} candidate;

const char *gsc_kind_name(gsc_kind kind) {
    switch (kind) {
    case GSC_KIND_GATE:
        return "gate";
    case GSC_KIND_EXPERT:
        return "expert";
    case GSC_KIND_BALANCER:
        return "balancer";
    default:
        return NULL;
    }
}

static const char *text_of(const json_t *row, const char *key) {
    const char *text = json_string_value(json_object_get(row, key));
    return text != NULL ? text : "";
}

/* Reads the file and takes its row from the cache, or its refusal from its bytes; a row that is NULL
 * afterwards waits for a scan. trust: NULL for a file that is named. Fails only where the cache itself does. */
static gsc_status prepare(candidate *file, const gsc_trust *trust, gsc_error *error) {
    gsc_error why = {0};
    gsc_status status = gsc_plugin_copy_init(&file->copy, file->path, &why);
    if (status == GSC_ERR_SYSTEM) {
        return gsc_fail(error, status, "%s", why.message);
    }
    if (status != GSC_OK) {
        file->row = gsc_plugin_describe_refused(NULL, why.message);
        return GSC_OK;
    }
    file->trusted = trust == NULL || gsc_plugin_path_is_installed(file->path) ||
                    gsc_trust_holds(trust, file->copy.sha256);
    if (!file->trusted && gsc_trust_known_only()) {
        bool whole = gsc_elf_check(file->copy.bytes, file->copy.size, &why) == GSC_OK;
        file->row = gsc_plugin_describe_refused(NULL, whole ? "untrusted" : why.message);
        return GSC_OK;
    }
    file->row = gsc_plugin_copy_get_result(&file->copy);
    if (file->row != NULL) {
        return GSC_OK;
    }
    file->fresh = true;
    if (gsc_elf_check(file->copy.bytes, file->copy.size, &why) != GSC_OK) {
        file->row = gsc_plugin_describe_refused(NULL, why.message);
        return GSC_OK;
    }
    return gsc_plugin_copy_write(&file->copy, error);
}

static gsc_status scan_rest(candidate *files, size_t count, gsc_error *error) {
    gsc_scan_job *jobs = calloc(count + 1, sizeof *jobs);
    if (jobs == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory to scan %zu plugins", count);
    }
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (files[i].row == NULL) {
            jobs[n++].copy_path = files[i].copy.path;
        }
    }
    gsc_status status = gsc_scan(jobs, n, error);
    n = 0;
    for (size_t i = 0; i < count; i++) {
        if (files[i].row == NULL) {
            files[i].row = jobs[n++].ret_row;
        }
    }
    free(jobs);
    return status;
}

/* Keeps what is new and completes the row: path, hash, and the file's name where no id is known. */
static gsc_status complete(candidate *file, gsc_error *error) {
    gsc_status status = GSC_OK;
    if (file->fresh) {
        status = gsc_plugin_copy_set_result(&file->copy, file->row, error);
    }
    json_object_set_new(file->row, "path", json_string(file->path));
    json_object_set_new(file->row, "sha256", json_string(file->copy.sha256));
    json_object_set_new(file->row, "trusted", json_boolean(file->trusted));
    if (text_of(file->row, "id")[0] == '\0') {
        const char *name = strrchr(file->path, '/');
        name = name != NULL ? name + 1 : file->path;
        size_t length = strlen(name) - strlen(".so");
        json_object_set_new(file->row, "id", json_stringn(name, length));
    }
    return status;
}

/* The first good row of a kind and id, or NULL. */
static json_t *find(json_t *array, const char *kind, const char *id) {
    size_t index;
    json_t *row;
    json_array_foreach(array, index, row) {
        if (strcmp(text_of(row, "id"), id) == 0 && strcmp(text_of(row, "kind"), kind) == 0 &&
            strcmp(text_of(row, "status"), "ok") == 0) {
            return row;
        }
    }
    return NULL;
}

static void append(json_t *array, json_t *row) {
    json_t *first = strcmp(text_of(row, "status"), "ok") == 0
                        ? find(array, text_of(row, "kind"), text_of(row, "id"))
                        : NULL;
    if (first != NULL) {
        char status[GSC_PLUGIN_PATH_SIZE + 32];
        snprintf(status, sizeof status, "is shadowed by %s", text_of(first, "path"));
        json_object_set_new(row, "status", json_string(status));
    }
    json_array_append_new(array, row);
}

gsc_status gsc_registry_list(json_t **ret_array, gsc_error *error) {
    gsc_plugin_files paths = {0};
    gsc_status status = gsc_plugin_files_find(&paths, error);
    if (status != GSC_OK) {
        return status;
    }
    candidate *files = calloc(paths.count + 1, sizeof *files);
    json_t *array = json_array();
    if (files == NULL || array == NULL) {
        status = gsc_fail(error, GSC_ERR_MEMORY, "no memory to list %zu plugins", paths.count);
    }
    gsc_trust trust;
    gsc_trust_init(&trust);
    for (size_t i = 0; status == GSC_OK && i < paths.count; i++) {
        files[i].path = paths.path[i];
        status = prepare(&files[i], &trust, error);
    }
    gsc_trust_clear(&trust);
    if (status == GSC_OK) {
        status = scan_rest(files, paths.count, error);
    }
    for (size_t i = 0; status == GSC_OK && i < paths.count; i++) {
        status = complete(&files[i], error);
        append(array, files[i].row);
        files[i].row = NULL;
    }
    for (size_t i = 0; files != NULL && i < paths.count; i++) {
        json_decref(files[i].row);
        gsc_plugin_copy_clear(&files[i].copy);
    }
    free(files);
    gsc_plugin_files_clear(&paths);
    if (status != GSC_OK) {
        json_decref(array);
        return status;
    }
    *ret_array = array;
    return GSC_OK;
}

gsc_status gsc_registry_describe(const char *path, json_t **ret_row, gsc_error *error) {
    candidate file = {.path = path};
    gsc_status status = prepare(&file, NULL, error); /* named: the user asked for it */
    if (status == GSC_OK) {
        status = scan_rest(&file, 1, error);
    }
    if (status == GSC_OK) {
        status = complete(&file, error);
    }
    gsc_plugin_copy_clear(&file.copy);
    if (status != GSC_OK) {
        json_decref(file.row);
        return status;
    }
    *ret_row = file.row;
    return GSC_OK;
}

/* ---- Loading --------------------------------------------------------------------------------------- */

/* What this process has loaded, newest first; never freed, since its functions may be on a stack. */
typedef struct loaded_node {
    gsc_loaded loaded;
    gsc_descriptor descriptor;
    char id[GSC_PLUGIN_PATH_SIZE];
    struct loaded_node *next;
} loaded_node;

static pthread_mutex_t loaded_lock = PTHREAD_MUTEX_INITIALIZER;
static loaded_node *loaded_list;

/* Why there is no such plugin: it is there but refused, or which ids there are. */
static gsc_status not_found(json_t *array, const char *kind, const char *id, gsc_error *error) {
    char known[320] = "";
    size_t index, used = 0;
    json_t *row;
    json_array_foreach(array, index, row) {
        const char *row_kind = text_of(row, "kind"), *row_id = text_of(row, "id");
        bool good = strcmp(text_of(row, "status"), "ok") == 0;
        if (!good && strcmp(row_id, id) == 0 &&
            (row_kind[0] == '\0' || strcmp(row_kind, kind) == 0)) {
            bool untrusted = strcmp(text_of(row, "status"), "untrusted") == 0;
            return gsc_fail(error, GSC_ERR_PLUGIN, "%s %s (%s) %s", kind, id, text_of(row, "path"),
                            untrusted ? "is new here and was not loaded: accept it in the window, "
                                        "or with `gatescope plugin trust FILE`"
                                      : text_of(row, "status"));
        }
        if (good && strcmp(row_kind, kind) == 0 && used + strlen(row_id) + 3 < sizeof known) {
            used += (size_t)snprintf(known + used, sizeof known - used, "%s%s",
                                     used > 0 ? ", " : "", row_id);
        }
    }
    return gsc_fail(error, GSC_ERR_PLUGIN, "no %s named \"%s\" is on the plugin search path; %s%s",
                    kind, id, used > 0 ? "there are " : "set GATESCOPE_PLUGIN_PATH to its folder",
                    known);
}

/* Writes the copy again if the cache lost it, opens it and completes its descriptor. */
static gsc_status load_row(const json_t *row, loaded_node *node, gsc_error *error) {
    gsc_plugin_copy copy;
    gsc_status status = gsc_plugin_copy_init(&copy, text_of(row, "path"), error);
    if (status != GSC_OK) {
        return status;
    }
    const gsc_plugin *raw = NULL;
    gsc_loaded *loaded = &node->loaded;
    if (strcmp(copy.sha256, text_of(row, "sha256")) != 0) {
        status = gsc_fail(error, GSC_ERR_PLUGIN, "changed while it was being loaded; try again");
    }
    if (status == GSC_OK) {
        status = gsc_plugin_copy_write(&copy, error);
    }
    if (status == GSC_OK) {
        status = gsc_plugin_open(copy.path, NULL, &loaded->handle, &raw, error);
    }
    if (status == GSC_OK) {
        status = gsc_descriptor_complete(raw, &node->descriptor, error);
    }
    if (status == GSC_OK) {
        loaded->plugin = &node->descriptor.plugin;
        snprintf(node->id, sizeof node->id, "%s", text_of(row, "id"));
        node->descriptor.plugin.id = node->id; /* a formula goes by its text */
        loaded->gate = loaded->plugin->gate;
        loaded->expert = loaded->plugin->expert;
        loaded->balancer = loaded->plugin->balancer;
        snprintf(loaded->sha256, sizeof loaded->sha256, "%s", copy.sha256);
        snprintf(loaded->path, sizeof loaded->path, "%s", text_of(row, "path"));
    }
    gsc_plugin_copy_clear(&copy);
    return status;
}

static gsc_status load_new(gsc_kind kind, const char *id, loaded_node **ret_node,
                           gsc_error *error) {
    json_t *array = NULL, *formula = NULL;
    const bool is_formula = kind == GSC_KIND_GATE && gsc_formula_is(id);
    gsc_status status =
        is_formula ? gsc_formula_describe(id, &formula, error) : gsc_registry_list(&array, error);
    if (status != GSC_OK) {
        return status;
    }
    if (is_formula) {
        array = json_pack("[o]", formula);
    }
    const char *kind_name = gsc_kind_name(kind);
    const json_t *row = find(array, kind_name, id);
    loaded_node *node = row != NULL ? calloc(1, sizeof *node) : NULL;
    if (row == NULL) {
        status = not_found(array, kind_name, id, error);
    } else if (node == NULL) {
        status = gsc_fail(error, GSC_ERR_MEMORY, "no memory to load %s %s", kind_name, id);
    } else {
        status = load_row(row, node, error);
        if (status != GSC_OK) {
            char path[GSC_PLUGIN_PATH_SIZE];
            snprintf(path, sizeof path, "%s", text_of(row, "path"));
            gsc_error why = error != NULL ? *error : (gsc_error){0};
            gsc_fail(error, status, "%s %s (%s) %s", kind_name, id, path, why.message);
        }
    }
    json_decref(array);
    if (status != GSC_OK) {
        free(node);
        return status;
    }
    *ret_node = node;
    return GSC_OK;
}

gsc_status gsc_registry_load(gsc_kind kind, const char *id, const gsc_loaded **ret_loaded,
                             gsc_error *error) {
    pthread_mutex_lock(&loaded_lock);
    loaded_node *node = loaded_list;
    while (node != NULL &&
           (node->loaded.plugin->kind != kind || strcmp(node->loaded.plugin->id, id) != 0)) {
        node = node->next;
    }
    gsc_status status = GSC_OK;
    if (node == NULL) {
        status = load_new(kind, id, &node, error);
        if (status == GSC_OK) {
            node->next = loaded_list;
            loaded_list = node;
        }
    }
    if (status == GSC_OK) {
        *ret_loaded = &node->loaded;
    }
    pthread_mutex_unlock(&loaded_lock);
    return status;
}

/* SPDX-License-Identifier: MIT
 *
 * What is dropped on the window. See drop.h.
 */
#include "ui/drop.h"

#include "ui/experiment.h"
#include "ui/plot/png_text.h"

#include <jansson.h>
#include <stdlib.h>

enum {
    MOST_SPECS = 8 /* of one picture that are listed */
};

typedef struct target {
    gsc_drop_opened *opened;
    gpointer data;
} target;

static gboolean on_drop(GtkDropTarget *drop, const GValue *value, double x, double y,
                        gpointer data) {
    const target *self = data;
    gboolean any = FALSE;

    if (!G_VALUE_HOLDS(value, GDK_TYPE_FILE_LIST)) {
        return FALSE;
    }
    g_autoptr(GSList) files = gdk_file_list_get_files(g_value_get_boxed(value));
    for (const GSList *at = files; at != NULL; at = at->next) {
        g_autofree char *path = g_file_get_path(at->data);
        if (path != NULL) {
            self->opened(path, self->data);
            any = TRUE;
        }
    }
    return any;
}

static void free_target(gpointer data, GClosure *closure) {
    g_free(data);
}

void gsc_drop_add(GtkWidget *widget, gsc_drop_opened *opened, gpointer data) {
    GtkDropTarget *drop = gtk_drop_target_new(GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
    target *self = g_new(target, 1);

    *self = (target){.opened = opened, .data = data};
    g_signal_connect_data(drop, "drop", G_CALLBACK(on_drop), self, free_target, 0);
    gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(drop));
}

/* ---- Pictures ------------------------------------------------------------------------------------ */

/* "theorem2" of /home/me/theorem2.png. */
static char *dup_stem(const char *path) {
    char *base = g_path_get_basename(path), *dot = strrchr(base, '.');

    if (dot != NULL && dot != base) {
        *dot = '\0';
    }
    return base;
}

/* The spec's file, written unless one of the same text is there: NAME.json, NAME-2.json, …; caller frees. */
static char *keep_spec(const char *folder, const char *stem, const char *text, GError **error) {
    for (int i = 1;; i++) {
        g_autofree char *base =
            i == 1 ? g_strdup_printf("%s.json", stem) : g_strdup_printf("%s-%d.json", stem, i);
        g_autofree char *path = g_build_filename(folder, base, NULL);
        g_autofree char *there = NULL;
        if (g_file_get_contents(path, &there, NULL, NULL)) {
            if (g_strcmp0(there, text) == 0) {
                return g_steal_pointer(&path);
            }
            continue;
        }
        return g_file_set_contents(path, text, -1, error) ? g_steal_pointer(&path) : NULL;
    }
}

static bool is_known(const GPtrArray *texts, const char *text) {
    for (guint i = 0; i < texts->len; i++) {
        if (g_strcmp0(texts->pdata[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* Texts of the specs that differ in more than their seed. */
static GPtrArray *list_specs(const json_t *specs) {
    GPtrArray *texts = g_ptr_array_new_with_free_func(free);
    g_autoptr(GPtrArray) bare = g_ptr_array_new_with_free_func(free);

    for (size_t i = 0; i < json_array_size(specs) && texts->len < MOST_SPECS; i++) {
        json_t *spec = json_array_get(specs, i), *copy = json_copy(spec);
        json_object_del(copy, "seed");
        char *key = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
        json_decref(copy);
        if (json_is_object(spec) && key != NULL && !is_known(bare, key)) {
            g_ptr_array_add(bare, key);
            g_ptr_array_add(texts, json_dumps(spec, JSON_INDENT(2)));
        } else {
            free(key);
        }
    }
    return texts;
}

GPtrArray *gsc_drop_unpack(const char *png_path, GError **error) {
    gsc_error failure = {0};
    char *text = NULL;

    if (gsc_png_read_text(png_path, "gatescope-spec", &text, &failure) != GSC_OK) {
        gsc_ui_take_error(error, &failure);
        return NULL;
    }
    json_t *specs = text != NULL ? json_loads(text, 0, NULL) : NULL;
    free(text);
    g_autoptr(GPtrArray) texts = list_specs(specs);
    json_decref(specs);
    if (texts->len == 0) {
        g_set_error(error, GSC_UI_ERROR, GSC_ERR_INPUT,
                    "%s carries no experiment: only PNG files that Gatescope exported, and that "
                    "nothing rewrote since, do.",
                    png_path);
        return NULL;
    }
    g_autofree char *folder = g_build_filename(g_get_user_data_dir(), "gatescope", "specs", NULL);
    g_autofree char *stem = dup_stem(png_path);
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    g_mkdir_with_parents(folder, 0700);
    for (guint i = 0; i < texts->len; i++) {
        char *path = keep_spec(folder, stem, texts->pdata[i], error);
        if (path == NULL) {
            return NULL;
        }
        g_ptr_array_add(paths, path);
    }
    return g_steal_pointer(&paths);
}

bool gsc_drop_read_look(const char *png_path, gsc_plot_look *ret_look) {
    char *text = NULL;

    gsc_png_read_text(png_path, "gatescope-look", &text, NULL);
    const bool known = gsc_plot_look_read(text, ret_look);
    free(text);
    return known;
}

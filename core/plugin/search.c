/* SPDX-License-Identifier: MIT
 *
 * The search path of plugins: see search.h.
 */
#include "core/plugin/search.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if !defined(GSC_PLUGIN_LIBDIR) || !defined(GSC_PLUGIN_LIBDIR_BELOW)
#error "the build gives the installed plugins' folder, from the root and from the prefix"
#endif

static void add_folder(gsc_plugin_folders *folders, const char *path) {
    char real[PATH_MAX];
    struct stat status;
    if (folders->count == GSC_MAX_PLUGIN_FOLDERS || realpath(path, real) == NULL ||
        stat(real, &status) != 0 || !S_ISDIR(status.st_mode) ||
        strlen(real) >= GSC_PLUGIN_PATH_SIZE) {
        return;
    }
    for (size_t i = 0; i < folders->count; i++) {
        if (strcmp(folders->path[i], real) == 0) {
            return;
        }
    }
    memcpy(folders->path[folders->count++], real, strlen(real) + 1);
}

static void add_list(gsc_plugin_folders *folders, const char *list) {
    while (list != NULL && *list != '\0') {
        size_t length = strcspn(list, ":");
        char folder[GSC_PLUGIN_PATH_SIZE];
        if (length > 0 && length < sizeof folder) {
            memcpy(folder, list, length);
            folder[length] = '\0';
            add_folder(folders, folder);
        }
        list += length + (list[length] == ':');
    }
}

/* A program of the build tree lies in BUILD/app or BUILD/tests/x; BUILD is told by its build.ninja. */
static void add_build_tree(gsc_plugin_folders *folders) {
    char folder[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", folder, sizeof folder - 1);
    if (length <= 0) {
        return;
    }
    folder[length] = '\0';
    for (int up = 0; up < 4; up++) {
        char *slash = strrchr(folder, '/');
        if (slash == NULL || slash == folder) {
            return;
        }
        *slash = '\0';
        char path[PATH_MAX + 16];
        snprintf(path, sizeof path, "%s/build.ninja", folder);
        if (access(path, F_OK) == 0) {
            snprintf(path, sizeof path, "%s/plugins", folder);
            add_folder(folders, path);
            return;
        }
    }
}

/* The installation: where the build said, and below the prefix of this program, for one that was moved. */
static void add_installed(gsc_plugin_folders *folders) {
    char path[PATH_MAX + sizeof GSC_PLUGIN_LIBDIR_BELOW];
    add_folder(folders, GSC_PLUGIN_LIBDIR);
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL || slash - path < 4 || strncmp(slash - 4, "/bin", 4) != 0) {
        return;
    }
    snprintf(slash - 4, sizeof path - (size_t)(slash - 4 - path), "/%s", GSC_PLUGIN_LIBDIR_BELOW);
    add_folder(folders, path);
}

void gsc_plugin_folders_find(gsc_plugin_folders *ret_folders) {
    ret_folders->count = 0;
    add_list(ret_folders, getenv("GATESCOPE_PLUGIN_PATH"));
    add_build_tree(ret_folders);
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    char path[GSC_PLUGIN_PATH_SIZE];
    if (data != NULL && data[0] == '/') {
        snprintf(path, sizeof path, "%s/gatescope/plugins", data);
        add_folder(ret_folders, path);
    } else if (home != NULL && home[0] == '/') {
        snprintf(path, sizeof path, "%s/.local/share/gatescope/plugins", home);
        add_folder(ret_folders, path);
    }
    add_installed(ret_folders);
}

bool gsc_plugin_path_is_installed(const char *path) {
    gsc_plugin_folders *folders = calloc(1, sizeof *folders);
    bool found = false;
    if (folders != NULL) {
        add_build_tree(folders);
        add_installed(folders);
    }
    for (size_t i = 0; folders != NULL && i < folders->count; i++) {
        size_t length = strlen(folders->path[i]);
        found = found || (strncmp(path, folders->path[i], length) == 0 && path[length] == '/' &&
                          strchr(path + length + 1, '/') == NULL);
    }
    free(folders);
    return found;
}

static int is_plugin_name(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return length > 3 && entry->d_name[0] != '.' && strcmp(entry->d_name + length - 3, ".so") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static gsc_status add_files(gsc_plugin_files *files, const char *folder, gsc_error *error) {
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, is_plugin_name, by_name);
    gsc_status status = GSC_OK;
    for (int i = 0; i < n; i++) {
        if (status == GSC_OK && files->count == GSC_MAX_PLUGIN_FILES) {
            status =
                gsc_fail(error, GSC_ERR_INPUT,
                         "the plugin search path holds more than %d files (at %s); remove some",
                         GSC_MAX_PLUGIN_FILES, folder);
        }
        if (status == GSC_OK) {
            int length = snprintf(files->path[files->count], GSC_PLUGIN_PATH_SIZE, "%s/%s", folder,
                                  entries[i]->d_name);
            files->count += length > 0 && length < GSC_PLUGIN_PATH_SIZE;
        }
        free(entries[i]);
    }
    free(entries);
    return status;
}

gsc_status gsc_plugin_files_find(gsc_plugin_files *ret_files, gsc_error *error) {
    gsc_plugin_folders *folders = malloc(sizeof *folders);
    gsc_plugin_files files = {0, malloc((size_t)GSC_MAX_PLUGIN_FILES * GSC_PLUGIN_PATH_SIZE)};
    gsc_status status = GSC_OK;
    if (folders == NULL || files.path == NULL) {
        status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for the plugin search path");
    } else {
        gsc_plugin_folders_find(folders);
        for (size_t i = 0; status == GSC_OK && i < folders->count; i++) {
            status = add_files(&files, folders->path[i], error);
        }
    }
    free(folders);
    if (status != GSC_OK) {
        free(files.path);
        return status;
    }
    *ret_files = files;
    return GSC_OK;
}

void gsc_plugin_files_clear(gsc_plugin_files *files) {
    free(files->path);
    *files = (gsc_plugin_files){0};
}

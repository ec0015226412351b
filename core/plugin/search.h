/* SPDX-License-Identifier: MIT
 *
 * Where plugins are looked for, and the files there.
 *
 * Layer: core/plugin; libc.
 */
#ifndef GSC_CORE_PLUGIN_SEARCH_H
#define GSC_CORE_PLUGIN_SEARCH_H

#include "core/base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    GSC_PLUGIN_PATH_SIZE = 1024,
    GSC_MAX_PLUGIN_FOLDERS = 32,
    GSC_MAX_PLUGIN_FILES = 512
};

/* The folders of the search path that exist, each once, in this order: GATESCOPE_PLUGIN_PATH (':'
 * between them), the plugins folder of the build tree that this program runs from,
 * $XDG_DATA_HOME/gatescope/plugins, $libdir/gatescope/plugins. */
typedef struct gsc_plugin_folders {
    size_t count;
    char path[GSC_MAX_PLUGIN_FOLDERS][GSC_PLUGIN_PATH_SIZE];
} gsc_plugin_folders;

void gsc_plugin_folders_find(gsc_plugin_folders *ret_folders);

/* Does the file lie in the build tree that this program runs from, or in $libdir/gatescope/plugins, whatever
 * GATESCOPE_PLUGIN_PATH says? */
bool gsc_plugin_path_is_installed(const char *path);

/* The *.so files in those folders, folders in order, names sorted within one. Frees with
 * gsc_plugin_files_clear. Files beyond GSC_MAX_PLUGIN_FILES are an error. */
typedef struct gsc_plugin_files {
    size_t count;
    char (*path)[GSC_PLUGIN_PATH_SIZE];
} gsc_plugin_files;

gsc_status gsc_plugin_files_find(gsc_plugin_files *ret_files, gsc_error *error);
void gsc_plugin_files_clear(gsc_plugin_files *files);

#endif

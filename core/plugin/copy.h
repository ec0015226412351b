/* SPDX-License-Identifier: MIT
 *
 * The plugin cache, $XDG_CACHE_HOME/gatescope/plugins: copies of plugin files named by the SHA-256 of
 * their bytes, and beside each what its scan found. Only copies are ever loaded, so that replacing a
 * plugin's file cannot reach a running worker.
 *
 * Layer: core/plugin; libc, jansson.
 */
#ifndef GSC_CORE_PLUGIN_COPY_H
#define GSC_CORE_PLUGIN_COPY_H

#include "core/base/error.h"
#include "core/base/sha256.h"
#include "core/plugin/search.h"

#include <jansson.h>
#include <stddef.h>

enum {
    GSC_MAX_PLUGIN_BYTES = 64 << 20
};

/* A plugin's file, whole, in memory, and its place in the cache. */
typedef struct gsc_plugin_copy {
    void *bytes;
    size_t size;
    char sha256[GSC_SHA256_TEXT_SIZE];
    char path[GSC_PLUGIN_PATH_SIZE];   /* CACHE/<sha256>.so */
    char result[GSC_PLUGIN_PATH_SIZE]; /* CACHE/<sha256>.json */
} gsc_plugin_copy;

/* Reads the file at path and names its copy; writes nothing but the cache folder. GSC_ERR_SYSTEM is the
 * cache's failure, a whole sentence; any other is the file's, a predicate. */
gsc_status gsc_plugin_copy_init(gsc_plugin_copy *copy, const char *path, gsc_error *error);
void gsc_plugin_copy_clear(gsc_plugin_copy *copy);

/* Writes the copy unless a good one is there: whole or not at all (a new file, then rename). */
gsc_status gsc_plugin_copy_write(const gsc_plugin_copy *copy, gsc_error *error);

/* The kept scan result, a new reference; NULL where none of this program's scanner is kept. */
json_t *gsc_plugin_copy_get_result(const gsc_plugin_copy *copy);
gsc_status gsc_plugin_copy_set_result(const gsc_plugin_copy *copy, const json_t *result,
                                      gsc_error *error);

#endif

/* SPDX-License-Identifier: MIT
 *
 * The user's own folders, $XDG_DATA_HOME/gatescope and $XDG_CACHE_HOME/gatescope, and files written there whole
 * or not at all.
 *
 * Layer: core/plugin; libc. [any thread]
 */
#ifndef GSC_CORE_PLUGIN_PLACE_H
#define GSC_CORE_PLUGIN_PLACE_H

#include "core/base/error.h"

#include <stddef.h>

/* BASE/gatescope/NAME; nothing is made. GSC_ERR_SYSTEM where neither the variable nor HOME is an absolute
 * path. */
gsc_status gsc_place_data(const char *name, char *ret_path, size_t size, gsc_error *error);
gsc_status gsc_place_cache(const char *name, char *ret_path, size_t size, gsc_error *error);

/* mkdir -p, private to the user; errno tells why not (GSC_ERR_IO). */
gsc_status gsc_place_make(const char *path, gsc_error *error);

/* A new file under another name, then rename. The failure is a predicate: "cannot be copied to ...". */
gsc_status gsc_place_write(const char *path, const void *bytes, size_t size, gsc_error *error);

#endif

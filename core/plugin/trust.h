/* SPDX-License-Identifier: MIT
 *
 * Which plugin files the user has agreed to load. A plugin is code: before the first load of a file from outside
 * the installation the user is asked once, by the hash of its bytes.
 *
 * The list is a text file, $XDG_DATA_HOME/gatescope/trusted, one line for each file: the SHA-256 of its bytes, a
 * blank, the path it had. Files of the build tree and of the installed folder are trusted without it.
 *
 * Who asks is above: with GATESCOPE_TRUST=known (the window sets it for itself and all it starts) a file that is
 * not on the list is looked at but not loaded; without it, on the command line, what the user's own search path
 * holds is loaded, and told once.
 *
 * Layer: core/plugin; libc. [any thread; processes may write at once]
 */
#ifndef GSC_CORE_PLUGIN_TRUST_H
#define GSC_CORE_PLUGIN_TRUST_H

#include "core/base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* The list, read once. */
typedef struct gsc_trust {
    char *text; /* the file; NULL: there is none */
} gsc_trust;

/* A list that cannot be read is an empty one. */
void gsc_trust_init(gsc_trust *trust);
void gsc_trust_clear(gsc_trust *trust);
bool gsc_trust_holds(const gsc_trust *trust, const char *sha256);

/* GATESCOPE_TRUST=known: files that are not on the list stay unloaded. */
bool gsc_trust_known_only(void);

/* Adds the hash (64 hexadecimal digits) with the path it belongs to; one that is there stays there. */
gsc_status gsc_trust_add(const char *sha256, const char *path, gsc_error *error);
/* Adds the file's hash. */
gsc_status gsc_trust_add_file(const char *path, gsc_error *error);

#endif

/* SPDX-License-Identifier: MIT
 *
 * What the files of the spec share: the values by full key, and where each was written.
 *
 * Layer: core/read, private.
 */
#ifndef GSC_CORE_READ_SPEC_INTERNAL_H
#define GSC_CORE_READ_SPEC_INTERNAL_H

#include "core/read/spec.h"

struct gsc_spec {
    char *name;       /* file or preset, for messages */
    json_t *values;   /* full key -> value as given */
    json_t *lines;    /* full key -> line in the text; keys set later are not in it */
    json_t *initials; /* full key -> initial value, where the key has one */
};

/* Every key of a JSON text that parses, at any depth: {"theory.sizes": 4, ...}. NULL: no memory. */
json_t *gsc_spec_lines(const char *text);

/* Checks one value against its key; where says file and line ("x.json:3: "). */
gsc_status gsc_spec_check_value(const gsc_spec_key *key, const json_t *value, const char *where,
                                gsc_error *error);

/* spec_plugins.c: what a value of GSC_SPEC_PLUGIN may be; "count" and "coefficient"; a course; lists
 * against the lab and the number of experts. */
bool gsc_spec_plugin_fits(const gsc_spec_key *key, const json_t *value);
bool gsc_spec_takes_list(const gsc_spec_key *key);
bool gsc_spec_is_reserved(const gsc_spec_key *key, const char *name);
bool gsc_spec_is_schedule(const json_t *value);
gsc_status gsc_spec_check_lists(const gsc_spec *spec, gsc_error *error);

/* "name:line: ", "name: " or "" for key, into text. */
void gsc_spec_where(const gsc_spec *spec, const char *key, char *text, size_t size);

/* Refuses an unknown key with the nearest valid one. */
gsc_status gsc_spec_refuse_key(const char *name, const char *where, gsc_error *error);

#endif

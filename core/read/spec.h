/* SPDX-License-Identifier: MIT
 *
 * A spec says what a run does. It is a JSON object whose keys are those of the table in spec_keys.c, either
 * nested ({"theory": {"sizes": [100]}}) or dotted ({"theory.sizes": [100]}); "gate", "expert",
 * "theory.shared_expert" and "balancer" name plugins, as "softmax" or with parameters as
 * {"id": "softmax", "temperature": 2}; on the command line gate=softmax, gate.temperature=2. In the
 * language-model lab "expert" and "balancer" may be lists, and a parameter may have a schedule.
 * A preset is a spec compiled into the program.
 *
 * Wrong input is one sentence with file, line, key and, for an unknown key, the nearest valid one.
 *
 * Layer: core/read.
 */
#ifndef GSC_CORE_READ_SPEC_H
#define GSC_CORE_READ_SPEC_H

#include "core/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum gsc_spec_type {
    GSC_SPEC_INT,
    GSC_SPEC_REAL,
    GSC_SPEC_BOOL,
    GSC_SPEC_STRING,
    GSC_SPEC_CHOICE,      /* a string of choices */
    GSC_SPEC_INT_LIST,    /* a list, or one number */
    GSC_SPEC_REAL_LIST,   /* a list, or one number */
    GSC_SPEC_PLUGIN,      /* a plugin id with parameters; kind says which */
    GSC_SPEC_OBJECT,      /* checked by the lab that reads it */
    GSC_SPEC_OBJECT_LIST, /* a list of objects, checked by the lab that reads it */
} gsc_spec_type;

/* One key: what the checker enforces and what the window shows as a control. */
typedef struct gsc_spec_key {
    const char *name; /* "theory.sizes" */
    gsc_spec_type type;
    double lowest, highest;     /* inclusive, for numbers and members of lists */
    const char *initial;        /* JSON text; NULL: absent unless given */
    const char *unit;           /* NULL: none */
    const char *doc;            /* one line, no full stop */
    const char *const *choices; /* GSC_SPEC_CHOICE: ends with NULL; GSC_SPEC_PLUGIN: {kind, NULL} */
    bool advanced;              /* the window shows it under "More" */
} gsc_spec_key;

const gsc_spec_key *gsc_spec_keys(size_t *ret_count);
const gsc_spec_key *gsc_spec_find_key(const char *name);
/* Whether a lab reads the key: theory.* are the theory lab's, lm.* and balancer the language model's, the others
 * any lab's. */
bool gsc_spec_key_serves(const char *name, const char *lab);

typedef struct gsc_spec gsc_spec;

/* From "preset:NAME", a path, or JSON text (name is used in messages). The caller owns the spec. */
gsc_status gsc_spec_load(const char *path_or_preset, gsc_spec **ret_spec, gsc_error *error);
gsc_status gsc_spec_parse(const char *text, const char *name, gsc_spec **ret_spec,
                          gsc_error *error);
gsc_spec *gsc_spec_dup(const gsc_spec *spec);
void gsc_spec_free(gsc_spec *spec);

/* Applies "key=value"; value is JSON, or a bare word for strings and plugin ids. */
gsc_status gsc_spec_set(gsc_spec *spec, const char *assignment, gsc_error *error);
gsc_status gsc_spec_set_json(gsc_spec *spec, const char *key, const json_t *value,
                             gsc_error *error);

/* Checks every key, type and range. descriptors is the array of `plugin list --json` (may be NULL: then
 * plugin ids and their parameters are left unchecked). */
gsc_status gsc_spec_check(const gsc_spec *spec, const json_t *descriptors, gsc_error *error);

/* Values, the key's initial value where the spec has none. The key must exist and have that type. */
int64_t gsc_spec_int(const gsc_spec *spec, const char *key);
double gsc_spec_real(const gsc_spec *spec, const char *key);
bool gsc_spec_bool(const gsc_spec *spec, const char *key);
const char *gsc_spec_string(const gsc_spec *spec, const char *key); /* NULL where absent */
/* Lists: fills *ret_values (caller frees) and *ret_count. */
gsc_status gsc_spec_list(const gsc_spec *spec, const char *key, double **ret_values,
                         size_t *ret_count, gsc_error *error);
const char *gsc_spec_plugin(const gsc_spec *spec,
                            const char *key); /* id, or NULL; of a list the first */
/* The value of a plugin's parameter in the spec, or fallback. Of a schedule, where it begins. */
double gsc_spec_plugin_param(const gsc_spec *spec, const char *key, const char *param,
                             double fallback);

/* "expert" and "balancer" may be lists: [{"id": "gelu", "count": 28}, {"id": "zero", "count": 4}],
 * [{"id": "switch", "coefficient": 0.01}, "z_loss"]. A plugin alone is a list of one. */
size_t gsc_spec_plugin_count(const gsc_spec *spec, const char *key);
bool gsc_spec_plugin_is_list(const gsc_spec *spec, const char *key);
const char *gsc_spec_plugin_at(const gsc_spec *spec, const char *key, size_t at);
/* A parameter, or "count" or "coefficient", of the plugin at a place of the list. */
double gsc_spec_plugin_number(const gsc_spec *spec, const char *key, size_t at, const char *name,
                              double fallback);

/* A parameter's course, {"from": 2, "to": 0.5, "steps": 200, "shape": "linear"}: over the first
 * `steps` steps it goes from `from` to `to` and stays there. */
typedef enum gsc_spec_shape {
    GSC_SPEC_LINEAR,
    GSC_SPEC_COSINE,
    GSC_SPEC_EXPONENTIAL,
} gsc_spec_shape;
typedef struct gsc_spec_schedule {
    double from, to, steps;
    gsc_spec_shape shape;
} gsc_spec_schedule;
/* False where the parameter stands still. */
bool gsc_spec_plugin_schedule(const gsc_spec *spec, const char *key, size_t at, const char *param,
                              gsc_spec_schedule *ret_schedule);
double gsc_spec_schedule_at(const gsc_spec_schedule *schedule, double step);
/* Borrowed; NULL where absent and without initial value. */
const json_t *gsc_spec_json(const gsc_spec *spec, const char *key);
/* The whole spec, nested, keys sorted, initial values written out; caller frees. */
char *gsc_spec_dump(const gsc_spec *spec);

/* Presets: compiled-in specs, in the order the window shows them. */
typedef struct gsc_preset {
    const char *name;    /* "first" */
    const char *title;   /* "One expert too many" */
    const char *summary; /* one line for people */
    const char *text;    /* the spec, JSON */
    const char
        *group; /* heading that the window puts above it and its neighbours: "Fingerprints" */
} gsc_preset;

const gsc_preset *gsc_presets(size_t *ret_count);
const gsc_preset *gsc_preset_find(const char *name);

/* How a spec, nested as gsc_spec_dump writes it, differs from that of a preset, in the order of the table of keys:
 * "gate sigmoid, replicates 8"; "" where it does not, or there is no such preset. Caller frees; NULL: no memory.
 * Any thread. */
char *gsc_spec_dup_changes(const json_t *spec, const char *preset);

/* The valid name nearest to word (edit distance), or NULL where none is near. */
const char *gsc_nearest(const char *word, const char *const *names, size_t count);

#endif

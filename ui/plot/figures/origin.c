/* SPDX-License-Identifier: MIT
 *
 * Where a figure comes from, for programs: its runs with everything that is needed to run them
 * again, and the definition of every series that it may draw. Layer: ui/plot; jansson.
 */
#include "ui/plot/figures/origin.h"

#include <jansson.h>
#include <string.h>

/* A JSON text of the run as JSON; null where it is none. */
static json_t *parsed(const char *text) {
    json_t *value = text != NULL ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    return value != NULL ? value : json_null();
}

static json_t *describe_run(const gsc_run_info *info) {
    json_t *run = json_object();
    json_object_set_new(run, "run", json_string(info->name));
    json_object_set_new(run, "status", json_string(gsc_run_status_name(info->status)));
    json_object_set_new(run, "seed", json_integer((json_int_t)info->seed));
    json_object_set_new(run, "machine", parsed(info->machine));
    json_object_set_new(run, "plugins", parsed(info->plugins));
    json_object_set_new(run, "spec", parsed(info->spec));
    return run;
}

char *gsc_figure_origin(gsc_run *const *runs, size_t n_runs, gsc_figure_draws *draws) {
    json_t *root = json_object(), *list = json_array(), *definitions = json_object();
    for (size_t r = 0; r < n_runs; r++) {
        json_array_append_new(list, describe_run(gsc_run_get_info(runs[r])));
        for (size_t s = 0; s < gsc_run_series_count(runs[r]); s++) {
            const gsc_series_info *info = gsc_run_series(runs[r], s);
            if (draws(info) && info->definition[0] != '\0' &&
                json_object_get(definitions, info->name) == NULL) {
                json_object_set_new(definitions, info->name, json_string(info->definition));
            }
        }
    }
    json_object_set_new(root, "runs", list);
    json_object_set_new(root, "definitions", definitions);
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

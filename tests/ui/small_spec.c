/* SPDX-License-Identifier: MIT
 *
 * Experiments that are over in a second. See small_spec.h.
 */
#include "tests/ui/small_spec.h"

#include "core/read/spec.h"
#include "core/read/sweep_folder.h"

#include <stdio.h>
#include <stdlib.h>

static json_t *make_spec(const char *title, int replicates) {
    const gsc_preset *preset = gsc_preset_find("theorem2");
    json_t *spec = json_loads(preset->text, 0, NULL);
    json_t *theory = json_object_get(spec, "theory");

    json_object_set_new(spec, "title", json_string(title));
    json_object_set_new(theory, "sizes", json_pack("[i,i,i]", 100, 200, 400));
    json_object_set_new(theory, "replicates", json_integer(replicates));
    return spec;
}

char *small_spec_write(const desk *at, const char *file, const char *title, int replicates,
                       const char *gate) {
    json_t *spec = make_spec(title, replicates);
    char *path = g_build_filename(at->home, file, NULL);

    if (gate != NULL) {
        json_object_set_new(spec, "gate", json_string(gate));
    }
    json_dump_file(spec, path, JSON_INDENT(2));
    json_decref(spec);
    return path;
}

char *small_spec_write_endless(const desk *at, const char *file, const char *title) {
    json_t *spec = make_spec(title, 100000);
    char *path = g_build_filename(at->home, file, NULL);

    json_object_set_new(json_object_get(spec, "theory"), "sizes", json_pack("[i,i]", 100, 1000000));
    json_dump_file(spec, path, JSON_INDENT(2));
    json_decref(spec);
    return path;
}

bool small_spec_run(const desk *at, const char *spec, const char *file, int seed, const char *set) {
    g_autofree char *folder = g_path_get_dirname(g_getenv("GATESCOPE_DESKTOP"));
    g_autofree char *program = g_build_filename(folder, "gatescope", NULL);
    g_autofree char *output = g_build_filename(at->home, "runs", file, NULL);
    g_autofree char *runs = g_path_get_dirname(output);
    g_autofree char *assignment = g_strdup_printf("seed=%d", seed);
    const char *line[] = {program,    "run", spec,   "--set",
                          assignment, "-o",  output, set != NULL ? "--set" : NULL,
                          set,        NULL};
    int status = -1;

    g_mkdir_with_parents(runs, 0700);
    return g_spawn_sync(NULL, (char **)line, NULL,
                        G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL,
                        NULL, &status, NULL) &&
           status == 0;
}

char *small_sweep_write(const desk *at, const char *name, int seeds) {
    g_autofree char *folder = g_build_filename(at->home, "runs", name, NULL);
    g_autofree char *runs = g_path_get_dirname(folder);
    json_t *axes = json_pack("{s:[s,s]}", "gate", "softmax", "normalized_sigmoid"),
           *list = json_array();
    gsc_sweep *sweep = NULL;
    gsc_error error = {0};

    for (int i = 1; i <= seeds; i++) {
        json_array_append_new(list, json_integer(i));
    }
    json_t *plan = json_pack("{s:s, s:o, s:o, s:o, s:b}", "title", name, "base", make_spec(name, 2),
                             "axes", axes, "seeds", list, "verdict", 0);
    char *text = json_dumps(plan, 0);
    json_decref(plan);
    g_mkdir_with_parents(runs, 0700);
    const bool made = gsc_sweep_parse(text, name, &sweep, &error) == GSC_OK &&
                      gsc_sweep_create(sweep, folder, &error) == GSC_OK &&
                      gsc_sweep_pause(folder, true, &error) == GSC_OK;
    if (!made) {
        printf("# %s\n", error.message);
    }
    gsc_sweep_free(sweep);
    free(text);
    return made ? g_steal_pointer(&folder) : NULL;
}

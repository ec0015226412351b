/* SPDX-License-Identifier: MIT
 *
 * Experiments that are over in a second. See small_spec.h.
 */
#include "tests/ui/small_spec.h"

#include "core/read/spec.h"

char *small_spec_write(const desk *at, const char *file, const char *title, int replicates,
                       const char *gate) {
    const gsc_preset *preset = gsc_preset_find("theorem2");
    json_t *spec = json_loads(preset->text, 0, NULL);
    json_t *theory = json_object_get(spec, "theory");
    char *path = g_build_filename(at->home, file, NULL);

    json_object_set_new(spec, "title", json_string(title));
    json_object_set_new(theory, "sizes", json_pack("[i,i,i]", 100, 200, 400));
    json_object_set_new(theory, "replicates", json_integer(replicates));
    if (gate != NULL) {
        json_object_set_new(spec, "gate", json_string(gate));
    }
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

/* SPDX-License-Identifier: MIT
 *
 * gatescope presets [--json]: the experiments that are built in, and the sweeps.
 *
 * Layer: app.
 */
#include "app/commands.h"
#include "core/read/json_text.h"
#include "core/read/spec.h"
#include "core/read/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print_json(const gsc_preset *presets, size_t n) {
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++) {
        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:s, s:o}", "name", presets[i].name, "title",
                                        presets[i].title, "summary", presets[i].summary, "spec",
                                        json_loads(presets[i].text, 0, NULL)));
    }
    size_t n_sweeps;
    const gsc_sweep_preset *sweeps = gsc_sweep_presets(&n_sweeps);
    for (size_t i = 0; i < n_sweeps; i++) {
        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:s, s:o}", "name", sweeps[i].name, "title",
                                        sweeps[i].title, "summary", sweeps[i].summary, "sweep",
                                        json_loads(sweeps[i].text, 0, NULL)));
    }
    char *text = gsc_json_dump(array, JSON_INDENT(2));
    json_decref(array);
    if (text == NULL) {
        fprintf(stderr, "gatescope presets: no memory\n");
        return 1;
    }
    puts(text);
    free(text);
    return 0;
}

int gsc_cmd_presets(int argc, char **argv) {
    size_t n;
    const gsc_preset *presets = gsc_presets(&n);
    if (argc == 2 && strcmp(argv[1], "--json") == 0) {
        return print_json(presets, n);
    }
    if (argc > 1) {
        fprintf(stderr, "gatescope presets: \"%s\" means nothing here; it takes only --json\n",
                argv[1]);
        return 2;
    }
    for (size_t i = 0; i < n; i++) {
        printf("%-10s %s\n%-10s %s\n", presets[i].name, presets[i].title, "", presets[i].summary);
    }
    size_t n_sweeps;
    const gsc_sweep_preset *sweeps = gsc_sweep_presets(&n_sweeps);
    printf("\nSweeps: several arms, paired by seed\n");
    for (size_t i = 0; i < n_sweeps; i++) {
        printf("%-10s %s\n%-10s %s\n", sweeps[i].name, sweeps[i].title, "", sweeps[i].summary);
    }
    printf(
        "\nRun one with: gatescope run preset:%s, a sweep with: gatescope sweep preset:%s -o DIR\n",
        presets[0].name, sweeps[0].name);
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * gatescope presets [--json]: the experiments that are built in.
 *
 * Layer: app.
 */
#include "app/commands.h"
#include "core/read/json_text.h"
#include "core/read/spec.h"

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
    printf("\nRun one with: gatescope run preset:%s\n", presets[0].name);
    return 0;
}

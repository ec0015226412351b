/* SPDX-License-Identifier: MIT
 *
 * test-bench-plot GATESCOPE: `gatescope bench plot` tells every number that it promises, and for each that cannot be had
 * without a display why not. No times are checked.
 */
#include "tests/tap.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const struct {
    const char *name;
    bool screen; /* wants a display */
} wanted[] = {{"pan_100x100k", false},       {"zoom_100x100k", false},
              {"pan_10x1M", false},          {"zoom_10x1M", false},
              {"open_run_10000k", false},    {"list_1000_runs", false},
              {"read_10000_runs", false},    {"list_10000_runs", false},
              {"screen_pan_100x100k", true}, {"screen_zoom_100x100k", true},
              {"screen_pan_10x1M", true},    {"screen_zoom_10x1M", true},
              {"window_up", true},           {"first_curve", true},
              {"point_on_screen", true},     {"idle", true},
              {"soak_memory", true}};

static const json_t *find(const json_t *cases, const char *name) {
    size_t i;
    const json_t *one;
    json_array_foreach(cases, i, one) {
        if (strcmp(json_string_value(json_object_get(one, "name")), name) == 0) {
            return one;
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    static char text[1 << 16];
    char command[1024];
    if (argc != 2) {
        printf("Bail out! usage: test-bench-plot GATESCOPE\n");
        return 1;
    }
    /* Nothing to start a display with is on the path. */
    snprintf(command, sizeof command, "PATH=/nonexistent '%s' bench plot --quick --json", argv[1]);
    FILE *pipe = popen(command, "r");
    size_t got = pipe != NULL ? fread(text, 1, sizeof text - 1, pipe) : 0;
    text[got] = '\0';
    TAP_OK(pipe != NULL && WEXITSTATUS(pclose(pipe)) == 0, "it comes to its end");
    json_t *root = json_loads(text, 0, NULL);
    const json_t *cases = json_object_get(root, "cases");
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const json_t *one = find(cases, wanted[i].name), *ours = json_object_get(one, "ours");
        const char *why = json_string_value(json_object_get(one, "why"));
        printf("# %s: %g %s\n", wanted[i].name, json_number_value(ours), why != NULL ? why : "");
        TAP_OK(wanted[i].screen ? json_is_null(ours) && why != NULL : json_number_value(ours) > 0,
               wanted[i].screen ? "it says why there is no number" : "there is a number");
        TAP_OK(json_string_value(json_object_get(one, "unit")) != NULL &&
                   json_is_null(json_object_get(one, "ratio")),
               "with its unit, and no ratio to a peer that there is not");
    }
    json_decref(root);
    snprintf(command, sizeof command, "'%s' bench plot --fast 2>&1", argv[1]);
    pipe = popen(command, "r");
    got = pipe != NULL ? fread(text, 1, sizeof text - 1, pipe) : 0;
    text[got] = '\0';
    TAP_OK(pipe != NULL && WEXITSTATUS(pclose(pipe)) == 2 && strstr(text, "--quick") != NULL,
           "an unknown option is refused with those that there are");
    return tap_done();
}

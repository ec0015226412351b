/* SPDX-License-Identifier: MIT
 *
 * The window's single keys as a person uses them: scales, smoothing, grouping of seeds, running, finding, the
 * sheet of keys; that they stay letters in a text field; and that the mouse reaches the same.
 */
#include "core/read/spec.h"
#include "tests/tap.h"
#include "tests/ui/desk.h"

#include <stdlib.h>

/* theorem2 made small: three sizes, two replicates. */
static char *write_spec(desk *at) {
    const gsc_preset *preset = gsc_preset_find("theorem2");
    json_t *spec = json_loads(preset->text, 0, NULL);
    json_t *theory = json_object_get(spec, "theory");
    char *path = g_build_filename(at->home, "small.json", NULL);

    json_object_set_new(spec, "title", json_string("A small run"));
    json_object_set_new(theory, "sizes", json_pack("[i,i,i]", 100, 200, 400));
    json_object_set_new(theory, "replicates", json_integer(2));
    json_dump_file(spec, path, JSON_INDENT(2));
    json_decref(spec);
    return path;
}

/* `gatescope run` beside the window's program, as somebody in a terminal. */
static bool run_outside(desk *at, const char *spec, int seed) {
    g_autofree char *folder = g_path_get_dirname(g_getenv("GATESCOPE_DESKTOP"));
    g_autofree char *program = g_build_filename(folder, "gatescope", NULL);
    g_autofree char *base = g_strdup_printf("small-%d.gsc", seed);
    g_autofree char *output = g_build_filename(at->home, "runs", base, NULL);
    g_autofree char *assignment = g_strdup_printf("seed=%d", seed);
    const char *line[] = {program, "run", spec, "--set", assignment, "-o", output, NULL};
    int status = -1;

    return g_spawn_sync(NULL, (char **)line, NULL,
                        G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL,
                        NULL, &status, NULL) &&
           status == 0;
}

static void test_scales(desk *at) {
    TAP_OK(desk_flag(at, "log_x") && desk_flag(at, "log_y"), "rates come on logarithmic axes");
    desk_key(at, "x");
    TAP_OK(desk_wait_flag(at, "log_x", false, 20), "x makes the x axis linear");
    TAP_OK(desk_flag(at, "log_y"), "and leaves the other");
    desk_key(at, "y");
    TAP_OK(desk_wait_flag(at, "log_y", false, 20), "y does the same of y");
    desk_key(at, "x");
    TAP_OK(desk_wait_flag(at, "log_x", true, 20), "x again turns it back");
    desk_click(at, "win.log-x");
    TAP_OK(desk_wait_flag(at, "log_x", false, 20), "a button over the figure is the same");
}

static void test_smoothing(desk *at) {
    desk_key(at, "s");
    TAP_OK(desk_wait_at_least(at, "smooth", 7, 20), "s smooths over 7 points");
    desk_key(at, "s");
    TAP_OK(desk_wait_at_least(at, "smooth", 21, 20), "then over 21");
    desk_key(at, "s");
    TAP_OK(desk_wait_at_least(at, "smooth", 51, 20), "then over 51");
    desk_key(at, "s");
    desk_rest(1);
    TAP_OK(desk_number(at, "smooth") == 0, "then not at all");
}

static void test_remembered(desk *at, const char *spec, const char *first, const char *second) {
    TAP_OK(desk_start(at, (const char *const[]){spec, first, second, NULL}),
           "the window opens again");
    TAP_OK(desk_wait_at_least(at, "runs_shown", 2, 30), "with both runs");
    TAP_OK(!desk_flag(at, "log_x") && !desk_flag(at, "log_y"), "scales are as they were left");
    TAP_OK(desk_number(at, "groups") == 1, "so is the grouping");
    desk_key(at, "g");
    desk_rest(1);
    TAP_OK(desk_number(at, "groups") == 0, "g draws the runs one by one again");
}

static void test_group(desk *at) {
    TAP_OK(desk_number(at, "groups") == 0, "two seeds are two runs");
    desk_key(at, "g");
    TAP_OK(desk_wait_at_least(at, "groups", 1, 20), "g draws them as one mean");
    TAP_OK(desk_number(at, "points") == 0, "in place of their points");
}

static void test_words(desk *at) {
    double runs = desk_number(at, "runs_shown");

    desk_key(at, "slash");
    desk_rest(0.7);
    desk_type(at, "rxysg");
    desk_rest(1);
    TAP_OK(!desk_flag(at, "log_x") && !desk_flag(at, "log_y") && desk_number(at, "smooth") == 0,
           "in the field that / opens they are letters");
    TAP_OK(!desk_flag(at, "running") && desk_number(at, "runs_shown") == runs, "and nothing runs");
    desk_press(at, "Escape");
    desk_rest(0.5);
}

static void test_sheet(desk *at) {
    desk_key(at, "question");
    TAP_OK(desk_wait_flag(at, "sheet", true, 20), "? shows the sheet of keys");
    desk_press(at, "Escape");
    TAP_OK(desk_wait_flag(at, "sheet", false, 20), "Escape takes it away");
}

static void test_run(desk *at) {
    desk_click(at, "plot");
    desk_key(at, "r");
    TAP_OK(desk_wait_at_least(at, "runs_shown", 3, 60), "r runs");
    TAP_OK(desk_wait_flag(at, "running", false, 60), "to its end");
}

int main(void) {
    desk at;

    if (!desk_open(&at)) {
        printf("1..0 # SKIP no X server to test at\n");
        return 0;
    }
    g_autofree char *spec = write_spec(&at);
    g_autofree char *folder = g_build_filename(at.home, "runs", NULL);
    g_autofree char *first = g_build_filename(folder, "small-1.gsc", NULL);
    g_autofree char *second = g_build_filename(folder, "small-2.gsc", NULL);
    g_mkdir_with_parents(folder, 0700);
    TAP_OK(run_outside(&at, spec, 1) && run_outside(&at, spec, 2), "two seeds have run");
    if (TAP_OK(desk_start(&at, (const char *const[]){spec, first, second, NULL}),
               "the window opens them")) {
        desk_wait_at_least(&at, "runs_shown", 2, 30);
        test_scales(&at);
        test_smoothing(&at);
        test_group(&at);
        desk_key(&at, "ctrl+q");
        desk_rest(1.5);
        desk_stop(&at);
        test_remembered(&at, spec, first, second);
        test_words(&at);
        test_sheet(&at);
        test_run(&at);
    }
    desk_close(&at);
    return tap_done();
}

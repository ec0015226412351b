/* SPDX-License-Identifier: MIT
 *
 * Seeds chosen by name, and what the results of a sweep look like against each other: a chip with a list of seeds
 * says how many runs that makes, and the tab Results has two results of every run, or all of them.
 *
 * GATESCOPE_DESKTOP names the program; GATESCOPE_TEST_PICTURES a folder that keeps pictures of the steps.
 */
#include "tests/tap.h"
#include "tests/ui/small_spec.h"
#include "tests/ui/tree.h"

static AtspiAccessible *open_window(desk *at, const char *argument) {
    if (!TAP_OK(desk_start(at, (const char *const[]){argument, NULL}), "the window opens")) {
        return NULL;
    }
    AtspiAccessible *program = tree_program(at->window);
    TAP_OK(program != NULL, "and is on the accessibility bus");
    desk_wait_ready(at);
    return program;
}

static void press_chip(AtspiAccessible *program, const char *name) {
    g_autoptr(AtspiAccessible) chip = tree_find(program, ATSPI_ROLE_PUSH_BUTTON, name, 20);

    TAP_OK(tree_press(chip), name);
}

static void test_seeds(desk *at, AtspiAccessible *program) {
    press_chip(program, "Vary Which seeds");
    TAP_OK(desk_wait_text(at, "cost", "Choose what to vary", 20),
           "seeds alone are replicates, and nothing to compare");
    press_chip(program, "Vary Gate");
    g_autoptr(AtspiAccessible) choose = tree_find(program, ATSPI_ROLE_PUSH_BUTTON, "Choose", 5);
    TAP_OK(tree_press(choose), "the list of gates opens");
    desk_wait_popup(true, 20);
    desk_type(at, "normalized");
    desk_press(at, "Return");
    TAP_OK(desk_wait_text(at, "cost", "2 arms × 8 seeds = 16 runs", 20),
           "with another axis they are the seeds of every arm");
    desk_press(at, "Escape");
    TAP_OK(desk_wait_popup(false, 20), "Escape closes the list");
    desk_keep_picture("results-seeds");
}

/* A sweep that is over, as somebody made it in a terminal. */
static bool make_sweep(const desk *at, const char *spec, const char *folder) {
    g_autofree char *plan = g_build_filename(at->home, "plan.json", NULL);
    g_autofree char *bin = g_path_get_dirname(g_getenv("GATESCOPE_DESKTOP"));
    g_autofree char *program = g_build_filename(bin, "gatescope", NULL);
    json_t *base = json_load_file(spec, 0, NULL);
    json_t *sweep = json_pack("{s:s, s:{s:[s,s], s:[i,i]}, s:b, s:s, s:o}", "title", "Results",
                              "axes", "gate", "softmax", "normalized_sigmoid", "seed", 3, 5,
                              "verdict", 0, "result", "slope_log_n", "base", base);
    json_dump_file(sweep, plan, JSON_INDENT(2));
    json_decref(sweep);
    const char *line[] = {program, "sweep", plan, "-o", folder, NULL};
    int status = 1;
    return g_spawn_sync(NULL, (char **)line, NULL,
                        G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL,
                        NULL, &status, NULL) &&
           status == 0;
}

static void test_results(desk *at, AtspiAccessible *program) {
    TAP_OK(desk_wait_at_least(at, "arms_done", 4, 60), "the sweep's runs are there");
    g_autoptr(AtspiAccessible) tab = tree_find(program, ATSPI_ROLE_PAGE_TAB, "Results", 20);
    TAP_OK(tree_press(tab), "the tab of the results");
    g_autoptr(AtspiAccessible) axis =
        tree_find(program, ATSPI_ROLE_COMBO_BOX, "Result on the horizontal axis", 20);
    TAP_OK(axis != NULL, "has a list of what one axis shows");
    g_autoptr(AtspiAccessible) scatter = tree_find(program, ATSPI_ROLE_IMAGE, NULL, 20);
    TAP_OK(scatter != NULL, "and a figure");
    desk_keep_picture("results-scatter");
}

int main(int argc, char **argv) {
    desk at;

    if (!tree_open_desk(&at, argv)) {
        return 0;
    }
    g_autofree char *spec = small_spec_write(&at, "small.json", "small", 2, NULL);
    g_autofree char *folder = g_build_filename(at.home, "runs", "sweep-results", NULL);
    AtspiAccessible *program = open_window(&at, spec);
    if (program != NULL) {
        test_seeds(&at, program);
    }
    g_clear_object(&program);
    desk_stop(&at);
    TAP_OK(make_sweep(&at, spec, folder), "a sweep with a list of seeds is run in a terminal");
    program = open_window(&at, folder);
    if (program != NULL) {
        test_results(&at, program);
    }
    g_clear_object(&program);
    desk_close(&at);
    return tap_done();
}

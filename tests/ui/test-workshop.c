/* SPDX-License-Identifier: MIT
 *
 * A gate of one's own, as a person writes it, under Xvfb: New gate, the editor opens, a save with a mistake shows
 * the line, a good save builds and its curve starts; the time from save to first point. Then formulas in a spec.
 *
 * GATESCOPE_DESKTOP names the program.
 */
#include "tests/tap.h"
#include "tests/ui/small_spec.h"

#include <glib/gstdio.h>

/* The editor writes down what it was asked to open. */
static char *make_editor(desk *at) {
    char *editor = g_build_filename(at->home, "editor", NULL);
    g_autofree char *log = g_build_filename(at->home, "opened", NULL);
    g_autofree char *text = g_strdup_printf("#!/bin/sh\necho \"$@\" >> '%s'\n", log);

    g_file_set_contents(editor, text, -1, NULL);
    g_chmod(editor, 0700);
    g_setenv("GATESCOPE_EDITOR", editor, TRUE);
    return editor;
}

/* Saves as editors do: a new file in the place of the old. */
static void save_with(const char *path, const char *what, const char *by) {
    g_autofree char *text = NULL;

    g_file_get_contents(path, &text, NULL, NULL);
    g_auto(GStrv) parts = g_strsplit(text != NULL ? text : "", what, 2);
    g_autofree char *changed = g_strjoinv(by, parts);
    g_file_set_contents(path, changed, -1, NULL);
}

static void test_gate(desk *at) {
    g_autofree char *source = g_build_filename(at->home, "data/gatescope/sources/my_gate.c", NULL);
    g_autofree char *object = g_build_filename(at->home, "data/gatescope/plugins/my_gate.so", NULL);
    g_autofree char *opened = g_build_filename(at->home, "opened", NULL);
    g_autofree char *log = NULL;

    desk_key(at, "ctrl+n");
    TAP_OK(desk_wait_dialog("New gate", 30), "Ctrl+N asks for its name");
    desk_type(at, "my_gate");
    desk_press(at, "Return");
    TAP_OK(desk_wait_file(source, 20), "New gate writes a C file");
    TAP_OK(desk_wait_file(opened, 20), "the editor opens");
    g_file_get_contents(opened, &log, NULL, NULL);
    TAP_CONTAINS(log, source, "with that file");
    TAP_OK(desk_wait_text(at, "build", "built in", 60), "it is built at once");
    TAP_OK(g_file_test(object, G_FILE_TEST_EXISTS), "into the user's plugin folder");
    TAP_OK(desk_number(at, "points") == 0, "nothing runs before the first save");

    save_with(source, "ret_a[i] =", "ret_a[i] = nonsense +");
    TAP_OK(desk_wait_at_least(at, "build_errors", 1, 60), "a save with a mistake shows the error");
    g_autofree char *said = desk_text(at, "build");
    TAP_CONTAINS(said, "1 error", "and counts it");
    TAP_OK(desk_number(at, "points") == 0, "nothing is run");

    const gint64 saved = g_get_monotonic_time();
    save_with(source, "ret_a[i] = nonsense +", "ret_a[i] = 0.01 +");
    TAP_OK(desk_wait_at_least(at, "points", 1, 60), "a good save starts its curve");
    const double seconds = (double)(g_get_monotonic_time() - saved) / 1e6;
    printf("# from save to first point: %.2f s\n", seconds);
    TAP_OK(desk_wait_flag(at, "running", false, 60), "the run ends");
    TAP_OK(desk_number(at, "runs_shown") == 1, "one run is in the figure");

    save_with(source, "ret_a[i] = 0.01 +", "ret_a[i] = 0.02 +");
    TAP_OK(desk_wait_at_least(at, "runs_shown", 2, 60), "the next save's curve stands beside it");
    TAP_OK(desk_wait_flag(at, "running", true, 30) && desk_wait_flag(at, "running", false, 60),
           "and comes to its end");
}

static void test_formula(desk *at) {
    g_autofree char *good =
        small_spec_write(at, "good.json", "good.json", 4, "= sigmoid(z) / (1 + abs(z))");
    g_autofree char *wrong = small_spec_write(at, "wrong.json", "wrong.json", 4, "= sigmod(z)");

    TAP_OK(desk_start(at, (const char *const[]){good, NULL}), "a spec with a formula opens");
    TAP_OK(desk_wait_flag(at, "ready", true, 30), "and is compiled");
    desk_click(at, "run");
    TAP_OK(desk_wait_at_least(at, "points", 1, 60), "Run draws its curve");
    g_autofree char *problem = desk_text(at, "problem");
    TAP_STRING(problem, "", "without a complaint");
    desk_wait_flag(at, "running", false, 60);
    desk_stop(at);

    TAP_OK(desk_start(at, (const char *const[]){wrong, NULL}), "a wrong formula opens too");
    TAP_OK(desk_wait_text(at, "problem", "the nearest name is sigmoid", 30),
           "and says what is wrong with it");
    desk_stop(at);
}

int main(void) {
    desk at;

    if (!desk_open(&at)) {
        printf("1..0 # SKIP no X server to test at\n");
        return 0;
    }
    g_autofree char *spec = small_spec_write(&at, "small.json", "small.json", 4, NULL);
    g_autofree char *editor = make_editor(&at);
    if (TAP_OK(desk_start(&at, (const char *const[]){spec, NULL}), "the window opens")) {
        test_gate(&at);
    }
    desk_stop(&at);
    test_formula(&at);
    desk_close(&at);
    return tap_done();
}

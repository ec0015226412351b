/* SPDX-License-Identifier: MIT
 *
 * The window's single keys as a person uses them: scales, smoothing, grouping of seeds, running, finding, the
 * sheet of keys; that they stay letters in a text field; and that the mouse reaches the same.
 */
#include "tests/tap.h"
#include "tests/ui/small_spec.h"

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
    TAP_OK(desk_wait_number(at, "smooth", 0, 20), "then not at all");
}

static void test_remembered(desk *at, const char *spec, const char *first, const char *second) {
    TAP_OK(desk_start(at, (const char *const[]){spec, first, second, NULL}),
           "the window opens again");
    TAP_OK(desk_wait_at_least(at, "runs_shown", 2, 30), "with both runs");
    TAP_OK(!desk_flag(at, "log_x") && !desk_flag(at, "log_y"), "scales are as they were left");
    TAP_OK(desk_number(at, "groups") == 1, "so is the grouping");
    desk_key(at, "g");
    TAP_OK(desk_wait_number(at, "groups", 0, 20), "g draws the runs one by one again");
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
    TAP_OK(desk_wait_flag(at, "typing", true, 20), "/ opens a field");
    bool taken = false;
    for (int turn = 0; turn < 10 && !taken;
         turn++) { /* while the field slides in it takes nothing */
        desk_press(at, "ctrl+a");
        desk_type(at, "rxysg");
        taken = desk_wait_text(at, "typed", "rxysg", 2);
    }
    TAP_OK(taken, "that takes letters");
    TAP_OK(!desk_flag(at, "log_x") && !desk_flag(at, "log_y") && desk_number(at, "smooth") == 0,
           "which are letters there, and no keys");
    TAP_OK(!desk_flag(at, "running") && desk_number(at, "runs_shown") == runs, "and nothing runs");
    desk_press(at, "Escape");
    TAP_OK(desk_wait_flag(at, "typing", false, 20), "Escape gives the keys back");
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
    g_autofree char *spec = small_spec_write(&at, "small.json", "A small run", 2, NULL);
    g_autofree char *folder = g_build_filename(at.home, "runs", NULL);
    g_autofree char *first = g_build_filename(folder, "small-1.gsc", NULL);
    g_autofree char *second = g_build_filename(folder, "small-2.gsc", NULL);
    TAP_OK(small_spec_run(&at, spec, "small-1.gsc", 1, NULL) &&
               small_spec_run(&at, spec, "small-2.gsc", 2, NULL),
           "two seeds have run");
    if (TAP_OK(desk_start(&at, (const char *const[]){spec, first, second, NULL}),
               "the window opens them")) {
        desk_wait_at_least(&at, "runs_shown", 2, 30);
        test_scales(&at);
        test_smoothing(&at);
        test_group(&at);
        TAP_OK(desk_quit(&at), "Ctrl+Q ends it");
        test_remembered(&at, spec, first, second);
        test_words(&at);
        test_sheet(&at);
        test_run(&at);
    }
    desk_close(&at);
    return tap_done();
}

/* SPDX-License-Identifier: MIT
 *
 * An ablation from chips to verdict, as a person does it under Xvfb: a chip, two gates out of the list by typing, what it
 * costs and what the seeds see, Run all, Pause, the window closed and opened again, Continue, the verdict, and
 * an arm shown large, also one that fills meanwhile.
 *
 * GATESCOPE_DESKTOP names the program; GATESCOPE_TEST_PICTURES a folder that keeps pictures of the steps.
 */
#include "tests/tap.h"
#include "tests/ui/small_spec.h"
#include "tests/ui/tree.h"

enum {
    SEEDS = 6,
    RUNS = 2 * SEEDS,
    GROWING_SEEDS = 3
};

static AtspiAccessible *open_window(desk *at, const char *argument) {
    if (!TAP_OK(desk_start(at, (const char *const[]){argument, NULL}), "the window opens")) {
        return NULL;
    }
    AtspiAccessible *program = tree_program(at->window);
    TAP_OK(program != NULL, "and is on the accessibility bus");
    desk_wait_ready(at);
    if (program != NULL && g_getenv("GATESCOPE_TEST_TREE") != NULL) {
        tree_print(program, 0);
    }
    return program;
}

/* Chip, chooser, a word, Enter. */
static void choose_gates(desk *at, AtspiAccessible *program) {
    g_autoptr(AtspiAccessible) chip = tree_find(program, ATSPI_ROLE_PUSH_BUTTON, "Vary Gate", 20);
    if (!TAP_OK(tree_press(chip), "the chip of the gate is pressed")) {
        return;
    }
    TAP_OK(desk_wait_text(at, "cost", "Choose two or more values of Gate", 10),
           "one gate alone is nothing to compare, and that is said");
    g_autoptr(AtspiAccessible) choose = tree_find(program, ATSPI_ROLE_PUSH_BUTTON, "Choose", 5);
    if (!TAP_OK(tree_press(choose), "the list of gates opens")) {
        tree_print(program, 0);
        return;
    }
    desk_wait_popup(true, 20);
    desk_keep_picture("ablation-list");
    desk_type(at, "normalized");
    desk_keep_picture("ablation-found");
    desk_press(at, "Return");
    TAP_OK(desk_wait_text(at, "cost", "2 arms × 8 seeds = 16 runs", 10),
           "a word and Enter choose the second one; 8 seeds are the usual number");
    desk_press(at, "Escape");
    TAP_OK(desk_wait_popup(false, 20), "Escape closes the list");
}

static void test_setup(desk *at, AtspiAccessible *program) {
    choose_gates(at, program);
    TAP_OK(desk_wait_text(at, "cost", "at once", 20), "how many run at once is found out");
    TAP_OK(desk_wait_text(at, "power", "times the spread of pairs", 10),
           "without earlier runs the power is in units of the spread");
    TAP_OK(tree_set_value(program, "Seeds", 5), "five seeds");
    TAP_OK(desk_wait_text(at, "power", "verdicts need at least 6 seeds", 10),
           "are an exploration, and that is said");
    TAP_OK(tree_set_value(program, "Seeds", SEEDS), "six seeds");
    TAP_OK(desk_wait_text(at, "cost", "= 12 runs", 10), "make twelve runs");
    desk_keep_picture("ablation-setup");
}

static void test_sweep(desk *at, AtspiAccessible *program) {
    TAP_OK(tree_press_button(program, "Run all"), "Run all is pressed");
    TAP_OK(desk_wait_at_least(at, "arms", 2, 20), "the grid has two arms");
    TAP_OK(tree_press_button(program, "Pause"), "Pause is pressed");
    TAP_OK(desk_wait_text(at, "sweep", "paus", 10), "and said");
    TAP_OK(desk_wait_text(at, "sweep", "· paused", 30), "no run goes on once those under way end");
    TAP_OK(desk_wait_text(at, "verdicts", "verdict locked: ", 60),
           "before the last seed the verdict is locked");
    desk_keep_picture("ablation-running");
    TAP_OK(desk_number(at, "arms_done") < RUNS, "runs are left");
}

static void test_reopened(desk *at, AtspiAccessible *program) {
    TAP_OK(desk_wait_at_least(at, "arms", 2, 20), "a new window has the sweep as it was");
    TAP_OK(desk_wait_text(at, "sweep", "paused", 10), "paused");
    TAP_OK(tree_press_button(program, "Continue"), "Continue is pressed");
    TAP_OK(desk_wait_at_least(at, "arms_done", RUNS, 90), "and all runs come to their end");
    TAP_OK(desk_wait_text(at, "verdicts", "Baseline", 20), "one arm is the baseline");
    g_autofree char *verdicts = NULL;
    for (int turn = 0; turn < 600; turn++) {
        g_free(verdicts);
        verdicts = desk_text(at, "verdicts");
        if (strstr(verdicts, "undecided") != NULL || strstr(verdicts, "better") != NULL ||
            strstr(verdicts, "worse") != NULL || strstr(verdicts, "equivalent") != NULL) {
            break;
        }
        desk_rest(0.1);
    }
    printf("# %s\n", strchr(verdicts, '\n') != NULL ? strchr(verdicts, '\n') + 1 : verdicts);
    TAP_OK(strstr(verdicts, "locked") == NULL, "with the last seed the verdict is unlocked");
    TAP_OK(strstr(verdicts, "undecided") != NULL || strstr(verdicts, "better") != NULL ||
               strstr(verdicts, "worse") != NULL || strstr(verdicts, "equivalent") != NULL,
           "and is one of the four");
    desk_keep_picture("ablation-done");
    static const char *const tabs[] = {"Differences", "Robustness", "Waiting", "Arms"};
    for (gsize i = 0; i < G_N_ELEMENTS(tabs); i++) {
        g_autoptr(AtspiAccessible) tab = tree_find(program, ATSPI_ROLE_PAGE_TAB, tabs[i], 2);
        TAP_OK(tree_press(tab), tabs[i]);
        if (strcmp(tabs[i], "Robustness") == 0) {
            g_autoptr(AtspiAccessible) about =
                tree_find(program, ATSPI_ROLE_COMBO_BOX, "What the claim is about", 20);
            TAP_OK(about != NULL, "has a list of what a claim can be about");
        }
        desk_keep_picture(tabs[i]);
    }
    bool open = false;
    for (int turn = 0; turn < 6 && !open; turn++) { /* the page of arms may still be sliding in */
        desk_point(at, "sweep", 0.25, 0.3);
        desk_click_here(at);
        open = desk_wait_at_least(at, "runs_shown", SEEDS, 2);
    }
    TAP_OK(open, "an arm opens all its runs");
    desk_keep_picture("ablation-arm");
    TAP_OK(tree_press_button(program, "All arms"), "and there is a way back");
}

/* An arm that is opened before its first run takes in each of them as it begins. */
static void test_growing_arm(desk *at, AtspiAccessible *program) {
    bool open = false;

    TAP_OK(desk_wait_at_least(at, "arms", 2, 20), "a sweep that nobody has begun has its arms");
    for (int turn = 0; turn < 6 && !open; turn++) {
        desk_point(at, "sweep", 0.25, 0.3);
        desk_click_here(at);
        g_autoptr(AtspiAccessible) back = tree_find(program, ATSPI_ROLE_PUSH_BUTTON, "All arms", 2);
        open = back != NULL;
    }
    TAP_OK(open, "an arm without runs opens");
    TAP_OK(desk_wait_number(at, "runs_shown", 0, 10), "and is empty");
    desk_keep_picture("ablation-arm-empty");
    TAP_OK(tree_press_button(program, "Continue"), "the sweep is begun");
    TAP_OK(desk_wait_number(at, "runs_shown", GROWING_SEEDS, 60),
           "and the arm that is open takes in each of its runs");
    TAP_OK(desk_wait_at_least(at, "arms_done", 2 * GROWING_SEEDS, 60), "the sweep ends");
    TAP_OK(desk_number(at, "runs_shown") == GROWING_SEEDS, "without a run of another arm");
    TAP_OK(desk_wait_at_least(at, "points", 1, 20), "and the figure has its points");
    desk_keep_picture("ablation-arm-grown");
}

/* A run that is in no sweep, handed to the window by another start of the program. */
static void test_other_run(desk *at, AtspiAccessible *program, const char *spec) {
    g_autofree char *run = g_build_filename(at->home, "runs", "alone.gsc", NULL);
    const char *line[] = {g_getenv("GATESCOPE_DESKTOP"), run, NULL};

    TAP_OK(small_spec_run(at, spec, "alone.gsc", 1, NULL), "somebody runs a spec in a terminal");
    TAP_OK(g_spawn_sync(NULL, (char **)line, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                        NULL, NULL, NULL),
           "and opens its run");
    TAP_OK(tree_wait_gone(program, ATSPI_ROLE_PUSH_BUTTON, "All arms"), "the sweep makes room");
    TAP_OK(desk_wait_number(at, "runs_shown", 1, 20), "for the run alone");
    desk_keep_picture("ablation-alone");
}

int main(int argc, char **argv) {
    desk at;

    if (!tree_open_desk(&at, argv)) {
        return 0;
    }
    g_autofree char *spec = small_spec_write(&at, "small.json", "small", 24, NULL);
    g_autofree char *sweep = g_build_filename(at.home, "runs", "sweep-small-1", NULL);
    AtspiAccessible *program = open_window(&at, spec);
    if (program != NULL) {
        test_setup(&at, program);
        test_sweep(&at, program);
    }
    g_clear_object(&program);
    desk_stop(&at);
    program = open_window(&at, sweep);
    if (program != NULL) {
        test_reopened(&at, program);
    }
    g_clear_object(&program);
    desk_stop(&at);
    program = open_window(&at, spec);
    if (program != NULL) {
        choose_gates(&at, program);
        TAP_OK(desk_wait_text(&at, "power", "by the spread of the sweep sweep-small-1", 10),
               "the next ablation knows what the seeds of this one can see");
    }
    g_clear_object(&program);
    desk_stop(&at);
    g_autofree char *growing = small_sweep_write(&at, "growing", GROWING_SEEDS);
    program = growing != NULL ? open_window(&at, growing) : NULL;
    if (TAP_OK(program != NULL, "the window opens on a sweep that waits")) {
        test_growing_arm(&at, program);
        test_other_run(&at, program, spec);
    }
    g_clear_object(&program);
    desk_close(&at);
    return tap_done();
}

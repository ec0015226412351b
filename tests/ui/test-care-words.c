/* SPDX-License-Identifier: MIT
 *
 * What a person says of runs, and what the window keeps of it: tags and notes written in the table find their run after a restart, and stay with it through the trash; an eye takes one run out of the figure and
 * moves no other group's numbers.
 *
 * GATESCOPE_DESKTOP names the program; GATESCOPE_TEST_PICTURES a folder that keeps pictures of the steps.
 */
#include "tests/tap.h"
#include "tests/ui/small_spec.h"
#include "tests/ui/table.h"
#include "tests/ui/tree.h"

#include <glib/gstdio.h>
#include <string.h>

enum {
    SEEDS = 3,
    RUNS = 2 * SEEDS
};

static const char *const gates[] = {"softmax", "normalized_sigmoid"};

static char *run_name(int i) {
    return g_strdup_printf("%s-%d.gsc", gates[i % 2], 1 + i / 2);
}

/* ---- The eye ------------------------------------------------------------------------------------- */

/* The numbers of the figure as they are exported; caller frees. */
static char *dup_export(desk *at) {
    g_autofree char *csv = g_build_filename(at->home, "export.csv", NULL);
    char *text = NULL;

    g_unlink(csv);
    desk_key(at, "e");
    TAP_OK(desk_wait_dialog("Export", 30), "e asks how to export");
    desk_press(at, "Return");
    TAP_OK(desk_wait_file(csv, 30) && desk_wait_no_dialog("Export", 30),
           "the figure's numbers are written");
    g_file_get_contents(csv, &text, NULL, NULL);
    return text != NULL ? text : g_strdup("");
}

/* How many lines of a CSV have this; where is not NULL, only those that stand just so in it as well. */
static int count_lines(const char *csv, const char *part, const char *where) {
    g_auto(GStrv) lines = g_strsplit(csv, "\n", -1);
    int n = 0;

    for (gsize i = 0; lines[i] != NULL; i++) {
        n += strstr(lines[i], part) != NULL && (where == NULL || strstr(where, lines[i]) != NULL);
    }
    return n;
}

static void test_eye(desk *at, AtspiAccessible *program) {
    TAP_OK(desk_wait_number(at, "runs_shown", RUNS, 30), "all runs are shown, as they were left");
    if (desk_number(at, "groups") == 0) {
        desk_key(at, "g");
    }
    TAP_OK(desk_wait_number(at, "groups", 2, 20), "and drawn as two groups");
    g_autofree char *before = dup_export(at);
    TAP_OK(tree_press_button(program, "Hide softmax-2 in the figure"), "the eye of a run");
    TAP_OK(desk_wait_number(at, "runs_shown", RUNS - 1, 20), "takes it out of the figure");
    TAP_OK(desk_wait_number(at, "groups", 2, 20), "both groups are still drawn");
    desk_keep_picture("care-eye");
    g_autofree char *after = dup_export(at);
    const int lines = count_lines(before, "(n = 3)", NULL);
    TAP_OK(lines > 0 && count_lines(after, "(n = 2)", NULL) == lines / 2,
           "its group is a mean of two now, and says so");
    TAP_OK(count_lines(after, "(n = 3)", NULL) == lines / 2 &&
               count_lines(after, "(n = 3)", before) == lines / 2,
           "the other group's numbers are the same to the last digit");
    TAP_OK(tree_press_button(program, "Show softmax-2 in the figure"), "the eye again");
    TAP_OK(desk_wait_number(at, "runs_shown", RUNS, 20), "brings it back");
    g_autofree char *again = dup_export(at);
    TAP_OK(count_lines(again, "(n = 3)", before) == lines, "with the numbers from before");
}

/* ---- Tags and notes ------------------------------------------------------------------------------ */

static void click_twice_on(AtspiAccessible *node) {
    AtspiComponent *component = atspi_accessible_get_component_iface(node);
    AtspiRect *box = component != NULL
                         ? atspi_component_get_extents(component, ATSPI_COORD_TYPE_WINDOW, NULL)
                         : NULL;

    if (box != NULL) {
        desk_move_to(box->x + box->width / 2.0, box->y + box->height / 2.0);
        g_spawn_command_line_sync("xdotool click --repeat 2 --delay 30 1", NULL, NULL, NULL, NULL);
    }
    g_free(box);
    g_clear_object(&component);
}

static bool is_open(desk *at) {
    g_autofree char *typed = desk_text(at, "typed");

    return desk_flag(at, "typing") && *typed == '\0';
}

/* Into an empty cell of the table; before, nothing empty that takes words has the keyboard. */
static void write_words(desk *at, AtspiAccessible *program, const char *name, const char *words) {
    g_autoptr(AtspiAccessible) cell = tree_find(program, ATSPI_ROLE_FILLER, name, 20);
    bool open = false;

    for (int turn = 0; turn < 20 && cell != NULL && !open; turn++) {
        click_twice_on(cell);
        for (int look = 0; look < 40 && !open; look++) {
            desk_rest(0.05);
            open = is_open(at);
        }
    }
    if (!TAP_OK(open, name)) {
        return;
    }
    desk_type(at, words);
    TAP_OK(desk_wait_text(at, "typed", words, 20), "takes words after a double click");
    desk_press(at, "Return");
    g_autoptr(AtspiAccessible) label = tree_find(cell, ATSPI_ROLE_LABEL, words, 20);
    TAP_OK(label != NULL, "and shows them");
}

static void find_one(desk *at, const char *text) {
    table_find(at, text);
    TAP_OK(table_wait(at, "found", 1), text);
    TAP_OK(table_wait_first(at, "softmax-2"), "is the run that has them");
}

static void test_words(desk *at, AtspiAccessible *program) {
    table_find(at, "");
    TAP_OK(table_wait(at, "found", RUNS), "the table has all runs");
    desk_press(at, "Escape");
    TAP_OK(desk_wait_flag(at, "typing", false, 20), "and Escape leads into it");
    write_words(at, program, "Tags of softmax-2", "paper");
    write_words(at, program, "Notes of softmax-2", "look again");
    desk_keep_picture("care-words");
    find_one(at, "tag:paper");
    find_one(at, "note:again");
}

static void test_words_again(desk *at, AtspiAccessible *program) {
    g_autofree char *path = g_build_filename(at->home, "runs", "softmax-2.gsc", NULL);

    find_one(at, "tag:paper");
    find_one(at, "note:\"look again\"");
    TAP_OK(tree_press_button(program, "Move softmax-2 to the trash"), "the run goes to the trash");
    TAP_OK(table_wait(at, "found", 0), "and nothing has its words");
    TAP_OK(!g_file_test(path, G_FILE_TEST_EXISTS), "its file is gone");
    TAP_OK(tree_press_button(program, "Undo"), "Undo");
    TAP_OK(table_wait(at, "found", 1), "brings it back");
    find_one(at, "tag:paper");
    find_one(at, "note:\"look again\"");
}

/* ---- All of it ----------------------------------------------------------------------------------- */

/* All runs shown, the export as numbers, and every column in sight. */
static void set_state(const desk *at) {
    g_autofree char *folder = g_build_filename(at->home, "state", "gatescope", NULL);
    g_autofree char *ini = g_build_filename(folder, "window.ini", NULL);
    g_autoptr(GString) text =
        g_string_new("[window]\nwidth=2380\nexport-format=3\nexport-page=0\n[shown]\n");

    for (int i = 0; i < RUNS; i++) {
        g_autofree char *name = run_name(i);
        g_autofree char *path = g_build_filename(at->home, "runs", name, NULL);
        g_autofree char *key = g_compute_checksum_for_string(G_CHECKSUM_SHA1, path, -1);
        g_string_append_printf(text, "%s=true\n", key);
    }
    g_mkdir_with_parents(folder, 0700);
    g_file_set_contents(ini, text->str, -1, NULL);
}

static AtspiAccessible *open_window(desk *at, const char *spec) {
    if (!TAP_OK(desk_start(at, (const char *const[]){spec, NULL}), "the window opens")) {
        return NULL;
    }
    AtspiAccessible *program = tree_program(at->window);
    TAP_OK(program != NULL, "and is on the accessibility bus");
    return program;
}

int main(int argc, char **argv) {
    desk at;

    g_setenv("GATESCOPE_TEST_SCREEN", "2400x880x24", FALSE);
    if (!tree_open_desk(&at, argv)) {
        return 0;
    }
    g_autofree char *spec = small_spec_write(&at, "small.json", "A small run", 2, NULL);
    g_setenv("HOME", at.home, TRUE); /* its trash is on the disk of the runs */
    bool ran = true;
    for (int i = 0; i < RUNS && ran; i++) {
        g_autofree char *file = run_name(i);
        g_autofree char *set = g_strdup_printf("gate=%s", gates[i % 2]);
        ran = small_spec_run(&at, spec, file, 1 + i / 2, set);
    }
    if (TAP_OK(ran, "there are runs of two gates")) {
        set_state(&at);
        AtspiAccessible *program = open_window(&at, spec);
        if (program != NULL) {
            test_eye(&at, program);
            test_words(&at, program);
        }
        g_clear_object(&program);
        TAP_OK(desk_quit(&at), "Ctrl+Q ends it");
        program = open_window(&at, spec);
        if (program != NULL) {
            test_words_again(&at, program);
        }
        g_clear_object(&program);
    }
    desk_close(&at);
    return tap_done();
}

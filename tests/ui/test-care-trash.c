/* SPDX-License-Identifier: MIT
 *
 * Runs that go to the trash, as a person moves them there: the file goes with its checkpoints, Undo brings both back
 * with the run's words, by the toast and by Ctrl+Z long after it; a run that is active stays; and where there is
 * no trash the window asks before anything is gone.
 *
 * GATESCOPE_DESKTOP names the program; GATESCOPE_TEST_PICTURES a folder that keeps pictures of the steps.
 */
#include "tests/tap.h"
#include "tests/ui/small_spec.h"
#include "tests/ui/table.h"
#include "tests/ui/tree.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>

enum {
    RUNS = 3
};

/* Another start of the program hands the file to the window that is there. */
static bool open_in_window(const char *path) {
    const char *line[] = {g_getenv("GATESCOPE_DESKTOP"), path, NULL};
    int status = -1;

    return g_spawn_sync(NULL, (char **)line, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                        NULL, &status, NULL) &&
           status == 0;
}

static char *in_runs(const desk *at, const char *name) {
    return g_build_filename(at->home, "runs", name, NULL);
}

/* Waits until a file is there, or is not. */
static bool wait_there(const char *path, bool there) {
    for (int i = 0; i < 400; i++) {
        if (g_file_test(path, G_FILE_TEST_EXISTS) == there) {
            return true;
        }
        desk_rest(0.05);
    }
    return false;
}

static bool in_trash(const desk *at, const char *name) {
    g_autofree char *path = g_build_filename(at->home, "data", "Trash", "files", name, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* small-2 has checkpoints beside it. */
static char *write_checkpoints(const desk *at) {
    g_autofree char *folder = in_runs(at, "small-2.ckpt");
    char *file = g_build_filename(folder, "step-0000100.safetensors", NULL);

    g_mkdir_with_parents(folder, 0700);
    g_file_set_contents(file, "weights", -1, NULL);
    return file;
}

static void press(AtspiAccessible *program, const char *button) {
    TAP_OK(tree_press_button(program, button), button);
}

/* The toast, and then the key when there is no toast for it any more. */
static void test_undo(desk *at, AtspiAccessible *program) {
    g_autofree char *path = in_runs(at, "small-2.gsc");
    g_autofree char *other = in_runs(at, "small-1.gsc");
    g_autofree char *weights = write_checkpoints(at);

    table_find(at, "");
    TAP_OK(table_wait(at, "found", RUNS), "the table has all runs");
    press(program, "Move small-2 to the trash");
    TAP_OK(wait_there(path, false), "its file goes");
    TAP_OK(!g_file_test(weights, G_FILE_TEST_EXISTS), "with its checkpoints");
    TAP_OK(in_trash(at, "small-2.gsc") && in_trash(at, "small-2.ckpt"), "to the trash");
    TAP_OK(table_wait(at, "found", RUNS - 1), "and the run leaves the table");
    desk_keep_picture("care-trash");
    press(program, "Undo");
    TAP_OK(wait_there(path, true), "brings it back");
    TAP_OK(g_file_test(weights, G_FILE_TEST_EXISTS), "and its checkpoints");
    TAP_OK(!in_trash(at, "small-2.gsc") && !in_trash(at, "small-2.ckpt"), "out of the trash");
    TAP_OK(table_wait(at, "found", RUNS), "and into the table");

    press(program, "Move small-2 to the trash");
    TAP_OK(wait_there(path, false), "it goes again");
    press(program, "Move small-1 to the trash");
    TAP_OK(wait_there(other, false), "and another after it");
    TAP_OK(table_wait(at, "found", RUNS - 2), "both are gone");
    desk_key(at, "ctrl+z");
    TAP_OK(wait_there(other, true), "Ctrl+Z brings the last one back");
    TAP_OK(!g_file_test(path, G_FILE_TEST_EXISTS), "alone");
    desk_key(at, "ctrl+z");
    TAP_OK(wait_there(path, true), "Ctrl+Z again the one before");
    TAP_OK(g_file_test(weights, G_FILE_TEST_EXISTS), "with its checkpoints");
    TAP_OK(table_wait(at, "found", RUNS), "and the table has all runs again");
}

/* What has come in its place is not overwritten. */
static void test_taken(desk *at, AtspiAccessible *program) {
    g_autofree char *path = in_runs(at, "small-3.gsc");
    g_autofree char *text = NULL;

    press(program, "Move small-3 to the trash");
    TAP_OK(wait_there(path, false), "its file goes");
    g_file_set_contents(path, "another file", -1, NULL);
    desk_key(at, "ctrl+z");
    TAP_OK(desk_wait_text(at, "trouble", "stays in the trash: there is a new file of its name", 20),
           "Undo says that its place is taken");
    TAP_OK(in_trash(at, "small-3.gsc"), "the run is still in the trash");
    g_file_get_contents(path, &text, NULL, NULL);
    TAP_STRING(text != NULL ? text : "", "another file", "and the new file as it was");
    g_unlink(path);
}

/* A run that writes its file is not taken away from under itself. */
static void test_active(desk *at, AtspiAccessible *program, const char *spec) {
    g_autofree char *path = in_runs(at, "long-1.gsc");

    TAP_OK(open_in_window(spec), "a long run's spec opens in the window");
    TAP_OK(desk_wait_text(at, "experiment", "long", 20) && desk_wait_ready(at), "ready to run");
    table_find(at, "long");
    desk_press(at, "Escape");
    desk_wait_flag(at, "typing", false, 20);
    press(program, "Run");
    TAP_OK(desk_wait_flag(at, "running", true, 60), "it runs");
    TAP_OK(wait_there(path, true), "and has its file");
    TAP_OK(tree_wait_sensitive(program, "Move long-1 to the trash", false),
           "which cannot be moved now");
    press(program, "Stop");
    TAP_OK(desk_wait_flag(at, "running", false, 60), "Stop ends it");
    TAP_OK(tree_wait_sensitive(program, "Move long-1 to the trash", true), "now it can");
    press(program, "Move long-1 to the trash");
    TAP_OK(wait_there(path, false), "and goes");
}

/* Nothing can be made where the trash would be. */
static void test_no_trash(desk *at, AtspiAccessible *program) {
    g_autofree char *path = in_runs(at, "small-2.gsc");
    g_autofree char *weights = in_runs(at, "small-2.ckpt");
    g_autofree char *trash = g_build_filename(at->home, "data", "Trash", NULL);

    desk_remove_tree(trash);
    g_file_set_contents(trash, "no folder", -1, NULL);
    press(program, "Move small-2 to the trash");
    g_autoptr(AtspiAccessible) heading =
        tree_find(program, ATSPI_ROLE_LABEL, "No trash for small-2", 30);
    TAP_OK(heading != NULL, "where there is no trash the window asks");
    desk_keep_picture("care-no-trash");
    TAP_OK(g_file_test(path, G_FILE_TEST_EXISTS), "and the file is still there");
    desk_press(at, "Escape");
    TAP_OK(tree_wait_gone(program, ATSPI_ROLE_LABEL, "No trash for small-2"), "Escape keeps it");
    TAP_OK(g_file_test(path, G_FILE_TEST_EXISTS) && g_file_test(weights, G_FILE_TEST_EXISTS),
           "and nothing is lost");
    table_find(at, "small-2");
    TAP_OK(table_wait(at, "found", 1), "it is found in the table");
    g_autoptr(AtspiAccessible) again = tree_program(at->window);
    press(again, "Move small-2 to the trash");
    press(again, "Delete for good");
    TAP_OK(wait_there(path, false), "deletes the file");
    TAP_OK(wait_there(weights, false), "and its checkpoints");
    TAP_OK(table_wait(at, "found", 0), "and the run leaves the table");
}

static void test_alive(desk *at) {
    siginfo_t end = {0};

    TAP_OK(waitid(P_PID, (id_t)at->window, &end, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               end.si_pid == 0,
           "the window is alive");
}

int main(int argc, char **argv) {
    desk at;

    if (!tree_open_desk(&at, argv)) {
        return 0;
    }
    g_autofree char *spec = small_spec_write(&at, "small.json", "A small run", 2, NULL);
    g_autofree char *long_spec = small_spec_write_endless(&at, "long.json", "A long run");
    g_setenv("HOME", at.home, TRUE); /* its trash is on the disk of the runs */
    bool ran = true;
    for (int i = 1; i <= RUNS && ran; i++) {
        g_autofree char *file = g_strdup_printf("small-%d.gsc", i);
        ran = small_spec_run(&at, spec, file, i, NULL);
    }
    if (TAP_OK(ran, "there are runs") &&
        TAP_OK(desk_start(&at, (const char *const[]){spec, NULL}), "the window opens")) {
        g_autoptr(AtspiAccessible) program = tree_program(at.window);
        if (TAP_OK(program != NULL, "and is on the accessibility bus")) {
            test_undo(&at, program);
            test_alive(&at);
            test_taken(&at, program);
            test_alive(&at);
            test_active(&at, program, long_spec);
            test_no_trash(&at, program);
        }
    }
    desk_close(&at);
    return tap_done();
}

/* SPDX-License-Identifier: MIT
 *
 * The window says nothing on its standard error, of its own or its toolkit's, while it opens, lists runs good and bad,
 * is used in every part, and closes.
 */
#include "tests/read/library_fixture.h"
#include "tests/tap.h"
#include "tests/ui/desk.h"

#include <fcntl.h>

enum {
    RUNS = 30
};

static double table_number(desk *at, const char *member) {
    json_t *report = desk_read(at);
    const json_t *value = json_object_get(json_object_get(report, "table"), member);
    const double number = json_is_true(value) ? 1 : json_number_value(value);

    json_decref(report);
    return number;
}

static bool wait_table(desk *at, const char *member, double value) {
    for (int i = 0; i < 1200; i++) {
        if (table_number(at, member) == value) {
            return true;
        }
        desk_rest(0.05);
    }
    printf("# %s is %g, not %g\n", member, table_number(at, member), value);
    return false;
}

/* What the window, and not the bus beside it, said. */
static guint count_said(const char *path) {
    g_autofree char *text = NULL;
    guint n = 0;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return 1;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (gsize i = 0; lines[i] != NULL; i++) {
        if (strstr(lines[i], "-WARNING **") != NULL || strstr(lines[i], "-CRITICAL **") != NULL) {
            printf("# %s\n", lines[i]);
            n++;
        }
    }
    return n;
}

static void use(desk *at) {
    desk_key(at, "t");
    TAP_OK(wait_table(at, "found", RUNS + 1), "the table lists every file");
    desk_type(at, "gate:softmax");
    TAP_OK(wait_table(at, "found", RUNS / 3), "it finds");
    desk_press(at, "Escape");
    TAP_OK(wait_table(at, "found", RUNS + 1), "and shows all again");
    desk_press(at, "Down");
    TAP_OK(wait_table(at, "selected", 1), "a run is selected");
    desk_key(at, "t");
    TAP_OK(wait_table(at, "open", 0), "the table closes");
    desk_key(at, "question");
    TAP_OK(desk_wait_flag(at, "sheet", true, 20), "the sheet of keys opens");
    desk_press(at, "Escape");
    TAP_OK(desk_wait_flag(at, "sheet", false, 20), "and closes");
    desk_click(at, "run");
    TAP_OK(desk_wait_flag(at, "running", true, 60), "a run starts");
    TAP_OK(desk_wait_flag(at, "running", false, 120), "and ends");
    desk_key(at, "t");
    TAP_OK(wait_table(at, "found", RUNS + 2), "the table has it");
}

int main(void) {
    desk at;

    if (!desk_open(&at)) {
        printf("1..0 # SKIP no display can be made here\n");
        return 77;
    }
    g_setenv("G_DEBUG", "fatal-criticals", TRUE);
    g_autofree char *folder = g_build_filename(at.home, "runs", NULL);
    g_autofree char *bad = g_build_filename(folder, "bad.gsc", NULL);
    g_autofree char *said = g_build_filename(at.home, "said.txt", NULL);
    g_mkdir_with_parents(folder, 0700);
    library_write_runs(folder, RUNS);
    g_file_set_contents(bad, "no run at all, whatever its name may say, and nothing else", -1,
                        NULL);
    const int before = dup(STDERR_FILENO), file = open(said, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(file, STDERR_FILENO);
    close(file);
    if (TAP_OK(desk_start(&at, NULL), "the window opens")) {
        TAP_OK(desk_wait_ready(&at), "ready to run");
        use(&at);
        TAP_OK(desk_quit(&at), "it closes, and well");
    }
    TAP_OK(count_said(said) == 0, "all that time nothing was complained of");
    dup2(before, STDERR_FILENO);
    close(before);
    desk_close(&at);
    return tap_done();
}

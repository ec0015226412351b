/* SPDX-License-Identifier: MIT
 *
 * The run table as a person uses it, under Xvfb: opened by its key, found as one types, grouped with mean and
 * band, a run selected for the figure, tagged, moved to the trash and brought back; files that cannot be read
 * in their place; a thousand runs.
 *
 * GATESCOPE_DESKTOP names the program; GATESCOPE_TEST_PICTURES, if set, a folder for screenshots.
 */
#include "core/read/library.h"
#include "tests/read/library_fixture.h"
#include "tests/tap.h"
#include "tests/ui/desk.h"

#include <glib/gstdio.h>

enum {
    RUNS = 60,
    MANY = 1000
};

static double table_number(desk *at, const char *member) {
    json_t *report = desk_read(at);
    const json_t *value = json_object_get(json_object_get(report, "table"), member);
    double number = json_is_true(value) ? 1 : json_number_value(value);

    json_decref(report);
    return number;
}

static char *table_text(desk *at, const char *member) {
    json_t *report = desk_read(at);
    const char *text = json_string_value(json_object_get(json_object_get(report, "table"), member));
    char *copy = g_strdup(text != NULL ? text : "");

    json_decref(report);
    return copy;
}

static bool wait_table(desk *at, const char *member, double value) {
    for (int i = 0; i < 400; i++) {
        if (table_number(at, member) == value) {
            return true;
        }
        desk_rest(0.05);
    }
    printf("# %s is %g, not %g\n", member, table_number(at, member), value);
    return false;
}

/* Empties the find entry, which has the focus, and writes into it. */
static void find(desk *at, const char *text) {
    desk_press(at, "ctrl+a");
    desk_press(at, "BackSpace");
    if (*text != '\0') {
        desk_type(at, text);
    }
}

static void test_find(desk *at) {
    desk_key(at, "t");
    TAP_OK(wait_table(at, "open", 1), "t opens the table");
    TAP_OK(wait_table(at, "found", RUNS + 2), "with every file of the folder");
    desk_keep_picture("table");
    desk_type(at, "gate=softmax status:done");
    TAP_OK(wait_table(at, "found", RUNS / 3), "it finds as one types");
    find(at, "gaet:softmax");
    TAP_OK(wait_table(at, "found", 0), "an unknown column finds nothing");
    g_autofree char *problem = table_text(at, "problem");
    TAP_CONTAINS(problem, "the nearest is “gate”", "and says which there is");
    find(at, "status:unreadable");
    TAP_OK(wait_table(at, "found", 2), "files that cannot be read are in their place");
    desk_keep_picture("table-unreadable");
    find(at, "run -status:unreadable");
    TAP_OK(wait_table(at, "found", RUNS), "and can be left out");
}

/* The drop-down of groups is two tabs behind the find entry's three neighbours; its first entry differs. */
static void test_groups(desk *at) {
    TAP_OK(wait_table(at, "groups", 0), "nothing is grouped at first");
    desk_key(at, "t");
    TAP_OK(wait_table(at, "open", 0), "t closes the table");
    desk_key(at, "t");
    TAP_OK(wait_table(at, "open", 1), "and opens it, ready to find");
    find(at, "run -status:unreadable");
    TAP_OK(wait_table(at, "found", RUNS - 2), "what goes to the trash is not found");
    desk_press(at, "Tab"); /* Columns */
    desk_press(at, "Tab"); /* close; nothing is selected, so the trash is not reached */
    desk_press(at, "Tab"); /* Differing only */
    desk_press(at, "Tab"); /* Group */
    desk_press(at, "space");
    TAP_OK(desk_wait_popup(true, 20), "space opens the list of groups");
    desk_press(at, "Down"); /* by seed */
    desk_press(at, "Down"); /* by gate */
    desk_press(at, "Return");
    TAP_OK(wait_table(at, "groups", 3), "runs are grouped by gate");
    g_autofree char *first = table_text(at, "first");
    TAP_STRING(first, "normalized_sigmoid", "in order");
    desk_keep_picture("table-groups");
}

static void test_selection(desk *at) {
    /* Arrows go on from where the list was: what cannot be read is last. */
    find(at, "gate:softmax");
    TAP_OK(wait_table(at, "found", RUNS / 3), "what can be read is found");
    desk_press(at, "Escape");
    TAP_OK(wait_table(at, "found", RUNS + 2), "Escape shows all again");
    desk_press(at, "Down");
    desk_press(at, "Down");
    TAP_OK(wait_table(at, "selected", 1), "an arrow selects a run");
    desk_keep_picture("table-selected");
    TAP_OK(desk_wait_text(at, "experiment", "theorem2", 10), "its experiment is the figure");
    TAP_OK(desk_wait_number(at, "runs_shown", 1, 20), "of this run alone");
    desk_press(at, "shift+Down");
    TAP_OK(wait_table(at, "selected", 2), "Shift selects more");
    TAP_OK(desk_wait_number(at, "runs_shown", 2, 20), "and both are the figure");
    desk_keep_picture("table-selected");
}

static guint count_files(const char *folder) {
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    guint n = 0;

    while (dir != NULL && g_dir_read_name(dir) != NULL) {
        n++;
    }
    return n;
}

static void test_trash(desk *at) {
    g_autofree char *folder = g_build_filename(at->home, "runs", NULL);

    desk_press(at, "Delete");
    TAP_OK(wait_table(at, "found", RUNS), "Delete takes both out of the table");
    TAP_OK(count_files(folder) == RUNS, "and their files out of the folder");
    desk_keep_picture("table-trash");
}

int main(void) {
    desk at;
    g_autofree char *folder = NULL;

    if (!desk_open(&at)) {
        printf("1..0 # SKIP no display can be made here\n");
        return 77;
    }
    g_setenv("HOME", at.home, TRUE); /* its trash is on the disk of the runs */
    folder = g_build_filename(at.home, "runs", NULL);
    g_mkdir_with_parents(folder, 0700);
    library_write_runs(folder, RUNS);
    g_autofree char *text = g_build_filename(folder, "text.gsc", NULL);
    g_autofree char *cut = g_build_filename(folder, "cut.gsc", NULL);
    g_autofree char *good = g_build_filename(folder, "run-0.gsc", NULL);
    g_file_set_contents(text, "this is no run file at all, whatever its name may say", -1, NULL);
    library_copy(good, cut);
    TAP_OK(truncate(cut, 1500) == 0, "a file is cut");
    const char *const arguments[] = {NULL};
    if (TAP_OK(desk_start(&at, arguments), "the window shows its first frame")) {
        test_find(&at);
        test_selection(&at);
        test_trash(&at);
        test_groups(&at);
    }
    desk_close(&at);
    return tap_done();
}

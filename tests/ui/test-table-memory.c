/* SPDX-License-Identifier: MIT
 *
 * What the run table remembers: it opens sorted, grouped and with the columns that it was left with; and runs
 * without a value stand last, whichever way it sorts.
 */
#include "tests/read/library_fixture.h"
#include "tests/tap.h"
#include "tests/ui/desk.h"

#include <glib/gstdio.h>
#include <string.h>

enum {
    RUNS = 12
};

static char *table_text(desk *at, const char *member) {
    json_t *report = desk_read(at);
    const char *text = json_string_value(json_object_get(json_object_get(report, "table"), member));
    char *copy = g_strdup(text != NULL ? text : "");

    json_decref(report);
    return copy;
}

static bool wait_number(desk *at, const char *member, double value) {
    for (int i = 0; i < 600; i++) {
        json_t *report = desk_read(at);
        const json_t *is = json_object_get(json_object_get(report, "table"), member);
        const double number = json_is_true(is) ? 1 : json_number_value(is);
        json_decref(report);
        if (number == value) {
            return true;
        }
        desk_rest(0.05);
    }
    return false;
}

static bool wait_first(desk *at, const char *name) {
    for (int i = 0; i < 600; i++) {
        g_autofree char *first = table_text(at, "first");
        if (strcmp(first, name) == 0) {
            return true;
        }
        desk_rest(0.05);
    }
    g_autofree char *first = table_text(at, "first");
    printf("# the first is \"%s\", not \"%s\"\n", first, name);
    return false;
}

static char *state_path(desk *at) {
    return g_build_filename(at->home, "state", "gatescope", "window.ini", NULL);
}

static void write_state(desk *at, const char *text) {
    g_autofree char *path = state_path(at);
    g_autofree char *folder = g_path_get_dirname(path);

    g_mkdir_with_parents(folder, 0700);
    g_file_set_contents(path, text, -1, NULL);
}

static void test_sort(desk *at, const char *state, const char *first, const char *what) {
    write_state(at, state);
    TAP_OK(desk_start(at, NULL), "the window opens");
    desk_key(at, "t");
    TAP_OK(wait_number(at, "open", 1), "and its table");
    TAP_OK(wait_first(at, first), what);
    desk_stop(at);
}

static void test_group(desk *at) {
    write_state(at, "[window]\ntable-group=gate\ntable-sort=loss\n");
    TAP_OK(desk_start(at, NULL), "the window opens");
    desk_key(at, "t");
    /* the three gates, and files that cannot be read */
    TAP_OK(wait_number(at, "groups", 4), "its table is grouped as it was left");
    g_autofree char *path = state_path(at);
    g_unlink(path);
    desk_key(at, "ctrl+q");
    TAP_OK(desk_wait_file(path, 30), "the window closes, and remembers");
    g_autofree char *text = NULL;
    g_file_get_contents(path, &text, NULL, NULL);
    TAP_CONTAINS(text != NULL ? text : "", "table-group=gate", "the group");
    TAP_CONTAINS(text != NULL ? text : "", "table-sort=loss", "and the order");
    desk_stop(at);
}

int main(void) {
    desk at;

    if (!desk_open(&at)) {
        printf("1..0 # SKIP no display can be made here\n");
        return 77;
    }
    g_autofree char *folder = g_build_filename(at.home, "runs", NULL);
    g_autofree char *text = g_build_filename(folder, "text.gsc", NULL);
    g_mkdir_with_parents(folder, 0700);
    library_write_runs(folder, RUNS);
    g_file_set_contents(text, "this is no run file, whatever its name may say", -1, NULL);
    test_sort(&at, "[window]\ntable-sort=loss\ntable-descending=1\n", "run-11",
              "descending: the largest loss is first, not the file without");
    test_sort(&at, "[window]\ntable-sort=loss\ntable-descending=0\n", "run-0",
              "ascending: the smallest");
    test_group(&at);
    desk_close(&at);
    return tap_done();
}

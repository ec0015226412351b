/* SPDX-License-Identifier: MIT
 *
 * Dragging, with a real pointer: a run file and an exported picture dropped on the window out of another
 * program's; and the waiting runs of a paused sweep put into another order by the pointer and by Alt+Up and
 * Alt+Down, which the folder has, and the next window, and which is run to its end.
 */
#include "core/read/sweep_folder.h"
#include "tests/tap.h"
#include "tests/ui/small_spec.h"
#include "tests/ui/tree.h"
#include "tests/ui/x11_windows.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SEEDS = 3,
    RUNS = 2 * SEEDS,
    SOURCE_X = 10, /* of the other program's window: over the list of experiments */
    SOURCE_Y = 700,
    TRIES = 6
};

/* ---- Between programs ---------------------------------------------------------------------------- */

typedef struct source {
    GPid pid;
    int input; /* it ends with it */
} source;

static bool start_source(source *self, const char *file) {
    const char *line[] = {g_getenv("GATESCOPE_DRAG_SOURCE"), file, NULL};

    return g_spawn_async_with_pipes(NULL, (char **)line, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                                    NULL, &self->pid, &self->input, NULL, NULL, NULL);
}

static void end_source(source *self) {
    close(self->input);
    waitpid(self->pid, NULL, 0);
}

static bool wait_source(void) {
    for (int turn = 0; turn < 600; turn++) {
        if (windows_has_title("Drag source")) {
            return windows_move("Drag source", SOURCE_X, SOURCE_Y);
        }
        desk_rest(0.05);
    }
    return false;
}

/* Carries what is under the pointer to a place; lets go once the window would take it. */
static bool carry(desk *at, double x, double y, double to_x, double to_y) {
    desk_move_to(x, y);
    desk_button(true);
    for (int i = 1; i <= 8; i++) {
        desk_move_to(x + (to_x - x) * i / 8, y + (to_y - y) * i / 8);
        desk_rest(0.02);
    }
    bool taken = false;
    /* it answers to moves alone; and a move to where the pointer is already would be waited for in vain */
    for (int turn = 0; turn < 100 && !taken; turn++) {
        desk_move_to(to_x + (turn + 1) % 2, to_y);
        taken = desk_flag(at, "dropping");
        desk_rest(0.05);
    }
    desk_button(false);
    return taken;
}

/* Drags the file from the other program onto the middle of the window, until done says so. */
static bool drop_file(desk *at, const char *file, bool (*done)(desk *)) {
    source from = {0, -1};
    bool is_done = false;

    if (!start_source(&from, file)) {
        return false;
    }
    bool there = wait_source();
    for (int i = 0; i < TRIES && there && !is_done; i++) {
        carry(at, SOURCE_X + 50, SOURCE_Y + 30, 700, 450);
        is_done = done(at);
    }
    end_source(&from);
    return is_done;
}

static bool has_points(desk *at) {
    return desk_wait_at_least(at, "points", 6, 5);
}

static bool has_picture(desk *at) {
    return desk_wait_text(at, "experiment", "export", 5);
}

static bool has_trouble(desk *at) {
    return desk_wait_text(at, "trouble", "carries no experiment", 5);
}

static void test_drops(desk *at) {
    g_autofree char *spec = small_spec_write(at, "small.json", "A small run", 2, NULL);
    g_autofree char *run = g_build_filename(at->home, "elsewhere.gsc", NULL);
    g_autofree char *bare = g_build_filename(at->home, "bare.png", NULL);
    picture grey = {.width = 8, .height = 8, .rgb = calloc(1, 8 * 8 * 3)};

    TAP_OK(small_spec_run(at, spec, "../elsewhere.gsc", 1, NULL), "a run lies in another folder");
    if (!TAP_OK(desk_start(at, NULL), "a window without runs opens")) {
        return;
    }
    TAP_OK(desk_wait_flag(at, "start", true, 30), "at the start page");
    TAP_OK(drop_file(at, run, has_points), "a run file dropped on it is its figure");
    TAP_OK(!desk_flag(at, "start"), "in place of the start page");
    desk_keep_picture("hands-run");
    desk_key(at, "e");
    TAP_OK(desk_wait_dialog("Export", 30), "its figure");
    desk_press(at, "Return");
    TAP_OK(desk_wait_file(at->export_path, 30), "is exported");
    TAP_OK(drop_file(at, at->export_path, has_picture),
           "and the picture, dropped on the window, opens the experiment that made it");
    g_autofree char *trouble = desk_text(at, "trouble");
    TAP_STRING(trouble, "", "without a complaint");
    picture_write_png(&grey, bare);
    picture_clear(&grey);
    TAP_OK(drop_file(at, bare, has_trouble), "of another picture it says that none is in it");
    TAP_OK(desk_quit(at), "Ctrl+Q ends the window");
}

/* ---- Waiting runs -------------------------------------------------------------------------------- */

static AtspiAccessible *open_sweep(desk *at, const char *folder) {
    AtspiAccessible *program = NULL;

    if (TAP_OK(desk_start(at, (const char *const[]){folder, NULL}), "a window opens the sweep")) {
        program = tree_program(at->window);
        TAP_OK(program != NULL, "and is on the accessibility bus");
        TAP_OK(desk_wait_at_least(at, "arms", 2, 30), "with its arms");
    }
    return program;
}

static int compare_files(const void *a, const void *b) {
    return strcmp((*(gsc_sweep_entry *const *)a)->file, (*(gsc_sweep_entry *const *)b)->file);
}

/* What waits, as the folder has it: the same lines as in the window. */
static char *folder_order(const char *path) {
    gsc_sweep_folder *folder = NULL;
    const gsc_sweep_entry *waiting[RUNS];
    size_t n = 0;
    GString *text = g_string_new(NULL);

    if (gsc_sweep_folder_open(path, &folder, NULL) != GSC_OK) {
        return g_string_free(text, FALSE);
    }
    for (size_t i = 0; i < folder->count && n < RUNS; i++) {
        if (folder->entries[i].state == GSC_SWEEP_TODO) {
            waiting[n++] = &folder->entries[i];
        }
    }
    qsort(waiting, n, sizeof *waiting, compare_files);
    for (size_t i = 0; i < n; i++) {
        g_string_append_printf(text, "%s, Seed %" G_GUINT64_FORMAT "\n",
                               folder->sweep->arms[waiting[i]->run.arm].name,
                               (guint64)waiting[i]->run.seed);
    }
    gsc_sweep_folder_free(folder);
    return g_string_free(text, FALSE);
}

/* The order after run `from` took place `to`; order is changed. */
static void move_line(char **order, int from, int to) {
    char *moved = order[from];

    for (int i = from; i != to; i += from < to ? 1 : -1) {
        order[i] = order[from < to ? i + 1 : i - 1];
    }
    order[to] = moved;
}

/* Waits until the window shows this order, and looks whether the folder has it. */
static bool has_order(desk *at, const char *folder, char **order) {
    g_autofree char *joined = g_strjoinv("\n", order);
    g_autofree char *text = g_strconcat(joined, "\n", NULL);
    const bool shown = desk_wait_text(at, "waiting", text, 5);
    g_autofree char *kept = folder_order(folder);

    if (shown && strcmp(kept, text) != 0) {
        printf("# the folder has\n# %s", kept);
    }
    return shown && strcmp(kept, text) == 0;
}

static bool drag_row(desk *at, int from, int to) {
    g_autofree char *start = g_strdup_printf("waiting:%d", from);
    g_autofree char *end = g_strdup_printf("waiting:%d", to);
    double box[4], place[4];

    return desk_box(at, start, box) && desk_box(at, end, place) &&
           carry(at, box[0] + 60, box[1] + box[3] / 2, place[0] + 60, place[1] + place[3] / 2);
}

static void test_pointer(desk *at, const char *folder, char **order) {
    bool moved = false;

    move_line(order, RUNS - 1, 1);
    for (int i = 0; i < TRIES && !moved;
         i++) { /* a list that is still finding its place is missed */
        drag_row(at, RUNS - 1, 1);
        moved = has_order(at, folder, order);
    }
    TAP_OK(moved, "the last run, dragged, takes the second place");
    desk_keep_picture("hands-order");
    moved = false;
    move_line(order, 0, 3);
    for (int i = 0; i < TRIES && !moved; i++) {
        drag_row(at, 0, 3);
        moved = has_order(at, folder, order);
    }
    TAP_OK(moved, "the first one takes the fourth");
}

/* Presses Tab until the focus is on something said so. */
static bool tab_to(desk *at, const char *what) {
    for (int i = 0; i < 80; i++) {
        json_t *report = desk_read(at);
        const json_t *focus = json_object_get(report, "focus");
        const char *now = json_string_value(json_object_get(focus, "what"));
        const bool there = now != NULL && g_str_has_prefix(now, what);
        g_autofree char *before = json_dumps(focus, 0);
        json_decref(report);
        if (there) {
            return true;
        }
        desk_key(at, "Tab");
        for (int turn = 0; turn < 100; turn++) { /* until it went on */
            report = desk_read(at);
            g_autofree char *after = json_dumps(json_object_get(report, "focus"), 0);
            json_decref(report);
            if (g_strcmp0(before, after) != 0) {
                break;
            }
            desk_rest(0.05);
        }
    }
    return false;
}

static void test_keys(desk *at, const char *folder, char **order) {
    g_autofree char *arm = g_strndup(order[0], strcspn(order[0], ","));
    g_autofree char *row = g_strconcat("AdwActionRow ", arm, NULL);
    TAP_OK(tab_to(at, row), "Tab reaches the list");
    desk_key(at, "alt+Down");
    move_line(order, 0, 1);
    TAP_OK(has_order(at, folder, order), "Alt+Down moves the first run down");
    desk_key(at, "alt+Down");
    move_line(order, 1, 2);
    TAP_OK(has_order(at, folder, order), "once more: the keyboard stays with its run");
    desk_key(at, "alt+Up");
    move_line(order, 2, 1);
    TAP_OK(has_order(at, folder, order), "Alt+Up moves it up again");
    TAP_OK(tab_to(at, "GtkButton ↑"), "Tab goes on to its buttons");
    desk_key(at, "space");
    move_line(order, 1, 0);
    TAP_OK(has_order(at, folder, order), "which move it too");
    desk_key(at, "alt+Up");
    desk_key(at, "alt+Down");
    move_line(order, 0, 1);
    TAP_OK(has_order(at, folder, order), "before the first place there is no other");
}

static bool open_waiting(AtspiAccessible *program) {
    g_autoptr(AtspiAccessible) tab = tree_find(program, ATSPI_ROLE_PAGE_TAB, "Waiting", 20);

    return tree_press(tab);
}

static void test_sweep(desk *at) {
    g_autofree char *folder = small_sweep_write(at, "sweep", SEEDS);
    g_autoptr(AtspiAccessible) program = folder != NULL ? open_sweep(at, folder) : NULL;

    if (program == NULL) {
        return;
    }
    TAP_OK(open_waiting(program), "the page of waiting runs is chosen");
    TAP_OK(desk_wait_text(at, "waiting", "Seed 3", 30), "and has them");
    g_autofree char *text = desk_text(at, "waiting");
    g_auto(GStrv) order = g_strsplit(g_strchomp(text), "\n", -1);
    if (!TAP_OK(g_strv_length(order) == RUNS, "all six")) {
        return;
    }
    test_pointer(at, folder, order);
    test_keys(at, folder, order);
    TAP_OK(desk_quit(at), "the window is closed");
    g_autoptr(AtspiAccessible) again = open_sweep(at, folder);
    if (again == NULL) {
        return;
    }
    open_waiting(again);
    TAP_OK(has_order(at, folder, order), "the next one has the same order");
    TAP_OK(desk_wait_text(at, "sweep", "paused", 20), "and is paused still");
    TAP_OK(tree_press_button(again, "Continue"), "Continue is pressed");
    TAP_OK(desk_wait_at_least(at, "arms_done", RUNS, 120), "and every run comes to its end");
    TAP_OK(desk_wait_no_text(at, "waiting", 20), "no run waits");
}

int main(int argc, char **argv) {
    desk at;

    if (!tree_open_desk(&at, argv)) {
        return 0;
    }
    test_drops(&at);
    desk_stop(&at);
    test_sweep(&at);
    desk_close(&at);
    return tap_done();
}

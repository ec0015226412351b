/* SPDX-License-Identifier: MIT
 *
 * Everything in the window that can be pressed, chosen, typed into or listed has a name of its own in the
 * accessibility tree, on every page: none is empty, and none is the name of a class ("GtkButton"), which is
 * what a toolkit says of a widget that nobody named. GATESCOPE_TEST_TREE=1 prints the trees.
 */
#include "tests/tap.h"
#include "tests/ui/small_spec.h"
#include "tests/ui/tree.h"

enum {
    MOST_DEEP = 40
};

/* What a name is asked of: besides controls also lists and pictures. Items of a list speak by their words. */
static bool wants_name(AtspiRole role) {
    static const AtspiRole roles[] = {
        ATSPI_ROLE_PUSH_BUTTON,  ATSPI_ROLE_TOGGLE_BUTTON, ATSPI_ROLE_CHECK_BOX,
        ATSPI_ROLE_RADIO_BUTTON, ATSPI_ROLE_COMBO_BOX,     ATSPI_ROLE_SPIN_BUTTON,
        ATSPI_ROLE_LINK,         ATSPI_ROLE_ENTRY,         ATSPI_ROLE_TEXT,
        ATSPI_ROLE_LIST,         ATSPI_ROLE_LIST_BOX,      ATSPI_ROLE_IMAGE,
        ATSPI_ROLE_ICON,         ATSPI_ROLE_PAGE_TAB,      ATSPI_ROLE_TABLE,
        ATSPI_ROLE_TREE_TABLE,   ATSPI_ROLE_PROGRESS_BAR,  ATSPI_ROLE_SLIDER,
        ATSPI_ROLE_DRAWING_AREA};

    for (gsize i = 0; i < G_N_ELEMENTS(roles); i++) {
        if (roles[i] == role) {
            return true;
        }
    }
    return false;
}

/* "GtkMenuButton", "AdwGizmo", "GscPlotCanvas". */
static bool is_class(const char *name) {
    return strlen(name) > 3 && g_ascii_isupper(name[3]) && strchr(name, ' ') == NULL &&
           (g_str_has_prefix(name, "Gtk") || g_str_has_prefix(name, "Adw") ||
            g_str_has_prefix(name, "Gsc"));
}

/* "Load it Load it". */
static bool is_twice(const char *name) {
    const size_t length = strlen(name), half = length / 2;

    return length > 2 && length % 2 == 1 && name[half] == ' ' &&
           strncmp(name, name + half + 1, half) == 0;
}

typedef struct tally {
    int all, bad;
} tally;

/* Counts below a node; what has no name of its own is printed with where it is. */
static void count_names(AtspiAccessible *node, const char *where, int depth, tally *ret) {
    g_autofree char *name = atspi_accessible_get_name(node, NULL);
    g_autofree char *role = atspi_accessible_get_role_name(node, NULL);
    g_autofree char *path = g_strdup_printf("%s / %s \"%s\"", where, role != NULL ? role : "?",
                                            name != NULL ? name : "");

    if (wants_name(atspi_accessible_get_role(node, NULL))) {
        ret->all++;
        if (name == NULL || *name == '\0' || is_class(name) || is_twice(name)) {
            printf("# no name: %s\n", path);
            ret->bad++;
        }
    }
    int n = depth < MOST_DEEP ? atspi_accessible_get_child_count(node, NULL) : 0;
    for (int i = 0; i < n; i++) {
        g_autoptr(AtspiAccessible) child = atspi_accessible_get_child_at_index(node, i, NULL);
        if (child != NULL) {
            count_names(child, path, depth + 1, ret);
        }
    }
}

static void check(AtspiAccessible *program, const char *what) {
    tally names = {0, 0};

    if (g_getenv("GATESCOPE_TEST_TREE") != NULL) {
        printf("# ==== %s\n", what);
        tree_print(program, 0);
    }
    count_names(program, "", 0, &names);
    printf("# %s: %d controls\n", what, names.all);
    TAP_OK(names.all > 10, "controls are in the tree");
    TAP_OK(names.bad == 0, what);
}

static void check_figure(desk *at, AtspiAccessible *program) {
    desk_key(at, "r");
    TAP_OK(desk_wait_at_least(at, "points", 1, 60), "r runs");
    TAP_OK(desk_wait_flag(at, "running", false, 60), "to the end");
    desk_key(at, "ctrl+t");
    desk_key(at, "slash");
    desk_wait_flag(at, "typing", true, 20);
    check(program, "beside a figure, its numbers and a search everything has a name");
    desk_press(at, "Escape");
    desk_wait_flag(at, "typing", false, 20);
}

static void check_trouble(desk *at, AtspiAccessible *program) {
    g_autofree char *folder = g_build_filename(at->home, "absent", NULL);

    TAP_OK(desk_wait_text(at, "trouble", "There is no file", 30), "a message is above the figure");
    check(program, "a message and its close button have names");
    g_autoptr(AtspiAccessible) close =
        tree_find(program, ATSPI_ROLE_PUSH_BUTTON, "Close this message", 10);
    TAP_OK(close != NULL && tree_press(close), "the button is found by its name");
    TAP_OK(desk_wait_no_text(at, "trouble", 20), "and closes the message");
}

static void check_dialogs(desk *at, AtspiAccessible *program) {
    desk_key(at, "ctrl+e");
    TAP_OK(desk_wait_dialog("Export", 30), "Ctrl+E opens its dialog");
    check(program, "in the dialog of export everything has a name");
    desk_press(at, "Escape");
    TAP_OK(desk_wait_no_dialog("Export", 30), "Escape closes it");
    desk_key(at, "ctrl+n");
    TAP_OK(desk_wait_dialog("New gate", 30), "Ctrl+N opens the other");
    check(program, "in the dialog of a new gate everything has a name");
    desk_press(at, "Escape");
    TAP_OK(desk_wait_no_dialog("New gate", 30), "Escape closes it");
}

static void check_lists(desk *at, AtspiAccessible *program) {
    desk_key(at, "t");
    TAP_OK(desk_wait_flag(at, "typing", true, 30), "t opens the table");
    check(program, "in the table of runs everything has a name");
    desk_press(at, "Escape");
    desk_wait_flag(at, "typing", false, 20);
    TAP_OK(tree_press_button(program, "Plugins"), "the plugins are listed");
    g_autoptr(AtspiAccessible) back = tree_find(program, ATSPI_ROLE_PUSH_BUTTON, "Back", 20);
    TAP_OK(back != NULL, "with a way back");
    check(program, "in the list of plugins everything has a name");
}

static void check_ablation(AtspiAccessible *program) {
    TAP_OK(tree_press_button(program, "Vary Gate"), "a chip is pressed");
    g_autoptr(AtspiAccessible) values =
        tree_find(program, ATSPI_ROLE_LIST, "Values to compare", 10);
    TAP_OK(values != NULL, "and its values are asked for");
    check(program, "in the ablation everything has a name");
}

static void check_sweep(desk *at, AtspiAccessible *program) {
    static const char *const tabs[] = {"Differences", "Robustness", "Results", "Waiting", "Arms"};

    TAP_OK(desk_wait_at_least(at, "arms", 2, 30), "a sweep is open");
    for (gsize i = 0; i < G_N_ELEMENTS(tabs); i++) {
        g_autofree char *what =
            g_strconcat("on the page of a sweep everything has a name: ", tabs[i], NULL);
        g_autoptr(AtspiAccessible) tab = tree_find(program, ATSPI_ROLE_PAGE_TAB, tabs[i], 10);
        TAP_OK(tree_press(tab), tabs[i]);
        check(program, what);
    }
}

static AtspiAccessible *open_window(desk *at, const char *argument) {
    AtspiAccessible *program = NULL;

    if (TAP_OK(desk_start(at, (const char *const[]){argument, NULL}), "the window opens")) {
        program = tree_program(at->window);
        TAP_OK(program != NULL, "and is on the accessibility bus");
        desk_wait_ready(at);
    }
    return program;
}

int main(int argc, char **argv) {
    desk at;

    if (!tree_open_desk(&at, argv)) {
        return 0;
    }
    AtspiAccessible *program = open_window(&at, NULL);
    if (program != NULL) {
        check(program, "at the start page everything has a name");
        check_ablation(program);
    }
    g_clear_object(&program);
    desk_stop(&at);
    g_autofree char *spec = small_spec_write(&at, "small.json", "small", 2, NULL);
    program = open_window(&at, spec);
    if (program != NULL) {
        check_figure(&at, program);
        check_dialogs(&at, program);
        check_lists(&at, program);
    }
    g_clear_object(&program);
    desk_stop(&at);
    g_autofree char *absent = g_build_filename(at.home, "absent.gsc", NULL);
    program = open_window(&at, absent);
    if (program != NULL) {
        check_trouble(&at, program);
    }
    g_clear_object(&program);
    desk_stop(&at);
    g_autofree char *sweep = small_sweep_write(&at, "sweep", 3);
    program = sweep != NULL ? open_window(&at, sweep) : NULL;
    if (TAP_OK(program != NULL, "the window opens a sweep")) {
        check_sweep(&at, program);
    }
    g_clear_object(&program);
    desk_close(&at);
    return tap_done();
}

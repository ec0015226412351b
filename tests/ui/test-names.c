/* SPDX-License-Identifier: MIT
 *
 * Everything in the window that can be pressed, chosen or typed into has a name in the accessibility tree.
 */
#include "tests/tap.h"
#include "tests/ui/desk.h"
#include "tests/ui/tree.h"

enum {
    MOST_DEEP = 40
};

static bool wants_name(AtspiRole role) {
    return role == ATSPI_ROLE_PUSH_BUTTON || role == ATSPI_ROLE_TOGGLE_BUTTON ||
           role == ATSPI_ROLE_CHECK_BOX || role == ATSPI_ROLE_COMBO_BOX ||
           role == ATSPI_ROLE_SPIN_BUTTON || role == ATSPI_ROLE_LINK;
}

/* Controls below a node: how many there are, and how many without a name (printed with where). */
static void count_names(AtspiAccessible *node, const char *where, int depth, int *ret_all,
                        int *ret_unnamed) {
    g_autofree char *name = atspi_accessible_get_name(node, NULL);
    g_autofree char *role = atspi_accessible_get_role_name(node, NULL);
    g_autofree char *path = g_strdup_printf("%s / %s \"%s\"", where, role != NULL ? role : "?",
                                            name != NULL ? name : "");

    if (wants_name(atspi_accessible_get_role(node, NULL))) {
        (*ret_all)++;
        if (name == NULL || *name == '\0') {
            printf("# no name: %s\n", path);
            (*ret_unnamed)++;
        }
    }
    int n = depth < MOST_DEEP ? atspi_accessible_get_child_count(node, NULL) : 0;
    for (int i = 0; i < n; i++) {
        g_autoptr(AtspiAccessible) child = atspi_accessible_get_child_at_index(node, i, NULL);
        if (child != NULL) {
            count_names(child, path, depth + 1, ret_all, ret_unnamed);
        }
    }
}

static void check(AtspiAccessible *program, const char *what) {
    int all = 0, unnamed = 0;

    count_names(program, "", 0, &all, &unnamed);
    printf("# %s: %d controls\n", what, all);
    TAP_OK(all > 10, "controls are in the tree");
    TAP_OK(unnamed == 0, what);
}

int main(int argc, char **argv) {
    desk at;

    if (!tree_enter_bus(argv)) {
        return 0;
    }
    if (!desk_open(&at)) {
        printf("1..0 # SKIP no X server to test at\n");
        return 0;
    }
    at.on_own_bus = true;
    if (TAP_OK(desk_start(&at, NULL), "the window opens")) {
        atspi_init();
        g_autoptr(AtspiAccessible) program = tree_program(at.window);
        if (TAP_OK(program != NULL, "the window is on the accessibility bus")) {
            desk_wait_ready(&at);
            check(program, "at the start page everything has a name");
            desk_key(&at, "r");
            desk_wait_at_least(&at, "points", 1, 60);
            desk_key(&at, "Escape");
            desk_wait_flag(&at, "running", false, 30);
            check(program, "beside a figure everything has a name");
            desk_key(&at, "ctrl+e");
            desk_wait_dialog("Export", 30);
            check(program, "in the dialog of export everything has a name");
        }
    }
    desk_close(&at);
    return tap_done();
}

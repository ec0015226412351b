/* SPDX-License-Identifier: MIT
 *
 * The window as a screen reader meets it: what there is has a name and a role in the accessibility tree, and
 * Run is started through it. GATESCOPE_TEST_TREE=1 prints the tree.
 */
#include "tests/tap.h"
#include "tests/ui/desk.h"
#include "tests/ui/tree.h"

#include <atspi/atspi.h>

enum {
    MOST_DEEP = 40
};

static void print_tree(AtspiAccessible *node, int depth) {
    g_autofree char *name = atspi_accessible_get_name(node, NULL);
    g_autofree char *role = atspi_accessible_get_role_name(node, NULL);
    int n = atspi_accessible_get_child_count(node, NULL);

    printf("# %*s%s \"%s\"\n", 2 * depth, "", role != NULL ? role : "?", name != NULL ? name : "");
    for (int i = 0; i < n && depth < MOST_DEEP; i++) {
        g_autoptr(AtspiAccessible) child = atspi_accessible_get_child_at_index(node, i, NULL);
        if (child != NULL) {
            print_tree(child, depth + 1);
        }
    }
}

/* The first node of this role and name, depth first; caller unrefs; NULL: there is none. */
static AtspiAccessible *find(AtspiAccessible *node, AtspiRole role, const char *name, int depth) {
    g_autofree char *own = atspi_accessible_get_name(node, NULL);
    AtspiAccessible *found = NULL;

    if (atspi_accessible_get_role(node, NULL) == role && g_strcmp0(own, name) == 0) {
        return g_object_ref(node);
    }
    int n = depth < MOST_DEEP ? atspi_accessible_get_child_count(node, NULL) : 0;
    for (int i = 0; i < n && found == NULL; i++) {
        g_autoptr(AtspiAccessible) child = atspi_accessible_get_child_at_index(node, i, NULL);
        if (child != NULL) {
            found = find(child, role, name, depth + 1);
        }
    }
    return found;
}

/* The window's program among the applications of the bus, waited for. */
static AtspiAccessible *find_application(void) {
    g_autoptr(AtspiAccessible) all = atspi_get_desktop(0);

    for (int turn = 0; turn < 100; turn++) {
        int n = atspi_accessible_get_child_count(all, NULL);
        for (int i = 0; i < n; i++) {
            AtspiAccessible *program = atspi_accessible_get_child_at_index(all, i, NULL);
            g_autofree char *name =
                program != NULL ? atspi_accessible_get_name(program, NULL) : NULL;
            if (name != NULL && strstr(name, "atescope") != NULL) {
                return program;
            }
            g_clear_object(&program);
        }
        desk_rest(0.1);
    }
    return NULL;
}

static bool has(AtspiAccessible *program, AtspiRole role, const char *name, const char *what) {
    g_autoptr(AtspiAccessible) node = find(program, role, name, 0);

    return TAP_OK(node != NULL, what);
}

static bool press(AtspiAccessible *program, const char *name) {
    g_autoptr(AtspiAccessible) button = find(program, ATSPI_ROLE_PUSH_BUTTON, name, 0);
    g_autoptr(AtspiAction) action =
        button != NULL ? atspi_accessible_get_action_iface(button) : NULL;

    return action != NULL && atspi_action_get_n_actions(action, NULL) > 0 &&
           atspi_action_do_action(action, 0, NULL);
}

static void test_tree(desk *at, AtspiAccessible *program) {
    if (g_getenv("GATESCOPE_TEST_TREE") != NULL) {
        print_tree(program, 0);
    }
    has(program, ATSPI_ROLE_PUSH_BUTTON, "Run", "a button Run");
    has(program, ATSPI_ROLE_PUSH_BUTTON, "Stop", "a button Stop");
    has(program, ATSPI_ROLE_PUSH_BUTTON, "Export the figure", "a button to export");
    has(program, ATSPI_ROLE_LIST, "Experiments", "the list of experiments");
    has(program, ATSPI_ROLE_LIST_ITEM, "One expert too many", "the experiment that is first");
    has(program, ATSPI_ROLE_LIST, "Runs", "the list of runs");
    has(program, ATSPI_ROLE_COMBO_BOX, "Gate", "the choice of a gate");
    has(program, ATSPI_ROLE_SPIN_BUTTON, "Replicates", "the number of replicates");
    TAP_OK(!desk_flag(at, "running"), "nothing runs");
    TAP_OK(press(program, "Run"), "the action of Run is there");
    TAP_OK(desk_wait_flag(at, "running", true, 20), "and starts the experiment");
    TAP_OK(desk_wait_at_least(at, "points", 1, 30), "whose points come");
    TAP_OK(press(program, "Stop"), "the action of Stop is there");
    TAP_OK(desk_wait_flag(at, "running", false, 30), "and ends the run");
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
        g_autoptr(AtspiAccessible) program = find_application();
        if (TAP_OK(program != NULL, "the window is on the accessibility bus")) {
            desk_rest(1.5); /* the plugins' descriptors are read by another process */
            test_tree(&at, program);
        }
    }
    desk_close(&at);
    return tap_done();
}

/* SPDX-License-Identifier: MIT
 *
 * The window as a screen reader meets it: what there is has a name and a role in the accessibility tree, and
 * Run is started through it. GATESCOPE_TEST_TREE=1 prints the tree.
 */
#include "tests/tap.h"
#include "tests/ui/desk.h"
#include "tests/ui/tree.h"

static bool has(AtspiAccessible *program, AtspiRole role, const char *name, const char *what) {
    g_autoptr(AtspiAccessible) node = tree_find(program, role, name, 10);

    return TAP_OK(node != NULL, what);
}

static void test_tree(desk *at, AtspiAccessible *program) {
    if (g_getenv("GATESCOPE_TEST_TREE") != NULL) {
        tree_print(program, 0);
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
    TAP_OK(tree_press_button(program, "Run"), "the action of Run is there");
    TAP_OK(desk_wait_flag(at, "running", true, 20), "and starts the experiment");
    TAP_OK(desk_wait_at_least(at, "points", 1, 30), "whose points come");
    TAP_OK(tree_press_button(program, "Stop"), "the action of Stop is there");
    TAP_OK(desk_wait_flag(at, "running", false, 30), "and ends the run");
}

int main(int argc, char **argv) {
    desk at;

    if (!tree_open_desk(&at, argv)) {
        return 0;
    }
    if (TAP_OK(desk_start(&at, NULL), "the window opens")) {
        g_autoptr(AtspiAccessible) program = tree_program(at.window);
        if (TAP_OK(program != NULL, "the window is on the accessibility bus")) {
            desk_wait_ready(&at);
            test_tree(&at, program);
        }
    }
    desk_close(&at);
    return tap_done();
}

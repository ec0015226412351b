/* SPDX-License-Identifier: MIT
 *
 * The window's accessibility tree. See tree.h.
 */
#include "tests/ui/tree.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    MOST_DEEP = 60,
    KEPT_STDOUT = 9,
    WAIT_US = 120000000 /* for a state that must come */
};

/* Runs this program again inside a session bus of its own; returns in the new process with stdout as it was. */
static bool enter_bus(char **argv) {
    if (g_getenv("GATESCOPE_TEST_BUS") != NULL) {
        dup2(KEPT_STDOUT, STDOUT_FILENO);
        return true;
    }
    g_autofree char *program = g_find_program_in_path("dbus-run-session");
    /* the bus of accessibility makes its socket there, by a name that two tests would share */
    g_autofree char *runtime = g_dir_make_tmp("gatescope-bus-XXXXXX", NULL);
    g_setenv("XDG_RUNTIME_DIR", runtime, TRUE);
    g_setenv("GATESCOPE_TEST_BUS", "1", TRUE);
    if (program != NULL) {
        /* what the bus and its services print is no TAP: our own output waits in another place */
        dup2(STDOUT_FILENO, KEPT_STDOUT);
        dup2(STDERR_FILENO, STDOUT_FILENO);
        execl(program, program, "--", argv[0], (char *)NULL);
    }
    printf("1..0 # SKIP no dbus-run-session\n");
    return false;
}

bool tree_open_desk(desk *ret_desk, char **argv) {
    if (!enter_bus(argv)) {
        return false;
    }
    if (!desk_open(ret_desk)) {
        printf("1..0 # SKIP no X server to test at\n");
        return false;
    }
    ret_desk->on_own_bus = true;
    atspi_init();
    return true;
}

AtspiAccessible *tree_program(GPid pid) {
    g_autoptr(AtspiAccessible) all = atspi_get_desktop(0);

    for (int turn = 0; turn < 200; turn++) {
        const int n = atspi_accessible_get_child_count(all, NULL);
        for (int i = 0; i < n; i++) {
            AtspiAccessible *program = atspi_accessible_get_child_at_index(all, i, NULL);
            if (program != NULL && atspi_accessible_get_process_id(program, NULL) == (guint)pid) {
                /* GTK does not tell of every row of a list that comes or goes: nothing is kept */
                atspi_accessible_set_cache_mask(program, ATSPI_CACHE_NONE);
                return program;
            }
            g_clear_object(&program);
        }
        desk_rest(0.1);
    }
    return NULL;
}

static bool has_state(AtspiAccessible *node, AtspiStateType state) {
    AtspiStateSet *states = atspi_accessible_get_state_set(node);
    const bool has = states != NULL && atspi_state_set_contains(states, state);

    g_clear_object(&states);
    return has;
}

/* GTK 4.8 says the label of a button twice, its own and that of the label in it, and an underlined letter with the
 * sign before it. */
static bool is_named(const char *own, const char *name) {
    g_autofree char *twice = g_strdup_printf("%s %s", name, name);
    g_auto(GStrv) parts = g_strsplit(own != NULL ? own : "", "_", -1);
    g_autofree char *plain = g_strjoinv(NULL, parts);

    return g_strcmp0(own, name) == 0 || g_strcmp0(own, twice) == 0 || strcmp(plain, name) == 0 ||
           strcmp(plain, twice) == 0;
}

static AtspiAccessible *find(AtspiAccessible *node, AtspiRole role, const char *name, int depth) {
    AtspiAccessible *found = NULL;

    if (atspi_accessible_get_role(node, NULL) == role && has_state(node, ATSPI_STATE_VISIBLE)) {
        g_autofree char *own = atspi_accessible_get_name(node, NULL);
        if (name == NULL || is_named(own, name)) {
            return g_object_ref(node);
        }
    }
    const int n = depth < MOST_DEEP ? atspi_accessible_get_child_count(node, NULL) : 0;
    for (int i = 0; i < n && found == NULL; i++) {
        g_autoptr(AtspiAccessible) child = atspi_accessible_get_child_at_index(node, i, NULL);
        if (child != NULL) {
            found = find(child, role, name, depth + 1);
        }
    }
    return found;
}

AtspiAccessible *tree_find(AtspiAccessible *node, AtspiRole role, const char *name,
                           double seconds) {
    AtspiAccessible *found = NULL;
    const gint64 until = g_get_monotonic_time() + (gint64)(seconds * 1e6);

    while ((found = find(node, role, name, 0)) == NULL && g_get_monotonic_time() < until) {
        desk_rest(0.1);
    }
    return found;
}

bool tree_wait_gone(AtspiAccessible *program, AtspiRole role, const char *name) {
    const gint64 until = g_get_monotonic_time() + WAIT_US;

    do {
        g_autoptr(AtspiAccessible) node = find(program, role, name, 0);
        if (node == NULL) {
            return true;
        }
        desk_rest(0.1);
    } while (g_get_monotonic_time() < until);
    return false;
}

bool tree_wait_sensitive(AtspiAccessible *program, const char *button, bool sensitive) {
    const gint64 until = g_get_monotonic_time() + WAIT_US;

    do { /* a walk through the tree takes a second on a busy machine */
        g_autoptr(AtspiAccessible) node = find(program, ATSPI_ROLE_PUSH_BUTTON, button, 0);
        if (node != NULL && has_state(node, ATSPI_STATE_SENSITIVE) == sensitive) {
            return true;
        }
        desk_rest(0.1);
    } while (g_get_monotonic_time() < until);
    return false;
}

bool tree_press(AtspiAccessible *node) {
    g_autoptr(AtspiAction) action = node != NULL ? atspi_accessible_get_action_iface(node) : NULL;

    return action != NULL && atspi_action_get_n_actions(action, NULL) > 0 &&
           atspi_action_do_action(action, 0, NULL);
}

bool tree_press_button(AtspiAccessible *program, const char *name) {
    g_autoptr(AtspiAccessible) button = tree_find(program, ATSPI_ROLE_PUSH_BUTTON, name, 10);

    return tree_press(button);
}

bool tree_set_value(AtspiAccessible *program, const char *spin_button, double value) {
    g_autoptr(AtspiAccessible) spin = tree_find(program, ATSPI_ROLE_SPIN_BUTTON, spin_button, 10);
    g_autoptr(AtspiValue) iface = spin != NULL ? atspi_accessible_get_value_iface(spin) : NULL;

    return iface != NULL && atspi_value_set_current_value(iface, value, NULL);
}

void tree_print(AtspiAccessible *node, int depth) {
    g_autofree char *name = atspi_accessible_get_name(node, NULL);
    g_autofree char *role = atspi_accessible_get_role_name(node, NULL);
    const int n = atspi_accessible_get_child_count(node, NULL);

    printf("# %*s%s \"%s\"\n", 2 * depth, "", role != NULL ? role : "?", name != NULL ? name : "");
    for (int i = 0; i < n && depth < MOST_DEEP; i++) {
        g_autoptr(AtspiAccessible) child = atspi_accessible_get_child_at_index(node, i, NULL);
        if (child != NULL) {
            tree_print(child, depth + 1);
        }
    }
}

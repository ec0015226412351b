/* SPDX-License-Identifier: MIT
 *
 * The window's accessibility tree as a test uses it: nodes by role and name, pressed, filled in. The program is found by
 * the id of its process, so that a window that has just ended is never taken for the new one.
 */
#ifndef GSC_TESTS_UI_TREE_H
#define GSC_TESTS_UI_TREE_H

#include "tests/ui/desk.h"

#include <atspi/atspi.h>
#include <glib.h>
#include <stdbool.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AtspiAccessible, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AtspiAction, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AtspiValue, g_object_unref)

/* A desk whose window's tree is in reach: runs this program again inside a session bus of its own and opens the desk
 * there. False (with a TAP line to skip) where there is no bus or no X server to be had. */
bool tree_open_desk(desk *ret_desk, char **argv);

/* The program of this process, waited for; caller unrefs; NULL: it did not come. */
AtspiAccessible *tree_program(GPid pid);
/* The first showing node of this role and name, depth first, waited for; caller unrefs; NULL: there is none.
 * name NULL: any. */
AtspiAccessible *tree_find(AtspiAccessible *node, AtspiRole role, const char *name, double seconds);
/* Waits until no such node is showing. */
bool tree_wait_gone(AtspiAccessible *program, AtspiRole role, const char *name);
/* Waits until the button of this name can be pressed, or cannot. */
bool tree_wait_sensitive(AtspiAccessible *program, const char *button, bool sensitive);
bool tree_press(AtspiAccessible *node); /* its first action */
bool tree_press_button(AtspiAccessible *program, const char *name);
bool tree_set_value(AtspiAccessible *program, const char *spin_button, double value);
void tree_print(AtspiAccessible *node, int depth);

#endif

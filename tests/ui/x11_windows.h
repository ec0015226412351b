/* SPDX-License-Identifier: MIT
 *
 * The windows that are on the X display, as anyone beside the program sees them: dialogs by their title, popovers as
 * windows that no window manager touches, and which one has the keyboard.
 */
#ifndef GSC_TESTS_UI_X11_WINDOWS_H
#define GSC_TESTS_UI_X11_WINDOWS_H

#include <stdbool.h>

/* The window with the keyboard has this in its title; "" is any. */
bool windows_has_focus(const char *title);
/* A window with this in its title is in sight. */
bool windows_has_title(const char *title);
/* Moves the first window with this in its title; false: there is none. */
bool windows_move(const char *title, int x, int y);
/* Popovers and tooltips in sight, those that hold more than a pixel. */
int windows_count_popups(void);

#endif

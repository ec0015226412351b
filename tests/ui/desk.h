/* SPDX-License-Identifier: MIT
 *
 * A desk to drive the real window at: an X server, a session bus, an empty home, the program beside them, and
 * a hand for the mouse and the keys. What cannot be seen from outside comes from the report that the window
 * writes for tests (ui/probe.h).
 */
#ifndef GSC_TESTS_UI_DESK_H
#define GSC_TESTS_UI_DESK_H

#include "tests/ui/x11_picture.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

typedef struct desk {
    char *home;   /* temporary: runs, state, report, export */
    char *report; /* path */
    char *export_path;
    GPid server, window;
    int starts; /* of a window */
    bool
        on_own_bus; /* the window uses this process' session bus, so that its accessibility tree is in reach */
} desk;

/* false (with a TAP comment) where there is no Xvfb, dbus-run-session or xdotool. */
bool desk_open(desk *self);
void desk_close(desk *self); /* ends what it started, removes its folder */
void desk_remove_tree(const char *path);

/* Starts the window with these arguments (NULL-terminated) and waits for its first frame. */
bool desk_start(desk *self, const char *const *arguments);
void desk_stop(desk *self);
/* Asks the window to close (Ctrl+Q), so that it remembers what it is to remember, and waits for its end; false where
 * it does not end, or ends by a signal or with a status other than 0. */
bool desk_quit(desk *self);
/* Waits until a run can be started: the plugins' descriptors are read by another process. */
bool desk_wait_ready(desk *self);

/* The newest report; caller decrefs; NULL before there is one. */
json_t *desk_read(desk *self);
double desk_number(desk *self, const char *member);
bool desk_flag(desk *self, const char *member);
char *desk_text(desk *self, const char *member); /* "" where absent; caller frees */
/* Element i of the report's "view". */
double desk_view(desk *self, int i);

/* Waiting: seconds are those of a machine at rest; a busy one gets three times as many.
 *
 * Waits until member, as a number, is at least (or, negated, below) limit. */
bool desk_wait_at_least(desk *self, const char *member, double limit, double seconds);
bool desk_wait_flag(desk *self, const char *member, bool value, double seconds);
/* Waits until member, as a text, has that part. */
bool desk_wait_text(desk *self, const char *member, const char *part, double seconds);
/* Waits until member is empty or absent. */
bool desk_wait_no_text(desk *self, const char *member, double seconds);
/* Waits until member, as a number, is just this. */
bool desk_wait_number(desk *self, const char *member, double value, double seconds);
bool desk_wait_file(const char *path, double seconds);
/* Waits until the dialog of this title has the keyboard. */
bool desk_wait_dialog(const char *title, double seconds);
bool desk_wait_no_dialog(const char *title, double seconds);
/* Waits until a list or a menu is open; until none is. */
bool desk_wait_popup(bool open, double seconds);
/* A pause between two looks, or between two moves of a hand; never the wait for something to have happened. */
void desk_rest(double seconds);

/* The box of a widget: x, y, width, height. */
bool desk_box(desk *self, const char *widget, double ret_box[4]);
void desk_click(desk *self, const char *widget);
void desk_click_here(desk *self);                            /* where the pointer is */
void desk_wheel(desk *self, const char *widget, int clicks); /* up is positive */
void desk_drag(desk *self, const char *widget, int dx, int dy, int button);
void desk_button(bool down); /* the first */
void desk_move_to(double x, double y);
void desk_point(desk *self, const char *widget, double fraction_x, double fraction_y);
/* Gives the window the focus and presses a key, as xdotool says it: "ctrl+e"; again where the window did not get it:
 * one that comes with the focus is lost at times. Not for a key that only modifies. */
void desk_key(desk *self, const char *key);
/* A key to whatever has the focus, as a dialog has; once. */
void desk_press(desk *self, const char *key);
void desk_type(desk *self, const char *text);

/* The screen as NAME.png in the folder that GATESCOPE_TEST_PICTURES names, if it does. */
void desk_keep_picture(const char *name);
/* Pixels of a picture inside a box whose colour is saturated: curves, not axes. NULL: the whole picture. */
int picture_count_colored(const picture *self, const double box[4]);
double picture_mean_brightness(const picture *self); /* 0..255 */

#endif

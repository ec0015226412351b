/* SPDX-License-Identifier: MIT
 *
 * The windows that are on the X display. See x11_windows.h.
 */
#include "tests/ui/x11_windows.h"

#include <X11/Xlib.h>
#include <string.h>

/* A window may go between the list and the look at it. */
static int ignore(Display *display, XErrorEvent *event) {
    return 0;
}

static Display *open_display(void) {
    XSetErrorHandler(ignore);
    return XOpenDisplay(NULL);
}

static bool has_title(Display *display, Window window, const char *title) {
    char *name = NULL;
    const bool has = XFetchName(display, window, &name) != 0 && strstr(name, title) != NULL;

    if (name != NULL) {
        XFree(name);
    }
    return has;
}

/* Top-level windows in sight that answer to a question. */
static int count(bool (*answers)(Display *, Window, const XWindowAttributes *, const char *),
                 const char *title) {
    Display *display = open_display();
    Window root = 0, parent = 0, *windows = NULL;
    unsigned n = 0;
    int found = 0;

    if (display == NULL) {
        return 0;
    }
    XQueryTree(display, DefaultRootWindow(display), &root, &parent, &windows, &n);
    for (unsigned i = 0; i < n; i++) {
        XWindowAttributes attributes = {0};
        found += XGetWindowAttributes(display, windows[i], &attributes) != 0 &&
                 attributes.map_state == IsViewable &&
                 answers(display, windows[i], &attributes, title);
    }
    if (windows != NULL) {
        XFree(windows);
    }
    XCloseDisplay(display);
    return found;
}

static bool is_titled(Display *display, Window window, const XWindowAttributes *attributes,
                      const char *title) {
    return has_title(display, window, title);
}

static bool is_popup(Display *display, Window window, const XWindowAttributes *attributes,
                     const char *title) {
    return attributes->override_redirect && attributes->width > 1 && attributes->height > 1;
}

bool windows_has_title(const char *title) {
    return count(is_titled, title) > 0;
}

int windows_count_popups(void) {
    return count(is_popup, NULL);
}

bool windows_move(const char *title, int x, int y) {
    Display *display = open_display();
    Window root = 0, parent = 0, *windows = NULL;
    unsigned n = 0;
    bool moved = false;

    if (display == NULL) {
        return false;
    }
    XQueryTree(display, DefaultRootWindow(display), &root, &parent, &windows, &n);
    for (unsigned i = 0; i < n && !moved; i++) {
        if (has_title(display, windows[i], title)) {
            XMoveWindow(display, windows[i], x, y);
            moved = true;
        }
    }
    if (windows != NULL) {
        XFree(windows);
    }
    XCloseDisplay(display);
    return moved;
}

bool windows_has_focus(const char *title) {
    Display *display = open_display();
    Window focus = None, root = None, parent = None, *children = NULL;
    unsigned n = 0;
    int revert = 0;
    bool has = false;

    if (display == NULL) {
        return false;
    }
    XGetInputFocus(display, &focus, &revert);
    /* the toolkit may give the keyboard to a child of the titled window */
    while (focus != None && focus != PointerRoot && !has) {
        has = has_title(display, focus, title);
        if (XQueryTree(display, focus, &root, &parent, &children, &n) == 0) {
            break;
        }
        if (children != NULL) {
            XFree(children);
        }
        focus = parent != root ? parent : None;
    }
    XCloseDisplay(display);
    return has;
}

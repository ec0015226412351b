/* SPDX-License-Identifier: MIT
 *
 * The selection CLIPBOARD as another program reads it. See x11_clipboard.h; ICCCM 2.4 and, for what is long, 2.7.2.
 */
#include "tests/ui/x11_clipboard.h"

#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct reader {
    Display *display;
    Window window;
    Atom property, increments;
    double until_s;
    unsigned char *bytes;
    size_t n;
} reader;

static double now_s(void) {
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The next event of a type before the time is over. */
static bool wait_for(reader *self, int type, XEvent *ret_event) {
    for (;;) {
        while (XPending(self->display) > 0) {
            XNextEvent(self->display, ret_event);
            if (ret_event->type == type) {
                return true;
            }
        }
        const double left = self->until_s - now_s();
        struct pollfd connection = {.fd = ConnectionNumber(self->display), .events = POLLIN};
        if (left <= 0 || poll(&connection, 1, (int)(1000 * left) + 1) < 0) {
            return false;
        }
    }
}

/* Takes the property, appends it, and tells its type; false where there is none. Taking it asks for the next part. */
static bool take_property(reader *self, Atom *ret_type, size_t *ret_n) {
    unsigned long items = 0, left = 0;
    unsigned char *part = NULL;
    int format = 0;

    if (XGetWindowProperty(self->display, self->window, self->property, 0, 1 << 24, True,
                           AnyPropertyType, ret_type, &format, &items, &left, &part) != Success ||
        *ret_type == None) {
        return false;
    }
    *ret_n = format == 8 ? items : 0;
    if (*ret_type != self->increments && *ret_n > 0) {
        unsigned char *more = realloc(self->bytes, self->n + *ret_n);
        if (more == NULL) {
            XFree(part);
            return false;
        }
        memcpy(more + self->n, part, *ret_n);
        self->bytes = more;
        self->n += *ret_n;
    }
    XFree(part);
    return true;
}

/* The owner puts one part after the other into the property, at last an empty one. */
static bool take_parts(reader *self) {
    XEvent event;

    while (wait_for(self, PropertyNotify, &event)) {
        Atom type = None;
        size_t n = 0;
        if (event.xproperty.atom != self->property || event.xproperty.state != PropertyNewValue ||
            !take_property(self, &type, &n)) {
            continue;
        }
        if (n == 0) {
            return true;
        }
    }
    return false;
}

static bool read_selection(reader *self, const char *target) {
    Atom clipboard = XInternAtom(self->display, "CLIPBOARD", False), type = None;
    XEvent event;
    size_t n = 0;

    self->property = XInternAtom(self->display, "GATESCOPE_TEST", False);
    self->increments = XInternAtom(self->display, "INCR", False);
    XSelectInput(self->display, self->window, PropertyChangeMask);
    XConvertSelection(self->display, clipboard, XInternAtom(self->display, target, False),
                      self->property, self->window, CurrentTime);
    if (!wait_for(self, SelectionNotify, &event) || event.xselection.property == None ||
        !take_property(self, &type, &n)) {
        return false;
    }
    return type != self->increments || take_parts(self);
}

bool clipboard_read(const char *target, double seconds, unsigned char **ret_bytes, size_t *ret_n) {
    reader self = {.display = XOpenDisplay(NULL), .until_s = now_s() + seconds};

    if (self.display == NULL) {
        return false;
    }
    self.window =
        XCreateSimpleWindow(self.display, DefaultRootWindow(self.display), 0, 0, 1, 1, 0, 0, 0);
    const bool good = read_selection(&self, target) && self.n > 0;
    XCloseDisplay(self.display);
    if (!good) {
        free(self.bytes);
        return false;
    }
    *ret_bytes = self.bytes;
    *ret_n = self.n;
    return true;
}

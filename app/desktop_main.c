/* SPDX-License-Identifier: MIT
 *
 * gatescope-desktop: the window. It loads no plugin and holds no lab: it reads run files, asks `gatescope`
 * for the plugins, and starts `gatescope run`.
 *
 * Layer: app.
 */
#include "ui/application.h"

#include <stdio.h>

enum {
    NO_DISPLAY = 3 /* exit status, for who can do without a window */
};

/* Options that print and end need no display. */
static bool opens_window(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (g_str_equal(argv[i], "-h") || g_str_has_prefix(argv[i], "--help")) {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv) {
    g_set_prgname("gatescope-desktop");
    /* Plugins from outside the installation wait until the user accepts them here. */
    g_setenv("GATESCOPE_TRUST", "known", FALSE);
    if (opens_window(argc, argv) && !gtk_init_check()) {
        fputs("gatescope-desktop: no display can be opened here; without a window, `gatescope run "
              "preset:first -o first.gsc` runs the same experiment and `gatescope plot first.gsc "
              "--figure rate -o first.png` draws it\n",
              stderr);
        return NO_DISPLAY;
    }
    g_autoptr(GscApplication) application = gsc_application_new();

    return g_application_run(G_APPLICATION(application), argc, argv);
}

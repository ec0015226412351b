/* SPDX-License-Identifier: MIT
 *
 * gatescope-desktop: the window. It loads no plugin and holds no lab: it reads run files, asks `gatescope`
 * for the plugins, and starts `gatescope run`.
 *
 * Layer: app.
 */
#include "ui/application.h"

int main(int argc, char **argv) {
    g_autoptr(GscApplication) application = gsc_application_new();

    return g_application_run(G_APPLICATION(application), argc, argv);
}

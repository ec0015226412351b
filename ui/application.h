/* SPDX-License-Identifier: MIT
 *
 * The desktop application: one window, one instance, files and experiments from the command line.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_APPLICATION_H
#define GSC_UI_APPLICATION_H

#include <adwaita.h>

G_BEGIN_DECLS

#define GSC_APPLICATION_ID "org.gatescope.Gatescope"

#define GSC_TYPE_APPLICATION (gsc_application_get_type())
G_DECLARE_FINAL_TYPE(GscApplication, gsc_application, GSC, APPLICATION, AdwApplication)

/* [--run EXPERIMENT] [FILE.gsc|SPEC.json]…; a second start hands its arguments to the first one's window.
 * Without a session bus every start has its own window. */
GscApplication *gsc_application_new(void);

G_END_DECLS

#endif

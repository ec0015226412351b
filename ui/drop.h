/* SPDX-License-Identifier: MIT
 *
 * What is dropped on the window, and the experiment that travels inside an exported PNG.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_DROP_H
#define GSC_UI_DROP_H

#include "ui/plot/look.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* path: of a local file. Called once for every file that was dropped. */
typedef void gsc_drop_opened(const char *path, gpointer data);

/* Lets files be dropped anywhere on the widget. */
void gsc_drop_add(GtkWidget *widget, gsc_drop_opened *opened, gpointer data);

/* Writes the specs of the runs that a PNG of Gatescope's shows, one file for each that differs in more than
 * its seed, into the user's folder of specs, and returns their paths (char *), the first run's first; specs
 * that are there already are not written twice. NULL with *error (one sentence) where the picture carries
 * none. */
GPtrArray *gsc_drop_unpack(const char *png_path, GError **error);

/* How the picture's figure was looked at; false where it does not say. */
bool gsc_drop_read_look(const char *png_path, gsc_plot_look *ret_look);

G_END_DECLS

#endif

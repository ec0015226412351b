/* SPDX-License-Identifier: MIT
 *
 * A small picture of an experiment: axes with the lines that theory proves for its arms, falling as their
 * exponents say. A schema, not data.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_THUMBNAIL_H
#define GSC_UI_THUMBNAIL_H

#include "ui/experiment.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define GSC_TYPE_THUMBNAIL (gsc_thumbnail_get_type())
G_DECLARE_FINAL_TYPE(GscThumbnail, gsc_thumbnail, GSC, THUMBNAIL, GtkWidget)

GtkWidget *gsc_thumbnail_new(GscExperiment *experiment);

G_END_DECLS

#endif

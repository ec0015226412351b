/* SPDX-License-Identifier: MIT
 *
 * An experiment that the window offers: a preset, or a spec file of the user's. Its spec is what the set-up
 * panel shows and what `gatescope run` starts from.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_EXPERIMENT_H
#define GSC_UI_EXPERIMENT_H

#include "core/read/spec.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define GSC_TYPE_EXPERIMENT (gsc_experiment_get_type())
G_DECLARE_FINAL_TYPE(GscExperiment, gsc_experiment, GSC, EXPERIMENT, GObject)

/* NULL with *error set where the spec does not parse; a preset's always does. */
GscExperiment *gsc_experiment_new_preset(const gsc_preset *preset, GError **error);
GscExperiment *gsc_experiment_new_file(const char *path, GError **error);
/* The sweep of a folder: its base is what the set-up panel shows. */
GscExperiment *gsc_experiment_new_sweep(const char *folder, GError **error);
/* The folder of a sweep, or NULL. */
const char *gsc_experiment_get_sweep(GscExperiment *self);

const char *gsc_experiment_get_name(GscExperiment *self);    /* "first"; what run files call it */
const char *gsc_experiment_get_title(GscExperiment *self);   /* "One expert too many" */
const char *gsc_experiment_get_summary(GscExperiment *self); /* one line */
const char *gsc_experiment_get_source(
    GscExperiment *self); /* "preset:first", a path, "sweep:FOLDER" */
const char *gsc_experiment_get_group(GscExperiment *self); /* heading above it and its like */
const gsc_spec *gsc_experiment_get_spec(GscExperiment *self);

/* The one place where a gsc_error becomes a GError (domain GSC_UI_ERROR, code its status). */
#define GSC_UI_ERROR (gsc_ui_error_quark())
GQuark gsc_ui_error_quark(void);
void gsc_ui_take_error(GError **error, const gsc_error *from);

G_END_DECLS

#endif

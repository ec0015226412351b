/* SPDX-License-Identifier: MIT
 *
 * One thing that an ablation can vary: its chip, and a row with its values, shown while the chip is on. Plugins
 * are chosen from a list; numbers are typed with commas between.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_ABLATION_AXIS_H
#define GSC_UI_ABLATION_AXIS_H

#include "ui/plugin_store.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef struct gsc_ablation_axis gsc_ablation_axis;
typedef void gsc_ablation_axis_changed(gpointer data);

/* kind: of plugins; NULL: numbers. changed: after every change of chip or values. The caller puts chip and row
 * into its containers, and frees the axis after them. */
gsc_ablation_axis *gsc_ablation_axis_new(const char *key, const char *title, const char *kind,
                                         gsc_ablation_axis_changed *changed, gpointer data);
void gsc_ablation_axis_free(gsc_ablation_axis *self);

GtkWidget *gsc_ablation_axis_get_chip(gsc_ablation_axis *self);
GtkWidget *gsc_ablation_axis_get_row(gsc_ablation_axis *self);
const char *gsc_ablation_axis_get_key(gsc_ablation_axis *self);
bool gsc_ablation_axis_is_on(gsc_ablation_axis *self);

/* The plugins of its kind, the one of the set-up (now) chosen already. */
void gsc_ablation_axis_set_plugins(gsc_ablation_axis *self, GscPluginStore *plugins,
                                   const char *lab, const char *now);
void gsc_ablation_axis_set_number(gsc_ablation_axis *self, const json_t *value);

/* Numbers as they are typed. */
void gsc_ablation_axis_set_text(gsc_ablation_axis *self, const char *text);

/* Its values as an array of two or more; NULL with a sentence where they are not. Caller owns both. */
json_t *gsc_ablation_axis_dup_values(gsc_ablation_axis *self, char **ret_problem);

G_END_DECLS

#endif

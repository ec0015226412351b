/* SPDX-License-Identifier: MIT
 *
 * A list of plugins to choose from: find as you type over names and formulas, groups by what a gate does
 * itself, those that the lab refuses last, with the reason. One is chosen, or any number of them.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_PLUGIN_PICKER_H
#define GSC_UI_PLUGIN_PICKER_H

#include <gtk/gtk.h>
#include <jansson.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define GSC_TYPE_PLUGIN_PICKER (gsc_plugin_picker_get_type())
G_DECLARE_FINAL_TYPE(GscPluginPicker, gsc_plugin_picker, GSC, PLUGIN_PICKER, GtkPopover)

/* Emits "chosen" (id): the one that was chosen, or, with many, one whose mark was turned. */
GtkWidget *gsc_plugin_picker_new(bool many);

void gsc_plugin_picker_clear(GscPluginPicker *self);
/* One line of the list. group: its heading, "" for none; lines of a group stay together, groups in the order of
 * their first line. refusal: why it cannot be chosen; "" where it can. */
void gsc_plugin_picker_add(GscPluginPicker *self, const char *id, const char *title,
                           const char *doc, const char *group, const char *refusal);
void gsc_plugin_picker_mark(GscPluginPicker *self, const char *id, bool chosen);
/* What the heading of a plugin is: where a gate does more than weigh logits. "" for other kinds. */
const char *gsc_plugin_picker_group(const json_t *descriptor);

G_END_DECLS

#endif

/* SPDX-License-Identifier: MIT
 *
 * One key of a spec as a control: a list of plugins, a number with its range, a switch, a list of numbers.
 * Made from the key's own description, so that a new key needs no code here.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_SETUP_ROW_H
#define GSC_UI_SETUP_ROW_H

#include "core/read/spec.h"
#include "ui/plugin_store.h"

#include <adwaita.h>

G_BEGIN_DECLS

typedef struct gsc_setup_row gsc_setup_row;
typedef void gsc_setup_changed(gsc_setup_row *row, gpointer data);

/* A control that shows value (borrowed; NULL: absent). NULL for a key that has no control (objects).
 * lab ("theory", "lm") is whose refusals of plugins count; plugins may still be loading: gsc_setup_row_update_plugins fills in. changed is called after the user's
 * changes only. */
gsc_setup_row *gsc_setup_row_new(const gsc_spec_key *key, const json_t *value, const char *lab,
                                 GscPluginStore *plugins, gsc_setup_changed *changed,
                                 gpointer data);
void gsc_setup_row_free(gsc_setup_row *self); /* not its widget: the window owns that */

const gsc_spec_key *gsc_setup_row_get_key(gsc_setup_row *self);
/* The control, then (for plugins) one more for each parameter of the chosen one. */
GtkWidget *gsc_setup_row_get_widget(gsc_setup_row *self);
const GPtrArray *gsc_setup_row_get_parameters(gsc_setup_row *self); /* GtkWidget *, may be NULL */

/* The value in the control as JSON; NULL: absent. Caller decrefs. A list that does not parse is a string, so
 * that the spec's own check says what is wrong with it. */
json_t *gsc_setup_row_dup_value(gsc_setup_row *self);
/* Marks the control as wrong, or as fine again. */
void gsc_setup_row_set_wrong(gsc_setup_row *self, bool wrong);
void gsc_setup_row_update_plugins(gsc_setup_row *self);
/* Chooses a plugin ("my_gate", or an object with parameters) as the user would; plugin keys only. */
void gsc_setup_row_choose_plugin(gsc_setup_row *self, const json_t *value);

/* What people call a key: "Sample sizes"; caller frees. */
char *gsc_setup_key_title(const gsc_spec_key *key);

G_END_DECLS

#endif

/* SPDX-License-Identifier: MIT
 *
 * Inside of a control of the set-up panel, shared by setup_row.c and setup_plugin.c.
 *
 * Layer: ui.
 */
#ifndef GSC_UI_SETUP_ROW_PRIVATE_H
#define GSC_UI_SETUP_ROW_PRIVATE_H

#include "ui/plugin_picker.h"
#include "ui/setup_row.h"

struct gsc_setup_row {
    const gsc_spec_key *key;
    GtkWidget *widget;  /* the row */
    GtkWidget *control; /* what holds the value; may be the row itself */
    GscPluginStore *plugins;
    const char *lab; /* interned */
    gsc_setup_changed *changed;
    gpointer data;
    bool optional; /* absent is a choice: the experiment says nothing */
    bool quiet;    /* changes now are not the user's */
    bool absent;   /* the spec does not have the key, and the user has not touched the control */

    /* plugins only */
    json_t *wanted; /* the value as last known */
    GscPluginPicker *picker;
    GtkLabel *chosen;    /* title of the one that is chosen */
    GPtrArray *ids;      /* char *, in the order of the list; "" is absent */
    GPtrArray *titles;   /* char * */
    GPtrArray *refusals; /* char *, "" for those that can be chosen */
    GPtrArray *docs;     /* char *, one line each */
    GPtrArray
        *parameters;    /* GtkWidget * rows: of the formula, where there is one, then of the chosen
                            * plugin's parameters; owned */
    GPtrArray *spins;   /* controls of the parameters, borrowed */
    GPtrArray *names;   /* char * their names */
    GtkWidget *formula; /* entry row of a gate's formula, the first of parameters; NULL: no gate */
    guint formula_source; /* the text settles */
};

void gsc_setup_row_tell(gsc_setup_row *self);
GtkWidget *gsc_setup_spin_new(double value, double lowest, double highest, bool whole);

void gsc_setup_plugin_make(gsc_setup_row *self, const json_t *value);
void gsc_setup_plugin_update(gsc_setup_row *self);
void gsc_setup_plugin_clear(gsc_setup_row *self);
json_t *gsc_setup_plugin_dup_value(gsc_setup_row *self);
void gsc_setup_plugin_choose(gsc_setup_row *self, const json_t *value);

#endif

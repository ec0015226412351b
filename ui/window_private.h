/* SPDX-License-Identifier: MIT
 *
 * Inside of the window, cut by concern: window.c (construction, selection), window_runs.c (which runs are in
 * the figure, starting and stopping), window_actions.c (actions and keys), window_export.c.
 *
 * Layer: ui.
 */
#ifndef GSC_UI_WINDOW_PRIVATE_H
#define GSC_UI_WINDOW_PRIVATE_H

#include "ui/figure_page.h"
#include "ui/plugin_store.h"
#include "ui/probe.h"
#include "ui/run_store.h"
#include "ui/setup_panel.h"
#include "ui/sidebar.h"
#include "ui/state.h"
#include "ui/window.h"

struct _GscWindow {
    AdwApplicationWindow parent;
    /* template */
    AdwToastOverlay *toasts;
    AdwFlap *left_flap, *right_flap;
    GscSidebar *sidebar;
    GscFigurePage *page;
    GscSetupPanel *setup;
    GtkButton *run_button, *stop_button, *export_button;
    GtkLabel *status_label;
    /* data */
    GListStore *experiments;
    GscExperiment *experiment; /* the selected one */
    GscRunItem *solo;          /* a run of no experiment here: shown alone; or NULL */
    GscRunStore *runs;
    GscPluginStore *plugins;
    gsc_state *state;
    gsc_probe *probe; /* tests only, else NULL */
    guint figure_source, status_source;
};

/* Selection (window.c). */
void gsc_window_choose_experiment(GscWindow *self, GscExperiment *experiment);
GscExperiment *gsc_window_find_experiment(GscWindow *self, const char *name);

/* Runs (window_runs.c). */
void gsc_window_watch_runs(GscWindow *self);
void gsc_window_choose_run(GscWindow *self, GscRunItem *item);
/* Colours the shown runs and draws the figure at the next chance. */
void gsc_window_update_figure(GscWindow *self);
void gsc_window_stop(GscWindow *self);
void gsc_window_toggle_run(GscWindow *self, const char *path);
void gsc_window_trash_run(GscWindow *self, const char *path);
/* The run that Stop would stop: the newest active one in the figure, or NULL. */
GscRunItem *gsc_window_get_active_run(GscWindow *self);
guint gsc_window_count_shown(GscWindow *self);

/* Actions (window_actions.c), export (window_export.c). */
void gsc_window_install_actions(GtkWidgetClass *widget_class);
void gsc_window_add_states(GscWindow *self);
void gsc_window_ask_export(GscWindow *self);
void gsc_window_export_to(GscWindow *self, const char *path);

#endif

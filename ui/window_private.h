/* SPDX-License-Identifier: MIT
 *
 * Inside of the window, cut by concern: window.c (construction, selection), window_runs.c (which runs are in
 * the figure, starting and stopping), window_actions.c (actions and keys), window_export.c,
 * window_sweeps.c (ablations),
 * window_workshop.c (gates of one's own, trust in plugins).
 *
 * Layer: ui.
 */
#ifndef GSC_UI_WINDOW_PRIVATE_H
#define GSC_UI_WINDOW_PRIVATE_H

#include "ui/build_pane.h"
#include "ui/figure_page.h"
#include "ui/plugin_store.h"
#include "ui/probe.h"
#include "ui/run_store.h"
#include "ui/run_table.h"
#include "ui/setup_panel.h"
#include "ui/sidebar.h"
#include "ui/start_page.h"
#include "ui/state.h"
#include "ui/sweep_page.h"
#include "ui/window.h"
#include "ui/workshop.h"

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
    GscSweepPage *sweep_page;
    GscStartPage *start_page;
    GscBuildPane *build_pane;
    GscRunTable *run_table;
    GtkPaned *middle; /* the figure above the table */
    GtkInfoBar *trust_bar;
    GtkLabel *trust_label;
    /* data */
    GListStore *experiments;
    GscExperiment *experiment; /* the selected one */
    GHashTable *arm_runs;      /* paths of the arm of a sweep that is shown alone; or NULL */
    GscRunItem *solo;          /* a run of no experiment here: shown alone; or NULL */
    GscRunStore *runs;
    GscPluginStore *plugins;
    GscWorkshop *workshop;
    char *built;        /* path of a plugin just built, until the list knows it; or NULL */
    bool built_runs;    /* and its curve is to start then */
    GscRunItem *tried;  /* the run that the last save started; or NULL */
    char *asked_sha256; /* the file that the trust bar asks about; or NULL */
    gsc_state *state;
    gsc_probe *probe; /* tests only, else NULL */
    bool asked;       /* the user chose something to see: no start page by itself */
    AdwToast *hint;   /* the last short word, while it is in sight; borrowed, or NULL */
    guint figure_source, status_source;
    GPtrArray *steps;     /* what can be undone, the latest last (window_undo.c) */
    AdwToast *undo_toast; /* that offers the latest while it is in sight, borrowed; or NULL */
    guint last_step;      /* the number of the latest */
};

/* Selection (window.c). */
void gsc_window_choose_experiment(GscWindow *self, GscExperiment *experiment);
GscExperiment *gsc_window_find_experiment(GscWindow *self, const char *name);
/* Behind the last of its group. */
void gsc_window_add_experiment(GscWindow *self, GscExperiment *experiment);

/* Runs (window_runs.c). */
void gsc_window_watch_runs(GscWindow *self);
void gsc_window_choose_run(GscWindow *self, GscRunItem *item);
/* Colours the shown runs and draws the figure at the next chance. */
void gsc_window_update_figure(GscWindow *self);
void gsc_window_stop(GscWindow *self);
void gsc_window_toggle_run(GscWindow *self, const char *path);
/* Remembers whether the user wants a run in the figure. */
void gsc_window_keep_shown(GscWindow *self, const char *path, bool shown);
/* Goes on with a run that ended too early, from its last checkpoint. */
void gsc_window_resume_run(GscWindow *self, const char *path);
/* Moves a run, or several (GscRunItem), to the trash with their checkpoints, which can be undone; active ones
 * stay, and it is said (window_trash.c). */
void gsc_window_trash_run(GscWindow *self, const char *path);
void gsc_window_trash_items(GscWindow *self, GPtrArray *items);
/* The run that Stop would stop: the newest active one in the figure, or NULL. */
GscRunItem *gsc_window_get_active_run(GscWindow *self);
guint gsc_window_count_shown(GscWindow *self);

/* Undoing (window_undo.c). Something was done that can be undone: a toast says it, and undo is called with data
 * when the user wants it back, at most once. free_data takes data at the end in either case. */
typedef void gsc_window_undo(GscWindow *self, gpointer data);
void gsc_window_offer_undo(GscWindow *self, const char *said, gsc_window_undo *undo, gpointer data,
                           GDestroyNotify free_data);
void gsc_window_undo_last(GscWindow *self);
void gsc_window_open_undo(GscWindow *self);
void gsc_window_close_undo(GscWindow *self);

/* Starts the experiment as set up; NULL (and said in the window) where that is not possible. The store holds
 * the item. */
GscRunItem *gsc_window_start_run(GscWindow *self);
/* The same with these assignments behind those of the set-up; NULL: none. */
GscRunItem *gsc_window_start_run_with(GscWindow *self, const char *const *sets);

/* Sweeps (window_sweeps.c): lists those in the runs folder; runs what the set-up varies; shows the selected
 * experiment's grid where it is a sweep, else its figure. */
void gsc_window_open_sweeps(GscWindow *self);
void gsc_window_run_all(GscWindow *self);
void gsc_window_show_sweep(GscWindow *self);
/* From an arm that is shown large back to the grid. */
void gsc_window_show_all_arms(GscWindow *self);
/* Opens the folder of a sweep; false where it is none. */
bool gsc_window_open_sweep(GscWindow *self, const char *path);

/* The run table (window_table.c). */
void gsc_window_add_table(GscWindow *self);
void gsc_window_describe_table(GscWindow *self, json_t *report);

/* Gates of one's own (window_workshop.c). */
void gsc_window_open_workshop(GscWindow *self);
void gsc_window_close_workshop(GscWindow *self);
/* start_from: id of a gate, or NULL. */
void gsc_window_ask_new_gate(GscWindow *self, const char *start_from);

/* How the figure is looked at (window_look.c). */
void gsc_window_add_look(GscWindow *self);
void gsc_window_next_smooth(GscWindow *self);
/* Adds what tests want to know of it. */
void gsc_window_describe_look(GscWindow *self, json_t *report);

/* Actions (window_actions.c), export (window_export.c). */
void gsc_window_install_actions(GtkWidgetClass *widget_class);
void gsc_window_add_states(GscWindow *self);
void gsc_window_ask_export(GscWindow *self);
void gsc_window_export_to(GscWindow *self, const char *path);
void gsc_window_copy_figure(GscWindow *self);

/* Keys (window_keys.c): a word for three seconds, in place of the one before; a sentence until it is closed;
 * the keyboard to what is in the middle; and the bindings. */
void gsc_window_say_shortly(GscWindow *self, const char *text);
void gsc_window_say_until_closed(GscWindow *self, const char *sentence);
void gsc_window_focus_page(GscWindow *self);
void gsc_window_install_keys(GtkWidgetClass *klass);
/* Escape before the overlay of toasts takes it to dismiss one: it always leads back. */
void gsc_window_add_escape(GscWindow *self);

/* The start page (window_start.c). */
void gsc_window_add_start(GscWindow *self);
void gsc_window_show_start(GscWindow *self, bool shown);
void gsc_window_describe_start(GscWindow *self, json_t *report);

/* What was in the middle when the window closed, or the experiment `first`; and, once, that nothing will be
 * remembered where that is so (window_memory.c). */
void gsc_window_remember_page(GscWindow *self);
void gsc_window_recall_page(GscWindow *self);

/* Files dropped on the window open in it (window_open.c). */
void gsc_window_accept_drops(GscWindow *self);

#endif

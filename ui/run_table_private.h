/* SPDX-License-Identifier: MIT
 *
 * Inside of the run table, cut by concern: run_table.c (finding, groups, selection), run_table_read.c (the
 * library and its lines), run_table_memory.c (what is remembered),
 * run_table_columns.c (which columns there are, and their choice), run_table_cells.c (what stands in them),
 * run_table_report.c (what it says of itself).
 *
 * Layer: ui.
 */
#ifndef GSC_UI_RUN_TABLE_PRIVATE_H
#define GSC_UI_RUN_TABLE_PRIVATE_H

#include "ui/run_table.h"
#include "ui/run_table_line.h"

struct _GscRunTable {
    GtkWidget parent;
    /* template */
    GtkWidget *content;
    GtkSearchEntry *find_entry, *columns_entry;
    GtkMenuButton *columns_button;
    GtkBox *columns_box;
    GtkToggleButton *differing_button;
    GtkDropDown *group_drop, *band_drop;
    GtkLabel *count_label, *problem_label;
    GtkStack *stack;
    GtkColumnView *run_view, *group_view;
    GtkPopover *columns_popover;
    GtkButton *trash_button;
    /* data */
    GscRunStore *runs;
    gsc_library *library; /* of the runs; NULL until first opened */
    gsc_library_filter *filter;
    GHashTable *by_path; /* path -> line, owned */
    GListStore *lines, *groups;
    GtkCustomFilter *found_filter;
    GtkFilterListModel *found;
    GtkMultiSelection *selection;
    GHashTable *chosen;  /* column name -> GINT 1 shown, 2 hidden: what the user said */
    GArray *run_columns; /* guint: the library's columns on view, in order */
    GArray
        *group_places; /* guint: the library's column of each entry of group_drop but the first */
    char *said;        /* what went wrong last, or NULL */
    char *unknown;     /* what the find entry asks that nothing answers to, or NULL */
    gint64 opened_us;
    double listed_ms;
    guint poll_source, select_source, eyes_source;
    guint n_doomed;            /* lines about to go */
    size_t n_asked;            /* columns that there were when the find entry was read */
    bool stale;                /* the library says other things than the lines */
    gint64 synced_us, sync_us; /* the last sync: when, and how long it took */
    bool open, quiet;
    /* the order of runs, and of groups, as the view's sorter answers the two probes */
    GscRunTableLine *probes[2];
    int sort_column[2]; /* the library's column, or -1 */
    bool descending[2];
    char *wanted_group; /* remembered, until that column is there; or NULL */
    size_t left;        /* files that are still to be read */
    gsc_state *state;   /* where the view is remembered, borrowed; or NULL */
};

enum {
    GSC_RUN_TABLE_UNGROUPED = -1
};

/* run_table.c */
int gsc_run_table_get_group(
    GscRunTable *self); /* the library's column, or GSC_RUN_TABLE_UNGROUPED */
gsc_library_band gsc_run_table_get_band(GscRunTable *self);
/* The runs that are found; caller frees the array. */
const gsc_library_run **gsc_run_table_dup_found(GscRunTable *self, size_t *ret_count);
/* What went wrong now, or NULL; and what is wrong all the time, where nothing else is to be said. */
void gsc_run_table_say(GscRunTable *self, const char *sentence);
void gsc_run_table_show_problem(GscRunTable *self);
void gsc_run_table_emit_seen(GscRunTable *self, GscRunTableLine *group, bool shown);
void gsc_run_table_show_count(GscRunTable *self);
/* After whatever changes which runs there are or what they say. */
void gsc_run_table_find_anew(GscRunTable *self);
/* The same, and reads the find entry again where there are columns now that it may mean. */
void gsc_run_table_ask_anew(GscRunTable *self);

/* run_table_memory.c */
/* Asks the view's sorter for the order of runs, or of groups. */
void gsc_run_table_note_order(GscRunTable *self, bool of_groups);
/* Columns as the user ordered them; others stay behind the one that they follow. */
void gsc_run_table_arrange(GscRunTable *self, GArray *columns);
int gsc_run_table_get_width(GscRunTable *self, guint column); /* -1: its own */
/* The remembered order of lines; false where it has no column on view. */
bool gsc_run_table_get_wanted_sort(GscRunTable *self, guint *ret_column, bool *ret_descending);

/* run_table_columns.c */
/* Gives both views the columns that the found runs ask for, and the drop-down its list. */
void gsc_run_table_update_columns(GscRunTable *self);
/* Fills the list of columns to choose from. */
void gsc_run_table_list_columns(GscRunTable *self);

/* run_table_cells.c */
GtkColumnViewColumn *gsc_run_table_new_column(GscRunTable *self, size_t column, bool of_groups);
GtkColumnViewColumn *gsc_run_table_new_eye_column(GscRunTable *self);
GtkColumnViewColumn *gsc_run_table_new_count_column(GscRunTable *self);

#endif

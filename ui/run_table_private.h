/* SPDX-License-Identifier: MIT
 *
 * Inside of the run table, cut by concern: run_table.c (the library, lines, finding, groups),
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
    gsc_library *library; /* NULL until first opened */
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
    char *unknown;     /* what the find entry asks that nothing answers to, or NULL */
    gint64 opened_us;
    double listed_ms;
    guint read_source, poll_source, sync_source, select_source;
    gint64 synced_us;
    bool open, quiet;
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
void gsc_run_table_say(GscRunTable *self, const char *sentence);
void gsc_run_table_emit_seen(GscRunTable *self, GscRunTableLine *group, bool shown);

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

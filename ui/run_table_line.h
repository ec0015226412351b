/* SPDX-License-Identifier: MIT
 *
 * One line of the run table: a run, or a group of runs. Emits "changed" whenever its cells or its eye may
 * have.
 *
 * Layer: ui, private to the run table. Main thread only.
 */
#ifndef GSC_UI_RUN_TABLE_LINE_H
#define GSC_UI_RUN_TABLE_LINE_H

#include "core/read/library.h"

#include <glib-object.h>

G_BEGIN_DECLS

#define GSC_TYPE_RUN_TABLE_LINE (gsc_run_table_line_get_type())
G_DECLARE_FINAL_TYPE(GscRunTableLine, gsc_run_table_line, GSC, RUN_TABLE_LINE, GObject)

struct _GscRunTableLine {
    GObject parent;
    const gsc_library_run *run; /* of the library; NULL: a group, or a run whose file went */
    char *path;                 /* NULL: a group */
    uint32_t revision;          /* of the run, as last told */
    int probe;   /* 1 before 2 in every order: tells the order; 0: a line of the table */
    bool doomed; /* about to be moved to the trash: not listed */
    /* a group */
    size_t column; /* that it is a value of */
    char *label;
    const gsc_library_run **members; /* owned array of the library's runs */
    size_t n_members;
};

GscRunTableLine *gsc_run_table_line_new(const gsc_library_run *run);
GscRunTableLine *gsc_run_table_line_new_group(const gsc_library_group *group, size_t column);
void gsc_run_table_line_changed(GscRunTableLine *self);

/* What a cell shows: of a run its value, of a group "mean ± half n 8" (least … largest where band is
 * GSC_LIBRARY_RANGE), "n 7 of 8" where one of its runs has no value. All runs of the group count, in the figure
 * or not. Pango markup; caller frees. */
char *gsc_run_table_line_dup_markup(GscRunTableLine *self, const gsc_library_column *column,
                                    size_t index, gsc_library_band band);

G_END_DECLS

#endif

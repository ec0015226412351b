/* SPDX-License-Identifier: MIT
 *
 * What the run table says of itself. See run_table.h.
 */
#include "ui/run_table_private.h"

static const char *first_of(GscRunTable *self, bool grouped) {
    GListModel *model = grouped ? G_LIST_MODEL(gtk_column_view_get_model(self->group_view))
                                : G_LIST_MODEL(self->selection);
    g_autoptr(GscRunTableLine) line = g_list_model_get_item(model, 0);
    const char *name = NULL;

    if (line != NULL && line->run != NULL) {
        name = gsc_library_get_cell(line->run, GSC_LIBRARY_NAME).text;
    } else if (line != NULL) {
        name = line->label; /* the model holds the line */
    }
    return name != NULL ? name : "";
}

gsc_run_table_report gsc_run_table_describe(GscRunTable *self) {
    bool grouped = gsc_run_table_get_group(self) != GSC_RUN_TABLE_UNGROUPED;
    g_autoptr(GtkBitset) chosen =
        gtk_selection_model_get_selection(GTK_SELECTION_MODEL(self->selection));

    return (gsc_run_table_report){
        .runs = g_list_model_get_n_items(G_LIST_MODEL(self->lines)) - self->n_doomed,
        .found = g_list_model_get_n_items(G_LIST_MODEL(self->found)),
        .groups = g_list_model_get_n_items(G_LIST_MODEL(self->groups)),
        .selected = (guint)gtk_bitset_get_size(chosen),
        .columns = self->run_columns->len,
        .first = first_of(self, grouped),
        .problem = gtk_label_get_text(self->problem_label),
        .listed_ms = self->listed_ms,
    };
}

/* SPDX-License-Identifier: MIT
 *
 * What the run table remembers between starts: the order of its lines, the group, which columns it has, in
 * which order and how wide (at the usual size of text). Lists are kept as lines of words, because names of
 * columns have every other sign. See run_table_private.h.
 */
#include "ui/run_table_private.h"

#include "ui/text_scale.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- The order of lines -------------------------------------------------------------------------- */

void gsc_run_table_note_order(GscRunTable *self, bool of_groups) {
    GtkSorter *sorter = gtk_column_view_get_sorter(of_groups ? self->group_view : self->run_view);

    if (self->probes[0] == NULL || self->probes[1] == NULL) { /* the table is being taken down */
        return;
    }
    self->sort_column[of_groups] = -1;
    self->descending[of_groups] =
        gtk_sorter_compare(sorter, self->probes[0], self->probes[1]) == GTK_ORDERING_LARGER;
}

/* ---- Lists --------------------------------------------------------------------------------------- */

static char **dup_list(GscRunTable *self, const char *key) {
    g_autofree char *text = self->state != NULL ? gsc_state_dup_string(self->state, key) : NULL;

    return g_strsplit(text != NULL ? text : "", "\n", -1);
}

static void keep_list(GscRunTable *self, const char *key, GString *text) {
    g_autofree char *before = gsc_state_dup_string(self->state, key);

    if (before != NULL || text->len > 0) {
        gsc_state_set_string(self->state, key, text->str);
    }
}

/* The number behind a name in such a list, or 0. */
static int find_number(char *const *list, const char *name) {
    const size_t length = strlen(name);

    for (gsize i = 0; list[i] != NULL; i++) {
        if (strncmp(list[i], name, length) == 0 && list[i][length] == '\t') {
            return atoi(list[i] + length + 1);
        }
    }
    return 0;
}

/* ---- Columns ------------------------------------------------------------------------------------- */

static const char *name_of(GscRunTable *self, guint column) {
    return gsc_library_get_column(self->library, column)->name;
}

/* The column of this name among these, or -1. */
static int find_column(GscRunTable *self, const GArray *columns, const char *name) {
    for (guint i = 0; i < columns->len; i++) {
        if (strcmp(name_of(self, g_array_index(columns, guint, i)), name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool has(const GArray *columns, guint column) {
    for (guint i = 0; i < columns->len; i++) {
        if (g_array_index(columns, guint, i) == column) {
            return true;
        }
    }
    return false;
}

void gsc_run_table_arrange(GscRunTable *self, GArray *columns) {
    g_auto(GStrv) order = dup_list(self, "table-order");
    g_autoptr(GArray) arranged = g_array_new(FALSE, FALSE, sizeof(guint));
    guint behind = 0; /* where the column before went */

    for (gsize i = 0; order[i] != NULL; i++) {
        int at = find_column(self, columns, order[i]);
        if (at >= 0) {
            g_array_append_val(arranged, g_array_index(columns, guint, at));
        }
    }
    for (guint i = 0; i < columns->len; i++) {
        guint column = g_array_index(columns, guint, i);
        if (!has(arranged, column)) {
            g_array_insert_val(arranged, MIN(behind, arranged->len), column);
        }
        for (guint j = 0; j < arranged->len; j++) {
            behind = g_array_index(arranged, guint, j) == column ? j + 1 : behind;
        }
    }
    g_array_set_size(columns, 0);
    g_array_append_vals(columns, arranged->data, arranged->len);
}

int gsc_run_table_get_width(GscRunTable *self, guint column) {
    g_auto(GStrv) widths = dup_list(self, "table-widths");
    int width = find_number(widths, name_of(self, column));

    return width > 0 ? (int)lround(width * gsc_text_scale_get()) : -1;
}

static int column_of(GtkColumnViewColumn *made) {
    return GPOINTER_TO_INT(g_object_get_data(G_OBJECT(made), "column")) - 1;
}

/* The order only where the user changed it; widths of columns that are not on view now stay. */
static void keep_columns(GscRunTable *self) {
    GListModel *model = gtk_column_view_get_columns(self->run_view);
    g_auto(GStrv) before = dup_list(self, "table-widths");
    g_autoptr(GString) order = g_string_new(NULL);
    g_autoptr(GString) widths = g_string_new(NULL);
    bool moved = false;

    for (guint i = 0, at = 0; i < g_list_model_get_n_items(model); i++) {
        g_autoptr(GtkColumnViewColumn) made = g_list_model_get_item(model, i);
        const int column = column_of(made), width = gtk_column_view_column_get_fixed_width(made);
        if (column < 0) {
            continue;
        }
        const char *name = name_of(self, (guint)column);
        moved = moved || at >= self->run_columns->len ||
                g_array_index(self->run_columns, guint, at) != (guint)column;
        at++;
        g_string_append_printf(order, "%s%s", order->len > 0 ? "\n" : "", name);
        if (width > 0) {
            g_string_append_printf(widths, "%s%s\t%ld", widths->len > 0 ? "\n" : "", name,
                                   lround(width / gsc_text_scale_get()));
        }
    }
    for (gsize i = 0; before[i] != NULL; i++) {
        const char *tab = strchr(before[i], '\t');
        g_autofree char *name = tab != NULL ? g_strndup(before[i], (gsize)(tab - before[i])) : NULL;
        if (name != NULL && find_column(self, self->run_columns, name) < 0) {
            g_string_append_printf(widths, "%s%s", widths->len > 0 ? "\n" : "", before[i]);
        }
    }
    if (moved) {
        keep_list(self, "table-order", order);
    }
    keep_list(self, "table-widths", widths);
}

static void keep_chosen(GscRunTable *self) {
    g_autoptr(GString) chosen = g_string_new(NULL);
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(self->chosen), (GCompareFunc)strcmp);

    for (const GList *at = names; at != NULL; at = at->next) {
        g_string_append_printf(chosen, "%s%s\t%d", chosen->len > 0 ? "\n" : "",
                               (const char *)at->data,
                               GPOINTER_TO_INT(g_hash_table_lookup(self->chosen, at->data)));
    }
    keep_list(self, "table-columns", chosen);
}

/* ---- All of it ----------------------------------------------------------------------------------- */

void gsc_run_table_remember(GscRunTable *self) {
    const int group = self->library != NULL ? gsc_run_table_get_group(self) : -1;

    if (self->state == NULL || self->library == NULL || self->run_columns->len == 0) {
        return;
    }
    keep_columns(self);
    keep_chosen(self);
    const int sort = self->sort_column[0];
    gsc_state_set_string(self->state, "table-sort", sort >= 0 ? name_of(self, (guint)sort) : "");
    gsc_state_set_int(self->state, "table-descending", self->descending[0]);
    if (self->wanted_group == NULL) {
        gsc_state_set_string(self->state, "table-group",
                             group != GSC_RUN_TABLE_UNGROUPED ? name_of(self, (guint)group) : "");
    }
    gsc_state_set_int(self->state, "table-band", (int)gsc_run_table_get_band(self));
    gsc_state_set_int(self->state, "table-differing",
                      gtk_toggle_button_get_active(self->differing_button));
}

bool gsc_run_table_get_wanted_sort(GscRunTable *self, guint *ret_column, bool *ret_descending) {
    g_autofree char *name =
        self->state != NULL ? gsc_state_dup_string(self->state, "table-sort") : NULL;
    const int column = name != NULL ? find_column(self, self->run_columns, name) : -1;

    if (column < 0) {
        return false;
    }
    *ret_column = g_array_index(self->run_columns, guint, column);
    *ret_descending = gsc_state_get_int(self->state, "table-descending", 0) != 0;
    return true;
}

static void recall(GscRunTable *self) {
    g_auto(GStrv) chosen = dup_list(self, "table-columns");
    const int band = gsc_state_get_int(self->state, "table-band", GSC_LIBRARY_T95);

    for (gsize i = 0; chosen[i] != NULL; i++) {
        const char *tab = strchr(chosen[i], '\t');
        if (tab != NULL) {
            g_hash_table_insert(self->chosen, g_strndup(chosen[i], (gsize)(tab - chosen[i])),
                                GINT_TO_POINTER(atoi(tab + 1)));
        }
    }
    gtk_toggle_button_set_active(self->differing_button,
                                 gsc_state_get_int(self->state, "table-differing", 1) != 0);
    g_free(self->wanted_group);
    self->wanted_group = gsc_state_dup_string(self->state, "table-group");
    if (band >= 0 && band < GSC_LIBRARY_BANDS) {
        gtk_drop_down_set_selected(self->band_drop, (guint)band);
    }
}

void gsc_run_table_set_state(GscRunTable *self, gsc_state *state) {
    self->state = state;
    recall(self);
}

/* SPDX-License-Identifier: MIT
 *
 * The numbers behind a figure. See numbers.h. Medians and quartiles come from all points of the run, by the
 * functions that the figure uses (core/read/stats.h).
 */
#include "ui/numbers.h"

#include "core/read/stats.h"
#include "ui/plot/ticks.h"
#include "ui/run_item.h"
#include "ui/words.h"

#include <string.h>

enum {
    COLUMN_SERIES,
    COLUMN_X,
    COLUMN_REPLICATES,
    COLUMN_MEDIAN,
    COLUMN_LOW,
    COLUMN_HIGH,
    COLUMN_SLOPE,
    N_COLUMNS
};
static const char *const titles[N_COLUMNS] = {
    "Series", "n", "Fits", "Median", "First quartile", "Third quartile", "Slope"};

enum {
    MOST_GROUPS = 4096
};

/* ---- A line -------------------------------------------------------------------------------------- */

#define GSC_TYPE_NUMBERS_LINE (gsc_numbers_line_get_type())
G_DECLARE_FINAL_TYPE(GscNumbersLine, gsc_numbers_line, GSC, NUMBERS_LINE, GObject)

struct _GscNumbersLine {
    GObject parent;
    char *cell[N_COLUMNS]; /* Pango markup */
};

G_DEFINE_FINAL_TYPE(GscNumbersLine, gsc_numbers_line, G_TYPE_OBJECT)

static void gsc_numbers_line_finalize(GObject *object) {
    GscNumbersLine *self = GSC_NUMBERS_LINE(object);

    for (int i = 0; i < N_COLUMNS; i++) {
        g_free(self->cell[i]);
    }
    G_OBJECT_CLASS(gsc_numbers_line_parent_class)->finalize(object);
}

static void gsc_numbers_line_class_init(GscNumbersLineClass *klass) {
    G_OBJECT_CLASS(klass)->finalize = gsc_numbers_line_finalize;
}

static void gsc_numbers_line_init(GscNumbersLine *self) {
}

/* ---- The table ----------------------------------------------------------------------------------- */

struct _GscNumbers {
    GObject parent;
    GtkWidget *view;
    GListStore *lines;
};

G_DEFINE_FINAL_TYPE(GscNumbers, gsc_numbers, G_TYPE_OBJECT)

static void gsc_numbers_dispose(GObject *object) {
    GscNumbers *self = GSC_NUMBERS(object);

    g_clear_object(&self->view);
    g_clear_object(&self->lines);
    G_OBJECT_CLASS(gsc_numbers_parent_class)->dispose(object);
}

static void gsc_numbers_class_init(GscNumbersClass *klass) {
    G_OBJECT_CLASS(klass)->dispose = gsc_numbers_dispose;
}

static void on_setup(GtkListItemFactory *factory, GtkListItem *item, gpointer column) {
    GtkWidget *label = gtk_label_new(NULL);
    int index = GPOINTER_TO_INT(column);
    bool words = index == COLUMN_SERIES || index == COLUMN_SLOPE;

    gtk_label_set_xalign(GTK_LABEL(label), words ? 0 : 1);
    gtk_widget_add_css_class(label, "numeric");
    gtk_label_set_selectable(GTK_LABEL(label), FALSE);
    gtk_list_item_set_child(item, label);
}

static void on_bind(GtkListItemFactory *factory, GtkListItem *item, gpointer column) {
    GscNumbersLine *line = gtk_list_item_get_item(item);
    const char *cell = line->cell[GPOINTER_TO_INT(column)];

    gtk_label_set_markup(GTK_LABEL(gtk_list_item_get_child(item)), cell != NULL ? cell : "");
}

static void gsc_numbers_init(GscNumbers *self) {
    self->lines = g_list_store_new(GSC_TYPE_NUMBERS_LINE);
    g_autoptr(GtkNoSelection) none = gtk_no_selection_new(g_object_ref(G_LIST_MODEL(self->lines)));
    self->view = g_object_ref_sink(gtk_column_view_new(g_object_ref(GTK_SELECTION_MODEL(none))));
    gtk_widget_add_css_class(self->view, "data-table");
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->view), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   "Numbers behind the figure", -1);
    for (int i = 0; i < N_COLUMNS; i++) {
        GtkListItemFactory *factory = gtk_signal_list_item_factory_new();
        g_signal_connect(factory, "setup", G_CALLBACK(on_setup), GINT_TO_POINTER(i));
        g_signal_connect(factory, "bind", G_CALLBACK(on_bind), GINT_TO_POINTER(i));
        g_autoptr(GtkColumnViewColumn) column = gtk_column_view_column_new(titles[i], factory);
        gtk_column_view_column_set_expand(column, i == COLUMN_SERIES || i == COLUMN_SLOPE);
        gtk_column_view_column_set_resizable(column, TRUE);
        gtk_column_view_append_column(GTK_COLUMN_VIEW(self->view), column);
    }
}

GObject *gsc_numbers_new(void) {
    return g_object_new(GSC_TYPE_NUMBERS, NULL);
}

GtkWidget *gsc_numbers_get_view(GscNumbers *self) {
    return self->view;
}

static char *number(double value, int digits) {
    char text[48];

    gsc_format_value(value, digits, text, sizeof text);
    return gsc_words_markup(text);
}

static char *count(double value) {
    return g_strdup_printf("%'.0f", value);
}

static void add_series(GscNumbers *self, gsc_run *run, const gsc_legend_row *row) {
    gsc_group *groups = g_new(gsc_group, MOST_GROUPS);
    gsc_point *points = NULL;
    size_t n_points = 0;
    gsc_error error = {0};

    if (gsc_run_dup_points(run, (size_t)row->series, &points, &n_points, &error) == GSC_OK) {
        size_t n = gsc_group_points(points, n_points, groups, MOST_GROUPS, NULL);
        for (size_t i = 0; i < n; i++) {
            g_autoptr(GscNumbersLine) line = g_object_new(GSC_TYPE_NUMBERS_LINE, NULL);
            line->cell[COLUMN_SERIES] = i == 0 ? gsc_words_markup(row->label) : g_strdup("");
            line->cell[COLUMN_X] = count(groups[i].x);
            line->cell[COLUMN_REPLICATES] = count((double)groups[i].n);
            line->cell[COLUMN_MEDIAN] = number(groups[i].median, 4);
            line->cell[COLUMN_LOW] = number(groups[i].low_quartile, 4);
            line->cell[COLUMN_HIGH] = number(groups[i].high_quartile, 4);
            line->cell[COLUMN_SLOPE] = i == 0 ? gsc_words_markup(row->value) : g_strdup("");
            g_list_store_append(self->lines, line);
        }
    }
    free(points);
    g_free(groups);
}

void gsc_numbers_show(GscNumbers *self, const gsc_figure *figure, const GPtrArray *items) {
    g_list_store_remove_all(self->lines);
    for (size_t i = 0; i < figure->n_panels; i++) {
        const gsc_panel *panel = figure->panels[i];
        for (size_t j = 0; j < panel->n_legend; j++) {
            const gsc_legend_row *row = panel->legend[j];
            if (row->run < 0 || (guint)row->run >= items->len || row->series < 0) {
                continue;
            }
            gsc_run *run = gsc_run_item_get_run(items->pdata[row->run]);
            if (run != NULL && (size_t)row->series < gsc_run_series_count(run)) {
                add_series(self, run, row);
            }
        }
    }
}

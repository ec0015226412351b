/* SPDX-License-Identifier: MIT
 *
 * Final results of many runs. See results_view.h.
 */
#include "ui/results_view.h"

#include <math.h>
#include <string.h>

struct _GscResultsView {
    GtkWidget parent;
    GtkWidget *content, *axes_box;
    GtkDropDown *kind_list, *x_list, *y_list;
    GtkLabel *problem_label;
    GscPlotCanvas *canvas;
    GPtrArray *runs;  /* gsc_run *, borrowed */
    GPtrArray *names; /* char *: results that the lists offer */
    bool filling;     /* changes of the lists now are not the user's */
};

G_DEFINE_FINAL_TYPE(GscResultsView, gsc_results_view, GTK_TYPE_WIDGET)

/* ---- Results ------------------------------------------------------------------------------------- */

static const gsc_result *find_result(const gsc_run *run, const char *name) {
    for (size_t i = 0; i < gsc_run_results_count(run); i++) {
        if (strcmp(gsc_run_result(run, i)->name, name) == 0) {
            return gsc_run_result(run, i);
        }
    }
    return NULL;
}

/* Whether two of the runs have different values of it. */
static bool differs(const GPtrArray *runs, const char *name) {
    double first = NAN;

    for (guint i = 0; i < runs->len; i++) {
        const gsc_result *result = find_result(runs->pdata[i], name);
        if (result == NULL || !isfinite(result->value)) {
            continue;
        }
        if (isfinite(first) && result->value != first) {
            return true;
        }
        first = result->value;
    }
    return false;
}

static GPtrArray *list_names(const GPtrArray *runs) {
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < runs->len; i++) {
        for (size_t j = 0; j < gsc_run_results_count(runs->pdata[i]); j++) {
            const char *name = gsc_run_result(runs->pdata[i], j)->name;
            if (g_hash_table_add(seen, (gpointer)name) && differs(runs, name)) {
                g_ptr_array_add(names, g_strdup(name));
            }
        }
    }
    return names;
}

/* ---- Drawing ------------------------------------------------------------------------------------- */

static const char *chosen(GscResultsView *self, GtkDropDown *list) {
    const guint at = gtk_drop_down_get_selected(list);

    return at < self->names->len ? self->names->pdata[at] : NULL;
}

static void say(GscResultsView *self, const char *sentence) {
    gtk_label_set_text(self->problem_label, sentence);
    gtk_widget_set_visible(GTK_WIDGET(self->problem_label), *sentence != '\0');
    gtk_widget_set_visible(GTK_WIDGET(self->canvas), *sentence == '\0');
}

static void draw(GscResultsView *self) {
    const bool scatter = gtk_drop_down_get_selected(self->kind_list) == 0;
    const gsc_figure_options options = {.x_result = chosen(self, self->x_list),
                                        .y_result = chosen(self, self->y_list),
                                        .quick = true};
    gsc_figure *figure = NULL;
    gsc_error error = {0};

    gtk_widget_set_visible(self->axes_box, scatter && self->names->len > 1);
    if (self->names->len < 2) {
        say(self,
            "Two or more runs that differ in two results show here: wait for the first ends.");
        return;
    }
    if (gsc_figure_build(scatter ? "scatter" : "parallel", (gsc_run **)self->runs->pdata,
                         self->runs->len, &options, &figure, &error) != GSC_OK) {
        say(self, error.message);
        return;
    }
    say(self, "");
    gsc_plot_canvas_take_figure(self->canvas, figure);
}

static void on_chosen(GtkDropDown *list, GParamSpec *pspec, GscResultsView *self) {
    if (!self->filling && self->runs != NULL) {
        gsc_plot_canvas_reset(self->canvas);
        draw(self);
    }
}

/* Keeps the choice by its name. */
static void fill(GscResultsView *self, GtkDropDown *list, const char *before, guint otherwise) {
    g_autoptr(GtkStringList) titles = gtk_string_list_new(NULL);
    guint at = MIN(otherwise, self->names->len > 0 ? self->names->len - 1 : 0);

    for (guint i = 0; i < self->names->len; i++) {
        g_autofree char *title = g_strdelimit(g_strdup(self->names->pdata[i]), "_", ' ');
        gtk_string_list_append(titles, title);
        at = g_strcmp0(before, self->names->pdata[i]) == 0 ? i : at;
    }
    gtk_drop_down_set_model(list, G_LIST_MODEL(titles));
    gtk_drop_down_set_selected(list, at);
}

void gsc_results_view_show(GscResultsView *self, GPtrArray *runs) {
    g_autofree char *x = g_strdup(chosen(self, self->x_list));
    g_autofree char *y = g_strdup(chosen(self, self->y_list));

    g_clear_pointer(&self->runs, g_ptr_array_unref);
    self->runs = g_ptr_array_ref(runs);
    g_ptr_array_unref(self->names);
    self->names = list_names(runs);
    self->filling = true;
    fill(self, self->x_list, x, 1);
    fill(self, self->y_list, y, 0);
    self->filling = false;
    draw(self);
}

GscPlotCanvas *gsc_results_view_get_canvas(GscResultsView *self) {
    return self->canvas;
}

/* ---- Object -------------------------------------------------------------------------------------- */

static void gsc_results_view_dispose(GObject *object) {
    GscResultsView *self = GSC_RESULTS_VIEW(object);

    g_clear_pointer(&self->content, gtk_widget_unparent);
    g_clear_pointer(&self->runs, g_ptr_array_unref);
    g_clear_pointer(&self->names, g_ptr_array_unref);
    G_OBJECT_CLASS(gsc_results_view_parent_class)->dispose(object);
}

static void gsc_results_view_class_init(GscResultsViewClass *klass) {
    G_OBJECT_CLASS(klass)->dispose = gsc_results_view_dispose;
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(klass), GTK_TYPE_BIN_LAYOUT);
}

static GtkDropDown *new_list(GscResultsView *self, const char *const *titles, const char *name,
                             bool search) {
    GtkWidget *list = gtk_drop_down_new_from_strings(titles);

    if (search) { /* what is typed is looked for in the words */
        g_autoptr(GtkExpression) words =
            gtk_property_expression_new(GTK_TYPE_STRING_OBJECT, NULL, "string");
        gtk_drop_down_set_expression(GTK_DROP_DOWN(list), words);
        gtk_drop_down_set_enable_search(GTK_DROP_DOWN(list), TRUE);
    }
    gtk_accessible_update_property(GTK_ACCESSIBLE(list), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    g_signal_connect(list, "notify::selected", G_CALLBACK(on_chosen), self);
    return GTK_DROP_DOWN(list);
}

static void gsc_results_view_init(GscResultsView *self) {
    static const char *const kinds[] = {"Two against each other", "All side by side", NULL};
    static const char *const none[] = {NULL};
    GtkWidget *bar = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    GtkWidget *against = gtk_label_new("against");

    self->names = g_ptr_array_new_with_free_func(g_free);
    self->kind_list = new_list(self, kinds, "What of the results", false);
    self->x_list = new_list(self, none, "Result on the horizontal axis", true);
    self->y_list = new_list(self, none, "Result on the vertical axis", true);
    self->canvas = GSC_PLOT_CANVAS(gsc_plot_canvas_new());
    self->problem_label = GTK_LABEL(gtk_label_new(NULL));
    self->axes_box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    gtk_widget_add_css_class(against, "dim-label");
    gtk_box_append(GTK_BOX(self->axes_box), GTK_WIDGET(self->y_list));
    gtk_box_append(GTK_BOX(self->axes_box), against);
    gtk_box_append(GTK_BOX(self->axes_box), GTK_WIDGET(self->x_list));
    gtk_box_append(GTK_BOX(bar), GTK_WIDGET(self->kind_list));
    gtk_box_append(GTK_BOX(bar), self->axes_box);
    gtk_widget_set_margin_start(bar, 18);
    gtk_widget_set_margin_end(bar, 18);
    gtk_widget_set_margin_top(bar, 6);
    gtk_widget_set_margin_bottom(bar, 6);
    gtk_label_set_wrap(self->problem_label, TRUE);
    gtk_label_set_justify(self->problem_label, GTK_JUSTIFY_CENTER);
    gtk_widget_add_css_class(GTK_WIDGET(self->problem_label), "dim-label");
    gtk_widget_set_vexpand(GTK_WIDGET(self->problem_label), TRUE);
    gtk_widget_set_visible(GTK_WIDGET(self->problem_label), FALSE);
    gtk_widget_set_vexpand(GTK_WIDGET(self->canvas), TRUE);
    self->content = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    gtk_box_append(GTK_BOX(self->content), bar);
    gtk_box_append(GTK_BOX(self->content), GTK_WIDGET(self->problem_label));
    gtk_box_append(GTK_BOX(self->content), GTK_WIDGET(self->canvas));
    gtk_widget_set_parent(self->content, GTK_WIDGET(self));
}

GtkWidget *gsc_results_view_new(void) {
    return g_object_new(GSC_TYPE_RESULTS_VIEW, NULL);
}

/* SPDX-License-Identifier: MIT
 *
 * Over what a claim stands. See claim_view.h.
 */
#include "ui/claim_view.h"

#include "core/read/compare.h"

#include <string.h>

enum {
    MOST_METRICS = 64
};

struct _GscClaimView {
    GtkWidget parent;
    GtkWidget *content;
    GtkDropDown *metric_list;
    GscPlotCanvas *canvas;
    GPtrArray *runs; /* gsc_run *, borrowed */
    char metrics[MOST_METRICS][64];
    size_t n_metrics, draws;
    bool filling; /* changes of the list now are not the user's */
};

G_DEFINE_FINAL_TYPE(GscClaimView, gsc_claim_view, GTK_TYPE_WIDGET)

static const char *get_metric(GscClaimView *self) {
    const guint at = gtk_drop_down_get_selected(self->metric_list);

    return at < self->n_metrics ? self->metrics[at] : NULL;
}

/* Without results, as of runs that have just begun, the list stays as it is. */
static void fill(GscClaimView *self, const char *result) {
    g_autofree char *before = g_strdup(get_metric(self));
    g_autoptr(GtkStringList) titles = gtk_string_list_new(NULL);
    guint chosen = 0;

    for (guint i = 0; i < self->runs->len; i++) {
        if (gsc_run_results_count(self->runs->pdata[i]) > 0) {
            self->n_metrics =
                gsc_claim_metrics(self->runs->pdata[i], result, self->metrics, MOST_METRICS);
            break;
        }
    }
    for (size_t i = 0; i < self->n_metrics; i++) {
        g_autofree char *title = g_strdelimit(g_strdup(self->metrics[i]), "_", ' ');
        gtk_string_list_append(titles, title);
        chosen = g_strcmp0(before, self->metrics[i]) == 0 ? (guint)i : chosen;
    }
    self->filling = true;
    gtk_drop_down_set_model(self->metric_list, G_LIST_MODEL(titles));
    gtk_drop_down_set_selected(self->metric_list, chosen);
    self->filling = false;
}

static bool draw(GscClaimView *self, char **ret_problem) {
    const gsc_figure_options options = {
        .bootstrap_draws = self->draws, .quick = true, .metric = get_metric(self)};
    gsc_figure *figure = NULL;
    gsc_error error = {0};

    if (gsc_figure_build("robustness", (gsc_run **)self->runs->pdata, self->runs->len, &options,
                         &figure, &error) != GSC_OK) {
        *ret_problem = g_strdup(error.message);
        return false;
    }
    gsc_plot_canvas_take_figure(self->canvas, figure);
    return true;
}

static void on_chosen(GtkDropDown *list, GParamSpec *pspec, GscClaimView *self) {
    g_autofree char *problem = NULL;

    if (!self->filling && self->runs != NULL) {
        gsc_plot_canvas_reset(self->canvas);
        draw(self, &problem); /* the figure before stays where there is no memory for another */
    }
}

bool gsc_claim_view_show(GscClaimView *self, GPtrArray *runs, const char *result, size_t draws,
                         char **ret_problem) {
    g_clear_pointer(&self->runs, g_ptr_array_unref);
    self->runs = g_ptr_array_ref(runs);
    self->draws = draws;
    fill(self, result);
    return draw(self, ret_problem);
}

GscPlotCanvas *gsc_claim_view_get_canvas(GscClaimView *self) {
    return self->canvas;
}

/* ---- Object -------------------------------------------------------------------------------------- */

static void gsc_claim_view_dispose(GObject *object) {
    GscClaimView *self = GSC_CLAIM_VIEW(object);

    g_clear_pointer(&self->content, gtk_widget_unparent);
    g_clear_pointer(&self->runs, g_ptr_array_unref);
    G_OBJECT_CLASS(gsc_claim_view_parent_class)->dispose(object);
}

static void gsc_claim_view_class_init(GscClaimViewClass *klass) {
    G_OBJECT_CLASS(klass)->dispose = gsc_claim_view_dispose;
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(klass), GTK_TYPE_BIN_LAYOUT);
}

static void gsc_claim_view_init(GscClaimView *self) {
    static const char *const none[] = {NULL};
    GtkWidget *bar = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    GtkWidget *about = gtk_label_new("A claim about"), *list = gtk_drop_down_new_from_strings(none);
    g_autoptr(GtkExpression) words =
        gtk_property_expression_new(GTK_TYPE_STRING_OBJECT, NULL, "string");

    self->metric_list = GTK_DROP_DOWN(list);
    self->canvas = GSC_PLOT_CANVAS(gsc_plot_canvas_new());
    gtk_drop_down_set_expression(self->metric_list, words);
    gtk_drop_down_set_enable_search(self->metric_list, TRUE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   "What the claim is about", -1);
    g_signal_connect(list, "notify::selected", G_CALLBACK(on_chosen), self);
    gtk_widget_add_css_class(about, "dim-label");
    gtk_widget_set_margin_start(bar, 18);
    gtk_widget_set_margin_end(bar, 18);
    gtk_widget_set_margin_top(bar, 6);
    gtk_widget_set_margin_bottom(bar, 6);
    gtk_box_append(GTK_BOX(bar), about);
    gtk_box_append(GTK_BOX(bar), list);
    gtk_widget_set_vexpand(GTK_WIDGET(self->canvas), TRUE);
    self->content = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    gtk_box_append(GTK_BOX(self->content), bar);
    gtk_box_append(GTK_BOX(self->content), GTK_WIDGET(self->canvas));
    gtk_widget_set_parent(self->content, GTK_WIDGET(self));
}

GtkWidget *gsc_claim_view_new(void) {
    return g_object_new(GSC_TYPE_CLAIM_VIEW, NULL);
}

/* SPDX-License-Identifier: MIT
 *
 * The middle of the window. See figure_page.h.
 */
#include "ui/figure_page.h"

#include "ui/numbers.h"
#include "ui/scrubber.h"
#include "ui/words.h"

#include <string.h>

/* Bootstrap draws of a slope's interval while points still come; all of them once the run is done. */
enum {
    DRAWS_LIVE = 100,
    DRAWS_DONE = 1000
};

struct _GscFigurePage {
    GtkWidget parent;
    GtkWidget *content;
    GtkInfoBar *trouble_bar, *fallback_bar;
    GtkLabel *trouble_label, *fallback_label, *title_label, *subtitle_label;
    GtkOverlay *overlay;
    GtkBox *figure_box;
    GscScrubber *scrubber; /* below figures of maps */
    GtkPaned *paned;
    GtkProgressBar *progress_bar;
    GtkScrolledWindow *numbers_box;
    GscPlotCanvas *canvas;
    GscNumbers *numbers;
    GPtrArray *items; /* as last shown */
    GscExperiment *experiment;
    char *empty; /* what axes without a run say */
    bool live;

    GtkDropDown *figure_list;
    GPtrArray *choices; /* char *: names of the figures that the list offers */
    GHashTable *chosen; /* experiment source -> name of the figure that the user chose for it */
    bool filling;       /* changes of the list now are not the user's */

    gsc_plot_look *recalled; /* to be looked at so once there are points; or NULL */
    char *recalled_source;   /* of which experiment */

    gsc_state *state; /* borrowed; NULL: looks are not remembered */
    gsc_figure_look look;
    size_t n_groups;
};

G_DEFINE_FINAL_TYPE(GscFigurePage, gsc_figure_page, GTK_TYPE_WIDGET)

enum {
    SIGNAL_FIGURE_TAKEN,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

static void on_close_bar(GtkInfoBar *bar, int response, GscFigurePage *self) {
    gtk_info_bar_set_revealed(bar, FALSE);
}

static void on_fallback(GscPlotCanvas *canvas, const char *why, GscFigurePage *self) {
    g_autofree char *text = g_strdup_printf(
        "Figures are drawn without OpenGL, through Cairo: the same picture, slower to move. %s",
        why);

    gtk_label_set_text(self->fallback_label, text);
    gtk_info_bar_set_revealed(self->fallback_bar, TRUE);
}

static void on_figure_chosen(GtkDropDown *list, GParamSpec *pspec, GscFigurePage *self) {
    guint at = gtk_drop_down_get_selected(list);

    if (self->filling || self->experiment == NULL || at >= self->choices->len) {
        return;
    }
    g_hash_table_insert(self->chosen, g_strdup(gsc_experiment_get_source(self->experiment)),
                        g_strdup(self->choices->pdata[at]));
    g_autoptr(GPtrArray) items = g_ptr_array_ref(self->items);
    gsc_figure_page_show(self, self->experiment, items, self->empty, self->live);
}

static void on_moved(GscScrubber *scrubber, GscFigurePage *self) {
    g_autoptr(GPtrArray) items = g_ptr_array_ref(self->items);

    if (self->experiment != NULL) {
        gsc_figure_page_show(self, self->experiment, items, self->empty, self->live);
    }
}

static void gsc_figure_page_dispose(GObject *object) {
    GscFigurePage *self = GSC_FIGURE_PAGE(object);

    g_clear_object(&self->experiment);
    g_clear_pointer(&self->recalled, g_free);
    g_clear_pointer(&self->recalled_source, g_free);
    g_clear_pointer(&self->empty, g_free);
    g_clear_pointer(&self->choices, g_ptr_array_unref);
    g_clear_pointer(&self->chosen, g_hash_table_unref);

    g_clear_pointer(&self->items, g_ptr_array_unref);
    g_clear_pointer(&self->content, gtk_widget_unparent);
    G_OBJECT_CLASS(gsc_figure_page_parent_class)->dispose(object);
}

static void gsc_figure_page_class_init(GscFigurePageClass *klass) {
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

    G_OBJECT_CLASS(klass)->dispose = gsc_figure_page_dispose;
    signals[SIGNAL_FIGURE_TAKEN] =
        g_signal_new("figure-taken", GSC_TYPE_FIGURE_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                     G_TYPE_NONE, 0);
    gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/gatescope/Gatescope/figure_page.ui");
    gtk_widget_class_bind_template_child(widget_class, GscFigurePage, content);
    gtk_widget_class_bind_template_child(widget_class, GscFigurePage, trouble_bar);
    gtk_widget_class_bind_template_child(widget_class, GscFigurePage, fallback_bar);
    gtk_widget_class_bind_template_child(widget_class, GscFigurePage, trouble_label);
    gtk_widget_class_bind_template_child(widget_class, GscFigurePage, fallback_label);
    gtk_widget_class_bind_template_child(widget_class, GscFigurePage, title_label);
    gtk_widget_class_bind_template_child(widget_class, GscFigurePage, subtitle_label);
    gtk_widget_class_bind_template_child(widget_class, GscFigurePage, overlay);
    gtk_widget_class_bind_template_child(widget_class, GscFigurePage, figure_box);
    gtk_widget_class_bind_template_child(widget_class, GscFigurePage, paned);
    gtk_widget_class_bind_template_child(widget_class, GscFigurePage, progress_bar);
    gtk_widget_class_bind_template_child(widget_class, GscFigurePage, numbers_box);
    gtk_widget_class_bind_template_child(widget_class, GscFigurePage, figure_list);
    gtk_widget_class_bind_template_callback(widget_class, on_figure_chosen);
    gtk_widget_class_bind_template_callback(widget_class, on_close_bar);
}

static void gsc_figure_page_init(GscFigurePage *self) {
    gtk_widget_init_template(GTK_WIDGET(self));
    self->canvas = GSC_PLOT_CANVAS(gsc_plot_canvas_new());
    gtk_overlay_set_child(self->overlay, GTK_WIDGET(self->canvas));
    g_signal_connect_object(self->canvas, "fallback", G_CALLBACK(on_fallback), self, 0);
    self->scrubber = GSC_SCRUBBER(gsc_scrubber_new());
    gtk_widget_set_visible(GTK_WIDGET(self->scrubber), FALSE);
    gtk_box_append(self->figure_box, GTK_WIDGET(self->scrubber));
    g_signal_connect_object(self->scrubber, "moved", G_CALLBACK(on_moved), self, 0);
    self->numbers = GSC_NUMBERS(gsc_numbers_new());
    gtk_scrolled_window_set_child(self->numbers_box, gsc_numbers_get_view(self->numbers));
    self->items = g_ptr_array_new_with_free_func(g_object_unref);
    self->choices = g_ptr_array_new_with_free_func(g_free);
    self->chosen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

/* ---- The figure ---------------------------------------------------------------------------------- */

enum {
    MOST_CHOICES = 16
};

static void keep_items(GscFigurePage *self, const GPtrArray *items) {
    if (items == self->items) {
        return;
    }
    g_ptr_array_set_size(self->items, 0);
    for (guint i = 0; i < items->len; i++) {
        g_ptr_array_add(self->items, g_object_ref(items->pdata[i]));
    }
}

/* Fills the list of figures where it changed; it hides where there is nothing to choose. */
static void offer_figures(GscFigurePage *self, const char *const *names, size_t n, size_t at) {
    bool same = n == self->choices->len;

    for (size_t i = 0; i < n && same; i++) {
        same = g_strcmp0(self->choices->pdata[i], names[i]) == 0;
    }
    self->filling = true;
    if (!same) {
        g_autoptr(GtkStringList) titles = gtk_string_list_new(NULL);
        g_ptr_array_set_size(self->choices, 0);
        for (size_t i = 0; i < n; i++) {
            g_ptr_array_add(self->choices, g_strdup(names[i]));
            gtk_string_list_append(titles, gsc_figure_title(names[i]));
        }
        gtk_drop_down_set_model(self->figure_list, G_LIST_MODEL(titles));
    }
    gtk_drop_down_set_selected(self->figure_list, (guint)at);
    gtk_widget_set_visible(GTK_WIDGET(self->figure_list), n > 1);
    self->filling = false;
}

/* The figure that the user chose for this experiment if these runs can have it, else the default. */
static const char *choose_figure(GscFigurePage *self, gsc_run *const *runs, size_t n_runs) {
    const char *names[MOST_CHOICES];
    const char *wanted =
        g_hash_table_lookup(self->chosen, gsc_experiment_get_source(self->experiment));
    size_t n = gsc_figure_choices(runs, n_runs, names, MOST_CHOICES), at = 0;

    for (size_t i = 0; i < n; i++) {
        at = g_strcmp0(names[i], wanted) == 0 ? i : at;
    }
    offer_figures(self, names, n, at);
    return names[at];
}

static void show_words(GscFigurePage *self, GscExperiment *experiment, const gsc_figure *figure) {
    const char *title = figure->title != NULL && *figure->title != '\0'
                            ? figure->title
                            : gsc_experiment_get_title(experiment);
    const char *subtitle = figure->subtitle != NULL && *figure->subtitle != '\0'
                               ? figure->subtitle
                               : gsc_experiment_get_summary(experiment);
    g_autofree char *title_markup = gsc_words_markup(title);
    g_autofree char *subtitle_markup = gsc_words_markup(subtitle);

    gtk_label_set_markup(self->title_label, title_markup);
    gtk_label_set_markup(self->subtitle_label, subtitle_markup);
    gtk_widget_set_tooltip_markup(GTK_WIDGET(self->subtitle_label), subtitle_markup);
}

/* Empty axes say what to do. */
static void invite(gsc_figure *figure, const char *empty) {
    for (size_t i = 0; i < figure->n_panels; i++) {
        gsc_figure_set_text(&figure->panels[i]->message, empty);
    }
}

/* The series whose vectors a figure maps over time; NULL: it is no such figure. */
static const char *series_of_maps(const char *figure) {
    static const char *const maps[][2] = {{"load", "probe_load"},
                                          {"overlap", "overlap"},
                                          {"coactivation", "coactivation"},
                                          {"specialization", "layer_similarity"}};

    for (size_t i = 0; i < G_N_ELEMENTS(maps); i++) {
        if (g_strcmp0(maps[i][0], figure) == 0) {
            return maps[i][1];
        }
    }
    return NULL;
}

/* The slider has the steps of the first series that the figure maps. */
static void offer_steps(GscFigurePage *self, const char *figure, gsc_run *const *runs, size_t n) {
    const char *series = series_of_maps(figure);
    gsc_vectors vectors = {0};

    for (size_t i = 0; series != NULL && i < n && vectors.count == 0; i++) {
        for (size_t j = 0; j < gsc_run_series_count(runs[i]) && vectors.count == 0; j++) {
            if (strcmp(gsc_run_series(runs[i], j)->name, series) == 0) {
                gsc_run_read_vectors(runs[i], j, 0, &vectors, NULL);
            }
        }
    }
    gsc_scrubber_set_steps(self->scrubber, vectors.x, vectors.count);
    gtk_widget_set_visible(GTK_WIDGET(self->scrubber), vectors.count > 1);
    gsc_vectors_clear(&vectors);
}

static bool is_recalled(GscFigurePage *self) {
    return self->recalled != NULL &&
           g_strcmp0(self->recalled_source, gsc_experiment_get_source(self->experiment)) == 0;
}

/* Once: from then on the user moves. */
static void recall_views(GscFigurePage *self, const gsc_figure *figure) {
    if (!is_recalled(self) || g_strcmp0(self->recalled->figure, figure->name) != 0) {
        return;
    }
    gsc_plot_canvas_set_views(self->canvas, self->recalled->views, self->recalled->n_views);
    g_clear_pointer(&self->recalled, g_free);
    g_clear_pointer(&self->recalled_source, g_free);
}

void gsc_figure_page_describe(GscFigurePage *self, gsc_plot_look *ret_look) {
    const gsc_figure *figure = gsc_plot_canvas_get_figure(self->canvas);

    *ret_look = (gsc_plot_look){.how = self->look};
    ret_look->at_step = gsc_scrubber_get_step(self->scrubber, &ret_look->step);
    if (figure == NULL) {
        return;
    }
    g_strlcpy(ret_look->figure, figure->name, sizeof ret_look->figure);
    if (gsc_plot_canvas_is_moved(self->canvas) && figure->n_panels <= GSC_LOOK_MOST_VIEWS) {
        ret_look->n_views = figure->n_panels;
        memcpy(ret_look->views, gsc_plot_canvas_get_views(self->canvas),
               figure->n_panels * sizeof *ret_look->views);
    }
}

void gsc_figure_page_recall(GscFigurePage *self, GscExperiment *experiment,
                            const gsc_plot_look *look) {
    const char *source = gsc_experiment_get_source(experiment);

    g_hash_table_insert(self->chosen, g_strdup(source), g_strdup(look->figure));
    if (self->state != NULL) {
        gsc_figure_look_save(&look->how, self->state, look->figure);
    }
    g_free(self->recalled);
    g_free(self->recalled_source);
    self->recalled = g_memdup2(look, sizeof *look);
    self->recalled_source = g_strdup(source);
}

/* The runs of these items that could be opened, and their colours; returns how many. */
static size_t list_runs(const GPtrArray *items, gsc_run **ret_runs, int *ret_colors) {
    size_t n = 0;

    for (guint i = 0; i < items->len; i++) {
        gsc_run *run = gsc_run_item_get_run(items->pdata[i]);
        if (run != NULL) {
            ret_colors[n] = MAX(gsc_run_item_get_color(items->pdata[i]), 0);
            ret_runs[n++] = run;
        }
    }
    return n;
}

/* The figure of this name, looked at so. */
static gsc_status build(GscFigurePage *self, const char *name, gsc_run *const *runs, size_t n,
                        const int *colors, const gsc_figure_look *look, size_t *ret_groups,
                        gsc_figure **ret_figure, gsc_error *error) {
    gsc_figure_options options = {.run_colors = colors,
                                  .band = look->band,
                                  .bootstrap_draws = self->live ? DRAWS_LIVE : DRAWS_DONE};
    gsc_figure *figure = NULL;

    *ret_groups = 0;
    options.at_step = gsc_scrubber_get_step(self->scrubber, &options.step);
    gsc_status status = gsc_figure_build(name, runs, n, &options, &figure, error);
    if (status == GSC_OK) {
        status = gsc_figure_look_apply(look, figure, runs, n, ret_groups, error);
    }
    if (status != GSC_OK) {
        gsc_figure_free(figure);
        return status;
    }
    *ret_figure = figure;
    return GSC_OK;
}

void gsc_figure_page_show(GscFigurePage *self, GscExperiment *experiment, const GPtrArray *items,
                          const char *empty, bool live) {
    g_autofree gsc_run **runs = g_new0(gsc_run *, items->len + 1);
    g_autofree int *colors = g_new0(int, items->len + 1);
    const size_t n = list_runs(items, runs, colors);
    gsc_figure *figure = NULL;
    gsc_error error = {0};

    keep_items(self, items);
    if (g_set_object(&self->experiment, experiment)) {
        gsc_scrubber_reset(self->scrubber);
    }
    if (is_recalled(self) && self->recalled->at_step) {
        gsc_scrubber_want_step(self->scrubber, self->recalled->step);
    }
    self->live = live;
    if (g_strcmp0(empty, self->empty) != 0) { /* it may be the very same */
        g_free(self->empty);
        self->empty = g_strdup(empty);
    }
    const char *name = choose_figure(self, runs, n);
    if (self->state != NULL) {
        self->look = gsc_figure_look_load(self->state, name);
    }
    offer_steps(self, name, runs, n);
    if (build(self, name, runs, n, colors, &self->look, &self->n_groups, &figure, &error) !=
        GSC_OK) {
        gsc_figure_page_set_trouble(self, error.message);
        return;
    }
    show_words(self, experiment, figure);
    if (n == 0 && !live) {
        invite(figure, self->empty);
    }
    gsc_plot_canvas_take_figure(self->canvas, figure);
    if (gsc_plot_canvas_count_points(self->canvas) > 0) {
        recall_views(self, figure);
    }
    if (gtk_widget_get_visible(GTK_WIDGET(self->numbers_box))) {
        gsc_numbers_show(self->numbers, figure, self->items);
    }
    g_signal_emit(self, signals[SIGNAL_FIGURE_TAKEN], 0);
}

static void free_figure(gpointer figure) {
    gsc_figure_free(figure);
}

GPtrArray *gsc_figure_page_build_all(GscFigurePage *self, GError **error) {
    g_autoptr(GPtrArray) figures = g_ptr_array_new_with_free_func(free_figure);
    g_autofree gsc_run **runs = g_new0(gsc_run *, self->items->len + 1);
    g_autofree int *colors = g_new0(int, self->items->len + 1);
    const size_t n = list_runs(self->items, runs, colors);

    for (guint i = 0; i < self->choices->len; i++) {
        const char *name = self->choices->pdata[i];
        const gsc_figure_look look =
            self->state != NULL ? gsc_figure_look_load(self->state, name) : self->look;
        gsc_figure *figure = NULL;
        gsc_error failure = {0};
        size_t groups = 0;
        if (build(self, name, runs, n, colors, &look, &groups, &figure, &failure) != GSC_OK) {
            gsc_ui_take_error(error, &failure);
            return NULL;
        }
        g_ptr_array_add(figures, figure);
    }
    return g_steal_pointer(&figures);
}

guint gsc_figure_page_count_choices(GscFigurePage *self) {
    return self->choices->len;
}

void gsc_figure_page_set_state(GscFigurePage *self, gsc_state *state) {
    self->state = state;
}

gsc_figure_look gsc_figure_page_get_look(GscFigurePage *self) {
    return self->look;
}

void gsc_figure_page_set_look(GscFigurePage *self, gsc_figure_look look) {
    const gsc_figure *figure = gsc_plot_canvas_get_figure(self->canvas);
    g_autoptr(GPtrArray) items = g_ptr_array_ref(self->items);

    self->look = look;
    if (self->state != NULL && figure != NULL) {
        gsc_figure_look_save(&look, self->state, figure->name);
    }
    if (self->experiment != NULL) {
        gsc_figure_page_show(self, self->experiment, items, self->empty, self->live);
    }
}

size_t gsc_figure_page_count_groups(GscFigurePage *self) {
    return self->n_groups;
}

GtkWidget *gsc_figure_page_get_figure_list(GscFigurePage *self) {
    return GTK_WIDGET(self->figure_list);
}

bool gsc_figure_page_is_default(GscFigurePage *self) {
    return gtk_drop_down_get_selected(self->figure_list) == 0 || self->choices->len < 2;
}

GscPlotCanvas *gsc_figure_page_get_canvas(GscFigurePage *self) {
    return self->canvas;
}

void gsc_figure_page_set_progress(GscFigurePage *self, double fraction) {
    gtk_widget_set_visible(GTK_WIDGET(self->progress_bar), fraction >= 0);
    if (fraction >= 0) {
        gtk_progress_bar_set_fraction(self->progress_bar, fraction);
    }
}

void gsc_figure_page_set_trouble(GscFigurePage *self, const char *sentence) {
    bool wrong = sentence != NULL && *sentence != '\0';

    if (wrong) {
        gtk_label_set_text(self->trouble_label, sentence);
    }
    gtk_info_bar_set_revealed(self->trouble_bar, wrong);
}

const char *gsc_figure_page_get_trouble(GscFigurePage *self) {
    return gtk_info_bar_get_revealed(self->trouble_bar) ? gtk_label_get_text(self->trouble_label)
                                                        : NULL;
}

void gsc_figure_page_set_numbers_shown(GscFigurePage *self, bool shown) {
    const gsc_figure *figure = gsc_plot_canvas_get_figure(self->canvas);

    if (shown && figure != NULL) {
        gsc_numbers_show(self->numbers, figure, self->items);
    }
    gtk_widget_set_visible(GTK_WIDGET(self->numbers_box), shown);
}

const char *gsc_figure_page_get_fallback(GscFigurePage *self) {
    return gtk_info_bar_get_revealed(self->fallback_bar) ? gtk_label_get_text(self->fallback_label)
                                                         : NULL;
}

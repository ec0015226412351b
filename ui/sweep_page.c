/* SPDX-License-Identifier: MIT
 *
 * A sweep as it fills. See sweep_page.h.
 */
#include "ui/sweep_page.h"

#include "core/read/sweep_folder.h"
#include "ui/plot/render.h"

#include <adwaita.h>
#include <string.h>

enum {
    LOOK_EVERY_MS = 1000,
    CELL_WIDTH = 300,
    CELL_HEIGHT = 210,
    DRAWS = 100 /* of the bootstrap: these are small pictures */
};

/* One arm: its card and the open runs of its seeds. */
typedef struct arm_cell {
    GtkWidget *card, *area;
    GtkLabel *count_label;
    GPtrArray *runs;  /* gsc_run * */
    GPtrArray *paths; /* char *, parallel to runs */
    gsc_figure *figure;
    gsc_plot_view view; /* the same for every cell: they are to be compared */
} arm_cell;

struct _GscSweepPage {
    GtkWidget parent;
    GtkWidget *content;
    GtkLabel *title_label, *state_label;
    GtkButton *pause_button;
    GtkFlowBox *grid;
    GtkProgressBar *progress_bar;
    gsc_sweep_folder *folder;
    GPtrArray *cells; /* arm_cell *, parallel to the sweep's arms */
    guint look_source;
};

G_DEFINE_FINAL_TYPE(GscSweepPage, gsc_sweep_page, GTK_TYPE_WIDGET)

enum {
    SIGNAL_RUN_CHOSEN,
    SIGNAL_CONTINUE,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

/* ---- Cells --------------------------------------------------------------------------------------- */

static void close_run(gpointer run) {
    gsc_run_close(run);
}

static void free_cell(gpointer data) {
    arm_cell *cell = data;

    g_ptr_array_unref(cell->runs);
    g_ptr_array_unref(cell->paths);
    gsc_figure_free(cell->figure);
    g_free(cell);
}

static void draw_cell(GtkDrawingArea *area, cairo_t *cairo, int width, int height, gpointer data) {
    const arm_cell *cell = data;
    const bool dark = adw_style_manager_get_dark(adw_style_manager_get_default());
    const gsc_layout_options options = {.text_scale = 0.8, .hide_title = true, .hide_recipe = true};

    gsc_figure *figure = cell->figure;
    if (figure == NULL || figure->n_panels == 0) {
        return;
    }
    /* the first panel says the most; the page says what a legend would */
    const size_t n_panels = figure->n_panels, n_legend = figure->panels[0]->n_legend;
    figure->n_panels = 1;
    figure->panels[0]->n_legend = 0;
    gsc_layout *layout =
        gsc_layout_new(figure, &cell->view, dark ? &gsc_plot_theme_dark : &gsc_plot_theme_light,
                       width, height, &options);
    if (layout != NULL) {
        gsc_cairo_draw(layout, cairo, NULL);
    }
    gsc_layout_free(layout);
    figure->n_panels = n_panels;
    figure->panels[0]->n_legend = n_legend;
}

static arm_cell *new_cell(const char *name) {
    arm_cell *cell = g_new0(arm_cell, 1);
    GtkWidget *words = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    GtkWidget *title = gtk_label_new(name), *count = gtk_label_new("");

    cell->runs = g_ptr_array_new_with_free_func(close_run);
    cell->paths = g_ptr_array_new_with_free_func(g_free);
    cell->card = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3);
    cell->area = gtk_drawing_area_new();
    cell->count_label = GTK_LABEL(count);
    gtk_label_set_xalign(GTK_LABEL(title), 0);
    gtk_label_set_ellipsize(GTK_LABEL(title), PANGO_ELLIPSIZE_MIDDLE);
    gtk_widget_set_hexpand(title, TRUE);
    gtk_widget_set_tooltip_text(title, name);
    gtk_widget_add_css_class(title, "heading");
    gtk_widget_add_css_class(count, "dim-label");
    gtk_widget_add_css_class(count, "numeric");
    gtk_box_append(GTK_BOX(words), title);
    gtk_box_append(GTK_BOX(words), count);
    gtk_widget_set_size_request(cell->area, CELL_WIDTH, CELL_HEIGHT);
    gtk_widget_set_vexpand(cell->area, TRUE);
    gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(cell->area), draw_cell, cell, NULL);
    gtk_widget_add_css_class(cell->card, "card");
    gtk_widget_add_css_class(cell->card, "arm");
    gtk_box_append(GTK_BOX(cell->card), words);
    gtk_box_append(GTK_BOX(cell->card), cell->area);
    return cell;
}

/* Opens what appeared, looks at what runs, and draws anew where something came. */
static bool look_at_runs(arm_cell *cell) {
    bool changed = false;

    for (guint i = 0; i < cell->runs->len; i++) {
        bool here = false;
        gsc_run_poll(cell->runs->pdata[i], &here, NULL);
        changed = changed || here;
    }
    return changed;
}

static bool add_run(arm_cell *cell, const char *path) {
    gsc_run *run = NULL;

    if (g_ptr_array_find_with_equal_func(cell->paths, path, g_str_equal, NULL) ||
        gsc_run_open(path, &run, NULL) != GSC_OK) {
        return false;
    }
    g_ptr_array_add(cell->runs, run);
    g_ptr_array_add(cell->paths, g_strdup(path));
    return true;
}

/* All seeds of an arm share one colour: they are one thing seen again. */
static void build_figure(arm_cell *cell) {
    gsc_run **runs = (gsc_run **)cell->runs->pdata;
    const size_t n = cell->runs->len;
    g_autofree int *colors = g_new0(int, n + 1);
    const gsc_figure_options options = {
        .run_colors = colors, .bootstrap_draws = DRAWS, .hide_replicates = true, .quick = true};
    gsc_figure *figure = NULL;

    if (gsc_figure_build(gsc_figure_default_name(runs, n), runs, n, &options, &figure, NULL) ==
        GSC_OK) {
        gsc_figure_free(cell->figure);
        cell->figure = figure;
    }
    gtk_widget_queue_draw(cell->area);
}

/* ---- Looking ------------------------------------------------------------------------------------- */

static void show_state(GscSweepPage *self) {
    const gsc_sweep_folder *folder = self->folder;
    const size_t done = folder->n_state[GSC_SWEEP_DONE],
                 running = folder->n_state[GSC_SWEEP_RUNNING];
    const bool over = folder->count > 0 && done == folder->count;
    const bool idle = !over && running == 0;
    g_autofree char *text = g_strdup_printf("%zu of %zu runs done%s%s", done, folder->count,
                                            running > 0 ? " · running" : "",
                                            folder->paused ? " · paused"
                                            : idle         ? " · nobody runs it"
                                                           : "");

    gtk_label_set_text(self->state_label, text);
    gtk_progress_bar_set_fraction(self->progress_bar,
                                  folder->count > 0 ? (double)done / (double)folder->count : 0);
    gtk_widget_set_visible(GTK_WIDGET(self->progress_bar), !over);
    gtk_widget_set_visible(GTK_WIDGET(self->pause_button), !over);
    gtk_button_set_label(self->pause_button, folder->paused || idle ? "Continue" : "Pause");
}

/* One range for all cells whose figure has points. */
static void share_axes(GscSweepPage *self) {
    gsc_plot_view all = {G_MAXDOUBLE, -G_MAXDOUBLE, G_MAXDOUBLE, -G_MAXDOUBLE};

    for (guint i = 0; i < self->cells->len; i++) {
        const arm_cell *cell = self->cells->pdata[i];
        if (cell->figure != NULL && cell->figure->n_panels > 0 && cell->runs->len > 0) {
            const gsc_plot_view home = gsc_panel_home(cell->figure->panels[0]);
            all.x_low = MIN(all.x_low, home.x_low);
            all.x_high = MAX(all.x_high, home.x_high);
            all.y_low = MIN(all.y_low, home.y_low);
            all.y_high = MAX(all.y_high, home.y_high);
        }
    }
    for (guint i = 0; i < self->cells->len; i++) {
        arm_cell *cell = self->cells->pdata[i];
        if (cell->figure == NULL || cell->figure->n_panels == 0) {
            continue;
        }
        const gsc_plot_view view =
            all.x_low < all.x_high ? all : gsc_panel_home(cell->figure->panels[0]);
        if (memcmp(&view, &cell->view, sizeof view) != 0) {
            cell->view = view;
            gtk_widget_queue_draw(cell->area);
        }
    }
}

static void look(GscSweepPage *self, bool first) {
    gsc_error error = {0};

    if (gsc_sweep_folder_read(self->folder, false, &error) != GSC_OK) {
        gtk_label_set_text(self->state_label, error.message);
        return;
    }
    g_autofree guint *done = g_new0(guint, self->cells->len + 1);
    g_autofree guint *all = g_new0(guint, self->cells->len + 1);
    g_autofree bool *fresh = g_new0(bool, self->cells->len + 1);
    for (size_t i = 0; i < self->folder->count; i++) {
        const gsc_sweep_entry *entry = &self->folder->entries[i];
        char path[4096];
        if (entry->run.arm >= self->cells->len) {
            continue;
        }
        all[entry->run.arm]++;
        done[entry->run.arm] += entry->state == GSC_SWEEP_DONE;
        if (entry->state == GSC_SWEEP_RUNNING || entry->state == GSC_SWEEP_DONE) {
            gsc_sweep_run_path(self->folder->path, &entry->run, path, sizeof path);
            fresh[entry->run.arm] |= add_run(self->cells->pdata[entry->run.arm], path);
        }
    }
    for (guint i = 0; i < self->cells->len; i++) {
        arm_cell *cell = self->cells->pdata[i];
        g_autofree char *count = g_strdup_printf("%u/%u", done[i], all[i]);
        gtk_label_set_text(cell->count_label, count);
        if (look_at_runs(cell) || fresh[i] || first) {
            build_figure(cell);
        }
    }
    share_axes(self);
    show_state(self);
}

static gboolean look_again(gpointer data) {
    GscSweepPage *self = GSC_SWEEP_PAGE(data);

    look(self, false);
    if (self->folder->count > 0 && self->folder->n_state[GSC_SWEEP_DONE] == self->folder->count) {
        self->look_source = 0;
        return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

void gsc_sweep_page_set_folder(GscSweepPage *self, const char *path) {
    gsc_error error = {0};
    GtkWidget *child;

    g_clear_handle_id(&self->look_source, g_source_remove);
    while ((child = gtk_widget_get_first_child(GTK_WIDGET(self->grid))) != NULL) {
        gtk_flow_box_remove(self->grid, child);
    }
    g_ptr_array_set_size(self->cells, 0);
    g_clear_pointer(&self->folder, gsc_sweep_folder_free);
    if (path == NULL) {
        return;
    }
    if (gsc_sweep_folder_open(path, &self->folder, &error) != GSC_OK) {
        gtk_label_set_text(self->state_label, error.message);
        return;
    }
    const gsc_sweep *sweep = self->folder->sweep;
    gtk_label_set_text(self->title_label, sweep->title);
    for (size_t i = 0; i < sweep->n_arms; i++) {
        arm_cell *cell = new_cell(sweep->arms[i].name);
        g_ptr_array_add(self->cells, cell);
        gtk_flow_box_append(self->grid, cell->card);
    }
    look(self, true);
    self->look_source = g_timeout_add(LOOK_EVERY_MS, look_again, self);
}

guint gsc_sweep_page_count_arms(GscSweepPage *self) {
    return self->cells->len;
}

guint gsc_sweep_page_count_done(GscSweepPage *self) {
    return self->folder != NULL ? (guint)self->folder->n_state[GSC_SWEEP_DONE] : 0;
}

/* ---- Object -------------------------------------------------------------------------------------- */

static void on_pause_clicked(GtkButton *button, GscSweepPage *self) {
    gsc_error error = {0};

    if (self->folder == NULL) {
        return;
    }
    const bool go_on = self->folder->paused || self->folder->n_state[GSC_SWEEP_RUNNING] == 0;
    if (gsc_sweep_pause(self->folder->path, !go_on, &error) != GSC_OK) {
        gtk_label_set_text(self->state_label, error.message);
        return;
    }
    if (go_on && self->folder->n_state[GSC_SWEEP_RUNNING] == 0) {
        g_signal_emit(self, signals[SIGNAL_CONTINUE], 0, self->folder->path);
    }
    look(self, false);
}

static void on_arm_activated(GtkFlowBox *grid, GtkFlowBoxChild *child, GscSweepPage *self) {
    const guint at = (guint)gtk_flow_box_child_get_index(child);
    const arm_cell *cell = at < self->cells->len ? self->cells->pdata[at] : NULL;

    if (cell != NULL && cell->paths->len > 0) {
        g_signal_emit(self, signals[SIGNAL_RUN_CHOSEN], 0,
                      cell->paths->pdata[cell->paths->len - 1]);
    }
}

static void gsc_sweep_page_dispose(GObject *object) {
    GscSweepPage *self = GSC_SWEEP_PAGE(object);

    g_clear_handle_id(&self->look_source, g_source_remove);
    g_clear_pointer(&self->content, gtk_widget_unparent);
    g_clear_pointer(&self->cells, g_ptr_array_unref);
    g_clear_pointer(&self->folder, gsc_sweep_folder_free);
    G_OBJECT_CLASS(gsc_sweep_page_parent_class)->dispose(object);
}

static void gsc_sweep_page_class_init(GscSweepPageClass *klass) {
    static const char *const names[] = {"run-chosen", "continue"};

    G_OBJECT_CLASS(klass)->dispose = gsc_sweep_page_dispose;
    for (int i = 0; i < N_SIGNALS; i++) {
        signals[i] = g_signal_new(names[i], GSC_TYPE_SWEEP_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
    }
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(klass), GTK_TYPE_BIN_LAYOUT);
}

static void gsc_sweep_page_init(GscSweepPage *self) {
    GtkWidget *head = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    GtkWidget *words = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *scroller = gtk_scrolled_window_new();

    self->cells = g_ptr_array_new_with_free_func(free_cell);
    self->content = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    self->title_label = GTK_LABEL(gtk_label_new(NULL));
    self->state_label = GTK_LABEL(gtk_label_new(NULL));
    self->pause_button = GTK_BUTTON(gtk_button_new_with_label("Pause"));
    self->grid = GTK_FLOW_BOX(gtk_flow_box_new());
    self->progress_bar = GTK_PROGRESS_BAR(gtk_progress_bar_new());
    gtk_label_set_xalign(self->title_label, 0);
    gtk_label_set_xalign(self->state_label, 0);
    gtk_label_set_wrap(self->state_label, TRUE);
    gtk_widget_add_css_class(GTK_WIDGET(self->title_label), "title-4");
    gtk_widget_add_css_class(GTK_WIDGET(self->state_label), "dim-label");
    gtk_widget_add_css_class(GTK_WIDGET(self->state_label), "caption");
    gtk_widget_add_css_class(GTK_WIDGET(self->state_label), "numeric");
    gtk_widget_set_hexpand(words, TRUE);
    gtk_widget_set_valign(GTK_WIDGET(self->pause_button), GTK_ALIGN_CENTER);
    gtk_box_append(GTK_BOX(words), GTK_WIDGET(self->title_label));
    gtk_box_append(GTK_BOX(words), GTK_WIDGET(self->state_label));
    gtk_box_append(GTK_BOX(head), words);
    gtk_box_append(GTK_BOX(head), GTK_WIDGET(self->pause_button));
    gtk_widget_add_css_class(head, "figure-title");
    gtk_widget_add_css_class(GTK_WIDGET(self->progress_bar), "osd");
    gtk_flow_box_set_homogeneous(self->grid, TRUE);
    gtk_flow_box_set_min_children_per_line(self->grid, 1);
    gtk_flow_box_set_max_children_per_line(self->grid, 4);
    gtk_flow_box_set_row_spacing(self->grid, 6);
    gtk_flow_box_set_column_spacing(self->grid, 6);
    gtk_flow_box_set_selection_mode(self->grid, GTK_SELECTION_NONE);
    gtk_widget_set_valign(GTK_WIDGET(self->grid), GTK_ALIGN_START);
    gtk_widget_add_css_class(GTK_WIDGET(self->grid), "arms");
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->grid), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   "Arms of the sweep", -1);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroller), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), GTK_WIDGET(self->grid));
    gtk_widget_set_vexpand(scroller, TRUE);
    gtk_box_append(GTK_BOX(self->content), head);
    gtk_box_append(GTK_BOX(self->content), GTK_WIDGET(self->progress_bar));
    gtk_box_append(GTK_BOX(self->content), scroller);
    gtk_widget_set_parent(self->content, GTK_WIDGET(self));
    g_signal_connect(self->pause_button, "clicked", G_CALLBACK(on_pause_clicked), self);
    g_signal_connect(self->grid, "child-activated", G_CALLBACK(on_arm_activated), self);
}

/* SPDX-License-Identifier: MIT
 *
 * A figure to look into: what is shown. Pointer and keys are in plot_canvas_input.c.
 */
#include "ui/plot_canvas_private.h"

#include "ui/text_scale.h"

#include <adwaita.h>

G_DEFINE_FINAL_TYPE(GscPlotCanvas, gsc_plot_canvas, GTK_TYPE_WIDGET)

enum {
    SIGNAL_FALLBACK,
    SIGNAL_MOVED,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

static void lend_layout(GscPlotCanvas *self, const gsc_layout *layout) {
    if (self->is_gl && self->child != NULL) {
        gsc_plot_view_widget_lend_layout(GSC_PLOT_VIEW(self->child), layout);
    }
}

static void drop_layout(GscPlotCanvas *self) {
    lend_layout(self, NULL);
    g_clear_pointer(&self->layout, gsc_layout_free);
}

const gsc_layout *gsc_plot_canvas_get_layout(GscPlotCanvas *self) {
    int width = gtk_widget_get_width(GTK_WIDGET(self));
    int height = gtk_widget_get_height(GTK_WIDGET(self));

    if (self->layout == NULL && self->figure != NULL && width > 0 && height > 0) {
        gsc_layout_options options = {
            .text_scale = gsc_text_scale_growth(), .hide_title = true, .hide_recipe = true};
        self->layout =
            gsc_layout_new(self->figure, self->views, self->theme, width, height, &options);
        self->stale = false;
        lend_layout(self, self->layout);
    }
    return self->layout;
}

void gsc_plot_canvas_changed(GscPlotCanvas *self) {
    self->stale = self->hit_stale = true;
    if (self->child == NULL) {
        return;
    }
    if (self->is_gl) {
        gtk_gl_area_queue_render(GTK_GL_AREA(self->child));
    } else {
        gtk_widget_queue_draw(self->child);
    }
    gtk_widget_queue_draw(GTK_WIDGET(self));
}

/* Makes what the next frame shows: once for a frame, however many events came since the last. */
static void catch_up(GscPlotCanvas *self) {
    if (self->stale) {
        drop_layout(self);
        gsc_plot_canvas_get_layout(self);
    }
    if (self->hit_stale) {
        self->hit_stale = false;
        gsc_plot_canvas_update_hit(self);
    }
}

/* ---- Cairo instead of OpenGL --------------------------------------------------------------------- */

static void draw_cairo(GtkDrawingArea *area, cairo_t *cairo, int width, int height, gpointer data) {
    GscPlotCanvas *self = GSC_PLOT_CANVAS(data);
    const gsc_layout *layout = gsc_plot_canvas_get_layout(self);
    gsc_error error = {0};

    if (layout == NULL) {
        return;
    }
    if (gsc_cairo_draw(layout, cairo, &error) != GSC_OK) {
        g_warning("%s", error.message);
        return;
    }
    self->cairo_frames++;
}

static void take_child(GscPlotCanvas *self, GtkWidget *child, bool is_gl) {
    g_clear_pointer(&self->child, gtk_widget_unparent);
    self->child = child;
    self->is_gl = is_gl;
    gtk_widget_set_can_target(child, FALSE);
    gtk_widget_set_parent(child, GTK_WIDGET(self));
}

static void use_cairo(GscPlotCanvas *self) {
    GtkWidget *area = gtk_drawing_area_new();

    gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(area), draw_cairo, self, NULL);
    take_child(self, area, false);
}

static void on_gl_failed(GscPlotView *view, const char *why, GscPlotCanvas *self) {
    use_cairo(self);
    gsc_plot_canvas_changed(self);
    g_signal_emit(self, signals[SIGNAL_FALLBACK], 0, why);
}

static gboolean tell_fallback(gpointer data) {
    g_signal_emit(data, signals[SIGNAL_FALLBACK], 0, "GATESCOPE_RENDERER asks for Cairo.");
    return G_SOURCE_REMOVE;
}

/* ---- Widget -------------------------------------------------------------------------------------- */

static void gsc_plot_canvas_measure(GtkWidget *widget, GtkOrientation orientation, int for_size,
                                    int *minimum, int *natural, int *minimum_baseline,
                                    int *natural_baseline) {
    double growth = MAX(gsc_text_scale_growth(), 1);

    /* The side panels fold away before a figure with large text gets too small to read. */
    *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? (int)(320 * growth * growth) : 200;
    *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? MAX(800, *minimum) : 500;
    *minimum_baseline = *natural_baseline = -1;
}

static void gsc_plot_canvas_size_allocate(GtkWidget *widget, int width, int height, int baseline) {
    GscPlotCanvas *self = GSC_PLOT_CANVAS(widget);

    gtk_widget_allocate(self->child, width, height, baseline, NULL);
    if (self->layout == NULL || self->layout->width != width || self->layout->height != height) {
        gsc_plot_canvas_changed(self);
    }
}

static void gsc_plot_canvas_snapshot(GtkWidget *widget, GtkSnapshot *snapshot) {
    GscPlotCanvas *self = GSC_PLOT_CANVAS(widget);

    catch_up(self);
    gtk_widget_snapshot_child(widget, self->child, snapshot);
    gsc_plot_canvas_snapshot_readout(self, snapshot);
}

static void on_dark_changed(AdwStyleManager *manager, GParamSpec *pspec, GscPlotCanvas *self) {
    self->theme =
        adw_style_manager_get_dark(manager) ? &gsc_plot_theme_dark : &gsc_plot_theme_light;
    gsc_plot_canvas_changed(self);
}

static void on_text_scale_changed(GtkSettings *settings, GParamSpec *pspec, GscPlotCanvas *self) {
    gtk_widget_queue_resize(GTK_WIDGET(self));
    gsc_plot_canvas_changed(self);
}

static void gsc_plot_canvas_dispose(GObject *object) {
    GscPlotCanvas *self = GSC_PLOT_CANVAS(object);

    g_clear_pointer(&self->child, gtk_widget_unparent);
    g_clear_pointer(&self->layout, gsc_layout_free);
    g_clear_pointer(&self->figure, gsc_figure_free);
    g_clear_pointer(&self->hidden, g_hash_table_unref);
    G_OBJECT_CLASS(gsc_plot_canvas_parent_class)->dispose(object);
}

static void gsc_plot_canvas_class_init(GscPlotCanvasClass *klass) {
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

    G_OBJECT_CLASS(klass)->dispose = gsc_plot_canvas_dispose;
    widget_class->measure = gsc_plot_canvas_measure;
    widget_class->size_allocate = gsc_plot_canvas_size_allocate;
    widget_class->snapshot = gsc_plot_canvas_snapshot;
    gtk_widget_class_set_css_name(widget_class, "plotcanvas");
    gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_IMG);
    signals[SIGNAL_FALLBACK] = g_signal_new("fallback", GSC_TYPE_PLOT_CANVAS, G_SIGNAL_RUN_LAST, 0,
                                            NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
    signals[SIGNAL_MOVED] = g_signal_new("moved", GSC_TYPE_PLOT_CANVAS, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 0);
}

static void gsc_plot_canvas_init(GscPlotCanvas *self) {
    AdwStyleManager *manager = adw_style_manager_get_default();

    gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL, "Figure",
                                   -1);
    self->pointer_x = self->pointer_y = NAN;
    self->hit.layer = self->hit_panel = self->drag_panel = -1;
    self->hidden = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->theme =
        adw_style_manager_get_dark(manager) ? &gsc_plot_theme_dark : &gsc_plot_theme_light;
    g_signal_connect_object(manager, "notify::dark", G_CALLBACK(on_dark_changed), self, 0);
    gsc_text_scale_watch(G_OBJECT(self), G_CALLBACK(on_text_scale_changed));

    gtk_widget_set_focusable(GTK_WIDGET(self), TRUE);
    gtk_widget_set_overflow(GTK_WIDGET(self), GTK_OVERFLOW_HIDDEN);
    if (g_strcmp0(g_getenv("GATESCOPE_RENDERER"), "cairo") == 0) {
        use_cairo(self);
        g_idle_add_full(G_PRIORITY_HIGH, tell_fallback, g_object_ref(self), g_object_unref);
    } else {
        GtkWidget *view = gsc_plot_view_widget_new();
        take_child(self, view, true);
        g_signal_connect_object(view, "failed", G_CALLBACK(on_gl_failed), self, 0);
    }
    gsc_plot_canvas_add_input(self);
}

GtkWidget *gsc_plot_canvas_new(void) {
    return g_object_new(GSC_TYPE_PLOT_CANVAS, NULL);
}

/* ---- Figure and views ---------------------------------------------------------------------------- */

static bool same_panels(const gsc_figure *a, const gsc_figure *b) {
    if (a == NULL || b == NULL || a->n_panels != b->n_panels || g_strcmp0(a->name, b->name) != 0) {
        return false;
    }
    for (size_t i = 0; i < a->n_panels; i++) {
        const gsc_panel *left = a->panels[i], *right = b->panels[i];
        if (g_strcmp0(left->name, right->name) != 0 || left->x.log != right->x.log ||
            left->y.log != right->y.log) {
            return false;
        }
    }
    return true;
}

static void apply_hidden(GscPlotCanvas *self) {
    for (size_t i = 0; i < self->figure->n_panels; i++) {
        const gsc_panel *panel = self->figure->panels[i];
        for (size_t j = 0; j < panel->n_legend; j++) {
            const gsc_legend_row *row = panel->legend[j];
            if (row->label != NULL && g_hash_table_contains(self->hidden, row->label)) {
                gsc_figure_set_hidden(self->figure, row->run, row->series, true);
            }
        }
    }
}

static void go_home(GscPlotCanvas *self, bool stay) {
    for (size_t i = 0; i < self->figure->n_panels && i < GSC_FIGURE_MAX_PANELS; i++) {
        self->homes[i] = gsc_panel_home(self->figure->panels[i]);
        if (!stay) {
            self->views[i] = self->homes[i];
        }
    }
    self->moved = stay;
}

void gsc_plot_canvas_take_figure(GscPlotCanvas *self, gsc_figure *figure) {
    bool stay = self->moved && same_panels(self->figure, figure);

    drop_layout(self);
    gsc_figure_free(self->figure);
    self->figure = figure;
    self->hit.layer = self->hit_panel = -1;
    apply_hidden(self);
    go_home(self, stay);
    gtk_accessible_update_property(
        GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL,
        figure->title != NULL && *figure->title != '\0' ? figure->title : "Figure",
        GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, figure->subtitle != NULL ? figure->subtitle : "", -1);
    gsc_plot_canvas_changed(self);
}

const gsc_figure *gsc_plot_canvas_get_figure(GscPlotCanvas *self) {
    return self->figure;
}

const gsc_plot_view *gsc_plot_canvas_get_views(GscPlotCanvas *self) {
    return self->views;
}

void gsc_plot_canvas_set_views(GscPlotCanvas *self, const gsc_plot_view *views, size_t n) {
    if (self->figure == NULL || n == 0 || n != self->figure->n_panels) {
        return;
    }
    memcpy(self->views, views, n * sizeof *views);
    self->moved = true;
    gsc_plot_canvas_changed(self);
    g_signal_emit(self, signals[SIGNAL_MOVED], 0);
}

const gsc_plot_theme *gsc_plot_canvas_get_theme(GscPlotCanvas *self) {
    return self->theme;
}

void gsc_plot_canvas_move_view(GscPlotCanvas *self, size_t panel, gsc_plot_view view) {
    self->views[panel] = view;
    gsc_view_link_x(self->figure, self->views, panel);
    self->moved = true;
    gsc_plot_canvas_changed(self);
    g_signal_emit(self, signals[SIGNAL_MOVED], 0);
}

void gsc_plot_canvas_reset(GscPlotCanvas *self) {
    if (self->figure == NULL) {
        return;
    }
    go_home(self, false);
    gsc_plot_canvas_changed(self);
    g_signal_emit(self, signals[SIGNAL_MOVED], 0);
}

void gsc_plot_canvas_zoom(GscPlotCanvas *self, double factor) {
    const gsc_layout *layout = gsc_plot_canvas_get_layout(self);

    if (layout == NULL || layout->n_panels == 0) {
        return;
    }
    gsc_layout_hit at = {.panel = -1};
    if (!isnan(self->pointer_x)) {
        at = gsc_layout_find(layout, self->pointer_x, self->pointer_y);
    }
    if (at.panel >= 0 && at.in_plot) {
        gsc_box plot = layout->panels[at.panel].plot;
        gsc_plot_canvas_move_view(self, (size_t)at.panel,
                                  gsc_view_zoom(self->views[at.panel], &self->homes[at.panel], plot,
                                                self->pointer_x, self->pointer_y, factor, factor));
        return;
    }
    gsc_plot_view zoomed[GSC_FIGURE_MAX_PANELS];
    size_t n = layout->n_panels;
    for (size_t i = 0; i < n; i++) {
        gsc_box plot = layout->panels[i].plot;
        zoomed[i] = gsc_view_zoom(self->views[i], &self->homes[i], plot, plot.x + plot.width / 2,
                                  plot.y + plot.height / 2, factor, factor);
    }
    for (size_t i = 0; i < n; i++) {
        gsc_plot_canvas_move_view(self, i, zoomed[i]);
    }
}

bool gsc_plot_canvas_is_moved(GscPlotCanvas *self) {
    return self->moved;
}

void gsc_plot_canvas_toggle_legend(GscPlotCanvas *self, size_t panel, size_t row) {
    const gsc_legend_row *legend = self->figure->panels[panel]->legend[row];
    bool hide = !legend->hidden;

    if (legend->label == NULL) {
        return;
    }
    if (hide) {
        g_hash_table_add(self->hidden, g_strdup(legend->label));
    } else {
        g_hash_table_remove(self->hidden, legend->label);
    }
    gsc_figure_set_hidden(self->figure, legend->run, legend->series, hide);
    go_home(self, self->moved);
    gsc_plot_canvas_changed(self);
}

/* ---- What tests and the status line ask ---------------------------------------------------------- */

const char *gsc_plot_canvas_get_renderer(GscPlotCanvas *self) {
    if (!self->is_gl) {
        return "Cairo";
    }
    const char *name = gsc_plot_view_widget_get_info(GSC_PLOT_VIEW(self->child)).renderer;
    return name != NULL ? name : "";
}

bool gsc_plot_canvas_is_gl(GscPlotCanvas *self) {
    return self->is_gl;
}

uint64_t gsc_plot_canvas_get_frames(GscPlotCanvas *self) {
    return self->is_gl ? gsc_plot_view_widget_get_info(GSC_PLOT_VIEW(self->child)).frames
                       : self->cairo_frames;
}

size_t gsc_plot_canvas_count_points(GscPlotCanvas *self) {
    size_t count = 0;

    for (size_t i = 0; self->figure != NULL && i < self->figure->n_panels; i++) {
        const gsc_panel *panel = self->figure->panels[i];
        for (size_t j = 0; j < panel->n_layers; j++) {
            const gsc_plot_layer *layer = panel->layers[j];
            if (!layer->hidden &&
                (layer->kind == GSC_LAYER_POINTS || layer->kind == GSC_LAYER_CLOUD)) {
                count += layer->n;
            }
        }
    }
    return count;
}

bool gsc_plot_canvas_get_plot_box(GscPlotCanvas *self, size_t panel, gsc_box *ret_box) {
    const gsc_layout *layout = gsc_plot_canvas_get_layout(self);

    if (layout == NULL || panel >= layout->n_panels) {
        return false;
    }
    *ret_box = layout->panels[panel].plot;
    return true;
}

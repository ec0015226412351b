/* SPDX-License-Identifier: MIT
 *
 * A small picture of an experiment. See thumbnail.h.
 *
 * The error of a parameter shared by m fitted copies of one true expert falls as n^{-1/(2m)}; a Voronoi loss
 * falls as n^{-1/2}, whatever is fitted.
 */
#include "ui/thumbnail.h"

#include "ui/plot/theme.h"

#include <adwaita.h>

enum {
    WIDTH = 60,
    HEIGHT = 42,
    MOST_LINES = 6
};

struct _GscThumbnail {
    GtkWidget parent;
    double exponents[MOST_LINES];
    int n_lines, first_color;
};

G_DEFINE_FINAL_TYPE(GscThumbnail, gsc_thumbnail, GTK_TYPE_WIDGET)

static void draw(GscThumbnail *self, cairo_t *cairo, bool dark) {
    const gsc_plot_theme *theme = dark ? &gsc_plot_theme_dark : &gsc_plot_theme_light;
    gsc_rgba ground = theme->ground, axis = theme->muted;
    double left = 9, right = WIDTH - 6, top = 7, bottom = HEIGHT - 8;

    cairo_set_source_rgba(cairo, ground.r, ground.g, ground.b, 1);
    cairo_paint(cairo);
    cairo_set_source_rgba(cairo, axis.r, axis.g, axis.b, 0.7);
    cairo_set_line_width(cairo, 1);
    cairo_move_to(cairo, left - 1.5, top - 2);
    cairo_line_to(cairo, left - 1.5, bottom + 1.5);
    cairo_line_to(cairo, right + 1, bottom + 1.5);
    cairo_stroke(cairo);
    cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
    for (int i = 0; i < self->n_lines; i++) {
        gsc_rgba color = gsc_plot_theme_color(theme, self->first_color + i);
        double start = top + 2;
        double fall = (bottom - top - 4) * self->exponents[i] / 0.5;
        cairo_set_source_rgba(cairo, color.r, color.g, color.b, 1);
        cairo_set_line_width(cairo, 1.5);
        cairo_move_to(cairo, left + 3, start);
        cairo_line_to(cairo, right - 1, start + fall);
        cairo_stroke(cairo);
        for (int j = 0; j < 4; j++) {
            double t = j / 3.0;
            cairo_arc(cairo, left + 3 + t * (right - left - 4), start + t * fall, 2, 0, 2 * G_PI);
            cairo_fill(cairo);
        }
    }
}

static void gsc_thumbnail_snapshot(GtkWidget *widget, GtkSnapshot *snapshot) {
    GscThumbnail *self = GSC_THUMBNAIL(widget);
    GskRoundedRect frame;

    gsk_rounded_rect_init_from_rect(&frame, &GRAPHENE_RECT_INIT(0, 0, WIDTH, HEIGHT), 6);
    gtk_snapshot_push_rounded_clip(snapshot, &frame);
    cairo_t *cairo = gtk_snapshot_append_cairo(snapshot, &GRAPHENE_RECT_INIT(0, 0, WIDTH, HEIGHT));
    draw(self, cairo, adw_style_manager_get_dark(adw_style_manager_get_default()));
    cairo_destroy(cairo);
    gtk_snapshot_pop(snapshot);
}

static void gsc_thumbnail_measure(GtkWidget *widget, GtkOrientation orientation, int for_size,
                                  int *minimum, int *natural, int *minimum_baseline,
                                  int *natural_baseline) {
    *minimum = *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? WIDTH : HEIGHT;
    *minimum_baseline = *natural_baseline = -1;
}

static void gsc_thumbnail_class_init(GscThumbnailClass *klass) {
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

    widget_class->snapshot = gsc_thumbnail_snapshot;
    widget_class->measure = gsc_thumbnail_measure;
    gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void gsc_thumbnail_init(GscThumbnail *self) {
    g_signal_connect_object(adw_style_manager_get_default(), "notify::dark",
                            G_CALLBACK(gtk_widget_queue_draw), self, G_CONNECT_SWAPPED);
    gtk_widget_set_valign(GTK_WIDGET(self), GTK_ALIGN_CENTER);
    gtk_widget_set_halign(GTK_WIDGET(self), GTK_ALIGN_START);
}

GtkWidget *gsc_thumbnail_new(GscExperiment *experiment) {
    GscThumbnail *self = g_object_new(GSC_TYPE_THUMBNAIL, NULL);
    const gsc_spec *spec = gsc_experiment_get_spec(experiment);
    const json_t *shared = gsc_spec_json(spec, "theory.k_shared");
    const json_t *truth = gsc_spec_json(spec, "theory.truth");
    size_t true_shared = json_array_size(json_object_get(truth, "shared"));
    bool tau = g_strcmp0(gsc_spec_string(spec, "theory.measure"), "tau") == 0;
    const char *name = gsc_experiment_get_name(experiment);

    self->exponents[0] = 0.5;
    self->n_lines = 1;
    if (tau && json_array_size(shared) > 0) {
        self->n_lines = 0;
        for (size_t i = 0; i < json_array_size(shared) && i < MOST_LINES; i++) {
            double fitted = json_number_value(json_array_get(shared, i));
            double copies = fitted - (double)true_shared + 1;
            self->exponents[self->n_lines++] = 0.5 / (copies > 1 ? copies : 1);
        }
    } else {
        /* theorem1..4 get a colour each, so that the list can be told apart at a glance */
        size_t length = strlen(name);
        self->first_color = length > 0 ? (name[length - 1] - '0') % GSC_PALETTE_SIZE : 0;
        self->first_color = MAX(self->first_color - 1, 0);
    }
    return GTK_WIDGET(self);
}

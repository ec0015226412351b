/* SPDX-License-Identifier: MIT
 *
 * A small picture of an experiment. See thumbnail.h.
 *
 * A schematic of what the study shows, drawn from what its summary says, not from data: lines that fall with
 * the sample size (the error of a parameter shared by m fitted copies of one true expert as n^{-1/(2m)}, a
 * Voronoi loss as n^{-1/2}), divergences that rise with the parameter error, losses over iterations, or a grid.
 */
#include "ui/thumbnail.h"

#include "ui/plot/theme.h"

#include <adwaita.h>
#include <math.h>

enum {
    WIDTH = 60,
    HEIGHT = 42,
    MOST_LINES = 9
};

typedef enum shape {
    FALLING, /* error against n; values are exponents up to 1/2 */
    RISING,  /* divergence against parameter error; values are exponents up to 6 */
    TRACES,  /* loss against iteration; values are where the curves end, 0 to 1 */
    GRID     /* one square for each cell; values are their strengths, 0 to 1 */
} shape;

struct _GscThumbnail {
    GtkWidget parent;
    shape shape;
    double values[MOST_LINES];
    int n, first_color;
};

G_DEFINE_FINAL_TYPE(GscThumbnail, gsc_thumbnail, GTK_TYPE_WIDGET)

static const double LEFT = 9, RIGHT = WIDTH - 6, TOP = 7, BOTTOM = HEIGHT - 8;

static void set_color(cairo_t *cairo, gsc_rgba color, double alpha) {
    cairo_set_source_rgba(cairo, color.r, color.g, color.b, alpha);
}

/* One curve, t from 0 to 1 to a height from 0 (bottom) to 1 (top); markers on straight ones. */
static void draw_line(GscThumbnail *self, cairo_t *cairo, int i) {
    double width = RIGHT - LEFT - 4, height = BOTTOM - TOP - 4, value = self->values[i];

    for (int j = 0; j <= 24; j++) {
        double t = j / 24.0, level;
        switch (self->shape) {
        case FALLING:
            level = 1 - 2 * value * t;
            break;
        case RISING:
            level = 1 - value / 6 * (1 - t);
            break;
        default:
            level = value + (1 - value) * exp(-5 * t);
            break;
        }
        double x = LEFT + 3 + t * width, y = TOP + 2 + (1 - level) * height;
        if (self->shape != TRACES && j % 8 == 0) {
            cairo_new_sub_path(cairo);
            cairo_arc(cairo, x, y, 2, 0, 2 * G_PI);
            cairo_fill(cairo);
        }
        if (j > 0) {
            cairo_line_to(cairo, x, y);
            cairo_stroke(cairo);
        }
        cairo_move_to(cairo, x, y);
    }
    cairo_new_path(cairo);
}

static void draw_grid(GscThumbnail *self, cairo_t *cairo, const gsc_plot_theme *theme) {
    int columns = self->n <= 4 ? 2 : 3, rows = self->n / columns;
    double side = (BOTTOM - TOP + 4 - 3.0 * (rows - 1)) / rows;
    double left = (WIDTH - columns * side - 3.0 * (columns - 1)) / 2;

    for (int i = 0; i < self->n; i++) {
        double x = left + i % columns * (side + 3), y = TOP - 1.5 + i / columns * (side + 3);
        set_color(cairo, gsc_plot_theme_color(theme, self->first_color),
                  0.2 + 0.8 * self->values[i]);
        cairo_rectangle(cairo, x, y, side, side);
        cairo_fill(cairo);
    }
}

static void draw(GscThumbnail *self, cairo_t *cairo, bool dark) {
    const gsc_plot_theme *theme = dark ? &gsc_plot_theme_dark : &gsc_plot_theme_light;

    set_color(cairo, theme->ground, 1);
    cairo_paint(cairo);
    if (self->shape == GRID) {
        draw_grid(self, cairo, theme);
        return;
    }
    set_color(cairo, theme->muted, 0.7);
    cairo_set_line_width(cairo, 1);
    cairo_move_to(cairo, LEFT - 1.5, TOP - 2);
    cairo_line_to(cairo, LEFT - 1.5, BOTTOM + 1.5);
    cairo_line_to(cairo, RIGHT + 1, BOTTOM + 1.5);
    cairo_stroke(cairo);
    cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_width(cairo, 1.5);
    for (int i = 0; i < self->n; i++) {
        set_color(cairo, gsc_plot_theme_color(theme, self->first_color + i), 1);
        draw_line(self, cairo, i);
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

/* Copies of one true atom that each arm fits: theory.k_shared or k_routed against the truth. */
static void take_copies(GscThumbnail *self, const gsc_spec *spec, const char *key,
                        const char *atoms) {
    const json_t *fitted = gsc_spec_json(spec, key);
    const json_t *truth = json_object_get(gsc_spec_json(spec, "theory.truth"), atoms);

    self->n = 0;
    for (size_t i = 0; i < json_array_size(fitted) && i < MOST_LINES; i++) {
        double copies =
            json_number_value(json_array_get(fitted, i)) - (double)json_array_size(truth) + 1;
        self->values[self->n++] = 0.5 / MAX(copies, 1);
    }
}

/* What a spec alone does not tell. */
static bool take_known(GscThumbnail *self, const char *name) {
    static const struct {
        const char *name;
        shape shape;
        int n;
        double values[MOST_LINES];
    } known[] = {
        {"fingerprint", RISING, 3, {2, 4, 6}},
        {"gate-fingerprint", RISING, 2, {4, 2}},
        {"sigmoid-softmax-fingerprint", RISING, 4, {2, 2.7, 3.3, 4}},
        {"discrete-fingerprint", RISING, 2, {2, 4}},
        {"starts", TRACES, 3, {0.1, 0.35, 0.65}},
        {"gate-cross", GRID, 4, {0.2, 1, 1, 0.2}},
        {"robustness", GRID, 9, {0.9, 0.7, 0.5, 0.8, 0.45, 0.2, 0.6, 0.3, 0.1}},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        if (strcmp(known[i].name, name) == 0) {
            self->shape = known[i].shape;
            self->n = known[i].n;
            memcpy(self->values, known[i].values, sizeof self->values);
            return true;
        }
    }
    return false;
}

GtkWidget *gsc_thumbnail_new(GscExperiment *experiment) {
    GscThumbnail *self = g_object_new(GSC_TYPE_THUMBNAIL, NULL);
    const gsc_spec *spec = gsc_experiment_get_spec(experiment);
    const char *measure = gsc_spec_string(spec, "theory.measure");
    const char *name = gsc_experiment_get_name(experiment);

    if (take_known(self, name)) {
        return GTK_WIDGET(self);
    }
    if (g_strcmp0(gsc_spec_string(spec, "lab"), "lm") == 0) { /* a loss while it trains */
        self->shape = TRACES;
        self->values[self->n++] = 0.2;
        return GTK_WIDGET(self);
    }
    if (g_strcmp0(gsc_spec_string(spec, "theory.study"), "fingerprint") == 0) {
        self->shape = RISING;
        self->values[self->n++] = 4;
        return GTK_WIDGET(self);
    }
    if (g_strcmp0(measure, "tau") == 0) {
        take_copies(self, spec, "theory.k_shared", "shared");
    } else if (g_strcmp0(measure, "nu") == 0) {
        take_copies(self, spec, "theory.k_routed", "routed");
    }
    if (self->n == 0) {
        /* theorem1..4 get a colour each, so that the list can be told apart at a glance */
        int digit = g_str_has_prefix(name, "theorem") ? name[strlen("theorem")] - '1' : 0;
        self->first_color = CLAMP(digit, 0, GSC_PALETTE_SIZE - 1);
        self->values[self->n++] = 0.5;
    }
    return GTK_WIDGET(self);
}

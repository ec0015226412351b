/* SPDX-License-Identifier: MIT
 *
 * A figure to look into: crosshair, the values under the pointer, and the rectangle of a box zoom, drawn
 * over the figure as render nodes so that moving the pointer redraws no curve.
 */
#include "ui/plot_canvas_private.h"

#include "ui/plot/readout.h"

#include <math.h>
#include <stdlib.h>

static void fill(GtkSnapshot *snapshot, double x, double y, double width, double height,
                 GdkRGBA color) {
    gtk_snapshot_append_color(snapshot, &color,
                              &GRAPHENE_RECT_INIT((float)x, (float)y, (float)width, (float)height));
}

/* The vertical line runs through every panel that shares the x axis. */
static void snapshot_crosshair(GscPlotCanvas *self, GtkSnapshot *snapshot, const gsc_layout *layout,
                               double px, double py) {
    GdkRGBA color = gsc_plot_color(self->theme->crosshair);
    const gsc_panel *here = self->figure->panels[self->hit_panel];
    gsc_box plot = layout->panels[self->hit_panel].plot;
    double x = gsc_view_x_from_pixel(self->views[self->hit_panel], plot, px);

    fill(snapshot, plot.x, round(py), plot.width, 1, color);
    for (size_t i = 0; i < layout->n_panels; i++) {
        const gsc_panel *panel = self->figure->panels[i];
        if (panel->x.log != here->x.log || g_strcmp0(panel->x.title, here->x.title) != 0) {
            continue;
        }
        plot = layout->panels[i].plot;
        double at = gsc_view_x_to_pixel(self->views[i], plot, x);
        if (at >= plot.x && at <= plot.x + plot.width) {
            fill(snapshot, round(at), plot.y, 1, plot.height, color);
        }
    }
}

/* "1 in 3 fitted to 2" over "n = 1,000   0.0316 [0.021, 0.044]", in Pango markup; caller frees. */
static char *readout_markup(GscPlotCanvas *self, const gsc_layout *layout) {
    const gsc_panel *panel = self->figure->panels[self->hit_panel];
    char x[48], y[48];
    GString *text = g_string_new(NULL);

    if (self->hit.layer < 0) {
        gsc_box plot = layout->panels[self->hit_panel].plot;
        gsc_plot_view view = self->views[self->hit_panel];
        double px = gsc_view_x_from_pixel(view, plot, self->pointer_x);
        double py = gsc_view_y_from_pixel(view, plot, self->pointer_y);
        gsc_format_value(gsc_axis_inverse(&panel->x, px), 3, x, sizeof x);
        gsc_format_value(gsc_axis_inverse(&panel->y, py), 3, y, sizeof y);
        g_string_printf(text, "%s  %s\n%s  %s", panel->x.title ? panel->x.title : "x", x,
                        panel->y.title ? panel->y.title : "y", y);
    } else {
        char *said = gsc_hit_text(panel, &self->hit);
        g_string_append(text, said != NULL ? said : "");
        free(said);
    }
    char *markup = gsc_markup(text->str);
    g_string_free(text, TRUE);
    return markup;
}

static void snapshot_values(GscPlotCanvas *self, GtkSnapshot *snapshot, const gsc_layout *layout,
                            double px, double py) {
    g_autoptr(PangoLayout) pango = gtk_widget_create_pango_layout(GTK_WIDGET(self), NULL);
    char *markup = readout_markup(self, layout);
    int width = 0, height = 0;

    if (markup == NULL) {
        return;
    }
    g_autofree char *small =
        g_strdup_printf("<span size='small' font_features='tnum'>%s</span>", markup);
    free(markup);
    pango_layout_set_markup(pango, small, -1);
    pango_layout_get_pixel_size(pango, &width, &height);

    double x = px + 14, y = py - height - 26;
    if (x + width + 18 > layout->width) {
        x = px - width - 32;
    }
    if (y < 4) {
        y = py + 18;
    }
    x = round(fmax(x, 4));
    y = round(y);
    GdkRGBA ground = gsc_plot_color(self->theme->ground);
    GdkRGBA border = gsc_plot_color(self->theme->axis);
    GdkRGBA ink = gsc_plot_color(self->theme->ink);
    GskRoundedRect frame;
    ground.alpha = 0.94f;
    gsk_rounded_rect_init_from_rect(
        &frame, &GRAPHENE_RECT_INIT((float)x, (float)y, (float)(width + 18), (float)(height + 12)),
        6);
    gtk_snapshot_push_rounded_clip(snapshot, &frame);
    gtk_snapshot_append_color(snapshot, &ground, &frame.bounds);
    if (self->hit.layer >= 0) {
        const gsc_panel *panel = self->figure->panels[self->hit_panel];
        int color = panel->layers[self->hit.layer]->color;
        fill(snapshot, x, y, 4, height + 12,
             gsc_plot_color(gsc_plot_theme_color(self->theme, color)));
    }
    gtk_snapshot_pop(snapshot);
    gtk_snapshot_append_border(snapshot, &frame, (float[4]){1, 1, 1, 1},
                               (GdkRGBA[4]){border, border, border, border});
    gtk_snapshot_save(snapshot);
    gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT((float)(x + 11), (float)(y + 6)));
    gtk_snapshot_append_layout(snapshot, pango, &ink);
    gtk_snapshot_restore(snapshot);
}

static void snapshot_ring(GscPlotCanvas *self, GtkSnapshot *snapshot) {
    GdkRGBA ink = gsc_plot_color(self->theme->ink);
    GskRoundedRect ring;

    gsk_rounded_rect_init_from_rect(
        &ring, &GRAPHENE_RECT_INIT((float)self->hit.px - 7, (float)self->hit.py - 7, 14, 14), 7);
    gtk_snapshot_append_border(snapshot, &ring, (float[4]){1.5f, 1.5f, 1.5f, 1.5f},
                               (GdkRGBA[4]){ink, ink, ink, ink});
}

static void snapshot_box(GscPlotCanvas *self, GtkSnapshot *snapshot) {
    GdkRGBA color = gsc_plot_color(self->theme->ink);
    GdkRGBA wash = color;
    double x = fmin(self->drag_x, self->drag_end_x), y = fmin(self->drag_y, self->drag_end_y);
    double width = fabs(self->drag_end_x - self->drag_x);
    double height = fabs(self->drag_end_y - self->drag_y);
    GskRoundedRect frame;

    wash.alpha = 0.08f;
    fill(snapshot, x, y, width, height, wash);
    gsk_rounded_rect_init_from_rect(
        &frame, &GRAPHENE_RECT_INIT((float)x, (float)y, (float)width, (float)height), 0);
    gtk_snapshot_append_border(snapshot, &frame, (float[4]){1, 1, 1, 1},
                               (GdkRGBA[4]){color, color, color, color});
}

void gsc_plot_canvas_snapshot_readout(GscPlotCanvas *self, GtkSnapshot *snapshot) {
    const gsc_layout *layout = gsc_plot_canvas_get_layout(self);

    if (layout == NULL) {
        return;
    }
    if (self->drag_panel >= 0 && self->drag_is_box) {
        snapshot_box(self, snapshot);
        return;
    }
    if (self->hit_panel < 0 || isnan(self->pointer_x) || self->drag_panel >= 0) {
        return;
    }
    double px = self->pointer_x, py = self->pointer_y;
    if (self->hit.layer >= 0) {
        px = self->hit.px;
        py = self->hit.py;
    }
    snapshot_crosshair(self, snapshot, layout, px, py);
    if (self->hit.layer >= 0) {
        snapshot_ring(self, snapshot);
    }
    snapshot_values(self, snapshot, layout, px, py);
}

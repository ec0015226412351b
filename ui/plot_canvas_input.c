/* SPDX-License-Identifier: MIT
 *
 * A figure to look into: pointer, wheel, pinch and keys. See plot_canvas.h for what they do.
 */
#include "ui/plot_canvas_private.h"

static const double WHEEL_STEP = 1.2;

/* ---- Pointer ------------------------------------------------------------------------------------- */

void gsc_plot_canvas_update_hit(GscPlotCanvas *self) {
    const gsc_layout *layout = gsc_plot_canvas_get_layout(self);

    self->hit.layer = self->hit_panel = -1;
    if (layout == NULL || isnan(self->pointer_x) || self->drag_panel >= 0) {
        return;
    }
    gsc_layout_hit at = gsc_layout_find(layout, self->pointer_x, self->pointer_y);
    if (at.panel < 0 || !at.in_plot || at.legend_row >= 0) {
        return;
    }
    self->hit_panel = at.panel;
    self->hit =
        gsc_view_nearest(self->figure->panels[at.panel], self->views[at.panel],
                         layout->panels[at.panel].plot, self->pointer_x, self->pointer_y, 24);
}

static void on_motion(GtkEventControllerMotion *motion, double x, double y, GscPlotCanvas *self) {
    const gsc_layout *layout = gsc_plot_canvas_get_layout(self);

    if (x == self->pointer_x && y == self->pointer_y) {
        return;
    }
    self->pointer_x = x;
    self->pointer_y = y;
    self->hit_stale = true;
    if (layout != NULL) {
        gsc_layout_hit at = gsc_layout_find(layout, x, y);
        bool on_legend = at.panel >= 0 && at.legend_row >= 0;
        gtk_widget_set_cursor_from_name(GTK_WIDGET(self), on_legend    ? "pointer"
                                                          : at.in_plot ? "crosshair"
                                                                       : NULL);
    }
    gtk_widget_queue_draw(GTK_WIDGET(self));
}

static void on_leave(GtkEventControllerMotion *motion, GscPlotCanvas *self) {
    self->pointer_x = self->pointer_y = NAN;
    gsc_plot_canvas_update_hit(self);
    gtk_widget_queue_draw(GTK_WIDGET(self));
}

/* ---- Zoom ---------------------------------------------------------------------------------------- */

/* Over the plot both axes; over the tick labels below or beside it, that axis alone. */
static void zoom_at(GscPlotCanvas *self, double x, double y, double factor) {
    const gsc_layout *layout = gsc_plot_canvas_get_layout(self);

    if (layout == NULL) {
        return;
    }
    gsc_layout_hit at = gsc_layout_find(layout, x, y);
    if (at.panel < 0) {
        return;
    }
    gsc_box plot = layout->panels[at.panel].plot;
    bool below = y > plot.y + plot.height;
    bool beside = x < plot.x;
    double factor_x = beside ? 1 : factor;
    double factor_y = below ? 1 : factor;
    gsc_plot_canvas_move_view(self, (size_t)at.panel,
                              gsc_view_zoom(self->views[at.panel], &self->homes[at.panel], plot, x,
                                            y, factor_x, factor_y));
}

static gboolean on_scroll(GtkEventControllerScroll *scroll, double dx, double dy,
                          GscPlotCanvas *self) {
    if (isnan(self->pointer_x) || dy == 0) {
        return GDK_EVENT_PROPAGATE;
    }
    zoom_at(self, self->pointer_x, self->pointer_y, pow(WHEEL_STEP, -dy));
    return GDK_EVENT_STOP;
}

static void on_pinch_begin(GtkGesture *gesture, GdkEventSequence *sequence, GscPlotCanvas *self) {
    self->pinch_scale = 1;
}

static void on_pinch(GtkGestureZoom *gesture, double scale, GscPlotCanvas *self) {
    double x = 0, y = 0;

    if (scale > 0 && gtk_gesture_get_bounding_box_center(GTK_GESTURE(gesture), &x, &y)) {
        zoom_at(self, x, y, scale / self->pinch_scale);
        self->pinch_scale = scale;
    }
}

/* ---- Drag: pan, or box zoom ---------------------------------------------------------------------- */

static void on_drag_begin(GtkGestureDrag *drag, double x, double y, GscPlotCanvas *self) {
    const gsc_layout *layout = gsc_plot_canvas_get_layout(self);
    gsc_layout_hit at = {.panel = -1, .legend_row = -1};

    self->drag_panel = -1;
    if (layout != NULL) {
        at = gsc_layout_find(layout, x, y);
    }
    if (at.panel < 0 || at.legend_row >= 0) {
        gtk_gesture_set_state(GTK_GESTURE(drag), GTK_EVENT_SEQUENCE_DENIED);
        return;
    }
    guint button = gtk_gesture_single_get_current_button(GTK_GESTURE_SINGLE(drag));
    GdkModifierType keys = gtk_event_controller_get_current_event_state(GTK_EVENT_CONTROLLER(drag));
    gtk_widget_grab_focus(GTK_WIDGET(self));
    self->drag_panel = at.panel;
    self->drag_is_box = button == GDK_BUTTON_SECONDARY || (keys & GDK_SHIFT_MASK) != 0;
    self->drag_x = self->drag_end_x = x;
    self->drag_y = self->drag_end_y = y;
    self->drag_view = self->views[at.panel];
}

static void on_drag_update(GtkGestureDrag *drag, double dx, double dy, GscPlotCanvas *self) {
    const gsc_layout *layout = gsc_plot_canvas_get_layout(self);

    if (self->drag_panel < 0 || layout == NULL) {
        return;
    }
    self->drag_end_x = self->drag_x + dx;
    self->drag_end_y = self->drag_y + dy;
    self->pointer_x = self->drag_end_x;
    self->pointer_y = self->drag_end_y;
    if (self->drag_is_box) {
        gtk_widget_queue_draw(GTK_WIDGET(self));
    } else if (hypot(dx, dy) > 3) {
        gtk_gesture_set_state(GTK_GESTURE(drag), GTK_EVENT_SEQUENCE_CLAIMED);
        gsc_plot_canvas_move_view(
            self, (size_t)self->drag_panel,
            gsc_view_pan(self->drag_view, layout->panels[self->drag_panel].plot, dx, dy));
    }
}

static void on_drag_end(GtkGestureDrag *drag, double dx, double dy, GscPlotCanvas *self) {
    const gsc_layout *layout = gsc_plot_canvas_get_layout(self);
    int panel = self->drag_panel;

    self->drag_panel = -1;
    self->hit_stale = true;
    gtk_widget_queue_draw(GTK_WIDGET(self));
    if (panel < 0 || layout == NULL || !self->drag_is_box) {
        return;
    }
    if (fabs(dx) >= 4 && fabs(dy) >= 4) {
        gsc_plot_canvas_move_view(self, (size_t)panel,
                                  gsc_view_box_zoom(self->drag_view, layout->panels[panel].plot,
                                                    self->drag_x, self->drag_y, self->drag_x + dx,
                                                    self->drag_y + dy));
    }
    gtk_widget_queue_draw(GTK_WIDGET(self));
}

/* ---- Click --------------------------------------------------------------------------------------- */

static void on_click(GtkGestureClick *click, int presses, double x, double y, GscPlotCanvas *self) {
    const gsc_layout *layout = gsc_plot_canvas_get_layout(self);

    if (layout == NULL) {
        return;
    }
    gtk_widget_grab_focus(GTK_WIDGET(self));
    gsc_layout_hit at = gsc_layout_find(layout, x, y);
    if (at.panel >= 0 && at.legend_row >= 0) {
        gsc_plot_canvas_toggle_legend(self, (size_t)at.panel, (size_t)at.legend_row);
    } else if (presses == 2) {
        gsc_plot_canvas_reset(self);
    }
}

/* ---- Keys ---------------------------------------------------------------------------------------- */

static void pan_all(GscPlotCanvas *self, double dx, double dy) {
    const gsc_layout *layout = gsc_plot_canvas_get_layout(self);

    if (layout == NULL || layout->n_panels == 0) {
        return;
    }
    size_t panel = self->hit_panel >= 0 ? (size_t)self->hit_panel : 0;
    gsc_box plot = layout->panels[panel].plot;
    gsc_plot_canvas_move_view(self, panel, gsc_view_pan(self->views[panel], plot, dx, dy));
}

static gboolean on_key(GtkEventControllerKey *key, guint keyval, guint keycode,
                       GdkModifierType state, GscPlotCanvas *self) {
    if ((state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) != 0) {
        return GDK_EVENT_PROPAGATE;
    }
    switch (keyval) {
    case GDK_KEY_Left:
        pan_all(self, 48, 0);
        return GDK_EVENT_STOP;
    case GDK_KEY_Right:
        pan_all(self, -48, 0);
        return GDK_EVENT_STOP;
    case GDK_KEY_Up:
        pan_all(self, 0, 48);
        return GDK_EVENT_STOP;
    case GDK_KEY_Down:
        pan_all(self, 0, -48);
        return GDK_EVENT_STOP;
    default:
        return GDK_EVENT_PROPAGATE;
    }
}

void gsc_plot_canvas_add_input(GscPlotCanvas *self) {
    GtkWidget *widget = GTK_WIDGET(self);

    GtkEventController *motion = gtk_event_controller_motion_new();
    g_signal_connect(motion, "motion", G_CALLBACK(on_motion), self);
    g_signal_connect(motion, "enter", G_CALLBACK(on_motion), self);
    g_signal_connect(motion, "leave", G_CALLBACK(on_leave), self);
    gtk_widget_add_controller(widget, motion);

    GtkEventController *scroll =
        gtk_event_controller_scroll_new(GTK_EVENT_CONTROLLER_SCROLL_VERTICAL);
    g_signal_connect(scroll, "scroll", G_CALLBACK(on_scroll), self);
    gtk_widget_add_controller(widget, scroll);

    GtkGesture *pinch = gtk_gesture_zoom_new();
    g_signal_connect(pinch, "begin", G_CALLBACK(on_pinch_begin), self);
    g_signal_connect(pinch, "scale-changed", G_CALLBACK(on_pinch), self);
    gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(pinch));

    GtkGesture *drag = gtk_gesture_drag_new();
    gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(drag), 0);
    g_signal_connect(drag, "drag-begin", G_CALLBACK(on_drag_begin), self);
    g_signal_connect(drag, "drag-update", G_CALLBACK(on_drag_update), self);
    g_signal_connect(drag, "drag-end", G_CALLBACK(on_drag_end), self);
    gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(drag));

    GtkGesture *click = gtk_gesture_click_new();
    g_signal_connect(click, "pressed", G_CALLBACK(on_click), self);
    gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(click));

    GtkEventController *key = gtk_event_controller_key_new();
    g_signal_connect(key, "key-pressed", G_CALLBACK(on_key), self);
    gtk_widget_add_controller(widget, key);
}

/* SPDX-License-Identifier: MIT
 *
 * The part of the figure page that OpenGL draws. See plot_view.h.
 */
#include "ui/plot_view.h"

#include <epoxy/gl.h>

struct _GscPlotView {
    GtkGLArea parent;
    gsc_gl_renderer *renderer;
    const gsc_layout *layout;
    gsc_gl_info info; /* strings are owned here */
    char *vendor, *name, *version;
    uint64_t earlier_frames; /* of renderers that are gone */
    bool failed;
};

G_DEFINE_FINAL_TYPE(GscPlotView, gsc_plot_view_widget, GTK_TYPE_GL_AREA)

enum {
    SIGNAL_FAILED,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

static gboolean emit_failed(gpointer data) {
    GscPlotView *self = GSC_PLOT_VIEW(data);
    const GError *error = gtk_gl_area_get_error(GTK_GL_AREA(self));

    g_signal_emit(self, signals[SIGNAL_FAILED], 0,
                  error != NULL ? error->message : "This machine offers no OpenGL.");
    return G_SOURCE_REMOVE;
}

/* The handler takes the view out of the window, which must not happen inside realize or render. */
static void fail_later(GscPlotView *self, const char *message) {
    if (self->failed) {
        return;
    }
    self->failed = true;
    if (message != NULL) {
        g_autoptr(GError) error =
            g_error_new_literal(GDK_GL_ERROR, GDK_GL_ERROR_NOT_AVAILABLE, message);
        gtk_gl_area_set_error(GTK_GL_AREA(self), error);
    }
    g_idle_add_full(G_PRIORITY_HIGH, emit_failed, g_object_ref(self), g_object_unref);
}

static void note_info(GscPlotView *self) {
    gsc_gl_info now = gsc_gl_renderer_info(self->renderer);

    if (self->name == NULL) {
        self->vendor = g_strdup(now.vendor);
        self->name = g_strdup(now.renderer);
        self->version = g_strdup(now.version);
    }
    self->info = now;
    self->info.vendor = self->vendor;
    self->info.renderer = self->name;
    self->info.version = self->version;
    self->info.frames += self->earlier_frames;
}

static void gsc_plot_view_widget_realize(GtkWidget *widget) {
    GscPlotView *self = GSC_PLOT_VIEW(widget);
    gsc_error error = {0};

    GTK_WIDGET_CLASS(gsc_plot_view_widget_parent_class)->realize(widget);
    gtk_gl_area_make_current(GTK_GL_AREA(self));
    if (gtk_gl_area_get_error(GTK_GL_AREA(self)) != NULL) {
        fail_later(self, NULL);
        return;
    }
    if (gsc_gl_renderer_new(&self->renderer, &error) != GSC_OK) {
        fail_later(self, error.message);
        return;
    }
    note_info(self);
}

static void gsc_plot_view_widget_unrealize(GtkWidget *widget) {
    GscPlotView *self = GSC_PLOT_VIEW(widget);

    if (self->renderer != NULL) {
        gtk_gl_area_make_current(GTK_GL_AREA(self));
        note_info(self);
        self->earlier_frames = self->info.frames;
        gsc_gl_renderer_free(self->renderer);
        self->renderer = NULL;
    }
    GTK_WIDGET_CLASS(gsc_plot_view_widget_parent_class)->unrealize(widget);
}

static gboolean gsc_plot_view_widget_render(GtkGLArea *area, GdkGLContext *context) {
    GscPlotView *self = GSC_PLOT_VIEW(area);
    gsc_error error = {0};

    if (self->renderer == NULL || self->layout == NULL) {
        glClearColor(0, 0, 0, 0);
        glClear(GL_COLOR_BUFFER_BIT);
        return TRUE;
    }
    double scale = gtk_widget_get_scale_factor(GTK_WIDGET(self));
    if (gsc_gl_draw(self->renderer, self->layout, scale, &error) != GSC_OK) {
        fail_later(self, error.message);
        return TRUE;
    }
    note_info(self);
    return TRUE;
}

GdkRGBA gsc_plot_color(gsc_rgba color) {
    return (GdkRGBA){color.r, color.g, color.b, color.a};
}

void gsc_plot_snapshot_text(GtkWidget *widget, GtkSnapshot *snapshot, const gsc_layout *layout) {
    size_t n = 0;
    const gsc_text_run *runs = gsc_layout_texts(layout, &n);
    g_autoptr(PangoLayout) pango = gtk_widget_create_pango_layout(widget, NULL);

    for (size_t i = 0; i < n; i++) {
        const gsc_text_run *run = &runs[i];
        GdkRGBA color = gsc_plot_color(run->color);

        gsc_text_run_prepare(run, layout, pango);
        gtk_snapshot_save(snapshot);
        gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT((float)run->x, (float)run->y));
        if (run->rotation != 0) {
            gtk_snapshot_rotate(snapshot, (float)(run->rotation * 180.0 / G_PI));
        }
        gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT((float)run->dx, (float)run->dy));
        gtk_snapshot_append_layout(snapshot, pango, &color);
        gtk_snapshot_restore(snapshot);
    }
}

static void gsc_plot_view_widget_snapshot(GtkWidget *widget, GtkSnapshot *snapshot) {
    GscPlotView *self = GSC_PLOT_VIEW(widget);

    GTK_WIDGET_CLASS(gsc_plot_view_widget_parent_class)->snapshot(widget, snapshot);
    if (self->layout != NULL && self->renderer != NULL) {
        gsc_plot_snapshot_text(widget, snapshot, self->layout);
    }
}

static void gsc_plot_view_widget_finalize(GObject *object) {
    GscPlotView *self = GSC_PLOT_VIEW(object);

    g_free(self->vendor);
    g_free(self->name);
    g_free(self->version);
    G_OBJECT_CLASS(gsc_plot_view_widget_parent_class)->finalize(object);
}

static void gsc_plot_view_widget_class_init(GscPlotViewClass *klass) {
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

    G_OBJECT_CLASS(klass)->finalize = gsc_plot_view_widget_finalize;
    widget_class->realize = gsc_plot_view_widget_realize;
    widget_class->unrealize = gsc_plot_view_widget_unrealize;
    widget_class->snapshot = gsc_plot_view_widget_snapshot;
    GTK_GL_AREA_CLASS(klass)->render = gsc_plot_view_widget_render;
    signals[SIGNAL_FAILED] = g_signal_new("failed", GSC_TYPE_PLOT_VIEW, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void gsc_plot_view_widget_init(GscPlotView *self) {
    gtk_gl_area_set_required_version(GTK_GL_AREA(self), 3, 3);
    gtk_gl_area_set_auto_render(GTK_GL_AREA(self), FALSE);
}

GtkWidget *gsc_plot_view_widget_new(void) {
    return g_object_new(GSC_TYPE_PLOT_VIEW, NULL);
}

void gsc_plot_view_widget_lend_layout(GscPlotView *self, const gsc_layout *layout) {
    self->layout = layout;
}

gsc_gl_info gsc_plot_view_widget_get_info(GscPlotView *self) {
    return self->info;
}

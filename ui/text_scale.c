/* SPDX-License-Identifier: MIT
 *
 * How large the user wants text. See text_scale.h.
 */
#include "ui/text_scale.h"

#include <math.h>

#define WIDTH_KEY "gsc-usual-width"

double gsc_text_scale_get(void) {
    const double usual = 96 * 1024; /* gtk-xft-dpi counts in 1024ths */
    GtkSettings *settings = gtk_settings_get_default();
    int dpi = -1;

    if (settings != NULL) {
        g_object_get(settings, "gtk-xft-dpi", &dpi, NULL);
    }
    return dpi > 0 ? CLAMP(dpi / usual, 0.75, 2.5) : 1;
}

double gsc_text_scale_growth(void) {
    return 1 + 0.5 * (gsc_text_scale_get() - 1);
}

void gsc_text_scale_watch(GObject *object, GCallback changed) {
    GtkSettings *settings = gtk_settings_get_default();

    if (settings != NULL) {
        g_signal_connect_object(settings, "notify::gtk-xft-dpi", changed, object, 0);
    }
}

static void on_scale_changed(GtkSettings *settings, GParamSpec *pspec, GtkWidget *widget) {
    int usual = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(widget), WIDTH_KEY));

    gtk_widget_set_size_request(widget, (int)lround(usual * gsc_text_scale_growth()), -1);
}

void gsc_text_scale_set_width(GtkWidget *widget, int width) {
    g_object_set_data(G_OBJECT(widget), WIDTH_KEY, GINT_TO_POINTER(width));
    gsc_text_scale_watch(G_OBJECT(widget), G_CALLBACK(on_scale_changed));
    on_scale_changed(NULL, NULL, widget);
}

/* SPDX-License-Identifier: MIT
 *
 * Styles that follow the display. See style.h.
 */
#include "ui/style.h"

#include "ui/text_scale.h"

#include <math.h>

enum {
    ICON_SIZE = 16 /* pixels at the usual text scale */
};

#define PLAIN_POPOVERS "/org/gatescope/Gatescope/plain-popovers.css"

static void show_popovers(GdkDisplay *display, GParamSpec *pspec, GtkCssProvider *provider) {
    if (gdk_display_is_composited(display)) {
        gtk_css_provider_load_from_data(provider, "", -1);
    } else {
        gtk_css_provider_load_from_resource(provider, PLAIN_POPOVERS);
    }
}

/* At the usual scale the theme's own size stays. */
static void show_icons(GtkSettings *settings, GParamSpec *pspec, GtkCssProvider *provider) {
    const int size = (int)lround(ICON_SIZE * gsc_text_scale_growth());
    g_autofree char *css =
        size != ICON_SIZE ? g_strdup_printf("image { -gtk-icon-size: %dpx; }", size) : g_strdup("");

    gtk_css_provider_load_from_data(provider, css, -1);
}

static GtkCssProvider *add_provider(GdkDisplay *display) {
    GtkCssProvider *provider = gtk_css_provider_new();

    gtk_style_context_add_provider_for_display(display, GTK_STYLE_PROVIDER(provider),
                                               GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
    g_object_unref(provider); /* the display holds it */
    return provider;
}

void gsc_style_follow(GdkDisplay *display) {
    GtkCssProvider *popovers = add_provider(display), *icons = add_provider(display);

    show_popovers(display, NULL, popovers);
    show_icons(NULL, NULL, icons);
    g_signal_connect_object(display, "notify::composited", G_CALLBACK(show_popovers), popovers, 0);
    gsc_text_scale_watch(G_OBJECT(icons), G_CALLBACK(show_icons));
}

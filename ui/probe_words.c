/* SPDX-License-Identifier: MIT
 *
 * Where the window's words are. See probe_words.h.
 */
#include "ui/probe_words.h"

#include <adwaita.h>

static const float SLACK = 1.5F; /* pixels: boxes are rounded */

/* The widget's box lies in the holder's, its padding taken along. */
static bool is_inside(GtkWidget *widget, GtkWidget *holder) {
    graphene_rect_t box, all;

    if (!gtk_widget_compute_bounds(widget, holder, &box) ||
        !gtk_widget_compute_bounds(holder, holder, &all)) {
        return false;
    }
    graphene_rect_inset(&all, -SLACK, -SLACK);
    return graphene_rect_contains_rect(&all, &box);
}

static bool is_control(GtkWidget *widget) {
    return GTK_IS_BUTTON(widget) || GTK_IS_MENU_BUTTON(widget) || GTK_IS_DROP_DOWN(widget) ||
           ADW_IS_PREFERENCES_ROW(widget);
}

static void add_label(json_t *words, GtkLabel *label, GtkWidget *window) {
    GtkWidget *widget = GTK_WIDGET(label);
    bool seen = true, lost = false, control = false, scrolled = false;
    double surface_x = 0, surface_y = 0;
    graphene_rect_t box;

    for (GtkWidget *holder = gtk_widget_get_parent(widget); holder != NULL;
         holder = holder != window ? gtk_widget_get_parent(holder) : NULL) {
        const bool inside = is_inside(widget, holder);
        scrolled = scrolled || GTK_IS_SCROLLABLE(holder);
        seen =
            seen &&
            (inside || (scrolled && !GTK_IS_SCROLLED_WINDOW(holder) && !GTK_IS_SCROLLABLE(holder)));
        lost = lost || (!inside && !scrolled);
        control = control || is_control(holder);
    }
    gtk_native_get_surface_transform(GTK_NATIVE(window), &surface_x, &surface_y);
    if (!gtk_widget_compute_bounds(widget, window, &box)) {
        return;
    }
    const bool ended = pango_layout_is_ellipsized(gtk_label_get_layout(label));
    json_array_append_new(words, json_pack("{s:s, s:[f,f,f,f], s:b, s:b, s:b, s:b}", "text",
                                           gtk_label_get_text(label), "box",
                                           box.origin.x + surface_x, box.origin.y + surface_y,
                                           (double)box.size.width, (double)box.size.height,
                                           "active", gtk_widget_is_sensitive(widget), "seen",
                                           seen && !lost, "lost", lost, "short", control && ended));
}

static void add_labels(json_t *words, GtkWidget *widget, GtkWidget *window) {
    if (!gtk_widget_get_mapped(widget)) {
        return;
    }
    if (GTK_IS_LABEL(widget) && *gtk_label_get_text(GTK_LABEL(widget)) != '\0') {
        add_label(words, GTK_LABEL(widget), window);
    }
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child != NULL;
         child = gtk_widget_get_next_sibling(child)) {
        add_labels(words, child, window);
    }
}

json_t *gsc_probe_words(GtkWindow *window) {
    GListModel *all = gtk_window_get_toplevels();
    GtkWidget *front = GTK_WIDGET(window);
    json_t *words = json_array();

    for (guint i = 0; i < g_list_model_get_n_items(all); i++) {
        g_autoptr(GtkWidget) other = g_list_model_get_item(all, i);
        if (gtk_widget_get_mapped(other) &&
            gtk_window_get_transient_for(GTK_WINDOW(other)) == window) {
            front = other; /* the list of windows holds it */
        }
    }
    add_labels(words, front, front);
    return words;
}

/* SPDX-License-Identifier: MIT
 *
 * How the window's figure is looked at: the actions win.log-x, win.log-y, win.smooth, win.group-seeds and
 * win.band, their keys' steps, and their states as the figure has them.
 */
#include "ui/window_private.h"

#include "ui/figure_look.h"

#include <jansson.h>
#include <stdlib.h>

static const char *const bands[] = {[GSC_BAND_95] = "95",
                                    [GSC_BAND_SD] = "std",
                                    [GSC_BAND_ERROR] = "stderr",
                                    [GSC_BAND_RANGE] = "range"};

static void change_log(GscWindow *self, bool x, bool log) {
    gsc_figure_look look = gsc_figure_page_get_look(self->page);

    *(x ? &look.log_x : &look.log_y) = log ? 1 : -1;
    gsc_figure_page_set_look(self->page, look);
}

static void change_log_x(GSimpleAction *action, GVariant *value, gpointer data) {
    change_log(GSC_WINDOW(data), true, g_variant_get_boolean(value));
}

static void change_log_y(GSimpleAction *action, GVariant *value, gpointer data) {
    change_log(GSC_WINDOW(data), false, g_variant_get_boolean(value));
}

static void set_smooth(GscWindow *self, int smooth) {
    gsc_figure_look look = gsc_figure_page_get_look(self->page);

    look.smooth = smooth;
    gsc_figure_page_set_look(self->page, look);
}

static void change_smooth(GSimpleAction *action, GVariant *value, gpointer data) {
    set_smooth(GSC_WINDOW(data), atoi(g_variant_get_string(value, NULL)));
}

void gsc_window_next_smooth(GscWindow *self) {
    int smooth = gsc_figure_look_next_smooth(gsc_figure_page_get_look(self->page).smooth);
    g_autofree char *text = smooth > 0 ? g_strdup_printf("Smoothed over %d points", smooth)
                                       : g_strdup("Lines as measured");

    set_smooth(self, smooth);
    gsc_window_say_shortly(self, text);
}

static void change_group(GSimpleAction *action, GVariant *value, gpointer data) {
    GscWindow *self = GSC_WINDOW(data);
    gsc_figure_look look = gsc_figure_page_get_look(self->page);

    look.group = g_variant_get_boolean(value);
    gsc_figure_page_set_look(self->page, look);
    if (look.group && gsc_figure_page_count_groups(self->page) == 0) {
        gsc_window_say_shortly(self, "No two runs in this figure differ in their seed alone");
    }
}

static void change_band(GSimpleAction *action, GVariant *value, gpointer data) {
    GscWindow *self = GSC_WINDOW(data);
    gsc_figure_look look = gsc_figure_page_get_look(self->page);

    for (gsize i = 0; i < G_N_ELEMENTS(bands); i++) {
        if (g_str_equal(bands[i], g_variant_get_string(value, NULL))) {
            look.band = (gsc_band)i;
        }
    }
    gsc_figure_page_set_look(self->page, look);
}

static void show_state(GscWindow *self, const char *name, bool enabled, GVariant *state) {
    GAction *action = g_action_map_lookup_action(G_ACTION_MAP(self), name);

    g_simple_action_set_enabled(G_SIMPLE_ACTION(action),
                                enabled && gtk_widget_get_visible(GTK_WIDGET(self->page)));
    g_simple_action_set_state(G_SIMPLE_ACTION(action), state);
}

/* Keys of the figure do nothing while another page is in its place. */
static void on_visible(GtkWidget *page, GParamSpec *pspec, GscWindow *self) {
    static const char *const names[] = {"win.reset-view", "win.zoom-in", "win.zoom-out",
                                        "win.next-smooth"};
    static const char *const looks[] = {"log-x", "log-y", "smooth", "group-seeds", "band"};
    const gsc_figure *figure = gsc_plot_canvas_get_figure(gsc_figure_page_get_canvas(self->page));
    const bool seen = gtk_widget_get_visible(page);

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        gtk_widget_action_set_enabled(GTK_WIDGET(self), names[i], seen);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(looks); i++) {
        const bool axis = i < 2;
        g_simple_action_set_enabled(
            G_SIMPLE_ACTION(g_action_map_lookup_action(G_ACTION_MAP(self), looks[i])),
            seen && (!axis || gsc_figure_look_has_scale(figure, i == 0)));
    }
}

/* The page has another figure: buttons and menu show how it is looked at. */
static void on_figure_taken(GscFigurePage *page, GscWindow *self) {
    const gsc_figure *figure = gsc_plot_canvas_get_figure(gsc_figure_page_get_canvas(page));
    gsc_figure_look look = gsc_figure_page_get_look(page);
    g_autofree char *smooth = g_strdup_printf("%d", look.smooth);

    show_state(self, "log-x", gsc_figure_look_has_scale(figure, true),
               g_variant_new_boolean(gsc_figure_look_is_log(figure, true)));
    show_state(self, "log-y", gsc_figure_look_has_scale(figure, false),
               g_variant_new_boolean(gsc_figure_look_is_log(figure, false)));
    show_state(self, "smooth", true, g_variant_new_string(smooth));
    show_state(self, "group-seeds", true, g_variant_new_boolean(look.group));
    show_state(self, "band", true, g_variant_new_string(bands[look.band]));
}

void gsc_window_add_look(GscWindow *self) {
    static const GActionEntry entries[] = {
        {"log-x", NULL, NULL, "false", change_log_x},
        {"log-y", NULL, NULL, "false", change_log_y},
        {"smooth", NULL, "s", "'0'", change_smooth},
        {"group-seeds", NULL, NULL, "false", change_group},
        {"band", NULL, "s", "'95'", change_band},
    };

    g_action_map_add_action_entries(G_ACTION_MAP(self), entries, G_N_ELEMENTS(entries), self);
    gsc_figure_page_set_state(self->page, self->state);
    g_signal_connect_object(self->page, "figure-taken", G_CALLBACK(on_figure_taken), self, 0);
    g_signal_connect_object(self->page, "notify::visible", G_CALLBACK(on_visible), self, 0);
}

void gsc_window_describe_look(GscWindow *self, json_t *report) {
    const gsc_figure *figure = gsc_plot_canvas_get_figure(gsc_figure_page_get_canvas(self->page));
    gsc_figure_look look = gsc_figure_page_get_look(self->page);

    json_object_set_new(report, "log_x", json_boolean(gsc_figure_look_is_log(figure, true)));
    json_object_set_new(report, "log_y", json_boolean(gsc_figure_look_is_log(figure, false)));
    GtkShortcutsWindow *sheet =
        gtk_application_window_get_help_overlay(GTK_APPLICATION_WINDOW(self));

    json_object_set_new(report, "sheet",
                        json_boolean(sheet != NULL && gtk_widget_get_visible(GTK_WIDGET(sheet))));
    GdkContentFormats *copied =
        gdk_clipboard_get_formats(gtk_widget_get_clipboard(GTK_WIDGET(self)));

    json_object_set_new(report, "copied",
                        json_boolean(gdk_content_formats_contain_gtype(copied, GDK_TYPE_TEXTURE)));
    json_object_set_new(report, "smooth", json_integer(look.smooth));
    json_object_set_new(report, "groups",
                        json_integer((json_int_t)gsc_figure_page_count_groups(self->page)));
}

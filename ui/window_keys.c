/* SPDX-License-Identifier: MIT
 *
 * Keys of the window that depend on what is in sight: those of the figure, which say so where there is none,
 * and Escape, which leads back one step at a time. The other keys are beside their actions
 * (window_actions.c). All are bindings of the window, not accelerators of the application, so that a text
 * field with the focus gets its letters first.
 *
 * Layer: ui.
 */
#include "ui/window_private.h"

#include <string.h>

/* ---- Words --------------------------------------------------------------------------------------- */

static void on_hint_gone(AdwToast *toast, GscWindow *self) {
    if (self->hint == toast) {
        self->hint = NULL;
    }
}

void gsc_window_say_shortly(GscWindow *self, const char *text) {
    g_autofree char *escaped = g_markup_escape_text(text, -1);

    if (self->hint !=
        NULL) { /* a key pressed ten times says it once; see tell() in window_undo.c */
        adw_toast_set_title(self->hint, escaped);
        return;
    }
    self->hint = adw_toast_new(escaped);
    adw_toast_set_timeout(self->hint, 3);
    g_signal_connect_object(self->hint, "dismissed", G_CALLBACK(on_hint_gone), self, 0);
    adw_toast_overlay_add_toast(self->toasts, self->hint);
}

void gsc_window_say_until_closed(GscWindow *self, const char *sentence) {
    g_autofree char *escaped = g_markup_escape_text(sentence, -1);
    AdwToast *toast = adw_toast_new(escaped);

    adw_toast_set_timeout(toast, 0);
    adw_toast_overlay_add_toast(self->toasts, toast);
}

/* ---- Keys of the figure -------------------------------------------------------------------------- */

static const char *why_not(GscWindow *self, const char *action) {
    if (!gtk_widget_get_visible(GTK_WIDGET(self->page))) {
        return gtk_widget_get_visible(GTK_WIDGET(self->sweep_page))
                   ? "There is no single figure here: open an arm first"
                   : "There is no figure here: choose an experiment or a run";
    }
    return g_str_equal(action, "win.log-x")   ? "The x axis of this figure has one scale"
           : g_str_equal(action, "win.log-y") ? "The y axis of this figure has one scale"
                                              : NULL;
}

static bool is_enabled(GscWindow *self, const char *action) {
    GAction *stateful = g_action_map_lookup_action(G_ACTION_MAP(self), action + strlen("win."));

    return gtk_widget_get_visible(GTK_WIDGET(self->page)) &&
           (stateful == NULL || g_action_get_enabled(stateful));
}

static gboolean press(GtkWidget *widget, GVariant *args, gpointer data) {
    GscWindow *self = GSC_WINDOW(widget);
    const char *action = NULL;

    g_variant_get(args, "(&s)", &action);
    const char *reason = is_enabled(self, action) ? NULL : why_not(self, action);
    if (reason != NULL) {
        gsc_window_say_shortly(self, reason);
    } else {
        gtk_widget_activate_action(widget, action, NULL);
    }
    return GDK_EVENT_STOP;
}

/* ---- Escape -------------------------------------------------------------------------------------- */

void gsc_window_focus_page(GscWindow *self) {
    if (gtk_widget_get_visible(GTK_WIDGET(self->page))) {
        gtk_widget_grab_focus(GTK_WIDGET(gsc_figure_page_get_canvas(self->page)));
    } else if (gtk_widget_get_visible(GTK_WIDGET(self->start_page))) {
        gtk_widget_child_focus(GTK_WIDGET(self->start_page), GTK_DIR_TAB_FORWARD);
    } else {
        gtk_widget_child_focus(GTK_WIDGET(self->sweep_page), GTK_DIR_TAB_FORWARD);
    }
}

static bool has_focus_in(GscWindow *self, GtkWidget *part) {
    GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(self));

    return focus != NULL && gtk_widget_get_visible(part) && gtk_widget_is_ancestor(focus, part);
}

static bool has_focus_in_toast(GscWindow *self) {
    return has_focus_in(self, GTK_WIDGET(self->toasts)) &&
           !has_focus_in(self, adw_toast_overlay_get_child(self->toasts));
}

/* The first of these that there is: out of a text field or a toast, out of the table, from the plugins to the
 * runs, from the start page to what it came over, from an arm to all arms; and with nothing left to leave,
 * Stop. */
static void act_back(GtkWidget *widget, const char *name, GVariant *parameter) {
    GscWindow *self = GSC_WINDOW(widget);
    const bool start = gtk_widget_get_visible(GTK_WIDGET(self->start_page));

    if (GTK_IS_EDITABLE(gtk_window_get_focus(GTK_WINDOW(self))) || has_focus_in_toast(self)) {
        gsc_window_focus_page(self);
    } else if (has_focus_in(self, GTK_WIDGET(self->run_table))) {
        gtk_widget_activate_action(widget, "win.show-table", NULL);
        gsc_window_focus_page(self);
    } else if (has_focus_in(self, GTK_WIDGET(self->sidebar)) &&
               gsc_sidebar_leave_plugins(self->sidebar)) {
        return;
    } else if (start && self->asked) {
        gsc_window_show_start(self, false);
        gsc_window_focus_page(self);
    } else if (self->arm_runs != NULL) {
        gsc_window_show_all_arms(self);
        gsc_window_focus_page(self);
    } else {
        gtk_widget_activate_action(widget, "win.stop", NULL);
    }
}

/* ---- The table ----------------------------------------------------------------------------------- */

void gsc_window_install_keys(GtkWidgetClass *klass) {
    static const struct {
        guint key;
        GdkModifierType modifiers;
        const char *action;
    } keys[] = {
        {GDK_KEY_x, 0, "win.log-x"},
        {GDK_KEY_y, 0, "win.log-y"},
        {GDK_KEY_s, 0, "win.next-smooth"},
        {GDK_KEY_g, 0, "win.group-seeds"},
        {GDK_KEY_0, 0, "win.reset-view"},
        {GDK_KEY_KP_0, 0, "win.reset-view"},
        {GDK_KEY_Home, 0, "win.reset-view"},
        {GDK_KEY_plus, 0, "win.zoom-in"},
        {GDK_KEY_plus, GDK_SHIFT_MASK, "win.zoom-in"},
        {GDK_KEY_equal, 0, "win.zoom-in"},
        {GDK_KEY_KP_Add, 0, "win.zoom-in"},
        {GDK_KEY_minus, 0, "win.zoom-out"},
        {GDK_KEY_KP_Subtract, 0, "win.zoom-out"},
        {GDK_KEY_t, GDK_CONTROL_MASK, "win.show-numbers"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        gtk_widget_class_add_binding(klass, keys[i].key, keys[i].modifiers, press, "(s)",
                                     keys[i].action);
    }
    gtk_widget_class_install_action(klass, "win.back", NULL, act_back);
    gtk_widget_class_add_binding_action(klass, GDK_KEY_Escape, 0, "win.back", NULL);
}

void gsc_window_add_escape(GscWindow *self) {
    GtkEventController *keys = gtk_shortcut_controller_new();

    gtk_shortcut_controller_add_shortcut(GTK_SHORTCUT_CONTROLLER(keys),
                                         gtk_shortcut_new(gtk_keyval_trigger_new(GDK_KEY_Escape, 0),
                                                          gtk_named_action_new("win.back")));
    gtk_widget_add_controller(GTK_WIDGET(self->toasts), keys);
}

/* SPDX-License-Identifier: MIT
 *
 * The window's actions and their keys (those of the figure, and Escape: window_keys.c). Keys without Ctrl are
 * bindings of the window, not accelerators of the application, so that a text field with the focus gets its
 * letters first.
 */
#include "ui/window_private.h"

#include "ui/launcher.h"

#include <string.h>

#define ZOOM_STEP 1.25

static GscPlotCanvas *canvas_of(GtkWidget *widget) {
    return gsc_figure_page_get_canvas(GSC_WINDOW(widget)->page);
}

static void act_run(GtkWidget *widget, const char *name, GVariant *parameter) {
    gsc_window_run(GSC_WINDOW(widget));
}

static void act_stop(GtkWidget *widget, const char *name, GVariant *parameter) {
    gsc_window_stop(GSC_WINDOW(widget));
}

static void act_export(GtkWidget *widget, const char *name, GVariant *parameter) {
    gsc_window_ask_export(GSC_WINDOW(widget));
}

static void act_export_to(GtkWidget *widget, const char *name, GVariant *parameter) {
    gsc_window_export_to(GSC_WINDOW(widget), g_variant_get_string(parameter, NULL));
}

static void act_copy_figure(GtkWidget *widget, const char *name, GVariant *parameter) {
    gsc_window_copy_figure(GSC_WINDOW(widget));
}

static void act_reset(GtkWidget *widget, const char *name, GVariant *parameter) {
    gsc_plot_canvas_reset(canvas_of(widget));
}

static void act_zoom_in(GtkWidget *widget, const char *name, GVariant *parameter) {
    gsc_plot_canvas_zoom(canvas_of(widget), ZOOM_STEP);
}

static void act_zoom_out(GtkWidget *widget, const char *name, GVariant *parameter) {
    gsc_plot_canvas_zoom(canvas_of(widget), 1 / ZOOM_STEP);
}

static void act_find(GtkWidget *widget, const char *name, GVariant *parameter) {
    GscWindow *self = GSC_WINDOW(widget);

    adw_flap_set_reveal_flap(self->left_flap, TRUE);
    gsc_sidebar_find(self->sidebar);
}

static void act_next_smooth(GtkWidget *widget, const char *name, GVariant *parameter) {
    gsc_window_next_smooth(GSC_WINDOW(widget));
}

static void act_start_page(GtkWidget *widget, const char *name, GVariant *parameter) {
    GscWindow *self = GSC_WINDOW(widget);

    self->asked = true; /* and there is a way back from it */
    gsc_window_show_start(self, true);
    gsc_window_focus_page(self);
}

static void act_toggle_run(GtkWidget *widget, const char *name, GVariant *parameter) {
    gsc_window_toggle_run(GSC_WINDOW(widget), g_variant_get_string(parameter, NULL));
}

static void act_trash_run(GtkWidget *widget, const char *name, GVariant *parameter) {
    gsc_window_trash_run(GSC_WINDOW(widget), g_variant_get_string(parameter, NULL));
}

static void act_undo(GtkWidget *widget, const char *name, GVariant *parameter) {
    gsc_window_undo_last(GSC_WINDOW(widget));
}

static void act_resume_run(GtkWidget *widget, const char *name, GVariant *parameter) {
    gsc_window_resume_run(GSC_WINDOW(widget), g_variant_get_string(parameter, NULL));
}

static void act_copy_command(GtkWidget *widget, const char *name, GVariant *parameter) {
    GscWindow *self = GSC_WINDOW(widget);
    g_auto(GStrv) assignments = gsc_setup_panel_dup_assignments(self->setup);
    g_autofree char *output = g_strdup_printf("%s.gsc", gsc_experiment_get_name(self->experiment));
    g_autofree char *line = gsc_launcher_command_line(gsc_experiment_get_source(self->experiment),
                                                      (const char *const *)assignments, output);

    gdk_clipboard_set_text(gtk_widget_get_clipboard(widget), line);
    adw_toast_overlay_add_toast(self->toasts, adw_toast_new("Copied: paste it in a terminal"));
}

static void on_file_chosen(GtkNativeDialog *dialog, int response, GscWindow *self) {
    if (response == GTK_RESPONSE_ACCEPT) {
        g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
        g_autofree char *path = file != NULL ? g_file_get_path(file) : NULL;
        if (path != NULL) {
            gsc_window_open_file(self, path);
        }
    }
    g_object_unref(dialog);
}

static void act_open(GtkWidget *widget, const char *name, GVariant *parameter) {
    GtkFileChooserNative *dialog =
        gtk_file_chooser_native_new("Open a run, a spec or a picture", GTK_WINDOW(widget),
                                    GTK_FILE_CHOOSER_ACTION_OPEN, "_Open", "_Cancel");
    g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();

    gtk_file_filter_set_name(filter, "Runs, specs and exported pictures");
    gtk_file_filter_add_pattern(filter, "*.gsc");
    gtk_file_filter_add_pattern(filter, "*.json");
    gtk_file_filter_add_pattern(filter, "*.png");
    gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(dialog), filter);
    g_signal_connect_object(dialog, "response", G_CALLBACK(on_file_chosen), widget, 0);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

static void act_new_gate(GtkWidget *widget, const char *name, GVariant *parameter) {
    gsc_window_ask_new_gate(GSC_WINDOW(widget), NULL);
}

static void act_new_gate_from(GtkWidget *widget, const char *name, GVariant *parameter) {
    gsc_window_ask_new_gate(GSC_WINDOW(widget), g_variant_get_string(parameter, NULL));
}

static void act_edit_source(GtkWidget *widget, const char *name, GVariant *parameter) {
    gsc_workshop_edit(GSC_WINDOW(widget)->workshop, g_variant_get_string(parameter, NULL), 0);
}

static void act_trust(GtkWidget *widget, const char *name, GVariant *parameter) {
    gsc_plugin_store_trust(GSC_WINDOW(widget)->plugins, g_variant_get_string(parameter, NULL));
}

/* ---- Actions with a state ------------------------------------------------------------------------ */

/* win.show-list, win.show-setup, win.show-numbers and win.theme live on the window's action map, because
 * they show their state in menus and toggle buttons. */

static void change_list(GSimpleAction *action, GVariant *value, gpointer data) {
    adw_flap_set_reveal_flap(GSC_WINDOW(data)->left_flap, g_variant_get_boolean(value));
    g_simple_action_set_state(action, value);
}

static void change_setup(GSimpleAction *action, GVariant *value, gpointer data) {
    adw_flap_set_reveal_flap(GSC_WINDOW(data)->right_flap, g_variant_get_boolean(value));
    g_simple_action_set_state(action, value);
}

static void change_numbers(GSimpleAction *action, GVariant *value, gpointer data) {
    gsc_figure_page_set_numbers_shown(GSC_WINDOW(data)->page, g_variant_get_boolean(value));
    gsc_state_set_int(GSC_WINDOW(data)->state, "numbers", g_variant_get_boolean(value));
    g_simple_action_set_state(action, value);
}

static void change_theme(GSimpleAction *action, GVariant *value, gpointer data) {
    const char *theme = g_variant_get_string(value, NULL);
    AdwColorScheme scheme = strcmp(theme, "dark") == 0    ? ADW_COLOR_SCHEME_FORCE_DARK
                            : strcmp(theme, "light") == 0 ? ADW_COLOR_SCHEME_FORCE_LIGHT
                                                          : ADW_COLOR_SCHEME_DEFAULT;

    adw_style_manager_set_color_scheme(adw_style_manager_get_default(), scheme);
    gsc_state_set_int(GSC_WINDOW(data)->state, "theme", (int)scheme);
    g_simple_action_set_state(action, value);
}

static void on_reveal_changed(AdwFlap *flap, GParamSpec *pspec, GSimpleAction *action) {
    g_simple_action_set_state(action, g_variant_new_boolean(adw_flap_get_reveal_flap(flap)));
}

void gsc_window_add_states(GscWindow *self) {
    static const GActionEntry entries[] = {
        {"show-list", NULL, NULL, "true", change_list},
        {"show-setup", NULL, NULL, "true", change_setup},
        {"show-numbers", NULL, NULL, "false", change_numbers},
        {"theme", NULL, "s", "'system'", change_theme},
    };
    AdwColorScheme scheme = adw_style_manager_get_color_scheme(adw_style_manager_get_default());
    const char *theme = scheme == ADW_COLOR_SCHEME_FORCE_DARK    ? "dark"
                        : scheme == ADW_COLOR_SCHEME_FORCE_LIGHT ? "light"
                                                                 : "system";
    GActionMap *map = G_ACTION_MAP(self);

    g_action_map_add_action_entries(map, entries, G_N_ELEMENTS(entries), self);
    GSimpleAction *list = G_SIMPLE_ACTION(g_action_map_lookup_action(map, "show-list"));
    GSimpleAction *setup = G_SIMPLE_ACTION(g_action_map_lookup_action(map, "show-setup"));
    g_simple_action_set_state(G_SIMPLE_ACTION(g_action_map_lookup_action(map, "theme")),
                              g_variant_new_string(theme));
    g_signal_connect_object(self->left_flap, "notify::reveal-flap", G_CALLBACK(on_reveal_changed),
                            list, 0);
    g_signal_connect_object(self->right_flap, "notify::reveal-flap", G_CALLBACK(on_reveal_changed),
                            setup, 0);
    if (gsc_state_get_int(self->state, "numbers", 0) != 0) {
        g_action_change_state(g_action_map_lookup_action(map, "show-numbers"),
                              g_variant_new_boolean(TRUE));
    }
    on_reveal_changed(self->left_flap, NULL, list);
    on_reveal_changed(self->right_flap, NULL, setup);
    gsc_window_add_escape(self);
}

/* ---- Keys ---------------------------------------------------------------------------------------- */

static void bind(GtkWidgetClass *klass, guint key, GdkModifierType modifiers, const char *action) {
    gtk_widget_class_add_binding_action(klass, key, modifiers, action, NULL);
}

void gsc_window_install_actions(GtkWidgetClass *klass) {
    gtk_widget_class_install_action(klass, "win.run", NULL, act_run);
    gtk_widget_class_install_action(klass, "win.stop", NULL, act_stop);
    gtk_widget_class_install_action(klass, "win.open", NULL, act_open);
    gtk_widget_class_install_action(klass, "win.export", NULL, act_export);
    gtk_widget_class_install_action(klass, "win.copy-figure", NULL, act_copy_figure);
    gtk_widget_class_install_action(klass, "win.export-to", "s", act_export_to);
    gtk_widget_class_install_action(klass, "win.reset-view", NULL, act_reset);
    gtk_widget_class_install_action(klass, "win.zoom-in", NULL, act_zoom_in);
    gtk_widget_class_install_action(klass, "win.zoom-out", NULL, act_zoom_out);
    gtk_widget_class_install_action(klass, "win.find", NULL, act_find);
    gtk_widget_class_install_action(klass, "win.next-smooth", NULL, act_next_smooth);
    gtk_widget_class_install_action(klass, "win.start-page", NULL, act_start_page);
    gtk_widget_class_install_action(klass, "win.toggle-run", "s", act_toggle_run);
    gtk_widget_class_install_action(klass, "win.trash-run", "s", act_trash_run);
    gtk_widget_class_install_action(klass, "win.undo", NULL, act_undo);
    gtk_widget_class_install_action(klass, "win.resume-run", "s", act_resume_run);
    gtk_widget_class_install_action(klass, "win.copy-command", NULL, act_copy_command);
    gtk_widget_class_install_action(klass, "win.new-gate", NULL, act_new_gate);
    gtk_widget_class_install_action(klass, "win.new-gate-from", "s", act_new_gate_from);
    gtk_widget_class_install_action(klass, "win.edit-source", "s", act_edit_source);
    gtk_widget_class_install_action(klass, "win.trust", "s", act_trust);

    bind(klass, GDK_KEY_n, GDK_CONTROL_MASK, "win.new-gate");
    bind(klass, GDK_KEY_r, GDK_CONTROL_MASK, "win.run");
    bind(klass, GDK_KEY_F5, 0, "win.run");
    bind(klass, GDK_KEY_r, 0, "win.run");
    bind(klass, GDK_KEY_period, GDK_CONTROL_MASK, "win.stop");
    bind(klass, GDK_KEY_o, GDK_CONTROL_MASK, "win.open");
    bind(klass, GDK_KEY_e, GDK_CONTROL_MASK, "win.export");
    bind(klass, GDK_KEY_e, 0, "win.export");
    bind(klass, GDK_KEY_c, GDK_CONTROL_MASK, "win.copy-figure");
    bind(klass, GDK_KEY_z, GDK_CONTROL_MASK, "win.undo");
    bind(klass, GDK_KEY_Home, GDK_ALT_MASK, "win.start-page");
    bind(klass, GDK_KEY_slash, 0, "win.find");
    bind(klass, GDK_KEY_f, GDK_CONTROL_MASK, "win.find");
    bind(klass, GDK_KEY_t, 0, "win.show-table");
    bind(klass, GDK_KEY_F9, 0, "win.show-list");
    bind(klass, GDK_KEY_F9, GDK_CONTROL_MASK, "win.show-setup");
    bind(klass, GDK_KEY_question, 0, "win.show-help-overlay");
    bind(klass, GDK_KEY_question, GDK_SHIFT_MASK, "win.show-help-overlay");
    gsc_window_install_keys(klass);
}

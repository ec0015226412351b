/* SPDX-License-Identifier: MIT
 *
 * The window: construction and selection. See window_private.h for its other parts.
 */
#include "ui/window_private.h"

#include "ui/access.h"

G_DEFINE_FINAL_TYPE(GscWindow, gsc_window, ADW_TYPE_APPLICATION_WINDOW)

/* ---- Selection ----------------------------------------------------------------------------------- */

GscExperiment *gsc_window_find_experiment(GscWindow *self, const char *name) {
    for (guint i = 0; i < g_list_model_get_n_items(G_LIST_MODEL(self->experiments)); i++) {
        g_autoptr(GscExperiment) experiment =
            g_list_model_get_item(G_LIST_MODEL(self->experiments), i);
        if (g_strcmp0(gsc_experiment_get_name(experiment), name) == 0) {
            return experiment; /* the list holds it */
        }
    }
    return NULL;
}

void gsc_window_choose_experiment(GscWindow *self, GscExperiment *experiment) {
    if (self->experiment == experiment && self->solo == NULL && self->arm_runs == NULL) {
        return;
    }
    g_clear_object(&self->solo);
    g_set_object(&self->experiment, experiment);
    gsc_sidebar_select_experiment(self->sidebar, experiment);
    gsc_setup_panel_set_experiment(self->setup, experiment);
    gsc_figure_page_set_trouble(self->page, NULL);
    gsc_plot_canvas_reset(gsc_figure_page_get_canvas(self->page));
    gsc_window_show_sweep(self);
    gsc_window_show_start(self, false);
    gsc_window_update_figure(self);
}

bool gsc_window_select_experiment(GscWindow *self, const char *name) {
    GscExperiment *experiment = gsc_window_find_experiment(self, name);

    if (experiment != NULL) {
        gsc_window_choose_experiment(self, experiment);
    }
    return experiment != NULL;
}

static void on_experiment_chosen(GscSidebar *sidebar, GscExperiment *experiment, GscWindow *self) {
    self->asked = true;
    gsc_window_show_start(self, false);
    gsc_window_choose_experiment(self, experiment);
}

static void on_run_chosen(GscSidebar *sidebar, GscRunItem *item, GscWindow *self) {
    self->asked = true;
    gsc_window_show_start(self, false);
    gsc_window_choose_run(self, item);
}

/* Behind the last of its group, so that every heading stands once. */
void gsc_window_add_experiment(GscWindow *self, GscExperiment *experiment) {
    guint n = g_list_model_get_n_items(G_LIST_MODEL(self->experiments)), at = n;

    for (guint i = n; i-- > 0 && at == n;) {
        g_autoptr(GscExperiment) other = g_list_model_get_item(G_LIST_MODEL(self->experiments), i);
        if (g_strcmp0(gsc_experiment_get_group(other), gsc_experiment_get_group(experiment)) == 0) {
            at = i + 1;
            break;
        }
    }
    g_list_store_insert(self->experiments, at, experiment);
}

static void add_presets(GscWindow *self) {
    size_t n = 0;
    const gsc_preset *presets = gsc_presets(&n);

    for (size_t i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GscExperiment) experiment = gsc_experiment_new_preset(&presets[i], &error);
        if (experiment != NULL) {
            gsc_window_add_experiment(self, experiment);
        } else {
            g_warning("%s", error->message);
        }
    }
}

void gsc_window_say(GscWindow *self, const char *sentence) {
    const bool sweep = gtk_widget_get_visible(GTK_WIDGET(self->sweep_page));

    if (gtk_widget_get_visible(GTK_WIDGET(self->start_page))) {
        if (sentence != NULL && *sentence != '\0') {
            gsc_window_say_until_closed(self, sentence);
        }
    } else if (sweep && !gtk_widget_get_visible(GTK_WIDGET(self->page))) {
        gsc_sweep_page_say(self->sweep_page, sentence);
    } else {
        gsc_figure_page_set_trouble(self->page, sentence);
    }
}

/* ---- Object -------------------------------------------------------------------------------------- */

static void remember_size(GscWindow *self) {
    int width = 0, height = 0;

    gtk_window_get_default_size(GTK_WINDOW(self), &width, &height);
    gsc_state_set_int(self->state, "width", width);
    gsc_state_set_int(self->state, "height", height);
    gsc_state_set_int(self->state, "maximized", gtk_window_is_maximized(GTK_WINDOW(self)));
    gsc_state_set_int(self->state, "list", adw_flap_get_reveal_flap(self->left_flap));
    gsc_state_set_int(self->state, "setup", adw_flap_get_reveal_flap(self->right_flap));
    gsc_run_table_remember(self->run_table);
    gsc_window_remember_page(self);
    gsc_state_save(self->state);
}

static void recall_size(GscWindow *self) {
    gtk_window_set_default_size(GTK_WINDOW(self), gsc_state_get_int(self->state, "width", 1380),
                                gsc_state_get_int(self->state, "height", 860));
    if (gsc_state_get_int(self->state, "maximized", 0)) {
        gtk_window_maximize(GTK_WINDOW(self));
    }
    adw_flap_set_reveal_flap(self->left_flap, gsc_state_get_int(self->state, "list", 1));
    adw_flap_set_reveal_flap(self->right_flap, gsc_state_get_int(self->state, "setup", 1));
    adw_style_manager_set_color_scheme(
        adw_style_manager_get_default(),
        (AdwColorScheme)gsc_state_get_int(self->state, "theme", ADW_COLOR_SCHEME_DEFAULT));
}

static gboolean gsc_window_close_request(GtkWindow *window) {
    remember_size(GSC_WINDOW(window));
    return GTK_WINDOW_CLASS(gsc_window_parent_class)->close_request(window);
}

static void gsc_window_dispose(GObject *object) {
    GscWindow *self = GSC_WINDOW(object);

    g_clear_handle_id(&self->figure_source, g_source_remove);
    g_clear_handle_id(&self->status_source, g_source_remove);
    g_clear_pointer(&self->probe, gsc_probe_free);
    gsc_window_close_workshop(self);
    gsc_window_close_undo(self);
    g_clear_object(&self->experiment);
    g_clear_object(&self->solo);
    g_clear_pointer(&self->arm_runs, g_hash_table_unref);
    g_clear_object(&self->experiments);
    g_clear_object(&self->runs);
    g_clear_object(&self->plugins);
    g_clear_pointer(&self->state, gsc_state_free);
    G_OBJECT_CLASS(gsc_window_parent_class)->dispose(object);
}

static void gsc_window_class_init(GscWindowClass *klass) {
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

    G_OBJECT_CLASS(klass)->dispose = gsc_window_dispose;
    GTK_WINDOW_CLASS(klass)->close_request = gsc_window_close_request;
    g_type_ensure(GSC_TYPE_SIDEBAR);
    g_type_ensure(GSC_TYPE_FIGURE_PAGE);
    g_type_ensure(GSC_TYPE_SETUP_PANEL);
    g_type_ensure(GSC_TYPE_BUILD_PANE);
    g_type_ensure(GSC_TYPE_SWEEP_PAGE);
    g_type_ensure(GSC_TYPE_RUN_TABLE);
    g_type_ensure(GSC_TYPE_START_PAGE);
    gtk_widget_class_set_template_from_resource(widget_class, "/org/gatescope/Gatescope/window.ui");
    gtk_widget_class_bind_template_child(widget_class, GscWindow, toasts);
    gtk_widget_class_bind_template_child(widget_class, GscWindow, left_flap);
    gtk_widget_class_bind_template_child(widget_class, GscWindow, right_flap);
    gtk_widget_class_bind_template_child(widget_class, GscWindow, sidebar);
    gtk_widget_class_bind_template_child(widget_class, GscWindow, page);
    gtk_widget_class_bind_template_child(widget_class, GscWindow, setup);
    gtk_widget_class_bind_template_child(widget_class, GscWindow, run_button);
    gtk_widget_class_bind_template_child(widget_class, GscWindow, stop_button);
    gtk_widget_class_bind_template_child(widget_class, GscWindow, export_button);
    gtk_widget_class_bind_template_child(widget_class, GscWindow, status_label);
    gtk_widget_class_bind_template_child(widget_class, GscWindow, build_pane);
    gtk_widget_class_bind_template_child(widget_class, GscWindow, sweep_page);
    gtk_widget_class_bind_template_child(widget_class, GscWindow, run_table);
    gtk_widget_class_bind_template_child(widget_class, GscWindow, middle);
    gtk_widget_class_bind_template_child(widget_class, GscWindow, start_page);
    gtk_widget_class_bind_template_child(widget_class, GscWindow, trust_bar);
    gtk_widget_class_bind_template_child(widget_class, GscWindow, trust_label);
    gsc_window_install_actions(widget_class);
}

static void gsc_window_init(GscWindow *self) {
    gtk_widget_init_template(GTK_WIDGET(self));
    self->experiments = g_list_store_new(GSC_TYPE_EXPERIMENT);
    self->runs = gsc_run_store_new();
    self->plugins = gsc_plugin_store_new();
    self->state = gsc_state_new();
    add_presets(self);
    recall_size(self);
    gsc_sidebar_set_models(self->sidebar, G_LIST_MODEL(self->experiments), self->runs,
                           self->plugins);
    gsc_setup_panel_set_plugins(self->setup, self->plugins);
    gsc_window_open_undo(self);
    gsc_window_add_states(self);
    gsc_window_add_look(self);
    gsc_window_add_table(self);
    gsc_window_accept_drops(self);
    gsc_window_add_start(self);
    gsc_window_open_workshop(self);
    gsc_window_open_sweeps(self);
    gsc_plugin_store_load(self->plugins);
    gsc_window_watch_runs(self);
    g_signal_connect_object(self->sidebar, "experiment-chosen", G_CALLBACK(on_experiment_chosen),
                            self, 0);
    g_signal_connect_object(self->sidebar, "run-chosen", G_CALLBACK(on_run_chosen), self, 0);
    gsc_window_select_experiment(self, "first");
    gsc_access_name_inside(GTK_WIDGET(self));
    gsc_window_recall_page(self);
    self->probe = gsc_probe_new(self);
}

GscWindow *gsc_window_new(AdwApplication *application) {
    return g_object_new(GSC_TYPE_WINDOW, "application", application, NULL);
}

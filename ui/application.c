/* SPDX-License-Identifier: MIT
 *
 * The desktop application. See application.h.
 */
#include "ui/application.h"

#include "ui/access.h"
#include "ui/style.h"
#include "ui/window.h"

struct _GscApplication {
    AdwApplication parent;
};

G_DEFINE_FINAL_TYPE(GscApplication, gsc_application, ADW_TYPE_APPLICATION)

static GscWindow *get_window(GscApplication *self) {
    GtkWindow *window = gtk_application_get_active_window(GTK_APPLICATION(self));

    return window != NULL ? GSC_WINDOW(window) : gsc_window_new(ADW_APPLICATION(self));
}

static void gsc_application_activate(GApplication *application) {
    gtk_window_present(GTK_WINDOW(get_window(GSC_APPLICATION(application))));
}

static int gsc_application_command_line(GApplication *application,
                                        GApplicationCommandLine *command_line) {
    GscWindow *window = get_window(GSC_APPLICATION(application));
    GVariantDict *options = g_application_command_line_get_options_dict(command_line);
    g_autofree const char **files = NULL;
    const char *experiment = NULL;

    if (g_variant_dict_lookup(options, G_OPTION_REMAINING, "^a&ay", &files)) {
        for (gsize i = 0; files[i] != NULL; i++) {
            g_autoptr(GFile) file =
                g_application_command_line_create_file_for_arg(command_line, files[i]);
            g_autofree char *path = g_file_get_path(file);
            if (path != NULL) {
                gsc_window_open_file(window, path);
            }
        }
    }
    if (g_variant_dict_lookup(options, "run", "&s", &experiment)) {
        if (gsc_window_select_experiment(window, experiment)) {
            gsc_window_run(window);
        } else {
            g_autofree char *text = g_strdup_printf(
                "There is no experiment “%s”; choose one from the list.", experiment);
            gsc_window_say(window, text);
        }
    }
    gtk_window_present(GTK_WINDOW(window));
    return 0;
}

static void show_about(GSimpleAction *action, GVariant *parameter, gpointer data) {
    GtkWindow *window = gtk_application_get_active_window(GTK_APPLICATION(data));

    adw_show_about_window(window, "application-name", "Gatescope", "application-icon",
                          GSC_APPLICATION_ID, "version", GSC_VERSION, "license-type",
                          GTK_LICENSE_MIT_X11, "developer-name", "The Gatescope authors",
                          "comments",
                          "A bench for mixture-of-experts research: compare gates and experts, and "
                          "watch how fast they let themselves be estimated.",
                          NULL);
}

static void quit(GSimpleAction *action, GVariant *parameter, gpointer data) {
    GList *windows = gtk_application_get_windows(GTK_APPLICATION(data));

    while (windows != NULL) {
        GtkWindow *window = windows->data;
        windows = windows->next;
        gtk_window_close(window);
    }
}

static void gsc_application_startup(GApplication *application) {
    static const GActionEntry entries[] = {{"about", show_about}, {"quit", quit}};
    static const char *const quit_keys[] = {"<Control>q", NULL};

    G_APPLICATION_CLASS(gsc_application_parent_class)->startup(application);
    /* what this window starts loads no plugin that nobody has agreed to: the window asks */
    g_setenv("GATESCOPE_TRUST", "known", FALSE);
    gsc_access_begin();
    gtk_window_set_default_icon_name(GSC_APPLICATION_ID);
    gsc_style_follow(gdk_display_get_default());
    g_action_map_add_action_entries(G_ACTION_MAP(application), entries, G_N_ELEMENTS(entries),
                                    application);
    gtk_application_set_accels_for_action(GTK_APPLICATION(application), "app.quit", quit_keys);
}

static void gsc_application_class_init(GscApplicationClass *klass) {
    GApplicationClass *application_class = G_APPLICATION_CLASS(klass);

    application_class->activate = gsc_application_activate;
    application_class->command_line = gsc_application_command_line;
    application_class->startup = gsc_application_startup;
}

static void gsc_application_init(GscApplication *self) {
    static const GOptionEntry entries[] = {
        {"run", 0, 0, G_OPTION_ARG_STRING, NULL, "Start an experiment at once", "EXPERIMENT"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, NULL, NULL, NULL},
        {NULL}};

    g_application_add_main_option_entries(G_APPLICATION(self), entries);
    g_application_set_option_context_parameter_string(G_APPLICATION(self),
                                                      "[FILE.gsc|FILE.png|SPEC.json…]");
    g_application_set_option_context_summary(G_APPLICATION(self),
                                             "Gatescope: a bench for mixture-of-experts research");
}

GscApplication *gsc_application_new(void) {
    return g_object_new(GSC_TYPE_APPLICATION, "application-id", GSC_APPLICATION_ID, "flags",
                        G_APPLICATION_HANDLES_COMMAND_LINE, NULL);
}

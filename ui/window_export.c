/* SPDX-License-Identifier: MIT
 *
 * Export of the figure as it is in sight, by the plot library, always on white: it is meant for paper.
 */
#include "ui/window_private.h"

enum {
    EXPORT_WIDTH_PX = 1600,
    EXPORT_HEIGHT_PX = 1000,
    EXPORT_DPI = 200,
    MANY_PANELS = 7, /* from here on the sheet is larger, as gatescope plot makes it */
    SHEET_WIDTH_PX = 2400,
    SHEET_HEIGHT_PX = 1700,
    SHEET_DPI = 190
};

static void on_open_folder(AdwToast *toast, GscWindow *self) {
    const char *path = g_object_get_data(G_OBJECT(toast), "path");
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *uri = g_filename_to_uri(folder, NULL, NULL);

    gtk_show_uri(GTK_WINDOW(self), uri, GDK_CURRENT_TIME);
}

static void say_exported(GscWindow *self, const char *path) {
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *title = g_strdup_printf("Exported %s", base);
    g_autofree char *escaped = g_markup_escape_text(title, -1);
    AdwToast *toast = adw_toast_new(escaped);

    g_object_set_data_full(G_OBJECT(toast), "path", g_strdup(path), g_free);
    adw_toast_set_button_label(toast, "Open folder");
    g_signal_connect_object(toast, "button-clicked", G_CALLBACK(on_open_folder), self, 0);
    adw_toast_overlay_add_toast(self->toasts, toast);
}

void gsc_window_export_to(GscWindow *self, const char *path) {
    GscPlotCanvas *canvas = gsc_figure_page_get_canvas(self->page);
    const gsc_figure *figure = gsc_plot_canvas_get_figure(canvas);
    gsc_export options = {.width_px = EXPORT_WIDTH_PX,
                          .height_px = EXPORT_HEIGHT_PX,
                          .dpi = EXPORT_DPI,
                          .renderer = GSC_RENDERER_CAIRO,
                          .theme = &gsc_plot_theme_light,
                          .views = gsc_plot_canvas_get_views(canvas)};
    gsc_error error = {0};

    if (figure == NULL) {
        return;
    }
    if (figure->n_panels >= MANY_PANELS) {
        options.width_px = SHEET_WIDTH_PX;
        options.height_px = SHEET_HEIGHT_PX;
        options.dpi = SHEET_DPI;
    }
    if (gsc_export_file(figure, &options, path, &error) != GSC_OK) {
        gsc_window_say(self, error.message);
        return;
    }
    say_exported(self, path);
    if (self->probe != NULL) {
        gsc_probe_note(self->probe);
    }
}

static void on_export_chosen(GtkNativeDialog *dialog, int response, GscWindow *self) {
    if (response == GTK_RESPONSE_ACCEPT) {
        g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
        g_autofree char *path = file != NULL ? g_file_get_path(file) : NULL;
        if (path != NULL) {
            gsc_window_export_to(self, path);
        }
    }
    g_object_unref(dialog);
}

/* "theorem2.png"; "theorem2-components.png" of a figure that is not the experiment's first. */
static char *free_name(GscWindow *self, const char *folder) {
    const gsc_figure *figure = gsc_plot_canvas_get_figure(gsc_figure_page_get_canvas(self->page));
    bool special = figure != NULL && !gsc_figure_page_is_default(self->page);
    g_autofree char *name = g_strconcat(gsc_experiment_get_name(self->experiment),
                                        special ? "-" : NULL, special ? figure->name : NULL, NULL);
    char *base = g_strdup_printf("%s.png", name);

    for (int i = 2; folder != NULL; i++) {
        g_autofree char *path = g_build_filename(folder, base, NULL);
        if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
            break;
        }
        g_free(base);
        base = g_strdup_printf("%s-%d.png", name, i);
    }
    return base;
}

/* GATESCOPE_TEST_EXPORT names a file that is written at once: a test has no one to answer a dialog. */
void gsc_window_ask_export(GscWindow *self) {
    const char *straight = g_getenv("GATESCOPE_TEST_EXPORT");
    const char *folder = g_get_user_special_dir(G_USER_DIRECTORY_PICTURES);

    if (straight != NULL) {
        gsc_window_export_to(self, straight);
        return;
    }
    folder = folder != NULL ? folder : g_get_home_dir();
    GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
        "Export the figure", GTK_WINDOW(self), GTK_FILE_CHOOSER_ACTION_SAVE, "_Export", "_Cancel");
    g_autofree char *name = free_name(self, folder);
    g_autoptr(GFile) place = g_file_new_for_path(folder);
    g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();
    gtk_file_filter_set_name(filter, "PNG, SVG and PDF pictures");
    gtk_file_filter_add_pattern(filter, "*.png");
    gtk_file_filter_add_pattern(filter, "*.svg");
    gtk_file_filter_add_pattern(filter, "*.pdf");
    gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(dialog), filter);
    gtk_file_chooser_set_current_folder(GTK_FILE_CHOOSER(dialog), place, NULL);
    gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), name);
    g_signal_connect_object(dialog, "response", G_CALLBACK(on_export_chosen), self, 0);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

/* SPDX-License-Identifier: MIT
 *
 * Export of the figure as it is in sight, into a file or onto the clipboard, by the plot library, always on
 * white: it is meant for paper.
 */
#include "ui/window_private.h"

#include "ui/export_dialog.h"

#include <string.h>

/* As was chosen last, in a size that fits this figure unless the user said one. */
static gsc_export_choice current_choice(GscWindow *self, const gsc_figure *figure) {
    gsc_export_choice choice = gsc_export_choice_load(self->state);

    gsc_export_choice_size(&choice, figure->n_panels);
    return choice;
}

static gsc_export export_options(GscWindow *self, const gsc_export_choice *choice) {
    GscPlotCanvas *canvas = gsc_figure_page_get_canvas(self->page);

    return (gsc_export){.width_px = choice->width_px,
                        .height_px = choice->height_px,
                        .dpi = choice->dpi,
                        .renderer = GSC_RENDERER_CAIRO,
                        .theme = &gsc_plot_theme_light,
                        .views = gsc_plot_canvas_get_views(canvas)};
}

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
    const gsc_figure *figure = gsc_plot_canvas_get_figure(gsc_figure_page_get_canvas(self->page));
    gsc_error error = {0};

    if (figure == NULL) {
        return;
    }
    gsc_export_choice choice = current_choice(self, figure);
    gsc_export options = export_options(self, &choice);
    if (gsc_export_file(figure, &options, path, &error) != GSC_OK) {
        gsc_window_say(self, error.message);
        return;
    }
    say_exported(self, path);
    if (self->probe != NULL) {
        gsc_probe_note(self->probe);
    }
}

/* ---- The clipboard ------------------------------------------------------------------------------- */

/* The surface's pixels as a texture, which keeps the surface. */
static GdkTexture *new_texture(cairo_surface_t *surface) {
    int width = cairo_image_surface_get_width(surface);
    int height = cairo_image_surface_get_height(surface);
    size_t stride = (size_t)cairo_image_surface_get_stride(surface);
    g_autoptr(GBytes) bytes =
        g_bytes_new_with_free_func(cairo_image_surface_get_data(surface), stride * (size_t)height,
                                   (GDestroyNotify)cairo_surface_destroy, surface);

    return gdk_memory_texture_new(width, height, GDK_MEMORY_DEFAULT, bytes, stride);
}

void gsc_window_copy_figure(GscWindow *self) {
    const gsc_figure *figure = gsc_plot_canvas_get_figure(gsc_figure_page_get_canvas(self->page));
    cairo_surface_t *surface = NULL;
    gsc_error error = {0};

    if (figure == NULL) {
        return;
    }
    gsc_export_choice choice = current_choice(self, figure);
    gsc_export options = export_options(self, &choice);
    if (gsc_export_surface(figure, &options, &surface, &error) != GSC_OK) {
        gsc_window_say(self, error.message);
        return;
    }
    g_autoptr(GdkTexture) texture = new_texture(surface);
    gdk_clipboard_set_texture(gtk_widget_get_clipboard(GTK_WIDGET(self)), texture);
    g_autofree char *text = g_strdup_printf("Copied as a picture of %d × %d pixels",
                                            options.width_px, options.height_px);
    adw_toast_overlay_add_toast(self->toasts, adw_toast_new(text));
}

/* ---- The dialogs --------------------------------------------------------------------------------- */

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
static char *free_name(GscWindow *self, const char *folder, const char *ending) {
    const gsc_figure *figure = gsc_plot_canvas_get_figure(gsc_figure_page_get_canvas(self->page));
    bool special = figure != NULL && !gsc_figure_page_is_default(self->page);
    g_autofree char *name = g_strconcat(gsc_experiment_get_name(self->experiment),
                                        special ? "-" : NULL, special ? figure->name : NULL, NULL);
    char *base = g_strconcat(name, ending, NULL);

    for (int i = 2; folder != NULL; i++) {
        g_autofree char *path = g_build_filename(folder, base, NULL);
        if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
            break;
        }
        g_free(base);
        base = g_strdup_printf("%s-%d%s", name, i, ending);
    }
    return base;
}

static void ask_place(GscWindow *self, const gsc_export_format *format) {
    const char *folder = g_get_user_special_dir(G_USER_DIRECTORY_PICTURES);
    GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
        "Export the figure", GTK_WINDOW(self), GTK_FILE_CHOOSER_ACTION_SAVE, "_Export", "_Cancel");
    g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();

    folder = folder != NULL ? folder : g_get_home_dir();
    g_autofree char *name = free_name(self, folder, format->ending);
    g_autofree char *pattern = g_strconcat("*", format->ending, NULL);
    g_autoptr(GFile) place = g_file_new_for_path(folder);
    gtk_file_filter_set_name(filter, format->title);
    gtk_file_filter_add_pattern(filter, pattern);
    gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(dialog), filter);
    gtk_file_chooser_set_current_folder(GTK_FILE_CHOOSER(dialog), place, NULL);
    gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), name);
    g_signal_connect_object(dialog, "response", G_CALLBACK(on_export_chosen), self, 0);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

/* GATESCOPE_TEST_EXPORT names the file, whose ending becomes that of the format: a test has no one to answer
 * the system's dialog. */
static void on_choice(const gsc_export_choice *choice, gpointer data) {
    GscWindow *self = GSC_WINDOW(data);
    const char *straight = g_getenv("GATESCOPE_TEST_EXPORT");
    size_t n = 0;
    const gsc_export_format *format = &gsc_export_formats(&n)[choice->format];

    gsc_export_choice_save(choice, self->state);
    if (straight == NULL) {
        ask_place(self, format);
        return;
    }
    const char *dot = strrchr(straight, '.');
    g_autofree char *stem = g_strndup(straight, dot != NULL ? (gsize)(dot - straight) : G_MAXSIZE);
    g_autofree char *path = g_strconcat(stem, format->ending, NULL);
    gsc_window_export_to(self, path);
}

void gsc_window_ask_export(GscWindow *self) {
    const gsc_figure *figure = gsc_plot_canvas_get_figure(gsc_figure_page_get_canvas(self->page));

    if (figure != NULL) {
        gsc_export_choice choice = current_choice(self, figure);
        gsc_export_dialog_ask(GTK_WINDOW(self), &choice, on_choice, self);
    }
}

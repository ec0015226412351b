/* SPDX-License-Identifier: MIT
 *
 * Export of the figure as it is in sight, or of the whole page (every figure of the shown runs, every arm of a
 * sweep), into a file or onto the clipboard, by the plot library, always on white: it is meant for paper.
 */
#include "ui/window_private.h"

#include "ui/export_dialog.h"
#include "ui/plot/look.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

/* What is in sight. */
typedef struct sight {
    const gsc_figure *figure; /* the one figure, or NULL */
    GPtrArray *page;          /* const gsc_figure *: the arms of a sweep; or NULL */
    guint n_figures;          /* on the page */
} sight;

static void look_around(GscWindow *self, sight *ret) {
    *ret = (sight){NULL, NULL, 0};
    if (gtk_widget_get_visible(GTK_WIDGET(self->page))) {
        ret->figure = gsc_plot_canvas_get_figure(gsc_figure_page_get_canvas(self->page));
        ret->n_figures = gsc_figure_page_count_choices(self->page);
    } else if (gtk_widget_get_visible(GTK_WIDGET(self->sweep_page))) {
        ret->page = gsc_sweep_page_list_figures(self->sweep_page);
        ret->n_figures = ret->page->len;
        if (ret->page->len == 1) {
            ret->figure = ret->page->pdata[0];
        }
    }
}

static void clear_sight(sight *at) {
    g_clear_pointer(&at->page, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sight, clear_sight)

static void say_nothing_to_export(GscWindow *self) {
    gsc_window_say_shortly(self, "There is no figure here: choose an experiment or a run");
}

/* As was chosen last, in a size that fits unless the user said one. */
static gsc_export_choice current_choice(GscWindow *self, const gsc_export_offer *offer) {
    gsc_export_choice choice = gsc_export_choice_load(self->state);

    choice.page = offer->figure == NULL || (choice.page && offer->n_figures > 1);
    gsc_export_choice_size(&choice, choice.page ? offer->page_panels : offer->figure_panels);
    return choice;
}

/* Figures of a page are as many panels at the least. */
static gsc_export_offer offer_of(const sight *at) {
    return (gsc_export_offer){.figure =
                                  at->figure != NULL ? gsc_figure_title(at->figure->name) : NULL,
                              .n_figures = at->n_figures,
                              .figure_panels = at->figure != NULL ? (guint)at->figure->n_panels : 0,
                              .page_panels = 2 * at->n_figures};
}

static gsc_export export_options(GscWindow *self, const gsc_export_choice *choice) {
    GscPlotCanvas *canvas = gsc_figure_page_get_canvas(self->page);
    const bool views = !choice->page && gtk_widget_get_visible(GTK_WIDGET(self->page));

    return (gsc_export){.width_px = choice->width_px,
                        .height_px = choice->height_px,
                        .dpi = choice->dpi,
                        .renderer = GSC_RENDERER_CAIRO,
                        .theme = &gsc_plot_theme_light,
                        .views = views ? gsc_plot_canvas_get_views(canvas) : NULL};
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

/* All figures in sight: those of the sweep's arms, or made anew of the shown runs. */
static gsc_status export_page(GscWindow *self, const sight *at, const gsc_export *options,
                              const char *path, gsc_error *error) {
    g_autoptr(GError) failure = NULL;
    g_autoptr(GPtrArray) built = at->page != NULL ? g_ptr_array_ref(at->page)
                                                  : gsc_figure_page_build_all(self->page, &failure);

    if (built == NULL) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s", failure->message);
    }
    return gsc_export_page((const gsc_figure *const *)built->pdata, built->len, options, path,
                           error);
}

/* How the figure in sight is looked at, for a picture of it; NULL: it is not one of a page. Caller frees. */
static char *dup_look(GscWindow *self) {
    gsc_plot_look look = {0};

    if (gtk_widget_get_visible(GTK_WIDGET(self->page))) {
        gsc_figure_page_describe(self->page, &look);
    }
    return look.figure[0] != '\0' ? gsc_plot_look_write(&look) : NULL;
}

void gsc_window_export_to(GscWindow *self, const char *path) {
    g_auto(sight) at;
    gsc_error error = {0};

    look_around(self, &at);
    if (at.figure == NULL && at.n_figures == 0) {
        say_nothing_to_export(self);
        return;
    }
    const gsc_export_offer offer = offer_of(&at);
    const gsc_export_choice choice = current_choice(self, &offer);
    gsc_export options = export_options(self, &choice);
    char *look = dup_look(self);
    options.look = look;
    gsc_status status = choice.page ? export_page(self, &at, &options, path, &error)
                                    : gsc_export_file(at.figure, &options, path, &error);
    free(look);
    if (status != GSC_OK) {
        gsc_window_say(self, error.message);
        return;
    }
    say_exported(self, path);
    if (self->probe != NULL) {
        gsc_probe_note(self->probe);
    }
}

/* ---- The clipboard ------------------------------------------------------------------------------- */

/* The picture as a file has it, with its recipe: written beside other temporary files, read, and gone. */
static GBytes *new_png(const gsc_figure *figure, const gsc_export *options, gsc_error *error) {
    g_autoptr(GError) failure = NULL;
    g_autofree char *folder = g_dir_make_tmp("gatescope-copy-XXXXXX", &failure);
    g_autofree char *path = folder != NULL ? g_build_filename(folder, "figure.png", NULL) : NULL;
    char *bytes = NULL;
    gsize n = 0;

    if (path != NULL && gsc_export_file(figure, options, path, error) == GSC_OK) {
        g_file_get_contents(path, &bytes, &n, &failure);
        g_unlink(path);
    }
    if (failure != NULL) {
        gsc_fail(error, GSC_ERR_IO, "%s", failure->message);
    }
    if (folder != NULL) {
        g_rmdir(folder);
    }
    return bytes != NULL ? g_bytes_new_take(bytes, n) : NULL;
}

/* For who asks for a PNG the file itself, for all others its pixels. */
static bool put_on_clipboard(GscWindow *self, GBytes *png, gsc_error *error) {
    g_autoptr(GError) failure = NULL;
    g_autoptr(GdkTexture) texture = gdk_texture_new_from_bytes(png, &failure);

    if (texture == NULL) {
        gsc_fail(error, GSC_ERR_SYSTEM, "%s", failure->message);
        return false;
    }
    GdkContentProvider *providers[] = {
        gdk_content_provider_new_for_bytes("image/png", png),
        gdk_content_provider_new_typed(GDK_TYPE_TEXTURE, texture),
    };
    g_autoptr(GdkContentProvider) both =
        gdk_content_provider_new_union(providers, G_N_ELEMENTS(providers));
    gdk_clipboard_set_content(gtk_widget_get_clipboard(GTK_WIDGET(self)), both);
    return true;
}

void gsc_window_copy_figure(GscWindow *self) {
    g_auto(sight) at;
    gsc_error error = {0};

    look_around(self, &at);
    if (at.figure == NULL && at.n_figures == 0) {
        say_nothing_to_export(self);
        return;
    }
    if (at.figure == NULL) {
        adw_toast_overlay_add_toast(
            self->toasts, adw_toast_new("There is no single figure here: export takes the page"));
        return;
    }
    gsc_export_offer offer = offer_of(&at);
    offer.n_figures = 1; /* the figure alone */
    const gsc_export_choice choice = current_choice(self, &offer);
    gsc_export options = export_options(self, &choice);
    char *look = dup_look(self);
    options.look = look;
    g_autoptr(GBytes) png = new_png(at.figure, &options, &error);
    free(look);
    if (png == NULL || !put_on_clipboard(self, png, &error)) {
        gsc_window_say(self, error.message);
        return;
    }
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

/* "theorem2.png"; "theorem2-components.png" of a figure that is not the experiment's first; "theorem2-page.png". */
static char *free_name(GscWindow *self, const char *folder, const gsc_export_choice *choice,
                       const char *ending) {
    const gsc_figure *figure = gsc_plot_canvas_get_figure(gsc_figure_page_get_canvas(self->page));
    bool special = figure != NULL && gtk_widget_get_visible(GTK_WIDGET(self->page)) &&
                   !gsc_figure_page_is_default(self->page);
    const char *what = choice->page ? "page" : special ? figure->name : NULL;
    g_autofree char *name = g_strconcat(gsc_experiment_get_name(self->experiment),
                                        what != NULL ? "-" : NULL, what, NULL);
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

static void ask_place(GscWindow *self, const gsc_export_choice *choice,
                      const gsc_export_format *format) {
    const char *folder = g_get_user_special_dir(G_USER_DIRECTORY_PICTURES);
    GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
        "Export the figure", GTK_WINDOW(self), GTK_FILE_CHOOSER_ACTION_SAVE, "_Export", "_Cancel");
    g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();

    folder = folder != NULL ? folder : g_get_home_dir();
    g_autofree char *name = free_name(self, folder, choice, format->ending);
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
        ask_place(self, choice, format);
        return;
    }
    const char *dot = strrchr(straight, '.');
    g_autofree char *stem = g_strndup(straight, dot != NULL ? (gsize)(dot - straight) : G_MAXSIZE);
    g_autofree char *path = g_strconcat(stem, format->ending, NULL);
    gsc_window_export_to(self, path);
}

void gsc_window_ask_export(GscWindow *self) {
    g_auto(sight) at;

    look_around(self, &at);
    if (at.figure == NULL && at.n_figures == 0) {
        say_nothing_to_export(self);
        return;
    }
    const gsc_export_offer offer = offer_of(&at);
    const gsc_export_choice choice = current_choice(self, &offer);
    gsc_export_dialog_ask(GTK_WINDOW(self), &choice, &offer, on_choice, self);
}

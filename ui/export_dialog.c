/* SPDX-License-Identifier: MIT
 *
 * The window that asks as what a figure is exported. See export_dialog.h.
 */
#include "ui/export_dialog.h"

#include "ui/access.h"
#include "ui/text_scale.h"

#include <adwaita.h>

typedef struct dialog {
    GtkWindow *window;
    AdwComboRow *what, *format; /* what: NULL where there is no choice */
    gsc_export_offer offer;
    GtkSpinButton *width, *height, *dpi;
    GtkWidget *size_rows[3];
    GtkLabel *paper;
    gsc_export_choice before;
    gsc_export_chosen *chosen;
    gpointer data;
} dialog;

/* "20.3 × 12.7 cm on paper": what the pixels are on paper. */
static void show_paper(dialog *self) {
    double dpi = gtk_spin_button_get_value(self->dpi);
    g_autofree char *text = g_strdup_printf("%.1f × %.1f cm on paper",
                                            gtk_spin_button_get_value(self->width) / dpi * 2.54,
                                            gtk_spin_button_get_value(self->height) / dpi * 2.54);

    gtk_label_set_text(self->paper, text);
}

static void on_number(GtkSpinButton *spin, dialog *self) {
    show_paper(self);
}

static void on_format(AdwComboRow *row, GParamSpec *pspec, dialog *self) {
    size_t n = 0;
    const gsc_export_format *formats = gsc_export_formats(&n);
    guint at = MIN(adw_combo_row_get_selected(row), (guint)n - 1);

    adw_action_row_set_subtitle(ADW_ACTION_ROW(row), formats[at].about);
    for (gsize i = 0; i < G_N_ELEMENTS(self->size_rows); i++) {
        gtk_widget_set_sensitive(self->size_rows[i], formats[at].has_pixels);
    }
    gtk_widget_set_visible(GTK_WIDGET(self->paper), formats[at].has_pixels);
}

static bool is_page(const dialog *self) {
    return self->what != NULL ? adw_combo_row_get_selected(self->what) == 1
                              : self->offer.figure == NULL;
}

/* The other's size, unless the user gave one. */
static void on_what(AdwComboRow *row, GParamSpec *pspec, dialog *self) {
    gsc_export_choice choice = self->before;

    if (gtk_spin_button_get_value_as_int(self->width) != choice.width_px ||
        gtk_spin_button_get_value_as_int(self->height) != choice.height_px ||
        gtk_spin_button_get_value_as_int(self->dpi) != choice.dpi) {
        return;
    }
    gsc_export_choice_size(&choice,
                           is_page(self) ? self->offer.page_panels : self->offer.figure_panels);
    self->before = choice;
    gtk_spin_button_set_value(self->width, choice.width_px);
    gtk_spin_button_set_value(self->height, choice.height_px);
    gtk_spin_button_set_value(self->dpi, choice.dpi);
}

static void on_export(GtkButton *button, dialog *self) {
    gsc_export_choice choice = self->before;
    gsc_export_chosen *chosen = self->chosen;
    gpointer data = self->data;

    choice.page = is_page(self);
    choice.format = (int)adw_combo_row_get_selected(self->format);
    choice.width_px = gtk_spin_button_get_value_as_int(self->width);
    choice.height_px = gtk_spin_button_get_value_as_int(self->height);
    choice.dpi = gtk_spin_button_get_value_as_int(self->dpi);
    choice.is_sized = self->before.is_sized || choice.width_px != self->before.width_px ||
                      choice.height_px != self->before.height_px || choice.dpi != self->before.dpi;
    gtk_window_destroy(self->window); /* frees self */
    chosen(&choice, data);
}

static void on_cancel(GtkButton *button, dialog *self) {
    gtk_window_destroy(self->window);
}

static GtkSpinButton *add_number(dialog *self, AdwPreferencesGroup *group, int index,
                                 const char *title, const char *unit, double low, double high,
                                 double step, int value) {
    GtkWidget *row = adw_action_row_new();
    GtkWidget *spin = gtk_spin_button_new_with_range(low, high, step);

    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
    adw_action_row_set_subtitle(ADW_ACTION_ROW(row), unit);
    gtk_widget_set_valign(spin, GTK_ALIGN_CENTER);
    gtk_spin_button_set_value(GTK_SPIN_BUTTON(spin), value);
    gtk_editable_set_width_chars(GTK_EDITABLE(spin), 6);
    gtk_text_set_activates_default(GTK_TEXT(gtk_editable_get_delegate(GTK_EDITABLE(spin))), TRUE);
    adw_action_row_add_suffix(ADW_ACTION_ROW(row), spin);
    adw_action_row_set_activatable_widget(ADW_ACTION_ROW(row), spin);
    adw_preferences_group_add(group, row);
    g_signal_connect(spin, "value-changed", G_CALLBACK(on_number), self);
    self->size_rows[index] = row;
    return GTK_SPIN_BUTTON(spin);
}

static GtkWidget *new_header(dialog *self) {
    GtkWidget *header = gtk_header_bar_new();
    GtkWidget *cancel = gtk_button_new_with_mnemonic("_Cancel");
    GtkWidget *export = gtk_button_new_with_mnemonic("_Export…");

    gtk_widget_add_css_class(export, "suggested-action");
    gtk_header_bar_set_show_title_buttons(GTK_HEADER_BAR(header), FALSE);
    gtk_header_bar_pack_start(GTK_HEADER_BAR(header), cancel);
    gtk_header_bar_pack_end(GTK_HEADER_BAR(header), export);
    g_signal_connect(cancel, "clicked", G_CALLBACK(on_cancel), self);
    g_signal_connect(export, "clicked", G_CALLBACK(on_export), self);
    gtk_window_set_default_widget(self->window, export);
    gtk_window_set_focus(self->window, export);
    return header;
}

/* "This figure" or "The whole page"; nothing where there is but one of them. */
static void add_what(dialog *self, AdwPreferencesGroup *group, bool page) {
    g_autoptr(GtkStringList) titles = gtk_string_list_new(NULL);
    g_autofree char *all = g_strdup_printf("The whole page (%u figures)", self->offer.n_figures);

    if (self->offer.figure == NULL || self->offer.n_figures < 2) {
        return;
    }
    gtk_string_list_append(titles, self->offer.figure);
    gtk_string_list_append(titles, all);
    self->what = ADW_COMBO_ROW(adw_combo_row_new());
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(self->what), "What");
    adw_combo_row_set_model(self->what, G_LIST_MODEL(titles));
    adw_combo_row_set_selected(self->what, page ? 1 : 0);
    adw_preferences_group_add(group, GTK_WIDGET(self->what));
}

static GtkWidget *new_page(dialog *self, const gsc_export_choice *choice) {
    AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP(adw_preferences_group_new());
    g_autoptr(GtkStringList) titles = gtk_string_list_new(NULL);
    GtkWidget *page = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
    size_t n = 0;
    const gsc_export_format *formats = gsc_export_formats(&n);

    add_what(self, group, choice->page);
    for (size_t i = 0; i < n; i++) {
        gtk_string_list_append(titles, formats[i].title);
    }
    self->format = ADW_COMBO_ROW(adw_combo_row_new());
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(self->format), "As");
    adw_combo_row_set_model(self->format, G_LIST_MODEL(titles));
    adw_combo_row_set_selected(self->format, (guint)choice->format);
    adw_preferences_group_add(group, GTK_WIDGET(self->format));
    self->width = add_number(self, group, 0, "Width", "pixels", 64, 16384, 100, choice->width_px);
    self->height =
        add_number(self, group, 1, "Height", "pixels", 64, 16384, 100, choice->height_px);
    self->dpi =
        add_number(self, group, 2, "Resolution", "pixels per inch", 20, 2400, 10, choice->dpi);
    self->paper = GTK_LABEL(gtk_label_new(NULL));
    gtk_widget_add_css_class(GTK_WIDGET(self->paper), "dim-label");
    gtk_widget_set_margin_top(page, 18);
    gtk_widget_set_margin_bottom(page, 18);
    gtk_widget_set_margin_start(page, 18);
    gtk_widget_set_margin_end(page, 18);
    gtk_box_append(GTK_BOX(page), GTK_WIDGET(group));
    gtk_box_append(GTK_BOX(page), GTK_WIDGET(self->paper));
    return page;
}

void gsc_export_dialog_ask(GtkWindow *parent, const gsc_export_choice *choice,
                           const gsc_export_offer *offer, gsc_export_chosen *chosen,
                           gpointer data) {
    dialog *self = g_new0(dialog, 1);

    *self = (dialog){.before = *choice, .chosen = chosen, .data = data, .offer = *offer};
    self->window = GTK_WINDOW(gtk_window_new());
    gtk_window_set_title(self->window,
                         offer->figure != NULL ? "Export the figure" : "Export the page");
    gtk_window_set_transient_for(self->window, parent);
    gtk_window_set_modal(self->window, TRUE);
    gtk_window_set_destroy_with_parent(self->window, TRUE);
    gtk_window_set_default_size(self->window, (int)(420 * gsc_text_scale_growth()), -1);
    gtk_window_set_child(self->window, new_page(self, choice));
    gtk_window_set_titlebar(self->window, new_header(self));
    GtkEventController *keys = gtk_shortcut_controller_new();
    gtk_shortcut_controller_add_shortcut(GTK_SHORTCUT_CONTROLLER(keys),
                                         gtk_shortcut_new(gtk_keyval_trigger_new(GDK_KEY_Escape, 0),
                                                          gtk_named_action_new("window.close")));
    gtk_widget_add_controller(GTK_WIDGET(self->window), keys);
    g_signal_connect(self->format, "notify::selected", G_CALLBACK(on_format), self);
    if (self->what != NULL) {
        g_signal_connect(self->what, "notify::selected", G_CALLBACK(on_what), self);
    }
    on_format(self->format, NULL, self);
    show_paper(self);
    g_object_set_data_full(G_OBJECT(self->window), "dialog", self, g_free);
    gsc_access_name_inside(GTK_WIDGET(self->window));
    gtk_window_present(self->window);
}

/* SPDX-License-Identifier: MIT
 *
 * One line of the list of runs. See run_row.h.
 */
#include "ui/run_row.h"

#include "ui/plot/theme.h"

#include <adwaita.h>

struct _GscRunRow {
    GtkWidget parent;
    GtkWidget *content;
    GtkDrawingArea *swatch;
    GtkLabel *name_label, *changes_label, *subtitle_label;
    GtkProgressBar *progress_bar;
    GtkButton *trash_button, *resume_button, *eye_button;
    GscRunItem *item;
};

G_DEFINE_FINAL_TYPE(GscRunRow, gsc_run_row, GTK_TYPE_WIDGET)

static void draw_swatch(GtkDrawingArea *area, cairo_t *cairo, int width, int height,
                        gpointer data) {
    GscRunRow *self = GSC_RUN_ROW(data);
    bool dark = adw_style_manager_get_dark(adw_style_manager_get_default());
    const gsc_plot_theme *theme = dark ? &gsc_plot_theme_dark : &gsc_plot_theme_light;
    int index = self->item != NULL ? gsc_run_item_get_color(self->item) : GSC_RUN_NOT_SHOWN;
    gsc_rgba color = index >= 0               ? gsc_plot_theme_color(theme, index)
                     : index == GSC_RUN_ALONE ? theme->ink
                                              : theme->axis;

    cairo_set_source_rgba(cairo, color.r, color.g, color.b, color.a);
    cairo_arc(cairo, width / 2.0, height / 2.0, 4.5, 0, 2 * G_PI);
    if (index == GSC_RUN_NOT_SHOWN) {
        cairo_set_line_width(cairo, 1);
        cairo_stroke(cairo);
    } else {
        cairo_fill(cairo);
    }
}

static void set_label(GtkButton *button, const char *verb, const char *name, const char *rest) {
    g_autofree char *label = g_strdup_printf("%s %s %s", verb, name, rest);

    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                   -1);
}

static void update(GscRunRow *self) {
    if (self->item == NULL) {
        return;
    }
    g_autofree char *subtitle = gsc_run_item_dup_subtitle(self->item);
    gsc_run_status status = gsc_run_item_get_status(self->item);
    bool active = gsc_run_item_is_active(self->item), shown = gsc_run_item_get_shown(self->item);
    bool bad = gsc_run_item_is_known(self->item)
                   ? status == GSC_RUN_FAILED || status == GSC_RUN_LOST
                   : !active && gsc_run_item_get_problem(self->item) != NULL;
    const char *name = gsc_run_item_get_name(self->item);
    const char *problem = gsc_run_item_get_problem(self->item);

    gtk_label_set_text(self->name_label, name);
    gtk_label_set_text(self->subtitle_label, subtitle);
    gtk_label_set_text(self->changes_label, gsc_run_item_get_changes(self->item));
    gtk_widget_set_visible(GTK_WIDGET(self->changes_label),
                           *gsc_run_item_get_changes(self->item) != '\0');
    gtk_widget_set_tooltip_text(GTK_WIDGET(self->changes_label),
                                gsc_run_item_get_changes(self->item));
    gtk_widget_set_tooltip_text(GTK_WIDGET(self->subtitle_label), !bad              ? NULL
                                                                  : problem != NULL ? problem
                                                                                    : subtitle);
    if (bad) {
        gtk_widget_add_css_class(GTK_WIDGET(self->subtitle_label), "error");
    } else {
        gtk_widget_remove_css_class(GTK_WIDGET(self->subtitle_label), "error");
    }
    gtk_widget_set_visible(GTK_WIDGET(self->progress_bar), active);
    gtk_progress_bar_set_fraction(self->progress_bar, gsc_run_item_get_progress(self->item));
    gtk_widget_set_sensitive(GTK_WIDGET(self->trash_button), !active);
    gtk_widget_set_visible(GTK_WIDGET(self->resume_button), gsc_run_item_can_resume(self->item));
    gtk_button_set_icon_name(self->eye_button, shown ? "gsc-eye-symbolic" : "gsc-eye-off-symbolic");
    gtk_widget_set_tooltip_text(GTK_WIDGET(self->eye_button),
                                shown ? "Hide in the figure" : "Show in the figure");
    /* of which run, to who does not see the row around the button */
    set_label(self->eye_button, shown ? "Hide" : "Show", name, "in the figure");
    set_label(self->trash_button, "Move", name, "to the trash");
    set_label(self->resume_button, "Resume", name, "from its last checkpoint");
    gtk_widget_queue_draw(GTK_WIDGET(self->swatch));
}

static void gsc_run_row_dispose(GObject *object) {
    GscRunRow *self = GSC_RUN_ROW(object);

    gsc_run_row_set_item(self, NULL);
    g_clear_pointer(&self->content, gtk_widget_unparent);
    G_OBJECT_CLASS(gsc_run_row_parent_class)->dispose(object);
}

static void gsc_run_row_class_init(GscRunRowClass *klass) {
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

    G_OBJECT_CLASS(klass)->dispose = gsc_run_row_dispose;
    gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/gatescope/Gatescope/run_row.ui");
    gtk_widget_class_bind_template_child(widget_class, GscRunRow, content);
    gtk_widget_class_bind_template_child(widget_class, GscRunRow, swatch);
    gtk_widget_class_bind_template_child(widget_class, GscRunRow, name_label);
    gtk_widget_class_bind_template_child(widget_class, GscRunRow, changes_label);
    gtk_widget_class_bind_template_child(widget_class, GscRunRow, subtitle_label);
    gtk_widget_class_bind_template_child(widget_class, GscRunRow, progress_bar);
    gtk_widget_class_bind_template_child(widget_class, GscRunRow, trash_button);
    gtk_widget_class_bind_template_child(widget_class, GscRunRow, resume_button);
    gtk_widget_class_bind_template_child(widget_class, GscRunRow, eye_button);
}

static void gsc_run_row_init(GscRunRow *self) {
    gtk_widget_init_template(GTK_WIDGET(self));
    gtk_drawing_area_set_draw_func(self->swatch, draw_swatch, self, NULL);
}

GtkWidget *gsc_run_row_new(void) {
    return g_object_new(GSC_TYPE_RUN_ROW, NULL);
}

void gsc_run_row_set_item(GscRunRow *self, GscRunItem *item) {
    if (self->item != NULL) {
        g_signal_handlers_disconnect_by_data(self->item, self);
    }
    g_set_object(&self->item, item);
    if (item != NULL) {
        const char *path = gsc_run_item_get_path(item);
        g_signal_connect_swapped(item, "changed", G_CALLBACK(update), self);
        gtk_actionable_set_action_target(GTK_ACTIONABLE(self->eye_button), "s", path);
        gtk_actionable_set_action_target(GTK_ACTIONABLE(self->trash_button), "s", path);
        gtk_actionable_set_action_target(GTK_ACTIONABLE(self->resume_button), "s", path);
        gtk_actionable_set_action_name(GTK_ACTIONABLE(self->resume_button), "win.resume-run");
        gtk_actionable_set_action_name(GTK_ACTIONABLE(self->eye_button), "win.toggle-run");
        gtk_actionable_set_action_name(GTK_ACTIONABLE(self->trash_button), "win.trash-run");
        update(self);
    }
}

/* SPDX-License-Identifier: MIT
 *
 * Time under a figure of maps. See scrubber.h.
 */
#include "ui/scrubber.h"

#include <math.h>

enum {
    PLAY_MS = 160
};

struct _GscScrubber {
    GtkWidget parent;
    GtkWidget *box;
    GtkToggleButton *play_button;
    GtkScale *scale;
    GtkLabel *label;
    GArray *steps; /* of double */
    double wanted; /* a step to go to when there is one; NAN: none */
    bool quiet;
    guint play_source;
};

G_DEFINE_FINAL_TYPE(GscScrubber, gsc_scrubber, GTK_TYPE_WIDGET)

enum {
    SIGNAL_MOVED,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

static guint get_at(GscScrubber *self) {
    return (guint)(gtk_range_get_value(GTK_RANGE(self->scale)) + 0.5);
}

static bool is_present(GscScrubber *self) {
    return self->steps->len == 0 || get_at(self) + 1 >= self->steps->len;
}

static void show_label(GscScrubber *self) {
    if (self->steps->len == 0) {
        gtk_label_set_text(self->label, "");
        return;
    }
    const guint at = MIN(get_at(self), self->steps->len - 1);
    g_autofree char *text = g_strdup_printf("step %.0f%s", g_array_index(self->steps, double, at),
                                            is_present(self) ? ", the last" : "");
    gtk_label_set_text(self->label, text);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->scale), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                   text, -1);
}

static void on_value_changed(GtkRange *range, GscScrubber *self) {
    show_label(self);
    if (!self->quiet) {
        g_signal_emit(self, signals[SIGNAL_MOVED], 0);
    }
}

/* ---- Playing ------------------------------------------------------------------------------------- */

static gboolean play_next(gpointer data) {
    GscScrubber *self = GSC_SCRUBBER(data);

    if (!is_present(self)) {
        gtk_range_set_value(GTK_RANGE(self->scale), get_at(self) + 1);
    }
    if (is_present(self)) {
        self->play_source = 0;
        gtk_toggle_button_set_active(self->play_button, FALSE);
        return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

static void on_play_toggled(GtkToggleButton *button, GscScrubber *self) {
    g_clear_handle_id(&self->play_source, g_source_remove);
    if (gtk_toggle_button_get_active(button)) {
        if (is_present(self)) {
            gtk_range_set_value(GTK_RANGE(self->scale), 0);
        }
        self->play_source = g_timeout_add(PLAY_MS, play_next, self);
    }
}

/* ---- Object -------------------------------------------------------------------------------------- */

static void gsc_scrubber_dispose(GObject *object) {
    GscScrubber *self = GSC_SCRUBBER(object);

    g_clear_handle_id(&self->play_source, g_source_remove);
    g_clear_pointer(&self->box, gtk_widget_unparent);
    g_clear_pointer(&self->steps, g_array_unref);
    G_OBJECT_CLASS(gsc_scrubber_parent_class)->dispose(object);
}

static void gsc_scrubber_class_init(GscScrubberClass *klass) {
    G_OBJECT_CLASS(klass)->dispose = gsc_scrubber_dispose;
    signals[SIGNAL_MOVED] = g_signal_new("moved", GSC_TYPE_SCRUBBER, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 0);
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(klass), GTK_TYPE_BIN_LAYOUT);
}

static void gsc_scrubber_init(GscScrubber *self) {
    self->steps = g_array_new(FALSE, FALSE, sizeof(double));
    self->wanted = NAN;
    self->box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 9);
    self->play_button = GTK_TOGGLE_BUTTON(gtk_toggle_button_new());
    self->scale = GTK_SCALE(gtk_scale_new_with_range(GTK_ORIENTATION_HORIZONTAL, 0, 1, 1));
    self->label = GTK_LABEL(gtk_label_new(NULL));
    gtk_button_set_icon_name(GTK_BUTTON(self->play_button), "gsc-run-symbolic");
    gtk_widget_add_css_class(GTK_WIDGET(self->play_button), "flat");
    gtk_widget_set_tooltip_text(GTK_WIDGET(self->play_button), "Play the steps");
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->play_button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   "Play the steps", -1);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->scale), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   "Step of training that is shown", -1);
    gtk_widget_set_hexpand(GTK_WIDGET(self->scale), TRUE);
    gtk_label_set_width_chars(self->label, 20);
    gtk_label_set_xalign(self->label, 0);
    gtk_widget_add_css_class(GTK_WIDGET(self->label), "numeric");
    gtk_widget_add_css_class(GTK_WIDGET(self->label), "dim-label");
    gtk_widget_add_css_class(self->box, "scrubber");
    gtk_box_append(GTK_BOX(self->box), GTK_WIDGET(self->play_button));
    gtk_box_append(GTK_BOX(self->box), GTK_WIDGET(self->scale));
    gtk_box_append(GTK_BOX(self->box), GTK_WIDGET(self->label));
    gtk_widget_set_parent(self->box, GTK_WIDGET(self));
    g_signal_connect(self->scale, "value-changed", G_CALLBACK(on_value_changed), self);
    g_signal_connect(self->play_button, "toggled", G_CALLBACK(on_play_toggled), self);
}

GtkWidget *gsc_scrubber_new(void) {
    return g_object_new(GSC_TYPE_SCRUBBER, NULL);
}

void gsc_scrubber_set_steps(GscScrubber *self, const double *steps, gsize n) {
    const bool present = is_present(self);
    double step = 0;

    if (n == self->steps->len &&
        (n == 0 || memcmp(steps, self->steps->data, n * sizeof *steps) == 0)) {
        return;
    }
    gsc_scrubber_get_step(self, &step);
    g_array_set_size(self->steps, 0);
    g_array_append_vals(self->steps, steps, (guint)n);
    guint at = n > 0 ? (guint)n - 1 : 0;
    bool looking = !present;
    if (!isnan(self->wanted) && n > 0 && steps[n - 1] >= self->wanted) {
        step = self->wanted;
        self->wanted = NAN;
        looking = true;
    }
    for (guint i = 0; looking && i < n; i++) {
        if (steps[i] >= step) {
            at = i;
            break;
        }
    }
    self->quiet = true;
    gtk_range_set_range(GTK_RANGE(self->scale), 0, n > 1 ? (double)(n - 1) : 1);
    gtk_range_set_value(GTK_RANGE(self->scale), at);
    self->quiet = false;
    show_label(self);
}

bool gsc_scrubber_get_step(GscScrubber *self, double *ret_step) {
    if (is_present(self)) {
        return false;
    }
    *ret_step = g_array_index(self->steps, double, get_at(self));
    return true;
}

void gsc_scrubber_want_step(GscScrubber *self, double step) {
    self->wanted = step;
}

void gsc_scrubber_reset(GscScrubber *self) {
    self->wanted = NAN;
    self->quiet = true;
    gtk_range_set_value(GTK_RANGE(self->scale), self->steps->len > 0 ? self->steps->len - 1 : 0);
    self->quiet = false;
    show_label(self);
}

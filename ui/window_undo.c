/* SPDX-License-Identifier: MIT
 *
 * What can be undone: a toast offers it while it is in sight, Ctrl+Z and the menu the latest of all for as long as
 * the window lives.
 */
#include "ui/window_private.h"

enum {
    MOST_STEPS = 50,
    TOAST_S = 8
};

typedef struct step {
    gsc_window_undo *undo;
    gpointer data;
    GDestroyNotify free_data;
    guint id;
} step;

static void free_step(gpointer data) {
    step *self = data;

    if (self->free_data != NULL) {
        self->free_data(self->data);
    }
    g_free(self);
}

static void show_steps(GscWindow *self) {
    gtk_widget_action_set_enabled(GTK_WIDGET(self), "win.undo", self->steps->len > 0);
}

static void undo_at(GscWindow *self, guint at) {
    step *last = g_ptr_array_steal_index(self->steps, at);

    show_steps(self);
    last->undo(self, last->data);
    free_step(last);
}

static guint step_of(AdwToast *toast) {
    return GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(toast), "step"));
}

/* What the toast says from now on; step 0: without a button. A toast that is in sight is told another word and
 * never dismissed: libadwaita 1.2 crashes where one is dismissed that still slides in beside another. */
static void tell(AdwToast *toast, const char *said, guint id) {
    g_autofree char *title = g_markup_escape_text(said, -1);

    g_object_set_data(G_OBJECT(toast), "step", GUINT_TO_POINTER(id));
    adw_toast_set_title(toast, title);
    adw_toast_set_button_label(toast, id != 0 ? "Undo" : NULL);
}

/* The toast of a step that has been undone otherwise finds it no more. */
static void on_undo(AdwToast *toast, GscWindow *self) {
    for (guint i = 0; i < self->steps->len; i++) {
        if (((step *)self->steps->pdata[i])->id == step_of(toast)) {
            undo_at(self, i);
            return;
        }
    }
}

void gsc_window_undo_last(GscWindow *self) {
    if (self->steps->len == 0) {
        return;
    }
    if (self->undo_toast != NULL) {
        tell(self->undo_toast, "Undone", 0);
    }
    undo_at(self, self->steps->len - 1);
}

static void on_dismissed(AdwToast *toast, GscWindow *self) {
    self->undo_toast = NULL;
}

void gsc_window_offer_undo(GscWindow *self, const char *said, gsc_window_undo *undo, gpointer data,
                           GDestroyNotify free_data) {
    step *fresh = g_new(step, 1);

    *fresh = (step){undo, data, free_data, ++self->last_step};
    if (self->steps->len == MOST_STEPS) {
        g_ptr_array_remove_index(self->steps, 0);
    }
    g_ptr_array_add(self->steps, fresh);
    show_steps(self);
    if (self->undo_toast != NULL) {
        tell(self->undo_toast, said, fresh->id);
        return;
    }
    self->undo_toast = adw_toast_new("");
    tell(self->undo_toast, said, fresh->id);
    adw_toast_set_timeout(self->undo_toast, TOAST_S);
    g_signal_connect_object(self->undo_toast, "button-clicked", G_CALLBACK(on_undo), self, 0);
    g_signal_connect_object(self->undo_toast, "dismissed", G_CALLBACK(on_dismissed), self, 0);
    adw_toast_overlay_add_toast(self->toasts, self->undo_toast);
}

/* A text field takes Ctrl+Z for its own text, even where there is none: then it is the window's. */
static gboolean on_key(GtkEventControllerKey *keys, guint key, guint code, GdkModifierType state,
                       GscWindow *self) {
    GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(self));
    const GdkModifierType held = state & gtk_accelerator_get_default_mod_mask();

    if (key != GDK_KEY_z || held != GDK_CONTROL_MASK || !GTK_IS_EDITABLE(focus) ||
        *gtk_editable_get_text(GTK_EDITABLE(focus)) != '\0') {
        return FALSE;
    }
    gsc_window_undo_last(self);
    return TRUE;
}

void gsc_window_open_undo(GscWindow *self) {
    GtkEventController *keys = gtk_event_controller_key_new();

    self->steps = g_ptr_array_new_with_free_func(free_step);
    show_steps(self);
    gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
    g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), self);
    gtk_widget_add_controller(GTK_WIDGET(self), keys);
}

void gsc_window_close_undo(GscWindow *self) {
    self->undo_toast = NULL;
    g_clear_pointer(&self->steps, g_ptr_array_unref);
}

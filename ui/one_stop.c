/* SPDX-License-Identifier: MIT
 *
 * A list that the keyboard goes past in one step. See one_stop.h.
 */
#include "ui/one_stop.h"

static gboolean leave_list(GtkWidget *list, GVariant *args, gpointer data) {
    GtkWidget *root = GTK_WIDGET(gtk_widget_get_root(list));

    gtk_widget_set_can_focus(list, FALSE);
    gtk_widget_child_focus(root, (GtkDirectionType)GPOINTER_TO_INT(data));
    gtk_widget_set_can_focus(list, TRUE);
    return GDK_EVENT_STOP;
}

void gsc_one_stop_make(GtkListBox *list) {
    static const struct {
        guint key;
        GdkModifierType modifiers;
        GtkDirectionType direction;
    } keys[] = {{GDK_KEY_Tab, 0, GTK_DIR_TAB_FORWARD},
                {GDK_KEY_Tab, GDK_SHIFT_MASK, GTK_DIR_TAB_BACKWARD},
                {GDK_KEY_ISO_Left_Tab, GDK_SHIFT_MASK, GTK_DIR_TAB_BACKWARD}};
    GtkEventController *controller = gtk_shortcut_controller_new();

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        gtk_shortcut_controller_add_shortcut(
            GTK_SHORTCUT_CONTROLLER(controller),
            gtk_shortcut_new(gtk_keyval_trigger_new(keys[i].key, keys[i].modifiers),
                             gtk_callback_action_new(
                                 leave_list, GINT_TO_POINTER((int)keys[i].direction), NULL)));
    }
    gtk_widget_add_controller(GTK_WIDGET(list), controller);
}

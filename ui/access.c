/* SPDX-License-Identifier: MIT
 *
 * Names for what is inside library widgets. See access.h.
 */
#include "ui/access.h"

#include <adwaita.h>

void gsc_access_begin(void) {
    GtkWidgetClass *images = g_type_class_ref(GTK_TYPE_IMAGE);

    gtk_widget_class_set_accessible_role(images, GTK_ACCESSIBLE_ROLE_PRESENTATION);
    g_type_class_unref(images);
}

/* Unless somebody who knows better gave it one. */
static void set_name(GtkWidget *widget, const char *name) {
    if (name != NULL && *name != '\0' &&
        !gtk_test_accessible_has_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL)) {
        gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                       -1);
    }
}

/* The words on the button, or NULL. */
static const char *words_of(GtkWidget *widget) {
    return GTK_IS_BUTTON(widget)        ? gtk_button_get_label(GTK_BUTTON(widget))
           : GTK_IS_MENU_BUTTON(widget) ? gtk_menu_button_get_label(GTK_MENU_BUTTON(widget))
                                        : NULL;
}

static const char *words_or_tip(GtkWidget *widget) {
    return words_of(widget) != NULL ? words_of(widget) : gtk_widget_get_tooltip_text(widget);
}

/* Of the nearest row around the widget; NULL: it is in none. */
static const char *title_of(GtkWidget *row) {
    return row != NULL ? adw_preferences_row_get_title(ADW_PREFERENCES_ROW(row)) : NULL;
}

/* bar, row: the nearest ones around the widget; NULL: none. What is labelled by its own words besides would
 * say them twice. */
static void name_one(GtkWidget *widget, GtkWidget *bar, GtkWidget *row) {
    GtkWidget *parent = gtk_widget_get_parent(widget);

    if (bar != NULL && GTK_IS_BUTTON(widget)) {
        gtk_accessible_reset_relation(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
        set_name(widget, words_of(widget) != NULL ? words_of(widget) : "Close this message");
    } else if (GTK_IS_MENU_BUTTON(widget) && row == NULL) {
        set_name(widget, words_or_tip(widget));
    } else if (GTK_IS_BUTTON(widget) && (GTK_IS_MENU_BUTTON(parent) || GTK_IS_DROP_DOWN(parent))) {
        gtk_accessible_reset_relation(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
        set_name(widget, words_of(parent) != NULL ? words_of(parent) : title_of(row));
        set_name(widget, gtk_widget_get_tooltip_text(parent));
        set_name(widget, "Choose");
    } else if (GTK_IS_LIST_BOX(widget) || GTK_IS_LIST_VIEW(widget)) {
        set_name(widget, GTK_IS_COLUMN_VIEW(parent) ? "Rows" : title_of(row));
    }
}

/* libadwaita names the list of a group after its title; one without a title is what its first row is. */
static void name_group(AdwPreferencesGroup *group, GtkWidget *list) {
    GtkListBoxRow *first = gtk_list_box_get_row_at_index(GTK_LIST_BOX(list), 0);
    const char *title = adw_preferences_group_get_title(group);

    if ((title == NULL || *title == '\0') && ADW_IS_PREFERENCES_ROW(first)) {
        set_name(list, adw_preferences_row_get_title(ADW_PREFERENCES_ROW(first)));
    }
}

static void name_below(GtkWidget *widget, GtkWidget *bar, GtkWidget *row) {
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child != NULL;
         child = gtk_widget_get_next_sibling(child)) {
        /* a popover of our own has named what is in it */
        if (GTK_IS_POPOVER(child) && G_OBJECT_TYPE(child) != GTK_TYPE_POPOVER) {
            continue;
        }
        GtkWidget *group = gtk_widget_get_ancestor(child, ADW_TYPE_PREFERENCES_GROUP);
        if (group != NULL && row == NULL && GTK_IS_LIST_BOX(child)) {
            name_group(ADW_PREFERENCES_GROUP(group), child);
        }
        name_one(child, bar, row);
        name_below(child, GTK_IS_INFO_BAR(child) ? child : bar,
                   ADW_IS_PREFERENCES_ROW(child) ? child : row);
    }
}

void gsc_access_name_inside(GtkWidget *root) {
    name_below(root, GTK_IS_INFO_BAR(root) ? root : NULL,
               ADW_IS_PREFERENCES_ROW(root) ? root : NULL);
}

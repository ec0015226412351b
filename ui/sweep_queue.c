/* SPDX-License-Identifier: MIT
 *
 * The runs of a sweep that wait. See sweep_queue.h.
 */
#include "ui/sweep_queue.h"

#include <adwaita.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

struct _GscSweepQueue {
    GtkWidget parent;
    GtkWidget *content;
    GtkListBox *list;
    char *folder;     /* path */
    GPtrArray *files; /* char *, of the rows */
};

G_DEFINE_FINAL_TYPE(GscSweepQueue, gsc_sweep_queue, GTK_TYPE_WIDGET)

enum {
    SIGNAL_MOVED,
    SIGNAL_PROBLEM,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

/* ---- Moving -------------------------------------------------------------------------------------- */

static int compare_files(gconstpointer a, gconstpointer b) {
    return strcmp((*(gsc_sweep_entry *const *)a)->file, (*(gsc_sweep_entry *const *)b)->file);
}

/* gsc_sweep_entry * in the order of their files; borrowed of the folder. */
static GPtrArray *list_waiting(const gsc_sweep_folder *folder) {
    GPtrArray *waiting = g_ptr_array_new();

    for (size_t i = 0; i < folder->count; i++) {
        if (folder->entries[i].state == GSC_SWEEP_TODO) {
            g_ptr_array_add(waiting, &folder->entries[i]);
        }
    }
    g_ptr_array_sort(waiting, compare_files);
    return waiting;
}

/* Gives a file the number of another: the name behind the dash stays, so that no two files are ever one. */
static gsc_status give_number(const gsc_sweep_folder *folder, const gsc_sweep_entry *entry,
                              const char *number_of, bool *ret_moved, gsc_error *error) {
    const size_t digits = strcspn(number_of, "-");
    g_autofree char *name =
        g_strdup_printf("%.*s%s", (int)digits, number_of, strchr(entry->file, '-'));
    g_autofree char *from = g_build_filename(folder->path, "todo", entry->file, NULL);
    g_autofree char *to = g_build_filename(folder->path, "todo", name, NULL);

    if (g_rename(from, to) == 0) {
        *ret_moved = true;
    } else if (errno != ENOENT) {
        return gsc_fail(error, GSC_ERR_IO, "%s cannot be renamed: %s", from, g_strerror(errno));
    }
    return GSC_OK;
}

gsc_status gsc_sweep_queue_move(const gsc_sweep_folder *folder, size_t from, size_t to,
                                bool *ret_moved, gsc_error *error) {
    g_autoptr(GPtrArray) waiting = list_waiting(folder);
    g_autoptr(GPtrArray) order = g_ptr_array_copy(waiting, NULL, NULL);
    gsc_status status = GSC_OK;

    *ret_moved = false;
    if (from >= waiting->len || to >= waiting->len) {
        return GSC_OK;
    }
    gsc_sweep_entry *moved = g_ptr_array_steal_index(order, (guint)from);
    g_ptr_array_insert(order, (int)to, moved);
    for (guint i = 0; i < order->len && status == GSC_OK; i++) {
        const gsc_sweep_entry *place = waiting->pdata[i];
        if (order->pdata[i] != place) {
            status = give_number(folder, order->pdata[i], place->file, ret_moved, error);
        }
    }
    return status;
}

/* ---- Rows ---------------------------------------------------------------------------------------- */

static void move(GscSweepQueue *self, GtkWidget *button, int step) {
    GtkWidget *row = gtk_widget_get_ancestor(button, GTK_TYPE_LIST_BOX_ROW);
    const int at = gtk_list_box_row_get_index(GTK_LIST_BOX_ROW(row));
    gsc_sweep_folder *folder = NULL;
    gsc_error error = {0};
    bool moved = false;

    /* anew: runs may have been begun since the rows were made */
    gsc_status status = gsc_sweep_folder_open(self->folder, &folder, &error);
    g_autoptr(GPtrArray) waiting = status == GSC_OK ? list_waiting(folder) : g_ptr_array_new();
    for (guint i = 0; i < waiting->len; i++) {
        const gsc_sweep_entry *entry = waiting->pdata[i];
        if (strcmp(entry->file, self->files->pdata[at]) == 0) {
            const int to = step == G_MININT ? 0 : (int)i + step;
            status = gsc_sweep_queue_move(folder, i, (size_t)CLAMP(to, 0, (int)waiting->len - 1),
                                          &moved, &error);
            break;
        }
    }
    gsc_sweep_folder_free(folder);
    if (status != GSC_OK) {
        g_signal_emit(self, signals[SIGNAL_PROBLEM], 0, error.message);
    }
    g_signal_emit(self, signals[SIGNAL_MOVED], 0);
}

static void on_first(GtkButton *button, GscSweepQueue *self) {
    move(self, GTK_WIDGET(button), G_MININT);
}

static void on_up(GtkButton *button, GscSweepQueue *self) {
    move(self, GTK_WIDGET(button), -1);
}

static void on_down(GtkButton *button, GscSweepQueue *self) {
    move(self, GTK_WIDGET(button), 1);
}

static void add_button(GscSweepQueue *self, GtkWidget *row, const char *word, const char *tip,
                       GCallback clicked) {
    GtkWidget *button = gtk_button_new_with_label(word);

    gtk_widget_set_tooltip_text(button, tip);
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    gtk_widget_add_css_class(button, "flat");
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, tip, -1);
    g_signal_connect(button, "clicked", clicked, self);
    adw_action_row_add_suffix(ADW_ACTION_ROW(row), button);
}

static void add_row(GscSweepQueue *self, const gsc_sweep *sweep, const gsc_sweep_entry *entry) {
    GtkWidget *row = adw_action_row_new();
    g_autofree char *title = g_markup_escape_text(sweep->arms[entry->run.arm].name, -1);
    g_autofree char *subtitle =
        g_strdup_printf("Seed %" G_GUINT64_FORMAT "%s", (guint64)entry->run.seed,
                        entry->run.stage == GSC_SWEEP_TUNE   ? ", tuning"
                        : entry->run.stage == GSC_SWEEP_BEST ? ", at its best value"
                                                             : "");

    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
    adw_action_row_set_subtitle(ADW_ACTION_ROW(row), subtitle);
    add_button(self, row, "First", "Run it before all others", G_CALLBACK(on_first));
    add_button(self, row, "↑", "Run it earlier", G_CALLBACK(on_up));
    add_button(self, row, "↓", "Run it later", G_CALLBACK(on_down));
    gtk_list_box_append(self->list, row);
}

void gsc_sweep_queue_show(GscSweepQueue *self, const gsc_sweep_folder *folder) {
    g_autoptr(GPtrArray) waiting = folder != NULL ? list_waiting(folder) : g_ptr_array_new();
    bool same = waiting->len == self->files->len &&
                g_strcmp0(self->folder, folder != NULL ? folder->path : NULL) == 0;
    GtkWidget *child;

    for (guint i = 0; i < waiting->len && same; i++) {
        const gsc_sweep_entry *entry = waiting->pdata[i];
        same = strcmp(entry->file, self->files->pdata[i]) == 0;
    }
    if (same) {
        return;
    }
    g_free(self->folder);
    self->folder = folder != NULL ? g_strdup(folder->path) : NULL;
    g_ptr_array_set_size(self->files, 0);
    while ((child = GTK_WIDGET(gtk_list_box_get_row_at_index(self->list, 0))) != NULL) {
        gtk_list_box_remove(self->list, child);
    }
    for (guint i = 0; i < waiting->len; i++) {
        const gsc_sweep_entry *entry = waiting->pdata[i];
        g_ptr_array_add(self->files, g_strdup(entry->file));
        add_row(self, folder->sweep, entry);
    }
}

/* ---- Object -------------------------------------------------------------------------------------- */

static void gsc_sweep_queue_dispose(GObject *object) {
    GscSweepQueue *self = GSC_SWEEP_QUEUE(object);

    g_clear_pointer(&self->content, gtk_widget_unparent);
    g_clear_pointer(&self->files, g_ptr_array_unref);
    g_clear_pointer(&self->folder, g_free);
    G_OBJECT_CLASS(gsc_sweep_queue_parent_class)->dispose(object);
}

static void gsc_sweep_queue_class_init(GscSweepQueueClass *klass) {
    G_OBJECT_CLASS(klass)->dispose = gsc_sweep_queue_dispose;
    signals[SIGNAL_MOVED] = g_signal_new("moved", GSC_TYPE_SWEEP_QUEUE, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 0);
    signals[SIGNAL_PROBLEM] = g_signal_new("problem", GSC_TYPE_SWEEP_QUEUE, G_SIGNAL_RUN_LAST, 0,
                                           NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(klass), GTK_TYPE_BIN_LAYOUT);
}

static void gsc_sweep_queue_init(GscSweepQueue *self) {
    GtkWidget *none = gtk_label_new("No run waits");

    self->files = g_ptr_array_new_with_free_func(g_free);
    self->content = gtk_scrolled_window_new();
    self->list = GTK_LIST_BOX(gtk_list_box_new());
    gtk_list_box_set_selection_mode(self->list, GTK_SELECTION_NONE);
    gtk_widget_add_css_class(none, "dim-label");
    gtk_widget_set_margin_top(none, 24);
    gtk_widget_set_margin_bottom(none, 24);
    gtk_list_box_set_placeholder(self->list, none);
    gtk_widget_add_css_class(GTK_WIDGET(self->list), "boxed-list");
    gtk_widget_add_css_class(GTK_WIDGET(self->list), "waiting");
    gtk_widget_set_valign(GTK_WIDGET(self->list), GTK_ALIGN_START);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   "Runs that wait, in their order", -1);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(self->content), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(self->content), GTK_WIDGET(self->list));
    gtk_widget_set_parent(self->content, GTK_WIDGET(self));
}

GtkWidget *gsc_sweep_queue_new(void) {
    return g_object_new(GSC_TYPE_SWEEP_QUEUE, NULL);
}

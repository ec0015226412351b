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
    char *dragged;    /* the run under the pointer (run_of), or NULL */
};

#define MOVE_TIP "Drag it to another place, or move it with Alt+Up and Alt+Down"

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

/* ---- Hands --------------------------------------------------------------------------------------- */

/* What stays of a file's name when it gets another place: "0007-b-3.json" is the run "-b-3.json". */
static const char *run_of(const char *file) {
    const char *dash = strchr(file, '-');

    return dash != NULL ? dash : file;
}

static int index_of(const GPtrArray *waiting, const char *run) {
    for (guint i = 0; i < waiting->len; i++) {
        const gsc_sweep_entry *entry = waiting->pdata[i];
        if (strcmp(run_of(entry->file), run) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* Moves the run by so many places, or to the place of another run (NULL: by places), as the folder is now: runs
 * may have been begun since the rows were made. */
static void move(GscSweepQueue *self, const char *run, int step, const char *to_place_of) {
    gsc_sweep_folder *folder = NULL;
    gsc_error error = {0};
    bool moved = false;

    gsc_status status = gsc_sweep_folder_open(self->folder, &folder, &error);
    g_autoptr(GPtrArray) waiting = status == GSC_OK ? list_waiting(folder) : g_ptr_array_new();
    const int from = index_of(waiting, run);
    int to = to_place_of != NULL ? index_of(waiting, to_place_of) : from + step;
    to = to_place_of != NULL && to < 0 ? 0 : to; /* it was begun: the next one is first now */
    if (from >= 0) {
        status = gsc_sweep_queue_move(folder, (size_t)from,
                                      (size_t)CLAMP(to, 0, (int)waiting->len - 1), &moved, &error);
    }
    gsc_sweep_folder_free(folder);
    if (status != GSC_OK) {
        g_signal_emit(self, signals[SIGNAL_PROBLEM], 0, error.message);
    }
    g_signal_emit(self, signals[SIGNAL_MOVED], 0);
}

static char *dup_run(GscSweepQueue *self, GtkListBoxRow *row) {
    const int at = row != NULL ? gtk_list_box_row_get_index(row) : -1;

    return at >= 0 ? g_strdup(run_of(self->files->pdata[at])) : NULL;
}

static void move_row_of(GscSweepQueue *self, GtkWidget *widget, int step) {
    GtkWidget *row = gtk_widget_get_ancestor(widget, GTK_TYPE_LIST_BOX_ROW);
    g_autofree char *run = dup_run(self, GTK_LIST_BOX_ROW(row));

    if (run != NULL) {
        move(self, run, step, NULL);
    }
}

static void on_first(GtkButton *button, GscSweepQueue *self) {
    move_row_of(self, GTK_WIDGET(button), -(int)self->files->len);
}

static void on_up(GtkButton *button, GscSweepQueue *self) {
    move_row_of(self, GTK_WIDGET(button), -1);
}

static void on_down(GtkButton *button, GscSweepQueue *self) {
    move_row_of(self, GTK_WIDGET(button), 1);
}

/* Alt+Up, Alt+Down, wherever in the row the keyboard is. */
static gboolean on_key(GtkWidget *widget, GVariant *args, gpointer data) {
    GscSweepQueue *self = GSC_SWEEP_QUEUE(widget);
    GtkWidget *focus = gtk_root_get_focus(gtk_widget_get_root(widget));

    if (focus == NULL || !gtk_widget_is_ancestor(focus, GTK_WIDGET(self->list))) {
        return GDK_EVENT_PROPAGATE;
    }
    move_row_of(self, focus, g_variant_get_int32(args));
    return GDK_EVENT_STOP;
}

/* ---- Dragging ------------------------------------------------------------------------------------ */

/* The list drags, not its rows: these are made anew whenever a run begins. */
static GdkContentProvider *on_drag_prepare(GtkDragSource *source, double x, double y,
                                           GscSweepQueue *self) {
    GtkListBoxRow *row = gtk_list_box_get_row_at_y(self->list, (int)y);
    g_autofree char *run = dup_run(self, row);

    if (run == NULL) {
        return NULL;
    }
    g_free(self->dragged);
    self->dragged = g_steal_pointer(&run);
    g_autoptr(GdkPaintable) icon = gtk_widget_paintable_new(GTK_WIDGET(row));
    double row_x = x, row_y = y;
    gtk_widget_translate_coordinates(GTK_WIDGET(self->list), GTK_WIDGET(row), x, y, &row_x, &row_y);
    gtk_drag_source_set_icon(source, icon, (int)row_x, (int)row_y);
    return gdk_content_provider_new_typed(GSC_TYPE_SWEEP_QUEUE, self);
}

static GdkDragAction on_drag_motion(GtkDropTarget *target, double x, double y,
                                    GscSweepQueue *self) {
    GtkListBoxRow *row = gtk_list_box_get_row_at_y(self->list, (int)y);

    if (row == NULL) {
        gtk_list_box_drag_unhighlight_row(self->list);
        return 0;
    }
    gtk_list_box_drag_highlight_row(self->list, row);
    return GDK_ACTION_MOVE;
}

static void on_drag_leave(GtkDropTarget *target, GscSweepQueue *self) {
    gtk_list_box_drag_unhighlight_row(self->list);
}

/* It takes the place of the row below the pointer. */
static gboolean on_dropped(GtkDropTarget *target, const GValue *value, double x, double y,
                           GscSweepQueue *self) {
    g_autofree char *place = dup_run(self, gtk_list_box_get_row_at_y(self->list, (int)y));
    g_autofree char *run = g_steal_pointer(&self->dragged);

    gtk_list_box_drag_unhighlight_row(self->list);
    if (place == NULL || run == NULL || g_value_get_object(value) != (gpointer)self) {
        return FALSE;
    }
    move(self, run, 0, place);
    return TRUE;
}

static void add_dragging(GscSweepQueue *self) {
    GtkDragSource *source = gtk_drag_source_new();
    GtkDropTarget *target = gtk_drop_target_new(GSC_TYPE_SWEEP_QUEUE, GDK_ACTION_MOVE);

    gtk_drag_source_set_actions(source, GDK_ACTION_MOVE);
    g_signal_connect(source, "prepare", G_CALLBACK(on_drag_prepare), self);
    g_signal_connect(target, "motion", G_CALLBACK(on_drag_motion), self);
    g_signal_connect(target, "leave", G_CALLBACK(on_drag_leave), self);
    g_signal_connect(target, "drop", G_CALLBACK(on_dropped), self);
    gtk_widget_add_controller(GTK_WIDGET(self->list), GTK_EVENT_CONTROLLER(source));
    gtk_widget_add_controller(GTK_WIDGET(self->list), GTK_EVENT_CONTROLLER(target));
}

/* ---- Rows ---------------------------------------------------------------------------------------- */

enum {
    BUTTONS = 3
};

static const char *const button_keys[BUTTONS] = {"first", "up", "down"};

static void add_button(GscSweepQueue *self, GtkWidget *row, int index, const char *word,
                       const char *tip, GCallback clicked) {
    GtkWidget *button = gtk_button_new_with_label(word);

    gtk_widget_set_tooltip_text(button, tip);
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    gtk_widget_add_css_class(button, "flat");
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, tip, -1);
    g_signal_connect(button, "clicked", clicked, self);
    g_object_set_data(G_OBJECT(row), button_keys[index], button);
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
    g_autofree char *name = g_strdup_printf("%s, %s", sweep->arms[entry->run.arm].name, subtitle);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                   GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, MOVE_TIP, -1);
    gtk_widget_set_tooltip_text(row, MOVE_TIP);
    add_button(self, row, 0, "First", "Run it before all others", G_CALLBACK(on_first));
    add_button(self, row, 1, "↑", "Run it earlier", G_CALLBACK(on_up));
    add_button(self, row, 2, "↓", "Run it later", G_CALLBACK(on_down));
    gtk_list_box_append(self->list, row);
}

/* Which control of its row has the keyboard: -1 the row itself, else one of its buttons. */
static int find_control(GtkWidget *row, GtkWidget *focus) {
    for (int i = 0; i < BUTTONS; i++) {
        if (g_object_get_data(G_OBJECT(row), button_keys[i]) == focus) {
            return i;
        }
    }
    return -1;
}

/* The keyboard stays with its run, also where that has another place now; of a run that was begun, it goes to
 * the one that took the place. */
static void focus_again(GscSweepQueue *self, const char *run, int place, int control) {
    int at = MIN(place, (int)self->files->len - 1);

    for (guint i = 0; i < self->files->len; i++) {
        at = strcmp(run_of(self->files->pdata[i]), run) == 0 ? (int)i : at;
    }
    GtkListBoxRow *row = gtk_list_box_get_row_at_index(self->list, at);
    if (row == NULL) {
        return;
    }
    GtkWidget *button =
        control >= 0 ? g_object_get_data(G_OBJECT(row), button_keys[control]) : NULL;
    gtk_widget_grab_focus(button != NULL ? button : GTK_WIDGET(row));
}

static bool is_shown(GscSweepQueue *self, const gsc_sweep_folder *folder,
                     const GPtrArray *waiting) {
    if (waiting->len != self->files->len ||
        g_strcmp0(self->folder, folder != NULL ? folder->path : NULL) != 0) {
        return false;
    }
    for (guint i = 0; i < waiting->len; i++) {
        const gsc_sweep_entry *entry = waiting->pdata[i];
        if (strcmp(entry->file, self->files->pdata[i]) != 0) {
            return false;
        }
    }
    return true;
}

static void fill(GscSweepQueue *self, const gsc_sweep_folder *folder, const GPtrArray *waiting) {
    GtkWidget *child;

    g_free(self->folder);
    self->folder = folder != NULL ? g_strdup(folder->path) : NULL;
    g_ptr_array_set_size(self->files, 0);
    gtk_list_box_drag_unhighlight_row(self->list);
    while ((child = GTK_WIDGET(gtk_list_box_get_row_at_index(self->list, 0))) != NULL) {
        gtk_list_box_remove(self->list, child);
    }
    for (guint i = 0; i < waiting->len; i++) {
        const gsc_sweep_entry *entry = waiting->pdata[i];
        g_ptr_array_add(self->files, g_strdup(entry->file));
        add_row(self, folder->sweep, entry);
    }
}

void gsc_sweep_queue_show(GscSweepQueue *self, const gsc_sweep_folder *folder) {
    g_autoptr(GPtrArray) waiting = folder != NULL ? list_waiting(folder) : g_ptr_array_new();
    GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(self));
    GtkWidget *focus = root != NULL ? gtk_root_get_focus(root) : NULL;
    GtkWidget *row = NULL;

    if (is_shown(self, folder, waiting)) {
        return;
    }
    if (focus != NULL && gtk_widget_is_ancestor(focus, GTK_WIDGET(self->list))) {
        row = GTK_IS_LIST_BOX_ROW(focus) ? focus
                                         : gtk_widget_get_ancestor(focus, GTK_TYPE_LIST_BOX_ROW);
    }
    g_autofree char *run = row != NULL ? dup_run(self, GTK_LIST_BOX_ROW(row)) : NULL;
    const int place = row != NULL ? gtk_list_box_row_get_index(GTK_LIST_BOX_ROW(row)) : -1;
    const int control = row != NULL ? find_control(row, focus) : -1;
    fill(self, folder, waiting);
    if (run != NULL) {
        focus_again(self, run, place, control);
    }
}

/* ---- Object -------------------------------------------------------------------------------------- */

static void gsc_sweep_queue_dispose(GObject *object) {
    GscSweepQueue *self = GSC_SWEEP_QUEUE(object);

    g_clear_pointer(&self->content, gtk_widget_unparent);
    g_clear_pointer(&self->files, g_ptr_array_unref);
    g_clear_pointer(&self->folder, g_free);
    g_clear_pointer(&self->dragged, g_free);
    G_OBJECT_CLASS(gsc_sweep_queue_parent_class)->dispose(object);
}

static void gsc_sweep_queue_class_init(GscSweepQueueClass *klass) {
    G_OBJECT_CLASS(klass)->dispose = gsc_sweep_queue_dispose;
    signals[SIGNAL_MOVED] = g_signal_new("moved", GSC_TYPE_SWEEP_QUEUE, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 0);
    signals[SIGNAL_PROBLEM] = g_signal_new("problem", GSC_TYPE_SWEEP_QUEUE, G_SIGNAL_RUN_LAST, 0,
                                           NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(klass), GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_add_binding(GTK_WIDGET_CLASS(klass), GDK_KEY_Up, GDK_ALT_MASK, on_key, "i",
                                 -1);
    gtk_widget_class_add_binding(GTK_WIDGET_CLASS(klass), GDK_KEY_Down, GDK_ALT_MASK, on_key, "i",
                                 1);
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
    add_dragging(self);
}

GtkWidget *gsc_sweep_queue_new(void) {
    return g_object_new(GSC_TYPE_SWEEP_QUEUE, NULL);
}

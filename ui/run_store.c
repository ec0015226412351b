/* SPDX-License-Identifier: MIT
 *
 * The runs that the window knows. See run_store.h.
 */
#include "ui/run_store.h"

enum {
    POLL_MS = 50,
    LIST_SLICE_US = 5000,  /* time spent reading files before the window gets its turn */
    UNREADABLE_TRIES = 100 /* looks at a file that is being born */
};

struct _GscRunStore {
    GObject parent;
    GListStore *items;
    GHashTable *by_path; /* path -> GscRunItem, borrowed from items or hidden */
    GHashTable *hidden;  /* items taken out of the list, owned */
    GHashTable *tries;   /* item that could not be read yet -> looks left */
    GQueue unread;       /* items whose file has not been read, owned */
    char *folder;
    gsc_error folder_error;
    GFileMonitor *monitor;
    guint poll_source, list_source;
    bool listed;
};

G_DEFINE_FINAL_TYPE(GscRunStore, gsc_run_store, G_TYPE_OBJECT)

enum {
    SIGNAL_ITEM_CHANGED,
    SIGNAL_LISTED,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

static void start_polling(GscRunStore *self);

static int compare_newest_first(gconstpointer a, gconstpointer b, gpointer data) {
    GscRunItem *left = GSC_RUN_ITEM((gpointer)a), *right = GSC_RUN_ITEM((gpointer)b);
    double left_s = gsc_run_item_get_started(left), right_s = gsc_run_item_get_started(right);

    /* A run that has not said when it started is being born: on top. */
    left_s = left_s > 0 ? left_s : G_MAXDOUBLE;
    right_s = right_s > 0 ? right_s : G_MAXDOUBLE;
    if (left_s != right_s) {
        return left_s > right_s ? -1 : 1;
    }
    return -g_strcmp0(gsc_run_item_get_name(left), gsc_run_item_get_name(right));
}

static void on_item_changed(GscRunItem *item, GscRunStore *self) {
    g_signal_emit(self, signals[SIGNAL_ITEM_CHANGED], 0, item);
}

static void read_item(GscRunStore *self, GscRunItem *item) {
    gsc_run_item_refresh(item);
    if (gsc_run_item_is_active(item) || gsc_run_item_get_problem(item) != NULL) {
        start_polling(self);
    }
    if (gsc_run_item_get_problem(item) != NULL && !g_hash_table_contains(self->tries, item)) {
        g_hash_table_insert(self->tries, item, GINT_TO_POINTER(UNREADABLE_TRIES));
    }
}

/* ---- Looking at what runs ------------------------------------------------------------------------ */

static gboolean poll_runs(gpointer data) {
    GscRunStore *self = GSC_RUN_STORE(data);
    bool wanted = false;

    for (guint i = 0; i < g_list_model_get_n_items(G_LIST_MODEL(self->items)); i++) {
        g_autoptr(GscRunItem) item = g_list_model_get_item(G_LIST_MODEL(self->items), i);
        if (gsc_run_item_is_active(item)) {
            gsc_run_item_refresh(item);
            wanted = wanted || gsc_run_item_is_active(item);
            continue;
        }
        int tries = GPOINTER_TO_INT(g_hash_table_lookup(self->tries, item));
        if (tries > 0 && gsc_run_item_get_problem(item) != NULL) {
            g_hash_table_insert(self->tries, item, GINT_TO_POINTER(tries - 1));
            gsc_run_item_refresh(item);
            wanted = true;
        }
    }
    if (!wanted) {
        self->poll_source = 0;
        return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

static void start_polling(GscRunStore *self) {
    if (self->poll_source == 0) {
        self->poll_source = g_timeout_add_full(G_PRIORITY_DEFAULT, POLL_MS, poll_runs, self, NULL);
    }
}

/* ---- Listing ------------------------------------------------------------------------------------- */

static gboolean read_some(gpointer data) {
    GscRunStore *self = GSC_RUN_STORE(data);
    gint64 end_us = g_get_monotonic_time() + LIST_SLICE_US;

    while (!g_queue_is_empty(&self->unread) && g_get_monotonic_time() < end_us) {
        g_autoptr(GscRunItem) item = g_queue_pop_head(&self->unread);
        if (g_hash_table_lookup(self->by_path, gsc_run_item_get_path(item)) == item) {
            read_item(self, item);
        }
    }
    if (!g_queue_is_empty(&self->unread)) {
        return G_SOURCE_CONTINUE;
    }
    self->list_source = 0;
    g_list_store_sort(self->items, compare_newest_first, NULL);
    if (!self->listed) {
        self->listed = true;
        g_signal_emit(self, signals[SIGNAL_LISTED], 0);
    }
    return G_SOURCE_REMOVE;
}

static GscRunItem *add_item(GscRunStore *self, const char *path) {
    g_autoptr(GscRunItem) item = gsc_run_item_new(path);

    g_signal_connect_object(item, "changed", G_CALLBACK(on_item_changed), self, 0);
    g_hash_table_insert(self->by_path, g_strdup(path), item);
    g_list_store_insert(self->items, 0, item);
    return item; /* the list holds it */
}

static void queue_read(GscRunStore *self, GscRunItem *item) {
    g_queue_push_tail(&self->unread, g_object_ref(item));
    if (self->list_source == 0) {
        self->list_source = g_idle_add_full(G_PRIORITY_DEFAULT_IDLE, read_some, self, NULL);
    }
}

static void list_folder(GscRunStore *self) {
    g_autoptr(GDir) dir = g_dir_open(self->folder, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        if (!g_str_has_suffix(name, ".gsc")) {
            continue;
        }
        g_autofree char *path = g_build_filename(self->folder, name, NULL);
        if (!g_hash_table_contains(self->by_path, path)) {
            queue_read(self, add_item(self, path));
        }
    }
    if (self->list_source == 0) {
        self->list_source = g_idle_add_full(G_PRIORITY_DEFAULT_IDLE, read_some, self, NULL);
    }
}

static void remove_item(GscRunStore *self, GscRunItem *item) {
    guint position = 0;

    if (g_list_store_find(self->items, item, &position)) {
        g_list_store_remove(self->items, position);
    }
}

void gsc_run_store_forget(GscRunStore *self, const char *path) {
    GscRunItem *item = g_hash_table_lookup(self->by_path, path);

    if (item != NULL) {
        g_object_ref(item);
        g_hash_table_remove(self->by_path, path);
        g_hash_table_remove(self->tries, item);
        g_hash_table_remove(self->hidden, item);
        remove_item(self, item);
        g_signal_emit(self, signals[SIGNAL_ITEM_CHANGED], 0, item);
        g_object_unref(item);
    }
}

static void on_folder_changed(GFileMonitor *monitor, GFile *file, GFile *other,
                              GFileMonitorEvent event, GscRunStore *self) {
    g_autofree char *path = g_file_get_path(file);

    if (path == NULL || !g_str_has_suffix(path, ".gsc")) {
        return;
    }
    GscRunItem *item = g_hash_table_lookup(self->by_path, path);
    if (event == G_FILE_MONITOR_EVENT_DELETED) {
        if (item != NULL && gsc_run_item_is_known(item)) {
            gsc_run_store_forget(self, path);
        }
    } else if (item == NULL) {
        queue_read(self, add_item(self, path));
    } else if (!gsc_run_item_is_active(item) && event != G_FILE_MONITOR_EVENT_ATTRIBUTE_CHANGED) {
        queue_read(self, item);
    }
}

/* ---- Object -------------------------------------------------------------------------------------- */

static void gsc_run_store_finalize(GObject *object) {
    GscRunStore *self = GSC_RUN_STORE(object);

    g_clear_handle_id(&self->poll_source, g_source_remove);
    g_clear_handle_id(&self->list_source, g_source_remove);
    g_clear_object(&self->monitor);
    g_queue_clear_full(&self->unread, g_object_unref);
    g_hash_table_unref(self->tries);
    g_hash_table_unref(self->by_path);
    g_hash_table_unref(self->hidden);
    g_object_unref(self->items);
    g_free(self->folder);
    G_OBJECT_CLASS(gsc_run_store_parent_class)->finalize(object);
}

static void gsc_run_store_class_init(GscRunStoreClass *klass) {
    G_OBJECT_CLASS(klass)->finalize = gsc_run_store_finalize;
    signals[SIGNAL_ITEM_CHANGED] =
        g_signal_new("item-changed", GSC_TYPE_RUN_STORE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                     G_TYPE_NONE, 1, GSC_TYPE_RUN_ITEM);
    signals[SIGNAL_LISTED] = g_signal_new("listed", GSC_TYPE_RUN_STORE, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 0);
}

static void gsc_run_store_init(GscRunStore *self) {
    char folder[4096];

    self->items = g_list_store_new(GSC_TYPE_RUN_ITEM);
    self->by_path = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->hidden = g_hash_table_new_full(NULL, NULL, g_object_unref, NULL);
    self->tries = g_hash_table_new(NULL, NULL);
    g_queue_init(&self->unread);
    if (gsc_runs_folder(folder, sizeof folder, &self->folder_error) != GSC_OK) {
        return;
    }
    self->folder = g_strdup(folder);
    g_autoptr(GFile) file = g_file_new_for_path(folder);
    self->monitor = g_file_monitor_directory(file, G_FILE_MONITOR_NONE, NULL, NULL);
    if (self->monitor != NULL) {
        g_file_monitor_set_rate_limit(self->monitor, 200);
        g_signal_connect_object(self->monitor, "changed", G_CALLBACK(on_folder_changed), self, 0);
    }
    list_folder(self);
}

GscRunStore *gsc_run_store_new(void) {
    return g_object_new(GSC_TYPE_RUN_STORE, NULL);
}

GListModel *gsc_run_store_get_model(GscRunStore *self) {
    return G_LIST_MODEL(self->items);
}

const char *gsc_run_store_get_folder(GscRunStore *self, const char **ret_problem) {
    if (self->folder == NULL && ret_problem != NULL) {
        *ret_problem = self->folder_error.message;
    }
    return self->folder;
}

bool gsc_run_store_is_listed(GscRunStore *self) {
    return self->listed;
}

GscRunItem *gsc_run_store_find(GscRunStore *self, const char *path) {
    return g_hash_table_lookup(self->by_path, path);
}

GscRunItem *gsc_run_store_add(GscRunStore *self, const char *path) {
    g_autofree char *whole = g_canonicalize_filename(path, NULL);
    GscRunItem *item = g_hash_table_lookup(self->by_path, whole);

    if (item == NULL) {
        item = add_item(self, whole);
    }
    if (!gsc_run_item_is_known(item)) {
        read_item(self, item);
    }
    return item;
}

GscRunItem *gsc_run_store_expect(GscRunStore *self, const char *path, const char *experiment,
                                 const char *title) {
    GscRunItem *item = g_hash_table_lookup(self->by_path, path);

    if (item == NULL) {
        item = add_item(self, path);
    }
    gsc_run_item_expect(item, experiment, title);
    start_polling(self);
    return item;
}

void gsc_run_store_watch(GscRunStore *self, GscRunItem *item) {
    gsc_run_item_set_resuming(item, true);
    start_polling(self);
}

char *gsc_run_store_free_path(GscRunStore *self, const char *experiment) {
    for (int i = 1;; i++) {
        g_autofree char *name = g_strdup_printf("%s-%d.gsc", experiment, i);
        g_autofree char *path = g_build_filename(self->folder, name, NULL);
        if (!g_file_test(path, G_FILE_TEST_EXISTS) && !g_hash_table_contains(self->by_path, path)) {
            return g_steal_pointer(&path);
        }
    }
}

void gsc_run_store_hide(GscRunStore *self, GscRunItem *item) {
    g_hash_table_insert(self->hidden, item, g_object_ref(item));
    remove_item(self, item);
    g_signal_emit(self, signals[SIGNAL_ITEM_CHANGED], 0, item);
}

void gsc_run_store_unhide(GscRunStore *self, GscRunItem *item) {
    if (g_hash_table_contains(self->hidden, item)) {
        g_list_store_insert_sorted(self->items, item, compare_newest_first, NULL);
        g_hash_table_remove(self->hidden, item);
        g_signal_emit(self, signals[SIGNAL_ITEM_CHANGED], 0, item);
    }
}

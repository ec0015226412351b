/* SPDX-License-Identifier: MIT
 *
 * The runs that the window knows. See run_store.h.
 */
#include "ui/run_store.h"

enum {
    POLL_MS = 50,
    SORT_EVERY_MS = 500 /* while many files are read */
};
/* Spent on what the library brought before the window gets its turn. */
static const double TAKE_SLICE_S = 0.004;

struct _GscRunStore {
    GObject parent;
    gsc_library *library;
    GSource *news; /* due whenever the library has brought something */
    GListStore *items;
    GPtrArray *fresh;    /* new items on their way into the list, owned */
    GHashTable *by_path; /* path -> GscRunItem, borrowed from items or fresh */
    char *folder;
    gsc_error folder_error;
    char *problem; /* why the folder cannot be listed, or NULL */
    GFileMonitor *monitor;
    guint poll_source;
    gint64 sorted_us;
    bool listed;
};

G_DEFINE_FINAL_TYPE(GscRunStore, gsc_run_store, G_TYPE_OBJECT)

enum {
    SIGNAL_ITEM_CHANGED,
    SIGNAL_LISTED,
    SIGNAL_READ,
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

static bool is_sorted(GListModel *items) {
    g_autoptr(GscRunItem) before = g_list_model_get_item(items, 0);

    for (guint i = 1; i < g_list_model_get_n_items(items); i++) {
        GscRunItem *item = g_list_model_get_item(items, i);
        const bool out_of_order = compare_newest_first(before, item, NULL) > 0;
        g_object_unref(before);
        before = item;
        if (out_of_order) {
            return false;
        }
    }
    return true;
}

static int compare_pointers(gconstpointer a, gconstpointer b) {
    return compare_newest_first(*(const gpointer *)a, *(const gpointer *)b, NULL);
}

/* What came since goes into the list at once and in order, so that the view moves once. */
static void sort_items(GscRunStore *self) {
    g_ptr_array_sort(self->fresh, compare_pointers);
    if (self->fresh->len > 0) {
        g_list_store_splice(self->items, 0, 0, self->fresh->pdata, self->fresh->len);
        g_ptr_array_set_size(self->fresh, 0);
    }
    if (!is_sorted(G_LIST_MODEL(self->items))) {
        g_list_store_sort(self->items, compare_newest_first, NULL);
    }
    self->sorted_us = g_get_monotonic_time();
}

static void on_item_changed(GscRunItem *item, GscRunStore *self) {
    g_signal_emit(self, signals[SIGNAL_ITEM_CHANGED], 0, item);
}

static GscRunItem *new_item(GscRunStore *self, const char *path) {
    GscRunItem *item = gsc_run_item_new(path);

    g_signal_connect_object(item, "changed", G_CALLBACK(on_item_changed), self, 0);
    g_hash_table_insert(self->by_path, g_strdup(path), item);
    return item;
}

/* A new one, on top; the list holds it. */
static GscRunItem *add_item(GscRunStore *self, const char *path) {
    g_autoptr(GscRunItem) item = new_item(self, path);

    g_list_store_insert(self->items, 0, item);
    return item;
}

static void look_at(GscRunStore *self, const char *path) {
    if (self->library != NULL) {
        gsc_library_look_at(self->library, path);
    }
}

/* ---- Looking at what runs ------------------------------------------------------------------------ */

static gboolean poll_runs(gpointer data) {
    GscRunStore *self = GSC_RUN_STORE(data);
    bool wanted = false;

    for (guint i = 0; i < g_list_model_get_n_items(G_LIST_MODEL(self->items)); i++) {
        g_autoptr(GscRunItem) item = g_list_model_get_item(G_LIST_MODEL(self->items), i);
        if (!gsc_run_item_is_active(item)) {
            continue;
        }
        const bool known = gsc_run_item_is_known(item);
        gsc_run_item_refresh(item);
        const bool active = gsc_run_item_is_active(item);
        if (!active || !known) { /* it is over, or has just been born */
            look_at(self, gsc_run_item_get_path(item));
        }
        wanted = wanted || active;
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

/* ---- What the library brings --------------------------------------------------------------------- */

/* Runs of sweeps, in folders of their own, are the run table's and become items when they are asked for. */
static bool is_listed_here(GscRunStore *self, const gsc_library_run *run) {
    const char *folder = gsc_library_get_cell(run, GSC_LIBRARY_FOLDER).text;

    return self->folder != NULL && g_strcmp0(folder, self->folder) == 0 &&
           g_str_has_suffix(run->path, ".gsc");
}

static void take_run(GscRunStore *self, const gsc_library_run *run) {
    GscRunItem *item = g_hash_table_lookup(self->by_path, run->path);

    if (g_strcmp0(run->path, self->folder) == 0) {
        g_free(self->problem);
        self->problem = g_strdup(gsc_library_get_cell(run, GSC_LIBRARY_PROBLEM).text);
        return;
    }
    if (item == NULL && is_listed_here(self, run)) {
        item = new_item(self, run->path);
        g_ptr_array_add(self->fresh, item);
    }
    if (item != NULL) {
        gsc_run_item_take(item, run);
        if (gsc_run_item_is_active(item)) {
            start_polling(self);
        }
    }
}

static void take_gone(GscRunStore *self, const char *path) {
    GscRunItem *item = g_hash_table_lookup(self->by_path, path);

    if (g_strcmp0(path, self->folder) == 0) {
        g_clear_pointer(&self->problem, g_free);
    } else if (item != NULL && gsc_run_item_is_known(item)) {
        gsc_run_store_forget(self, path);
    }
}

static gboolean take_news(gpointer data) {
    GscRunStore *self = GSC_RUN_STORE(data);
    gsc_library_news news;
    gsc_error error = {0};

    g_source_set_ready_time(self->news, -1);
    if (gsc_library_take(self->library, TAKE_SLICE_S, &news, &error) != GSC_OK) {
        g_free(self->problem);
        self->problem = g_strdup(error.message);
    }
    for (size_t i = 0; i < news.n_gone; i++) {
        take_gone(self, news.gone[i]->path);
    }
    for (size_t i = 0; i < news.n_changed; i++) {
        take_run(self, news.changed[i]);
    }
    const bool all = news.left == 0 && !news.more;
    if (all || g_get_monotonic_time() - self->sorted_us > SORT_EVERY_MS * 1000) {
        sort_items(self);
    }
    g_signal_emit(self, signals[SIGNAL_READ], 0, &news);
    if (all && news.listed && !self->listed) {
        self->listed = true;
        g_signal_emit(self, signals[SIGNAL_LISTED], 0);
    }
    if (news.more) {
        g_source_set_ready_time(self->news, 0);
    }
    return G_SOURCE_CONTINUE;
}

/* In the reader's thread. */
static void wake(void *source) {
    g_source_set_ready_time(source, 0);
}

static gboolean dispatch_news(GSource *source, GSourceFunc callback, gpointer data) {
    return callback(data);
}

static void open_library(GscRunStore *self) {
    static GSourceFuncs functions = {.dispatch = dispatch_news};

    if (gsc_library_open(NULL, self->folder, &self->library, &self->folder_error) != GSC_OK) {
        self->problem = g_strdup(self->folder_error.message);
        return;
    }
    self->news = g_source_new(&functions, sizeof(GSource));
    g_source_set_priority(self->news, G_PRIORITY_DEFAULT_IDLE);
    g_source_set_callback(self->news, take_news, self, NULL);
    g_source_attach(self->news, NULL);
    gsc_library_set_wake(self->library, wake, self->news);
}

void gsc_run_store_forget(GscRunStore *self, const char *path) {
    GscRunItem *item = g_hash_table_lookup(self->by_path, path);
    guint position = 0;

    if (item != NULL) {
        g_object_ref(item);
        g_hash_table_remove(self->by_path, path);
        g_ptr_array_remove(self->fresh, item);
        if (g_list_store_find(self->items, item, &position)) {
            g_list_store_remove(self->items, position);
        }
        g_signal_emit(self, signals[SIGNAL_ITEM_CHANGED], 0, item);
        look_at(self, gsc_run_item_get_path(item));
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
    if (item == NULL || !gsc_run_item_is_active(item) || event == G_FILE_MONITOR_EVENT_DELETED) {
        look_at(self, path);
    }
}

/* ---- Object -------------------------------------------------------------------------------------- */

static void gsc_run_store_finalize(GObject *object) {
    GscRunStore *self = GSC_RUN_STORE(object);

    g_clear_handle_id(&self->poll_source, g_source_remove);
    g_clear_object(&self->monitor);
    gsc_library_close(self->library);
    if (self->news != NULL) {
        g_source_destroy(self->news);
        g_source_unref(self->news);
    }
    g_hash_table_unref(self->by_path);
    g_ptr_array_unref(self->fresh);
    g_object_unref(self->items);
    g_free(self->folder);
    g_free(self->problem);
    G_OBJECT_CLASS(gsc_run_store_parent_class)->finalize(object);
}

static void gsc_run_store_class_init(GscRunStoreClass *klass) {
    G_OBJECT_CLASS(klass)->finalize = gsc_run_store_finalize;
    signals[SIGNAL_ITEM_CHANGED] =
        g_signal_new("item-changed", GSC_TYPE_RUN_STORE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                     G_TYPE_NONE, 1, GSC_TYPE_RUN_ITEM);
    signals[SIGNAL_LISTED] = g_signal_new("listed", GSC_TYPE_RUN_STORE, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 0);
    signals[SIGNAL_READ] = g_signal_new("read", GSC_TYPE_RUN_STORE, G_SIGNAL_RUN_LAST, 0, NULL,
                                        NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
}

static void gsc_run_store_init(GscRunStore *self) {
    char folder[4096];

    self->items = g_list_store_new(GSC_TYPE_RUN_ITEM);
    self->fresh = g_ptr_array_new_with_free_func(g_object_unref);
    self->sorted_us = g_get_monotonic_time();
    self->by_path = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (gsc_runs_folder(folder, sizeof folder, &self->folder_error) == GSC_OK) {
        self->folder = g_canonicalize_filename(folder, NULL);
        g_autoptr(GFile) file = g_file_new_for_path(self->folder);
        self->monitor = g_file_monitor_directory(file, G_FILE_MONITOR_NONE, NULL, NULL);
    }
    if (self->monitor != NULL) {
        g_file_monitor_set_rate_limit(self->monitor, 200);
        g_signal_connect_object(self->monitor, "changed", G_CALLBACK(on_folder_changed), self, 0);
    }
    open_library(self);
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
    return self->listed || gsc_run_store_get_problem(self) != NULL;
}

const char *gsc_run_store_get_problem(GscRunStore *self) {
    return self->folder == NULL ? self->folder_error.message : self->problem;
}

gsc_library *gsc_run_store_get_library(GscRunStore *self) {
    return self->library;
}

GscRunItem *gsc_run_store_find(GscRunStore *self, const char *path) {
    return g_hash_table_lookup(self->by_path, path);
}

GscRunItem *gsc_run_store_add(GscRunStore *self, const char *path) {
    g_autofree char *whole = g_canonicalize_filename(path, NULL);
    GscRunItem *item = g_hash_table_lookup(self->by_path, whole);
    const gsc_library_run *run =
        self->library != NULL ? gsc_library_find(self->library, whole) : NULL;

    if (item == NULL) {
        item = add_item(self, whole);
        look_at(self, whole);
    }
    if (!gsc_run_item_is_known(item) && run != NULL && run->known && run->readable) {
        gsc_run_item_take(item, run);
    } else if (!gsc_run_item_is_known(item)) {
        gsc_run_item_refresh(item);
    }
    if (gsc_run_item_is_active(item)) {
        start_polling(self);
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

/* ---- What is kept of a run ----------------------------------------------------------------------- */

static const gsc_library_run *find_kept(GscRunStore *self, const char *path) {
    const gsc_library_run *run =
        self->library != NULL ? gsc_library_find(self->library, path) : NULL;

    return run != NULL && run->known ? run : NULL;
}

int gsc_run_store_get_color(GscRunStore *self, const char *path) {
    const gsc_library_run *run = find_kept(self, path);

    return run != NULL ? run->color : -1;
}

bool gsc_run_store_set_color(GscRunStore *self, const char *path, int color) {
    return find_kept(self, path) != NULL &&
           gsc_library_set_color(self->library, path, color, NULL) == GSC_OK;
}

int gsc_run_store_get_said(GscRunStore *self, const char *path) {
    const gsc_library_run *run = find_kept(self, path);

    return run != NULL ? run->shown : -1;
}

bool gsc_run_store_set_said(GscRunStore *self, const char *path, bool shown) {
    return find_kept(self, path) != NULL &&
           gsc_library_set_shown(self->library, path, shown, NULL) == GSC_OK;
}

/* SPDX-License-Identifier: MIT
 *
 * Runs on their way to the trash, with their checkpoints. They leave the lists at once; the files move when
 * the toast is gone, so that Undo has nothing to bring back.
 */
#include "ui/window_private.h"

#include <string.h>

enum {
    UNDO_S = 6
};

typedef struct deletion {
    GscWindow *window;
    GPtrArray *items;
    bool undone;
} deletion;

static void put_back(GscWindow *self, GscRunItem *item) {
    gsc_run_store_unhide(self->runs, item);
    gsc_run_table_set_doomed(self->run_table, gsc_run_item_get_path(item), false);
}

static void on_undo(AdwToast *toast, deletion *self) {
    self->undone = true;
    for (guint i = 0; i < self->items->len; i++) {
        put_back(self->window, self->items->pdata[i]);
    }
}

/* NAME.ckpt beside NAME.gsc, where there is one. */
static GFile *find_checkpoints(const char *path) {
    if (!g_str_has_suffix(path, ".gsc")) {
        return NULL;
    }
    g_autofree char *stem = g_strndup(path, strlen(path) - strlen(".gsc"));
    g_autofree char *folder = g_strconcat(stem, ".ckpt", NULL);

    return g_file_test(folder, G_FILE_TEST_IS_DIR) ? g_file_new_for_path(folder) : NULL;
}

static void trash_run(GscWindow *self, GscRunItem *item) {
    g_autofree char *path = g_strdup(gsc_run_item_get_path(item));
    g_autoptr(GFile) file = g_file_new_for_path(path);
    g_autoptr(GFile) checkpoints = find_checkpoints(path);
    g_autoptr(GError) error = NULL;

    bool gone = g_file_trash(file, NULL, &error);
    if (gone && checkpoints != NULL) {
        g_file_trash(checkpoints, NULL, &error);
    }
    if (error != NULL) {
        g_autofree char *text =
            g_strdup_printf("%s was not moved to the trash: %s.",
                            gone ? "The checkpoints' folder" : path, error->message);
        gsc_window_say(self, text);
    }
    if (gone) {
        gsc_state_forget_run(self->state, path);
        gsc_run_store_forget(self->runs, path);
    } else {
        put_back(self, item);
    }
}

/* The toast is gone: now, and only now, the files move. */
static void on_dismissed(AdwToast *toast, deletion *self) {
    for (guint i = 0; i < self->items->len && !self->undone; i++) {
        trash_run(self->window, self->items->pdata[i]);
    }
    g_ptr_array_unref(self->items);
    g_object_unref(self->window);
    g_free(self);
}

void gsc_window_trash_items(GscWindow *self, GPtrArray *items) {
    g_autoptr(GPtrArray) doomed = g_ptr_array_new_with_free_func(g_object_unref);

    for (guint i = 0; i < items->len; i++) {
        GscRunItem *item = items->pdata[i];
        if (!gsc_run_item_is_active(item)) {
            g_ptr_array_add(doomed, g_object_ref(item));
        }
    }
    if (doomed->len == 0) {
        gsc_window_say(self, "A run that is active cannot go to the trash: stop it first.");
        return;
    }
    g_autofree char *title =
        doomed->len == 1
            ? g_strdup_printf("%s moves to the trash", gsc_run_item_get_name(doomed->pdata[0]))
            : g_strdup_printf("%u runs move to the trash", doomed->len);
    for (guint i = 0; i < doomed->len; i++) {
        gsc_run_table_set_doomed(self->run_table, gsc_run_item_get_path(doomed->pdata[i]), true);
        gsc_run_store_hide(self->runs, doomed->pdata[i]);
    }
    deletion *going = g_new0(deletion, 1);
    *going = (deletion){.window = g_object_ref(self), .items = g_steal_pointer(&doomed)};
    AdwToast *toast = adw_toast_new(title);
    adw_toast_set_button_label(toast, "Undo");
    adw_toast_set_timeout(toast, UNDO_S);
    g_signal_connect(toast, "button-clicked", G_CALLBACK(on_undo), going);
    g_signal_connect(toast, "dismissed", G_CALLBACK(on_dismissed), going);
    adw_toast_overlay_add_toast(self->toasts, toast);
}

void gsc_window_trash_run(GscWindow *self, const char *path) {
    GscRunItem *item = gsc_run_store_find(self->runs, path);

    if (item != NULL && !gsc_run_item_is_active(item)) {
        g_autoptr(GPtrArray) items = g_ptr_array_new();
        g_ptr_array_add(items, item);
        gsc_window_trash_items(self, items);
    }
}

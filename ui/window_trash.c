/* SPDX-License-Identifier: MIT
 *
 * Runs to the trash, each with its checkpoints, and back. Where there is no trash the window asks whether they
 * are to go for good, and keeps them until somebody says so.
 */
#include "ui/window_private.h"

#include "ui/trash.h"

#include <string.h>

/* What is known of a run that went. */
typedef struct gone {
    char *path, *name;
    GPtrArray
        *files; /* char *: the run file and what lay beside it, in the order in which they went */
    int said, color; /* as gsc_state_get_shown and gsc_state_get_color had it */
    bool shown;
} gone;

static void free_gone(gpointer data) {
    gone *self = data;

    g_ptr_array_unref(self->files);
    g_free(self->path);
    g_free(self->name);
    g_free(self);
}

/* ---- Files --------------------------------------------------------------------------------------- */

/* NAME.ckpt, the journal that SQLite needs to read the run file, and the run file; those that are there.
 * The run file is last: without it the others are nobody's. */
static GPtrArray *list_files(const char *path) {
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
    const bool is_run = g_str_has_suffix(path, ".gsc");
    g_autofree char *stem = g_strndup(path, strlen(path) - (is_run ? strlen(".gsc") : 0));
    g_autofree char *checkpoints = g_strconcat(stem, ".ckpt", NULL);
    g_autofree char *journal = g_strconcat(path, "-journal", NULL);

    if (is_run && g_file_test(checkpoints, G_FILE_TEST_IS_DIR)) {
        g_ptr_array_add(files, g_steal_pointer(&checkpoints));
    }
    if (g_file_test(journal, G_FILE_TEST_EXISTS)) {
        g_ptr_array_add(files, g_steal_pointer(&journal));
    }
    g_ptr_array_add(files, g_strdup(path));
    return files;
}

/* Brings the first n of these back; false with the first reason. */
static bool restore_files(const GPtrArray *files, guint n, GError **error) {
    bool whole = true;

    for (guint i = 0; i < n; i++) {
        whole = gsc_trash_restore(files->pdata[i], whole ? error : NULL) && whole;
    }
    return whole;
}

/* All of them, or none. */
static bool move_files(const GPtrArray *files, GError **error) {
    for (guint i = 0; i < files->len; i++) {
        if (!gsc_trash_move(files->pdata[i], error)) {
            restore_files(files, i, NULL);
            return false;
        }
    }
    return true;
}

static bool delete_files(const GPtrArray *files, GError **error) {
    for (guint i = 0; i < files->len; i++) {
        if (!gsc_trash_delete(files->pdata[i], error)) {
            return false;
        }
    }
    return true;
}

/* ---- Out of the lists, and back ------------------------------------------------------------------ */

static void forget(GscWindow *self, const char *path) {
    gsc_state_forget_run(self->state, path);
    gsc_run_table_set_doomed(self->run_table, path, true);
    gsc_run_store_forget(self->runs, path);
}

static void list_again(GscWindow *self, const gone *run) {
    if (run->said >= 0) {
        gsc_state_set_shown(self->state, run->path, run->said != 0);
    }
    if (run->color >= 0) {
        gsc_state_set_color(self->state, run->path, run->color);
    }
    gsc_run_table_set_doomed(self->run_table, run->path, false);
    GscRunItem *item = gsc_run_store_add(self->runs, run->path);
    gsc_run_item_set_shown(item, run->shown);
    gsc_window_update_figure(self);
}

static void bring_back(GscWindow *self, gpointer data) {
    const GPtrArray *runs = data;
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < runs->len; i++) {
        const gone *run = runs->pdata[i];
        restore_files(run->files, run->files->len, error == NULL ? &error : NULL);
        if (g_file_test(run->path, G_FILE_TEST_EXISTS)) {
            list_again(self, run);
        }
    }
    if (error != NULL) {
        g_autofree char *text = g_strdup_printf("%s.", error->message);
        gsc_window_say(self, text);
    }
}

static void free_runs(gpointer runs) {
    g_ptr_array_unref(runs);
}

static void offer_undo(GscWindow *self, GPtrArray *runs) {
    const gone *first = runs->pdata[0];
    g_autofree char *said = runs->len == 1 ? g_strdup_printf("%s is in the trash", first->name)
                                           : g_strdup_printf("%u runs are in the trash", runs->len);

    gsc_window_offer_undo(self, said, bring_back, g_ptr_array_ref(runs), free_runs);
}

/* ---- Without a trash ----------------------------------------------------------------------------- */

static void on_answer(AdwMessageDialog *dialog, const char *response, GscWindow *self) {
    const GPtrArray *runs = g_object_get_data(G_OBJECT(dialog), "runs");
    g_autoptr(GError) error = NULL;

    if (strcmp(response, "delete") != 0) {
        return;
    }
    for (guint i = 0; i < runs->len; i++) {
        const gone *run = runs->pdata[i];
        delete_files(run->files, error == NULL ? &error : NULL);
        if (!g_file_test(run->path, G_FILE_TEST_EXISTS)) {
            forget(self, run->path);
        }
    }
    if (error != NULL) {
        g_autofree char *text = g_strdup_printf("Not all of it was deleted: %s.", error->message);
        gsc_window_say(self, text);
    }
}

/* reason: why the first of these runs did not go. */
static void ask_for_good(GscWindow *self, GPtrArray *runs, const char *reason) {
    const gone *first = runs->pdata[0];
    g_autofree char *folder = g_path_get_dirname(first->path);
    g_autofree char *what =
        runs->len == 1 ? g_strdup(first->name) : g_strdup_printf("%u runs", runs->len);
    GtkWidget *dialog = adw_message_dialog_new(GTK_WINDOW(self), NULL, NULL);

    adw_message_dialog_format_heading(ADW_MESSAGE_DIALOG(dialog), "No trash for %s", what);
    adw_message_dialog_format_body(
        ADW_MESSAGE_DIALOG(dialog),
        "In %s nothing can be moved to the trash (%s). %s still there: delete for good, which "
        "cannot be undone?",
        folder, reason, runs->len == 1 ? "The run is" : "The runs are");
    adw_message_dialog_add_responses(ADW_MESSAGE_DIALOG(dialog), "keep", "_Keep", "delete",
                                     "_Delete for good", NULL);
    adw_message_dialog_set_response_appearance(ADW_MESSAGE_DIALOG(dialog), "delete",
                                               ADW_RESPONSE_DESTRUCTIVE);
    adw_message_dialog_set_default_response(ADW_MESSAGE_DIALOG(dialog), "keep");
    adw_message_dialog_set_close_response(ADW_MESSAGE_DIALOG(dialog), "keep");
    g_object_set_data_full(G_OBJECT(dialog), "runs", g_ptr_array_ref(runs), free_runs);
    g_signal_connect_object(dialog, "response", G_CALLBACK(on_answer), self, 0);
    gtk_window_present(GTK_WINDOW(dialog));
}

/* ---- What the window is asked -------------------------------------------------------------------- */

static gone *note(GscWindow *self, GscRunItem *item) {
    const char *path = gsc_run_item_get_path(item);
    gone *run = g_new(gone, 1);

    *run = (gone){.path = g_strdup(path),
                  .name = g_strdup(gsc_run_item_get_name(item)),
                  .files = list_files(path),
                  .said = gsc_state_get_shown(self->state, path),
                  .color = gsc_state_get_color(self->state, path),
                  .shown = gsc_run_item_get_shown(item)};
    return run;
}

static void say_active(GscWindow *self, const GPtrArray *active) {
    g_autofree char *text =
        active->len == 1
            ? g_strdup_printf("%s is active and cannot go to the trash: stop it first.",
                              gsc_run_item_get_name(active->pdata[0]))
            : g_strdup_printf("%u runs are active and cannot go to the trash: stop them first.",
                              active->len);

    gsc_window_say(self, text);
}

void gsc_window_trash_items(GscWindow *self, GPtrArray *items) {
    g_autoptr(GPtrArray) active = g_ptr_array_new();
    g_autoptr(GPtrArray) moved = g_ptr_array_new_with_free_func(free_gone);
    g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(free_gone);
    g_autofree char *reason = NULL;

    for (guint i = 0; i < items->len; i++) {
        GscRunItem *item = items->pdata[i];
        gsc_run_item_refresh(item); /* another may have resumed it */
        if (gsc_run_item_is_active(item)) {
            g_ptr_array_add(active, item);
            continue;
        }
        g_autoptr(GError) error = NULL;
        gone *run = note(self, item);
        const bool went = move_files(run->files, &error);
        g_ptr_array_add(went ? moved : kept, run);
        if (went) {
            forget(self, run->path);
        } else if (reason == NULL) {
            reason = g_strdup(error->message);
        }
    }
    if (active->len > 0) {
        say_active(self, active);
    }
    if (moved->len > 0) {
        offer_undo(self, moved);
    }
    if (kept->len > 0) {
        ask_for_good(self, kept, reason);
    }
}

void gsc_window_trash_run(GscWindow *self, const char *path) {
    GscRunItem *item = gsc_run_store_find(self->runs, path);

    if (item != NULL) {
        g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(g_object_unref);
        g_ptr_array_add(items, g_object_ref(item));
        gsc_window_trash_items(self, items);
    }
}

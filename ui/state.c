/* SPDX-License-Identifier: MIT
 *
 * What the window remembers between starts. See state.h.
 */
#include "ui/state.h"

#include <glib/gstdio.h>
#include <unistd.h>

struct gsc_state {
    GKeyFile *file;
    char *path;
    bool dirty;
};

gsc_state *gsc_state_new(void) {
    gsc_state *self = g_new0(gsc_state, 1);

    self->file = g_key_file_new();
    self->path = g_build_filename(g_get_user_state_dir(), "gatescope", "window.ini", NULL);
    g_key_file_load_from_file(self->file, self->path, G_KEY_FILE_NONE, NULL);
    return self;
}

char *gsc_state_dup_problem(gsc_state *self) {
    g_autofree char *folder = g_path_get_dirname(self->path);
    const bool writable = g_mkdir_with_parents(folder, 0700) == 0 &&
                          g_access(folder, W_OK | X_OK) == 0 &&
                          (g_access(self->path, F_OK) != 0 || g_access(self->path, W_OK) == 0);

    return writable ? NULL
                    : g_strdup_printf("%s cannot be written: this window will not remember its "
                                      "size, what is shown and how it is looked at.",
                                      self->path);
}

void gsc_state_save(gsc_state *self) {
    g_autofree char *folder = g_path_get_dirname(self->path);

    if (!self->dirty) {
        return;
    }
    self->dirty = false;
    if (g_mkdir_with_parents(folder, 0700) != 0 ||
        !g_key_file_save_to_file(self->file, self->path, NULL)) {
        g_info("%s could not be written: the window will not remember its size", self->path);
    }
}

void gsc_state_free(gsc_state *self) {
    if (self == NULL) {
        return;
    }
    gsc_state_save(self);
    g_key_file_unref(self->file);
    g_free(self->path);
    g_free(self);
}

int gsc_state_get_int(gsc_state *self, const char *key, int fallback) {
    g_autoptr(GError) error = NULL;
    int value = g_key_file_get_integer(self->file, "window", key, &error);

    return error == NULL ? value : fallback;
}

void gsc_state_set_int(gsc_state *self, const char *key, int value) {
    if (gsc_state_get_int(self, key, G_MININT) != value) {
        g_key_file_set_integer(self->file, "window", key, value);
        self->dirty = true;
    }
}

char *gsc_state_dup_string(gsc_state *self, const char *key) {
    return g_key_file_get_string(self->file, "window", key, NULL);
}

void gsc_state_set_string(gsc_state *self, const char *key, const char *value) {
    g_autofree char *before = gsc_state_dup_string(self, key);

    if (g_strcmp0(before, value) != 0) {
        g_key_file_set_string(self->file, "window", key, value);
        self->dirty = true;
    }
}

/* Key file keys take letters, digits and dashes: a run is known by a hash of its path. */
static char *run_key(const char *run_path) {
    return g_compute_checksum_for_string(G_CHECKSUM_SHA1, run_path, -1);
}

int gsc_state_get_shown(gsc_state *self, const char *run_path) {
    g_autofree char *key = run_key(run_path);
    g_autoptr(GError) error = NULL;
    bool shown = g_key_file_get_boolean(self->file, "shown", key, &error);

    return error != NULL ? -1 : shown;
}

void gsc_state_set_shown(gsc_state *self, const char *run_path, bool shown) {
    g_autofree char *key = run_key(run_path);

    if (gsc_state_get_shown(self, run_path) != (int)shown) {
        g_key_file_set_boolean(self->file, "shown", key, shown);
        self->dirty = true;
    }
}

int gsc_state_get_color(gsc_state *self, const char *run_path) {
    g_autofree char *key = run_key(run_path);
    g_autoptr(GError) error = NULL;
    int color = g_key_file_get_integer(self->file, "color", key, &error);

    return error != NULL ? -1 : color;
}

void gsc_state_set_color(gsc_state *self, const char *run_path, int color) {
    g_autofree char *key = run_key(run_path);

    if (gsc_state_get_color(self, run_path) != color) {
        g_key_file_set_integer(self->file, "color", key, color);
        self->dirty = true;
    }
}

void gsc_state_forget_run(gsc_state *self, const char *run_path) {
    g_autofree char *key = run_key(run_path);

    const bool shown = g_key_file_remove_key(self->file, "shown", key, NULL);
    const bool color = g_key_file_remove_key(self->file, "color", key, NULL);
    self->dirty = self->dirty || shown || color;
}

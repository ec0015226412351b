/* SPDX-License-Identifier: MIT
 *
 * Files to the desktop's trash and back. See trash.h.
 */
#include "ui/trash.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* What a trash has of a file. */
typedef struct found {
    char *info;     /* TRASH/info/NAME.trashinfo */
    char *content;  /* TRASH/files/NAME */
    char *when;     /* DeletionDate, which sorts as text */
    gint64 told_us; /* when the trash wrote it down, for two of one second */
} found;

static void clear_found(found *self) {
    g_clear_pointer(&self->info, g_free);
    g_clear_pointer(&self->content, g_free);
    g_clear_pointer(&self->when, g_free);
}

/* The path with every link in its folders resolved, as two ways to say it are then one; caller frees. */
static char *dup_resolved(const char *path) {
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *real = realpath(folder, NULL);

    return g_build_filename(real != NULL ? real : folder, name, NULL);
}

/* Of anything, a link that leads nowhere too. */
static bool is_there(const char *path) {
    struct stat info;

    return g_lstat(path, &info) == 0;
}

static gint64 told_us(const char *path) {
    struct stat info;

    return g_stat(path, &info) == 0
               ? (gint64)info.st_mtim.tv_sec * 1000000 + info.st_mtim.tv_nsec / 1000
               : 0;
}

/* ---- Searching ----------------------------------------------------------------------------------- */

/* Whether this note of a trash is of path; the paths of a disk's trash begin at its top. */
static bool is_of(const char *info, const char *top, const char *path, char **ret_when) {
    g_autoptr(GKeyFile) file = g_key_file_new();

    if (!g_key_file_load_from_file(file, info, G_KEY_FILE_NONE, NULL)) {
        return false;
    }
    g_autofree char *escaped = g_key_file_get_string(file, "Trash Info", "Path", NULL);
    g_autofree char *said = escaped != NULL ? g_uri_unescape_string(escaped, NULL) : NULL;
    if (said == NULL) {
        return false;
    }
    g_autofree char *whole =
        g_path_is_absolute(said) ? g_strdup(said) : g_build_filename(top, said, NULL);
    g_autofree char *resolved = dup_resolved(whole);
    if (strcmp(resolved, path) != 0) {
        return false;
    }
    *ret_when = g_key_file_get_string(file, "Trash Info", "DeletionDate", NULL);
    if (*ret_when == NULL) {
        *ret_when = g_strdup("");
    }
    return true;
}

/* Looks into one trash for what was moved from path last; keeps what is newer than *best. */
static void look_into(const char *trash, const char *top, const char *path, found *best) {
    g_autofree char *notes = g_build_filename(trash, "info", NULL);
    g_autoptr(GDir) dir = g_dir_open(notes, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        if (!g_str_has_suffix(name, ".trashinfo")) {
            continue;
        }
        g_autofree char *stem = g_strndup(name, strlen(name) - strlen(".trashinfo"));
        found here = {.info = g_build_filename(notes, name, NULL),
                      .content = g_build_filename(trash, "files", stem, NULL)};
        here.told_us = told_us(here.info);
        if (is_of(here.info, top, path, &here.when) && is_there(here.content)) {
            const int order = best->when != NULL ? strcmp(here.when, best->when) : 1;
            if (order > 0 || (order == 0 && here.told_us > best->told_us)) {
                const found before = *best;
                *best = here;
                here = before;
            }
        }
        clear_found(&here);
    }
}

/* The highest folder above path on the same disk; caller frees. */
static char *dup_top(const char *path) {
    char *top = g_path_get_dirname(path);
    struct stat here, above;

    while (strcmp(top, "/") != 0 && g_stat(top, &here) == 0) {
        g_autofree char *parent = g_path_get_dirname(top);
        if (g_stat(parent, &above) != 0 || above.st_dev != here.st_dev) {
            break;
        }
        g_free(top);
        top = g_steal_pointer(&parent);
    }
    return top;
}

static found search(const char *path) {
    found best = {0};
    g_autofree char *top = dup_top(path);
    g_autofree char *own = g_strdup_printf(".Trash-%u", (unsigned)getuid());
    g_autofree char *user = g_strdup_printf("%u", (unsigned)getuid());
    g_autofree char *of_user = g_build_filename(g_get_user_data_dir(), "Trash", NULL);
    g_autofree char *of_disk = g_build_filename(top, own, NULL);
    g_autofree char *shared = g_build_filename(top, ".Trash", user, NULL);

    look_into(of_user, "/", path, &best);
    look_into(of_disk, top, path, &best);
    look_into(shared, top, path, &best);
    return best;
}

/* ---- Hands --------------------------------------------------------------------------------------- */

bool gsc_trash_move(const char *path, GError **error) {
    g_autoptr(GFile) file = g_file_new_for_path(path);

    return g_file_trash(file, NULL, error);
}

bool gsc_trash_restore(const char *path, GError **error) {
    g_autofree char *resolved = dup_resolved(path);
    g_autofree char *folder = g_path_get_dirname(path);
    found last = search(resolved);
    bool back = false;

    if (last.content == NULL) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s is no longer in the trash", path);
    } else if (!g_file_test(folder, G_FILE_TEST_IS_DIR)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                    "%s stays in the trash: its folder %s is gone", path, folder);
    } else if (is_there(path)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                    "%s stays in the trash: there is a new file of its name", path);
    } else if (g_rename(last.content, path) != 0) {
        const int reason = errno;
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(reason), "%s stays in the trash: %s",
                    path, g_strerror(reason));
    } else {
        g_unlink(last.info);
        back = true;
    }
    clear_found(&last);
    return back;
}

bool gsc_trash_delete(const char *path, GError **error) {
    const bool folder =
        g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK);
    g_autoptr(GDir) dir = folder ? g_dir_open(path, 0, error) : NULL;
    const char *name;

    if (folder && dir == NULL) {
        return false;
    }
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (!gsc_trash_delete(child, error)) {
            return false;
        }
    }
    g_autoptr(GFile) file = g_file_new_for_path(path);
    return g_file_delete(file, NULL, error);
}

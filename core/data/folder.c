/* SPDX-License-Identifier: MIT
 *
 * The data folder and small work on files: see folder.h.
 */
#include "core/data/folder.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool gsc_is_folder(const char *path) {
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

bool gsc_is_file(const char *path) {
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

gsc_status gsc_folder_make(const char *path, gsc_error *error) {
    char part[GSC_DATA_PATH_SIZE];
    size_t length = strlen(path);
    if (length >= sizeof part) {
        return gsc_fail(error, GSC_ERR_INPUT, "the folder %.80s... has a path longer than %d bytes",
                        path, GSC_DATA_PATH_SIZE - 1);
    }
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST) {
            return gsc_fail(error, GSC_ERR_IO, "the folder %s cannot be made: %s", part,
                            strerror(errno));
        }
    }
    if (!gsc_is_folder(path)) {
        return gsc_fail(error, GSC_ERR_IO, "%s is not a folder", path);
    }
    return GSC_OK;
}

gsc_status gsc_data_path(const char *folder, const char *name, char ret_path[GSC_DATA_PATH_SIZE],
                         gsc_error *error) {
    char path[GSC_DATA_PATH_SIZE];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (length < 0 || length >= GSC_DATA_PATH_SIZE) {
        return gsc_fail(error, GSC_ERR_INPUT, "the path of %.80s has more than %d bytes", name,
                        GSC_DATA_PATH_SIZE - 1);
    }
    memcpy(ret_path, path, (size_t)length + 1);
    return GSC_OK;
}

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : NULL;
}

gsc_status gsc_data_folder(const char *part, char ret_path[GSC_DATA_PATH_SIZE], gsc_error *error) {
    const char *own = variable("GATESCOPE_DATA"), *data = variable("XDG_DATA_HOME");
    const char *home = variable("HOME");
    if (own == NULL && data == NULL && home == NULL) {
        return gsc_fail(error, GSC_ERR_SYSTEM,
                        "there is no place for corpora: set GATESCOPE_DATA to a folder, or HOME");
    }
    char base[GSC_DATA_PATH_SIZE], path[GSC_DATA_PATH_SIZE];
    gsc_status status = own != NULL ? gsc_data_path(own, ".", base, error)
                        : data != NULL
                            ? gsc_data_path(data, "gatescope/data", base, error)
                            : gsc_data_path(home, ".local/share/gatescope/data", base, error);
    if (status == GSC_OK && own != NULL) {
        base[strlen(base) - 2] = '\0'; /* the "/." that checked its length */
    }
    if (status == GSC_OK) {
        status = gsc_folder_make(base, error);
    }
    /* Messages and children in other folders name it: make it absolute. */
    char whole[GSC_DATA_PATH_SIZE];
    if (status == GSC_OK && realpath(base, whole) == NULL) {
        status = gsc_fail(error, GSC_ERR_IO, "the data folder %s cannot be resolved: %s", base,
                          strerror(errno));
    }
    if (status == GSC_OK && part != NULL) {
        status = gsc_data_path(whole, part, path, error);
        if (status == GSC_OK) {
            status = gsc_folder_make(path, error);
        }
    }
    if (status == GSC_OK) {
        const char *made = part != NULL ? path : whole;
        memcpy(ret_path, made, strlen(made) + 1);
    }
    return status;
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *where) {
    (void)about, (void)type, (void)where;
    return remove(path) != 0 && errno != ENOENT ? -1 : 0;
}

gsc_status gsc_folder_remove(const char *path, gsc_error *error) {
    struct stat about;
    if (lstat(path, &about) != 0 && errno == ENOENT) {
        return GSC_OK;
    }
    if (nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS) != 0) {
        return gsc_fail(error, GSC_ERR_IO, "the folder %s cannot be removed: %s", path,
                        strerror(errno));
    }
    return GSC_OK;
}

/* nftw has no context: its caller's, one walk a thread at a time. */
static _Thread_local struct {
    gsc_paths paths;
    size_t room, skip;
    bool full;
} walk;

static int collect_one(const char *path, const struct stat *about, int type, struct FTW *where) {
    (void)about, (void)where;
    if (type != FTW_F || !S_ISREG(about->st_mode)) {
        return 0;
    }
    if (walk.paths.count == walk.room) {
        size_t room = walk.room == 0 ? 256 : 2 * walk.room;
        char **names = room > GSC_MAX_CORPUS_FILES
                           ? NULL
                           : realloc(walk.paths.names, room * sizeof *walk.paths.names);
        if (names == NULL) {
            walk.full = true;
            return -1;
        }
        walk.paths.names = names;
        walk.room = room;
    }
    char *name = strdup(path + walk.skip);
    if (name == NULL) {
        walk.full = true;
        return -1;
    }
    walk.paths.names[walk.paths.count++] = name;
    return 0;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

gsc_status gsc_folder_files(const char *folder, bool follow, gsc_paths *ret_paths,
                            gsc_error *error) {
    memset(&walk, 0, sizeof walk);
    walk.skip = strlen(folder) + 1;
    int code = nftw(folder, collect_one, 32, follow ? 0 : FTW_PHYS);
    if (code != 0) {
        int why = errno;
        gsc_paths_clear(&walk.paths);
        return walk.full ? gsc_fail(error, GSC_ERR_MEMORY, "the folder %s has more than %d files",
                                    folder, GSC_MAX_CORPUS_FILES)
                         : gsc_fail(error, GSC_ERR_IO, "the folder %s cannot be read: %s", folder,
                                    strerror(why));
    }
    if (walk.paths.count > 0) {
        qsort(walk.paths.names, walk.paths.count, sizeof *walk.paths.names, compare_names);
    }
    *ret_paths = walk.paths;
    return GSC_OK;
}

void gsc_paths_clear(gsc_paths *self) {
    for (size_t i = 0; i < self->count; i++) {
        free(self->names[i]);
    }
    free(self->names);
    *self = (gsc_paths){0};
}

bool gsc_path_matches(const char *pattern, const char *path) {
    for (;; pattern++, path++) {
        if (strncmp(pattern, "**/", 3) == 0) {
            for (const char *rest = path; rest != NULL;) {
                if (gsc_path_matches(pattern + 3, rest)) {
                    return true;
                }
                rest = strchr(rest, '/');
                rest = rest != NULL ? rest + 1 : NULL;
            }
            return false;
        }
        if (*pattern == '*') {
            for (const char *rest = path;; rest++) {
                if (gsc_path_matches(pattern + 1, rest)) {
                    return true;
                }
                if (*rest == '\0' || *rest == '/') {
                    return false;
                }
            }
        }
        if (*pattern == '{') {
            const char *close = strchr(pattern, '}');
            for (const char *word = pattern + 1; close != NULL && word <= close;) {
                size_t length = strcspn(word, ",}");
                if (strncmp(word, path, length) == 0 &&
                    gsc_path_matches(close + 1, path + length)) {
                    return true;
                }
                word += length + 1;
            }
            return false;
        }
        if (*pattern == '\0' || *path == '\0') {
            return *pattern == *path;
        }
        if (*pattern != *path && (*pattern != '?' || *path == '/')) {
            return false;
        }
    }
}

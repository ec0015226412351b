/* SPDX-License-Identifier: MIT
 *
 * The files that the library's reader knows: which there are, which changed, and reading those, the youngest
 * first.
 *
 * A file is known by its times, size and inode. One that was written a moment ago may be written once more
 * within the same tick of its file system's clock, so it is looked at again; if it cannot be read it is
 * probably being born, and nothing is said of it yet. A file that the system would not let us read (held by
 * another program, no permission) is tried again a few times, and at every look.
 *
 * Layer: core/read.
 */
#include "core/read/library_reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum {
    DEEPEST = 4,
    MOST_FILES = 200000,
    MOST_TRIES = 5
};

static const int64_t FRESH_NS = 100000000;         /* longer than a tick of any clock but those */
static const int64_t FRESH_COARSE_NS = 1100000000; /* that count whole seconds */
static const double TRY_AGAIN_S = 1;

static double monotonic_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void tell_summary(gsc_library_reader *self, gsc_library_file *file, char *record) {
    if (record != NULL) {
        file->said = true;
        gsc_library_tell(self, GSC_LIBRARY_SAYS_SUMMARY, file->path, record, NULL);
    }
}

/* ---- Keeping ---- */

void gsc_library_files_keep(gsc_library_reader *self) {
    if (self->n_kept == 0) {
        return;
    }
    gsc_library_store_begin(self->store);
    for (size_t i = 0; i < self->n_kept; i++) {
        gsc_library_store_put(self->store, self->kept[i].path, &self->kept[i].stamp,
                              self->kept[i].record);
        free(self->kept[i].path);
        free(self->kept[i].record);
    }
    gsc_library_store_end(self->store);
    self->n_kept = 0;
}

static void keep(gsc_library_reader *self, const gsc_library_file *file, const char *record) {
    gsc_library_kept it = {
        .path = strdup(file->path), .record = strdup(record), .stamp = file->stamp};
    if (it.path == NULL || it.record == NULL || self->store == NULL) {
        free(it.path);
        free(it.record);
        return;
    }
    self->kept[self->n_kept++] = it;
    if (self->n_kept == GSC_LIBRARY_MOST_KEPT) {
        gsc_library_files_keep(self);
    }
}

/* ---- Files ---- */

static gsc_library_file *find_file(const gsc_library_reader *self, const char *path) {
    ptrdiff_t at = gsc_library_index_get(&self->by_path, path);
    return at >= 0 ? self->files[at] : NULL;
}

static void free_file(gsc_library_file *file) {
    free(file->path);
    free(file->problem);
    free(file);
}

static gsc_library_file *need_file(gsc_library_reader *self, const char *path) {
    gsc_library_file *file = find_file(self, path);
    if (file != NULL || self->count >= MOST_FILES) {
        return file;
    }
    if (self->count == self->room) {
        size_t room = self->room == 0 ? 256 : 2 * self->room;
        gsc_library_file **files = realloc(self->files, room * sizeof(*files));
        if (files == NULL) {
            return NULL;
        }
        self->files = files;
        self->room = room;
    }
    file = calloc(1, sizeof(*file));
    if (file == NULL || (file->path = strdup(path)) == NULL ||
        !gsc_library_index_put(&self->by_path, file->path, self->count)) {
        free(file != NULL ? file->path : NULL);
        free(file);
        return NULL;
    }
    self->files[self->count++] = file;
    return file;
}

static void set_pending(gsc_library_reader *self, gsc_library_file *file, bool pending) {
    self->n_pending += pending && !file->pending;
    self->n_pending -= !pending && file->pending;
    file->pending = pending;
}

static gsc_library_stamp stamp_of(const struct stat *info) {
    return (gsc_library_stamp){
        .modified_ns = (int64_t)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec,
        .changed_ns = (int64_t)info->st_ctim.tv_sec * 1000000000 + info->st_ctim.tv_nsec,
        .size_bytes = info->st_size,
        .inode = (int64_t)info->st_ino};
}

static bool same_stamp(const gsc_library_stamp *a, const gsc_library_stamp *b) {
    return a->modified_ns == b->modified_ns && a->changed_ns == b->changed_ns &&
           a->size_bytes == b->size_bytes && a->inode == b->inode;
}

static void see_file(gsc_library_reader *self, const char *path, const struct stat *info) {
    const gsc_library_stamp stamp = stamp_of(info);
    gsc_library_file *file = need_file(self, path);
    if (file == NULL) {
        return;
    }
    file->seen = true;
    free(file->problem);
    file->problem = NULL;
    /* A run that was active may have lost its process, of which its file says nothing. */
    if (!same_stamp(&file->stamp, &stamp) || file->active || file->tries > 0) {
        file->stamp = stamp;
        set_pending(self, file, true);
    }
}

static void see_problem(gsc_library_reader *self, const char *path, int code) {
    char sentence[GSC_ERROR_MESSAGE_SIZE];
    gsc_library_file *file = need_file(self, path);
    if (file == NULL) {
        return;
    }
    snprintf(sentence, sizeof(sentence), "%s cannot be read: %s%s", path, strerror(code),
             code == EACCES ? "; allow reading it, or name another folder in GATESCOPE_RUNS" : "");
    file->seen = true;
    file->stamp = (gsc_library_stamp){0};
    file->active = false;
    set_pending(self, file, false);
    if (file->problem == NULL || strcmp(file->problem, sentence) != 0) {
        free(file->problem);
        file->problem = strdup(sentence);
        tell_summary(self, file, gsc_library_record_of_failure(sentence));
    }
}

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

static void walk(gsc_library_reader *self, const char *folder, int depth) {
    DIR *dir = opendir(folder);
    const struct dirent *member;
    if (dir == NULL) {
        see_problem(self, folder, errno);
        return;
    }
    while ((member = readdir(dir)) != NULL) {
        char path[4096];
        struct stat info;
        const char *name = member->d_name;
        const bool run = ends_with(name, ".gsc");
        if (name[0] == '.' || (!run && member->d_type == DT_REG) ||
            (!run && ends_with(name, ".ckpt")) ||
            (size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path)) {
            continue;
        }
        if (run && fstatat(dirfd(dir), name, &info, 0) == 0) {
            see_file(self, path, &info);
        } else if (run) {
            see_problem(self, path, errno);
        } else if (depth < DEEPEST && fstatat(dirfd(dir), name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                   S_ISDIR(info.st_mode)) {
            walk(self, path, depth + 1);
        }
    }
    closedir(dir);
}

/* Forgets the files that were not seen, and says so. */
static void drop_unseen(gsc_library_reader *self) {
    size_t n = 0;
    for (size_t i = 0; i < self->count; i++) {
        n += self->files[i]->seen;
    }
    if (n == self->count) {
        return;
    }
    gsc_library_index_clear(&self->by_path);
    gsc_library_store_begin(self->store);
    n = 0;
    for (size_t i = 0; i < self->count; i++) {
        gsc_library_file *file = self->files[i];
        if (file->seen && gsc_library_index_put(&self->by_path, file->path, n)) {
            self->files[n++] = file;
            continue;
        }
        set_pending(self, file, false);
        gsc_library_store_drop(self->store, file->path);
        if (file->said) {
            gsc_library_tell(self, GSC_LIBRARY_SAYS_GONE, file->path, NULL, NULL);
        }
        free_file(file);
    }
    self->count = n;
    gsc_library_store_end(self->store);
}

/* Youngest last: files are read from the end. */
static int compare_age(const void *a, const void *b, void *data) {
    const gsc_library_reader *self = data;
    const int64_t left = self->files[*(const size_t *)a]->stamp.modified_ns;
    const int64_t right = self->files[*(const size_t *)b]->stamp.modified_ns;
    return (left > right) - (left < right);
}

static void order_pending(gsc_library_reader *self) {
    size_t *order = realloc(self->order, (self->count + 1) * sizeof(*order));
    self->n_order = 0;
    if (order == NULL) {
        return;
    }
    self->order = order;
    for (size_t i = 0; i < self->count; i++) {
        if (self->files[i]->pending) {
            order[self->n_order++] = i;
        }
    }
    qsort_r(order, self->n_order, sizeof(*order), compare_age, self);
}

/* ---- Looking ---- */

static bool is_in_folder(const gsc_library_reader *self, const char *path) {
    const size_t n = self->folder != NULL ? strlen(self->folder) : 0;
    return n > 0 && strncmp(path, self->folder, n) == 0 && path[n] == '/';
}

/* A summary that the database kept is as good as the file where that did not change since. */
static void take_kept(void *data, const char *path, const gsc_library_stamp *stamp,
                      const char *record) {
    gsc_library_reader *self = data;
    gsc_library_file *file = find_file(self, path);
    if (file == NULL && is_in_folder(self, path)) {
        need_file(self, path); /* unseen: it is dropped with those */
    }
    if (file != NULL && file->pending && !file->said && same_stamp(&file->stamp, stamp) &&
        !gsc_library_record_is_active(record)) {
        set_pending(self, file, false);
        tell_summary(self, file, strdup(record));
    }
}

/* After a look: says what is there and not read yet, so that nothing is hidden meanwhile. */
static void tell_unread(gsc_library_reader *self) {
    for (size_t i = 0; i < self->count; i++) {
        if (!self->files[i]->said && self->files[i]->pending) {
            self->files[i]->said = true;
            gsc_library_tell(self, GSC_LIBRARY_SAYS_FILE, self->files[i]->path, NULL, NULL);
        }
    }
}

static void look_elsewhere(gsc_library_reader *self) {
    struct stat info;
    for (size_t i = 0; i < self->count; i++) {
        gsc_library_file *file = self->files[i];
        if (!file->seen && file->elsewhere && stat(file->path, &info) == 0) {
            see_file(self, file->path, &info);
        }
    }
}

void gsc_library_files_look(gsc_library_reader *self, bool first) {
    for (size_t i = 0; i < self->count; i++) {
        self->files[i]->seen = false;
    }
    if (self->folder != NULL) {
        walk(self, self->folder, 0);
    }
    look_elsewhere(self);
    if (first) {
        gsc_library_store_load(self->store, NULL, take_kept, self);
    }
    drop_unseen(self);
    tell_unread(self);
    order_pending(self);
    gsc_library_tell(self, GSC_LIBRARY_SAYS_LISTED, NULL, NULL, NULL);
}

void gsc_library_files_look_at(gsc_library_reader *self, const char *path) {
    struct stat info;
    gsc_library_file *file = find_file(self, path);
    const bool fresh = file == NULL;
    if (stat(path, &info) != 0) {
        if (file != NULL && errno == ENOENT) {
            for (size_t i = 0; i < self->count; i++) {
                self->files[i]->seen = self->files[i] != file;
            }
            drop_unseen(self);
            order_pending(self);
        } else if (errno != ENOENT) {
            see_problem(self, path, errno);
        }
        return;
    }
    see_file(self, path, &info);
    if ((file = find_file(self, path)) == NULL) {
        return;
    }
    file->elsewhere = true; /* the walk need not come by it */
    if (fresh) {
        gsc_library_store_load(self->store, path, take_kept, self);
    }
    tell_unread(self);
    order_pending(self);
}

void gsc_library_files_expect(gsc_library_reader *self, const char *path) {
    gsc_library_file *file = need_file(self, path);
    if (file != NULL) {
        file->elsewhere = true;
    }
}

/* ---- Reading ---- */

static bool is_fresh(const gsc_library_stamp *stamp) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const int64_t age_ns =
        (int64_t)now.tv_sec * 1000000000 + now.tv_nsec -
        (stamp->modified_ns > stamp->changed_ns ? stamp->modified_ns : stamp->changed_ns);
    return age_ns < (stamp->changed_ns % 1000000000 == 0 ? FRESH_COARSE_NS : FRESH_NS);
}

static void read_again(gsc_library_reader *self, gsc_library_file *file, double after_s) {
    file->again_s = monotonic_s() + after_s;
    self->due_s = fmin(self->due_s, file->again_s);
}

static void read_failed(gsc_library_reader *self, gsc_library_file *file, const gsc_error *error) {
    const bool fresh = is_fresh(&file->stamp), refused = error->status == GSC_ERR_SYSTEM;
    file->active = false;
    file->tries = fresh || refused ? file->tries + 1 : 0;
    if (fresh && file->tries < MOST_TRIES) {
        read_again(self, file, 1e-9 * (double)FRESH_NS); /* still pending: it is being born */
        return;
    }
    if (refused && file->tries < MOST_TRIES) {
        read_again(self, file, TRY_AGAIN_S);
    }
    set_pending(self, file, false);
    char *record = gsc_library_record_of_failure(error->message);
    if (record != NULL && !refused && !fresh) {
        keep(self, file, record);
    }
    tell_summary(self, file, record);
}

static void read_file(gsc_library_reader *self, gsc_library_file *file) {
    gsc_run *run = NULL;
    gsc_error error = {0};
    const bool fresh = is_fresh(&file->stamp);
    file->again_s = 0;
    atomic_fetch_add(&self->opened, 1);
    if (gsc_run_open(file->path, &run, &error) != GSC_OK) {
        read_failed(self, file, &error);
        return;
    }
    char *record = gsc_library_record_of(run);
    gsc_run_close(run);
    set_pending(self, file, false);
    file->active = record != NULL && gsc_library_record_is_active(record);
    if (fresh && !file->active && file->tries == 0) {
        file->tries = 1;
        read_again(self, file, 1e-9 * (double)FRESH_NS);
    } else {
        file->tries = 0;
    }
    if (record != NULL && !fresh && !file->active) {
        keep(self, file, record);
    }
    tell_summary(self, file, record);
}

void gsc_library_files_read_next(gsc_library_reader *self) {
    while (self->n_order > 0) {
        gsc_library_file *file = self->files[self->order[--self->n_order]];
        if (file->pending && file->again_s == 0) {
            read_file(self, file);
            return;
        }
    }
}

void gsc_library_files_find_due(gsc_library_reader *self) {
    const double now_s = monotonic_s();
    bool due = false;
    if (now_s < self->due_s) {
        return;
    }
    self->due_s = INFINITY;
    for (size_t i = 0; i < self->count; i++) {
        gsc_library_file *file = self->files[i];
        struct stat info;
        if (file->again_s > now_s) {
            self->due_s = fmin(self->due_s, file->again_s);
        } else if (file->again_s > 0) {
            file->again_s = 0;
            if (stat(file->path, &info) == 0) { /* else the next look says so */
                file->stamp = stamp_of(&info);
            }
            set_pending(self, file, true);
            due = true;
        }
    }
    if (due) {
        order_pending(self);
    }
}

void gsc_library_files_clear(gsc_library_reader *self) {
    for (size_t i = 0; i < self->count; i++) {
        free_file(self->files[i]);
    }
    gsc_library_index_clear(&self->by_path);
    free(self->files);
    free(self->order);
}

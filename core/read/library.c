/* SPDX-License-Identifier: MIT
 *
 * The library's table: which files there are, which of them changed, and reading those.
 *
 * Layer: core/read.
 */
#include "core/read/library.h"

#include "core/read/library_internal.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum {
    DEEPEST = 4,
    MOST_RUNS = 200000
};

/* ---- An index of names ---- */

static size_t slot_of(const gsc_library_index *index, const char *name) {
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (const char *c = name; *c != '\0'; c++) {
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    }
    size_t at = (size_t)(hash ^ (hash >> 32)) & (index->room - 1);
    while (index->slots[at].name != NULL && strcmp(index->slots[at].name, name) != 0) {
        at = (at + 1) & (index->room - 1);
    }
    return at;
}

bool gsc_library_index_put(gsc_library_index *index, const char *name, size_t place) {
    if (2 * (index->used + 1) > index->room) {
        gsc_library_index larger = {.room = index->room == 0 ? 64 : 2 * index->room};
        larger.slots = calloc(larger.room, sizeof(*larger.slots));
        if (larger.slots == NULL) {
            return false;
        }
        for (size_t i = 0; i < index->room; i++) {
            if (index->slots[i].name != NULL) {
                larger.slots[slot_of(&larger, index->slots[i].name)] = index->slots[i];
            }
        }
        larger.used = index->used;
        free(index->slots);
        *index = larger;
    }
    size_t at = slot_of(index, name);
    index->used += index->slots[at].name == NULL;
    index->slots[at].name = name;
    index->slots[at].place = place;
    return true;
}

ptrdiff_t gsc_library_index_get(const gsc_library_index *index, const char *name) {
    if (index->room == 0) {
        return -1;
    }
    size_t at = slot_of(index, name);
    return index->slots[at].name != NULL ? (ptrdiff_t)index->slots[at].place : -1;
}

void gsc_library_index_clear(gsc_library_index *index) {
    free(index->slots);
    *index = (gsc_library_index){0};
}

/* ---- Entries ---- */

static void entry_free(gsc_library_entry *entry) {
    if (entry == NULL) {
        return;
    }
    free(entry->path);
    free(entry->record);
    free(entry->name);
    free(entry->folder);
    free(entry->tags);
    free(entry->notes);
    free(entry->cells);
    free(entry->found);
    free(entry);
}

static gsc_library_entry *entry_new(const char *path) {
    gsc_library_entry *entry = calloc(1, sizeof(*entry));
    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
    size_t length = strlen(base);
    if (entry == NULL) {
        return NULL;
    }
    if (length > 4 && strcmp(base + length - 4, ".gsc") == 0) {
        length -= 4;
    }
    entry->path = strdup(path);
    entry->name = strndup(base, length);
    entry->folder = slash != NULL ? strndup(path, (size_t)(slash - path)) : strdup("");
    if (entry->path == NULL || entry->name == NULL || entry->folder == NULL) {
        entry_free(entry);
        return NULL;
    }
    entry->run.path = entry->path;
    return entry;
}

static gsc_library_entry *add_entry(gsc_library *self, const char *path) {
    if (self->count >= MOST_RUNS) {
        return NULL;
    }
    if (self->count == self->room) {
        size_t room = self->room == 0 ? 256 : 2 * self->room;
        gsc_library_entry **entries = realloc(self->entries, room * sizeof(*entries));
        if (entries == NULL) {
            self->out_of_memory = true;
            return NULL;
        }
        self->entries = entries;
        self->room = room;
    }
    gsc_library_entry *entry = entry_new(path);
    if (entry == NULL || !gsc_library_index_put(&self->by_path, entry->path, self->count)) {
        entry_free(entry);
        self->out_of_memory = true;
        return NULL;
    }
    gsc_library_refresh_marks(entry);
    self->entries[self->count++] = entry;
    return entry;
}

static gsc_library_entry *find_entry(const gsc_library *self, const char *path) {
    ptrdiff_t at = gsc_library_index_get(&self->by_path, path);
    return at >= 0 ? self->entries[at] : NULL;
}

static bool is_active(const gsc_library_entry *entry) {
    return entry->run.readable &&
           (entry->run.status == GSC_RUN_RUNNING || entry->run.status == GSC_RUN_QUEUED);
}

static void take_failure(gsc_library *self, gsc_library_entry *entry, const char *message) {
    char *record = gsc_library_record_of_failure(message);
    if (record == NULL || !gsc_library_take_record(self, entry, record)) {
        self->out_of_memory = true;
    }
    gsc_library_store_get_marks(self, entry);
    gsc_library_refresh_marks(entry);
}

/* ---- Opening ---- */

/* What the database says of a file, until the file is seen to have changed. */
static void take_kept(gsc_library *self, const char *path, const gsc_library_stamp *stamp,
                      const char *record) {
    gsc_library_entry *entry = find_entry(self, path) == NULL ? add_entry(self, path) : NULL;
    char *copy = entry != NULL ? strdup(record) : NULL;
    if (copy == NULL) {
        return;
    }
    /* A summary that an other version wrote in words we do not know is read again. */
    if (gsc_library_take_record(self, entry, copy)) {
        entry->stamp = *stamp;
    }
    gsc_library_store_get_marks(self, entry);
    gsc_library_refresh_marks(entry);
}

gsc_status gsc_library_open(const char *path, const char *folder, gsc_library **ret_library,
                            gsc_error *error) {
    gsc_library *self = calloc(1, sizeof(*self));
    if (self == NULL || (folder != NULL && (self->folder = strdup(folder)) == NULL) ||
        !gsc_library_make_facts(self)) {
        gsc_library_close(self);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the library of runs");
    }
    gsc_library_store_open(self, path);
    gsc_library_store_load(self, take_kept);
    *ret_library = self;
    return GSC_OK;
}

static void free_gone(gsc_library *self) {
    for (size_t i = 0; i < self->n_gone; i++) {
        entry_free(self->gone[i]);
    }
    free(self->gone);
    self->gone = NULL;
    self->n_gone = 0;
}

void gsc_library_close(gsc_library *self) {
    if (self == NULL) {
        return;
    }
    gsc_library_store_close(self);
    for (size_t i = 0; i < self->count; i++) {
        entry_free(self->entries[i]);
    }
    for (size_t i = 0; i < self->n_columns; i++) {
        free(self->column_texts[i]);
    }
    free_gone(self);
    free(self->entries);
    free(self->columns);
    free(self->column_texts);
    gsc_library_index_clear(&self->by_path);
    gsc_library_index_clear(&self->by_name);
    free(self->folder);
    free(self);
}

const char *gsc_library_get_problem(const gsc_library *self) {
    return self->trouble.message;
}

/* ---- Listing ---- */

static void see_file(gsc_library *self, const char *path, const struct stat *info) {
    const gsc_library_stamp stamp = {
        .modified_ns = (int64_t)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec,
        .changed_ns = (int64_t)info->st_ctim.tv_sec * 1000000000 + info->st_ctim.tv_nsec,
        .size_bytes = info->st_size};
    gsc_library_entry *entry = find_entry(self, path);
    if (entry == NULL && (entry = add_entry(self, path)) == NULL) {
        return;
    }
    bool same = memcmp(&entry->stamp, &stamp, sizeof(stamp)) == 0;
    entry->seen = true;
    /* A run that was active may have lost its process, of which its file says nothing. */
    entry->pending = entry->pending || !entry->run.known || !same || is_active(entry);
    entry->stamp = stamp;
}

static void see_problem(gsc_library *self, const char *path, const char *what) {
    char sentence[GSC_ERROR_MESSAGE_SIZE];
    gsc_library_entry *entry = find_entry(self, path);
    if (entry == NULL && (entry = add_entry(self, path)) == NULL) {
        return;
    }
    snprintf(sentence, sizeof(sentence), "%s cannot be read: %s", path, what);
    entry->seen = true;
    entry->pending = false;
    take_failure(self, entry, sentence);
    entry->stamp = (gsc_library_stamp){0};
}

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

static void walk(gsc_library *self, const char *folder, int depth) {
    DIR *dir = opendir(folder);
    const struct dirent *member;
    if (dir == NULL) {
        see_problem(self, folder, strerror(errno));
        return;
    }
    while ((member = readdir(dir)) != NULL) {
        char path[4096];
        struct stat info;
        bool run = ends_with(member->d_name, ".gsc");
        if (member->d_name[0] == '.' || (!run && member->d_type == DT_REG) ||
            (!run && ends_with(member->d_name, ".ckpt")) ||
            (size_t)snprintf(path, sizeof(path), "%s/%s", folder, member->d_name) >= sizeof(path)) {
            continue;
        }
        if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
            if (depth < DEEPEST) {
                walk(self, path, depth + 1);
            }
        } else if (run && stat(path, &info) == 0) {
            see_file(self, path, &info);
        } else if (run) {
            see_problem(self, path, strerror(errno));
        }
    }
    closedir(dir);
}

/* Entries whose file went move to self->gone; the index is made anew. */
static bool drop_unseen(gsc_library *self) {
    size_t kept = 0;
    for (size_t i = 0; i < self->count; i++) {
        kept += self->entries[i]->seen;
    }
    free_gone(self);
    if (kept == self->count) {
        return true;
    }
    self->gone = malloc((self->count - kept) * sizeof(*self->gone));
    if (self->gone == NULL) {
        return false;
    }
    gsc_library_index_clear(&self->by_path);
    kept = 0;
    gsc_library_store_begin(self);
    for (size_t i = 0; i < self->count; i++) {
        gsc_library_entry *entry = self->entries[i];
        if (!entry->seen) {
            gsc_library_store_drop(self, entry->path);
            self->gone[self->n_gone++] = entry;
        } else if (gsc_library_index_put(&self->by_path, entry->path, kept)) {
            self->entries[kept++] = entry;
        }
    }
    gsc_library_store_end(self);
    self->count = kept;
    return true;
}

gsc_status gsc_library_list(gsc_library *self, bool *ret_changed, gsc_error *error) {
    size_t before = self->count;
    struct stat info;
    for (size_t i = 0; i < self->count; i++) {
        self->entries[i]->seen = false;
    }
    if (self->folder != NULL) {
        walk(self, self->folder, 0);
    }
    for (size_t i = 0; i < self->count; i++) {
        gsc_library_entry *entry = self->entries[i];
        if (!entry->seen && entry->elsewhere && stat(entry->path, &info) == 0) {
            see_file(self, entry->path, &info);
        }
    }
    bool came = self->count != before;
    if (!drop_unseen(self) || self->out_of_memory) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu runs", self->count);
    }
    self->next = 0;
    *ret_changed = came || self->n_gone > 0;
    return GSC_OK;
}

gsc_status gsc_library_add(gsc_library *self, const char *path, gsc_error *error) {
    gsc_library_entry *entry = find_entry(self, path);
    if (entry == NULL && (entry = add_entry(self, path)) == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory to list %s", path);
    }
    entry->elsewhere = true;
    return GSC_OK;
}

/* ---- Reading ---- */

static double monotonic_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void read_entry(gsc_library *self, gsc_library_entry *entry) {
    gsc_run *run = NULL;
    gsc_error error = {0};
    entry->pending = false;
    if (gsc_run_open(entry->path, &run, &error) != GSC_OK) {
        take_failure(self, entry, error.message);
        gsc_library_store_drop(self, entry->path);
        entry->stamp = (gsc_library_stamp){0}; /* it is tried again at every list */
        return;
    }
    char *record = gsc_library_record_of(run);
    gsc_run_close(run);
    if (record == NULL) {
        self->out_of_memory = true;
        return;
    }
    gsc_library_store_put(self, entry, record);
    gsc_library_take_record(self, entry, record);
    gsc_library_store_get_marks(self, entry);
    gsc_library_refresh_marks(entry);
}

gsc_status gsc_library_read(gsc_library *self, double budget_s, size_t *ret_left,
                            gsc_error *error) {
    double end_s = monotonic_s() + budget_s;
    size_t left = 0;
    bool begun = false;
    for (size_t i = self->next; i < self->count; i++) {
        gsc_library_entry *entry = self->entries[i];
        if (!entry->pending) {
            continue;
        }
        if (left > 0 || (begun && monotonic_s() >= end_s)) {
            self->next = left == 0 ? i : self->next;
            left++;
            continue;
        }
        if (!begun) {
            gsc_library_store_begin(self);
            begun = true;
        }
        read_entry(self, entry);
    }
    if (left == 0) {
        gsc_library_store_end(self);
    } else {
        gsc_library_store_rest(self);
    }
    *ret_left = left;
    return self->out_of_memory
               ? gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu runs", self->count)
               : GSC_OK;
}

/* ---- Looking ---- */

size_t gsc_library_count(const gsc_library *self) {
    return self->count;
}

const gsc_library_run *gsc_library_get(const gsc_library *self, size_t run) {
    return &self->entries[run]->run;
}

const gsc_library_run *gsc_library_find(const gsc_library *self, const char *path) {
    const gsc_library_entry *entry = find_entry(self, path);
    return entry != NULL ? &entry->run : NULL;
}

size_t gsc_library_columns_count(const gsc_library *self) {
    return self->n_columns;
}

const gsc_library_column *gsc_library_get_column(const gsc_library *self, size_t column) {
    return &self->columns[column];
}

int gsc_library_find_column(const gsc_library *self, const char *name) {
    return (int)gsc_library_index_get(&self->by_name, name);
}

gsc_library_cell gsc_library_get_cell(const gsc_library_run *run, size_t column) {
    const gsc_library_entry *entry = (const gsc_library_entry *)run;
    return column < entry->n_cells ? entry->cells[column]
                                   : (gsc_library_cell){.text = NULL, .number = NAN};
}

/* ---- What people add ---- */

static gsc_status set_mark(gsc_library *self, const char *path, const char *text, bool notes,
                           gsc_error *error) {
    gsc_library_entry *entry = find_entry(self, path);
    if (entry == NULL) {
        return gsc_fail(error, GSC_ERR_INPUT, "the library has no run %s", path);
    }
    char *copy = strdup(text), **place = notes ? &entry->notes : &entry->tags;
    if (copy == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the notes of %s", path);
    }
    free(*place);
    *place = copy;
    gsc_library_refresh_marks(entry);
    return gsc_library_store_set_marks(self, entry, error);
}

gsc_status gsc_library_set_notes(gsc_library *self, const char *path, const char *notes,
                                 gsc_error *error) {
    return set_mark(self, path, notes, true, error);
}

gsc_status gsc_library_set_tags(gsc_library *self, const char *path, const char *tags,
                                gsc_error *error) {
    return set_mark(self, path, tags, false, error);
}

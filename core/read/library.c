/* SPDX-License-Identifier: MIT
 *
 * The library's table: the runs that its reader found, and what people added to them.
 *
 * Layer: core/read.
 */
#include "core/read/library.h"

#include "core/read/library_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MOST_RUNS = 200000,
    MOST_MARKS = 1000000,
    TAKES_PER_LOOK = 16 /* findings taken between two looks at the clock */
};

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
    entry->run.changes = "";
    entry->run.color = entry->run.shown = -1;
    return entry;
}

static bool append(gsc_library_list *list, gsc_library_entry *entry) {
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 64 : 2 * list->room;
        gsc_library_entry **items = realloc(list->items, room * sizeof(*items));
        if (items == NULL) {
            return false;
        }
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = entry;
    return true;
}

static gsc_library_entry *find_entry(const gsc_library *self, const char *path) {
    ptrdiff_t at = gsc_library_index_get(&self->by_path, path);
    return at >= 0 ? self->entries.items[at] : NULL;
}

/* The entry of that path, made if there is none; NULL: no memory, or too many. */
static gsc_library_entry *need_entry(gsc_library *self, const char *path) {
    gsc_library_entry *entry = find_entry(self, path);
    if (entry != NULL || self->entries.count >= MOST_RUNS) {
        return entry;
    }
    entry = entry_new(path);
    if (entry == NULL || !append(&self->entries, entry)) {
        entry_free(entry);
        self->out_of_memory = true;
        return NULL;
    }
    if (!gsc_library_index_put(&self->by_path, entry->path, self->entries.count - 1)) {
        self->entries.count--;
        entry_free(entry);
        self->out_of_memory = true;
        return NULL;
    }
    gsc_library_refresh_marks(entry);
    return entry;
}

static void touch(gsc_library *self, gsc_library_entry *entry) {
    if (!entry->touched && !append(&self->touched, entry)) {
        self->out_of_memory = true;
    }
    entry->touched = true;
}

/* ---- Marks ---- */

void gsc_library_marks_clear(gsc_library_marks *marks) {
    free(marks->key);
    free(marks->notes);
    free(marks->tags);
    *marks = (gsc_library_marks){.color = -1, .shown = -1};
}

/* A run is known by its name and start; a file that cannot be read by its path. */
static void print_key(const gsc_library_entry *entry, char *ret_key, size_t size) {
    if (entry->run.started_s > 0) {
        snprintf(ret_key, size, "%s@%.6f", entry->name, entry->run.started_s);
    } else {
        snprintf(ret_key, size, "%s", entry->path);
    }
}

static gsc_library_marks *find_marks(const gsc_library *self, const char *key) {
    ptrdiff_t at = gsc_library_index_get(&self->by_key, key);
    return at >= 0 ? &self->marks[at] : NULL;
}

/* Takes the marks, which have another key than all others. */
static gsc_library_marks *add_marks(gsc_library *self, gsc_library_marks marks) {
    size_t n = self->n_marks;
    gsc_library_marks *all = self->marks;
    if ((n & (n - 1)) == 0) {
        all = realloc(self->marks, (n == 0 ? 1 : 2 * n) * sizeof(*all));
        self->marks = all != NULL ? all : self->marks;
    }
    if (all == NULL || n >= MOST_MARKS || !gsc_library_index_put(&self->by_key, marks.key, n)) {
        gsc_library_marks_clear(&marks);
        return NULL;
    }
    all[n] = marks;
    self->n_marks++;
    return &all[n];
}

static bool same_text(const char *a, const char *b) {
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static void replace(char **place, const char *text) {
    if (!same_text(*place, text)) {
        free(*place);
        *place = strdup(text != NULL ? text : "");
    }
}

/* Gives the entry what people added to its run. */
static void take_marks(const gsc_library *self, gsc_library_entry *entry) {
    char key[4352];
    static const gsc_library_marks none = {.color = -1, .shown = -1};
    print_key(entry, key, sizeof(key));
    const gsc_library_marks *marks = self->n_marks > 0 ? find_marks(self, key) : NULL;
    marks = marks != NULL ? marks : &none;
    replace(&entry->notes, marks->notes);
    replace(&entry->tags, marks->tags);
    entry->run.color = marks->color;
    entry->run.shown = marks->shown;
    gsc_library_refresh_marks(entry);
}

/* ---- Opening ---- */

gsc_status gsc_library_open(const char *path, const char *folder, gsc_library **ret_library,
                            gsc_error *error) {
    gsc_library *self = calloc(1, sizeof(*self));
    if (self == NULL || !gsc_library_make_facts(self)) {
        gsc_library_close(self);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the library of runs");
    }
    self->keeps = true;
    self->listed = folder == NULL;
    gsc_status status = gsc_library_reader_new(path, folder, &self->reader, error);
    if (status != GSC_OK) {
        gsc_library_close(self);
        return status;
    }
    *ret_library = self;
    return GSC_OK;
}

static void free_gone(gsc_library *self) {
    for (size_t i = 0; i < self->gone.count; i++) {
        entry_free(self->gone.items[i]);
    }
    self->gone.count = 0;
}

void gsc_library_close(gsc_library *self) {
    if (self == NULL) {
        return;
    }
    gsc_library_reader_free(self->reader);
    while (self->untaken != NULL) {
        gsc_library_finding *finding = self->untaken;
        self->untaken = finding->next;
        gsc_library_finding_free(finding);
    }
    free_gone(self);
    for (size_t i = 0; i < self->entries.count; i++) {
        entry_free(self->entries.items[i]);
    }
    for (size_t i = 0; i < self->n_marks; i++) {
        gsc_library_marks_clear(&self->marks[i]);
    }
    for (size_t i = 0; i < self->n_columns; i++) {
        free(self->column_texts[i]);
    }
    free(self->entries.items);
    free(self->touched.items);
    free(self->gone.items);
    free(self->marks);
    free(self->columns);
    free(self->column_texts);
    gsc_library_index_clear(&self->by_path);
    gsc_library_index_clear(&self->by_key);
    gsc_library_index_clear(&self->by_name);
    free(self);
}

const char *gsc_library_get_problem(const gsc_library *self) {
    return self->trouble.message;
}

void gsc_library_set_wake(gsc_library *self, gsc_library_wake *wake, void *data) {
    gsc_library_reader_set_wake(self->reader, wake, data);
}

void gsc_library_look(gsc_library *self) {
    gsc_library_reader_look(self->reader);
}

void gsc_library_look_at(gsc_library *self, const char *path) {
    gsc_library_reader_look_at(self->reader, path);
}

/* ---- Taking ---- */

/* The entry leaves the table; the last one takes its place. */
static void take_gone(gsc_library *self, const char *path) {
    gsc_library_entry *entry = find_entry(self, path);
    if (entry == NULL || !append(&self->gone, entry)) {
        self->out_of_memory = self->out_of_memory || entry != NULL;
        return;
    }
    size_t at = (size_t)gsc_library_index_get(&self->by_path, path);
    gsc_library_entry *last = self->entries.items[--self->entries.count];
    gsc_library_index_remove(&self->by_path, path);
    if (last != entry) {
        self->entries.items[at] = last;
        gsc_library_index_put(&self->by_path, last->path, at);
    }
}

static void take_summary(gsc_library *self, gsc_library_finding *finding) {
    gsc_library_entry *entry = need_entry(self, finding->path);
    if (entry == NULL) {
        return;
    }
    gsc_library_take_record(self, entry, finding->text);
    finding->text = NULL;
    take_marks(self, entry);
    touch(self, entry);
}

static void take_finding(gsc_library *self, gsc_library_finding *finding) {
    gsc_library_entry *entry;
    switch (finding->word) {
    case GSC_LIBRARY_SAYS_MARKS:
        if (find_marks(self, finding->marks.key) == NULL) { /* what was said meanwhile is newer */
            add_marks(self, finding->marks);
            finding->marks = (gsc_library_marks){0};
        }
        break;
    case GSC_LIBRARY_SAYS_SUMMARY:
        take_summary(self, finding);
        break;
    case GSC_LIBRARY_SAYS_FILE:
        if (find_entry(self, finding->path) == NULL &&
            (entry = need_entry(self, finding->path)) != NULL) {
            touch(self, entry);
        }
        break;
    case GSC_LIBRARY_SAYS_GONE:
        take_gone(self, finding->path);
        break;
    case GSC_LIBRARY_SAYS_LISTED:
        self->listed = true;
        break;
    case GSC_LIBRARY_SAYS_TROUBLE:
        gsc_fail(&self->trouble, GSC_ERR_IO, "%s", finding->text);
        self->keeps = false;
        break;
    }
    self->left = finding->left;
}

static double monotonic_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void begin_take(gsc_library *self) {
    free_gone(self);
    for (size_t i = 0; i < self->touched.count; i++) {
        self->touched.items[i]->touched = false;
    }
    self->touched.count = 0;
}

/* What came and went within one take is gone, not changed. */
static void drop_gone(gsc_library *self) {
    size_t kept = 0;
    for (size_t i = 0; i < self->touched.count; i++) {
        gsc_library_entry *entry = self->touched.items[i];
        if (find_entry(self, entry->path) == entry) {
            self->touched.items[kept++] = entry;
        }
    }
    self->touched.count = kept;
}

static gsc_status check_memory(gsc_library *self, gsc_error *error) {
    return self->out_of_memory
               ? gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu runs", self->entries.count)
               : GSC_OK;
}

static void take_some(gsc_library *self, double end_s) {
    for (int i = 1; self->untaken != NULL; i++) {
        gsc_library_finding *finding = self->untaken;
        self->untaken = finding->next;
        take_finding(self, finding);
        gsc_library_finding_free(finding);
        if (i % TAKES_PER_LOOK == 0 && monotonic_s() >= end_s) {
            break;
        }
    }
}

gsc_status gsc_library_take(gsc_library *self, double budget_s, gsc_library_news *ret_news,
                            gsc_error *error) {
    bool idle;
    const double end_s = monotonic_s() + budget_s;
    begin_take(self);
    if (self->untaken == NULL) {
        self->untaken = gsc_library_reader_take(self->reader, false, &idle);
    }
    take_some(self, end_s);
    drop_gone(self);
    *ret_news = (gsc_library_news){
        .changed = (const gsc_library_run *const *)self->touched.items,
        .n_changed = self->touched.count,
        .gone = (const gsc_library_run *const *)self->gone.items,
        .n_gone = self->gone.count,
        .left = self->left,
        .listed = self->listed,
        .more = self->untaken != NULL,
    };
    return check_memory(self, error);
}

gsc_status gsc_library_wait(gsc_library *self, gsc_error *error) {
    bool idle = false;
    begin_take(self);
    do {
        take_some(self, INFINITY);
        self->untaken = gsc_library_reader_take(self->reader, true, &idle);
    } while (!idle || self->untaken != NULL);
    return check_memory(self, error);
}

/* ---- Looking ---- */

size_t gsc_library_count_opened(const gsc_library *self) {
    return gsc_library_reader_count_opened(self->reader);
}

size_t gsc_library_count(const gsc_library *self) {
    return self->entries.count;
}

const gsc_library_run *gsc_library_get(const gsc_library *self, size_t run) {
    return &self->entries.items[run]->run;
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

/* The entry's marks, made where it has none; NULL, and why, where that cannot be. */
static gsc_library_marks *need_marks(gsc_library *self, const char *path, gsc_error *error) {
    char key[4352];
    const gsc_library_entry *entry = find_entry(self, path);
    if (entry == NULL) {
        gsc_fail(error, GSC_ERR_INPUT, "the library has no run %s", path);
        return NULL;
    }
    print_key(entry, key, sizeof(key));
    gsc_library_marks *marks = find_marks(self, key);
    if (marks == NULL) {
        gsc_library_marks fresh = {.key = strdup(key), .color = -1, .shown = -1};
        marks = fresh.key != NULL ? add_marks(self, fresh) : NULL;
    }
    if (marks == NULL) {
        gsc_fail(error, GSC_ERR_MEMORY, "no memory for the notes of %s", path);
    }
    return marks;
}

/* After a change of the marks of the run. */
static gsc_status keep_marks(gsc_library *self, const char *path, const gsc_library_marks *marks,
                             gsc_error *error) {
    take_marks(self, find_entry(self, path));
    if (!self->keeps) {
        return gsc_fail(error, GSC_ERR_IO, "%s", self->trouble.message);
    }
    gsc_library_reader_keep(self->reader, marks);
    return GSC_OK;
}

gsc_status gsc_library_set_notes(gsc_library *self, const char *path, const char *notes,
                                 gsc_error *error) {
    gsc_library_marks *marks = need_marks(self, path, error);
    if (marks == NULL) {
        return GSC_ERR_INPUT;
    }
    replace(&marks->notes, notes);
    return keep_marks(self, path, marks, error);
}

gsc_status gsc_library_set_tags(gsc_library *self, const char *path, const char *tags,
                                gsc_error *error) {
    gsc_library_marks *marks = need_marks(self, path, error);
    if (marks == NULL) {
        return GSC_ERR_INPUT;
    }
    replace(&marks->tags, tags);
    return keep_marks(self, path, marks, error);
}

gsc_status gsc_library_set_color(gsc_library *self, const char *path, int color, gsc_error *error) {
    gsc_library_marks *marks = need_marks(self, path, error);
    if (marks == NULL) {
        return GSC_ERR_INPUT;
    }
    if (marks->color == color) {
        return GSC_OK;
    }
    marks->color = color;
    return keep_marks(self, path, marks, error);
}

gsc_status gsc_library_set_shown(gsc_library *self, const char *path, bool shown,
                                 gsc_error *error) {
    gsc_library_marks *marks = need_marks(self, path, error);
    if (marks == NULL) {
        return GSC_ERR_INPUT;
    }
    if (marks->shown == (int)shown) {
        return GSC_OK;
    }
    marks->shown = shown;
    return keep_marks(self, path, marks, error);
}

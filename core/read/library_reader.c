/* SPDX-License-Identifier: MIT
 *
 * The library's reader: a thread that looks which files there are, opens those that are new or changed, and alone
 * touches the database. What it finds waits in a line for the table.
 *
 * Layer: core/read.
 */
#include "core/read/library_reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MOST_AT_ONCE = 16 /* files asked for by their paths; for more the whole folder is looked at */
};

/* ---- Telling ---- */

void gsc_library_finding_free(gsc_library_finding *finding) {
    free(finding->path);
    free(finding->text);
    gsc_library_marks_clear(&finding->marks);
    free(finding);
}

void gsc_library_tell(gsc_library_reader *self, gsc_library_word word, const char *path, char *text,
                      const gsc_library_marks *marks) {
    gsc_library_finding *finding = calloc(1, sizeof(*finding));
    if (finding == NULL) {
        free(text);
        return;
    }
    finding->word = word;
    finding->path = path != NULL ? strdup(path) : NULL;
    finding->text = text;
    finding->left = self->n_pending;
    if (marks != NULL) {
        finding->marks = (gsc_library_marks){.key = strdup(marks->key),
                                             .notes = strdup(marks->notes ? marks->notes : ""),
                                             .tags = strdup(marks->tags ? marks->tags : ""),
                                             .color = marks->color,
                                             .shown = marks->shown};
    }
    if ((path != NULL && finding->path == NULL) || (marks != NULL && finding->marks.key == NULL)) {
        gsc_library_finding_free(finding);
        return;
    }
    pthread_mutex_lock(&self->lock);
    const bool first = self->findings == NULL;
    *self->findings_end = finding;
    self->findings_end = &finding->next;
    if (first && self->wake != NULL) {
        self->wake(self->wake_data);
    }
    if (first) {
        pthread_cond_broadcast(&self->told);
    }
    pthread_mutex_unlock(&self->lock);
}

static void tell_trouble(gsc_library_reader *self, const gsc_error *trouble) {
    char *text = strdup(trouble->message);
    if (text != NULL && *text != '\0') {
        gsc_library_tell(self, GSC_LIBRARY_SAYS_TROUBLE, NULL, text, NULL);
    } else {
        free(text);
    }
}

/* ---- The thread ---- */

/* Waits until something is asked for, or until_s. */
static void wait_until(gsc_library_reader *self, double until_s) {
    if (isinf(until_s)) {
        pthread_cond_wait(&self->asked, &self->lock);
        return;
    }
    const struct timespec until = {.tv_sec = (time_t)until_s,
                                   .tv_nsec = (long)(1e9 * (until_s - floor(until_s)))};
    pthread_cond_timedwait(&self->asked, &self->lock, &until);
}

static void free_wish(gsc_library_wish *self) {
    free(self->path);
    gsc_library_marks_clear(&self->marks);
    free(self);
}

static void keep_marks(gsc_library_reader *self, const gsc_library_wish *wishes) {
    gsc_error trouble = {0};
    gsc_library_store_begin(self->store);
    for (const gsc_library_wish *at = wishes; at != NULL; at = at->next) {
        if (at->marks.key != NULL) {
            gsc_library_store_put_marks(self->store, &at->marks, &trouble);
        }
    }
    gsc_library_store_end(self->store);
    tell_trouble(self, &trouble);
}

static void look_at_all(gsc_library_reader *self, const gsc_library_wish *wishes) {
    size_t n = 0;
    for (const gsc_library_wish *at = wishes; at != NULL; at = at->next) {
        n += at->path != NULL;
    }
    for (const gsc_library_wish *at = wishes; at != NULL; at = at->next) {
        if (at->path != NULL && n > MOST_AT_ONCE) {
            gsc_library_files_expect(self, at->path);
        } else if (at->path != NULL) {
            gsc_library_files_look_at(self, at->path);
        }
    }
    if (n > MOST_AT_ONCE) {
        gsc_library_files_look(self, false);
    }
}

/* One round; false: it is to stop. */
static bool work(gsc_library_reader *self) {
    gsc_library_files_find_due(self);
    const bool nothing = self->n_order == 0;
    if (nothing) {
        gsc_library_files_keep(self);
    }
    pthread_mutex_lock(&self->lock);
    if (nothing && !self->stop && !self->look && self->wishes == NULL) {
        self->idle = self->n_pending == 0;
        pthread_cond_broadcast(&self->told);
        wait_until(self, self->due_s);
    }
    self->idle = false;
    const bool stop = self->stop, wanted = self->look;
    gsc_library_wish *wishes = self->wishes;
    self->wishes = NULL;
    self->wishes_end = &self->wishes;
    self->look = false;
    pthread_mutex_unlock(&self->lock);
    if (wishes != NULL) {
        keep_marks(self, wishes);
    }
    if (!stop) {
        look_at_all(self, wishes);
    }
    while (wishes != NULL) {
        gsc_library_wish *at = wishes;
        wishes = at->next;
        free_wish(at);
    }
    if (wanted && !stop) {
        gsc_library_files_look(self, false);
    }
    if (!stop) {
        gsc_library_files_read_next(self);
    }
    return !stop;
}

static void tell_marks(void *data, const gsc_library_marks *marks) {
    gsc_library_tell(data, GSC_LIBRARY_SAYS_MARKS, NULL, NULL, marks);
}

static void *read_all(void *data) {
    gsc_library_reader *self = data;
    gsc_error trouble = {0};
    self->store = gsc_library_store_open(self->database, &trouble);
    tell_trouble(self, &trouble);
    gsc_library_store_load_marks(self->store, tell_marks, self);
    gsc_library_files_look(self, true);
    while (work(self)) {
    }
    gsc_library_files_keep(self);
    gsc_library_store_close(self->store);
    return NULL;
}

/* ---- The owner's side ---- */

gsc_status gsc_library_reader_new(const char *database, const char *folder,
                                  gsc_library_reader **ret_reader, gsc_error *error) {
    gsc_library_reader *self = calloc(1, sizeof(*self));
    pthread_condattr_t clock;
    if (self == NULL || (database != NULL && (self->database = strdup(database)) == NULL) ||
        (folder != NULL && (self->folder = strdup(folder)) == NULL)) {
        free(self != NULL ? self->database : NULL);
        free(self);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the library of runs");
    }
    self->due_s = INFINITY;
    self->wishes_end = &self->wishes;
    self->findings_end = &self->findings;
    pthread_mutex_init(&self->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&self->asked, &clock);
    pthread_cond_init(&self->told, NULL);
    pthread_condattr_destroy(&clock);
    int code = pthread_create(&self->thread, NULL, read_all, self);
    if (code != 0) {
        free(self->database);
        free(self->folder);
        free(self);
        return gsc_fail(error, GSC_ERR_SYSTEM, "the reader of runs cannot be started: %s",
                        strerror(code));
    }
    *ret_reader = self;
    return GSC_OK;
}

void gsc_library_reader_free(gsc_library_reader *self) {
    if (self == NULL) {
        return;
    }
    pthread_mutex_lock(&self->lock);
    self->stop = true;
    self->wake = NULL;
    pthread_cond_signal(&self->asked);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->thread, NULL);
    while (self->findings != NULL) {
        gsc_library_finding *finding = self->findings;
        self->findings = finding->next;
        gsc_library_finding_free(finding);
    }
    gsc_library_files_clear(self);
    pthread_mutex_destroy(&self->lock);
    pthread_cond_destroy(&self->asked);
    pthread_cond_destroy(&self->told);
    free(self->database);
    free(self->folder);
    free(self);
}

void gsc_library_reader_set_wake(gsc_library_reader *self, gsc_library_wake *wake, void *data) {
    pthread_mutex_lock(&self->lock);
    self->wake = wake;
    self->wake_data = data;
    if (wake != NULL && self->findings != NULL) {
        wake(data);
    }
    pthread_mutex_unlock(&self->lock);
}

size_t gsc_library_reader_count_opened(const gsc_library_reader *self) {
    return atomic_load(&self->opened);
}

void gsc_library_reader_look(gsc_library_reader *self) {
    pthread_mutex_lock(&self->lock);
    self->look = true;
    self->idle = false;
    pthread_cond_signal(&self->asked);
    pthread_mutex_unlock(&self->lock);
}

/* The wish is taken; NULL: there was no memory for it. */
static void ask(gsc_library_reader *self, gsc_library_wish *wanted) {
    if (wanted == NULL) {
        return;
    }
    pthread_mutex_lock(&self->lock);
    *self->wishes_end = wanted;
    self->wishes_end = &wanted->next;
    self->idle = false;
    pthread_cond_signal(&self->asked);
    pthread_mutex_unlock(&self->lock);
}

void gsc_library_reader_look_at(gsc_library_reader *self, const char *path) {
    gsc_library_wish *wanted = calloc(1, sizeof(*wanted));
    if (wanted != NULL && (wanted->path = strdup(path)) == NULL) {
        free(wanted);
        wanted = NULL;
    }
    ask(self, wanted);
}

void gsc_library_reader_keep(gsc_library_reader *self, const gsc_library_marks *marks) {
    gsc_library_wish *wanted = calloc(1, sizeof(*wanted));
    if (wanted == NULL) {
        return;
    }
    wanted->marks = (gsc_library_marks){.key = strdup(marks->key),
                                        .notes = marks->notes != NULL ? strdup(marks->notes) : NULL,
                                        .tags = marks->tags != NULL ? strdup(marks->tags) : NULL,
                                        .color = marks->color,
                                        .shown = marks->shown};
    ask(self, wanted);
}

gsc_library_finding *gsc_library_reader_take(gsc_library_reader *self, bool wait, bool *ret_idle) {
    pthread_mutex_lock(&self->lock);
    while (wait && self->findings == NULL && !self->idle) {
        pthread_cond_wait(&self->told, &self->lock);
    }
    gsc_library_finding *findings = self->findings;
    self->findings = NULL;
    self->findings_end = &self->findings;
    *ret_idle = self->idle;
    pthread_mutex_unlock(&self->lock);
    return findings;
}

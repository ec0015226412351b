/* SPDX-License-Identifier: MIT
 *
 * The writer as a sink: what gathers in memory between commits. See run_writer.h; the statements
 * that bring it into the file are in run_commit.c, the birth of the file in run_birth.c.
 */
#include "core/run/run_writer.h"

#include "core/run/record.h"
#include "core/run/run_writer_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_SERIES = 100000
};

static gsc_status out_of_memory(gsc_error *error) {
    return gsc_fail(error, GSC_ERR_MEMORY, "out of memory for the rows of a run");
}

/* The tail that a handle of the lab means: its declarations are counted anew in a reopened file. */
static gsc_status check_series(const gsc_run_writer *writer, int32_t *series, gsc_error *error) {
    const size_t declared = writer->reopened ? writer->n_declared : writer->n_tails;
    if (*series < 0 || (size_t)*series >= declared) {
        return gsc_fail(
            error, GSC_ERR_SYSTEM,
            "the worker named series %d, but declared %zu; a plugin may have written over "
            "its memory",
            (int)*series, declared);
    }
    *series = writer->reopened ? writer->declared[*series] : *series;
    return GSC_OK;
}

/* Notes what the next declaration means. */
static gsc_status note_declared(gsc_run_writer *writer, size_t tail, gsc_error *error) {
    int32_t *grown = realloc(writer->declared, (writer->n_declared + 1) * sizeof *grown);
    if (grown == NULL) {
        return out_of_memory(error);
    }
    writer->declared = grown;
    grown[writer->n_declared++] = (int32_t)tail;
    return GSC_OK;
}

/* Whether the file has the series already, at *ret_at. */
static bool find_old(const gsc_run_writer *writer, const gsc_series_info *info, size_t *ret_at) {
    for (size_t i = 0; i < writer->n_old; i++) {
        const gsc_writer_old *old = &writer->old[i];
        if (old->layer == info->layer && strcmp(old->name, info->name) == 0 &&
            strcmp(old->arm, info->arm) == 0) {
            *ret_at = i;
            return true;
        }
    }
    return false;
}

static gsc_status put_series(gsc_sink *self, const gsc_series_info *info, int32_t *ret_series,
                             gsc_error *error) {
    gsc_run_writer *writer = (gsc_run_writer *)self;
    gsc_status status = writer->untouched ? gsc_run_writer_take_back(writer, error) : GSC_OK;
    size_t at;
    if (status == GSC_OK && find_old(writer, info, &at)) {
        *ret_series = (int32_t)writer->n_declared;
        status = note_declared(writer, at, error);
        return status;
    }
    if (status == GSC_OK && writer->reopened) {
        status = note_declared(writer, writer->n_tails, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    if (writer->n_tails == MAX_SERIES) {
        return gsc_fail(error, GSC_ERR_INPUT, "a run has at most %d series", MAX_SERIES);
    }
    if (writer->n_tails == writer->tails_capacity) {
        size_t capacity = writer->tails_capacity == 0 ? 64 : 2 * writer->tails_capacity;
        gsc_writer_tail *grown = realloc(writer->tails, capacity * sizeof *grown);
        if (grown == NULL) {
            return out_of_memory(error);
        }
        writer->tails = grown;
        writer->tails_capacity = capacity;
    }
    status = gsc_record_series(&writer->pending, info, error);
    if (status != GSC_OK) {
        return status;
    }
    *ret_series = (int32_t)(writer->reopened ? writer->n_declared - 1 : writer->n_tails);
    writer->tails[writer->n_tails++] =
        (gsc_writer_tail){.has_until = -INFINITY, .has_vectors_until = -INFINITY};
    return GSC_OK;
}

static gsc_status put_points(gsc_sink *self, int32_t series, const gsc_point *points, size_t n,
                             gsc_error *error) {
    gsc_run_writer *writer = (gsc_run_writer *)self;
    gsc_status status = check_series(writer, &series, error);
    if (status != GSC_OK) {
        return status;
    }
    gsc_writer_tail *tail = &writer->tails[series];
    while (n > 0 && writer->reopened && points->x <= tail->has_until) {
        points++;
        n--;
    }
    if (n == 0) {
        return GSC_OK;
    }
    if (tail->n + n > tail->capacity) {
        size_t capacity = tail->capacity == 0 ? 128 : tail->capacity;
        while (capacity < tail->n + n) {
            capacity *= 2;
        }
        gsc_point *grown = realloc(tail->points, capacity * sizeof *grown);
        if (grown == NULL) {
            return out_of_memory(error);
        }
        tail->points = grown;
        tail->capacity = capacity;
    }
    memcpy(tail->points + tail->n, points, n * sizeof *points);
    tail->n += n;
    writer->dirty = true;
    return GSC_OK;
}

static gsc_status put_vector(gsc_sink *self, int32_t series, double x, const float *values,
                             size_t n, gsc_error *error) {
    gsc_run_writer *writer = (gsc_run_writer *)self;
    gsc_status status = check_series(writer, &series, error);
    if (status == GSC_OK && writer->reopened && x <= writer->tails[series].has_vectors_until) {
        return GSC_OK;
    }
    return status != GSC_OK ? status
                            : gsc_record_vector(&writer->pending, series, x, values, n, error);
}

static gsc_status put_document(gsc_sink *self, const char *kind, const char *arm, double x,
                               int32_t replicate, const char *json, gsc_error *error) {
    gsc_run_writer *writer = (gsc_run_writer *)self;
    return gsc_record_document(&writer->pending, kind, arm, x, replicate, json, error);
}

static gsc_status put_event(gsc_sink *self, gsc_event_level level, const char *source,
                            const char *message, gsc_error *error) {
    gsc_run_writer *writer = (gsc_run_writer *)self;
    return gsc_record_event(&writer->pending, level, source, message, error);
}

static gsc_status put_result(gsc_sink *self, const gsc_result *result, gsc_error *error) {
    gsc_run_writer *writer = (gsc_run_writer *)self;
    return gsc_record_result(&writer->pending, result, error);
}

static gsc_status put_progress(gsc_sink *self, double fraction, const char *text,
                               gsc_error *error) {
    gsc_run_writer *writer = (gsc_run_writer *)self;
    if (text != NULL && text[0] != '\0') {
        char *copy = strdup(text);
        if (copy == NULL) {
            return out_of_memory(error);
        }
        free(writer->activity);
        writer->activity = copy;
    }
    writer->progress = fraction;
    writer->progress_dirty = true;
    return GSC_OK;
}

void gsc_run_writer_init_sink(gsc_run_writer *writer) {
    writer->sink = (gsc_sink){.series = put_series,
                              .points = put_points,
                              .vector = put_vector,
                              .document = put_document,
                              .event = put_event,
                              .result = put_result,
                              .progress = put_progress};
}

gsc_sink *gsc_run_writer_sink(gsc_run_writer *writer) {
    return &writer->sink;
}

const char *gsc_run_writer_path(const gsc_run_writer *writer) {
    return writer->path;
}

void gsc_run_writer_free(gsc_run_writer *writer) {
    if (writer == NULL) {
        return;
    }
    gsc_run_writer_close_database(writer);
    if (writer->replaced[0] != '\0') {
        unlink(writer->replaced);
    }
    for (size_t i = 0; i < writer->n_tails; i++) {
        free(writer->tails[i].points);
    }
    for (size_t i = 0; i < writer->n_old; i++) {
        free(writer->old[i].name);
        free(writer->old[i].arm);
    }
    free(writer->old);
    free(writer->declared);
    free(writer->old_status);
    free(writer->old_failure);
    free(writer->tails);
    free(writer->activity);
    gsc_pack_clear(&writer->pending);
    free(writer);
}

void gsc_run_writer_discard(gsc_run_writer *writer) {
    if (writer->reopened) {
        gsc_run_writer_give_back(writer);
        gsc_run_writer_free(writer);
        return;
    }
    gsc_run_writer_close_database(writer);
    unlink(writer->path);
    gsc_run_writer_unlink_journal(writer->path);
    if (writer->replaced[0] != '\0') {
        rename(writer->replaced, writer->path);
        writer->replaced[0] = '\0';
    }
    gsc_run_writer_free(writer);
}

double gsc_unix_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

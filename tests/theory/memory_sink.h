/* SPDX-License-Identifier: MIT
 *
 * A sink that keeps what a lab tells: series, points, results, events, counts of documents.
 */
#ifndef GSC_TESTS_THEORY_MEMORY_SINK_H
#define GSC_TESTS_THEORY_MEMORY_SINK_H

#include "core/run/sink.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MEMORY_SERIES = 512,
    MEMORY_RESULTS = 4096,
    MEMORY_EVENTS = 1024
};

typedef struct memory_series {
    char name[64], arm[64], panel[32], title[128], bound_title[32];
    double bound;
    gsc_point *points;
    size_t n, capacity;
} memory_series;

typedef struct memory_result {
    char name[160], arm[64];
    double value, low, high;
} memory_result;

typedef struct memory_sink {
    gsc_sink sink;
    pthread_mutex_t lock;
    memory_series series[MEMORY_SERIES];
    size_t n_series;
    memory_result results[MEMORY_RESULTS];
    size_t n_results;
    char events[MEMORY_EVENTS][512];
    size_t n_events, documents, fits;
    char last_fit[8192];
    double progress;
    bool stop; /* every call then answers that the user asked to stop */
} memory_sink;

static inline gsc_status memory_answer(memory_sink *self, gsc_error *error) {
    return self->stop ? gsc_fail(error, GSC_ERR_STOPPED, "stopped") : GSC_OK;
}

static inline gsc_status memory_add_series(gsc_sink *sink, const gsc_series_info *info,
                                           int32_t *ret_series, gsc_error *error) {
    memory_sink *self = (memory_sink *)sink;
    memory_series *series = &self->series[self->n_series];
    snprintf(series->name, sizeof series->name, "%s", info->name);
    snprintf(series->arm, sizeof series->arm, "%s", info->arm);
    snprintf(series->panel, sizeof series->panel, "%s", info->panel);
    snprintf(series->title, sizeof series->title, "%s", info->title);
    snprintf(series->bound_title, sizeof series->bound_title, "%s", info->bound_title);
    series->bound = info->bound;
    *ret_series = (int32_t)self->n_series++;
    return memory_answer(self, error);
}

static inline gsc_status memory_add_points(gsc_sink *sink, int32_t index, const gsc_point *points,
                                           size_t n, gsc_error *error) {
    memory_sink *self = (memory_sink *)sink;
    pthread_mutex_lock(&self->lock);
    memory_series *series = &self->series[index];
    if (series->n + n > series->capacity) {
        series->capacity = 2 * series->capacity + n + 64;
        series->points = realloc(series->points, series->capacity * sizeof *series->points);
    }
    memcpy(series->points + series->n, points, n * sizeof *points);
    series->n += n;
    pthread_mutex_unlock(&self->lock);
    return memory_answer(self, error);
}

static inline gsc_status memory_add_document(gsc_sink *sink, const char *kind, const char *arm,
                                             double x, int32_t replicate, const char *json,
                                             gsc_error *error) {
    memory_sink *self = (memory_sink *)sink;
    (void)arm, (void)x, (void)replicate;
    pthread_mutex_lock(&self->lock);
    self->documents++;
    if (strcmp(kind, "fit") == 0) {
        self->fits++;
        snprintf(self->last_fit, sizeof self->last_fit, "%s", json);
    }
    pthread_mutex_unlock(&self->lock);
    return memory_answer(self, error);
}

static inline gsc_status memory_add_event(gsc_sink *sink, gsc_event_level level, const char *source,
                                          const char *message, gsc_error *error) {
    memory_sink *self = (memory_sink *)sink;
    (void)level, (void)source;
    pthread_mutex_lock(&self->lock);
    if (self->n_events < MEMORY_EVENTS) {
        snprintf(self->events[self->n_events++], sizeof self->events[0], "%s", message);
    }
    pthread_mutex_unlock(&self->lock);
    return memory_answer(self, error);
}

static inline gsc_status memory_add_result(gsc_sink *sink, const gsc_result *result,
                                           gsc_error *error) {
    memory_sink *self = (memory_sink *)sink;
    if (self->n_results < MEMORY_RESULTS) {
        memory_result *one = &self->results[self->n_results++];
        snprintf(one->name, sizeof one->name, "%s", result->name);
        snprintf(one->arm, sizeof one->arm, "%s", result->arm);
        one->value = result->value;
        one->low = result->low;
        one->high = result->high;
    }
    return memory_answer(self, error);
}

static inline gsc_status memory_tell_progress(gsc_sink *sink, double fraction, const char *text,
                                              gsc_error *error) {
    memory_sink *self = (memory_sink *)sink;
    (void)text;
    self->progress = fraction;
    return memory_answer(self, error);
}

static inline memory_sink *memory_sink_new(void) {
    memory_sink *self = calloc(1, sizeof *self);
    self->sink.series = memory_add_series;
    self->sink.points = memory_add_points;
    self->sink.document = memory_add_document;
    self->sink.event = memory_add_event;
    self->sink.result = memory_add_result;
    self->sink.progress = memory_tell_progress;
    pthread_mutex_init(&self->lock, NULL);
    return self;
}

static inline void memory_sink_free(memory_sink *self) {
    for (size_t s = 0; s < self->n_series; s++) {
        free(self->series[s].points);
    }
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static inline const memory_series *memory_find(const memory_sink *self, const char *name,
                                               const char *arm) {
    for (size_t s = 0; s < self->n_series; s++) {
        if (strcmp(self->series[s].name, name) == 0 && strcmp(self->series[s].arm, arm) == 0) {
            return &self->series[s];
        }
    }
    return NULL;
}

/* The y of a series at (x, replicate), NAN where there is none. */
static inline double memory_value(const memory_series *series, double x, int32_t replicate) {
    for (size_t i = 0; i < series->n; i++) {
        if (series->points[i].x == x && series->points[i].replicate == replicate) {
            return series->points[i].y;
        }
    }
    return NAN;
}

static inline const memory_result *memory_result_of(const memory_sink *self, const char *name,
                                                    const char *arm) {
    for (size_t r = 0; r < self->n_results; r++) {
        if (strcmp(self->results[r].name, name) == 0 && strcmp(self->results[r].arm, arm) == 0) {
            return &self->results[r];
        }
    }
    return NULL;
}

#endif

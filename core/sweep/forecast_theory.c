/* SPDX-License-Identifier: MIT
 *
 * The time of a run of the theory lab: its beginning is run for a moment, with a sink that keeps nothing, and
 * the lab's own measure of progress, which weighs fits by their cost, tells the rest. Layer: core/sweep.
 */
#include "core/sweep/forecast_internal.h"

#include "core/theory/lab.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

typedef struct meter {
    gsc_sink sink;                   /* first */
    double began_s, first_s, last_s; /* clocks: the run, its first progress, the last one */
    double first, last;              /* fractions then */
} meter;

static const double most_s = 4; /* and a longer run is stopped */

static gsc_status drop_series(gsc_sink *self, const gsc_series_info *info, int32_t *ret_series,
                              gsc_error *error) {
    (void)self, (void)info, (void)error;
    *ret_series = 0;
    return GSC_OK;
}

static gsc_status drop_points(gsc_sink *self, int32_t series, const gsc_point *points, size_t n,
                              gsc_error *error) {
    (void)self, (void)series, (void)points, (void)n, (void)error;
    return GSC_OK;
}

static gsc_status drop_vector(gsc_sink *self, int32_t series, double x, const float *values,
                              size_t n, gsc_error *error) {
    (void)self, (void)series, (void)x, (void)values, (void)n, (void)error;
    return GSC_OK;
}

static gsc_status drop_document(gsc_sink *self, const char *kind, const char *arm, double x,
                                int32_t replicate, const char *json, gsc_error *error) {
    (void)self, (void)kind, (void)arm, (void)x, (void)replicate, (void)json, (void)error;
    return GSC_OK;
}

static gsc_status drop_event(gsc_sink *self, gsc_event_level level, const char *source,
                             const char *message, gsc_error *error) {
    (void)self, (void)level, (void)source, (void)message, (void)error;
    return GSC_OK;
}

static gsc_status drop_result(gsc_sink *self, const gsc_result *result, gsc_error *error) {
    (void)self, (void)result, (void)error;
    return GSC_OK;
}

/* The lab calls it from one thread at a time. */
static gsc_status watch(gsc_sink *sink, double fraction, const char *text, gsc_error *error) {
    meter *self = (meter *)sink;
    (void)text;
    self->last_s = gsc_forecast_now_s();
    self->last = fraction;
    if (self->first < 0) {
        self->first_s = self->last_s;
        self->first = fraction;
    }
    const bool stop = self->last_s - self->began_s > most_s && self->last > self->first;
    return stop && fraction < 1 ? gsc_fail(error, GSC_ERR_STOPPED, "enough was seen") : GSC_OK;
}

/* A study of rates with as few replicates as keep the threads busy, and how many times more it has; other
 * studies as they are. */
static gsc_status thin(const gsc_spec *spec, unsigned threads, gsc_spec **ret_thin,
                       double *ret_times, gsc_error *error) {
    const char *data = gsc_spec_string(spec, "theory.data");
    const int64_t all = gsc_spec_int(spec, "theory.replicates"), few = threads > 2 ? threads : 2;
    const bool rates = strcmp(gsc_spec_string(spec, "theory.study"), "rate") == 0 &&
                       json_array_size(gsc_spec_json(spec, "theory.suite")) == 0 &&
                       (data == NULL || data[0] == '\0');
    char setting[64];
    gsc_spec *made = gsc_spec_dup(spec);
    if (made == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a forecast");
    }
    *ret_times = rates && few < all ? (double)all / (double)few : 1;
    snprintf(setting, sizeof setting, "theory.replicates=%" PRId64, rates && few < all ? few : all);
    const gsc_status status = gsc_spec_set(made, setting, error);
    if (status != GSC_OK) {
        gsc_spec_free(made);
        return status;
    }
    *ret_thin = made;
    return GSC_OK;
}

static double seconds_of(const meter *self, gsc_status status) {
    return status == GSC_OK ? gsc_forecast_now_s() - self->began_s
                            : self->first_s - self->began_s +
                                  (self->last_s - self->first_s) * (1 - self->first) /
                                      (self->last - self->first);
}

gsc_status gsc_forecast_theory(const gsc_spec *spec, unsigned threads, double *ret_seconds,
                               gsc_error *error) {
    meter self = {.sink = {.series = drop_series,
                           .points = drop_points,
                           .vector = drop_vector,
                           .document = drop_document,
                           .event = drop_event,
                           .result = drop_result,
                           .progress = watch},
                  .began_s = gsc_forecast_now_s(),
                  .first = -1};
    gsc_pool *pool;
    gsc_spec *thinned = NULL;
    gsc_error own = {0};
    double times = 1;
    gsc_status status = thin(spec, threads, &thinned, &times, error);
    if (status == GSC_OK) {
        status = gsc_pool_new(threads, &pool, error);
    }
    if (status != GSC_OK) {
        gsc_spec_free(thinned);
        return status;
    }
    status = gsc_theory_run(thinned, pool, &self.sink, &own);
    gsc_pool_free(pool);
    gsc_spec_free(thinned);
    if (status != GSC_OK && status != GSC_ERR_STOPPED) {
        return gsc_fail(error, status, "%s", own.message);
    }
    *ret_seconds = times * seconds_of(&self, status);
    return GSC_OK;
}

/* SPDX-License-Identifier: MIT
 *
 * What the whole run says: alarms by arm and size, slopes with one-sided verdicts, medians at the
 * largest n.
 */
#include "core/theory/lab_internal.h"

#include "core/read/findings.h"
#include "core/read/stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* "k_shared=2, " or nothing. */
static void arm_prefix(const lab_arm *arm, char *ret_text, size_t size) {
    snprintf(ret_text, size, "%s%s", arm->name, arm->name[0] != '\0' ? ", " : "");
}

gsc_status lab_tell_alarms(lab *self, size_t a, size_t size, gsc_error *error) {
    static const char *const what[LAB_ALARM_FLOOR] = {
        "the likelihood fell in EM",          "a component lost all its observations",
        "a parameter is at the box",          "no convergence",
        "the masses' alignment left the box", "an atom's mass is at its floor"};
    const size_t *count = self->alarms[a * self->n_sizes + size];
    char text[512], prefix[80];
    arm_prefix(&self->arms[a], prefix, sizeof prefix);
    size_t used = 0;
    for (size_t i = 0; i < LAB_ALARM_FLOOR; i++) {
        if (count[i] > 0 && used < sizeof text) {
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s in %zu",
                                     used > 0 ? "; " : "", what[i], count[i]);
        }
    }
    if (used == 0) {
        return GSC_OK;
    }
    char message[768];
    snprintf(message, sizeof message, "%sn = %zu, of %zu fits: %s", prefix, self->sizes[size],
             self->replicates, text);
    return self->sink->event(self->sink, GSC_EVENT_WARNING, "theory", message, error);
}

/* What the fits of an arm say of their starts, and what a paper says of their loss. */
static gsc_status tell_arm(lab *self, size_t a, gsc_error *error) {
    const lab_arm *arm = &self->arms[a];
    size_t fits = 0, twice = 0;
    double share = 0;
    for (size_t i = 0; i < self->n_sizes * self->replicates; i++) {
        const double hits = self->hits[a * self->n_sizes * self->replicates + i];
        if (isfinite(hits)) {
            fits++;
            twice += hits >= 2;
            share += hits / (double)arm->plan->fit.starts;
        }
    }
    const gsc_result results[] = {
        {.name = "best_hit_twice",
         .definition =
             "share of fits whose best likelihood two starts or more came within 0.1 nat of",
         .value = fits > 0 ? (double)twice / (double)fits : NAN},
        {.name = "starts_near_best",
         .definition = "mean over fits of the share of starts within 0.1 nat of the best",
         .value = fits > 0 ? share / (double)fits : NAN},
        {.name = "reported_exponent",
         .definition = "exponent of (log n / n) that the paper reports for the loss",
         .value = !arm->plan->no_loss && gsc_spec_json(arm->plan->spec, "theory.reported") != NULL
                      ? gsc_spec_real(arm->plan->spec, "theory.reported")
                      : NAN}};
    gsc_status status = GSC_OK;
    for (size_t i = arm->plan->fit.starts > 1 ? 0 : 2; i < 3 && status == GSC_OK; i++) {
        gsc_result result = results[i];
        result.arm = arm->name;
        result.unit = "";
        result.low = result.high = NAN;
        status = isfinite(result.value) ? self->sink->result(self->sink, &result, error) : GSC_OK;
    }
    return status;
}

static gsc_status tell_floor_share(lab *self, size_t a, gsc_error *error) {
    const lab_arm *arm = &self->arms[a];
    size_t count = 0;
    for (size_t size = 0; size < self->n_sizes; size++) {
        count += self->alarms[a * self->n_sizes + size][LAB_ALARM_FLOOR];
    }
    const double share = (double)count / (double)(self->n_sizes * self->replicates);
    const gsc_result result = {.name = "variance_floor_share",
                               .arm = arm->name,
                               .unit = "",
                               .definition = "share of fits with a variance at its floor",
                               .value = share,
                               .low = NAN,
                               .high = NAN};
    gsc_status status = self->sink->result(self->sink, &result, error);
    if (status == GSC_OK && count > 0) {
        char message[256], prefix[80];
        arm_prefix(arm, prefix, sizeof prefix);
        snprintf(message, sizeof message,
                 "%s%zu of %zu fits have a variance at its floor %g, without which the likelihood "
                 "is unbounded",
                 prefix, count, self->n_sizes * self->replicates, arm->shape.variance_floor);
        status = self->sink->event(self->sink, GSC_EVENT_INFO, "theory", message, error);
    }
    return status;
}

/* The finite points of a series, ascending in x; the caller frees. */
static gsc_point *collect(const lab *self, size_t a, size_t s, size_t *ret_count,
                          gsc_error *error) {
    gsc_point *points = malloc(self->n_sizes * self->replicates * sizeof *points);
    size_t n = 0;
    if (points == NULL) {
        gsc_fail(error, GSC_ERR_MEMORY, "no memory for the slopes");
        return NULL;
    }
    for (size_t size = 0; size < self->n_sizes; size++) {
        for (size_t replicate = 0; replicate < self->replicates; replicate++) {
            const double value = *lab_value(self, a, s, size, replicate);
            if (isfinite(value)) {
                points[n++] = (gsc_point){(double)self->sizes[size], value, (int32_t)replicate};
            }
        }
    }
    *ret_count = n;
    return points;
}

/* slopes: on log n, on log(log n / n), of the last decade. */
static gsc_status tell_verdict(lab *self, const lab_arm *arm, const lab_series *series,
                               const gsc_slope slopes[3], gsc_error *error) {
    const gsc_slope *slope = &slopes[0];
    char message[512], body[512], prefix[80];
    const char *verdict = gsc_rate_verdict(&slopes[1], &slopes[2], series->bound);
    arm_prefix(arm, prefix, sizeof prefix);
    snprintf(body, sizeof body,
             "{\"series\":\"%s\",\"arm\":\"%s\",\"slope\":%.6g,\"low\":%s%.6g%s,\"high\":%s%.6g%s,"
             "\"bound\":%.6g,\"verdict\":\"%s\"}",
             series->name, arm->name, slope->slope, isfinite(slope->low) ? "" : "\"", slope->low,
             isfinite(slope->low) ? "" : "\"", isfinite(slope->high) ? "" : "\"", slope->high,
             isfinite(slope->high) ? "" : "\"", series->bound, verdict);
    gsc_status status = self->sink->document(self->sink, "verdict", arm->name, 0, -1, body, error);
    if (status == GSC_OK && series->drawn) {
        snprintf(message, sizeof message,
                 "%s%s falls as n^%.3f [%.3f, %.3f]; proven at least as fast as n^%.4g: %s", prefix,
                 series->name, slope->slope, slope->low, slope->high, series->bound, verdict);
        status = self->sink->event(self->sink, GSC_EVENT_INFO, "theory", message, error);
    }
    return status;
}

/* Slopes on both axes and of the last decade; the verdict where something is proven. */
static gsc_status tell_slope(lab *self, size_t a, size_t s, gsc_error *error) {
    static const char *const definitions[] = {
        "least-squares slope of log median on log n; interval: 95% bootstrap over replicates",
        "least-squares slope of log median on log(log n / n); interval: 95% bootstrap over replicates",
        "as slope_log_n, over the last decade of n"};
    const lab_arm *arm = &self->arms[a];
    const lab_series *series = &arm->series[s];
    const size_t draws = (size_t)gsc_spec_int(self->spec, "theory.slope_draws");
    const uint64_t seed = arm->plan->fit.seed;
    size_t n = 0;
    gsc_point *points = collect(self, a, s, &n, error);
    if (points == NULL) {
        return GSC_ERR_MEMORY;
    }
    const gsc_slope slopes[] = {gsc_fit_slope(points, n, GSC_SLOPE_LOG_N, draws, seed),
                                gsc_fit_slope(points, n, GSC_SLOPE_LOG_N_OVER_LOG_N, draws, seed),
                                gsc_fit_last_decade(points, n, GSC_SLOPE_LOG_N, draws, seed)};
    gsc_status status = GSC_OK;
    for (int kind = 0; kind < 3 && status == GSC_OK; kind++) {
        char name[160];
        if (kind < 2) {
            gsc_slope_name((gsc_slope_axis)kind, series->name, name, sizeof name);
        } else {
            gsc_last_decade_name(series->name, name, sizeof name);
        }
        const gsc_result result = {.name = name,
                                   .arm = arm->name,
                                   .unit = "",
                                   .definition = definitions[kind],
                                   .value = slopes[kind].slope,
                                   .low = slopes[kind].low,
                                   .high = slopes[kind].high};
        status = isfinite(result.value) ? self->sink->result(self->sink, &result, error) : GSC_OK;
    }
    if (status == GSC_OK && isfinite(slopes[0].slope) && !isnan(series->bound)) {
        status = tell_verdict(self, arm, series, slopes, error);
    }
    free(points);
    return status;
}

/* Median and quartiles over replicates at the largest n. */
static gsc_status tell_last_median(lab *self, size_t a, size_t s, gsc_error *error) {
    const lab_arm *arm = &self->arms[a];
    double *values = malloc(self->replicates * sizeof *values);
    size_t n = 0;
    if (values == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the medians");
    }
    for (size_t replicate = 0; replicate < self->replicates; replicate++) {
        const double value = *lab_value(self, a, s, self->n_sizes - 1, replicate);
        if (isfinite(value)) {
            values[n++] = value;
        }
    }
    gsc_status status = GSC_OK;
    if (n > 0) {
        const gsc_result result = {
            .name = arm->series[s].name,
            .arm = arm->name,
            .unit = arm->series[s].quantity == LAB_N_KL ? "nat" : "",
            .definition = "median over replicates at the largest n; interval: quartiles",
            .value = gsc_quantile(values, n, 0.5),
            .low = gsc_quantile(values, n, 0.25),
            .high = gsc_quantile(values, n, 0.75)};
        status = self->sink->result(self->sink, &result, error);
    }
    free(values);
    return status;
}

gsc_status lab_tell_results(lab *self, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t a = 0; a < self->n_arms && status == GSC_OK; a++) {
        const lab_arm *arm = &self->arms[a];
        for (size_t s = 0; s < arm->n_series && status == GSC_OK; s++) {
            const lab_series *series = &arm->series[s];
            const bool error_like =
                series->quantity <= LAB_LOSS_STOPPED || series->quantity == LAB_BLOCK_ERROR ||
                series->quantity == LAB_BLOCK_WORST || series->quantity == LAB_GATE_ERROR ||
                series->quantity == LAB_EXPERT_ERROR;
            if (error_like && self->n_sizes > 1) {
                status = tell_slope(self, a, s, error);
            }
            if (status == GSC_OK &&
                (error_like || series->drawn || series->quantity == LAB_ITERATIONS ||
                 series->quantity == LAB_ITERATIONS_STOPPED)) {
                status = tell_last_median(self, a, s, error);
            }
        }
        if (status == GSC_OK && arm->plan->truth->classes == 0) {
            status = tell_floor_share(self, a, error);
        }
        if (status == GSC_OK) {
            status = tell_arm(self, a, error);
        }
    }
    if (status == GSC_OK) {
        status = lab_tell_comparison(self, error);
    }
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const gsc_result wall = {.name = "wall_time",
                             .arm = "",
                             .unit = "s",
                             .definition = "time from the first fit to the last result",
                             .value =
                                 (double)now.tv_sec + 1e-9 * (double)now.tv_nsec - self->started_s,
                             .low = NAN,
                             .high = NAN};
    return status == GSC_OK ? self->sink->result(self->sink, &wall, error) : status;
}

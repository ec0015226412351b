/* SPDX-License-Identifier: MIT
 *
 * What arms say of each other: how far their slopes lie apart, and which of them reach the best
 * likelihood that any of them found on the same sample.
 */
#include "core/theory/lab_internal.h"

#include "core/read/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t series_of(const lab_arm *arm, lab_quantity quantity) {
    for (size_t s = 0; s < arm->n_series; s++) {
        if (arm->series[s].quantity == quantity) {
            return s;
        }
    }
    return SIZE_MAX;
}

/* Whether two arms fit the same family to the same samples. */
static bool comparable(const lab_arm *a, const lab_arm *b) {
    const gsc_truth *one = a->plan->truth, *two = b->plan->truth;
    return a->plan->fit.seed == b->plan->fit.seed && a->k_shared == b->k_shared &&
           a->k_routed == b->k_routed && a->shape.top_k == b->shape.top_k &&
           one->gate.loaded == two->gate.loaded && one->fit_gate.loaded == two->fit_gate.loaded &&
           one->shared.loaded == two->shared.loaded && one->routed.loaded == two->routed.loaded &&
           one->layout.size == two->layout.size &&
           memcmp(one->mixture, two->mixture, one->layout.size * sizeof(double)) == 0;
}

static double likelihood(const lab *self, size_t arm, size_t size, size_t replicate) {
    return *lab_value(self, arm, series_of(&self->arms[arm], LAB_LOG_LIKELIHOOD), size, replicate);
}

/* Share of an arm's fits within 0.1 nat of the best of all comparable arms; NAN where it stands
 * alone. */
static double reached_best(const lab *self, size_t arm) {
    size_t fits = 0, good = 0, others = 0;
    for (size_t b = 0; b < self->n_arms; b++) {
        others += b != arm && comparable(&self->arms[arm], &self->arms[b]);
    }
    for (size_t size = 0; size < self->n_sizes && others > 0; size++) {
        for (size_t replicate = 0; replicate < self->replicates; replicate++) {
            double best = -INFINITY;
            for (size_t b = 0; b < self->n_arms; b++) {
                if (comparable(&self->arms[arm], &self->arms[b])) {
                    best = fmax(best, likelihood(self, b, size, replicate));
                }
            }
            const double own = likelihood(self, arm, size, replicate);
            fits += isfinite(own);
            good += own >= best - 0.1;
        }
    }
    return fits > 0 ? (double)good / (double)fits : NAN;
}

/* Slope of the median loss of an arm, NAN where it has none. */
static double loss_slope(const lab *self, size_t arm, gsc_point *points) {
    const size_t series = series_of(&self->arms[arm], LAB_LOSS);
    size_t n = 0;
    if (series == SIZE_MAX) {
        return NAN;
    }
    for (size_t size = 0; size < self->n_sizes; size++) {
        for (size_t replicate = 0; replicate < self->replicates; replicate++) {
            points[n++] =
                (gsc_point){(double)self->sizes[size],
                            *lab_value(self, arm, series, size, replicate), (int32_t)replicate};
        }
    }
    return gsc_fit_slope(points, n, GSC_SLOPE_LOG_N, 0, 1).slope;
}

static gsc_status tell_spread(lab *self, gsc_error *error) {
    gsc_point *points = malloc(self->n_sizes * self->replicates * sizeof *points);
    double low = INFINITY, high = -INFINITY, total = 0;
    size_t n = 0;
    if (points == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the slopes of the arms");
    }
    for (size_t a = 0; a < self->n_arms; a++) {
        const double slope = comparable(&self->arms[0], &self->arms[a]) ||
                                     self->arms[a].plan->loss == self->arms[0].plan->loss
                                 ? loss_slope(self, a, points)
                                 : NAN;
        if (isfinite(slope)) {
            low = fmin(low, slope);
            high = fmax(high, slope);
            total += slope;
            n++;
        }
    }
    free(points);
    const gsc_result result = {
        .name = "slope_range_over_arms",
        .arm = "",
        .unit = "",
        .definition =
            "mean over arms of the slope of the loss in log n; interval: its least and greatest",
        .value = total / (double)n,
        .low = low,
        .high = high};
    return n > 1 ? self->sink->result(self->sink, &result, error) : GSC_OK;
}

gsc_status lab_tell_comparison(lab *self, gsc_error *error) {
    if (self->n_plans < 2) {
        return GSC_OK;
    }
    gsc_status status = GSC_OK;
    for (size_t a = 0; a < self->n_arms && status == GSC_OK; a++) {
        const gsc_result result = {
            .name = "reached_best",
            .arm = self->arms[a].name,
            .unit = "",
            .definition =
                "share of fits within 0.1 nat of the best likelihood of any arm on the sample",
            .value = reached_best(self, a),
            .low = NAN,
            .high = NAN};
        status = isfinite(result.value) ? self->sink->result(self->sink, &result, error) : GSC_OK;
    }
    return status == GSC_OK && self->n_sizes > 1 ? tell_spread(self, error) : status;
}

/* SPDX-License-Identifier: MIT
 *
 * Figures of two routings of the same positions. Layer: core/routing.
 */
#include "core/routing/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* Experts in both of two sorted lists. */
static size_t common(const uint16_t *a, size_t n_a, const uint16_t *b, size_t n_b) {
    size_t i = 0, j = 0, count = 0;
    while (i < n_a && j < n_b) {
        count += a[i] == b[j];
        uint16_t left = a[i], right = b[j];
        i += left <= right;
        j += right <= left;
    }
    return count;
}

double gsc_router_overlap(const gsc_routing *a, const gsc_routing *b) {
    assert(a->filled == b->filled);
    double sum = 0;
    for (size_t i = 0; i < a->filled; i++) {
        size_t n_a = a->start[i + 1] - a->start[i], n_b = b->start[i + 1] - b->start[i];
        size_t both = common(a->chosen + a->start[i], n_a, b->chosen + b->start[i], n_b);
        sum += n_a + n_b > 0 ? 2.0 * (double)both / (double)(n_a + n_b) : 1;
    }
    return a->filled > 0 ? sum / (double)a->filled : NAN;
}

double gsc_router_chance(const gsc_routing *a, const gsc_routing *b) {
    assert(a->filled == b->filled && a->experts == b->experts);
    double n = (double)a->filled, sum = 0;
    double size = (gsc_router_experts_per_token(a) + gsc_router_experts_per_token(b)) / 2;
    for (size_t j = 0; j < a->experts; j++) {
        sum += a->load[j] / n * (b->load[j] / n);
    }
    return size > 0 ? sum / size : NAN;
}

double gsc_router_kappa(double overlap, double chance) {
    return chance < 1 - 1e-12 ? (overlap - chance) / (1 - chance) : NAN;
}

gsc_status gsc_router_change_rate(const gsc_routing *a, int64_t step_a, const gsc_routing *b,
                                  int64_t step_b, int64_t spacing, double *ret_rate,
                                  gsc_error *error) {
    if (step_b - step_a != spacing) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "a change rate over %" PRId64 " steps was asked of steps %" PRId64
                        " and %" PRId64 ", which lie %" PRId64 " apart",
                        spacing, step_a, step_b, step_b - step_a);
    }
    *ret_rate = 1 - gsc_router_overlap(a, b);
    return GSC_OK;
}

/* Squared Frobenius norm of the covariance of two layers' indicators; counts [E_a, E_b] is scratch. */
static double covariance(const gsc_routing *a, const gsc_routing *b, double *counts) {
    double n = (double)a->filled, sum = 0;
    for (size_t c = 0; c < a->experts * b->experts; c++) {
        counts[c] = 0;
    }
    for (size_t i = 0; i < a->filled; i++) {
        for (uint32_t x = a->start[i]; x < a->start[i + 1]; x++) {
            double *row = counts + a->chosen[x] * b->experts;
            for (uint32_t y = b->start[i]; y < b->start[i + 1]; y++) {
                row[b->chosen[y]] += 1;
            }
        }
    }
    for (size_t i = 0; i < a->experts; i++) {
        for (size_t j = 0; j < b->experts; j++) {
            /* n^2 times the covariance is a whole number, so that none is exactly none. */
            double c = counts[i * b->experts + j] * n - a->load[i] * b->load[j];
            sum += c * c;
        }
    }
    return sum;
}

gsc_status gsc_router_similarity(const gsc_routing *a, const gsc_routing *b, double *ret_similarity,
                                 gsc_error *error) {
    assert(a->filled == b->filled);
    size_t most = a->experts > b->experts ? a->experts : b->experts;
    double *counts = malloc(most * most * sizeof(*counts));
    if (counts == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY,
                        "there is no memory to compare layers of %zu experts", most);
    }
    double norm = sqrt(covariance(a, a, counts) * covariance(b, b, counts));
    *ret_similarity = norm > 0 ? covariance(a, b, counts) / norm : NAN;
    free(counts);
    return GSC_OK;
}

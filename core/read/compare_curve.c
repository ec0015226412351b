/* SPDX-License-Identifier: MIT
 *
 * Differences over steps, and the bootstrap over seeds and documents.
 *
 * Layer: core/read.
 */
#include "core/read/compare_internal.h"
#include "core/read/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static gsc_status no_memory(gsc_error *error) {
    return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a comparison of runs");
}

static long find_series(gsc_run *run, const char *name, int32_t layer) {
    for (size_t i = 0; i < gsc_run_series_count(run); i++) {
        const gsc_series_info *info = gsc_run_series(run, i);
        if (info->layer == layer && info->arm[0] == '\0' && strcmp(info->name, name) == 0) {
            return (long)i;
        }
    }
    return -1;
}

/* ---- Curves ---- */

typedef struct curve {
    gsc_point *points;
    size_t count;
} curve;

static gsc_status read_curve(const char *path, const char *name, int32_t layer, curve *ret_curve,
                             gsc_error *error) {
    gsc_run *run = NULL;
    gsc_status status = gsc_run_open(path, &run, error);
    *ret_curve = (curve){0};
    if (status == GSC_OK) {
        const long series = find_series(run, name, layer);
        if (series >= 0) {
            status = gsc_run_dup_points(run, (size_t)series, &ret_curve->points, &ret_curve->count,
                                        error);
        }
        gsc_run_close(run);
    }
    return status;
}

/* The value at x, from index *at on; NAN where there is none. Both go upwards. */
static double value_at(const curve *self, double x, size_t *at) {
    while (*at < self->count && self->points[*at].x < x) {
        (*at)++;
    }
    return *at < self->count && self->points[*at].x == x ? self->points[*at].y : NAN;
}

/* curves: the arm's n, then the baseline's n; at: room for 2 n indices, differences: for n. */
static size_t join(const curve *curves, size_t n, size_t *at, double *differences,
                   gsc_compare_point *ret_points) {
    size_t count = 0;
    for (size_t i = 0; i < curves[0].count; i++) {
        const double x = curves[0].points[i].x;
        bool whole = true;
        for (size_t p = 0; p < n; p++) {
            differences[p] =
                value_at(&curves[p], x, &at[p]) - value_at(&curves[n + p], x, &at[n + p]);
            whole = whole && isfinite(differences[p]);
        }
        if (whole) {
            ret_points[count++] = (gsc_compare_point){x, gsc_paired_t(differences, n, 0.95)};
        }
    }
    return count;
}

gsc_status gsc_compare_curve(const gsc_comparison *self, size_t arm, const char *series,
                             int32_t layer, gsc_compare_point **ret_points, size_t *ret_count,
                             gsc_error *error) {
    const size_t most = self->n_runs;
    size_t *pairs = calloc(4 * most, sizeof *pairs);
    curve *curves = calloc(2 * most, sizeof *curves);
    double *differences = calloc(most, sizeof *differences);
    gsc_compare_point *points = NULL;
    size_t n = 0, count = 0;
    gsc_status status = pairs == NULL || curves == NULL || differences == NULL
                            ? no_memory(error)
                            : compare_check_chance(self, series, error);
    if (status == GSC_OK) {
        n = gsc_compare_pairs(self, arm, false, pairs, pairs + most);
    }
    for (size_t i = 0; i < 2 * n && status == GSC_OK; i++) {
        const size_t run = i < n ? pairs[i] : pairs[most + i - n];
        status = read_curve(self->runs[run].path, series, layer, &curves[i], error);
    }
    if (status == GSC_OK) {
        points = calloc(n > 0 && curves[0].count > 0 ? curves[0].count : 1, sizeof *points);
        status = points == NULL ? no_memory(error) : GSC_OK;
    }
    if (status == GSC_OK && n > 0) {
        memset(pairs, 0, 4 * most * sizeof *pairs);
        count = join(curves, n, pairs, differences, points);
    }
    for (size_t i = 0; curves != NULL && i < 2 * n; i++) {
        free(curves[i].points);
    }
    free(pairs);
    free(curves);
    free(differences);
    if (status != GSC_OK) {
        free(points);
        return status;
    }
    *ret_points = points;
    *ret_count = count;
    return GSC_OK;
}

/* ---- Documents ---- */

/* Differences of pairs by document, and the documents' tokens. */
typedef struct documents {
    size_t pairs, count;
    double *difference; /* [pairs, count] */
    double *tokens;     /* [count] */
} documents;

static void clear_documents(documents *self) {
    free(self->difference);
    free(self->tokens);
}

static gsc_status last_vector(const char *path, const char *name, gsc_vectors *ret_vectors,
                              gsc_error *error) {
    gsc_run *run = NULL;
    gsc_status status = gsc_run_open(path, &run, error);
    *ret_vectors = (gsc_vectors){0};
    if (status == GSC_OK) {
        const long series = find_series(run, name, -1);
        if (series >= 0) {
            status = gsc_run_read_vectors(run, (size_t)series, 0, ret_vectors, error);
        }
        gsc_run_close(run);
    }
    return status;
}

/* The last vector's values, as many as *count says, or as there are where it is 0; false where there are
 * none or of another number. */
static bool take_values(const gsc_vectors *vectors, size_t *count, const float **ret_values) {
    if (vectors->count == 0) {
        return false;
    }
    const size_t first = vectors->start[vectors->count - 1];
    const size_t n = vectors->start[vectors->count] - first;
    const bool fits = n > 0 && (*count == 0 || *count == n);
    *count = fits ? n : *count;
    *ret_values = vectors->values + first;
    return fits;
}

/* *ret_whole is false where a run has no losses by document, or of other documents. */
static gsc_status read_pair(const char *mine, const char *other, size_t pair, size_t most,
                            documents *self, bool *ret_whole, gsc_error *error) {
    gsc_vectors a = {0}, b = {0}, tokens = {0};
    const float *x = NULL, *y = NULL, *t = NULL;
    gsc_status status = last_vector(mine, "validation_loss_document", &a, error);
    if (status == GSC_OK) {
        status = last_vector(other, "validation_loss_document", &b, error);
    }
    if (status == GSC_OK) {
        status = last_vector(mine, "validation_tokens_document", &tokens, error);
    }
    *ret_whole = status == GSC_OK && take_values(&a, &self->count, &x) &&
                 take_values(&b, &self->count, &y) && take_values(&tokens, &self->count, &t);
    if (*ret_whole && self->difference == NULL) {
        self->difference = calloc(most * self->count, sizeof(double));
        self->tokens = calloc(self->count, sizeof(double));
        status = self->difference == NULL || self->tokens == NULL ? no_memory(error) : GSC_OK;
    }
    for (size_t d = 0; *ret_whole && status == GSC_OK && d < self->count; d++) {
        self->difference[pair * self->count + d] = (double)x[d] - (double)y[d];
        self->tokens[d] = (double)t[d];
    }
    self->pairs += *ret_whole && status == GSC_OK;
    gsc_vectors_clear(&a);
    gsc_vectors_clear(&b);
    gsc_vectors_clear(&tokens);
    return status;
}

/* splitmix64 (Steele, Lea and Flood 2014); the upper bits of a product are the index. */
static size_t draw_index(uint64_t *state, size_t n) {
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (size_t)((double)(z >> 11) * 0x1p-53 * (double)n);
}

/* Both ways at once: the documents drawn are the same for every seed drawn. */
static double resample(const documents *self, uint64_t *state, double *weight) {
    double all = 0, sum = 0;
    memset(weight, 0, self->count * sizeof *weight);
    for (size_t d = 0; d < self->count; d++) {
        const size_t drawn = draw_index(state, self->count);
        weight[drawn] += self->tokens[drawn];
        all += self->tokens[drawn];
    }
    for (size_t s = 0; s < self->pairs; s++) {
        const double *row = self->difference + draw_index(state, self->pairs) * self->count;
        for (size_t d = 0; d < self->count; d++) {
            sum += weight[d] * row[d];
        }
    }
    return sum / (all * (double)self->pairs);
}

static gsc_status draw_all(const documents *self, size_t draws, double *ret_low, double *ret_high,
                           gsc_error *error) {
    double *values = malloc(draws * sizeof *values);
    double *weight = malloc(self->count * sizeof *weight);
    uint64_t state = 1;
    if (values == NULL || weight == NULL) {
        free(values);
        free(weight);
        return no_memory(error);
    }
    for (size_t i = 0; i < draws; i++) {
        values[i] = resample(self, &state, weight);
    }
    *ret_low = gsc_quantile(values, draws, 0.025);
    *ret_high = gsc_quantile(values, draws, 0.975);
    free(values);
    free(weight);
    return GSC_OK;
}

gsc_status compare_bootstrap(const gsc_comparison *self, size_t arm, size_t draws, double *ret_low,
                             double *ret_high, gsc_error *error) {
    size_t *pairs = malloc(2 * self->n_runs * sizeof *pairs);
    documents all = {0};
    if (pairs == NULL) {
        return no_memory(error);
    }
    const size_t n = gsc_compare_pairs(self, arm, true, pairs, pairs + self->n_runs);
    bool whole = n > 1;
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < n && whole && status == GSC_OK; i++) {
        status = read_pair(self->runs[pairs[i]].path, self->runs[pairs[self->n_runs + i]].path, i,
                           n, &all, &whole, error);
    }
    if (status == GSC_OK && whole) {
        status = draw_all(&all, draws, ret_low, ret_high, error);
    }
    clear_documents(&all);
    free(pairs);
    return status;
}

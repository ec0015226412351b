/* SPDX-License-Identifier: MIT
 *
 * Blocks of rows: X, the gate's probabilities, the atom, its mean, Y.
 */
#include "core/theory/sampler.h"

#include "core/theory/discrete_fit.h"
#include "core/theory/gate_rows.h"
#include "core/theory/random.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 256
};

typedef struct workspace {
    double *log_a; /* [k2][ROWS] */
    double *h;     /* [k1 + k2][ROWS] */
    double *scratch;
} workspace;

/* The gate's log affinities of these rows, h of every atom. */
static gsc_status evaluate(const gsc_truth *truth, const double *x, size_t n, size_t first,
                           size_t rows, workspace *work, gsc_error *error) {
    const gsc_mixture_shape *shape = &truth->shape;
    const gsc_mixture_layout *layout = &truth->layout;
    const double *mixture = truth->mixture;
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < shape->k_shared && status == GSC_OK; i++) {
        status = gsc_expert_evaluate(shape->shared,
                                     mixture + layout->kappa + i * shape->shared->theta_size, rows,
                                     x + first, n, work->h + i * ROWS, NULL, work->scratch, error);
    }
    for (size_t j = 0; j < shape->k_routed && status == GSC_OK; j++) {
        status = gsc_expert_evaluate(
            shape->routed, mixture + layout->eta + j * shape->routed->theta_size, rows, x + first,
            n, work->h + (shape->k_shared + j) * ROWS, NULL, work->scratch, error);
    }
    if (status == GSC_OK) {
        status = gsc_gate_rows(shape, mixture, rows, x + first, n, work->log_a, error);
    }
    return status;
}

/* Index of the atom that u in (0,1) picks among count weights. */
static size_t pick(const double *weights, size_t count, double u) {
    double total = 0;
    for (size_t i = 0; i < count; i++) {
        total += weights[i];
    }
    double left = u * total;
    for (size_t i = 0; i + 1 < count; i++) {
        left -= weights[i];
        if (left < 0) {
            return i;
        }
    }
    return count - 1;
}

static double draw_y(const gsc_truth *truth, const workspace *work, size_t rows, size_t t,
                     gsc_rng *random) {
    const gsc_mixture_shape *shape = &truth->shape;
    const gsc_mixture_layout *layout = &truth->layout;
    const double group = gsc_rng_uniform(random), atom = gsc_rng_uniform(random);
    const bool shared = shape->k_routed == 0 || (shape->k_shared > 0 && group < 0.5);
    double weights[GSC_MAX_ATOMS];
    size_t c;
    double variance;
    if (shared) {
        c = pick(truth->mixture + layout->omega, shape->k_shared, atom);
        variance = truth->mixture[layout->tau + c];
    } else {
        double top = -INFINITY;
        for (size_t j = 0; j < shape->k_routed; j++) {
            top = fmax(top, work->log_a[j * rows + t]);
        }
        for (size_t j = 0; j < shape->k_routed; j++) {
            weights[j] = exp(work->log_a[j * rows + t] - top);
        }
        const size_t j = pick(weights, shape->k_routed, atom);
        c = shape->k_shared + j;
        variance = truth->mixture[layout->nu + j];
    }
    return work->h[c * ROWS + t] + sqrt(variance) * gsc_rng_normal(random);
}

gsc_status gsc_sampler_draw(const gsc_truth *truth, uint64_t seed, size_t n, size_t replicate,
                            double *ret_x, double *ret_y, gsc_error *error) {
    const gsc_mixture_shape *shape = &truth->shape;
    const size_t k1 = shape->k_shared, k2 = shape->k_routed;
    if (truth->classes > 0) {
        return gsc_discrete_draw(truth, seed, n, replicate, ret_x, ret_y, error);
    }
    size_t scratch = k1 > 0 ? gsc_expert_scratch(shape->shared, ROWS) : 0;
    if (k2 > 0 && gsc_expert_scratch(shape->routed, ROWS) > scratch) {
        scratch = gsc_expert_scratch(shape->routed, ROWS);
    }
    double *memory = malloc(((k1 + 2 * k2) * ROWS + scratch + 1) * sizeof(double));
    if (memory == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a sample of %zu rows", n);
    }
    workspace work = {.log_a = memory, .h = memory + k2 * ROWS};
    work.scratch = work.h + (k1 + k2) * ROWS;
    gsc_rng random;
    gsc_rng_init(&random, seed, n, replicate, GSC_STREAM_DATA);
    gsc_status status = GSC_OK;
    for (size_t first = 0; first < n && status == GSC_OK; first += ROWS) {
        const size_t rows = n - first < ROWS ? n - first : ROWS;
        for (size_t t = 0; t < rows; t++) {
            for (size_t k = 0; k < shape->inputs; k++) {
                ret_x[k * n + first + t] =
                    truth->x_low + (truth->x_high - truth->x_low) * gsc_rng_uniform(&random);
            }
        }
        status = evaluate(truth, ret_x, n, first, rows, &work, error);
        for (size_t t = 0; t < rows && status == GSC_OK; t++) {
            ret_y[first + t] = draw_y(truth, &work, rows, t, &random);
        }
    }
    free(memory);
    return status;
}

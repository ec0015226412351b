/* SPDX-License-Identifier: MIT
 *
 * Names of the modes; near-truth starts with split mass.
 */
#include "core/theory/start.h"

#include "core/theory/align.h"
#include "core/theory/gate_general.h"
#include "core/theory/gate_rows.h"
#include "core/theory/random.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *gsc_start_mode_name(gsc_start_mode mode) {
    static const char *const names[] = {"near_truth", "kmeans", "random", "given"};
    return names[mode];
}

gsc_start_mode gsc_start_mode_parse(const char *name) {
    for (int mode = GSC_START_NEAR_TRUTH; mode <= GSC_START_GIVEN; mode++) {
        if (strcmp(gsc_start_mode_name((gsc_start_mode)mode), name) == 0) {
            return (gsc_start_mode)mode;
        }
    }
    return GSC_START_NEAR_TRUTH;
}

/* Atom i of fitted follows true atom cell[i]; the first count cover all. */
static void draw_cells(gsc_rng *random, size_t fitted, size_t count, size_t *cell, size_t *size) {
    memset(size, 0, GSC_MAX_ATOMS * sizeof *size);
    for (size_t i = 0; i < fitted; i++) {
        cell[i] = i < count ? i : gsc_rng_below(random, count);
        size[cell[i]]++;
    }
}

static void disturb(gsc_rng *random, const double *truth, size_t n, double sd, double box,
                    double *ret_values) {
    for (size_t i = 0; i < n; i++) {
        const double value = truth[i] + sd * gsc_rng_normal(random);
        ret_values[i] = fmin(fmax(value, -box), box);
    }
}

static void start_shared(const gsc_truth *truth, const gsc_mixture_shape *shape, double sd,
                         gsc_rng *random, double *mixture) {
    const gsc_mixture_layout fit = gsc_mixture_get_layout(shape), *at = &truth->layout;
    size_t cell[GSC_MAX_ATOMS], size[GSC_MAX_ATOMS];
    const size_t p = truth->shared.theta_size;
    draw_cells(random, shape->k_shared, truth->shape.k_shared, cell, size);
    for (size_t i = 0; i < shape->k_shared; i++) {
        const size_t j = cell[i];
        mixture[fit.omega + i] = truth->mixture[at->omega + j] / (double)size[j];
        disturb(random, truth->mixture + at->kappa + j * p, p, sd, shape->box,
                mixture + fit.kappa + i * p);
        mixture[fit.tau + i] = fmax(truth->mixture[at->tau + j] * exp(sd * gsc_rng_normal(random)),
                                    shape->variance_floor);
    }
}

/* What a gate in general form has beyond beta: the true gate's numbers, disturbed; its declared init
 * where the true gate is another plugin. An own score leaves beta unused: 0. */
static gsc_status start_extra(const gsc_truth *truth, const gsc_mixture_shape *shape,
                              const size_t *cell, double sd, gsc_rng *random, double *mixture,
                              gsc_error *error) {
    const gsc_mixture_layout fit = gsc_mixture_get_layout(shape);
    const size_t extra = fit.size - fit.gate;
    double *numbers = calloc(extra + 1, sizeof *numbers);
    if (numbers == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a start of a gate");
    }
    if (truth->gate.loaded == truth->fit_gate.loaded) {
        gsc_gate_spread_extra(&truth->gate, truth->mixture + truth->layout.gate, shape->gate, cell,
                              shape->inputs, numbers);
        disturb(random, numbers, extra, sd, shape->box, mixture + fit.gate);
    } else {
        for (size_t i = 0; i < extra; i++) {
            numbers[i] = gsc_rng_normal(random);
        }
        gsc_gate_initial(shape->gate, shape->inputs, numbers, mixture + fit.gate);
    }
    free(numbers);
    if (shape->gate->loaded->gate->score_form == GSC_SCORE_OWN) {
        memset(mixture + fit.beta0, 0, (fit.eta - fit.beta0) * sizeof *mixture);
    }
    return GSC_OK;
}

static gsc_status start_routed(const gsc_truth *truth, const gsc_mixture_shape *shape, double sd,
                               gsc_rng *random, double *mixture, gsc_error *error) {
    const gsc_mixture_layout fit = gsc_mixture_get_layout(shape), *at = &truth->layout;
    size_t cell[GSC_MAX_ATOMS], size[GSC_MAX_ATOMS];
    const size_t p = truth->routed.theta_size, d = shape->inputs;
    double log_a[GSC_MAX_ATOMS];
    const bool general = shape->gate->general;
    gsc_status status = GSC_OK;
    if (!general) {
        status = gsc_gate_log_affinity(&truth->fit_gate, truth->shape.k_routed,
                                       truth->mixture + at->beta0, log_a, NULL, error);
    }
    draw_cells(random, shape->k_routed, truth->shape.k_routed, cell, size);
    for (size_t i = 0; i < shape->k_routed && status == GSC_OK; i++) {
        const size_t j = cell[i];
        mixture[fit.beta0 + i] = truth->mixture[at->beta0 + j];
        if (general) {
            const double shifted = mixture[fit.beta0 + i] - log((double)size[j]);
            mixture[fit.beta0 + i] = fmin(fmax(shifted, -shape->box), shape->box);
        } else if (size[j] > 1) {
            status = gsc_gate_invert(shape->gate, log_a[j] - log((double)size[j]), shape->box,
                                     &mixture[fit.beta0 + i], NULL, error);
        }
        disturb(random, truth->mixture + at->beta1 + j * d, d, sd, shape->box,
                mixture + fit.beta1 + i * d);
        disturb(random, truth->mixture + at->eta + j * p, p, sd, shape->box,
                mixture + fit.eta + i * p);
        mixture[fit.nu + i] = fmax(truth->mixture[at->nu + j] * exp(sd * gsc_rng_normal(random)),
                                   shape->variance_floor);
    }
    return status == GSC_OK && general ? start_extra(truth, shape, cell, sd, random, mixture, error)
                                       : status;
}

gsc_status gsc_start_near_truth(const gsc_truth *truth, const gsc_mixture_shape *shape,
                                double noise, uint64_t seed, size_t n, size_t replicate,
                                size_t start, double *ret_mixture, gsc_error *error) {
    assert(shape->k_shared >= truth->shape.k_shared && shape->k_routed >= truth->shape.k_routed);
    gsc_rng random;
    gsc_rng_init(&random, seed, n, replicate, GSC_STREAM_START + start);
    const double sd = noise * pow((double)n, -0.083);
    if (shape->k_shared > 0) {
        start_shared(truth, shape, sd, &random, ret_mixture);
    }
    if (shape->k_routed > 0) {
        return start_routed(truth, shape, sd, &random, ret_mixture, error);
    }
    return GSC_OK;
}

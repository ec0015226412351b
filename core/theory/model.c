/* SPDX-License-Identifier: MIT
 *
 * The mixture of model.h: its layout and its log-likelihood, block by block in log space.
 *
 * Layer: core/theory.
 */
#include "core/theory/model.h"

#include "core/theory/gate_general.h"

#include "core/theory/top_k.h"

#include "kernels/mixture.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = GSC_MIXTURE_BLOCK,
    STRIDE = GSC_MIXTURE_STRIDE
};

gsc_mixture_layout gsc_mixture_get_layout(const gsc_mixture_shape *shape) {
    const size_t p1 = shape->shared != NULL ? shape->shared->theta_size : 0;
    const size_t p2 = shape->routed != NULL ? shape->routed->theta_size : 0;
    gsc_mixture_layout layout;
    layout.omega = 0;
    layout.kappa = layout.omega + shape->k_shared;
    layout.tau = layout.kappa + shape->k_shared * p1;
    layout.beta0 = layout.tau + shape->k_shared;
    layout.beta1 = layout.beta0 + shape->k_routed;
    layout.eta = layout.beta1 + shape->k_routed * shape->inputs;
    layout.nu = layout.eta + shape->k_routed * p2;
    layout.gate = layout.nu + shape->k_routed;
    layout.size = layout.gate;
    if (shape->gate != NULL && shape->gate->general) {
        layout.size += gsc_gate_extra(shape->gate, shape->inputs);
    }
    return layout;
}

double gsc_mixture_shared_mass(const gsc_mixture_shape *shape) {
    return shape->k_shared == 0 ? 0 : shape->k_routed == 0 ? 1 : 0.5;
}

/* Block buffers of one evaluation, cut from one allocation: columns as kernels/mixture.h has them. */
typedef struct likelihood_scratch {
    double *x, *y, *logit, *log_a, *slope, *e, *r, *q, *h, *expert, *gate;
} likelihood_scratch;

/* Copies column [m] and repeats its last value to the next multiple of the loops' padding. */
static void pad(const double *column, size_t m, size_t padded, double *ret) {
    memcpy(ret, column, m * sizeof *ret);
    for (size_t t = m; t < padded; t++) {
        ret[t] = column[m - 1];
    }
}

/* log a of the gate, [E][STRIDE]. */
static gsc_status block_gate(const gsc_mixture_shape *shape, const double *mixture, size_t padded,
                             const likelihood_scratch *scratch, gsc_error *error) {
    const gsc_mixture_layout layout = gsc_mixture_get_layout(shape);
    const gsc_mixture_kernels *kernels = gsc_mixture_kernels_get();
    const size_t d = shape->inputs;
    gsc_status status = GSC_OK;
    if (shape->gate != NULL && shape->gate->general) {
        const gsc_gate_point point = {mixture + layout.beta0, mixture + layout.beta1,
                                      mixture + layout.gate};
        return gsc_gate_log_probs(shape->gate, &point, d, padded, scratch->x, STRIDE,
                                  scratch->log_a, STRIDE, NULL, scratch->gate, error);
    }
    for (size_t j = 0; j < shape->k_routed && status == GSC_OK; j++) {
        kernels->combine(padded, d, mixture[layout.beta0 + j], NULL, mixture + layout.beta1 + j * d,
                         scratch->x, STRIDE, scratch->logit);
        status = gsc_gate_log_affinity(shape->gate, padded, scratch->logit,
                                       scratch->log_a + j * STRIDE, NULL, error);
    }
    if (status == GSC_OK) {
        gsc_top_k_mask(shape->top_k, shape->k_routed, d, mixture + layout.beta1, d, padded,
                       scratch->x, STRIDE, scratch->log_a, STRIDE);
    }
    return status;
}

/* Residuals [k1 + k2][STRIDE] and what the posterior asks of each component. */
static gsc_status block_experts(const gsc_mixture_shape *shape, const double *mixture,
                                size_t padded, const likelihood_scratch *scratch,
                                double *ret_constant, double *ret_precision, gsc_error *error) {
    const gsc_mixture_layout layout = gsc_mixture_get_layout(shape);
    const gsc_mixture_kernels *kernels = gsc_mixture_kernels_get();
    const double log_two_pi = 1.8378770664093453, minus_one = -1;
    const double mass = gsc_mixture_shared_mass(shape);
    for (size_t c = 0; c < shape->k_shared + shape->k_routed; c++) {
        const bool shared = c < shape->k_shared;
        const size_t j = shared ? c : c - shape->k_shared;
        const gsc_expert_family *family = shared ? shape->shared : shape->routed;
        const double *theta =
            mixture + (shared ? layout.kappa : layout.eta) + j * family->theta_size;
        const double variance = mixture[(shared ? layout.tau : layout.nu) + j];
        gsc_status status = gsc_expert_evaluate(family, theta, padded, scratch->x, STRIDE,
                                                scratch->h, NULL, scratch->expert, error);
        if (status != GSC_OK) {
            return status;
        }
        kernels->combine(padded, 1, 0, scratch->y, &minus_one, scratch->h, STRIDE,
                         scratch->e + c * STRIDE);
        ret_precision[c] = 0.5 / variance;
        ret_constant[c] =
            -0.5 * (log_two_pi + log(variance)) +
            (shared ? log(mass) + log(fmax(mixture[layout.omega + j], DBL_MIN)) : log(1 - mass));
    }
    return GSC_OK;
}

static gsc_status block_likelihood(const gsc_mixture_shape *shape, const double *mixture,
                                   const gsc_sample *sample, size_t t0,
                                   const likelihood_scratch *scratch, double *total,
                                   gsc_error *error) {
    const size_t m = sample->n - t0 < BLOCK ? sample->n - t0 : BLOCK;
    const size_t padded = (m + GSC_MIXTURE_PAD - 1) / GSC_MIXTURE_PAD * GSC_MIXTURE_PAD;
    double constant[GSC_MIXTURE_MAX], precision[GSC_MIXTURE_MAX];
    for (size_t k = 0; k < shape->inputs; k++) {
        pad(sample->x + k * sample->n + t0, m, padded, scratch->x + k * STRIDE);
    }
    pad(sample->y + t0, m, padded, scratch->y);
    gsc_status status = block_gate(shape, mixture, padded, scratch, error);
    if (status == GSC_OK) {
        status = block_experts(shape, mixture, padded, scratch, constant, precision, error);
    }
    if (status == GSC_OK) {
        *total += gsc_mixture_kernels_get()->posterior(
            m, shape->k_shared, shape->k_routed, constant, precision, scratch->e, scratch->log_a,
            scratch->slope, scratch->r, scratch->q);
    }
    return status;
}

gsc_status gsc_mixture_log_likelihood(const gsc_mixture_shape *shape, const double *mixture,
                                      const gsc_sample *sample, double *ret_log_likelihood,
                                      gsc_error *error) {
    const size_t k = shape->k_shared + shape->k_routed, k2 = shape->k_routed, d = shape->inputs;
    size_t expert = shape->shared != NULL ? gsc_expert_scratch(shape->shared, BLOCK) : 0;
    if (shape->routed != NULL && gsc_expert_scratch(shape->routed, BLOCK) > expert) {
        expert = gsc_expert_scratch(shape->routed, BLOCK);
    }
    const size_t columns = d + 1 + 1 + 3 * k2 + 2 * k + 1;
    const size_t gate =
        shape->gate != NULL && shape->gate->general ? gsc_gate_scratch(shape->gate, d, BLOCK) : 0;
    const size_t bytes =
        (STRIDE * columns + (expert + 7) / 8 * 8 + (gate + 7) / 8 * 8) * sizeof(double);
    double *memory = aligned_alloc(64, bytes);
    if (memory == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a likelihood of %zu components", k);
    }
    memset(memory, 0, bytes);
    likelihood_scratch scratch;
    scratch.x = memory;
    scratch.y = scratch.x + STRIDE * d;
    scratch.logit = scratch.y + STRIDE;
    scratch.log_a = scratch.logit + STRIDE;
    scratch.slope = scratch.log_a + STRIDE * k2;
    scratch.q = scratch.slope + STRIDE * k2;
    scratch.e = scratch.q + STRIDE * k2;
    scratch.r = scratch.e + STRIDE * k;
    scratch.h = scratch.r + STRIDE * k;
    scratch.expert = scratch.h + STRIDE;
    scratch.gate = scratch.expert + (expert + 7) / 8 * 8;
    double total = 0;
    gsc_status status = GSC_OK;
    for (size_t t0 = 0; t0 < sample->n && status == GSC_OK; t0 += BLOCK) {
        status = block_likelihood(shape, mixture, sample, t0, &scratch, &total, error);
    }
    free(memory);
    if (status == GSC_OK && !isfinite(total)) {
        status =
            gsc_fail(error, GSC_ERR_NUMERIC, "the log-likelihood is %g; it must be finite", total);
    }
    if (status == GSC_OK) {
        *ret_log_likelihood = total;
    }
    return status;
}

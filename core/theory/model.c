/* SPDX-License-Identifier: MIT
 *
 * The mixture of model.h: its layout and its log-likelihood, block by block in log space.
 *
 * Layer: core/theory.
 */
#include "core/theory/model.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

enum {
    BLOCK = 512
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
    layout.size = layout.nu + shape->k_routed;
    return layout;
}

double gsc_mixture_shared_mass(const gsc_mixture_shape *shape) {
    return shape->k_shared == 0 ? 0 : shape->k_routed == 0 ? 1 : 0.5;
}

/* Block buffers of one evaluation, cut from one allocation. */
typedef struct likelihood_scratch {
    double *logit, *log_a, *h, *term, *expert;
} likelihood_scratch;

static double log_normal(double y, double mean, double variance) {
    const double log_two_pi = 1.8378770664093453;
    return -0.5 * ((y - mean) * (y - mean) / variance + log(variance) + log_two_pi);
}

/* log pi of rows t0 .. t0 + m into scratch->log_a [E][m]. */
static gsc_status block_gate(const gsc_mixture_shape *shape, const double *mixture,
                             const gsc_sample *sample, size_t t0, size_t m,
                             const likelihood_scratch *scratch, gsc_error *error) {
    const gsc_mixture_layout layout = gsc_mixture_get_layout(shape);
    const size_t experts = shape->k_routed, d = shape->inputs;
    for (size_t j = 0; j < experts; j++) {
        const double *beta1 = mixture + layout.beta1 + j * d;
        double *z = scratch->logit + j * m;
        for (size_t t = 0; t < m; t++) {
            z[t] = mixture[layout.beta0 + j];
        }
        for (size_t k = 0; k < d; k++) {
            const double *x = sample->x + k * sample->n + t0;
            for (size_t t = 0; t < m; t++) {
                z[t] += beta1[k] * x[t];
            }
        }
    }
    gsc_status status = gsc_gate_log_affinity(shape->gate, experts * m, scratch->logit,
                                              scratch->log_a, NULL, error);
    if (status != GSC_OK) {
        return status;
    }
    for (size_t t = 0; t < m; t++) {
        double top = -INFINITY, sum = 0;
        for (size_t j = 0; j < experts; j++) {
            top = fmax(top, scratch->log_a[j * m + t]);
        }
        for (size_t j = 0; j < experts; j++) {
            sum += exp(scratch->log_a[j * m + t] - top);
        }
        const double normaliser = top + log(sum);
        for (size_t j = 0; j < experts; j++) {
            scratch->log_a[j * m + t] -= normaliser;
        }
    }
    return GSC_OK;
}

/* The terms l [k1 + k2][m] whose log-sum-exp is log f. */
static gsc_status block_terms(const gsc_mixture_shape *shape, const double *mixture,
                              const gsc_sample *sample, size_t t0, size_t m,
                              const likelihood_scratch *scratch, gsc_error *error) {
    const gsc_mixture_layout layout = gsc_mixture_get_layout(shape);
    const double mass = gsc_mixture_shared_mass(shape);
    if (shape->k_routed > 0) {
        gsc_status status = block_gate(shape, mixture, sample, t0, m, scratch, error);
        if (status != GSC_OK) {
            return status;
        }
    }
    for (size_t c = 0; c < shape->k_shared + shape->k_routed; c++) {
        const bool shared = c < shape->k_shared;
        const size_t j = shared ? c : c - shape->k_shared;
        const gsc_expert_family *family = shared ? shape->shared : shape->routed;
        const double *theta =
            mixture + (shared ? layout.kappa : layout.eta) + j * family->theta_size;
        const double variance = mixture[(shared ? layout.tau : layout.nu) + j];
        gsc_status status = gsc_expert_evaluate(family, theta, m, sample->x + t0, sample->n,
                                                scratch->h, NULL, scratch->expert, error);
        if (status != GSC_OK) {
            return status;
        }
        const double constant =
            shared ? log(mass) + log(fmax(mixture[layout.omega + j], DBL_MIN)) : log(1 - mass);
        for (size_t t = 0; t < m; t++) {
            scratch->term[c * m + t] = constant + (shared ? 0 : scratch->log_a[j * m + t]) +
                                       log_normal(sample->y[t0 + t], scratch->h[t], variance);
        }
    }
    return GSC_OK;
}

gsc_status gsc_mixture_log_likelihood(const gsc_mixture_shape *shape, const double *mixture,
                                      const gsc_sample *sample, double *ret_log_likelihood,
                                      gsc_error *error) {
    const size_t k = shape->k_shared + shape->k_routed;
    size_t expert = shape->shared != NULL ? gsc_expert_scratch(shape->shared, BLOCK) : 0;
    if (shape->routed != NULL && gsc_expert_scratch(shape->routed, BLOCK) > expert) {
        expert = gsc_expert_scratch(shape->routed, BLOCK);
    }
    double *memory = malloc((BLOCK * (2 * shape->k_routed + 1 + k) + expert) * sizeof *memory);
    if (memory == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a likelihood of %zu components", k);
    }
    likelihood_scratch scratch;
    scratch.logit = memory;
    scratch.log_a = scratch.logit + BLOCK * shape->k_routed;
    scratch.h = scratch.log_a + BLOCK * shape->k_routed;
    scratch.term = scratch.h + BLOCK;
    scratch.expert = scratch.term + BLOCK * k;
    double total = 0;
    gsc_status status = GSC_OK;
    for (size_t t0 = 0; t0 < sample->n && status == GSC_OK; t0 += BLOCK) {
        const size_t m = sample->n - t0 < BLOCK ? sample->n - t0 : BLOCK;
        status = block_terms(shape, mixture, sample, t0, m, &scratch, error);
        double block_total = 0;
        for (size_t t = 0; t < m && status == GSC_OK; t++) {
            double top = -INFINITY, sum = 0;
            for (size_t c = 0; c < k; c++) {
                top = fmax(top, scratch.term[c * m + t]);
            }
            for (size_t c = 0; c < k; c++) {
                sum += exp(scratch.term[c * m + t] - top);
            }
            block_total += top + log(sum);
        }
        total += block_total;
    }
    free(memory);
    if (status == GSC_OK) {
        *ret_log_likelihood = total;
    }
    return status;
}

/* SPDX-License-Identifier: MIT
 *
 * Both mixtures' routed parts at nodes of X, block by block.
 */
#include "core/theory/function_error.h"

#include "core/theory/gate_rows.h"
#include "core/theory/quadrature.h"
#include "core/theory/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 256,
    DRAWS = 4096
};

/* pi [k][n] and h [k][n] of the routed atoms. */
static gsc_status evaluate(const gsc_mixture_shape *shape, const double *mixture, size_t n,
                           const double *x, double *ret_pi, double *ret_h, double *scratch,
                           gsc_error *error) {
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    const size_t k = shape->k_routed, p = shape->routed->theta_size;
    gsc_status status = gsc_gate_rows(shape, mixture, n, x, n, ret_pi, error);
    for (size_t t = 0; t < n && status == GSC_OK; t++) {
        double top = -INFINITY, sum = 0;
        for (size_t j = 0; j < k; j++) {
            top = fmax(top, ret_pi[j * n + t]);
        }
        for (size_t j = 0; j < k; j++) {
            ret_pi[j * n + t] = exp(ret_pi[j * n + t] - top);
            sum += ret_pi[j * n + t];
        }
        for (size_t j = 0; j < k; j++) {
            ret_pi[j * n + t] /= sum;
        }
    }
    for (size_t j = 0; j < k && status == GSC_OK; j++) {
        status = gsc_expert_evaluate(shape->routed, mixture + at.eta + j * p, n, x, n,
                                     ret_h + j * n, NULL, scratch, error);
    }
    return status;
}

/* Adds the weighted squares of one block. */
static void add_squares(const gsc_truth *truth, const gsc_mixture_shape *shape,
                        const gsc_voronoi *cells, size_t n, const double *weight, const double *pi,
                        const double *h, const double *true_pi, const double *true_h,
                        gsc_function_error *sums) {
    for (size_t t = 0; t < n; t++) {
        for (size_t j = 0; j < truth->shape.k_routed; j++) {
            double mass = 0, spread = 0;
            for (size_t i = 0; i < shape->k_routed; i++) {
                if (cells->routed[i] == j) {
                    const double gap = h[i * n + t] - true_h[j * n + t];
                    mass += pi[i * n + t];
                    spread += pi[i * n + t] * gap * gap;
                }
            }
            const double gap = mass - true_pi[j * n + t];
            const double missing = true_h[j * n + t] * true_h[j * n + t];
            sums->gate += weight[t] * gap * gap;
            sums->experts +=
                weight[t] * true_pi[j * n + t] * (mass > 1e-300 ? spread / mass : missing);
        }
    }
}

static void place(const gsc_truth *truth, size_t inputs, gsc_rng *random, double *x,
                  double *weight) {
    double nodes[GSC_GAUSS_NODES], weights[GSC_GAUSS_NODES];
    const size_t panels = BLOCK / GSC_GAUSS_NODES;
    const double range = truth->x_high - truth->x_low;
    gsc_gauss_legendre(nodes, weights);
    for (size_t t = 0; t < BLOCK && inputs == 1; t++) {
        const double place = (double)(t / GSC_GAUSS_NODES) + 0.5 + 0.5 * nodes[t % GSC_GAUSS_NODES];
        x[t] = truth->x_low + range * place / (double)panels;
        weight[t] = 0.5 * weights[t % GSC_GAUSS_NODES] / (double)panels;
    }
    for (size_t i = 0; i < inputs * BLOCK && inputs > 1; i++) {
        x[i] = truth->x_low + range * gsc_rng_uniform(random);
        weight[i % BLOCK] = 1.0 / DRAWS;
    }
}

gsc_status gsc_function_error_compute(const gsc_truth *truth, const gsc_mixture_shape *shape,
                                      const double *mixture, const gsc_voronoi *cells,
                                      gsc_function_error *ret_error, gsc_error *error) {
    const size_t k = shape->k_routed, true_k = truth->shape.k_routed, d = shape->inputs;
    if (k == 0 || true_k == 0) {
        *ret_error = (gsc_function_error){NAN, NAN};
        return GSC_OK;
    }
    const size_t scratch = gsc_expert_scratch(shape->routed, BLOCK);
    double *x = malloc((d + 1 + 2 * (k + true_k)) * BLOCK * sizeof *x + scratch * sizeof *x);
    if (x == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory to compare functions");
    }
    double *weight = x + d * BLOCK, *pi = weight + BLOCK, *h = pi + k * BLOCK;
    double *true_pi = h + k * BLOCK, *true_h = true_pi + true_k * BLOCK;
    gsc_function_error sums = {0, 0};
    gsc_rng random;
    gsc_rng_init(&random, 1, DRAWS, d, 0);
    gsc_status status = GSC_OK;
    for (size_t first = 0; first < (d == 1 ? BLOCK : DRAWS) && status == GSC_OK; first += BLOCK) {
        double *spare = true_h + true_k * BLOCK;
        place(truth, d, &random, x, weight);
        status = evaluate(shape, mixture, BLOCK, x, pi, h, spare, error);
        if (status == GSC_OK) {
            status =
                evaluate(&truth->shape, truth->mixture, BLOCK, x, true_pi, true_h, spare, error);
        }
        if (status == GSC_OK) {
            add_squares(truth, shape, cells, BLOCK, weight, pi, h, true_pi, true_h, &sums);
        }
    }
    free(x);
    if (status == GSC_OK) {
        *ret_error = (gsc_function_error){sqrt(sums.gate), sqrt(sums.experts)};
    }
    return status;
}

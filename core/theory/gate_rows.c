/* SPDX-License-Identifier: MIT
 *
 * One evaluation for either kind of gate, its average, its invariance.
 */
#include "core/theory/gate_rows.h"

#include "core/theory/gate_general.h"
#include "core/theory/random.h"
#include "core/theory/top_k.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PANELS = 16,
    GAUSS = 8,
    DRAWS = 4096,
    BLOCK = 256
};

/* ---- Rows ------------------------------------------------------------------------------------ */

static gsc_status general_rows(const gsc_mixture_shape *shape, const double *mixture, size_t n,
                               const double *x, size_t stride, double *ret_log, gsc_error *error) {
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    const gsc_gate_point point = {mixture + at.beta0, mixture + at.beta1, mixture + at.gate};
    double *scratch =
        malloc((gsc_gate_scratch(shape->gate, shape->inputs, n) + 1) * sizeof(double));
    if (scratch == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu rows of a gate", n);
    }
    const gsc_status status = gsc_gate_log_probs(shape->gate, &point, shape->inputs, n, x, stride,
                                                 ret_log, n, NULL, scratch, error);
    free(scratch);
    return status;
}

gsc_status gsc_gate_rows(const gsc_mixture_shape *shape, const double *mixture, size_t n,
                         const double *x, size_t stride, double *ret_log, gsc_error *error) {
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    const size_t k = shape->k_routed, d = shape->inputs;
    if (k == 0) {
        return GSC_OK;
    }
    if (shape->gate->general) {
        return general_rows(shape, mixture, n, x, stride, ret_log, error);
    }
    double *logits = malloc(k * n * sizeof *logits);
    if (logits == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu rows of a gate", n);
    }
    for (size_t j = 0; j < k; j++) {
        for (size_t t = 0; t < n; t++) {
            double z = mixture[at.beta0 + j];
            for (size_t i = 0; i < d; i++) {
                z += mixture[at.beta1 + j * d + i] * x[i * stride + t];
            }
            logits[j * n + t] = z;
        }
    }
    const gsc_status status =
        gsc_gate_log_affinity(shape->gate, k * n, logits, ret_log, NULL, error);
    if (status == GSC_OK) {
        gsc_top_k_mask(shape->top_k, k, d, mixture + at.beta1, d, n, x, stride, ret_log, n);
    }
    free(logits);
    return status;
}

/* ---- Averages -------------------------------------------------------------------------------- */

/* Adds weight [n] times pi of these rows to ret_means. */
static gsc_status add_means(const gsc_mixture_shape *shape, const double *mixture, size_t n,
                            const double *x, const double *weight, double *ret_means,
                            gsc_error *error) {
    double log_a[GSC_MAX_ATOMS * BLOCK];
    const size_t k = shape->k_routed;
    const gsc_status status = gsc_gate_rows(shape, mixture, n, x, n, log_a, error);
    for (size_t t = 0; t < n && status == GSC_OK; t++) {
        double top = -INFINITY, sum = 0;
        for (size_t j = 0; j < k; j++) {
            top = fmax(top, log_a[j * n + t]);
        }
        for (size_t j = 0; j < k; j++) {
            sum += exp(log_a[j * n + t] - top);
        }
        for (size_t j = 0; j < k; j++) {
            ret_means[j] += weight[t] * exp(log_a[j * n + t] - top) / sum;
        }
    }
    return status;
}

static gsc_status means_by_quadrature(const gsc_truth *truth, const gsc_mixture_shape *shape,
                                      const double *mixture, double *ret_means, gsc_error *error) {
    /* Gauss-Legendre on [-1, 1], the positive half. */
    static const double nodes[] = {0.18343464249564980, 0.52553240991632899, 0.79666647741362674,
                                   0.96028985649753623},
                        weights[] = {0.36268378337836198, 0.31370664587788729, 0.22238103445337447,
                                     0.10122853629037626};
    double x[PANELS * GAUSS], w[PANELS * GAUSS];
    const double width = (truth->x_high - truth->x_low) / PANELS;
    for (size_t t = 0; t < PANELS * GAUSS; t++) {
        const size_t i = t % GAUSS;
        const double u = i < GAUSS / 2 ? nodes[i] : -nodes[i - GAUSS / 2];
        x[t] = truth->x_low + width * ((double)(t / GAUSS) + 0.5 + 0.5 * u);
        w[t] = 0.5 * weights[i % (GAUSS / 2)] / PANELS;
    }
    return add_means(shape, mixture, PANELS * GAUSS, x, w, ret_means, error);
}

gsc_status gsc_gate_means(const gsc_truth *truth, const gsc_mixture_shape *shape,
                          const double *mixture, double *ret_means, gsc_error *error) {
    for (size_t j = 0; j < shape->k_routed; j++) {
        ret_means[j] = 0;
    }
    if (shape->k_routed == 0) {
        return GSC_OK;
    }
    if (shape->inputs == 1) {
        return means_by_quadrature(truth, shape, mixture, ret_means, error);
    }
    double x[GSC_MAX_INPUTS * BLOCK], w[BLOCK];
    gsc_rng random;
    gsc_rng_init(&random, 1, DRAWS, shape->inputs, 0);
    gsc_status status = GSC_OK;
    for (size_t first = 0; first < DRAWS && status == GSC_OK; first += BLOCK) {
        for (size_t t = 0; t < BLOCK; t++) {
            w[t] = 1.0 / DRAWS;
        }
        for (size_t i = 0; i < shape->inputs * BLOCK; i++) {
            x[i] = truth->x_low + (truth->x_high - truth->x_low) * gsc_rng_uniform(&random);
        }
        status = add_means(shape, mixture, BLOCK, x, w, ret_means, error);
    }
    return status;
}

/* ---- What can be compared -------------------------------------------------------------------- */

static bool scores_linearly(const gsc_gate_family *gate) {
    return gate->loaded == NULL || gate->loaded->gate->score_form == GSC_SCORE_LINEAR;
}

bool gsc_gate_has_slopes(const gsc_truth *truth) {
    return scores_linearly(&truth->gate) && scores_linearly(&truth->fit_gate);
}

gsc_status gsc_gate_is_shift_free(const gsc_gate_family *gate, bool *ret_free, gsc_error *error) {
    enum {
        POINTS = 16
    };
    const size_t e = gate->experts;
    double beta0[GSC_MAX_ATOMS], beta1[GSC_MAX_ATOMS], x[POINTS], log_pi[GSC_MAX_ATOMS * POINTS],
        moved[GSC_MAX_ATOMS * POINTS];
    *ret_free = false;
    if (!gate->general || !scores_linearly(gate) || gsc_gate_extra(gate, 1) > 0) {
        return GSC_OK;
    }
    double *scratch = malloc(gsc_gate_scratch(gate, 1, POINTS) * sizeof *scratch);
    if (scratch == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a gate");
    }
    for (size_t j = 0; j < e; j++) {
        beta0[j] = sin(2.3 * (double)j);
        beta1[j] = cos(1.1 * (double)j);
    }
    for (size_t t = 0; t < POINTS; t++) {
        x[t] = 0.2 * ((double)t - 7.5);
    }
    const gsc_gate_point point = {beta0, beta1, NULL};
    gsc_status status = gsc_gate_log_probs(gate, &point, 1, POINTS, x, POINTS, log_pi, POINTS, NULL,
                                           scratch, error);
    for (size_t j = 0; j < e; j++) {
        beta0[j] += 0.7;
        beta1[j] -= 0.4;
    }
    if (status == GSC_OK) {
        status = gsc_gate_log_probs(gate, &point, 1, POINTS, x, POINTS, moved, POINTS, NULL,
                                    scratch, error);
    }
    *ret_free = status == GSC_OK;
    for (size_t i = 0; i < e * POINTS && status == GSC_OK; i++) {
        *ret_free = *ret_free && fabs(exp(moved[i]) - exp(log_pi[i])) <= 1e-9;
    }
    free(scratch);
    return status;
}

/* ---- Own numbers of a larger gate ------------------------------------------------------------ */

static size_t logits_of(const gsc_gate_family *gate) {
    const gsc_gate *table = gate->loaded->gate;
    return table->logits != NULL ? (size_t)table->logits((int64_t)gate->experts, gate->params)
                                 : gate->experts;
}

/* The true logit that logit l of a fit follows: of the same group of one logit an expert where they
 * come in such groups, else the same one past the experts'. */
static size_t true_logit(size_t l, size_t e, size_t true_e, size_t m, size_t true_m,
                         const size_t *cell) {
    if (l < e || (m % e == 0 && true_m % true_e == 0 && m / e == true_m / true_e)) {
        return l / e * true_e + cell[l % e];
    }
    return true_m > true_e ? true_e + (l - e) % (true_m - true_e) : cell[l % e];
}

static size_t dimension(const gsc_gate_family *gate, size_t inputs, int64_t size) {
    return size == GSC_SIZE_INPUTS     ? inputs
           : size == GSC_SIZE_EXPERTS  ? gate->experts
           : size == GSC_SIZE_LOGITS   ? logits_of(gate)
           : size <= GSC_SIZE_PARAM(0) ? (size_t)gate->params[GSC_SIZE_PARAM(0) - size]
                                       : (size_t)size;
}

/* Where number i of a tensor of the fit lies in the truth's. */
static size_t source_of(const gsc_tensor *tensor, const gsc_gate_family *truth,
                        const gsc_gate_family *fit, const size_t *cell, size_t inputs, size_t i) {
    size_t source = 0, stride = 1;
    for (uint32_t k = tensor->dims; k-- > 0;) {
        const int64_t size = tensor->size[k];
        size_t index = i % dimension(fit, inputs, size);
        i /= dimension(fit, inputs, size);
        if (size == GSC_SIZE_EXPERTS) {
            index = cell[index];
        } else if (size == GSC_SIZE_LOGITS) {
            index = true_logit(index, fit->experts, truth->experts, logits_of(fit),
                               logits_of(truth), cell);
        }
        source += stride * index;
        stride *= dimension(truth, inputs, size);
    }
    return source;
}

void gsc_gate_spread_extra(const gsc_gate_family *truth, const double *extra,
                           const gsc_gate_family *fit, const size_t *cell, size_t inputs,
                           double *ret_extra) {
    const gsc_plugin *plugin = fit->loaded->plugin;
    const size_t e = fit->experts, true_e = truth->experts, row = 1 + inputs;
    gsc_theta_block block, from;
    size_t first = 0;
    if (gsc_gate_block(fit, inputs, 0, &block) && strcmp(block.name, "logits") == 0) {
        for (size_t i = 0; i < block.size; i++) {
            const size_t l =
                true_logit(e + i / row, e, true_e, logits_of(fit), logits_of(truth), cell);
            ret_extra[i] = l >= true_e ? extra[(l - true_e) * row + i % row] : 0;
        }
        first = 1;
    }
    for (uint32_t k = 0; k < plugin->n_tensors; k++) {
        gsc_gate_block(fit, inputs, first + k, &block);
        gsc_gate_block(truth, inputs, first + k, &from);
        for (size_t i = 0; i < block.size; i++) {
            ret_extra[block.offset + i] =
                extra[from.offset + source_of(&plugin->tensors[k], truth, fit, cell, inputs, i)];
        }
    }
}

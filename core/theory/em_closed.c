/* SPDX-License-Identifier: MIT
 *
 * Passes over the data where every function of the mixture is known in closed form (kernels/mixture_closed.h): one
 * input, affine or ReLU experts, a softmax or sigmoid gate. Plugins say so of themselves by the extension
 * GSC_EXTENSION_CLOSED_FORM; they are asked at a few points before they are believed. What comes out is what the
 * passes of em.c, gate_step.c and expert_step.c give, to rounding. Layer: core/theory.
 */
#include "core/theory/em_workspace.h"

#include <math.h>
#include <string.h>

enum {
    /* Rows of a part of a block: what the passes over it share stays in the first cache. */
    PART = GSC_MIXTURE_BLOCK / 2,
    PROBES = 7
};
static const double probes[PROBES] = {-30, -2.5, -0.5, 0, 0.25, 1.5, 30};
static const double agreement = 1e-12;

/* ---- What is known --------------------------------------------------------------------------- */

static const gsc_closed_form *closed_form_of(const gsc_loaded *loaded) {
    const gsc_plugin *plugin = loaded->plugin;
    const gsc_closed_form *form =
        plugin->extension != NULL ? plugin->extension(GSC_EXTENSION_CLOSED_FORM) : NULL;
    return form != NULL && form->struct_size >= sizeof *form ? form : NULL;
}

/* What the plugin returned against what the form says. */
static bool agree(const double *given, const double *expected) {
    for (size_t i = 0; i < PROBES; i++) {
        if (!(fabs(given[i] - expected[i]) <= agreement * (1 + fabs(expected[i])))) {
            return false;
        }
    }
    return true;
}

static bool gate_is_closed(gsc_em_workspace *ws) {
    const gsc_mixture_shape *shape = &ws->shape;
    if (shape->k_routed == 0) {
        return true;
    }
    if (shape->gate->general || (shape->top_k > 0 && shape->top_k < shape->k_routed)) {
        return false;
    }
    const gsc_closed_form *form = closed_form_of(shape->gate->loaded);
    if (form == NULL ||
        (form->function != GSC_CLOSED_EXP && form->function != GSC_CLOSED_SIGMOID)) {
        return false;
    }
    const bool sigmoid = form->function == GSC_CLOSED_SIGMOID;
    double log_a[PROBES], slope[PROBES], expected[PROBES], expected_slope[PROBES];
    ws->gate_offset = form->offset_param >= 0 ? shape->gate->params[form->offset_param] : 0;
    for (size_t i = 0; i < PROBES; i++) {
        const double z = probes[i] - ws->gate_offset;
        expected[i] = sigmoid ? fmin(z, 0) - log1p(exp(-fabs(z))) : z;
        expected_slope[i] = sigmoid ? 1 / (1 + exp(z)) : 1;
    }
    ws->closed.gate = sigmoid ? GSC_MIXTURE_SIGMOID : GSC_MIXTURE_EXP;
    return gsc_gate_log_affinity(shape->gate, PROBES, probes, log_a, slope, NULL) == GSC_OK &&
           agree(log_a, expected) && agree(slope, expected_slope);
}

/* The line of parameters theta; constant and precision are left alone. */
static void set_line(const em_component *component, const double *theta, gsc_mixture_line *line) {
    const size_t p = component->family->theta_size;
    line->relu = component->linear_jacobian == NULL;
    line->in = theta[0];
    line->bias = line->relu && p == 2 ? 0 : theta[1];
    line->out = line->relu ? theta[p - 1] : 1;
}

bool em_closed_is_affine(gsc_em_workspace *ws, const gsc_expert_family *family) {
    const size_t d = family->inputs, p = family->theta_size;
    const gsc_closed_form *form = closed_form_of(family->loaded);
    double x[GSC_MAX_INPUTS * PROBES], h[PROBES], jacobian[(GSC_MAX_INPUTS + 1) * PROBES];
    double theta[GSC_MAX_INPUTS + 1], expected[PROBES];
    if (form == NULL || form->function != GSC_CLOSED_AFFINE || p != d + 1) {
        return false;
    }
    for (size_t k = 0; k < d * PROBES; k++) {
        x[k] = probes[(k + k / PROBES) % PROBES];
    }
    for (size_t k = 0; k < p; k++) {
        theta[k] = 0.75 - (double)k;
    }
    if (gsc_expert_evaluate(family, theta, PROBES, x, PROBES, h, jacobian, ws->expert, NULL) !=
        GSC_OK) {
        return false;
    }
    bool good = true;
    for (size_t i = 0; i < PROBES; i++) {
        expected[i] = theta[d];
        good = good && jacobian[d * PROBES + i] == 1;
        for (size_t k = 0; k < d; k++) {
            expected[i] += theta[k] * x[k * PROBES + i];
            good = good && jacobian[k * PROBES + i] == x[k * PROBES + i];
        }
    }
    return good && agree(h, expected);
}

static bool expert_is_closed(gsc_em_workspace *ws, const em_component *component) {
    const gsc_expert_family *family = component->family;
    const size_t p = family->theta_size;
    if (component->linear_jacobian != NULL) {
        return component->linear_jacobian == ws->x;
    }
    const gsc_closed_form *form = closed_form_of(family->loaded);
    if (form == NULL || form->function != GSC_CLOSED_RELU ||
        family->loaded->expert->form != GSC_EXPERT_FFN || p < 2 || p > 3) {
        return false;
    }
    const double theta[] = {1.5, p == 2 ? -2 : 0.25, -2};
    double h[PROBES], jacobian[3 * PROBES], expected[4 * PROBES];
    gsc_mixture_line line;
    set_line(component, theta, &line);
    for (size_t i = 0; i < PROBES; i++) {
        const double u = line.in * probes[i] + line.bias, active = u > 0;
        expected[i] = line.out * active * u;
        expected[PROBES + i] = line.out * active * probes[i];
        expected[2 * PROBES + i] = p == 2 ? active * u : line.out * active;
        expected[3 * PROBES + i] = active * u;
    }
    bool good = gsc_expert_evaluate(family, theta, PROBES, probes, PROBES, h, jacobian, ws->expert,
                                    NULL) == GSC_OK &&
                agree(h, expected);
    for (size_t i = 0; i < p; i++) {
        good = good && agree(jacobian + i * PROBES, expected + (1 + i) * PROBES);
    }
    return good;
}

void em_closed_bind(gsc_em_workspace *ws) {
    ws->is_closed = ws->shape.inputs == 1 && gate_is_closed(ws);
    for (size_t c = 0; c < ws->k && ws->is_closed; c++) {
        ws->is_closed = expert_is_closed(ws, &ws->component[c]);
    }
    if (!ws->is_closed) {
        return;
    }
    ws->closed.k1 = ws->shape.k_shared;
    ws->closed.k2 = ws->shape.k_routed;
    ws->closed_kernels = gsc_mixture_closed_kernels_of(ws->kernels);
    double widest[GSC_MIXTURE_LANES] = {0};
    for (size_t b = 0; b < ws->blocks; b++) {
        const double *x = ws->x + b * 2 * EM_STRIDE;
        for (size_t t = 0; t < EM_BLOCK; t += GSC_MIXTURE_LANES) {
            for (size_t l = 0; l < GSC_MIXTURE_LANES; l++) {
                const double size = fabs(x[t + l]);
                widest[l] = size > widest[l] ? size : widest[l];
            }
        }
    }
    ws->widest = 0;
    for (size_t l = 0; l < GSC_MIXTURE_LANES; l++) {
        ws->widest = fmax(ws->widest, widest[l]);
    }
}

/* ---- Passes ---------------------------------------------------------------------------------- */

static size_t rows_of(const gsc_em_workspace *ws, size_t b, size_t from) {
    const size_t rows = em_rows(ws, b);
    return rows <= from ? 0 : rows - from < PART ? rows - from : PART;
}

static size_t score_sums(const gsc_em_workspace *ws) {
    const size_t experts = ws->shape.k_routed;
    return 2 * experts + 3 * experts * (experts + 1) / 2;
}

size_t em_closed_sums(const gsc_mixture_shape *shape) {
    const size_t experts = shape->k_routed, k = experts + shape->k_shared;
    return GSC_MIXTURE_LANES *
           (k * GSC_MIXTURE_CLOSED_MOMENTS + 2 * experts + 3 * experts * (experts + 1) / 2);
}

static void add_scores(gsc_em_workspace *ws, const double *sums, double *gradient, double *fisher) {
    const size_t experts = ws->shape.k_routed;
    gsc_mixture_lanes_add(2 * experts, sums, gradient);
    gsc_mixture_lanes_add(score_sums(ws) - 2 * experts, sums + 2 * experts * GSC_MIXTURE_LANES,
                          fisher);
    gsc_mixture_closed_shift(&ws->closed, gradient, fisher);
}

static void add_moments(const em_component *component, const gsc_mixture_line *line,
                        const double *sums, double *ret_moments) {
    double totals[GSC_MIXTURE_CLOSED_MOMENTS] = {0};
    gsc_mixture_lanes_add(GSC_MIXTURE_CLOSED_MOMENTS, sums, totals);
    gsc_mixture_closed_moments_of(line, component->family->theta_size == 3, totals, ret_moments);
}

static double *moment_sums(const gsc_em_workspace *ws, size_t c) {
    return ws->closed_sums + c * GSC_MIXTURE_CLOSED_MOMENTS * GSC_MIXTURE_LANES;
}

bool em_closed_expectation(gsc_em_workspace *ws, const double *constant, const double *precision,
                           double *ret_log_likelihood) {
    const size_t k = ws->k, k1 = ws->shape.k_shared, k2 = ws->shape.k_routed;
    const gsc_mixture_closed_kernels *kernels = ws->closed_kernels;
    double *scores = moment_sums(ws, k), total = 0;
    if (!ws->is_closed ||
        !gsc_mixture_closed_set_gate(&ws->closed, ws->beta, ws->gate_offset, ws->widest)) {
        return false;
    }
    for (size_t c = 0; c < k; c++) {
        set_line(&ws->component[c], ws->component[c].theta, &ws->closed.line[c]);
        ws->closed.line[c].constant = constant[c];
        ws->closed.line[c].precision = precision[c];
    }
    memset(ws->closed_sums, 0, em_closed_sums(&ws->shape) * sizeof(double));
    for (size_t i = 0; i < 2 * ws->blocks; i++) {
        const size_t b = i / 2, from = i % 2 * PART, rows = rows_of(ws, b, from);
        const double *x = ws->x + b * 2 * EM_STRIDE + from, *y = ws->y + b * EM_STRIDE + from;
        double *r = (ws->store_r ? ws->r + b * k * EM_STRIDE : ws->r_block) + from;
        total += kernels->posterior(&ws->closed, rows, x, y, r, ws->q, ws->slope,
                                    ws->store_r ? &ws->gate_q : NULL);
        for (size_t c = 0; c < k; c++) {
            kernels->moments(&ws->closed.line[c], rows, x, y, r + c * EM_STRIDE,
                             moment_sums(ws, c));
        }
        const double *routed = r + k1 * EM_STRIDE;
        if (k2 > 0) {
            kernels->scores(&ws->closed, rows, x, routed, ws->q, ws->slope, scores);
        }
    }
    for (size_t c = 0; c < k; c++) {
        add_moments(&ws->component[c], &ws->closed.line[c], moment_sums(ws, c),
                    ws->moments + c * ws->moments_size);
    }
    if (k2 > 0) {
        add_scores(ws, scores, ws->gradient, ws->fisher);
    }
    *ret_log_likelihood = total;
    return true;
}

bool em_closed_gate(gsc_em_workspace *ws, const double *beta, double *ret_q) {
    const gsc_mixture_closed_kernels *kernels = ws->closed_kernels;
    double *scores = moment_sums(ws, ws->k), q = 0;
    if (!ws->is_closed ||
        !gsc_mixture_closed_set_gate(&ws->closed, beta, ws->gate_offset, ws->widest)) {
        return false;
    }
    memset(scores, 0, score_sums(ws) * GSC_MIXTURE_LANES * sizeof *scores);
    for (size_t i = 0; i < 2 * ws->blocks; i++) {
        const size_t b = i / 2, from = i % 2 * PART, rows = rows_of(ws, b, from);
        const double *x = ws->x + b * 2 * EM_STRIDE + from;
        const double *r = ws->r + (b * ws->k + ws->shape.k_shared) * EM_STRIDE + from;
        q += kernels->normalise(&ws->closed, rows, x, r, ws->q, ws->slope);
        kernels->scores(&ws->closed, rows, x, r, ws->q, ws->slope, scores);
    }
    add_scores(ws, scores, ws->gradient_trial, ws->fisher_trial);
    *ret_q = q;
    return true;
}

void em_closed_expert(gsc_em_workspace *ws, size_t c, const double *theta, double *ret_moments) {
    double *sums = moment_sums(ws, c);
    gsc_mixture_line line = {0};
    set_line(&ws->component[c], theta, &line);
    memset(sums, 0, GSC_MIXTURE_CLOSED_MOMENTS * GSC_MIXTURE_LANES * sizeof *sums);
    for (size_t b = 0; b < ws->blocks; b++) {
        ws->closed_kernels->moments(&line, em_rows(ws, b), ws->x + b * 2 * EM_STRIDE,
                                    ws->y + b * EM_STRIDE, ws->r + (b * ws->k + c) * EM_STRIDE,
                                    sums);
    }
    add_moments(&ws->component[c], &line, sums, ret_moments);
}

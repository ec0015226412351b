/* SPDX-License-Identifier: MIT
 *
 * The M-step of a gate in general form (gate_general.h): quasi-Newton steps on Q = sum r log pi from where the last
 * M-step ended, with what it learned of the Hessian. Layer: core/theory.
 */
#include "core/theory/em_workspace.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Steps on Q that gain less, for each row, wait for the next iteration. */
static const double least_gain = 1e-10;

bool em_gate_is_general(const gsc_em_workspace *ws) {
    return ws->shape.gate != NULL && ws->shape.gate->general;
}

size_t em_gate_general_size(const gsc_mixture_shape *shape) {
    return shape->k_routed * (1 + shape->inputs) + gsc_gate_extra(shape->gate, shape->inputs);
}

gsc_status em_gate_general_block(gsc_em_workspace *ws, size_t b, gsc_error *error) {
    const size_t rows = em_rows(ws, b), padded = em_padded(rows), d = ws->shape.inputs;
    const gsc_gate_point point = {ws->mixture + ws->layout.beta0, ws->mixture + ws->layout.beta1,
                                  ws->mixture + ws->layout.gate};
    const gsc_status status = gsc_gate_log_probs(
        ws->shape.gate, &point, d, rows, ws->x + b * (d + 1) * EM_STRIDE, EM_STRIDE, ws->log_a,
        EM_STRIDE, &ws->info.floored, ws->gate_scratch, error);
    for (size_t j = 0; j < ws->shape.k_routed && status == GSC_OK; j++) {
        double *log_a = ws->log_a + j * EM_STRIDE, *slope = ws->slope + j * EM_STRIDE;
        for (size_t t = rows; t < padded; t++) {
            log_a[t] = log_a[rows - 1];
        }
        for (size_t t = 0; t < padded; t++) {
            slope[t] = 1;
        }
    }
    return status;
}

/* Q and its gradient at beta0, beta1, extra one after another. */
static gsc_status evaluate(void *data, const double *at, double *ret_value, double *ret_gradient,
                           gsc_error *error) {
    gsc_em_workspace *ws = data;
    const size_t experts = ws->shape.k_routed, d = ws->shape.inputs;
    const gsc_gate_point point = {at, at + experts, at + experts * (1 + d)};
    gsc_status status = GSC_OK;
    *ret_value = 0;
    memset(ret_gradient, 0, em_gate_general_size(&ws->shape) * sizeof *ret_gradient);
    for (size_t b = 0; b < ws->blocks && status == GSC_OK; b++) {
        status = gsc_gate_add_gradient(ws->shape.gate, &point, d, em_rows(ws, b),
                                       ws->x + b * (d + 1) * EM_STRIDE, EM_STRIDE,
                                       ws->r + (b * ws->k + ws->shape.k_shared) * EM_STRIDE,
                                       EM_STRIDE, ret_value, ret_gradient, ws->gate_scratch, error);
    }
    ws->info.gate_evaluations++;
    return status;
}

gsc_status em_gate_general_settle(gsc_em_workspace *ws, size_t max_steps, gsc_error *error) {
    const size_t experts = ws->shape.k_routed, d = ws->shape.inputs, beta = experts * (1 + d);
    const size_t size = em_gate_general_size(&ws->shape);
    double *point = ws->gate_point, *low = point + size, *high = low + size, value;
    const double box = ws->shape.box > 0 ? ws->shape.box : INFINITY;
    memcpy(point, ws->mixture + ws->layout.beta0, beta * sizeof *point);
    memcpy(point + beta, ws->mixture + ws->layout.gate, (size - beta) * sizeof *point);
    for (size_t i = 0; i < size; i++) {
        low[i] = -box;
        high[i] = box;
    }
    const gsc_status status =
        gsc_bfgs_climb(ws->gate_bfgs, evaluate, ws, low, high, max_steps,
                       least_gain * (double)ws->n, 1, point, &value, NULL, NULL, error);
    if (status == GSC_OK) {
        memcpy(ws->mixture + ws->layout.beta0, point, beta * sizeof *point);
        memcpy(ws->mixture + ws->layout.gate, point + beta, (size - beta) * sizeof *point);
    }
    return status;
}

/* ---- The whole likelihood -------------------------------------------------------------------- */

enum {
    MOST_STEPS = 1000,
    PATIENCE = 5 /* small gains in a row: the first steps know nothing of scales */
};

typedef struct climbing {
    gsc_em_workspace *ws;
    const gsc_em_options *options;
    double *gate; /* gradient of the gate's numbers */
} climbing;

/* Coordinates in the layout of the mixture, omega and variances by their logarithms. */
static void to_mixture(gsc_em_workspace *ws, const double *u) {
    const gsc_mixture_layout *at = &ws->layout;
    double total = 0;
    memcpy(ws->mixture, u, at->size * sizeof *u);
    for (size_t i = 0; i < ws->shape.k_shared; i++) {
        ws->mixture[at->omega + i] = exp(u[at->omega + i]);
        total += ws->mixture[at->omega + i];
    }
    for (size_t i = 0; i < ws->shape.k_shared; i++) {
        ws->mixture[at->omega + i] /= total;
    }
    for (size_t c = 0; c < ws->k; c++) {
        const size_t i = (size_t)(ws->component[c].variance - ws->mixture);
        ws->mixture[i] = exp(u[i]);
    }
}

static gsc_status likelihood(void *data, const double *u, double *ret_value, double *ret_gradient,
                             gsc_error *error) {
    climbing *self = data;
    gsc_em_workspace *ws = self->ws;
    const gsc_mixture_layout *at = &ws->layout;
    const size_t beta = ws->shape.k_routed * (1 + ws->shape.inputs);
    const atomic_bool *stop = self->options->stop;
    double total = 0, q;
    if (stop != NULL && atomic_load(stop)) {
        return gsc_fail(error, GSC_ERR_STOPPED, "the fit was stopped after %zu iterations",
                        ws->info.iterations);
    }
    to_mixture(ws, u);
    ws->store_r = true;
    gsc_status status = em_expectation(ws, ret_value, error);
    if (status != GSC_OK) {
        return status;
    }
    for (size_t c = 0; c < ws->k; c++) {
        const em_component *component = &ws->component[c];
        const double *moments = ws->moments + c * ws->moments_size, v = *component->variance;
        double *own = ret_gradient + (component->theta - ws->mixture);
        for (size_t p = 0; p < component->family->theta_size; p++) {
            own[p] = moments[2 + p] / v;
        }
        ret_gradient[component->variance - ws->mixture] = 0.5 * (moments[1] / v - moments[0]);
        total += c < ws->shape.k_shared ? moments[0] : 0;
    }
    for (size_t i = 0; i < ws->shape.k_shared; i++) {
        ret_gradient[at->omega + i] = em_mass(ws, i) - total * ws->mixture[at->omega + i];
    }
    /* The gate's numbers lie in two pieces of the layout. */
    memcpy(ws->gate_point, u + at->beta0, beta * sizeof *u);
    memcpy(ws->gate_point + beta, u + at->gate, (at->size - at->gate) * sizeof *u);
    status = evaluate(ws, ws->gate_point, &q, self->gate, error);
    memcpy(ret_gradient + at->beta0, self->gate, beta * sizeof *u);
    memcpy(ret_gradient + at->gate, self->gate + beta, (at->size - at->gate) * sizeof *u);
    return status;
}

gsc_status em_general_climb(gsc_em_workspace *ws, const gsc_em_options *options, gsc_error *error) {
    const size_t size = ws->layout.size;
    double *memory = malloc((3 * size + em_gate_general_size(&ws->shape)) * sizeof *memory);
    gsc_bfgs *bfgs = NULL;
    gsc_status status = memory != NULL
                            ? gsc_bfgs_new(size, &bfgs, error)
                            : gsc_fail(error, GSC_ERR_MEMORY, "no memory for quasi-Newton steps");
    if (status != GSC_OK) {
        free(memory);
        return status;
    }
    double *u = memory, *low = u + size, *high = low + size, gain;
    climbing self = {ws, options, high + size};
    const double box = ws->shape.box > 0 ? ws->shape.box : INFINITY;
    memcpy(u, ws->mixture, size * sizeof *u);
    for (size_t i = 0; i < size; i++) {
        low[i] = -box;
        high[i] = box;
    }
    for (size_t i = 0; i < ws->shape.k_shared; i++) {
        u[ws->layout.omega + i] = log(fmax(u[ws->layout.omega + i], 1e-13));
        low[ws->layout.omega + i] = -30;
        high[ws->layout.omega + i] = 30;
    }
    for (size_t c = 0; c < ws->k; c++) {
        const size_t i = (size_t)(ws->component[c].variance - ws->mixture);
        u[i] = log(u[i]);
        low[i] = fmin(log(fmax(ws->shape.variance_floor, DBL_MIN)), u[i]);
        high[i] = 700;
    }
    status = gsc_bfgs_climb(bfgs, likelihood, &self, low, high, MOST_STEPS,
                            options->quasi_newton_gain, PATIENCE, u, &ws->info.log_likelihood,
                            &ws->info.quasi_newton_steps, &gain, error);
    if (status == GSC_OK) {
        to_mixture(ws, u);
        ws->info.quasi_newton_converged = ws->info.quasi_newton_steps < MOST_STEPS;
        for (size_t c = 0; c < ws->k; c++) {
            *ws->component[c].variance = fmax(*ws->component[c].variance, ws->shape.variance_floor);
        }
        status = em_expectation(ws, &ws->info.log_likelihood, error);
    }
    gsc_bfgs_free(bfgs);
    free(memory);
    return status;
}

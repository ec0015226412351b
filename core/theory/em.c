/* SPDX-License-Identifier: MIT
 *
 * Expectation maximisation as em.h says: the expectation pass and the loop. Layer: core/theory.
 */
#include "core/theory/em_workspace.h"

#include "core/theory/mass_floor.h"

#include <float.h>
#include <math.h>
#include <string.h>

gsc_em_options gsc_em_options_default(void) {
    return (gsc_em_options){.tolerance = 1e-6,
                            .tolerance_kind = GSC_EM_TOLERANCE_MEAN,
                            .max_iterations = 1000,
                            .gate_steps = 5,
                            .expert_steps = 3};
}

const char *gsc_em_reason_name(gsc_em_reason reason) {
    switch (reason) {
    case GSC_EM_CONVERGED:
        return "converged";
    case GSC_EM_ITERATIONS:
        return "iterations";
    case GSC_EM_FELL:
        return "likelihood fell";
    }
    return "unknown";
}

/* ---- Binding a sample ------------------------------------------------------------------------ */

/* One column into its tiles, the last row repeated to the end of the last block. */
static void bind_column(const gsc_em_workspace *ws, const double *column, size_t stride,
                        double *tiles) {
    for (size_t b = 0; b < ws->blocks; b++) {
        const size_t rows = em_rows(ws, b);
        double *tile = tiles + b * stride;
        memcpy(tile, column + b * EM_BLOCK, rows * sizeof *tile);
        for (size_t t = rows; t < EM_STRIDE; t++) {
            tile[t] = column[ws->n - 1];
        }
    }
}

/* The Jacobian of a linear family, which depends on nothing but x. Where it is (x, 1) itself,
 * as for an affine expert, *ret_jacobian becomes the sample's own columns, so that less memory
 * is read. */
static gsc_status bind_jacobian(gsc_em_workspace *ws, const gsc_expert_family *family,
                                double *tiles, const double **ret_jacobian, gsc_error *error) {
    const size_t p = family->theta_size, d = ws->shape.inputs;
    double *theta = ws->step;
    bool same = p == d + 1;
    memset(theta, 0, p * sizeof *theta);
    for (size_t b = 0; b < ws->blocks; b++) {
        const double *x = ws->x + b * (d + 1) * EM_STRIDE;
        double *tile = tiles + b * p * EM_STRIDE;
        gsc_status status = gsc_expert_evaluate(family, theta, EM_STRIDE, x, EM_STRIDE, ws->h, tile,
                                                ws->expert, error);
        if (status != GSC_OK) {
            return status;
        }
        same = same && memcmp(tile, x, p * EM_STRIDE * sizeof *x) == 0;
    }
    *ret_jacobian = same ? ws->x : tiles;
    return GSC_OK;
}

/* The linear families' Jacobians, and each component's. */
static gsc_status bind_jacobians(gsc_em_workspace *ws, gsc_error *error) {
    const double *jacobian[2] = {NULL, NULL};
    gsc_status status = GSC_OK;
    for (int routed = 0; routed < 2 && status == GSC_OK; routed++) {
        const gsc_expert_family *family = routed ? ws->shape.routed : ws->shape.shared;
        if (family == NULL || !family->linear) {
            continue;
        }
        if (em_closed_is_affine(ws, family)) {
            jacobian[routed] = ws->x;
        } else {
            status = bind_jacobian(ws, family, routed ? ws->jacobian_routed : ws->jacobian_shared,
                                   &jacobian[routed], error);
        }
    }
    for (size_t c = 0; c < ws->k; c++) {
        ws->component[c].linear_jacobian = jacobian[c >= ws->shape.k_shared];
    }
    return status;
}

static gsc_status check_column(const gsc_em_workspace *ws, const double *column, size_t n,
                               const char *name, gsc_error *error) {
    if (ws->kernels->finite(n, column)) {
        return GSC_OK;
    }
    size_t t = 0;
    while (t + 1 < n && isfinite(column[t])) {
        t++;
    }
    return gsc_fail(error, GSC_ERR_INPUT,
                    "row %zu of the sample has %s = %g; it must be a finite number", t + 1, name,
                    column[t]);
}

static gsc_status bind_sample(gsc_em_workspace *ws, const gsc_sample *sample, gsc_error *error) {
    if (sample->n == 0 || sample->n > ws->capacity * EM_BLOCK ||
        sample->inputs != ws->shape.inputs) {
        return gsc_fail(
            error, GSC_ERR_INPUT,
            "a sample of %zu rows and %zu inputs does not fit a workspace of %zu rows and "
            "%zu inputs",
            sample->n, sample->inputs, ws->capacity * EM_BLOCK, ws->shape.inputs);
    }
    for (size_t k = 0; k <= sample->inputs; k++) {
        const bool input = k < sample->inputs;
        const gsc_status status = check_column(ws, input ? sample->x + k * sample->n : sample->y,
                                               sample->n, input ? "x" : "y", error);
        if (status != GSC_OK) {
            return status;
        }
    }
    ws->n = sample->n;
    ws->blocks = (sample->n + EM_BLOCK - 1) / EM_BLOCK;
    const size_t columns = sample->inputs + 1;
    for (size_t k = 0; k < sample->inputs; k++) {
        bind_column(ws, sample->x + k * sample->n, columns * EM_STRIDE, ws->x + k * EM_STRIDE);
    }
    bind_column(ws, sample->y, EM_STRIDE, ws->y);
    return bind_jacobians(ws, error);
}

/* Moves the start into the parameter space. */
static gsc_status bind_start(gsc_em_workspace *ws, const double *mixture, gsc_error *error) {
    const gsc_mixture_layout *at = &ws->layout;
    for (size_t i = 0; i < at->size; i++) {
        if (!isfinite(mixture[i])) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "number %zu of the start is %g; it must be a finite number", i,
                            mixture[i]);
        }
        const bool omega = i < at->kappa;
        const bool variance = (i >= at->tau && i < at->beta0) || (i >= at->nu && i < at->gate);
        double value = mixture[i];
        if (variance) {
            value = fmax(value, ws->shape.variance_floor);
        } else if (!omega && ws->shape.box > 0) {
            value = fmax(-ws->shape.box, fmin(ws->shape.box, value));
        }
        ws->mixture[i] = value;
    }
    for (size_t c = 0; c < ws->k; c++) {
        ws->expert_damping[c] = 1e-6;
        if (!(*ws->component[c].variance > 0)) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "a variance of the start is %g; it must be above 0",
                            *ws->component[c].variance);
        }
    }
    return gsc_mass_floor_settle(&ws->shape, ws->mixture, NULL, error);
}

/* ---- Expectation ----------------------------------------------------------------------------- */

static void set_constants(const gsc_em_workspace *ws, double *ret_constant, double *ret_precision) {
    const double log_two_pi = 1.8378770664093453, mass = gsc_mixture_shared_mass(&ws->shape);
    for (size_t c = 0; c < ws->k; c++) {
        const double variance = *ws->component[c].variance;
        const double weight =
            c < ws->shape.k_shared
                ? log(mass) + log(fmax(ws->mixture[ws->layout.omega + c], DBL_MIN))
                : log(1 - mass);
        ret_constant[c] = weight - 0.5 * (log_two_pi + log(variance));
        ret_precision[c] = 0.5 / variance;
    }
}

static void clear_sums(gsc_em_workspace *ws) {
    const size_t experts = ws->shape.k_routed, d = ws->shape.inputs;
    ws->gate_q = 0;
    ws->info.floored = 0;
    memset(ws->moments, 0, ws->k * ws->moments_size * sizeof(double));
    memset(ws->gradient, 0, ws->gate_size * sizeof(double));
    memset(ws->fisher, 0, experts * (experts + 1) / 2 * ((d + 1) * (d + 2) / 2) * sizeof(double));
}

/* One block of the expectation; adds its log-likelihood to *total. */
static gsc_status expect_block(gsc_em_workspace *ws, size_t b, const double *constant,
                               const double *precision, double *total, gsc_error *error) {
    const size_t k = ws->k, k1 = ws->shape.k_shared, k2 = ws->shape.k_routed, d = ws->shape.inputs;
    const size_t rows = em_rows(ws, b);
    const double *jacobian[EM_MAX_K];
    size_t stride[EM_MAX_K];
    double *r = ws->store_r ? ws->r + b * k * EM_STRIDE : ws->r_block;
    gsc_status status = k2 > 0 ? em_gate_block(ws, ws->beta, b, error) : GSC_OK;
    for (size_t c = 0; c < k && status == GSC_OK; c++) {
        status = em_residual(ws, c, ws->component[c].theta, b, ws->e + c * EM_STRIDE,
                             ws->jacobian + c * ws->theta_max * EM_STRIDE, &jacobian[c], &stride[c],
                             error);
    }
    if (status != GSC_OK) {
        return status;
    }
    *total += ws->kernels->posterior(rows, k1, k2, constant, precision, ws->e, ws->log_a, ws->slope,
                                     r, ws->q);
    for (size_t c = 0; c < k; c++) {
        ws->kernels->moments(rows, ws->component[c].family->theta_size, r + c * EM_STRIDE,
                             ws->e + c * EM_STRIDE, jacobian[c], stride[c],
                             ws->moments + c * ws->moments_size);
    }
    if (k2 > 0 && ws->store_r) {
        ws->gate_q += ws->kernels->gate_normalise(rows, k2, ws->log_a, ws->slope,
                                                  r + k1 * EM_STRIDE, ws->log_a, ws->q);
    }
    if (k2 > 0) {
        ws->kernels->gate_scores(rows, k2, d, ws->x + b * (d + 1) * EM_STRIDE, r + k1 * EM_STRIDE,
                                 ws->q, ws->slope, ws->two_rows, ws->gradient, ws->fisher);
    }
    return GSC_OK;
}

gsc_status em_expectation(gsc_em_workspace *ws, double *ret_log_likelihood, gsc_error *error) {
    double constant[EM_MAX_K], precision[EM_MAX_K], total = 0, mass = 0;
    set_constants(ws, constant, precision);
    clear_sums(ws);
    em_get_beta(ws, ws->beta);
    const bool done = em_closed_expectation(ws, constant, precision, &total);
    for (size_t b = 0; b < ws->blocks && !done; b++) {
        gsc_status status = expect_block(ws, b, constant, precision, &total, error);
        if (status != GSC_OK) {
            return status;
        }
    }
    ws->r_stored = ws->store_r;
    for (size_t c = 0; c < ws->k; c++) {
        mass += em_mass(ws, c);
    }
    if (!isfinite(total) || !isfinite(mass)) {
        return gsc_fail(error, GSC_ERR_NUMERIC,
                        "the log-likelihood is %g after %zu iterations; it must be finite",
                        isfinite(total) ? mass : total, ws->info.iterations);
    }
    *ret_log_likelihood = total;
    return GSC_OK;
}

/* ---- The loop -------------------------------------------------------------------------------- */

static void omega_step(gsc_em_workspace *ws) {
    const gsc_mass_group group = gsc_mass_group_of(&ws->shape, false);
    double total = 0, mass[EM_MAX_K];
    for (size_t i = 0; i < ws->shape.k_shared; i++) {
        mass[i] = em_mass(ws, i);
        total += mass[i];
    }
    if (group.floor > 0 && total > em_least_mass) {
        gsc_mass_floor_omega(group.k, group.floor, mass, ws->mixture + ws->layout.omega);
        return;
    }
    for (size_t i = 0; i < ws->shape.k_shared && total > em_least_mass; i++) {
        ws->mixture[ws->layout.omega + i] = mass[i] / total;
    }
}

static bool is_converged(const gsc_em_workspace *ws, const gsc_em_options *options, double before,
                         double after) {
    double gain = after - before;
    if (options->tolerance_kind == GSC_EM_TOLERANCE_MEAN) {
        gain /= (double)ws->n;
    } else if (options->tolerance_kind == GSC_EM_TOLERANCE_RELATIVE) {
        gain /= fmax(fabs(after), DBL_MIN);
    }
    return gain < options->tolerance;
}

static gsc_status note_alarms(gsc_em_workspace *ws, gsc_error *error) {
    const gsc_mixture_layout *at = &ws->layout;
    gsc_em_info *info = &ws->info;
    for (size_t c = 0; c < ws->k; c++) {
        const uint64_t bit = (uint64_t)1 << c;
        info->empty |= em_mass(ws, c) < em_least_mass ? bit : 0;
        info->at_floor |= *ws->component[c].variance <= ws->shape.variance_floor ? bit : 0;
    }
    for (size_t i = at->kappa; i < at->size && ws->shape.box > 0; i++) {
        const bool variance = (i >= at->tau && i < at->beta0) || (i >= at->nu && i < at->gate);
        info->at_box += !variance && fabs(ws->mixture[i]) >= ws->shape.box * (1 - 1e-12);
    }
    return gsc_mass_floor_settle(&ws->shape, ws->mixture, &info->at_mass_floor, error);
}

/* Proposals from the sums; whether one of them promises enough to be worth passes of its own. */
static bool propose(gsc_em_workspace *ws) {
    const double least = em_trust_gain * (double)ws->n;
    bool large = false;
    em_expert_propose(ws);
    for (size_t c = 0; c < ws->k; c++) {
        large = large || ws->expert_gain[c] > least;
    }
    ws->gate_gain = 0;
    if (em_gate_is_general(ws)) {
        return true;
    }
    if (ws->shape.k_routed > 0) {
        em_gate_propose(ws);
    }
    return large || ws->gate_gain > least;
}

/* One M-step and the expectation at what it made; before is the log-likelihood that it starts
 * from. */
static gsc_status iterate(gsc_em_workspace *ws, const gsc_em_options *options, double before,
                          double *ret_log_likelihood, gsc_error *error) {
    const size_t size = ws->layout.size * sizeof(double);
    gsc_status status = GSC_OK;
    memcpy(ws->mixture_kept, ws->mixture, size);
    ws->store_r = propose(ws);
    if (ws->store_r && !ws->r_stored) {
        status = em_expectation(ws, &before, error);
    }
    omega_step(ws);
    if (status == GSC_OK) {
        status = em_expert_settle(ws, options->expert_steps, error);
    }
    if (status == GSC_OK && ws->shape.k_routed > 0) {
        status = em_gate_settle(ws, options->gate_steps, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    memcpy(ws->mixture_safe, ws->mixture, size);
    bool trusted = em_expert_trust(ws);
    trusted = em_gate_trust(ws) || trusted;
    status = em_expectation(ws, ret_log_likelihood, error);
    if (status != GSC_OK || !trusted) {
        return status;
    }
    const bool good = *ret_log_likelihood >= before - 1e-13 * fabs(before);
    em_expert_judged(ws, good);
    em_gate_judged(ws, good);
    if (!good) {
        ws->info.undone++;
        memcpy(ws->mixture, ws->mixture_safe, size);
        status = em_expectation(ws, ret_log_likelihood, error);
    }
    return status;
}

static gsc_status climb(gsc_em_workspace *ws, const gsc_em_options *options, gsc_error *error) {
    gsc_em_info *info = &ws->info;
    info->reason = GSC_EM_ITERATIONS;
    while (info->iterations < options->max_iterations) {
        if (options->stop != NULL && atomic_load(options->stop)) {
            return gsc_fail(error, GSC_ERR_STOPPED, "the fit was stopped after %zu iterations",
                            info->iterations);
        }
        gsc_theory_set_step((int64_t)info->iterations + 1);
        double after;
        gsc_status status = iterate(ws, options, info->log_likelihood, &after, error);
        if (status != GSC_OK) {
            return status;
        }
        info->iterations++;
        if (options->trace != NULL) {
            options->trace(options->trace_data, info->iterations, after);
        }
        if (options->observe != NULL) {
            options->observe(options->trace_data, info->iterations, ws->mixture);
        }
        if (after < info->log_likelihood - 1e-8 * fabs(info->log_likelihood)) {
            memcpy(ws->mixture, ws->mixture_kept, ws->layout.size * sizeof(double));
            info->reason = GSC_EM_FELL;
            break;
        }
        const bool converged = is_converged(ws, options, info->log_likelihood, after);
        info->log_likelihood = after;
        if (converged) {
            info->reason = GSC_EM_CONVERGED;
            break;
        }
    }
    return GSC_OK;
}

gsc_status gsc_em_fit(const gsc_sample *sample, const gsc_em_options *options, gsc_em_workspace *ws,
                      double *mixture, gsc_em_info *ret_info, gsc_error *error) {
    ws->kernels = options->kernels != NULL ? options->kernels : gsc_mixture_kernels_get();
    memset(&ws->info, 0, sizeof ws->info);
    gsc_theory_set_step(0);
    gsc_status status = bind_sample(ws, sample, error);
    if (status == GSC_OK) {
        status = bind_start(ws, mixture, error);
    }
    if (status == GSC_OK && ws->shape.k_routed > 0) {
        status = em_gate_birth(ws, error);
    }
    if (status == GSC_OK) {
        em_closed_bind(ws);
        ws->store_r = true;
        status = em_expectation(ws, &ws->info.start_log_likelihood, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    ws->info.log_likelihood = ws->info.start_log_likelihood;
    if (options->trace != NULL) {
        options->trace(options->trace_data, 0, ws->info.log_likelihood);
    }
    if (status == GSC_OK && options->observe != NULL) {
        options->observe(options->trace_data, 0, ws->mixture);
    }
    status = climb(ws, options, error);
    if (status == GSC_OK && options->quasi_newton_gain > 0 && em_gate_is_general(ws)) {
        status = em_general_climb(ws, options, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    status = note_alarms(ws, error);
    if (status != GSC_OK) {
        return status;
    }
    memcpy(mixture, ws->mixture, ws->layout.size * sizeof *mixture);
    if (ret_info != NULL) {
        *ret_info = ws->info;
    }
    return GSC_OK;
}

/* SPDX-License-Identifier: MIT
 *
 * The gate's M-step: Fisher scoring with Levenberg damping inside the box, for any affinity
 * (em.h). The softmax's null space, a common shift of all gates, and the sigmoid's flat directions
 * get no step beyond what the damping allows. Layer: core/theory.
 */
#include "core/theory/em_workspace.h"
#include "core/theory/mass_floor.h"
#include "core/theory/small_solve.h"
#include "core/theory/top_k.h"

#include <math.h>
#include <string.h>

static const double most_damping = 1e4;

/* Where log a is linear in z (softmax), Q is concave and nearly undamped steps are safe.
 * Otherwise flat directions (a common slope of all sigmoids) would carry full Newton steps to
 * the box: damp them. */
gsc_status em_gate_birth(gsc_em_workspace *ws, gsc_error *error) {
    enum {
        PROBES = 5
    };
    if (em_gate_is_general(ws)) {
        gsc_bfgs_reset(ws->gate_bfgs);
        ws->gate_gain = 0;
        return GSC_OK;
    }
    const double z[PROBES] = {-6, -1, 0, 1, 6};
    double log_a[PROBES], slope[PROBES];
    gsc_status status = gsc_gate_log_affinity(ws->shape.gate, PROBES, z, log_a, slope, error);
    if (status != GSC_OK) {
        return status;
    }
    double spread = 0;
    for (size_t i = 1; i < PROBES; i++) {
        spread = fmax(spread, fabs(slope[i] - slope[0]));
    }
    ws->least_gate_damping = spread <= 1e-6 * fabs(slope[0]) ? 1e-8 : 1e-2;
    ws->gate_damping = ws->least_gate_damping;
    return GSC_OK;
}

void em_get_beta(const gsc_em_workspace *ws, double *ret_beta) {
    const size_t d = ws->shape.inputs;
    for (size_t j = 0; j < ws->shape.k_routed; j++) {
        ret_beta[j * (1 + d)] = ws->mixture[ws->layout.beta0 + j];
        memcpy(ret_beta + j * (1 + d) + 1, ws->mixture + ws->layout.beta1 + j * d,
               d * sizeof *ret_beta);
    }
}

void em_set_beta(gsc_em_workspace *ws, const double *beta) {
    const size_t d = ws->shape.inputs;
    for (size_t j = 0; j < ws->shape.k_routed; j++) {
        ws->mixture[ws->layout.beta0 + j] = beta[j * (1 + d)];
        memcpy(ws->mixture + ws->layout.beta1 + j * d, beta + j * (1 + d) + 1, d * sizeof *beta);
    }
}

static size_t fisher_size(const gsc_em_workspace *ws) {
    const size_t experts = ws->shape.k_routed, d = ws->shape.inputs;
    return experts * (experts + 1) / 2 * ((d + 1) * (d + 2) / 2);
}

/* A whole block is one call of the plugin, a shorter one a call for each expert, so that rows
 * that are not there cost nothing. */
gsc_status em_gate_block(gsc_em_workspace *ws, const double *beta, size_t b, gsc_error *error) {
    if (em_gate_is_general(ws)) {
        return em_gate_general_block(ws, b, error);
    }
    const size_t experts = ws->shape.k_routed, d = ws->shape.inputs;
    const size_t rows = em_padded(em_rows(ws, b));
    const double *x = ws->x + b * (d + 1) * EM_STRIDE;
    for (size_t j = 0; j < experts; j++) {
        const double *own = beta + j * (1 + d);
        ws->kernels->combine(rows, d, own[0], NULL, own + 1, x, EM_STRIDE,
                             ws->logit + j * EM_STRIDE);
    }
    gsc_status status = GSC_OK;
    if (rows == EM_BLOCK) {
        status = gsc_gate_log_affinity(ws->shape.gate, (experts - 1) * EM_STRIDE + EM_BLOCK,
                                       ws->logit, ws->log_a, ws->slope, error);
    }
    for (size_t j = 0; j < experts && status == GSC_OK && rows < EM_BLOCK; j++) {
        const size_t at = j * EM_STRIDE;
        status = gsc_gate_log_affinity(ws->shape.gate, rows, ws->logit + at, ws->log_a + at,
                                       ws->slope + at, error);
    }
    if (status == GSC_OK) {
        gsc_top_k_mask(ws->shape.top_k, experts, d, beta + 1, 1 + d, rows, x, EM_STRIDE, ws->log_a,
                       EM_STRIDE);
    }
    return status;
}

/* *ret_q = sum r log pi at beta; gradient_trial and fisher_trial too. Needs r. */
static gsc_status evaluate(gsc_em_workspace *ws, const double *beta, double *ret_q,
                           gsc_error *error) {
    const size_t experts = ws->shape.k_routed, d = ws->shape.inputs;
    double total = 0;
    memset(ws->gradient_trial, 0, ws->gate_size * sizeof(double));
    memset(ws->fisher_trial, 0, fisher_size(ws) * sizeof(double));
    if (em_closed_gate(ws, beta, ret_q)) {
        ws->info.gate_evaluations++;
        return GSC_OK;
    }
    for (size_t b = 0; b < ws->blocks; b++) {
        const size_t rows = em_rows(ws, b);
        const double *r = ws->r + (b * ws->k + ws->shape.k_shared) * EM_STRIDE;
        gsc_status status = em_gate_block(ws, beta, b, error);
        if (status != GSC_OK) {
            return status;
        }
        total +=
            ws->kernels->gate_normalise(rows, experts, ws->log_a, ws->slope, r, ws->log_a, ws->q);
        ws->kernels->gate_scores(rows, experts, d, ws->x + b * (d + 1) * EM_STRIDE, r, ws->q,
                                 ws->slope, ws->two_rows, ws->gradient_trial, ws->fisher_trial);
    }
    ws->info.gate_evaluations++;
    *ret_q = total;
    return GSC_OK;
}

/* The Fisher matrix [m][m], both triangles, from its sums by pairs. Returns its mean diagonal. */
static double fill_fisher(const gsc_em_workspace *ws, double *ret_matrix) {
    const size_t experts = ws->shape.k_routed, w = 1 + ws->shape.inputs, m = ws->gate_size;
    const double *from = ws->fisher;
    double trace = 0;
    for (size_t j = 0; j < experts; j++) {
        for (size_t l = j; l < experts; l++) {
            for (size_t a = 0; a < w; a++) {
                for (size_t b = a; b < w; b++) {
                    const double value = *from++;
                    ret_matrix[(j * w + a) * m + l * w + b] = value;
                    ret_matrix[(j * w + b) * m + l * w + a] = value;
                    ret_matrix[(l * w + a) * m + j * w + b] = value;
                    ret_matrix[(l * w + b) * m + j * w + a] = value;
                }
            }
        }
        for (size_t a = 0; a < w; a++) {
            trace += ret_matrix[(j * w + a) * m + j * w + a];
        }
    }
    return trace / (double)m;
}

static void swap(double **a, double **b) {
    double *kept = *a;
    *a = *b;
    *b = kept;
}

/* J' of the chart over the intercepts of a vector whose entries are stride apart. */
static void pull_back(size_t experts, size_t w, const double *jacobian, double *values,
                      size_t stride) {
    double pulled[GSC_MAX_ATOMS] = {0};
    for (size_t j = 0; j < experts; j++) {
        for (size_t l = 0; l < experts; l++) {
            pulled[l] += jacobian[j * experts + l] * values[j * w * stride];
        }
    }
    for (size_t l = 0; l < experts; l++) {
        values[l * w * stride] = pulled[l];
    }
}

/* The step in the chart of the mass floor, where the floor is a bound. A chart that cannot be had
 * (the gate's plugin failed) proposes nothing: the next pass tells of it. */
static void propose_above_floor(gsc_em_workspace *ws, const gsc_mass_group *group,
                                double diagonal) {
    const size_t m = ws->gate_size, experts = ws->shape.k_routed, w = 1 + ws->shape.inputs;
    double *point = ws->gate_chart, *gradient = point + m, *low = gradient + m, *high = low + m;
    double b[GSC_MAX_ATOMS], v[GSC_MAX_ATOMS], jacobian[GSC_MAX_ATOMS * GSC_MAX_ATOMS];
    gsc_mass_chart chart;
    bool inside = false;
    ws->gate_gain = 0;
    for (size_t j = 0; j < experts; j++) {
        b[j] = ws->beta[j * w];
    }
    if (gsc_mass_chart_init(&chart, group, b, v, NULL) != GSC_OK ||
        gsc_mass_chart_map(&chart, v, b, jacobian, &inside, NULL) != GSC_OK || !inside) {
        return;
    }
    memcpy(point, ws->beta, m * sizeof *point);
    memcpy(gradient, ws->gradient, m * sizeof *gradient);
    for (size_t i = 0; i < m; i++) {
        low[i] = -group->box;
        high[i] = group->box;
        pull_back(experts, w, jacobian, ws->matrix + i, m);
    }
    for (size_t i = 0; i < m; i++) {
        pull_back(experts, w, jacobian, ws->matrix + i * m, 1);
    }
    pull_back(experts, w, jacobian, gradient, 1);
    for (size_t j = 0; j < experts; j++) {
        point[j * w] = v[j];
        low[j * w] = chart.small[j] ? log(group->floor) : low[j * w];
        high[j * w] = chart.small[j] ? 0 : high[j * w];
    }
    const double gain = gsc_bounded_step(m, ws->matrix, gradient, point, low, high,
                                         ws->gate_damping * diagonal, ws->step, ws->solve);
    for (size_t i = 0; i < m; i++) {
        ws->beta_trial[i] = point[i] + ws->step[i];
    }
    for (size_t j = 0; j < experts; j++) {
        v[j] = ws->beta_trial[j * w];
    }
    if (gsc_mass_chart_map(&chart, v, b, NULL, &inside, NULL) != GSC_OK ||
        (inside && gsc_mass_settle(group, b, NULL, NULL) != GSC_OK)) {
        return;
    }
    if (!inside) {
        ws->gate_damping = fmin(fmax(ws->gate_damping * 10, 1e-2), most_damping);
        return;
    }
    for (size_t j = 0; j < experts; j++) {
        ws->beta_trial[j * w] = b[j];
    }
    ws->gate_gain = gain;
}

void em_gate_propose(gsc_em_workspace *ws) {
    const size_t m = ws->gate_size;
    const double diagonal = fill_fisher(ws, ws->matrix);
    const gsc_mass_group group = gsc_mass_group_of(&ws->shape, true);
    if (group.floor > 0) {
        propose_above_floor(ws, &group, diagonal);
        return;
    }
    ws->gate_gain = gsc_boxed_step(m, ws->matrix, ws->gradient, ws->beta, ws->shape.box,
                                   ws->gate_damping * diagonal, ws->step, ws->solve);
    for (size_t i = 0; i < m; i++) {
        ws->beta_trial[i] = ws->beta[i] + ws->step[i];
    }
}

static void ease(gsc_em_workspace *ws) {
    ws->gate_damping = fmax(ws->gate_damping / 10, ws->least_gate_damping);
}

static void stiffen(gsc_em_workspace *ws) {
    ws->gate_damping = fmin(fmax(ws->gate_damping * 10, 1e-2), most_damping);
}

gsc_status em_gate_settle(gsc_em_workspace *ws, size_t max_steps, gsc_error *error) {
    if (em_gate_is_general(ws)) {
        return em_gate_general_settle(ws, max_steps, error);
    }
    const double least = em_trust_gain * (double)ws->n;
    double before = ws->gate_q;
    for (size_t step = 0; step + 1 < max_steps && ws->gate_gain > least; step++) {
        double q = 0;
        gsc_status status = evaluate(ws, ws->beta_trial, &q, error);
        if (status != GSC_OK) {
            return status;
        }
        const double gain = q - before;
        if (gain >= 0) {
            if (gain > 0.75 * ws->gate_gain) {
                ease(ws);
            } else if (gain < 0.25 * ws->gate_gain) {
                ws->gate_damping = fmin(ws->gate_damping * 4, most_damping);
            }
            swap(&ws->beta, &ws->beta_trial);
            swap(&ws->gradient, &ws->gradient_trial);
            swap(&ws->fisher, &ws->fisher_trial);
            before = q;
        } else {
            stiffen(ws);
        }
        em_gate_propose(ws);
    }
    em_set_beta(ws, ws->beta);
    return GSC_OK;
}

bool em_gate_trust(gsc_em_workspace *ws) {
    if (!(ws->gate_gain > em_idle_gain * (double)ws->n)) {
        return false;
    }
    em_set_beta(ws, ws->beta_trial);
    return true;
}

void em_gate_judged(gsc_em_workspace *ws, bool good) {
    if (ws->gate_gain > em_idle_gain * (double)ws->n) {
        (good ? ease : stiffen)(ws);
    }
}

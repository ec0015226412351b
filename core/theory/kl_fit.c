/* SPDX-License-Identifier: MIT
 *
 * Levenberg and Marquardt's descent with bounds.
 */
#include "core/theory/kl_fit_internal.h"

#include "core/theory/align.h"
#include "core/theory/eigen.h"
#include "core/theory/gate_general.h"
#include "core/theory/gate_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Below this KL there is nothing but rounding. */
static const double least_kl = 1e-29;

/* Gradient of KL by column: R' q. */
static void fill_gradient(gsc_kl_fit *self) {
    const size_t n = self->n;
    for (size_t c = 0; c < n; c++) {
        double sum = 0, length = 0;
        for (size_t i = 0; i <= c; i++) {
            sum += self->r[i * (n + 1) + c] * self->r[i * (n + 1) + n];
            length += self->r[i * (n + 1) + c] * self->r[i * (n + 1) + c];
        }
        self->gradient[c] = sum;
        self->scale[c] = sqrt(length);
    }
    double largest = 0;
    for (size_t c = 0; c < n; c++) {
        largest = fmax(largest, self->scale[c]);
    }
    for (size_t c = 0; c < n; c++) {
        self->scale[c] = fmax(self->scale[c], 1e-12 * largest + 1e-200);
    }
}

static bool presses(const gsc_kl_fit *self, const double *u, size_t c) {
    const size_t q = self->column[c];
    return (u[q] <= self->low[q] && self->gradient[c] > 0) ||
           (u[q] >= self->high[q] && self->gradient[c] < 0);
}

/* min |R s + q|^2 + damping |scale s|^2 over the columns that are not fixed, s of the others
 * given in step. Rows of R and of the damping go in the order of the columns where they begin. */
static void solve_free(gsc_kl_fit *self, double damping, const bool *fixed, double *step) {
    const size_t n = self->n;
    size_t index[GSC_KL_FIT_MAX_SLOTS], active[GSC_KL_FIT_MAX_SLOTS], m = 0, used = 0;
    for (size_t c = 0; c < n; c++) {
        if (!fixed[c]) {
            index[m++] = c;
        }
    }
    const size_t rows = (m > 0 ? index[m - 1] + 1 : 0) + m;
    double *factor = self->small, *block = self->small + n * (n + 1);
    memset(factor, 0, m * (m + 1) * sizeof *factor);
    memset(block, 0, rows * (m + 1) * sizeof *block);
    for (size_t f = 0, i = 0; f < m; f++) {
        for (; i <= index[f]; i++, used++) {
            double sum = self->r[i * (n + 1) + n];
            for (size_t c = i; c < n; c++) {
                sum += fixed[c] ? self->r[i * (n + 1) + c] * step[c] : 0;
            }
            for (size_t l = f; l < m; l++) {
                block[l * rows + used] = self->r[i * (n + 1) + index[l]];
            }
            block[m * rows + used] = sum;
        }
        block[f * rows + used++] = sqrt(damping) * self->scale[index[f]];
        active[f] = used;
    }
    fit_merge(m, factor, rows, block, rows, active);
    for (size_t f = m; f-- > 0;) {
        double sum = -factor[f * (m + 1) + m];
        for (size_t l = f + 1; l < m; l++) {
            sum -= factor[f * (m + 1) + l] * step[index[l]];
        }
        step[index[f]] = sum / factor[f * (m + 1) + f];
    }
}

/* The step at one damping: coordinates that would leave their bounds stop there, the others are
 * solved again. */
static void bounded_step(gsc_kl_fit *self, const double *u, double damping) {
    bool fixed[GSC_KL_FIT_MAX_SLOTS];
    double *step = self->step;
    for (size_t c = 0; c < self->n; c++) {
        fixed[c] = presses(self, u, c);
        step[c] = 0;
    }
    for (int round = 0; round < 4; round++) {
        bool again = false;
        solve_free(self, damping, fixed, step);
        for (size_t c = 0; c < self->n; c++) {
            const size_t q = self->column[c];
            const double to = u[q] + step[c];
            if (!fixed[c] && (to < self->low[q] || to > self->high[q])) {
                step[c] = (to < self->low[q] ? self->low[q] : self->high[q]) - u[q];
                fixed[c] = again = true;
            }
        }
        if (!again) {
            return;
        }
    }
}

/* What the linear model says that a step gains. */
static double predicted_gain(const gsc_kl_fit *self) {
    const size_t n = self->n;
    double gain = 0;
    for (size_t i = 0; i < n; i++) {
        double move = 0;
        for (size_t c = i; c < n; c++) {
            move += self->r[i * (n + 1) + c] * self->step[c];
        }
        gain -= move * (self->r[i * (n + 1) + n] + 0.5 * move);
    }
    return gain;
}

gsc_status gsc_kl_fit_evaluate(gsc_kl_fit *self, const double *u, double *ret_kl,
                               gsc_error *error) {
    return fit_evaluate(self, u, false, ret_kl, error);
}

/* Farther along a step that helped, doubling while that helps: near a singular optimum the steps
 * are right in direction and short by a constant factor. u is at the step's end. */
static gsc_status go_on(gsc_kl_fit *self, double *u, gsc_kl_fit_info *info, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (double reach = 1; reach < 100; reach *= 2) {
        double kl = NAN;
        memcpy(self->u_trial, u, self->slots * sizeof *u);
        for (size_t c = 0; c < self->n; c++) {
            self->u_trial[self->column[c]] += reach * self->step[c];
        }
        gsc_kl_fit_settle(self, self->u_trial);
        status = fit_evaluate(self, self->u_trial, false, &kl, error);
        info->evaluations++;
        if (status != GSC_OK || !(kl < info->kl)) {
            break;
        }
        info->kl = kl;
        memcpy(u, self->u_trial, self->slots * sizeof *u);
    }
    return status == GSC_ERR_NUMERIC ? GSC_OK : status;
}

/* One step that lowers KL, at growing damping. *ret_kl stays where none does. */
static gsc_status descend(gsc_kl_fit *self, double *u, double *damping, gsc_kl_fit_info *info,
                          gsc_error *error) {
    const double before = info->kl;
    double growth = 2;
    for (int tries = 0; tries < 20 && *damping < 1e12; tries++) {
        double kl = NAN;
        bounded_step(self, u, *damping);
        memcpy(self->u_trial, u, self->slots * sizeof *u);
        for (size_t c = 0; c < self->n; c++) {
            self->u_trial[self->column[c]] += self->step[c];
        }
        gsc_kl_fit_settle(self, self->u_trial);
        const double gain = predicted_gain(self);
        gsc_status status = fit_evaluate(self, self->u_trial, false, &kl, error);
        info->evaluations++;
        if (status != GSC_OK && status != GSC_ERR_NUMERIC) {
            return status;
        }
        const double ratio = status == GSC_OK && gain > 0 ? (before - kl) / gain : -1;
        if (ratio > 1e-4) {
            const double shrink = 1 - pow(2 * ratio - 1, 3);
            *damping = fmax(1e-20, *damping * fmin(fmax(shrink, 0.05), 2));
            memcpy(u, self->u_trial, self->slots * sizeof *u);
            info->kl = kl;
            return go_on(self, u, info, error);
        }
        *damping *= growth;
        growth *= 2;
    }
    return GSC_OK;
}

gsc_status gsc_kl_fit_run(gsc_kl_fit *self, double *u, gsc_kl_fit_info *ret_info,
                          gsc_error *error) {
    gsc_kl_fit_info info = {0};
    double damping = 1e-6, kl;
    size_t idle = 0;
    gsc_kl_fit_settle(self, u);
    gsc_status status = GSC_OK;
    while (status == GSC_OK && info.iterations < self->options.max_iterations && !info.converged) {
        if (self->options.stop != NULL && atomic_load(self->options.stop)) {
            return gsc_fail(error, GSC_ERR_STOPPED, "the fit was stopped");
        }
        status = fit_evaluate(self, u, true, &kl, error);
        if (status != GSC_OK) {
            break;
        }
        info.evaluations++;
        info.iterations++;
        info.kl = kl;
        if (kl < least_kl) {
            info.converged = true;
            break;
        }
        fill_gradient(self);
        status = descend(self, u, &damping, &info, error);
        idle = info.kl > kl * (1 - self->options.tolerance) || kl - info.kl < self->options.gain
                   ? idle + 1
                   : 0;
        info.converged = idle >= 2 || info.kl >= kl;
    }
    if (status == GSC_OK && ret_info != NULL) {
        *ret_info = info;
    }
    return status;
}

/* What a gate in general form has beyond beta: the true gate's numbers, or its declared init, without noise, where the
 * true gate is another plugin. */
static gsc_status split_numbers(const gsc_truth *truth, const gsc_mixture_shape *shape,
                                const size_t *cells, double *ret_mixture, gsc_error *error) {
    const gsc_mixture_layout fit = gsc_mixture_get_layout(shape);
    if (fit.size == fit.gate) {
        return GSC_OK;
    }
    if (truth->gate.loaded == truth->fit_gate.loaded) {
        gsc_gate_spread_extra(&truth->gate, truth->mixture + truth->layout.gate, shape->gate, cells,
                              shape->inputs, ret_mixture + fit.gate);
        return GSC_OK;
    }
    double *noise = calloc(fit.size - fit.gate, sizeof *noise);
    if (noise == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the numbers of a gate");
    }
    gsc_gate_initial(shape->gate, shape->inputs, noise, ret_mixture + fit.gate);
    free(noise);
    return GSC_OK;
}

gsc_status gsc_kl_fit_split_truth(const gsc_truth *truth, const gsc_mixture_shape *shape,
                                  const size_t *cells, double gate_box, double *ret_mixture,
                                  gsc_error *error) {
    const gsc_mixture_layout fit = gsc_mixture_get_layout(shape), *at = &truth->layout;
    const size_t k1 = shape->k_shared, k2 = shape->k_routed;
    size_t size[2][GSC_MAX_ATOMS] = {{0}};
    for (size_t c = 0; c < k1 + k2; c++) {
        size[c >= k1][cells[c]]++;
    }
    for (size_t i = 0; i < k1; i++) {
        const size_t j = cells[i], p = shape->shared->theta_size;
        ret_mixture[fit.omega + i] = truth->mixture[at->omega + j] / (double)size[0][j];
        ret_mixture[fit.tau + i] = truth->mixture[at->tau + j];
        memcpy(ret_mixture + fit.kappa + i * p, truth->mixture + at->kappa + j * p,
               p * sizeof(double));
    }
    for (size_t i = 0; i < k2; i++) {
        const size_t j = cells[k1 + i], p = shape->routed->theta_size, d = shape->inputs;
        double log_a;
        gsc_status status = GSC_OK;
        if (shape->gate->general) {
            ret_mixture[fit.beta0 + i] = fmax(
                -gate_box, fmin(gate_box, truth->mixture[at->beta0 + j] - log((double)size[1][j])));
        } else {
            status = gsc_gate_log_affinity(shape->gate, 1, truth->mixture + at->beta0 + j, &log_a,
                                           NULL, error);
        }
        if (status == GSC_OK && !shape->gate->general) {
            status = gsc_gate_invert(shape->gate, log_a - log((double)size[1][j]), gate_box,
                                     &ret_mixture[fit.beta0 + i], NULL, error);
        }
        if (status != GSC_OK) {
            return status;
        }
        for (size_t l = 0; l < d; l++) {
            ret_mixture[fit.beta1 + i * d + l] =
                fmin(fmax(truth->mixture[at->beta1 + j * d + l], -gate_box), gate_box);
        }
        ret_mixture[fit.nu + i] = truth->mixture[at->nu + j];
        memcpy(ret_mixture + fit.eta + i * p, truth->mixture + at->eta + j * p, p * sizeof(double));
    }
    return split_numbers(truth, shape, cells + k1, ret_mixture, error);
}

/* ---- Eigenvalues ---- */

static gsc_status gradient_at(gsc_kl_fit *self, const double *u, const size_t *slot, size_t n,
                              double *ret_gradient, gsc_error *error) {
    double kl;
    const gsc_status status = fit_evaluate(self, u, true, &kl, error);
    if (status != GSC_OK) {
        return status;
    }
    fill_gradient(self);
    for (size_t i = 0, c = 0; i < n; i++) {
        while (c < self->n && self->column[c] < slot[i]) {
            c++;
        }
        ret_gradient[i] = c < self->n && self->column[c] == slot[i] ? self->gradient[c] : 0;
    }
    return GSC_OK;
}

/* The slot that gives what slot q takes: shares of a group, and masses of shared groups, sum to 1. FIT_NONE where
 * there is none. */
static long partner_of(const gsc_kl_fit *self, const double *u, size_t q) {
    for (size_t g = 0; g < self->n_groups; g++) {
        const fit_group *group = &self->groups[g];
        for (size_t i = 0; i < group->count && group->count > 1; i++) {
            if (fit_share_slot(self, group, i) == q) {
                return (long)fit_share_slot(self, group,
                                            (size_t)fit_dependent_share(self, group, u));
            }
        }
        if (!group->routed && group->slot == q) {
            return (long)self->groups[fit_dependent_group(self, u)].slot;
        }
    }
    return FIT_NONE;
}

static gsc_status fill_hessian(gsc_kl_fit *self, const double *u, const size_t *slot, size_t n,
                               double *work, double *ret_hessian, gsc_error *error) {
    gsc_status status = GSC_OK;
    double *low = work, *high = work + n, *moved = work + 2 * n;
    memcpy(moved, u, self->slots * sizeof *u);
    for (size_t i = 0; i < n && status == GSC_OK; i++) {
        const double step = 1e-5 * (1 + fabs(u[slot[i]]));
        const long partner = partner_of(self, u, slot[i]);
        for (int side = 0; side < 2 && status == GSC_OK; side++) {
            const double by = side ? step : -step;
            moved[slot[i]] = u[slot[i]] + by;
            if (partner != FIT_NONE) {
                moved[partner] = u[partner] - by;
            }
            status = gradient_at(self, moved, slot, n, side ? high : low, error);
        }
        moved[slot[i]] = u[slot[i]];
        if (partner != FIT_NONE) {
            moved[partner] = u[partner];
        }
        for (size_t l = 0; l < n; l++) {
            const double value = 0.5 * (high[l] - low[l]) / (2 * step);
            ret_hessian[i * n + l] += value;
            ret_hessian[l * n + i] += value;
        }
    }
    return status;
}

gsc_status gsc_kl_fit_least_eigenvalue(gsc_kl_fit *self, const double *u, double *ret_value,
                                       size_t *ret_at_bound, gsc_error *error) {
    double kl;
    gsc_status status = fit_evaluate(self, u, true, &kl, error);
    if (status != GSC_OK) {
        return status;
    }
    size_t slot[GSC_KL_FIT_MAX_SLOTS], n = 0, at_bound = 0;
    for (size_t c = 0; c < self->n; c++) {
        const size_t q = self->column[c];
        if (u[q] <= self->low[q] || u[q] >= self->high[q]) {
            at_bound++;
        } else {
            slot[n++] = q;
        }
    }
    double *hessian =
        calloc(n * n + 3 * n + self->slots + gsc_eigen_workspace(n) + 1, sizeof(double));
    if (hessian == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a Hessian of %zu coordinates", n);
    }
    double *values = hessian + n * n, *work = values + n;
    status = fill_hessian(self, u, slot, n, work, hessian, error);
    if (status == GSC_OK) {
        status = gsc_eigen_symmetric(hessian, n, values, work + 2 * n + self->slots, error);
    }
    if (status == GSC_OK) {
        *ret_value = n > 0 ? values[0] : NAN;
        if (ret_at_bound != NULL) {
            *ret_at_bound = at_bound;
        }
    }
    free(hessian);
    return status;
}

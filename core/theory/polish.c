/* SPDX-License-Identifier: MIT
 *
 * Projected trust-region Newton. Coordinates are scaled by the root of the Hessian's diagonal, so that a step
 * of length 1 changes the log-likelihood by about half a nat and the radius means the same for every parameter.
 *
 * Under a mass floor a step goes in the charts of mass_floor.h, where the floor is a bound like the others: value,
 * gradient and Hessian are kept in free coordinates and taken into the chart of where they are before each step.
 */
#include "core/theory/polish.h"

#include "core/plugin/guard.h"
#include "core/theory/eigen.h"
#include "core/theory/mass_floor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_PARAMETERS = 4096
};
static const double LEAST_LOG_OMEGA = -30;

struct gsc_polish {
    const gsc_mixture_shape *shape;
    gsc_mixture_layout layout;
    gsc_objective *objective;
    size_t size;
    double *memory;
    double *u, *trial, *gradient, *trial_gradient, *low, *high, *scale, *step, *values, *rotated;
    double *slope; /* gradient, with the pull of coordinates that a step puts at their bounds */
    double *hessian, *trial_hessian, *vectors, *work;
    /* Where and in what a step is planned: u, gradient, hessian, low, high, or those of the charts. */
    double *at, *at_gradient, *at_hessian, *at_low, *at_high;
    double *charted;         /* [4 p + p p], where there is a mass floor */
    gsc_mass_chart chart[2]; /* of shared and of routed masses */
    size_t *free_index;      /* coordinates not held at a bound */
};

const char *gsc_polish_stop_name(gsc_polish_stop stop) {
    static const char *const names[] = {"converged", "stalled", "iterations"};
    return names[stop];
}

gsc_status gsc_polish_new(const gsc_mixture_shape *shape, gsc_polish **ret_polish,
                          gsc_error *error) {
    gsc_polish *self = calloc(1, sizeof *self);
    const gsc_mixture_layout layout = gsc_mixture_get_layout(shape);
    const size_t p = layout.size;
    gsc_status status = GSC_OK;
    if (p > MAX_PARAMETERS) {
        status = gsc_fail(error, GSC_ERR_INPUT, "the model has %zu parameters; polishing takes %d",
                          p, MAX_PARAMETERS);
    } else if (self == NULL ||
               (self->memory =
                    calloc(15 * p + 4 * p * p + gsc_eigen_workspace(p), sizeof(double))) == NULL ||
               (self->free_index = calloc(p + 1, sizeof(size_t))) == NULL) {
        status = gsc_fail(error, GSC_ERR_MEMORY, "no memory to polish a fit of %zu parameters", p);
    } else {
        status = gsc_objective_new(shape, &self->objective, error);
    }
    if (status != GSC_OK) {
        gsc_polish_free(self);
        return status;
    }
    self->shape = shape;
    self->layout = layout;
    self->size = p;
    double **const vectors[] = {
        &self->u,      &self->trial,   &self->gradient, &self->trial_gradient,
        &self->low,    &self->high,    &self->scale,    &self->step,
        &self->values, &self->rotated, &self->slope};
    double *at = self->memory;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++, at += p) {
        *vectors[i] = at;
    }
    self->hessian = at;
    self->trial_hessian = at + p * p;
    self->vectors = at + 2 * p * p;
    self->charted = at + 3 * p * p;
    self->work = self->charted + 4 * p + p * p;
    for (size_t i = 0; i < p; i++) {
        self->low[i] = -shape->box;
        self->high[i] = shape->box;
    }
    for (size_t i = 0; i < shape->k_shared; i++) {
        self->low[layout.omega + i] = LEAST_LOG_OMEGA;
        self->high[layout.omega + i] = INFINITY;
        self->low[layout.tau + i] = log(shape->variance_floor);
        self->high[layout.tau + i] = INFINITY;
    }
    for (size_t j = 0; j < shape->k_routed; j++) {
        self->low[layout.nu + j] = log(shape->variance_floor);
        self->high[layout.nu + j] = INFINITY;
    }
    *ret_polish = self;
    return GSC_OK;
}

void gsc_polish_free(gsc_polish *self) {
    if (self != NULL) {
        gsc_objective_free(self->objective);
        free(self->memory);
        free(self->free_index);
        free(self);
    }
}

/* log omega is known up to a shift: the one with sum omega = 1. */
static void normalise_omega(const gsc_polish *self, double *u) {
    double top = -INFINITY, sum = 0;
    double *omega = u + self->layout.omega;
    for (size_t i = 0; i < self->shape->k_shared; i++) {
        top = fmax(top, omega[i]);
    }
    for (size_t i = 0; i < self->shape->k_shared; i++) {
        sum += exp(omega[i] - top);
    }
    for (size_t i = 0; i < self->shape->k_shared; i++) {
        omega[i] -= top + log(sum);
    }
}

static gsc_status project(const gsc_polish *self, double *u, gsc_error *error) {
    normalise_omega(self, u);
    for (size_t i = 0; i < self->size; i++) {
        u[i] = fmin(fmax(u[i], self->low[i]), self->high[i]);
    }
    for (int routed = 0; routed < 2; routed++) {
        const gsc_mass_group group = gsc_mass_group_of(self->shape, routed);
        const size_t first = routed ? self->layout.beta0 : self->layout.omega;
        const gsc_status status =
            group.floor > 0 ? gsc_mass_settle(&group, u + first, NULL, error) : GSC_OK;
        if (status != GSC_OK) {
            return status;
        }
    }
    return GSC_OK;
}

/* ---- Charts of the mass floor ---- */

/* values' coordinates first .. first + k, stride apart, times J [k][k] from the right. */
static void pull_back(size_t k, const double *jacobian, double *values, size_t stride) {
    double pulled[GSC_MAX_ATOMS] = {0};
    for (size_t j = 0; j < k; j++) {
        for (size_t l = 0; l < k; l++) {
            pulled[l] += jacobian[j * k + l] * values[j * stride];
        }
    }
    for (size_t l = 0; l < k; l++) {
        values[l * stride] = pulled[l];
    }
}

/* What the chart's curvature adds to the Hessian: sum_j gradient_j d2 b_j / dv dv, by differences of its Jacobian. */
static gsc_status add_curvature(gsc_polish *self, const gsc_mass_chart *chart, size_t first,
                                const double *gradient, gsc_error *error) {
    const double step = 1e-5;
    const size_t k = chart->group.k;
    double jacobian[2][GSC_MAX_ATOMS * GSC_MAX_ATOMS], v[GSC_MAX_ATOMS], b[GSC_MAX_ATOMS];
    memcpy(v, self->at + first, k * sizeof *v);
    for (size_t m = 0; m < k; m++) {
        for (int side = 0; side < 2; side++) {
            bool inside;
            v[m] = self->at[first + m] + (side ? step : -step);
            const gsc_status status =
                gsc_mass_chart_map(chart, v, b, jacobian[side], &inside, error);
            if (status != GSC_OK || !inside) {
                return status;
            }
        }
        v[m] = self->at[first + m];
        for (size_t l = 0; l < k; l++) {
            double sum = 0;
            for (size_t j = 0; j < k; j++) {
                sum += gradient[j] * (jacobian[1][j * k + l] - jacobian[0][j * k + l]);
            }
            self->at_hessian[(first + m) * self->size + first + l] += 0.25 * sum / step;
            self->at_hessian[(first + l) * self->size + first + m] += 0.25 * sum / step;
        }
    }
    return GSC_OK;
}

static gsc_status enter_chart(gsc_polish *self, gsc_mass_chart *chart, const gsc_mass_group *group,
                              size_t first, gsc_error *error) {
    const size_t k = group->k, p = self->size;
    double jacobian[GSC_MAX_ATOMS * GSC_MAX_ATOMS], b[GSC_MAX_ATOMS];
    bool inside = false;
    gsc_status status = gsc_mass_chart_init(chart, group, self->u + first, self->at + first, error);
    if (status == GSC_OK) {
        status = gsc_mass_chart_map(chart, self->at + first, b, jacobian, &inside, error);
    }
    if (status != GSC_OK || !inside) {
        return status;
    }
    for (size_t i = 0; i < p; i++) {
        pull_back(k, jacobian, self->at_hessian + first * p + i, p);
    }
    for (size_t i = 0; i < p; i++) {
        pull_back(k, jacobian, self->at_hessian + i * p + first, 1);
    }
    pull_back(k, jacobian, self->at_gradient + first, 1);
    for (size_t j = 0; j < k; j++) {
        self->at_low[first + j] = chart->small[j] ? log(group->floor) : self->low[first + j];
        self->at_high[first + j] = chart->small[j] ? 0 : self->high[first + j];
    }
    return add_curvature(self, chart, first, self->gradient + first, error);
}

static gsc_status enter_charts(gsc_polish *self, gsc_error *error) {
    const size_t p = self->size;
    self->at = self->u;
    self->at_gradient = self->gradient;
    self->at_hessian = self->hessian;
    self->at_low = self->low;
    self->at_high = self->high;
    if (!(self->shape->mass_floor > 0)) {
        return GSC_OK;
    }
    double **const parts[] = {&self->at, &self->at_gradient, &self->at_low, &self->at_high,
                              &self->at_hessian};
    const size_t sizes[] = {p, p, p, p, p * p};
    double *next = self->charted;
    for (size_t i = 0; i < 5; next += sizes[i++]) {
        memcpy(next, *parts[i], sizes[i] * sizeof *next);
        *parts[i] = next;
    }
    gsc_status status = GSC_OK;
    for (int routed = 0; routed < 2 && status == GSC_OK; routed++) {
        const gsc_mass_group group = gsc_mass_group_of(self->shape, routed);
        if (group.floor > 0) {
            status = enter_chart(self, &self->chart[routed], &group,
                                 routed ? self->layout.beta0 : self->layout.omega, error);
        }
    }
    return status;
}

/* The trial in free coordinates again. */
static gsc_status leave_charts(gsc_polish *self, bool *ret_inside, gsc_error *error) {
    gsc_status status = GSC_OK;
    *ret_inside = true;
    for (int routed = 0; routed < 2 && status == GSC_OK && *ret_inside; routed++) {
        const gsc_mass_group group = gsc_mass_group_of(self->shape, routed);
        double *trial = self->trial + (routed ? self->layout.beta0 : self->layout.omega);
        if (group.floor > 0) {
            status =
                gsc_mass_chart_map(&self->chart[routed], trial, trial, NULL, ret_inside, error);
        }
    }
    return status;
}

/* ---- Steps ---- */

/* Coordinates that are free, or at a bound but pulled inside; slope is the gradient. */
static size_t find_free(gsc_polish *self) {
    size_t count = 0;
    for (size_t i = 0; i < self->size; i++) {
        const bool low = self->at[i] <= self->at_low[i] && self->at_gradient[i] <= 0;
        const bool high = self->at[i] >= self->at_high[i] && self->at_gradient[i] >= 0;
        self->slope[i] = self->at_gradient[i];
        if (!low && !high) {
            self->free_index[count++] = i;
        }
    }
    return count;
}

/* Eigenbasis of the scaled Hessian on the free coordinates; rotated gradient. */
static gsc_status decompose(gsc_polish *self, size_t count, gsc_error *error) {
    for (size_t a = 0; a < count; a++) {
        const size_t i = self->free_index[a];
        self->scale[a] = sqrt(fmax(fabs(self->at_hessian[i * self->size + i]), 1.0));
    }
    for (size_t a = 0; a < count; a++) {
        for (size_t b = 0; b < count; b++) {
            self->vectors[a * count + b] =
                self->at_hessian[self->free_index[a] * self->size + self->free_index[b]] /
                (self->scale[a] * self->scale[b]);
        }
    }
    const gsc_status status =
        gsc_eigen_symmetric(self->vectors, count, self->values, self->work, error);
    for (size_t e = 0; e < count && status == GSC_OK; e++) {
        double total = 0;
        for (size_t a = 0; a < count; a++) {
            total +=
                self->vectors[e * count + a] * self->slope[self->free_index[a]] / self->scale[a];
        }
        self->rotated[e] = total;
    }
    return status;
}

/* Length of the step sum_e rotated_e / (shift - value_e) v_e, flat directions without gradient left out. */
static double step_length(const gsc_polish *self, size_t count, double shift, double flat) {
    double total = 0;
    for (size_t e = 0; e < count; e++) {
        if (fabs(self->values[e]) <= flat && fabs(self->rotated[e]) <= 1e-7) {
            continue;
        }
        const double c = self->rotated[e] / fmax(shift - self->values[e], 1e-300);
        total += c * c;
    }
    return sqrt(total);
}

/* The maximiser of the quadratic model within radius, in step (free coordinates, unscaled). Returns whether it
 * is a plain Newton step. */
static bool solve(gsc_polish *self, size_t count, double radius) {
    double largest = 0, top = -INFINITY;
    for (size_t e = 0; e < count; e++) {
        largest = fmax(largest, fabs(self->values[e]));
    }
    const double flat = 1e-11 * largest;
    size_t top_index = count;
    for (size_t e = 0; e < count; e++) {
        if ((fabs(self->values[e]) > flat || fabs(self->rotated[e]) > 1e-7) &&
            self->values[e] > top) {
            top = self->values[e];
            top_index = e;
        }
    }
    memset(self->step, 0, self->size * sizeof(double));
    if (top_index == count) {
        return true;
    }
    double shift = 0, extra = 0;
    const bool interior = top < -flat && step_length(self, count, 0, flat) <= radius;
    if (!interior) {
        double low = fmax(0, top) + 1e-12 * largest, high = fmax(1, 2 * low);
        while (step_length(self, count, high, flat) > radius) {
            high *= 4;
        }
        if (step_length(self, count, low, flat) <= radius) {
            /* The hard case: the gradient has nothing along the top eigenvector. */
            shift = low;
            const double length = step_length(self, count, low, flat);
            extra = sqrt(fmax(radius * radius - length * length, 0));
        } else {
            for (int i = 0; i < 80 && high > low * (1 + 1e-6); i++) {
                const double middle = sqrt(low * high);
                if (step_length(self, count, middle, flat) > radius) {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            shift = high;
        }
    }
    for (size_t e = 0; e < count; e++) {
        double c = 0;
        if (fabs(self->values[e]) > flat || fabs(self->rotated[e]) > 1e-7) {
            c = self->rotated[e] / fmax(shift - self->values[e], 1e-300);
        }
        c += e == top_index ? copysign(extra, self->rotated[e]) : 0;
        for (size_t a = 0; a < count && c != 0; a++) {
            self->step[a] += c * self->vectors[e * count + a] / self->scale[a];
        }
    }
    return interior;
}

/* What the quadratic model says that going from where a step begins to trial gains. */
static double model_gain(const gsc_polish *self) {
    double gain = 0;
    for (size_t i = 0; i < self->size; i++) {
        const double di = self->trial[i] - self->at[i];
        double row = 0;
        for (size_t j = 0; j < self->size && di != 0; j++) {
            row += self->at_hessian[i * self->size + j] * (self->trial[j] - self->at[j]);
        }
        gain += di * (self->at_gradient[i] + 0.5 * row);
    }
    return gain;
}

static void swap(double **a, double **b) {
    double *keep = *a;
    *a = *b;
    *b = keep;
}

/* Takes free coordinates that the step would carry past a bound out of the free ones and puts them there in
 * trial, with their pull on the others. Returns how many are left; *ret_clipped: one moved by that. */
static size_t hold(gsc_polish *self, size_t count, bool *ret_clipped) {
    size_t kept = 0;
    for (size_t a = 0; a < count; a++) {
        const size_t i = self->free_index[a];
        const double wanted = self->at[i] + self->step[a];
        if (wanted >= self->at_low[i] && wanted <= self->at_high[i]) {
            self->free_index[kept++] = i;
            continue;
        }
        self->trial[i] = wanted < self->at_low[i] ? self->at_low[i] : self->at_high[i];
        const double move = self->trial[i] - self->at[i];
        *ret_clipped |= move != 0;
        for (size_t j = 0; j < self->size; j++) {
            self->slope[j] += self->at_hessian[j * self->size + i] * move;
        }
    }
    return kept;
}

/* The step of length at most radius within the bounds, into trial. *ret_interior: a plain Newton step; *ret_clipped:
 * some coordinate came to its bound. */
static gsc_status plan(gsc_polish *self, double radius, bool *ret_interior, bool *ret_clipped,
                       gsc_error *error) {
    size_t count = find_free(self);
    memcpy(self->trial, self->at, self->size * sizeof(double));
    *ret_clipped = false;
    for (;;) {
        const gsc_status status = decompose(self, count, error);
        if (status != GSC_OK) {
            return status;
        }
        *ret_interior = solve(self, count, radius);
        const size_t left = hold(self, count, ret_clipped);
        if (left == count) {
            break;
        }
        count = left;
    }
    for (size_t a = 0; a < count; a++) {
        self->trial[self->free_index[a]] += self->step[a];
    }
    return GSC_OK;
}

/* A step that ends at a bound is no whole Newton step: it must promise less, as one does that rounding alone keeps off
 * the bound. */
static const double clipped_part = 1e-3;

/* Newton steps from self->u, whose value, gradient and Hessian are there. */
static gsc_status climb(gsc_polish *self, const gsc_polish_options *options, gsc_polish_info *info,
                        gsc_error *error) {
    double radius = 4;
    info->stop = GSC_POLISH_ITERATIONS;
    while (info->iterations < options->max_iterations) {
        if (options->stop != NULL && atomic_load_explicit(options->stop, memory_order_relaxed)) {
            return gsc_fail(error, GSC_ERR_STOPPED, "stopped while a fit was polished");
        }
        bool interior = false, clipped = false;
        gsc_status status = enter_charts(self, error);
        if (status == GSC_OK) {
            status = plan(self, radius, &interior, &clipped, error);
        }
        if (status != GSC_OK) {
            return status;
        }
        const double predicted = model_gain(self);
        bool inside;
        info->predicted_gain = predicted;
        status = leave_charts(self, &inside, error);
        if (status == GSC_OK && !inside) {
            radius *= 0.3;
            continue;
        }
        if (status == GSC_OK) {
            status = project(self, self->trial, error);
        }
        if (status != GSC_OK) {
            return status;
        }
        double value;
        gsc_guard_set_step(++info->iterations);
        status = gsc_objective_evaluate(self->objective, self->trial, &value, self->trial_gradient,
                                        self->trial_hessian, error);
        if (status != GSC_OK) {
            return status;
        }
        const double gain = value - info->log_likelihood;
        if (gain > 0 && gain > 1e-4 * predicted) {
            swap(&self->u, &self->trial);
            swap(&self->gradient, &self->trial_gradient);
            swap(&self->hessian, &self->trial_hessian);
            info->log_likelihood = value;
        }
        const double small = (clipped ? clipped_part : 1) * options->gain;
        if (predicted < small && (interior || radius >= 1)) {
            info->stop = GSC_POLISH_CONVERGED;
            return GSC_OK;
        }
        if (gain <= 0 || gain < 0.25 * predicted) {
            radius *= 0.3;
        } else if (gain > 0.75 * predicted && !interior) {
            radius = fmin(2.5 * radius, 1e3);
        }
        if (radius < 1e-7) {
            info->stop = GSC_POLISH_STALLED;
            return GSC_OK;
        }
    }
    return GSC_OK;
}

static void count_bounds(const gsc_polish *self, gsc_polish_info *info) {
    const gsc_mixture_layout *layout = &self->layout;
    for (size_t i = layout->kappa; i < self->size; i++) {
        const bool variance = (i >= layout->tau && i < layout->beta0) || i >= layout->nu;
        if (variance) {
            info->at_floor += self->u[i] <= self->low[i];
        } else {
            info->at_box += self->u[i] <= self->low[i] || self->u[i] >= self->high[i];
        }
    }
}

gsc_status gsc_polish_run(gsc_polish *self, const gsc_sample *sample,
                          const gsc_polish_options *options, double *mixture,
                          gsc_polish_info *ret_info, gsc_error *error) {
    gsc_polish_info info = {0};
    gsc_mixture_to_free(self->shape, mixture, self->u);
    gsc_status status = project(self, self->u, error);
    if (status == GSC_OK) {
        status = gsc_objective_bind(self->objective, sample, error);
    }
    if (status == GSC_OK) {
        status = gsc_objective_evaluate(self->objective, self->u, &info.log_likelihood,
                                        self->gradient, self->hessian, error);
    }
    if (status == GSC_OK) {
        info.iterations = 1;
        info.log_likelihood_before = info.log_likelihood;
        status = climb(self, options, &info, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    count_bounds(self, &info);
    gsc_mixture_from_free(self->shape, self->u, mixture);
    status = gsc_mass_floor_settle(self->shape, mixture, &info.at_mass_floor, error);
    if (status != GSC_OK) {
        return status;
    }
    *ret_info = info;
    return GSC_OK;
}

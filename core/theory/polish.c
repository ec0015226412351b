/* SPDX-License-Identifier: MIT
 *
 * Projected trust-region Newton. Coordinates are scaled by the root of the Hessian's diagonal, so that a step
 * of length 1 changes the log-likelihood by about half a nat and the radius means the same for every parameter.
 */
#include "core/theory/polish.h"

#include "core/plugin/guard.h"
#include "core/theory/eigen.h"

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
    size_t *free_index; /* coordinates not held at a bound */
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
                    calloc(11 * p + 3 * p * p + gsc_eigen_workspace(p), sizeof(double))) == NULL ||
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
    self->work = at + 3 * p * p;
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

static void project(const gsc_polish *self, double *u) {
    normalise_omega(self, u);
    for (size_t i = 0; i < self->size; i++) {
        u[i] = fmin(fmax(u[i], self->low[i]), self->high[i]);
    }
}

/* Coordinates that are free, or at a bound but pulled inside; slope is the gradient. */
static size_t find_free(gsc_polish *self) {
    size_t count = 0;
    for (size_t i = 0; i < self->size; i++) {
        const bool low = self->u[i] <= self->low[i] && self->gradient[i] <= 0;
        const bool high = self->u[i] >= self->high[i] && self->gradient[i] >= 0;
        self->slope[i] = self->gradient[i];
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
        self->scale[a] = sqrt(fmax(fabs(self->hessian[i * self->size + i]), 1.0));
    }
    for (size_t a = 0; a < count; a++) {
        for (size_t b = 0; b < count; b++) {
            self->vectors[a * count + b] =
                self->hessian[self->free_index[a] * self->size + self->free_index[b]] /
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

/* What the quadratic model says that going from u to trial gains. */
static double model_gain(const gsc_polish *self) {
    double gain = 0;
    for (size_t i = 0; i < self->size; i++) {
        const double di = self->trial[i] - self->u[i];
        double row = 0;
        for (size_t j = 0; j < self->size && di != 0; j++) {
            row += self->hessian[i * self->size + j] * (self->trial[j] - self->u[j]);
        }
        gain += di * (self->gradient[i] + 0.5 * row);
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
        const double wanted = self->u[i] + self->step[a];
        if (wanted >= self->low[i] && wanted <= self->high[i]) {
            self->free_index[kept++] = i;
            continue;
        }
        self->trial[i] = wanted < self->low[i] ? self->low[i] : self->high[i];
        const double move = self->trial[i] - self->u[i];
        *ret_clipped |= move != 0;
        for (size_t j = 0; j < self->size; j++) {
            self->slope[j] += self->hessian[j * self->size + i] * move;
        }
    }
    return kept;
}

/* The step of length at most radius within the bounds, into trial. *ret_interior: a plain Newton step; *ret_clipped:
 * some coordinate came to its bound. */
static gsc_status plan(gsc_polish *self, double radius, bool *ret_interior, bool *ret_clipped,
                       gsc_error *error) {
    size_t count = find_free(self);
    memcpy(self->trial, self->u, self->size * sizeof(double));
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
        gsc_status status = plan(self, radius, &interior, &clipped, error);
        if (status != GSC_OK) {
            return status;
        }
        const double predicted = model_gain(self);
        info->predicted_gain = predicted;
        project(self, self->trial);
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
        if (predicted < options->gain && !clipped && (interior || radius >= 1)) {
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
    project(self, self->u);
    gsc_status status = gsc_objective_bind(self->objective, sample, error);
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
    *ret_info = info;
    return GSC_OK;
}

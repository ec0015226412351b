/* SPDX-License-Identifier: MIT
 *
 * Directions, backtracking, the update.
 */
#include "core/theory/bfgs.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_HALVINGS = 30
};

struct gsc_bfgs {
    size_t n;
    bool fresh; /* inverse is only a scale so far */
    double *memory;
    double *inverse; /* [n][n], of minus the Hessian */
    double *gradient, *direction, *trial, *trial_gradient, *s, *y, *hy;
};

gsc_status gsc_bfgs_new(size_t n, gsc_bfgs **ret_self, gsc_error *error) {
    gsc_bfgs *self = calloc(1, sizeof *self);
    if (self == NULL || (self->memory = calloc(n * n + 7 * n + 1, sizeof(double))) == NULL) {
        free(self);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a quasi-Newton step of %zu numbers",
                        n);
    }
    self->n = n;
    self->inverse = self->memory;
    double **const vectors[] = {
        &self->gradient, &self->direction, &self->trial, &self->trial_gradient,
        &self->s,        &self->y,         &self->hy};
    for (size_t i = 0; i < 7; i++) {
        *vectors[i] = self->memory + n * n + i * n;
    }
    gsc_bfgs_reset(self);
    *ret_self = self;
    return GSC_OK;
}

void gsc_bfgs_free(gsc_bfgs *self) {
    if (self != NULL) {
        free(self->memory);
        free(self);
    }
}

static void set_scale(gsc_bfgs *self, double scale) {
    memset(self->inverse, 0, self->n * self->n * sizeof(double));
    for (size_t i = 0; i < self->n; i++) {
        self->inverse[i * self->n + i] = scale;
    }
}

void gsc_bfgs_reset(gsc_bfgs *self) {
    set_scale(self, 1);
    self->fresh = true;
}

static double dot(const double *a, const double *b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* The direction over the coordinates that are not at a bound with the gradient pointing out. Returns its slope. */
static double direct(gsc_bfgs *self, const double *point, const double *low, const double *high) {
    const size_t n = self->n;
    double *g = self->s; /* the gradient of free coordinates */
    for (size_t i = 0; i < n; i++) {
        const bool held = (point[i] <= low[i] && self->gradient[i] < 0) ||
                          (point[i] >= high[i] && self->gradient[i] > 0);
        g[i] = held ? 0 : self->gradient[i];
    }
    for (size_t i = 0; i < n; i++) {
        self->direction[i] = g[i] != 0 ? dot(self->inverse + i * n, g, n) : 0;
    }
    return dot(self->direction, g, n);
}

/* Inverse of the update with s = point - before, y = minus the change of the gradient. */
static void update(gsc_bfgs *self) {
    const size_t n = self->n;
    const double *s = self->s, *y = self->y;
    const double sy = dot(s, y, n), yy = dot(y, y, n);
    if (!(sy > 1e-12 * sqrt(dot(s, s, n) * yy)) || !(yy > 0)) {
        return;
    }
    if (self->fresh) {
        set_scale(self, sy / yy);
        self->fresh = false;
    }
    for (size_t i = 0; i < n; i++) {
        self->hy[i] = dot(self->inverse + i * n, y, n);
    }
    const double factor = (1 + dot(y, self->hy, n) / sy) / sy;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            self->inverse[i * n + j] +=
                factor * s[i] * s[j] - (self->hy[i] * s[j] + s[i] * self->hy[j]) / sy;
        }
    }
}

/* Backtracks along the direction; whether a point that is no lower was found, then in trial. */
static gsc_status search(gsc_bfgs *self, gsc_bfgs_function *function, void *data, const double *low,
                         const double *high, const double *point, double before, double *ret_value,
                         bool *ret_found, gsc_error *error) {
    const size_t n = self->n;
    const double length = sqrt(dot(self->direction, self->direction, n));
    double t = self->fresh && length > 1 ? 1 / length : 1;
    *ret_found = false;
    for (int i = 0; i < MOST_HALVINGS && !*ret_found; i++, t *= i < 3 ? 0.5 : 0.2) {
        double rise = 0;
        bool moved = false;
        for (size_t k = 0; k < n; k++) {
            self->trial[k] = fmin(fmax(point[k] + t * self->direction[k], low[k]), high[k]);
            rise += self->gradient[k] * (self->trial[k] - point[k]);
            moved = moved || self->trial[k] != point[k];
        }
        if (!moved) {
            break;
        }
        const gsc_status status =
            function(data, self->trial, ret_value, self->trial_gradient, error);
        if (status != GSC_OK) {
            return status;
        }
        *ret_found = *ret_value >= before + 1e-4 * fmax(rise, 0) && *ret_value >= before;
    }
    return GSC_OK;
}

gsc_status gsc_bfgs_climb(gsc_bfgs *self, gsc_bfgs_function *function, void *data,
                          const double *low, const double *high, size_t max_steps,
                          double least_gain, size_t patience, double *point, double *ret_value,
                          size_t *ret_steps, double *ret_gain, gsc_error *error) {
    const size_t n = self->n;
    double value, gain = 0;
    size_t steps = 0, small = 0;
    gsc_status status = function(data, point, &value, self->gradient, error);
    while (status == GSC_OK && steps < max_steps) {
        double after = value;
        bool found = false;
        if (!(direct(self, point, low, high) > 0)) {
            gsc_bfgs_reset(self);
            if (!(direct(self, point, low, high) > 0)) {
                break;
            }
        }
        status = search(self, function, data, low, high, point, value, &after, &found, error);
        if (status != GSC_OK) {
            break;
        }
        if (!found) {
            if (self->fresh) {
                break;
            }
            gsc_bfgs_reset(self);
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            self->s[i] = self->trial[i] - point[i];
            self->y[i] = self->gradient[i] - self->trial_gradient[i];
        }
        update(self);
        memcpy(point, self->trial, n * sizeof *point);
        memcpy(self->gradient, self->trial_gradient, n * sizeof *point);
        gain = after - value;
        value = after;
        steps++;
        small = gain < least_gain ? small + 1 : 0;
        if (small >= patience) {
            break;
        }
    }
    if (status != GSC_OK) {
        return status;
    }
    *ret_value = value;
    if (ret_steps != NULL) {
        *ret_steps = steps;
    }
    if (ret_gain != NULL) {
        *ret_gain = gain;
    }
    return GSC_OK;
}

/* SPDX-License-Identifier: MIT
 *
 * Cholesky and the boxed, damped step of small_solve.h. Layer: core/theory.
 */
#include "core/theory/small_solve.h"

#include <math.h>

bool gsc_cholesky_solve(size_t n, double *a, double *b) {
    for (size_t j = 0; j < n; j++) {
        double pivot = a[j * n + j];
        const double least = 1e-14 * fabs(pivot);
        for (size_t m = 0; m < j; m++) {
            pivot -= a[j * n + m] * a[j * n + m];
        }
        if (!(pivot > least)) {
            return false;
        }
        pivot = sqrt(pivot);
        a[j * n + j] = pivot;
        for (size_t i = j + 1; i < n; i++) {
            double value = a[i * n + j];
            for (size_t m = 0; m < j; m++) {
                value -= a[i * n + m] * a[j * n + m];
            }
            a[i * n + j] = value / pivot;
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t m = 0; m < i; m++) {
            b[i] -= a[i * n + m] * b[m];
        }
        b[i] /= a[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t m = i + 1; m < n; m++) {
            b[i] -= a[m * n + i] * b[m];
        }
        b[i] /= a[i * n + i];
    }
    return true;
}

/* gradient' step - step' hessian step / 2 */
static double gain(size_t n, const double *hessian, const double *gradient, const double *step) {
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        double row = 0;
        for (size_t j = 0; j < n; j++) {
            row += hessian[i * n + j] * step[j];
        }
        total += step[i] * (gradient[i] - 0.5 * row);
    }
    return total;
}

/* Bounds of the coordinates: a box, or one pair for each. */
typedef struct bounds {
    double box; /* 0: low and high, or none where those are NULL */
    const double *low, *high;
} bounds;

static double low_of(const bounds *self, size_t i) {
    return self->low != NULL ? self->low[i] : self->box > 0 ? -self->box : -INFINITY;
}

static double high_of(const bounds *self, size_t i) {
    return self->high != NULL ? self->high[i] : self->box > 0 ? self->box : INFINITY;
}

static bool is_blocked(const bounds *self, size_t i, double point, double gradient) {
    return (point >= high_of(self, i) && gradient > 0) ||
           (point <= low_of(self, i) && gradient < 0);
}

/* The free coordinates' system into scratch; false where it is not positive definite. */
static bool solve_free(size_t n, const double *hessian, const double *gradient, const double *point,
                       const bounds *limits, double damping, double *ret_step, double *scratch) {
    double *right = scratch + n * n;
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        if (is_blocked(limits, i, point[i], gradient[i])) {
            continue;
        }
        right[m++] = gradient[i];
    }
    for (size_t i = 0, row = 0; i < n; i++) {
        if (is_blocked(limits, i, point[i], gradient[i])) {
            continue;
        }
        for (size_t j = 0, column = 0; j <= i; j++) {
            if (!is_blocked(limits, j, point[j], gradient[j])) {
                scratch[row * m + column++] = hessian[i * n + j] + (i == j ? damping : 0);
            }
        }
        row++;
    }
    if (!gsc_cholesky_solve(m, scratch, right)) {
        return false;
    }
    for (size_t i = 0, row = 0; i < n; i++) {
        ret_step[i] = is_blocked(limits, i, point[i], gradient[i]) ? 0 : right[row++];
    }
    return true;
}

static double step_within(size_t n, const double *hessian, const double *gradient,
                          const double *point, const bounds *limits, double damping,
                          double *ret_step, double *scratch) {
    double trace = 0, shift = damping;
    for (size_t i = 0; i < n; i++) {
        trace += hessian[i * n + i];
        ret_step[i] = 0;
    }
    if (!(trace > 0) || !isfinite(trace)) {
        return 0;
    }
    for (int tries = 0;
         !solve_free(n, hessian, gradient, point, limits, shift, ret_step, scratch);) {
        shift = fmax(10 * shift, 1e-12 * trace / (double)n);
        if (++tries == 20) {
            return 0;
        }
    }
    double inside = 1, *line = scratch;
    bool clipped = false;
    for (size_t i = 0; i < n; i++) {
        line[i] = ret_step[i];
        const double moved = point[i] + ret_step[i];
        const double low = low_of(limits, i), high = high_of(limits, i);
        if ((moved > high || moved < low) && point[i] >= low && point[i] <= high) {
            const double room = (moved > high ? high : low) - point[i];
            inside = fmin(inside, room / ret_step[i]);
            ret_step[i] = room;
            clipped = true;
        }
    }
    double predicted = gain(n, hessian, gradient, ret_step);
    if (clipped && !(predicted > 0)) {
        for (size_t i = 0; i < n; i++) {
            ret_step[i] = inside * line[i];
        }
        predicted = gain(n, hessian, gradient, ret_step);
    }
    return predicted > 0 ? predicted : 0;
}

double gsc_boxed_step(size_t n, const double *hessian, const double *gradient, const double *point,
                      double box, double damping, double *ret_step, double *scratch) {
    const bounds limits = {.box = box};
    return step_within(n, hessian, gradient, point, &limits, damping, ret_step, scratch);
}

double gsc_bounded_step(size_t n, const double *hessian, const double *gradient,
                        const double *point, const double *low, const double *high, double damping,
                        double *ret_step, double *scratch) {
    const bounds limits = {.low = low, .high = high};
    return step_within(n, hessian, gradient, point, &limits, damping, ret_step, scratch);
}

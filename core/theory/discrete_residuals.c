/* SPDX-License-Identifier: MIT
 *
 * Residuals and Jacobian of kl_fit.h for a categorical response, by blocks of rows folded into R.
 * By quadrature: rows (x node, class), rho = p / p*. Of a sample: e = -1 and the row's score g = dp
 * / p, so that R'R = sum g g' and R'q is the gradient of minus the log-likelihood.
 */
#include "core/theory/discrete.h"
#include "core/theory/kl_fit_internal.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 64 /* of x in a block */
};

struct fit_discrete {
    gsc_discrete *model;
    const gsc_sample *sample; /* NULL: the quadrature */
    double *p;                /* [C ROWS] */
    double *raw;              /* [layout.size][C ROWS]: dp / d mixture */
    double *block;            /* [slots + 1][C ROWS]: Jacobian, then e */
    double *pull;             /* [C ROWS]: de / dp */
};

gsc_status fit_discrete_new(gsc_kl_fit *self, gsc_error *error) {
    fit_discrete *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a categorical fit");
    }
    self->discrete = made;
    const size_t most = ROWS * self->quadrature->classes;
    made->p = malloc((self->layout.size + self->slots + 3) * most * sizeof(double));
    if (made->p == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a categorical fit of %zu parameters",
                        self->layout.size);
    }
    made->pull = made->p + most;
    made->raw = made->pull + most;
    made->block = made->raw + self->layout.size * most;
    return gsc_discrete_new(&self->shape, ROWS, &made->model, error);
}

void fit_discrete_free(fit_discrete *self) {
    if (self != NULL) {
        gsc_discrete_free(self->model);
        free(self->p);
        free(self);
    }
}

void gsc_kl_fit_bind(gsc_kl_fit *self, const gsc_sample *sample) {
    self->discrete->sample = sample;
}

/* e and de / dp of n nodes from node t, all classes; returns the sum of e^2. */
static double node_residuals(const gsc_kl_fit *self, size_t t, size_t n, double *ret_e) {
    const gsc_quadrature *nodes = self->quadrature;
    fit_discrete *work = self->discrete;
    double total = 0;
    for (size_t c = 0; c < nodes->classes; c++) {
        for (size_t i = 0; i < n; i++) {
            const size_t row = c * nodes->n_x + t + i;
            const double inverse = exp(-nodes->log_truth[row]);
            const double rho = fmax(work->p[c * n + i] * inverse, 1e-290);
            const double root = sqrt(fit_curvature(rho)), weight = nodes->root_weight[row];
            const double e = weight * (rho - 1) * root;
            ret_e[c * n + i] = e;
            work->pull[c * n + i] = weight * inverse / (root * rho);
            total += e * e;
        }
    }
    return total;
}

/* The same of a sample: -2 log p, e = -1. */
static double sample_residuals(fit_discrete *work, size_t n, double *ret_e) {
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        const double p = fmax(work->p[i], DBL_MIN);
        total -= 2 * log(p);
        ret_e[i] = -1;
        work->pull[i] = 1 / p;
    }
    return total;
}

static void fold(gsc_kl_fit *self, size_t rows, const size_t *place) {
    fit_discrete *work = self->discrete;
    memset(work->block, 0, self->n * rows * sizeof *work->block);
    for (size_t l = 0; l < self->n_links; l++) {
        const fit_link *link = &self->links[l];
        const double *raw = work->raw + link->raw * rows;
        double *column = work->block + place[link->slot] * rows;
        for (size_t r = 0; r < rows; r++) {
            column[r] += link->value * raw[r] * work->pull[r];
        }
    }
    fit_merge(self->n, self->r, rows, work->block, rows, NULL);
}

gsc_status fit_discrete_evaluate(gsc_kl_fit *self, bool linearise, double *ret_kl,
                                 gsc_error *error) {
    fit_discrete *work = self->discrete;
    const gsc_sample *sample = work->sample;
    const gsc_quadrature *nodes = self->quadrature;
    const size_t n = sample != NULL ? sample->n : nodes->n_x;
    const double *x = sample != NULL ? sample->x : nodes->x;
    size_t place[GSC_KL_FIT_MAX_SLOTS];
    double total = 0;
    if (linearise) {
        memset(self->r, 0, self->n * (self->n + 1) * sizeof *self->r);
        for (size_t c = 0; c < self->n; c++) {
            place[self->column[c]] = c;
        }
    }
    for (size_t t = 0; t < n; t += ROWS) {
        const size_t rows = n - t < ROWS ? n - t : ROWS;
        const size_t all = rows * (sample != NULL ? 1 : nodes->classes);
        const gsc_status status = gsc_discrete_evaluate(
            work->model, self->mixture, rows, x + t, n, sample != NULL ? sample->y + t : NULL,
            work->p, linearise ? work->raw : NULL, error);
        if (status != GSC_OK) {
            return status;
        }
        double *e = work->block + (linearise ? self->n : 0) * all;
        total +=
            sample != NULL ? sample_residuals(work, rows, e) : node_residuals(self, t, rows, e);
        if (linearise) {
            fold(self, all, place);
        }
    }
    if (!isfinite(total)) {
        return gsc_fail(error, GSC_ERR_NUMERIC, "the likelihood is not finite at this mixture");
    }
    *ret_kl = 0.5 * total;
    return GSC_OK;
}

/* SPDX-License-Identifier: MIT
 *
 * Sampling by the mixture's own probabilities; starts, descents, the best.
 */
#include "core/theory/discrete_fit.h"

#include "core/theory/kl_fit.h"
#include "core/theory/random.h"
#include "core/theory/start.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 256,
    MOST_STARTS = 1024,
    MOST_ITERATIONS = 300
};

/* ---- Samples ---- */

static double pick(const double *p, size_t classes, size_t stride, double u) {
    double left = u;
    for (size_t c = 0; c + 1 < classes; c++) {
        left -= p[c * stride];
        if (left < 0) {
            return (double)c;
        }
    }
    return (double)(classes - 1);
}

gsc_status gsc_discrete_draw(const gsc_truth *truth, uint64_t seed, size_t n, size_t replicate,
                             double *ret_x, double *ret_y, gsc_error *error) {
    gsc_discrete *model;
    const size_t d = truth->shape.inputs;
    double *p = malloc(truth->classes * ROWS * sizeof *p);
    if (p == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a sample of %zu rows", n);
    }
    gsc_status status = gsc_discrete_new(&truth->shape, ROWS, &model, error);
    if (status != GSC_OK) {
        free(p);
        return status;
    }
    gsc_rng random;
    gsc_rng_init(&random, seed, n, replicate, GSC_STREAM_DATA);
    for (size_t first = 0; first < n && status == GSC_OK; first += ROWS) {
        const size_t rows = n - first < ROWS ? n - first : ROWS;
        for (size_t t = first; t < first + rows; t++) {
            for (size_t l = 0; l < d; l++) {
                ret_x[l * n + t] =
                    truth->x_low + (truth->x_high - truth->x_low) * gsc_rng_uniform(&random);
            }
        }
        status = gsc_discrete_evaluate(model, truth->mixture, rows, ret_x + first, n, NULL, p, NULL,
                                       error);
        for (size_t t = 0; t < rows && status == GSC_OK; t++) {
            ret_y[first + t] = pick(p + t, truth->classes, rows, gsc_rng_uniform(&random));
        }
    }
    gsc_discrete_free(model);
    free(p);
    return status;
}

/* ---- Fits ---- */

struct gsc_discrete_fitter {
    const gsc_truth *truth;
    gsc_mixture_shape shape;
    gsc_mixture_layout layout;
    gsc_quadrature *quadrature;
    gsc_discrete *true_model;
    gsc_kl_fit *fit;
    double *trial, *u;
};

/* Every atom is a group of its own: no floor binds its mass to others. */
static gsc_status make_fit(gsc_discrete_fitter *self, gsc_error *error) {
    size_t groups[2 * GSC_MAX_ATOMS];
    for (size_t c = 0; c < 2 * GSC_MAX_ATOMS; c++) {
        groups[c] = c;
    }
    const gsc_kl_fit_options options = {
        .gate_box = self->shape.box, .max_iterations = MOST_ITERATIONS, .gain = GSC_DISCRETE_GAIN};
    return gsc_kl_fit_new(self->quadrature, &self->shape, groups, &options, &self->fit, error);
}

gsc_status gsc_discrete_fitter_new(const gsc_truth *truth, const gsc_mixture_shape *shape,
                                   gsc_discrete_fitter **ret_self, gsc_error *error) {
    if (shape->mass_floor > 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "theory.mass_floor is %g, but fits of a categorical response keep none; "
                        "it should be 0",
                        shape->mass_floor);
    }
    gsc_discrete_fitter *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a categorical fit");
    }
    self->truth = truth;
    self->shape = *shape;
    self->layout = gsc_mixture_get_layout(shape);
    gsc_status status = gsc_quadrature_new(truth, &gsc_quadrature_fine, &self->quadrature, error);
    if (status == GSC_OK) {
        status = gsc_discrete_new(&truth->shape, ROWS, &self->true_model, error);
    }
    if (status == GSC_OK) {
        status = make_fit(self, error);
    }
    if (status == GSC_OK) {
        self->trial = malloc((self->layout.size + gsc_kl_fit_slots(self->fit)) * sizeof(double));
        if (self->trial == NULL) {
            status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for a categorical fit");
        }
    }
    if (status != GSC_OK) {
        gsc_discrete_fitter_free(self);
        return status;
    }
    self->u = self->trial + self->layout.size;
    *ret_self = self;
    return GSC_OK;
}

void gsc_discrete_fitter_free(gsc_discrete_fitter *self) {
    if (self != NULL) {
        gsc_kl_fit_free(self->fit);
        gsc_discrete_free(self->true_model);
        gsc_quadrature_free(self->quadrature);
        free(self->trial);
        free(self);
    }
}

static size_t count_at_box(const gsc_discrete_fitter *self, const double *mixture) {
    size_t count = 0;
    for (size_t q = self->layout.kappa; q < self->layout.nu; q++) {
        const bool variance = q >= self->layout.tau && q < self->layout.beta0;
        count += !variance && fabs(mixture[q]) >= self->shape.box * (1 - 1e-12);
    }
    return count;
}

/* One start, into self->trial. */
static gsc_status run_start(gsc_discrete_fitter *self, const gsc_sample *sample, size_t replicate,
                            size_t start, const gsc_fit_options *options, gsc_fit *ret_fit,
                            gsc_error *error) {
    gsc_kl_fit_info info;
    gsc_status status =
        gsc_start_near_truth(self->truth, &self->shape, options->start_noise, options->seed,
                             sample->n, replicate, start, self->trial, error);
    if (status == GSC_OK) {
        status = gsc_kl_fit_from_mixture(self->fit, self->trial, self->u, error);
    }
    if (status == GSC_OK) {
        gsc_kl_fit_stop_at(self->fit, options->newton.stop);
        status = gsc_kl_fit_run(self->fit, self->u, &info, error);
    }
    if (status == GSC_OK) {
        status = gsc_kl_fit_to_mixture(self->fit, self->u, self->trial, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    *ret_fit = (gsc_fit){.log_likelihood = -info.kl,
                         .log_likelihood_stopped = -info.kl,
                         .em_reason = GSC_EM_CONVERGED,
                         .start = start,
                         .at_box = count_at_box(self, self->trial)};
    ret_fit->polish.iterations = info.iterations;
    ret_fit->polish.log_likelihood = -info.kl;
    ret_fit->polish.stop = info.converged ? GSC_POLISH_CONVERGED : GSC_POLISH_ITERATIONS;
    return GSC_OK;
}

gsc_status gsc_discrete_fitter_run(gsc_discrete_fitter *self, const gsc_sample *sample,
                                   size_t replicate, const gsc_fit_options *options,
                                   double *ret_mixture, gsc_fit *ret_fit, gsc_error *error) {
    gsc_fit best = {.log_likelihood = -INFINITY};
    double truth, reached[MOST_STARTS];
    const size_t starts = options->starts < MOST_STARTS ? options->starts : MOST_STARTS;
    gsc_status status =
        gsc_discrete_log_likelihood(self->true_model, self->truth->mixture, sample, &truth, error);
    gsc_kl_fit_bind(self->fit, sample);
    for (size_t start = 0; start < starts && status == GSC_OK; start++) {
        gsc_fit fit;
        status = run_start(self, sample, replicate, start, options, &fit, error);
        if (status == GSC_OK) {
            reached[start] = fit.log_likelihood;
            if (fit.log_likelihood > best.log_likelihood) {
                best = fit;
                memcpy(ret_mixture, self->trial, self->layout.size * sizeof(double));
            }
        }
    }
    gsc_kl_fit_bind(self->fit, NULL);
    if (status != GSC_OK) {
        return status;
    }
    best.log_likelihood_truth = truth;
    best.starts = starts;
    for (size_t start = 0; start < starts; start++) {
        best.hits += reached[start] >= best.log_likelihood - 0.1;
    }
    *ret_fit = best;
    return GSC_OK;
}

gsc_status gsc_discrete_fitter_kl(gsc_discrete_fitter *self, const double *mixture, double *ret_kl,
                                  gsc_error *error) {
    const gsc_status status = gsc_kl_fit_from_mixture(self->fit, mixture, self->u, error);
    return status == GSC_OK ? gsc_kl_fit_evaluate(self->fit, self->u, ret_kl, error) : status;
}

/* SPDX-License-Identifier: MIT
 *
 * Starts, EM, polish, the best.
 */
#include "core/theory/fit.h"

#include "core/theory/discrete_fit.h"
#include "core/theory/mass_floor.h"
#include "core/theory/start.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct gsc_fitter {
    const gsc_truth *truth;
    const gsc_mixture_shape *shape;
    size_t size;
    gsc_discrete_fitter *discrete; /* of a categorical response: the fit is its work */
    gsc_em_workspace *em;
    gsc_polish *polish;
    gsc_objective *objective; /* for divergences */
    double *trial;
    bool general; /* a gate in general form: no polish, no objective */
};

gsc_fit_options gsc_fit_options_read(const gsc_spec *spec, const atomic_bool *stop) {
    gsc_fit_options options = {
        .seed = (uint64_t)gsc_spec_int(spec, "seed"),
        .start = gsc_start_mode_parse(gsc_spec_string(spec, "theory.start")),
        .start_noise = gsc_spec_real(spec, "theory.start_noise"),
        .starts = (size_t)gsc_spec_int(spec, "theory.starts"),
        .em = gsc_em_options_default(),
        .polish = gsc_spec_bool(spec, "theory.polish"),
        .newton = {.gain = 0.01, .max_iterations = 200, .stop = stop},
    };
    const char *kind = gsc_spec_string(spec, "theory.tolerance_kind");
    options.em.tolerance = gsc_spec_real(spec, "theory.tolerance");
    options.em.tolerance_kind = strcmp(kind, "relative") == 0 ? GSC_EM_TOLERANCE_RELATIVE
                                : strcmp(kind, "total") == 0  ? GSC_EM_TOLERANCE_TOTAL
                                                              : GSC_EM_TOLERANCE_MEAN;
    options.em.max_iterations = (size_t)gsc_spec_int(spec, "theory.max_iterations");
    options.em.stop = stop;
    return options;
}

gsc_status gsc_fitter_new(const gsc_truth *truth, const gsc_mixture_shape *shape, size_t n,
                          gsc_fitter **ret_fitter, gsc_error *error) {
    const gsc_status checked = gsc_mass_floor_check(shape, error);
    if (checked != GSC_OK) {
        return checked;
    }
    gsc_fitter *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a fit");
    }
    if (truth != NULL && truth->classes > 0) {
        self->size = gsc_mixture_get_layout(shape).size;
        const gsc_status made = gsc_discrete_fitter_new(truth, shape, &self->discrete, error);
        if (made != GSC_OK) {
            free(self);
            return made;
        }
        *ret_fitter = self;
        return GSC_OK;
    }
    self->truth = truth;
    self->shape = shape;
    self->size = gsc_mixture_get_layout(shape).size;
    self->trial = malloc(self->size * sizeof *self->trial);
    gsc_status status =
        self->trial != NULL ? GSC_OK : gsc_fail(error, GSC_ERR_MEMORY, "no memory for a fit");
    if (status == GSC_OK) {
        status = gsc_em_workspace_new(shape, n, &self->em, error);
    }
    if (status == GSC_OK) {
        self->general = shape->gate != NULL && shape->gate->general;
        status = self->general ? GSC_OK : gsc_polish_new(shape, &self->polish, error);
    }
    if (status == GSC_OK && !self->general) {
        status = gsc_objective_new(shape, &self->objective, error);
    }
    if (status != GSC_OK) {
        gsc_fitter_free(self);
        return status;
    }
    *ret_fitter = self;
    return GSC_OK;
}

void gsc_fitter_free(gsc_fitter *self) {
    if (self != NULL) {
        gsc_discrete_fitter_free(self->discrete);
        gsc_em_workspace_free(self->em);
        gsc_polish_free(self->polish);
        gsc_objective_free(self->objective);
        free(self->trial);
        free(self);
    }
}

static size_t bits(uint64_t set) {
    size_t count = 0;
    for (; set != 0; set &= set - 1) {
        count++;
    }
    return count;
}

/* Where start number start begins, into self->trial. */
static gsc_status draw_start(gsc_fitter *self, const gsc_sample *sample, size_t replicate,
                             size_t start, const gsc_fit_options *options, gsc_error *error) {
    switch (options->start) {
    case GSC_START_KMEANS:
    case GSC_START_RANDOM:
        return gsc_start_from_data(options->start, self->shape, sample, options->seed, replicate,
                                   start, self->trial, error);
    case GSC_START_GIVEN:
        memcpy(self->trial, options->initial, self->size * sizeof(double));
        return GSC_OK;
    case GSC_START_NEAR_TRUTH:
        break;
    }
    return gsc_start_near_truth(self->truth, self->shape, options->start_noise, options->seed,
                                sample->n, replicate, start, self->trial, error);
}

/* One start, into self->trial. */
static gsc_status run_start(gsc_fitter *self, const gsc_sample *sample, size_t replicate,
                            size_t start, const gsc_fit_options *options, double *ret_stopped,
                            gsc_fit *ret_fit, gsc_error *error) {
    gsc_status status = draw_start(self, sample, replicate, start, options, error);
    gsc_em_options em = options->em;
    if (start > 0) {
        em.observe = NULL;
    }
    if (options->polish && start > 0 && em.max_iterations > GSC_FIT_WARM_UP) {
        em.max_iterations = GSC_FIT_WARM_UP;
    }
    if (options->polish && self->general) {
        em.quasi_newton_gain = 0.1 * options->newton.gain;
    }
    gsc_em_info info;
    if (status == GSC_OK) {
        status = gsc_em_fit(sample, &em, self->em, self->trial, &info, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    *ret_fit = (gsc_fit){.log_likelihood_stopped = info.log_likelihood,
                         .log_likelihood = info.log_likelihood,
                         .em_iterations = info.iterations,
                         .em_reason = info.reason,
                         .start = start,
                         .likelihood_fell = info.reason == GSC_EM_FELL,
                         .empty_component = info.empty != 0,
                         .at_floor = bits(info.at_floor),
                         .at_box = info.at_box,
                         .at_mass_floor = info.at_mass_floor,
                         .floored = info.floored};
    if (ret_stopped != NULL) {
        memcpy(ret_stopped, self->trial, self->size * sizeof(double));
    }
    if (options->polish && self->general) {
        ret_fit->polish = (gsc_polish_info){
            .iterations = (int64_t)info.quasi_newton_steps,
            .log_likelihood = info.log_likelihood,
            .predicted_gain = em.quasi_newton_gain,
            .stop = info.quasi_newton_converged ? GSC_POLISH_CONVERGED : GSC_POLISH_ITERATIONS};
    } else if (options->polish) {
        status = gsc_polish_run(self->polish, sample, &options->newton, self->trial,
                                &ret_fit->polish, error);
        ret_fit->log_likelihood = ret_fit->polish.log_likelihood;
        ret_fit->at_floor = ret_fit->polish.at_floor;
        ret_fit->at_box = ret_fit->polish.at_box;
        ret_fit->at_mass_floor = ret_fit->polish.at_mass_floor;
    }
    return status;
}

gsc_status gsc_fitter_run(gsc_fitter *self, const gsc_sample *sample, size_t replicate,
                          const gsc_fit_options *options, double *ret_mixture, double *ret_stopped,
                          gsc_fit *ret_fit, gsc_error *error) {
    if (self->discrete != NULL) {
        const gsc_status fitted = gsc_discrete_fitter_run(self->discrete, sample, replicate,
                                                          options, ret_mixture, ret_fit, error);
        if (fitted == GSC_OK && ret_stopped != NULL) {
            memcpy(ret_stopped, ret_mixture, self->size * sizeof(double));
        }
        return fitted;
    }
    gsc_fit best = {.log_likelihood = -INFINITY};
    double truth = NAN;
    gsc_status status = GSC_OK;
    if (self->truth != NULL && self->truth->mixture != NULL) {
        status = gsc_mixture_log_likelihood(&self->truth->shape, self->truth->mixture, sample,
                                            &truth, error);
    }
    double reached[1024];
    size_t stopped_iterations = 0;
    const size_t most = options->starts < 1024 ? options->starts : 1024;
    const size_t starts = options->start == GSC_START_GIVEN ? 1 : most;
    for (size_t start = 0; start < starts && status == GSC_OK; start++) {
        gsc_fit fit;
        status = run_start(self, sample, replicate, start, options, start == 0 ? ret_stopped : NULL,
                           &fit, error);
        if (status == GSC_OK) {
            stopped_iterations = start == 0 ? fit.em_iterations : stopped_iterations;
            reached[start] = fit.log_likelihood;
            if (fit.log_likelihood > best.log_likelihood) {
                best = fit;
                memcpy(ret_mixture, self->trial, self->size * sizeof(double));
            }
        }
    }
    if (status != GSC_OK) {
        return status;
    }
    best.log_likelihood_truth = truth;
    best.starts = starts;
    best.stopped_iterations = stopped_iterations;
    for (size_t start = 0; start < starts; start++) {
        best.hits += reached[start] >= best.log_likelihood - 0.1;
    }
    *ret_fit = best;
    return GSC_OK;
}

gsc_status gsc_fitter_kl(gsc_fitter *self, const gsc_kl *kl, const double *mixture, double *ret_kl,
                         gsc_error *error) {
    if (self->discrete != NULL) {
        return gsc_discrete_fitter_kl(self->discrete, mixture, ret_kl, error);
    }
    return gsc_kl_compute(kl, self->objective, self->shape, mixture, ret_kl, error);
}

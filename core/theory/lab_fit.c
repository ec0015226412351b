/* SPDX-License-Identifier: MIT
 *
 * One fit: sample, starts, alignment, losses, errors, divergence, its document.
 */
#include "core/theory/lab_internal.h"

#include "core/theory/mixture_json.h"
#include "core/theory/sampler.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What one fit found, before it is cut into series. */
typedef struct findings {
    gsc_fit fit;
    gsc_loss loss;
    double loss_stopped;
    gsc_align_info align;
    gsc_voronoi cells;
    double n_kl;
    gsc_function_error functions;
} findings;

gsc_status lab_measure_loss(const lab_arm *arm, const double *mixture, double *aligned,
                            gsc_align_info *ret_align, gsc_voronoi *ret_cells, gsc_loss *ret_loss,
                            gsc_error *error) {
    const gsc_loss_kind kind = arm->plan->loss;
    gsc_voronoi cells;
    memcpy(aligned, mixture, arm->layout.size * sizeof(double));
    gsc_status status = gsc_align(arm->reference, kind, &arm->shape, aligned, ret_align, error);
    if (status != GSC_OK) {
        return status;
    }
    gsc_voronoi_assign(arm->reference, &arm->shape, aligned, &cells);
    if (arm->pseudo != NULL) {
        gsc_pseudo_truth_pair(&arm->shape, arm->pseudo, aligned, cells.routed);
        for (size_t j = 0; j < arm->k_routed; j++) {
            cells.routed_size[j] = 1;
        }
    }
    if (ret_cells != NULL) {
        *ret_cells = cells;
    }
    if (arm->plan->no_loss) {
        *ret_loss = (gsc_loss){.total = NAN, .shared = NAN, .routed = NAN};
        return GSC_OK;
    }
    return gsc_loss_compute(kind, arm->reference, &arm->shape, aligned, &cells, ret_loss, error);
}

static gsc_status measure(const lab_arm *arm, gsc_fitter *fitter, size_t n, const double *stopped,
                          const double *mixture, double *aligned, findings *found,
                          gsc_error *error) {
    const gsc_kl *kl = arm->plan->kl;
    gsc_status status = GSC_OK;
    if (arm->plan->fit.polish) {
        gsc_loss loss;
        status =
            lab_measure_loss(arm, stopped, aligned, &found->align, &found->cells, &loss, error);
        found->loss_stopped = loss.total;
    }
    if (status == GSC_OK) {
        status = lab_measure_loss(arm, mixture, aligned, &found->align, &found->cells, &found->loss,
                                  error);
    }
    if (status == GSC_OK && arm->plan->truth->classes == 0) {
        status = gsc_function_error_compute(arm->reference, &arm->shape, aligned, &found->cells,
                                            &found->functions, error);
    }
    found->n_kl = NAN;
    if (status == GSC_OK && kl != NULL) {
        status = gsc_fitter_kl(fitter, kl, mixture, &found->n_kl, error);
        found->n_kl *= (double)n;
    }
    return status;
}

/* Whether the routed cells of several atoms all have true slopes 0. */
static bool is_sparse(const lab_arm *arm, const gsc_voronoi *cells) {
    const gsc_truth *truth = arm->reference;
    const size_t d = truth->shape.inputs;
    for (size_t j = 0; j < truth->shape.k_routed * d; j++) {
        if (cells->routed_size[j / d] > 1 && truth->mixture[truth->layout.beta1 + j] != 0) {
            return false;
        }
    }
    return true;
}

static gsc_status series_value(const lab_arm *arm, const lab_series *series, const double *aligned,
                               const findings *found, double *ret_value, gsc_error *error) {
    const gsc_fit *fit = &found->fit;
    gsc_block_error block;
    gsc_status status = GSC_OK;
    switch (series->quantity) {
    case LAB_LOSS:
        *ret_value = found->loss.total;
        break;
    case LAB_LOSS_SHARED:
        *ret_value = found->loss.shared;
        break;
    case LAB_LOSS_ROUTED:
        *ret_value = found->loss.routed;
        break;
    case LAB_LOSS_SPARSE:
        *ret_value = is_sparse(arm, &found->cells) ? found->loss.total : NAN;
        break;
    case LAB_GATE_ERROR:
        *ret_value = found->functions.gate;
        break;
    case LAB_EXPERT_ERROR:
        *ret_value = found->functions.experts;
        break;
    case LAB_LOSS_STOPPED:
        *ret_value = found->loss_stopped;
        break;
    case LAB_LOG_LIKELIHOOD:
        *ret_value = fit->log_likelihood;
        break;
    case LAB_GAIN:
        *ret_value = fit->log_likelihood - fit->log_likelihood_truth;
        break;
    case LAB_ITERATIONS:
        *ret_value = (double)fit->em_iterations + (double)fit->polish.iterations;
        break;
    case LAB_ITERATIONS_STOPPED:
        *ret_value = (double)fit->stopped_iterations;
        break;
    case LAB_N_KL:
        *ret_value = found->n_kl;
        break;
    case LAB_BLOCK_ERROR:
    case LAB_BLOCK_WORST:
        status = gsc_block_error_compute(arm->reference, &arm->shape, aligned, &found->cells,
                                         &arm->blocks[series->block], series->exact, series->r,
                                         &block, error);
        if (status == GSC_OK) {
            *ret_value = series->quantity == LAB_BLOCK_WORST ? block.worst : block.value;
        }
        break;
    }
    return status;
}

static json_t *alarms_json(const bool *alarms) {
    static const char *const names[LAB_ALARMS] = {
        "likelihood fell",   "empty component",   "parameter at the box", "not converged",
        "alignment clipped", "mass at the floor", "variance at the floor"};
    json_t *list = json_array();
    for (size_t i = 0; i < LAB_ALARMS; i++) {
        if (alarms[i]) {
            json_array_append_new(list, json_string(names[i]));
        }
    }
    return list;
}

static gsc_status tell_document(lab *self, const lab_arm *arm, size_t n, size_t replicate,
                                const double *mixture, const findings *found, const bool *alarms,
                                gsc_error *error) {
    const gsc_fit *fit = &found->fit;
    json_t *json = json_pack(
        "{s:I, s:I, s:s, s:I, s:I, s:f, s:f, s:f}", "n", (json_int_t)n, "replicate",
        (json_int_t)replicate, "arm", arm->name, "k_shared", (json_int_t)arm->k_shared, "k_routed",
        (json_int_t)arm->k_routed, "log_likelihood", fit->log_likelihood, "log_likelihood_stopped",
        fit->log_likelihood_stopped, "log_likelihood_truth", fit->log_likelihood_truth);
    const bool warm_up = arm->plan->fit.polish && fit->em_reason == GSC_EM_ITERATIONS;
    json_object_set_new(json, "em",
                        json_pack("{s:I, s:s}", "iterations", (json_int_t)fit->em_iterations,
                                  "stop",
                                  warm_up ? "warm-up" : gsc_em_reason_name(fit->em_reason)));
    if (arm->plan->fit.polish) {
        json_object_set_new(json, "polish",
                            json_pack("{s:I, s:s, s:f}", "iterations",
                                      (json_int_t)fit->polish.iterations, "stop",
                                      gsc_polish_stop_name(fit->polish.stop), "predicted_gain",
                                      fit->polish.predicted_gain));
    }
    json_object_set_new(json, "start",
                        json_pack("{s:s, s:I, s:f}", "mode",
                                  gsc_start_mode_name(arm->plan->fit.start), "number",
                                  (json_int_t)fit->start, "noise", arm->plan->fit.start_noise));
    json_object_set_new(json, "certificate",
                        json_pack("{s:I, s:I, s:f}", "starts", (json_int_t)fit->starts,
                                  "within_0.1_nat", (json_int_t)fit->hits, "share",
                                  (double)fit->hits / (double)fit->starts));
    if (arm->plan->fit.start == GSC_START_NEAR_TRUTH && arm->shape.gate != NULL &&
        arm->shape.gate->general) {
        const bool own = arm->shape.gate->loaded->gate->score_form == GSC_SCORE_OWN;
        json_object_set_new(json_object_get(json, "start"), "mass_split",
                            json_string(own ? "none" : "beta0 - log |cell|, exact for softmax"));
    }
    if (!arm->plan->no_loss) {
        json_object_set_new(json, "loss",
                            json_pack("{s:f, s:f, s:f}", "total", found->loss.total, "shared",
                                      found->loss.shared, "routed", found->loss.routed));
    }
    json_object_set_new(json, "alignment",
                        json_pack("{s:b, s:b, s:b, s:b}", "translated", found->align.translated,
                                  "rescaled", found->align.rescaled, "canonical_shared",
                                  found->align.canonical_shared, "canonical_routed",
                                  found->align.canonical_routed));
    json_object_set_new(json, "parameters", gsc_mixture_json(&arm->shape, mixture));
    json_object_set_new(json, "alarms", alarms_json(alarms));
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (text == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the document of a fit");
    }
    const gsc_status status = self->sink->document(self->sink, "fit", arm->name, (double)n,
                                                   (int32_t)replicate, text, error);
    free(text);
    return status;
}

static gsc_status tell_points(lab *self, size_t a, size_t size, size_t replicate,
                              const double *aligned, const findings *found, gsc_error *error) {
    const lab_arm *arm = &self->arms[a];
    for (size_t s = 0; s < arm->n_series; s++) {
        double value = NAN;
        gsc_status status = series_value(arm, &arm->series[s], aligned, found, &value, error);
        if (status == GSC_OK && isfinite(value)) {
            const gsc_point point = {(double)self->sizes[size], value, (int32_t)replicate};
            *lab_value(self, a, s, size, replicate) = value;
            status = self->sink->points(self->sink, arm->series[s].handle, &point, 1, error);
        }
        if (status != GSC_OK) {
            return status;
        }
    }
    return GSC_OK;
}

gsc_status lab_run_fit(lab *self, size_t a, size_t size, size_t replicate, size_t worker,
                       bool *ret_alarms, gsc_error *error) {
    const lab_arm *arm = &self->arms[a];
    struct lab_worker *work = &self->workers[worker];
    const size_t n = self->sizes[size];
    double *mixture = malloc(3 * arm->layout.size * sizeof *mixture);
    gsc_status status =
        mixture != NULL ? GSC_OK : gsc_fail(error, GSC_ERR_MEMORY, "no memory for a fit");
    double *aligned = mixture != NULL ? mixture + arm->layout.size : NULL;
    double *stopped = mixture != NULL ? aligned + arm->layout.size : NULL;
    if (status == GSC_OK && work->fitter[a] == NULL) {
        status = gsc_fitter_new(arm->plan->truth, &arm->shape, self->sizes[self->n_sizes - 1],
                                &work->fitter[a], error);
    }
    if (status == GSC_OK) {
        status = gsc_sampler_draw(arm->plan->truth, arm->plan->fit.seed, n, replicate, work->x,
                                  work->y, error);
    }
    findings found = {.loss_stopped = NAN};
    lab_trace trace = {0};
    if (status == GSC_OK) {
        status = lab_trace_init(&trace, arm, error);
    }
    const gsc_sample sample = {.n = n, .inputs = arm->shape.inputs, .x = work->x, .y = work->y};
    if (status == GSC_OK) {
        gsc_fit_options options = arm->plan->fit;
        options.initial = arm->initial;
        options.em.observe = arm->plan->trace > 0 ? lab_trace_observe : NULL;
        options.em.trace_data = &trace;
        status = gsc_fitter_run(work->fitter[a], &sample, replicate, &options, mixture, stopped,
                                &found.fit, error);
    }
    if (status == GSC_OK) {
        status = measure(arm, work->fitter[a], n, stopped, mixture, aligned, &found, error);
    }
    if (status == GSC_OK) {
        self->hits[(a * self->n_sizes + size) * self->replicates + replicate] =
            (double)found.fit.hits;
        ret_alarms[LAB_ALARM_FELL] = found.fit.likelihood_fell;
        ret_alarms[LAB_ALARM_EMPTY] = found.fit.empty_component;
        ret_alarms[LAB_ALARM_BOX] = found.fit.at_box > 0;
        ret_alarms[LAB_ALARM_UNCONVERGED] = arm->plan->fit.polish
                                                ? found.fit.polish.stop != GSC_POLISH_CONVERGED
                                                : found.fit.em_reason == GSC_EM_ITERATIONS;
        ret_alarms[LAB_ALARM_CLIPPED] = found.align.clipped;
        ret_alarms[LAB_ALARM_MASS] = found.fit.at_mass_floor > 0;
        ret_alarms[LAB_ALARM_FLOOR] = found.fit.at_floor > 0;
        status = tell_points(self, a, size, replicate, aligned, &found, error);
    }
    if (status == GSC_OK) {
        status = tell_document(self, arm, n, replicate, mixture, &found, ret_alarms, error);
    }
    if (status == GSC_OK) {
        status = lab_tell_trace(self, a, size, replicate, &trace, found.loss.total,
                                found.loss_stopped, error);
    }
    lab_trace_clear(&trace);
    free(mixture);
    return status;
}

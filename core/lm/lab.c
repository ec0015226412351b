/* SPDX-License-Identifier: MIT
 *
 * The course of a run: steps, checkpoints, validations, and what a stop or a failure leaves. Layer:
 * core/lm.
 */
#include "core/lm/lab_internal.h"

#include "core/data/folder.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static gsc_status save(lab *self, gsc_error *error) {
    if (self->folder == NULL || self->saved_step == self->trainer.step) {
        return GSC_OK;
    }
    lm_lab_keep_tails(self);
    char path[GSC_DATA_PATH_SIZE];
    if (mkdir(self->folder, 0777) != 0 && errno != EEXIST) {
        return gsc_fail(error, GSC_ERR_IO, "%s cannot be made: %s", self->folder, strerror(errno));
    }
    const int length = snprintf(path, sizeof path, "%s/step-%07" PRId64 ".safetensors",
                                self->folder, self->trainer.step);
    if (length < 0 || (size_t)length >= sizeof path) {
        return gsc_fail(error, GSC_ERR_INPUT, "the folder of checkpoints %.80s... is too long",
                        self->folder);
    }
    const gsc_status status =
        gsc_lm_save(self->model, self->trainer.step, self->identity, path, error);
    self->saved_step = status == GSC_OK ? self->trainer.step : self->saved_step;
    return status;
}

/* Looks between two micro-batches whether somebody asked to stop. */
static gsc_status look_for_stop(void *data, const gsc_lm_routing *routing, gsc_error *error) {
    lab *self = data;
    if (routing->layer > 0) {
        return GSC_OK;
    }
    const gsc_status status = self->sink->progress(self->sink, lm_lab_fraction(self), "", error);
    return status == GSC_OK ? lm_lab_heed_stop(self, error) : status;
}

/* The last validation, and what it says of each document. */
static gsc_status validate_at_end(lab *self, double *ret_loss, gsc_error *error) {
    const gsc_probe *all = &self->validation;
    double *losses = malloc(all->positions * sizeof *losses);
    if (losses == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the losses of %" PRIu64 " tokens",
                        all->positions);
    }
    self->trainer.losses = losses;
    gsc_status status = gsc_lm_trainer_evaluate(&self->trainer, all->tokens, all->rows,
                                                look_for_stop, self, NULL, ret_loss, error);
    self->trainer.losses = NULL;
    if (status == GSC_OK) {
        status = lm_lab_tell_documents(self, losses, error);
    }
    free(losses);
    return status;
}

/* The probe, where the router is watched too; at the end more positions. */
static gsc_status validate(lab *self, gsc_error *error) {
    double loss = 0;
    gsc_status status = lm_lab_probe(self, false, &loss, error);
    if (status == GSC_OK && self->trainer.step == self->recipe.steps) {
        status = validate_at_end(self, &loss, error);
    }
    if (status == GSC_OK) {
        self->validation_loss = loss;
        status = lm_lab_tell_point(self, LAB_VALIDATION, loss, error);
    }
    return status;
}

/* A full disk costs checkpoints, not the run: it is told once, and again when one can be written. */
static gsc_status save_or_warn(lab *self, gsc_error *error) {
    gsc_error failed = {0};
    char text[GSC_ERROR_MESSAGE_SIZE];
    const gsc_status status = save(self, &failed);
    const size_t lost = self->lost_saves;
    self->lost_saves = status == GSC_OK ? 0 : lost + 1;
    if ((status == GSC_OK) == (lost == 0)) {
        return GSC_OK; /* as it was */
    }
    if (status != GSC_OK) {
        snprintf(text, sizeof text,
                 "%.400s; the run goes on without checkpoints until one can be "
                 "written",
                 failed.message);
        return self->sink->event(self->sink, GSC_EVENT_WARNING, "lm", text, error);
    }
    snprintf(text, sizeof text,
             "checkpoints are written again from step %" PRId64 " on; %zu %s missing",
             self->trainer.step, lost, lost == 1 ? "is" : "are");
    return self->sink->event(self->sink, GSC_EVENT_WARNING, "lm", text, error);
}

/* At the steps of the list: the weights are kept, then seen. */
static gsc_status stop_by(lab *self, gsc_error *error) {
    gsc_status status = save_or_warn(self, error);
    if (status == GSC_OK) {
        status = validate(self, error);
    }
    if (status == GSC_OK && self->trainer.step > 0) {
        status = lm_lab_tell_loads(self, error);
    }
    return status;
}

static gsc_status one_step(lab *self, gsc_error *error) {
    gsc_lm_step step;
    const double before = lm_lab_now();
    gsc_sampler_batch(&self->sampler, (uint64_t)self->trainer.step, self->recipe.batch, self->batch,
                      (gsc_batch_sources){0});
    self->in_step = true;
    gsc_status status = gsc_lm_trainer_step(&self->trainer, self->batch, &step, error);
    self->in_step = status != GSC_OK;
    self->trained_s += lm_lab_now() - before;
    if (status == GSC_OK) {
        status = lm_lab_tell_courses(self, error);
    }
    if (status == GSC_OK) {
        status = lm_lab_tell_numeric(self, error);
    }
    if (status == GSC_OK) {
        status = lm_lab_tell_step(self, &step, error);
    }
    return status == GSC_OK ? lm_lab_tell_step_loads(self, error) : status;
}

static bool is_stop(const lab *self) {
    for (size_t i = 0; i < self->n_stops; i++) {
        if (self->stops[i] == self->trainer.step) {
            return true;
        }
    }
    return false;
}

/* A run that goes on has told of its steps so far; what belongs to a checkpoint it tells again. */
static gsc_status begin(lab *self, gsc_error *error) {
    gsc_status status = GSC_OK;
    if (self->trainer.step > 0) {
        char text[96];
        snprintf(text, sizeof text, "resumed at step %" PRId64 " of %" PRId64, self->trainer.step,
                 self->recipe.steps);
        status = self->sink->event(self->sink, GSC_EVENT_INFO, "lm", text, error);
    }
    if (status == GSC_OK && self->trainer.step > 0 && self->trainer.step == self->recipe.steps) {
        status = lm_lab_tell_step_loads(self, error);
    }
    lm_lab_restore_tails(self);
    return status == GSC_OK && is_stop(self) ? stop_by(self, error) : status;
}

static gsc_status train(lab *self, gsc_error *error) {
    gsc_status status = begin(self, error);
    if (status == GSC_OK) {
        status = lm_lab_heed_stop(self, error);
    }
    while (status == GSC_OK && self->trainer.step < self->recipe.steps) {
        status = one_step(self, error);
        if (status == GSC_OK && is_stop(self)) {
            status = stop_by(self, error);
        }
        if (status == GSC_OK) {
            status = lm_lab_heed_stop(self, error);
        }
    }
    return status;
}

/* A failure tells when it came, and where the last good weights are. */
static gsc_status point_to_checkpoint(const lab *self, gsc_status status, gsc_error *error) {
    if (error == NULL || self->router == NULL ||
        (status != GSC_ERR_NUMERIC && status != GSC_ERR_PLUGIN)) {
        return status;
    }
    const gsc_error first = *error;
    char when[96];
    snprintf(when, sizeof when,
             self->in_step ? "in step %" PRId64 " of %" PRId64
                           : "at the probe after step %" PRId64 " of %" PRId64,
             self->trainer.step + (self->in_step ? 1 : 0), self->recipe.steps);
    return self->folder == NULL || self->saved_step < 0
               ? gsc_fail(error, status, "%.480s; this was %s", first.message, when)
               : gsc_fail(error, status,
                          "%.480s; this was %s, and the last good checkpoint is step %" PRId64,
                          first.message, when, self->saved_step);
}

gsc_status gsc_lm_run(const gsc_spec *spec, gsc_pool *pool, gsc_sink *sink, gsc_error *error) {
    lab *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the language-model lab");
    }
    self->spec = spec;
    self->pool = pool;
    lm_lab_sink_init(&self->tee, sink);
    self->sink = &self->tee.sink;
    self->folder = getenv("GATESCOPE_CHECKPOINTS");
    self->saved_step = -1;
    gsc_status status = lm_lab_set_up(self, error);
    if (status == GSC_OK) {
        status = lm_lab_declare_series(self, error);
    }
    if (status == GSC_OK) {
        status = lm_lab_declare_courses(self, error);
    }
    if (status == GSC_OK) {
        status = lm_lab_watch_router(self, error);
    }
    if (status == GSC_OK) {
        status = lm_lab_probe_earlier(self, error);
    }
    if (status == GSC_OK) {
        status = train(self, error);
    }
    if (status == GSC_OK) {
        status = gsc_router_report_finish(self->router, error);
    }
    if (status == GSC_OK) {
        status = lm_lab_tell_results(self, error);
    }
    if (status == GSC_OK) {
        status = lm_lab_tell_numeric_result(self, error);
    }
    if (status == GSC_OK) {
        status = self->sink->progress(self->sink, 1, "done", error);
    }
    if (status == GSC_ERR_STOPPED && self->router != NULL) {
        gsc_error ignored = {0};
        save_or_warn(self, &ignored);
    }
    status = status == GSC_OK ? status : point_to_checkpoint(self, status, error);
    lm_lab_tear_down(self);
    free(self);
    return status;
}

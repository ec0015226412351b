/* SPDX-License-Identifier: MIT
 *
 * The cost of a run, of the language-model lab above all: see forecast.h. Layer: core/sweep.
 */
#include "core/sweep/forecast_internal.h"

#include "core/data/tokenizer.h"
#include "core/lm/trainer.h"
#include "core/routing/report.h"
#include "kernels/pool.h"
#include "kernels/queue.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BYTES_VOCABULARY = 257,
    OTHER_VOCABULARY = 32000, /* of a tokenizer's file, which is not opened here */
    STEPS_WATCHED = 14,       /* checkpoints of a run */
    PROGRAM_BYTES =
        16 << 20 /* code, libraries, tokenizer and what is mapped of a corpus: 11 to 14 MB */
};

static const double measure_s = 0.6, set_up_s = 1;

typedef struct trial {
    const gsc_spec *spec;
    gsc_lm_shape shape;
    gsc_lm_options options;
    gsc_lm_recipe recipe;
    gsc_pool *pool;
    gsc_queue *queue;
    gsc_lm *model;
    gsc_lm_trainer trainer;
    int32_t *tokens; /* [batch, context + 1] */
} trial;

double gsc_forecast_now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static size_t vocabulary_of(const gsc_spec *spec) {
    const char *choice = gsc_spec_string(spec, "lm.tokenizer");
    int pieces = 0;
    if (strcmp(choice, "bytes") == 0) {
        return BYTES_VOCABULARY;
    }
    return sscanf(choice, "sentencepiece:%d", &pieces) == 1 && pieces > 1 ? (size_t)pieces
                                                                          : OTHER_VOCABULARY;
}

static gsc_status read_shape(trial *self, gsc_error *error) {
    const gsc_spec *spec = self->spec;
    gsc_status status = gsc_lm_shape_read(spec, vocabulary_of(spec), &self->shape, error);
    self->recipe = (gsc_lm_recipe){.batch = (size_t)gsc_spec_int(spec, "lm.batch"),
                                   .accumulate = (size_t)gsc_spec_int(spec, "lm.accumulate"),
                                   .steps = gsc_spec_int(spec, "lm.steps"),
                                   .learning_rate = 1e-3,
                                   .floor = 0.1,
                                   .clip = 0.25,
                                   .beta1 = 0.9,
                                   .beta2 = 0.999,
                                   .epsilon = 1e-8};
    if (status == GSC_OK && self->recipe.batch % self->recipe.accumulate != 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "lm.batch is %zu, which lm.accumulate %zu does not divide",
                        self->recipe.batch, self->recipe.accumulate);
    }
    self->options = (gsc_lm_options){.dtype = GSC_F32,
                                     .sequences = self->recipe.batch / self->recipe.accumulate,
                                     .seed = 1,
                                     .training = true};
    return status;
}

static gsc_status set_up(trial *self, unsigned threads, gsc_error *error) {
    const size_t count = self->recipe.batch * (self->shape.context + 1);
    gsc_status status = gsc_pool_new(threads, &self->pool, error);
    if (status == GSC_OK) {
        self->options.pool = self->pool;
        status = gsc_queue_new(gsc_device_cpu(), self->pool,
                               gsc_lm_workspace_bytes(&self->shape, threads), &self->queue, error);
    }
    if (status == GSC_OK) {
        status = gsc_lm_new(self->queue, &self->shape, &self->options, &self->model, error);
    }
    if (status == GSC_OK) {
        status =
            gsc_lm_trainer_init(&self->trainer, self->queue, self->model, &self->recipe, error);
    }
    self->tokens = malloc(count * sizeof *self->tokens);
    if (status == GSC_OK && self->tokens == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu tokens", count);
    }
    for (size_t i = 0; status == GSC_OK && i < count; i++) {
        self->tokens[i] = (int32_t)((i * i * 31 + i * 7) % self->shape.vocabulary);
    }
    return status;
}

static void tear_down(trial *self) {
    gsc_lm_trainer_clear(&self->trainer);
    gsc_lm_free(self->model);
    gsc_queue_free(self->queue);
    gsc_pool_free(self->pool);
    free(self->tokens);
}

/* Checkpoints at which the probe is seen. */
static double looks_of(const trial *self) {
    const int64_t every = gsc_spec_int(self->spec, "lm.checkpoint_every");
    return every > 0 ? (double)(self->recipe.steps / every) + 2 : (double)STEPS_WATCHED;
}

/* What a run takes beside its model: the router's metrics, and the program itself. */
static double other_bytes(const trial *self) {
    const gsc_router_plan plan = {.layers = self->shape.layers,
                                  .experts = self->shape.experts,
                                  .top_k = self->shape.top_k,
                                  .positions =
                                      (size_t)gsc_spec_int(self->spec, "lm.probe_positions")};
    return (double)gsc_router_report_bytes(&plan, (size_t)looks_of(self)) + PROGRAM_BYTES;
}

/* Seconds of a training step, or of an evaluation of as many tokens; the first one warms up. */
static gsc_status measure(trial *self, bool training, double *ret_s, gsc_error *error) {
    double began = 0, ended = 0, loss;
    gsc_lm_step step;
    int n = -1;
    gsc_status status = GSC_OK;
    while (status == GSC_OK && (n < 1 || ended - began < measure_s)) {
        status = training
                     ? gsc_lm_trainer_step(&self->trainer, self->tokens, &step, error)
                     : gsc_lm_trainer_evaluate(&self->trainer, self->tokens, self->recipe.batch,
                                               NULL, NULL, NULL, &loss, error);
        ended = gsc_forecast_now_s();
        began = n < 0 ? ended : began;
        n++;
    }
    *ret_s = (ended - began) / (double)(n > 0 ? n : 1);
    return status;
}

/* All tokens that are seen without learning, in steps' worth. */
static double evaluations(const trial *self) {
    const gsc_spec *spec = self->spec;
    const double positions = looks_of(self) * (double)gsc_spec_int(spec, "lm.probe_positions") +
                             (double)gsc_spec_int(spec, "lm.validation_positions");
    return positions / (double)(self->recipe.batch * self->shape.context);
}

gsc_status gsc_sweep_forecast(const gsc_spec *spec, unsigned threads, bool timed,
                              gsc_sweep_cost *ret_cost, gsc_error *error) {
    gsc_sweep_cost cost = {.bytes = 0, .seconds = NAN};
    trial self = {.spec = spec};
    gsc_lm_forecast memory;
    gsc_tokenizer_needs making = {0};
    if (strcmp(gsc_spec_string(spec, "lab"), "lm") != 0) {
        const gsc_status told =
            timed ? gsc_forecast_theory(spec, threads, &cost.seconds, error) : GSC_OK;
        *ret_cost = told == GSC_OK ? cost : *ret_cost;
        return told;
    }
    gsc_status status = read_shape(&self, error);
    if (status == GSC_OK) {
        status = gsc_lm_forecast_of(&self.shape, &self.options, &memory, error);
    }
    if (status == GSC_OK) {
        cost.bytes = (double)memory.total + other_bytes(&self);
        /* Before the model is there; a corpus that is not here yet cannot be asked. */
        if (gsc_tokenizer_foresee(gsc_spec_string(spec, "lm.tokenizer"),
                                  gsc_spec_string(spec, "lm.data"), &making, NULL) != GSC_OK) {
            making.memory_bytes = 0;
        }
        cost.bytes = fmax(cost.bytes, (double)making.memory_bytes + PROGRAM_BYTES);
    }
    if (status == GSC_OK && timed) {
        double step_s = 0, look_s = 0;
        status = set_up(&self, threads, error);
        if (status == GSC_OK) {
            status = measure(&self, true, &step_s, error);
        }
        if (status == GSC_OK) {
            status = measure(&self, false, &look_s, error);
        }
        cost.seconds = set_up_s + (double)self.recipe.steps * step_s + evaluations(&self) * look_s;
        tear_down(&self);
    }
    if (status == GSC_OK) {
        *ret_cost = cost;
    }
    return status;
}

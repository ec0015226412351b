/* SPDX-License-Identifier: MIT
 *
 * Optimiser steps and evaluation. Layer: core/lm.
 */
#include "core/lm/trainer.h"

#include "kernels/adamw.h"
#include "kernels/elementwise.h"
#include "kernels/reduce.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SUM_BYTES = 16,
    INDEX_AT = 8 /* bytes */
};

gsc_lm_recipe gsc_lm_recipe_read(const gsc_spec *spec) {
    return (gsc_lm_recipe){.batch = (size_t)gsc_spec_int(spec, "lm.batch"),
                           .accumulate = (size_t)gsc_spec_int(spec, "lm.accumulate"),
                           .steps = gsc_spec_int(spec, "lm.steps"),
                           .warmup = gsc_spec_int(spec, "lm.warmup"),
                           .learning_rate = gsc_spec_real(spec, "lm.learning_rate"),
                           .floor = gsc_spec_real(spec, "lm.rate_floor"),
                           .clip = gsc_spec_real(spec, "lm.clip"),
                           .decay = gsc_spec_real(spec, "lm.weight_decay"),
                           .beta1 = gsc_spec_real(spec, "lm.beta1"),
                           .beta2 = gsc_spec_real(spec, "lm.beta2"),
                           .epsilon = 1e-8};
}

double gsc_lm_rate(const gsc_lm_recipe *recipe, int64_t step) {
    if (step < recipe->warmup) {
        return recipe->learning_rate * (double)(step + 1) / (double)recipe->warmup;
    }
    const double length = (double)(recipe->steps - recipe->warmup);
    const double part = length > 0 ? fmin(1, (double)(step - recipe->warmup) / length) : 1;
    return recipe->learning_rate *
           (recipe->floor + (1 - recipe->floor) * (1 + cos(3.141592653589793 * part)) / 2);
}

static size_t sequences(const gsc_lm_trainer *self) {
    return self->recipe.batch / self->recipe.accumulate;
}

gsc_status gsc_lm_trainer_init(gsc_lm_trainer *self, gsc_queue *queue, gsc_lm *model,
                               const gsc_lm_recipe *recipe, gsc_error *error) {
    const gsc_lm_shape *s = gsc_lm_get_shape(model);
    if (recipe->batch == 0 || recipe->accumulate == 0 || recipe->batch % recipe->accumulate != 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "lm.batch is %zu, which lm.accumulate %zu does not divide", recipe->batch,
                        recipe->accumulate);
    }
    gsc_lm_trainer made = {.queue = queue, .model = model, .recipe = *recipe};
    const size_t rows = recipe->batch / recipe->accumulate * s->context;
    made.loads = calloc(s->layers * s->experts, sizeof *made.loads);
    made.dropped = calloc(s->layers, sizeof *made.dropped);
    made.tokens = calloc(rows, sizeof *made.tokens);
    made.targets = calloc(rows, sizeof *made.targets);
    gsc_status status = gsc_buf_new(queue, SUM_BYTES, &made.sums, error);
    if (status == GSC_OK && (made.loads == NULL || made.dropped == NULL || made.tokens == NULL ||
                             made.targets == NULL)) {
        status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for a batch of %zu tokens", rows);
    }
    if (status != GSC_OK) {
        gsc_lm_trainer_clear(&made);
        return status;
    }
    *self = made;
    return GSC_OK;
}

void gsc_lm_trainer_clear(gsc_lm_trainer *self) {
    free(self->loads);
    free(self->dropped);
    free(self->tokens);
    free(self->targets);
    gsc_buf_free(self->sums);
    *self = (gsc_lm_trainer){0};
}

/* Inputs and targets of count contexts; what is missing repeats the first and counts nothing. */
static void cut(gsc_lm_trainer *self, const int32_t *contexts, size_t count) {
    const size_t context = gsc_lm_get_shape(self->model)->context;
    for (size_t s = 0; s < sequences(self); s++) {
        const int32_t *from = contexts + (s < count ? s : 0) * (context + 1);
        for (size_t t = 0; t < context; t++) {
            self->tokens[s * context + t] = from[t];
            self->targets[s * context + t] = s < count ? from[t + 1] : -1;
        }
    }
}

/* The parameter whose gradient is not finite, the last in the list, which the backward pass comes to
 * first: it spreads what is wrong to all before it. */
static gsc_status name_not_finite(gsc_lm_trainer *self, double norm, gsc_error *error) {
    const gsc_lm_parameters *list = gsc_lm_get_parameters(self->model);
    const gsc_view index = {
        .buf = self->sums, .offset = INDEX_AT / 4, .dtype = GSC_I32, .dims = 1, .shape = {1}};
    const char *name = "the model";
    for (size_t i = list->count; i-- > 0;) {
        const gsc_view gradient = gsc_lm_view(self->model, GSC_LM_GRADIENTS, &list->list[i]);
        int32_t first = -1;
        gsc_first_not_finite(self->queue, &index, &gradient);
        const gsc_status status =
            gsc_buf_read(self->queue, self->sums, INDEX_AT, sizeof first, &first, error);
        if (status != GSC_OK) {
            return status;
        }
        if (first >= 0) {
            name = list->list[i].name;
            break;
        }
    }
    return gsc_fail(error, GSC_ERR_NUMERIC,
                    "the gradient of %s is not finite after %" PRId64
                    " steps (norm %g); a lower learning rate or a tighter clip may keep it finite",
                    name, self->step, isnan(norm) ? NAN : norm);
}

static gsc_status find_norm(gsc_lm_trainer *self, double *ret_norm, gsc_error *error) {
    const gsc_view sum = {.buf = self->sums, .dtype = GSC_F64, .dims = 1, .shape = {1}};
    const gsc_view all = gsc_lm_arena_view(self->model, GSC_LM_GRADIENTS);
    double squares = 0;
    gsc_sum_squares(self->queue, &sum, &all, false);
    gsc_status status = gsc_buf_read(self->queue, self->sums, 0, sizeof squares, &squares, error);
    *ret_norm = sqrt(squares);
    return status == GSC_OK && !isfinite(squares) ? name_not_finite(self, *ret_norm, error)
                                                  : status;
}

static void move_weights(gsc_lm_trainer *self, double norm, double rate) {
    const gsc_lm_parameters *list = gsc_lm_get_parameters(self->model);
    gsc_adamw_options options = {.rate = rate,
                                 .beta1 = self->recipe.beta1,
                                 .beta2 = self->recipe.beta2,
                                 .epsilon = self->recipe.epsilon,
                                 .gradient_scale = gsc_clip_scale(norm, self->recipe.clip),
                                 .step = self->step + 1};
    for (size_t i = 0; i < list->count; i++) {
        const gsc_lm_parameter *p = &list->list[i];
        const gsc_view value = gsc_lm_view(self->model, GSC_LM_VALUES, p);
        const gsc_view gradient = gsc_lm_view(self->model, GSC_LM_GRADIENTS, p);
        const gsc_view m = gsc_lm_view(self->model, GSC_LM_MOMENT_1, p);
        const gsc_view v = gsc_lm_view(self->model, GSC_LM_MOMENT_2, p);
        options.decay = p->decay ? self->recipe.decay : 0;
        if (p->trained) {
            gsc_adamw(self->queue, &value, &m, &v, &gradient, &options);
        }
    }
}

static void end_step(gsc_lm_trainer *self) {
    const gsc_lm_shape *s = gsc_lm_get_shape(self->model);
    for (size_t layer = 0; layer < s->layers; layer++) {
        memcpy(self->loads + layer * s->experts, gsc_lm_loads(self->model, layer),
               s->experts * sizeof *self->loads);
        self->dropped[layer] = gsc_lm_dropped(self->model, layer);
    }
    gsc_lm_end_step(self->model, self->step);
    self->step++;
}

gsc_status gsc_lm_trainer_step(gsc_lm_trainer *self, const int32_t *tokens, gsc_lm_step *ret_step,
                               gsc_error *error) {
    const gsc_lm_shape *s = gsc_lm_get_shape(self->model);
    const size_t parts = self->recipe.accumulate, rows = sequences(self) * s->context;
    gsc_lm_step made = {.rate = gsc_lm_rate(&self->recipe, self->step)};
    gsc_lm_forget_gradients(self->model);
    for (size_t part = 0; part < parts; part++) {
        gsc_lm_loss loss;
        cut(self, tokens + part * sequences(self) * (s->context + 1), sequences(self));
        const gsc_lm_batch batch = {.tokens = self->tokens,
                                    .targets = self->targets,
                                    .step = self->step,
                                    .first_row = (int64_t)(part * rows),
                                    .loss_scale = 1.0 / (double)(parts * rows),
                                    .balance_scale = 1.0 / (double)parts};
        const gsc_status status = gsc_lm_gradient(self->model, &batch, &loss, error);
        if (status != GSC_OK) {
            return status;
        }
        made.loss += loss.sum / (double)(parts * rows);
        made.balance += loss.balance / (double)parts;
    }
    gsc_status status = find_norm(self, &made.norm, error);
    if (status == GSC_OK) {
        move_weights(self, made.norm, made.rate);
        status = gsc_queue_finish(self->queue, error);
    }
    if (status == GSC_OK) {
        end_step(self);
        *ret_step = made;
    }
    return status;
}

gsc_status gsc_lm_trainer_evaluate(gsc_lm_trainer *self, const int32_t *contexts, size_t rows,
                                   gsc_lm_visit *visit, void *visit_data, size_t *ret_valid,
                                   double *ret_loss, gsc_error *error) {
    const size_t context = gsc_lm_get_shape(self->model)->context;
    double sum = 0;
    for (size_t first = 0; first < rows; first += sequences(self)) {
        const size_t left = rows - first, count = left < sequences(self) ? left : sequences(self);
        gsc_lm_loss loss;
        cut(self, contexts + first * (context + 1), count);
        if (ret_valid != NULL) {
            *ret_valid = count * context;
        }
        const gsc_lm_batch batch = {
            .tokens = self->tokens,
            .targets = self->targets,
            .step = self->step,
            .first_row = (int64_t)(first * context),
            .loss_scale = 1,
            .visit = visit,
            .visit_data = visit_data,
            .ret_losses = self->losses != NULL ? self->losses + first * context : NULL,
            .n_losses = count * context};
        const gsc_status status = gsc_lm_forward(self->model, &batch, &loss, error);
        if (status != GSC_OK) {
            return status;
        }
        sum += loss.sum;
    }
    *ret_loss = sum / (double)(rows * context);
    return GSC_OK;
}

/* SPDX-License-Identifier: MIT
 *
 * Optimiser steps of a language model: gradients over micro-batches, clipping by norm, AdamW, the
 * learning rate's course, and what gates and balancers do at the end of a step.
 *
 *     rate(s) = peak * (s + 1) / warmup                         for s < warmup
 *             = peak * (floor + (1 - floor) (1 + cos(pi u)) / 2)   after,
 *               u = (s - warmup) / (steps - warmup)
 *
 * with s counted from 0. Matrices decay, gains and biases do not. A step is a function of weights,
 * moments, state and tokens, so a run that goes on from a checkpoint gives the same bits as one
 * that was never interrupted.
 *
 * Layer: core/lm.
 */
#ifndef GSC_CORE_LM_TRAINER_H
#define GSC_CORE_LM_TRAINER_H

#include "core/lm/model.h"

typedef struct gsc_lm_recipe {
    size_t batch;      /* sequences of a step */
    size_t accumulate; /* micro-batches that a step is cut into; divides batch */
    int64_t steps, warmup;
    double learning_rate, floor; /* peak, and what share of it is left at the end */
    double clip;                 /* norm of the gradient at most; 0: any */
    double decay, beta1, beta2, epsilon;
} gsc_lm_recipe;

/* What a checked spec says of training, under its keys lm.*; epsilon, which has no key, is 1e-8. */
gsc_lm_recipe gsc_lm_recipe_read(const gsc_spec *spec);

typedef struct gsc_lm_trainer {
    gsc_queue *queue; /* borrowed, as model */
    gsc_lm *model;
    gsc_lm_recipe recipe;
    int64_t step;    /* steps done */
    double *loads;   /* [layers, experts] choices in the last step */
    double *dropped; /* [layers] those of them that full experts dropped */
    int32_t *tokens, *targets;
    gsc_buf *sums; /* one double, one index */
    double
        *losses; /* set before an evaluation: [rows, context] the loss of each target; NULL: none */
} gsc_lm_trainer;

typedef struct gsc_lm_step {
    double loss;    /* mean cross-entropy, nats a token */
    double balance; /* sum over layers of coefficient * balancing loss */
    double norm;    /* of the gradient, before clipping */
    double rate;
} gsc_lm_step;

/* The model was made with training and recipe.batch / recipe.accumulate sequences. */
gsc_status gsc_lm_trainer_init(gsc_lm_trainer *self, gsc_queue *queue, gsc_lm *model,
                               const gsc_lm_recipe *recipe, gsc_error *error);
void gsc_lm_trainer_clear(gsc_lm_trainer *self); /* a zeroed one is fine */

double gsc_lm_rate(const gsc_lm_recipe *recipe, int64_t step);

/* One step over tokens [batch, context + 1]. A loss or a gradient that is not finite is
 * GSC_ERR_NUMERIC, naming step and layer or parameter; weights and moments are then as before. */
gsc_status gsc_lm_trainer_step(gsc_lm_trainer *self, const int32_t *tokens, gsc_lm_step *ret_step,
                               gsc_error *error);

/* Mean cross-entropy over contexts [rows, context + 1], any number of rows. visit sees every
 * micro-batch's routing; rows beyond the last context are padding: *ret_valid, where given, tells
 * how many rows of the micro-batch under way are not. [changes no state] */
gsc_status gsc_lm_trainer_evaluate(gsc_lm_trainer *self, const int32_t *contexts, size_t rows,
                                   gsc_lm_visit *visit, void *visit_data, size_t *ret_valid,
                                   double *ret_loss, gsc_error *error);

#endif

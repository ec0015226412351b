/* SPDX-License-Identifier: MIT
 *
 * Small language models for tests: sizes that a check by differences can afford, with the shipped
 * plugins.
 *
 * Layer: tests.
 */
#ifndef GSC_TESTS_LM_SMALL_LM_H
#define GSC_TESTS_LM_SMALL_LM_H

#include "core/lm/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the test where something that must work does not. */
static inline void must(gsc_status status, const gsc_error *error) {
    if (status != GSC_OK) {
        printf("Bail out! %s\n", error->message);
        exit(1);
    }
}

static inline void small_plugin(gsc_kind kind, const char *id, double first, double coefficient,
                                gsc_lm_plugin *ret_plugin) {
    gsc_error error = {0};
    must(gsc_lm_plugin_load(kind, id, ret_plugin, &error), &error);
    ret_plugin->params[0] = first;
    ret_plugin->coefficient = coefficient;
}

/* Layer norm, an untied head with bias, half of each head turned, a Switch loss, one shared expert,
 * ReLU without biases: as the paper has it. */
static inline gsc_lm_shape small_shape(const char *gate) {
    gsc_lm_shape s = {.layers = 2,
                      .width = 8,
                      .heads = 2,
                      .head_size = 6,
                      .context = 5,
                      .vocabulary = 11,
                      .experts = 4,
                      .top_k = 2,
                      .shared = 1,
                      .expert_width = 3,
                      .rotated = 4,
                      .output_bias = true,
                      .scaled_embedding = true,
                      .norm_epsilon = 1e-5,
                      .rope_base = 1e4,
                      .routed_scale = 1,
                      .logit_sd = 0.7,
                      .n_balancers = 1};
    small_plugin(GSC_KIND_GATE, gate, 0, 0, &s.gate);
    s.gate.params[0] =
        s.gate.loaded->plugin->n_params > 0 ? s.gate.loaded->plugin->params[0].initial : 0;
    small_plugin(GSC_KIND_EXPERT, "relu", 0, 0, &s.expert);
    small_plugin(GSC_KIND_BALANCER, "switch", 0, 0.1, &s.balancers[0]);
    return s;
}

/* Tokens and targets that repeat and skip some of the vocabulary; one target counts nothing. */
static inline void small_text(const gsc_lm_shape *s, size_t rows, size_t shift, int32_t *ret_tokens,
                              int32_t *ret_targets) {
    for (size_t t = 0; t < rows; t++) {
        const size_t i = t + shift;
        ret_tokens[t] = (int32_t)((i * i + 3 * i + i / 4) % (s->vocabulary - 1));
        ret_targets[t] = (int32_t)((i * 7 + i * i / 3 + 1) % s->vocabulary);
    }
    ret_targets[rows - 1] = -1;
}

static inline gsc_queue *small_queue(const gsc_device *device, gsc_pool *pool,
                                     const gsc_lm_shape *shape) {
    gsc_error error = {0};
    gsc_queue *queue = NULL;
    must(gsc_queue_new(device, pool, gsc_lm_workspace_bytes(shape, gsc_pool_threads(pool)), &queue,
                       &error),
         &error);
    return queue;
}

static inline gsc_lm *small_model(gsc_queue *queue, gsc_pool *pool, const gsc_lm_shape *shape,
                                  gsc_dtype dtype, size_t sequences) {
    gsc_error error = {0};
    gsc_lm *model = NULL;
    const gsc_lm_options options = {
        .dtype = dtype, .sequences = sequences, .seed = 7, .training = true, .pool = pool};
    must(gsc_lm_new(queue, shape, &options, &model, &error), &error);
    return model;
}

#endif

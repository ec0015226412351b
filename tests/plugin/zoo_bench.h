/* SPDX-License-Identifier: MIT
 *
 * One shipped gate over a small batch, for the tests of the zoo: its own tensors, inputs and weights
 * filled with numbers of no pattern, and a pass through its stages.
 *
 * Layer: tests.
 */
#ifndef GSC_TESTS_PLUGIN_ZOO_BENCH_H
#define GSC_TESTS_PLUGIN_ZOO_BENCH_H

#include "core/plugin/registry.h"
#include "core/plugin/stages.h"
#include "tests/tap.h"

#include <stdbool.h>
#include <stdlib.h>

enum {
    ZOO_ROWS = 12,
    ZOO_INPUTS = 3,
    ZOO_EXPERTS = 6,
    ZOO_K = 2,
    ZOO_MOST_LOGITS = 24,
    ZOO_MOST_TENSORS = 4,
    ZOO_MOST_NUMBERS = 32768
};

typedef struct zoo_bench {
    const gsc_loaded *loaded;
    gsc_call call;
    gsc_gate_pass pass;
    double params[8], x[ZOO_ROWS * ZOO_INPUTS], w[ZOO_MOST_LOGITS * ZOO_INPUTS];
    double numbers[ZOO_MOST_TENSORS][ZOO_MOST_NUMBERS], slopes[ZOO_MOST_TENSORS][ZOO_MOST_NUMBERS];
    double *tensors[ZOO_MOST_TENSORS], *gradients[ZOO_MOST_TENSORS];
    size_t sizes[ZOO_MOST_TENSORS];
    double bias[ZOO_EXPERTS];
    int64_t tokens[ZOO_ROWS];
} zoo_bench;

static inline void zoo_need(gsc_status status, const gsc_error *error) {
    if (status != GSC_OK) {
        printf("Bail out! %s\n", error->message);
        exit(1);
    }
}

static inline const gsc_loaded *zoo_load(gsc_kind kind, const char *id) {
    const gsc_loaded *loaded = NULL;
    gsc_error error = {0};
    zoo_need(gsc_registry_load(kind, id, &loaded, &error), &error);
    return loaded;
}

/* A number in (-1, 1) without a pattern. */
static inline double zoo_number(size_t i, double seed) {
    const double v = sin(12.9898 * (double)i + 78.233 * seed) * 43758.5453;
    return 2 * (v - floor(v)) - 1;
}

/* first: the value of the first parameter, NAN for its initial one. scale: of the weights. */
static inline zoo_bench *zoo_bench_new(const char *id, double first, double scale) {
    zoo_bench *b = calloc(1, sizeof *b);
    gsc_error error = {0};
    int64_t logits = 0;
    b->loaded = zoo_load(GSC_KIND_GATE, id);
    const gsc_plugin *plugin = b->loaded->plugin;
    for (uint32_t i = 0; i < plugin->n_params; i++) {
        b->params[i] = plugin->params[i].initial;
    }
    b->params[0] = isnan(first) ? b->params[0] : first;
    zoo_need(gsc_gate_logits(b->loaded, ZOO_EXPERTS, b->params, &logits, &error), &error);
    b->call = (gsc_call){.struct_size = sizeof(gsc_call),
                         .layer = 1,
                         .rows = ZOO_ROWS,
                         .inputs = ZOO_INPUTS,
                         .experts = ZOO_EXPERTS,
                         .logits = logits,
                         .top_k = ZOO_K,
                         .params = b->params,
                         .tensors = b->tensors,
                         .gradients = b->gradients,
                         .bias = b->bias,
                         .tokens = b->tokens,
                         .first_row = 5,
                         .step = 3,
                         .random_key = 0x1234567,
                         .training = 1};
    for (size_t i = 0; i < ZOO_ROWS * ZOO_INPUTS; i++) {
        b->x[i] = 1.5 * zoo_number(i, 1);
    }
    for (size_t i = 0; i < ZOO_MOST_LOGITS * ZOO_INPUTS; i++) {
        b->w[i] = scale * zoo_number(i, 2);
    }
    for (size_t t = 0; t < ZOO_ROWS; t++) {
        b->tokens[t] = (int64_t)(t * t % 7);
    }
    for (uint32_t i = 0; i < plugin->n_tensors; i++) {
        const gsc_tensor *tensor = &plugin->tensors[i];
        b->sizes[i] = (size_t)gsc_tensor_count(tensor, &b->call);
        if (b->sizes[i] > ZOO_MOST_NUMBERS) {
            printf("Bail out! tensor %s has %zu numbers\n", tensor->name, b->sizes[i]);
            exit(1);
        }
        for (size_t k = 0; k < b->sizes[i] && tensor->role != GSC_TENSOR_STATE; k++) {
            b->numbers[i][k] = tensor->init == GSC_INIT_PARAM ? b->params[(size_t)tensor->scale]
                                                              : scale * zoo_number(k, 3 + i);
        }
        b->tensors[i] = b->numbers[i];
        b->gradients[i] = tensor->role == GSC_TENSOR_TRAINED ? b->slopes[i] : NULL;
    }
    zoo_need(gsc_gate_pass_init(&b->pass, b->loaded, &b->call, &error), &error);
    return b;
}

static inline void zoo_bench_free(zoo_bench *b) {
    gsc_gate_pass_clear(&b->pass);
    free(b);
}

static inline void zoo_forward(zoo_bench *b) {
    gsc_error error = {0};
    zoo_need(gsc_gate_forward(&b->pass, b->x, b->w, NULL, &error), &error);
}

/* The place of expert j among the chosen of row t, -1: not chosen. */
static inline int64_t zoo_place(const zoo_bench *b, size_t t, int j) {
    const gsc_choice *choice = &b->pass.choice;
    for (int64_t i = choice->start[t]; i < choice->start[t + 1]; i++) {
        if (choice->chosen[i] == j) {
            return i;
        }
    }
    return -1;
}

static inline double zoo_dot(const double *x, const double *w) {
    double sum = 0;
    for (size_t i = 0; i < ZOO_INPUTS; i++) {
        sum += x[i] * w[i];
    }
    return sum;
}

#endif

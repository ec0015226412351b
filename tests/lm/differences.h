/* SPDX-License-Identifier: MIT
 *
 * Gradients of a whole small model against central differences, in double.
 *
 * Layer: tests.
 */
#ifndef GSC_TESTS_LM_DIFFERENCES_H
#define GSC_TESTS_LM_DIFFERENCES_H

#include "tests/lm/small_lm.h"

#include <math.h>

enum {
    DIFFERENCE_ROWS = 16
};

typedef struct problem {
    gsc_lm *model;
    gsc_lm_batch batch;
    int32_t tokens[DIFFERENCE_ROWS], targets[DIFFERENCE_ROWS];
} problem;

static inline double objective(problem *p) {
    gsc_error error = {0};
    gsc_lm_loss loss;
    p->batch.tokens = p->tokens;
    p->batch.targets = p->targets;
    must(gsc_lm_forward(p->model, &p->batch, &loss, &error), &error);
    return loss.sum * p->batch.loss_scale + loss.balance;
}

static inline double difference(problem *p, const gsc_lm_parameter *parameter, size_t i, double h) {
    gsc_error error = {0};
    double value, moved, up, down;
    must(gsc_lm_read(p->model, GSC_LM_VALUES, parameter, i, 1, &value, &error), &error);
    moved = value + h;
    must(gsc_lm_write(p->model, GSC_LM_VALUES, parameter, i, 1, &moved, &error), &error);
    up = objective(p);
    moved = value - h;
    must(gsc_lm_write(p->model, GSC_LM_VALUES, parameter, i, 1, &moved, &error), &error);
    down = objective(p);
    must(gsc_lm_write(p->model, GSC_LM_VALUES, parameter, i, 1, &value, &error), &error);
    return (up - down) / (2 * h);
}

/* Two sequences of the shape's context, at most DIFFERENCE_ROWS tokens; training: with jitter and
 * drops. The model's gradients are there afterwards. */
static inline problem pose_problem(gsc_queue *queue, const gsc_lm_shape *shape, bool training) {
    gsc_error error = {0};
    gsc_lm_loss loss;
    problem p = {.model = small_model(queue, NULL, shape, GSC_F64, 2)};
    const size_t rows = 2 * shape->context;
    small_text(shape, rows, 0, p.tokens, p.targets);
    p.batch = (gsc_lm_batch){.step = 1,
                             .loss_scale = 1.0 / (double)(rows - 1),
                             .balance_scale = 1,
                             .as_training = training};
    p.batch.tokens = p.tokens;
    p.batch.targets = p.targets;
    must(gsc_lm_gradient(p.model, &p.batch, &loss, &error), &error);
    return p;
}

/* The worst |gradient - difference| over some numbers of every parameter, where; the largest
 * gradient of parameters whose name holds `of`. */
static inline double worst_difference(problem *p, const char *of, const char **ret_where,
                                      double *ret_largest) {
    gsc_error error = {0};
    const gsc_lm_parameters *list = gsc_lm_get_parameters(p->model);
    double worst = 0, largest = 0;
    *ret_where = "";
    for (size_t i = 0; i < list->count; i++) {
        const gsc_lm_parameter *parameter = &list->list[i];
        const size_t step = parameter->count > 16 ? parameter->count / 16 : 1;
        for (size_t k = 0; k < parameter->count && parameter->trained; k += step) {
            double gradient;
            must(gsc_lm_read(p->model, GSC_LM_GRADIENTS, parameter, k, 1, &gradient, &error),
                 &error);
            const double off = fabs(gradient - difference(p, parameter, k, 1e-6));
            *ret_where = off > worst ? parameter->name : *ret_where;
            worst = fmax(worst, off);
            largest = strstr(parameter->name, of) != NULL ? fmax(largest, fabs(gradient)) : largest;
        }
    }
    *ret_largest = largest;
    return worst;
}

#endif

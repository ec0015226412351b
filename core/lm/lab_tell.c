/* SPDX-License-Identifier: MIT
 *
 * What a run of the language-model lab tells, with names, units and definitions. Layer: core/lm.
 */
#include "core/lm/lab_internal.h"

#include "core/lm/replay.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double lm_lab_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

gsc_status lm_lab_declare_series(lab *self, gsc_error *error) {
    char validation[200], load[200];
    snprintf(validation, sizeof validation,
             "mean cross-entropy over %" PRIu64
             " fixed held-out tokens; the last value over %" PRIu64,
             self->interim.positions, self->validation.positions);
    snprintf(load, sizeof load,
             "share of a step's choices that each of the layer's experts got, before any drop");
    const struct {
        const char *name, *title, *unit, *definition, *panel, *y_title;
    } all[LAB_SERIES] = {
        [LAB_LOSS] = {"loss", "Training", "nat", "mean cross-entropy of a step's tokens", "loss",
                      "Loss per token"},
        [LAB_VALIDATION] = {"validation_loss", "Validation", "nat", validation, "loss",
                            "Loss per token"},
        [LAB_BALANCE] = {"balance_loss", "Balancing loss", "",
                         "sum over layers of coefficient times the balancer's loss", "balance",
                         "Balancing loss"},
        [LAB_NORM] = {"gradient_norm", "Gradient", "", "norm of the gradient before clipping",
                      "gradient", "Gradient norm"},
        [LAB_RATE] = {"learning_rate", "Learning rate", "", "AdamW's rate in the step",
                      "learning_rate", "Learning rate"},
        [LAB_SPEED] = {"tokens_per_second", "Speed", "tokens/s",
                       "training tokens by the time in steps", "speed", "Tokens per second"},
        [LAB_DOCUMENTS] = {"validation_loss_document", "Held-out documents", "nat",
                           "mean cross-entropy of each held-out document's tokens at the last step",
                           "documents", "Loss per token"},
        [LAB_DOCUMENT_TOKENS] = {"validation_tokens_document", "Tokens of held-out documents",
                                 "tokens", "validation tokens of each held-out document",
                                 "document_tokens", "Tokens"}};
    gsc_status status = GSC_OK;
    for (int i = 0; i < LAB_SERIES && status == GSC_OK; i++) {
        gsc_series_info info = GSC_SERIES_INIT;
        info.name = all[i].name;
        info.title = all[i].title;
        info.unit = all[i].unit;
        info.definition = all[i].definition;
        info.panel = all[i].panel;
        info.y_title = all[i].y_title;
        info.x_name = "step";
        info.x_title = "Step";
        status = self->sink->series(self->sink, &info, &self->series[i], error);
    }
    for (size_t layer = 0; layer < self->shape.layers && status == GSC_OK; layer++) {
        gsc_series_info info = GSC_SERIES_INIT;
        char title[32];
        snprintf(title, sizeof title, "Layer %zu", layer);
        info.name = "load";
        info.title = title;
        info.definition = load;
        info.panel = "load";
        info.y_title = "Share of choices";
        info.x_name = "step";
        info.x_title = "Step";
        info.layer = (int32_t)layer;
        status = self->sink->series(self->sink, &info, &self->load_series[layer], error);
    }
    return status;
}

gsc_status lm_lab_tell_point(lab *self, lab_series series, double y, gsc_error *error) {
    const gsc_point point = {.x = (double)self->trainer.step, .y = y, .replicate = -1};
    return self->sink->points(self->sink, self->series[series], &point, 1, error);
}

double lm_lab_fraction(const lab *self) {
    return 0.99 * (double)self->trainer.step / (double)self->recipe.steps;
}

gsc_status lm_lab_tell_step(lab *self, const gsc_lm_step *step, gsc_error *error) {
    const double values[LAB_SERIES] = {[LAB_LOSS] = step->loss,
                                       [LAB_BALANCE] = step->balance,
                                       [LAB_NORM] = step->norm,
                                       [LAB_RATE] = step->rate};
    static const lab_series each[] = {LAB_LOSS, LAB_BALANCE, LAB_NORM, LAB_RATE};
    const int64_t done = self->trainer.step;
    const double tokens = (double)(self->recipe.batch * self->shape.context);
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < sizeof each / sizeof each[0] && status == GSC_OK; i++) {
        if (each[i] != LAB_BALANCE || self->shape.n_balancers > 0) {
            status = lm_lab_tell_point(self, each[i], values[each[i]], error);
        }
    }
    /* Twice a second, or once a step where steps are longer. */
    if (status == GSC_OK && self->trained_s - self->told_s >= 0.5) {
        status = lm_lab_tell_point(
            self, LAB_SPEED,
            tokens * (double)(done - self->told_step) / (self->trained_s - self->told_s), error);
        self->told_step = done;
        self->told_s = self->trained_s;
    }
    char text[96];
    snprintf(text, sizeof text, "step %" PRId64 " of %" PRId64 ", loss %.3f", done,
             self->recipe.steps, step->loss);
    return status == GSC_OK ? self->sink->progress(self->sink, lm_lab_fraction(self), text, error)
                            : status;
}

gsc_status lm_lab_tell_loads(lab *self, gsc_error *error) {
    const size_t experts = self->shape.experts;
    gsc_status status = GSC_OK;
    for (size_t layer = 0; layer < self->shape.layers && status == GSC_OK; layer++) {
        const double *loads = self->trainer.loads + layer * experts;
        double sum = 0;
        for (size_t e = 0; e < experts; e++) {
            sum += loads[e];
        }
        for (size_t e = 0; e < experts; e++) {
            self->load[e] = sum > 0 ? (float)(loads[e] / sum) : 0;
        }
        status = self->sink->vector(self->sink, self->load_series[layer],
                                    (double)self->trainer.step, self->load, experts, error);
    }
    return status;
}

/* So that what is done with the model later is done with the same tokens. */
gsc_status lm_lab_tell_corpus(lab *self, gsc_error *error) {
    const gsc_tokens *tokens = &self->tokens;
    char json[512];
    snprintf(json, sizeof json,
             "{\"hash\":\"%s\",\"tokenizer\":\"%s\",\"vocabulary\":%d,\"documents\":%" PRIu64
             ",\"tokens\":%" PRIu64 ",\"held_out_documents\":%" PRIu64
             ",\"held_out_tokens\":%" PRIu64 "}",
             tokens->hash, gsc_tokenizer_hash(self->tokenizer), tokens->vocabulary,
             tokens->train.documents, tokens->train.count, tokens->held_out.documents,
             tokens->held_out.count);
    return self->sink->document(self->sink, GSC_LM_CORPUS_DOCUMENT, "", NAN, -1, json, error);
}

gsc_status lm_lab_tell_documents(lab *self, const double *losses, gsc_error *error) {
    const gsc_probe *all = &self->validation;
    float *means = calloc(all->documents, sizeof *means);
    float *tokens = calloc(all->documents, sizeof *tokens);
    size_t n = 0;
    gsc_status status =
        means == NULL || tokens == NULL
            ? gsc_fail(error, GSC_ERR_MEMORY, "no memory for %" PRIu64 " documents", all->documents)
            : GSC_OK;
    /* Positions stand in the order of their documents. */
    for (uint64_t first = 0; first < all->positions && status == GSC_OK;) {
        uint64_t end = first;
        double sum = 0;
        for (; end < all->positions && all->document[end] == all->document[first]; end++) {
            sum += losses[end];
        }
        means[n] = (float)(sum / (double)(end - first));
        tokens[n++] = (float)(end - first);
        first = end;
    }
    const double step = (double)self->trainer.step;
    if (status == GSC_OK) {
        status = self->sink->vector(self->sink, self->series[LAB_DOCUMENTS], step, means, n, error);
    }
    if (status == GSC_OK) {
        status = self->sink->vector(self->sink, self->series[LAB_DOCUMENT_TOKENS], step, tokens, n,
                                    error);
    }
    free(means);
    free(tokens);
    return status;
}

gsc_status lm_lab_tell_results(lab *self, gsc_error *error) {
    const double loss = self->validation_loss, positions = (double)self->validation.positions;
    const double tokens = (double)(self->recipe.batch * self->shape.context) *
                          (double)(self->trainer.step - self->first_step);
    char definition[200];
    snprintf(definition, sizeof definition,
             "mean cross-entropy over %" PRIu64 " held-out tokens of %" PRIu64
             " documents at the last step",
             self->validation.positions, self->validation.documents);
    const gsc_result results[] = {
        {"validation_loss", "", "nat", definition, loss, NAN, NAN},
        {"perplexity", "", "", "exp of the validation loss, per token", exp(loss), NAN, NAN},
        {"bits_per_byte", "", "bit",
         "validation loss over all its tokens by the bytes of their text",
         loss * positions / (0.6931471805599453 * self->validation.bytes), NAN, NAN},
        {"tokens_per_second", "", "tokens/s", "training tokens by the time in steps",
         self->trained_s > 0 ? tokens / self->trained_s : NAN, NAN, NAN}};
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < sizeof results / sizeof results[0] && status == GSC_OK; i++) {
        if (isfinite(results[i].value)) {
            status = self->sink->result(self->sink, &results[i], error);
        }
    }
    return status;
}

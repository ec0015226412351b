/* SPDX-License-Identifier: MIT
 *
 * Losses, logits and gradients of two small models against PyTorch's (tests/golden/lm_golden.py):
 * in double to twelve digits, in single precision to what floats hold.
 */
#include "core/lm/trainer.h"
#include "tests/golden/lm_golden.h"
#include "tests/lm/small_lm.h"
#include "tests/tap.h"

#include <math.h>

typedef struct golden {
    double loss, balance;
    const double *logits;
    const golden_gradient *gradients;
    size_t n_gradients;
} golden;

/* The weights' formula, that of lm_golden.py. */
static void set_weights(gsc_lm *model) {
    gsc_error error = {0};
    const gsc_lm_parameters *list = gsc_lm_get_parameters(model);
    for (size_t i = 0; i < list->count; i++) {
        const gsc_lm_parameter *p = &list->list[i];
        const size_t length = strlen(p->name);
        const bool gain = length >= 11 && strcmp(p->name + length - 11, "norm.weight") == 0;
        int sum = 0;
        for (const char *c = p->name; *c != '\0'; c++) {
            sum += *c;
        }
        for (size_t k = 0; k < p->count; k++) {
            const double value = 0.5 * sin(1 + sum % 97 + 0.7 * (double)(k + 1)) + (gain ? 1 : 0);
            must(gsc_lm_write(model, GSC_LM_VALUES, p, k, 1, &value, &error), &error);
        }
    }
}

static const gsc_lm_parameter *find(const gsc_lm *model, const char *name) {
    const gsc_lm_parameters *list = gsc_lm_get_parameters(model);
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->list[i].name, name) == 0) {
            return &list->list[i];
        }
    }
    return NULL;
}

static double check_gradients(gsc_lm *model, const golden *g) {
    gsc_error error = {0};
    double worst = 0;
    for (size_t i = 0; i < g->n_gradients; i++) {
        const golden_gradient *expected = &g->gradients[i];
        const gsc_lm_parameter *p = find(model, expected->name);
        double values[512], squares = 0, dot = 0;
        if (p == NULL || p->count != expected->count || p->count > 512) {
            printf("# %s is missing or has another size\n", expected->name);
            return INFINITY;
        }
        must(gsc_lm_read(model, GSC_LM_GRADIENTS, p, 0, p->count, values, &error), &error);
        for (size_t k = 0; k < p->count; k++) {
            squares += values[k] * values[k];
            dot += values[k] * cos((double)(k + 1));
        }
        const double off = fmax(fabs(sqrt(squares) - expected->norm), fabs(dot - expected->dot));
        worst = fmax(worst, off / expected->norm);
    }
    return worst;
}

static void check(const gsc_lm_shape *shape, gsc_dtype dtype, double tolerance, const golden *g,
                  const char *what) {
    gsc_error error = {0};
    gsc_lm_loss loss;
    int32_t tokens[10], targets[10];
    double logits[22], worst = 0;
    char text[96];
    gsc_queue *queue = small_queue(gsc_device_cpu(), NULL, shape);
    gsc_lm *model = small_model(queue, NULL, shape, dtype, 2);
    set_weights(model);
    small_text(shape, 10, 0, tokens, targets);
    const gsc_lm_batch batch = {
        .tokens = tokens, .targets = targets, .loss_scale = 1.0 / 9, .balance_scale = 1};
    must(gsc_lm_gradient(model, &batch, &loss, &error), &error);
    printf("# %s\n", what);
    TAP_OK(gsc_lm_get_parameters(model)->count == g->n_gradients,
           "the models have the same parameters");
    TAP_NEAR(loss.sum / 9, g->loss, tolerance, "the loss is PyTorch's");
    TAP_NEAR(loss.balance, g->balance, tolerance, "so is the balancing loss");
    must(gsc_lm_logits(model, 0, 1, logits, &error), &error);
    must(gsc_lm_logits(model, 6, 1, logits + 11, &error), &error);
    for (size_t i = 0; i < 22; i++) {
        worst = fmax(worst, fabs(logits[i] - g->logits[i]));
    }
    TAP_OK(worst < tolerance, "so are the logits");
    const double off = check_gradients(model, g);
    snprintf(text, sizeof text, "so is every gradient, within %.2g", off);
    TAP_OK(off < 10 * tolerance, text);
    gsc_lm_free(model);
    gsc_queue_free(queue);
}

/* Steps of AdamW with warm-up, cosine and clipping. */
static void check_training(const gsc_lm_shape *shape, gsc_dtype dtype, double tolerance,
                           const char *what) {
    enum {
        STEPS = sizeof paper_training / sizeof paper_training[0]
    };
    gsc_error error = {0};
    const gsc_lm_recipe recipe = {.batch = 2,
                                  .accumulate = 1,
                                  .steps = STEPS,
                                  .warmup = 3,
                                  .learning_rate = 0.02,
                                  .floor = 0.1,
                                  .clip = 1.3,
                                  .decay = 0.1,
                                  .beta1 = 0.9,
                                  .beta2 = 0.999,
                                  .epsilon = 1e-8};
    gsc_queue *queue = small_queue(gsc_device_cpu(), NULL, shape);
    gsc_lm *model = small_model(queue, NULL, shape, dtype, 2);
    gsc_lm_trainer trainer;
    set_weights(model);
    must(gsc_lm_trainer_init(&trainer, queue, model, &recipe, &error), &error);
    double worst = 0, clipped = 0;
    for (size_t step = 0; step < STEPS; step++) {
        int32_t tokens[12];
        gsc_lm_step made;
        for (size_t k = 0; k < 12; k++) {
            const size_t t = k + 3 * step;
            tokens[k] = (int32_t)((t * t + 3 * t + t / 4) % (shape->vocabulary - 1));
        }
        must(gsc_lm_trainer_step(&trainer, tokens, &made, &error), &error);
        worst = fmax(worst, fabs(made.loss - paper_training[step]));
        worst = fmax(worst, fabs(made.norm - paper_norms[step]));
        clipped += made.norm > recipe.clip;
    }
    printf("# %s: worst %.2g, %g of %d steps clipped, loss %.3f to %.3f\n", what, worst, clipped,
           (int)STEPS, paper_training[0], paper_training[STEPS - 1]);
    TAP_OK(worst < tolerance, what);
    TAP_OK(clipped > 0 && clipped < STEPS, "some steps are clipped, some are not");
    gsc_lm_trainer_clear(&trainer);
    gsc_lm_free(model);
    gsc_queue_free(queue);
}

int main(void) {
    gsc_lm_shape s = small_shape("softmax");
    const golden paper = {paper_loss, paper_balance, paper_logits, paper_gradients,
                          sizeof paper_gradients / sizeof paper_gradients[0]};
    check(&s, GSC_F64, 1e-12, &paper, "softmax, ReLU, layer norm, shared expert, double");
    check(&s, GSC_F32, 5e-6, &paper, "the same in single precision");

    check_training(&s, GSC_F64, 1e-10, "losses and norms of a training are PyTorch's");
    check_training(&s, GSC_F32, 1e-3, "the same in single precision");

    s = small_shape("normalized_sigmoid");
    s.rms_norm = s.tied = true;
    s.shared = 0;
    s.rotated = 6;
    s.routed_scale = 2;
    s.output_bias = s.scaled_embedding = false;
    small_plugin(GSC_KIND_EXPERT, "gelu", 1, 0, &s.expert);
    const golden other = {other_loss, other_balance, other_logits, other_gradients,
                          sizeof other_gradients / sizeof other_gradients[0]};
    check(&s, GSC_F64, 1e-12, &other, "sigmoid, GELU with biases, RMS norm, tied, double");
    check(&s, GSC_F32, 5e-6, &other, "the same in single precision");
    return tap_done();
}

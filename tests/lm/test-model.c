/* SPDX-License-Identifier: MIT
 *
 * The language model: counts of the paper's models, gradients of whole models against differences
 * in double, the same bits with any number of threads and on a device that the host cannot read.
 */
#include "tests/kernels/locked_device.h"
#include "tests/lm/small_lm.h"
#include "tests/tap.h"

#include <math.h>

/* ---- Counts ---- */

static gsc_lm_shape paper_shape(const char *gate, size_t layers, size_t width, size_t head_size,
                                size_t expert_width, bool shared) {
    gsc_lm_shape s = small_shape(gate);
    s.layers = layers;
    s.width = width;
    s.heads = 4;
    s.head_size = head_size;
    s.rotated = head_size / 2 / 2 * 2;
    s.context = 1024;
    s.vocabulary = 8000;
    s.experts = shared ? 64 : 66;
    s.top_k = shared ? 6 : 8;
    s.shared = shared ? 2 : 0;
    s.expert_width = expert_width;
    return s;
}

static size_t count(gsc_lm_shape s, size_t *ret_active) {
    gsc_error error = {0};
    gsc_lm_parameters list = {0};
    must(gsc_lm_shape_check(&s, &error), &error);
    must(gsc_lm_parameters_init(&list, &s, &error), &error);
    const size_t n = list.trained;
    *ret_active = gsc_lm_active_parameters(&s, &list);
    gsc_lm_parameters_clear(&list);
    return n;
}

static void test_counts(void) {
    size_t active;
    const gsc_lm_shape smoe = paper_shape("softmax", 16, 512, 82, 128, false);
    const gsc_lm_shape v3 = paper_shape("normalized_sigmoid", 16, 512, 82, 128, true);
    const gsc_lm_shape large = paper_shape("softmax", 18, 1024, 128, 256, false);
    TAP_OK(count(smoe, &active) == 157934400, "the small SMoE has 157,934,400 parameters");
    printf("# %zu of them active\n", active);
    TAP_OK(active > 36e6 && active < 37e6, "36M of them are active");
    /* The paper's library counts a selection bias for each expert, which we keep beside the
     * parameters. */
    TAP_OK(count(v3, &active) + 16 * 64 == 157919040,
           "the small DeepSeek has 157,919,040 with its selection biases");
    TAP_OK(count(large, &active) == 678287168, "the large SMoE has 678,287,168");
    printf("# %zu of them active\n", active);

    gsc_error error = {0};
    gsc_lm_forecast forecast;
    const gsc_lm_options options = {.dtype = GSC_F32, .sequences = 1, .training = true};
    must(gsc_lm_forecast_of(&smoe, &options, &forecast, &error), &error);
    printf(
        "# small SMoE, one sequence: %zu MB of parameters, %zu of activations, %zu on the host\n",
        forecast.parameters >> 20, forecast.activations >> 20, forecast.host >> 20);
    TAP_NEAR((double)forecast.parameters, 16.0 * 157934400, 1e6,
             "a parameter takes 16 bytes in training");
}

/* ---- Gradients ---- */

typedef struct problem {
    gsc_lm *model;
    gsc_lm_batch batch;
    int32_t tokens[16], targets[16];
    size_t counted;
} problem;

static problem pose(gsc_queue *queue, const gsc_lm_shape *shape, gsc_dtype dtype) {
    problem p = {.model = small_model(queue, NULL, shape, dtype, 2)};
    const size_t rows = 2 * shape->context;
    small_text(shape, rows, 0, p.tokens, p.targets);
    p.counted = rows - 1;
    p.batch = (gsc_lm_batch){.step = 1, .loss_scale = 1.0 / (double)p.counted, .balance_scale = 1};
    return p;
}

static double objective(problem *p) {
    gsc_error error = {0};
    gsc_lm_loss loss;
    p->batch.tokens = p->tokens;
    p->batch.targets = p->targets;
    must(gsc_lm_forward(p->model, &p->batch, &loss, &error), &error);
    return loss.sum / (double)p->counted + loss.balance;
}

/* The largest |difference - gradient| over the parameter's numbers (some of many), relative to its
 * largest gradient; a number at which a choice or a kink of ReLU moved would stand out. */
static double check_parameter(problem *p, const gsc_lm_parameter *parameter, double *ret_largest) {
    gsc_error error = {0};
    double worst = 0, largest = 0;
    const size_t step = parameter->count > 24 ? parameter->count / 24 : 1;
    for (size_t i = 0; i < parameter->count; i += step) {
        const double h = 1e-6;
        double value, gradient, moved, up, down;
        must(gsc_lm_read(p->model, GSC_LM_VALUES, parameter, i, 1, &value, &error), &error);
        must(gsc_lm_read(p->model, GSC_LM_GRADIENTS, parameter, i, 1, &gradient, &error), &error);
        moved = value + h;
        must(gsc_lm_write(p->model, GSC_LM_VALUES, parameter, i, 1, &moved, &error), &error);
        up = objective(p);
        moved = value - h;
        must(gsc_lm_write(p->model, GSC_LM_VALUES, parameter, i, 1, &moved, &error), &error);
        down = objective(p);
        must(gsc_lm_write(p->model, GSC_LM_VALUES, parameter, i, 1, &value, &error), &error);
        worst = fmax(worst, fabs((up - down) / (2 * h) - gradient));
        largest = fmax(largest, fabs(gradient));
    }
    *ret_largest = largest;
    return worst;
}

static void check_gradients(const gsc_lm_shape *shape, const char *what) {
    gsc_error error = {0};
    gsc_lm_loss loss;
    gsc_queue *queue = small_queue(gsc_device_cpu(), NULL, shape);
    problem p = pose(queue, shape, GSC_F64);
    p.batch.tokens = p.tokens;
    p.batch.targets = p.targets;
    must(gsc_lm_gradient(p.model, &p.batch, &loss, &error), &error);
    TAP_NEAR(loss.sum / (double)p.counted + loss.balance, objective(&p), 1e-12,
             "both passes give one loss");
    const gsc_lm_parameters *list = gsc_lm_get_parameters(p.model);
    double worst = 0, least = INFINITY;
    const char *where = "";
    for (size_t i = 0; i < list->count; i++) {
        double largest = 0;
        const double error_here = check_parameter(&p, &list->list[i], &largest);
        least = fmin(least, largest);
        if (error_here / (largest + 1e-3) > worst) {
            worst = error_here / (largest + 1e-3);
            where = list->list[i].name;
        }
    }
    printf("# %s: worst %.2g at %s; smallest of the largest gradients %.2g\n", what, worst, where,
           least);
    TAP_OK(worst < 1e-6, what);
    TAP_OK(least > 1e-5, "every parameter has a gradient");
    gsc_lm_free(p.model);
    gsc_queue_free(queue);
}

static void test_gradients(void) {
    gsc_lm_shape s = small_shape("softmax");
    check_gradients(&s, "gradient: softmax, ReLU, layer norm, shared expert");
    s = small_shape("normalized_sigmoid");
    s.shared = 0;
    s.rms_norm = s.tied = true;
    s.output_bias = s.scaled_embedding = false;
    s.rotated = s.head_size;
    s.routed_scale = 2;
    small_plugin(GSC_KIND_EXPERT, "gelu", 1, 0, &s.expert);
    check_gradients(&s, "gradient: normalized sigmoid, GELU, RMS norm, tied, scaled routed sum");
    s = small_shape("sigmoid");
    s.shared = 2;
    s.rotated = 0;
    s.expert.params[0] = 1;
    check_gradients(&s, "gradient: sigmoid without a sum, ReLU with biases");
}

/* ---- Threads and devices ---- */

static void read_all(gsc_lm *model, double *values) {
    gsc_error error = {0};
    const gsc_lm_parameters *list = gsc_lm_get_parameters(model);
    for (size_t i = 0; i < list->count; i++) {
        const gsc_lm_parameter *p = &list->list[i];
        must(gsc_lm_read(model, GSC_LM_GRADIENTS, p, 0, p->count, values + p->offset, &error),
             &error);
    }
}

static double gradient_on(const gsc_device *device, unsigned threads, const gsc_lm_shape *shape,
                          double *values) {
    gsc_error error = {0};
    gsc_pool *pool = NULL;
    gsc_lm_loss loss;
    must(gsc_pool_new(threads, &pool, &error), &error);
    gsc_queue *queue = small_queue(device, pool, shape);
    gsc_lm *model = small_model(queue, pool, shape, GSC_F32, 4);
    int32_t tokens[256], targets[256];
    small_text(shape, 4 * shape->context, 2, tokens, targets);
    const gsc_lm_batch batch = {.tokens = tokens,
                                .targets = targets,
                                .loss_scale = 1.0 / (double)(4 * shape->context - 1),
                                .balance_scale = 1};
    must(gsc_lm_gradient(model, &batch, &loss, &error), &error);
    read_all(model, values);
    gsc_lm_free(model);
    gsc_queue_free(queue);
    gsc_pool_free(pool);
    return loss.sum;
}

/* Stale gradients do not matter once forgotten, not even of experts that no row chose. */
static void test_forgotten(void) {
    gsc_lm_shape s = small_shape("softmax");
    s.experts = 64;
    s.top_k = 1;
    gsc_error error = {0};
    gsc_queue *queue = small_queue(gsc_device_cpu(), NULL, &s);
    gsc_lm *model = small_model(queue, NULL, &s, GSC_F32, 1);
    const size_t count = gsc_lm_get_parameters(model)->elements;
    double *fresh = calloc(count, sizeof *fresh), *again = calloc(count, sizeof *again);
    int32_t tokens[256], targets[256];
    gsc_lm_loss loss;
    for (int pass = 0; pass < 3; pass++) {
        small_text(&s, s.context, pass == 1 ? 3 : 2, tokens, targets);
        const gsc_lm_batch batch = {
            .tokens = tokens, .targets = targets, .loss_scale = 1, .balance_scale = 1};
        if (pass > 0) {
            gsc_lm_forget_gradients(model);
        }
        must(gsc_lm_gradient(model, &batch, &loss, &error), &error);
        read_all(model, pass == 0 ? fresh : again);
        bool same = true;
        for (size_t i = 0; i < count; i++) {
            same = same && fresh[i] == again[i];
        }
        if (pass > 0) {
            TAP_OK(same == (pass == 2), pass == 2 ? "forgotten gradients do not matter"
                                                  : "another batch has other gradients");
        }
    }
    free(fresh);
    free(again);
    gsc_lm_free(model);
    gsc_queue_free(queue);
}

static void test_bits(void) {
    gsc_lm_shape s = small_shape("normalized_sigmoid");
    s.width = 32;
    s.context = 64;
    s.vocabulary = 97;
    s.experts = 9;
    s.expert_width = 20;
    gsc_error error = {0};
    gsc_lm_parameters list = {0};
    must(gsc_lm_shape_check(&s, &error), &error);
    must(gsc_lm_parameters_init(&list, &s, &error), &error);
    double *one = calloc(list.elements, sizeof *one), *other = calloc(list.elements, sizeof *other);
    const double loss = gradient_on(gsc_device_cpu(), 1, &s, one);
    double again = gradient_on(gsc_device_cpu(), 4, &s, other);
    TAP_OK(loss == again && memcmp(one, other, list.elements * sizeof *one) == 0,
           "one thread and four give the same bits");
    again = gradient_on(gsc_device_locked(), 2, &s, other);
    TAP_OK(loss == again && memcmp(one, other, list.elements * sizeof *one) == 0,
           "so does a device that the host cannot read");
    again = gradient_on(gsc_device_ref(), 1, &s, other);
    double worst = 0, largest = 0;
    for (size_t i = 0; i < list.elements; i++) {
        worst = fmax(worst, fabs(one[i] - other[i]));
        largest = fmax(largest, fabs(other[i]));
    }
    printf("# against ref: loss %.3g, gradient %.3g of %.3g\n", fabs(loss - again) / loss, worst,
           largest);
    TAP_OK(fabs(loss - again) < 1e-5 * loss && worst < 1e-4 * largest,
           "plain C gives the same numbers within rounding");
    free(one);
    free(other);
    gsc_lm_parameters_clear(&list);
}

static void test_refusals(void) {
    gsc_error error = {0};
    gsc_lm_shape s = small_shape("softmax");
    s.top_k = 5;
    TAP_OK(gsc_lm_shape_check(&s, &error) == GSC_ERR_INPUT, "top_k above experts is refused");
    TAP_CONTAINS(error.message, "lm.top_k is 5", "with its value");
    const gsc_expert expert = {.struct_size = sizeof expert, .form = GSC_EXPERT_OWN};
    const gsc_plugin plugin = {.kind = GSC_KIND_EXPERT, .id = "one_way", .expert = &expert};
    char text[640];
    gsc_plugin_lm_refusal(&plugin, text, sizeof text);
    TAP_CONTAINS(text, "without backward", "an expert that cannot be trained is refused");
    TAP_CONTAINS(text, "relu", "with a way out");
}

static gsc_status count_visit(void *data, const gsc_lm_routing *routing, gsc_error *error) {
    size_t *chosen = data;
    *chosen += (size_t)routing->choice->start[routing->rows];
    return GSC_OK;
}

static void test_visit(void) {
    const gsc_lm_shape s = small_shape("softmax");
    gsc_error error = {0};
    gsc_lm_loss loss;
    gsc_queue *queue = small_queue(gsc_device_cpu(), NULL, &s);
    problem p = pose(queue, &s, GSC_F32);
    size_t chosen = 0;
    p.batch.tokens = p.tokens;
    p.batch.targets = p.targets;
    p.batch.visit = count_visit;
    p.batch.visit_data = &chosen;
    must(gsc_lm_forward(p.model, &p.batch, &loss, &error), &error);
    TAP_OK(chosen == 2 * 10 * 2, "a visitor sees every choice of every layer");
    TAP_OK(gsc_lm_loads(p.model, 0)[0] == 0, "an evaluation counts no loads");
    must(gsc_lm_gradient(p.model, &p.batch, &loss, &error), &error);
    double sum = 0;
    for (size_t e = 0; e < s.experts; e++) {
        sum += gsc_lm_loads(p.model, 1)[e];
    }
    TAP_OK(sum == 20, "training does");
    gsc_lm_free(p.model);
    gsc_queue_free(queue);
}

int main(void) {
    test_counts();
    test_gradients();
    test_forgotten();
    test_bits();
    test_refusals();
    test_visit();
    return tap_done();
}

/* SPDX-License-Identifier: MIT
 *
 * Layers of several kinds of experts, some of a form of their own: gradients of the whole model
 * against differences, names and checkpoints, the same bits at any number of threads; and what a
 * list of experts or balancers may not be.
 */
#include "core/lm/checkpoint.h"
#include "tests/lm/differences.h"
#include "tests/tap.h"

#include <unistd.h>

/* y = scale * x + shift * x^2, two trained tensors and a frozen one. */
static void bend(const gsc_call *call, const real *x, real *ret_y) {
    for (int64_t i = 0; i < call->rows * call->inputs; i++) {
        const int64_t k = i % call->inputs;
        ret_y[i] =
            call->tensors[0][k] * x[i] + call->tensors[1][0] * x[i] * x[i] + call->tensors[2][0];
    }
}
static void bend_backward(const gsc_call *call, const real *x, const real *dy, real *ret_dx) {
    for (int64_t i = 0; i < call->rows * call->inputs; i++) {
        const int64_t k = i % call->inputs;
        ret_dx[i] = dy[i] * (call->tensors[0][k] + 2 * call->tensors[1][0] * x[i]);
        call->gradients[0][k] += dy[i] * x[i];
        call->gradients[1][0] += dy[i] * x[i] * x[i];
    }
}
static const gsc_tensor bend_tensors[] = {
    {"scale", GSC_TENSOR_TRAINED, GSC_INIT_NORMAL, 0.5, 0, 1, {GSC_SIZE_INPUTS}},
    {"shift", GSC_TENSOR_TRAINED, GSC_INIT_CONSTANT, 0.3, 1, 1, {1}},
    {"level", GSC_TENSOR_FROZEN, GSC_INIT_CONSTANT, 0.1, 0, 1, {1}}};
static const gsc_expert bend_expert = {.struct_size = sizeof(gsc_expert),
                                       .form = GSC_EXPERT_OWN,
                                       .forward = bend,
                                       .backward = bend_backward};
static const gsc_plugin bend_plugin = {GSC_PLUGIN_HEAD(GSC_KIND_EXPERT), .id = "bend",
                                       GSC_TENSORS(bend_tensors), .expert = &bend_expert};

/* y = x, no tensors: MoE++'s copy expert. */
static void pass_on(const gsc_call *call, const real *x, real *ret_y) {
    memcpy(ret_y, x, (size_t)(call->rows * call->inputs) * sizeof *x);
}
static void pass_back(const gsc_call *call, const real *x, const real *dy, real *ret_dx) {
    (void)x;
    memcpy(ret_dx, dy, (size_t)(call->rows * call->inputs) * sizeof *dy);
}
static const gsc_expert copy_expert = {.struct_size = sizeof(gsc_expert),
                                       .form = GSC_EXPERT_OWN,
                                       .forward = pass_on,
                                       .backward = pass_back};
static const gsc_plugin copy_plugin = {GSC_PLUGIN_HEAD(GSC_KIND_EXPERT), .id = "copy_test",
                                       .expert = &copy_expert};

static const gsc_loaded bend_loaded = {.plugin = &bend_plugin, .expert = &bend_expert};
static const gsc_loaded copy_loaded = {.plugin = &copy_plugin, .expert = &copy_expert};

/* Six experts: two bent, two ReLU, one copy, one GELU with biases. */
static gsc_lm_shape mixed_shape(const char *gate) {
    gsc_lm_shape s = small_shape(gate);
    s.experts = 6;
    s.top_k = 3;
    s.n_more_experts = 3;
    s.more_experts[0] = s.expert;
    s.more_experts[0].count = 2;
    s.expert = (gsc_lm_plugin){.loaded = &bend_loaded, .count = 2};
    s.more_experts[1] = (gsc_lm_plugin){.loaded = &copy_loaded, .count = 1};
    small_plugin(GSC_KIND_EXPERT, "gelu", 1, 0, &s.more_experts[2]);
    s.more_experts[2].count = 1;
    return s;
}

static void test_gradients(const char *gate) {
    const gsc_lm_shape s = mixed_shape(gate);
    gsc_queue *queue = small_queue(gsc_device_cpu(), NULL, &s);
    problem p = pose_problem(queue, &s, false);
    const char *where;
    double largest;
    const double worst = worst_difference(&p, "bend.s", &where, &largest);
    printf("# four kinds of experts with %s: worst %.2g at %s\n", gate, worst, where);
    TAP_OK(worst < 1e-7, "gradients of a layer with four kinds of experts");
    TAP_OK(largest > 1e-4, "those of an expert's own tensors are among them");
    size_t own = 0;
    const gsc_lm_parameters *list = gsc_lm_get_parameters(p.model);
    for (size_t i = 0; i < list->count; i++) {
        const gsc_lm_parameter *parameter = &list->list[i];
        own += strcmp(parameter->name, "layers.1.experts.bend.scale") == 0 &&
               parameter->shape[0] == 2 && parameter->shape[1] == 8;
        own += strcmp(parameter->name, "layers.0.experts.bend.level") == 0 && !parameter->trained;
        own += strcmp(parameter->name, "layers.1.experts.relu.in.weight") == 0 &&
               parameter->shape[0] == 2;
        own += strcmp(parameter->name, "layers.0.experts.gelu.in.bias") == 0;
    }
    TAP_OK(own == 4, "tensors are named by layer and kind");
    gsc_lm_free(p.model);
    gsc_queue_free(queue);
}

/* The same shape alone, as one kind of its own form. */
static void test_one_kind(void) {
    gsc_lm_shape s = small_shape("softmax");
    s.shared = 0;
    s.expert = (gsc_lm_plugin){.loaded = &bend_loaded};
    gsc_queue *queue = small_queue(gsc_device_cpu(), NULL, &s);
    problem p = pose_problem(queue, &s, false);
    const char *where;
    double largest;
    const double worst = worst_difference(&p, "experts.s", &where, &largest);
    TAP_OK(worst < 1e-7 && largest > 1e-4, "experts of a form of their own alone");
    gsc_lm_free(p.model);
    gsc_queue_free(queue);
}

static void read_gradients(gsc_lm *model, double *values) {
    gsc_error error = {0};
    const gsc_lm_parameters *list = gsc_lm_get_parameters(model);
    for (size_t i = 0; i < list->count; i++) {
        const gsc_lm_parameter *p = &list->list[i];
        must(gsc_lm_read(model, GSC_LM_GRADIENTS, p, 0, p->count, values + p->offset, &error),
             &error);
    }
}

static double gradients_with(unsigned threads, const gsc_lm_shape *s, const char *path,
                             double *values) {
    gsc_error error = {0};
    gsc_pool *pool = NULL;
    gsc_lm_loss loss;
    int32_t tokens[64], targets[64];
    int64_t step = 0;
    must(gsc_pool_new(threads, &pool, &error), &error);
    gsc_queue *queue = small_queue(gsc_device_cpu(), pool, s);
    gsc_lm *model = small_model(queue, pool, s, GSC_F32, 4);
    if (threads == 1) {
        must(gsc_lm_save(model, 3, "lists", path, &error), &error);
    } else {
        must(gsc_lm_load(model, path, "lists", &step, &error), &error);
        TAP_OK(step == 3, "a checkpoint holds the tensors of every kind");
    }
    small_text(s, 4 * s->context, 1, tokens, targets);
    const gsc_lm_batch batch = {.tokens = tokens,
                                .targets = targets,
                                .loss_scale = 1.0 / (double)(4 * s->context - 1),
                                .balance_scale = 1};
    must(gsc_lm_gradient(model, &batch, &loss, &error), &error);
    read_gradients(model, values);
    gsc_lm_free(model);
    gsc_queue_free(queue);
    gsc_pool_free(pool);
    return loss.sum;
}

static void test_bits(void) {
    enum {
        MOST = 1 << 14
    };
    static double one[MOST], other[MOST];
    const gsc_lm_shape s = mixed_shape("normalized_sigmoid");
    char path[] = "/tmp/gatescope-lists-XXXXXX";
    const int file = mkstemp(path);
    const double loss = gradients_with(1, &s, path, one),
                 again = gradients_with(3, &s, path, other);
    TAP_OK(loss == again && memcmp(one, other, sizeof one) == 0,
           "one thread and three give the same bits");
    TAP_OK(close(file) == 0 && unlink(path) == 0, "one file");
}

static void refuse(gsc_lm_shape s, const char *part) {
    gsc_error error = {0};
    TAP_OK(gsc_lm_shape_check(&s, &error) != GSC_OK, part);
    TAP_CONTAINS(error.message, part, "in these words");
}

static void test_refusals(void) {
    gsc_lm_shape s = mixed_shape("softmax");
    s.expert.count = 3;
    refuse(s, "sum to 7 and lm.experts is 6");
    s = small_shape("softmax");
    s.expert = (gsc_lm_plugin){.loaded = &bend_loaded};
    refuse(s, "no shared net; set lm.shared=0");
    s = small_shape("softmax");
    s.balancers[s.n_balancers++] = s.balancers[0];
    refuse(s, "balancer switch is there twice");
}

int main(void) {
    test_gradients("softmax");
    test_gradients("sigmoid");
    test_one_kind();
    test_bits();
    test_refusals();
    return tap_done();
}

/* SPDX-License-Identifier: MIT
 *
 * Gates of forms that no shipped plugin has, written here: an inner form with a trained
 * temperature, an own score with trained tensors, rows with more logits than experts, a gate
 * without logits that reads token ids, variable choice with weights of its own and a state; and a
 * gated expert. Whole-model gradients against differences.
 */
#include "tests/lm/small_lm.h"
#include "tests/tap.h"

#include <math.h>

/* ---- Gates ---- */

/* z = tau x.w / (|x| |w|), tau trained; no derivative given. */
static void cosine(const gsc_call *call, int64_t n, const real *dot, const real *xx, const real *ww,
                   real *ret_z) {
    for (int64_t i = 0; i < n; i++) {
        ret_z[i] = call->tensors[0][0] * dot[i] / sqrt(xx[i] * ww[i] + 1e-9);
    }
}
static void log_affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    memcpy(ret_a, z, (size_t)n * sizeof *z);
}
static const gsc_tensor cosine_tensors[] = {
    {"tau", GSC_TENSOR_TRAINED, GSC_INIT_CONSTANT, 3, 1, 1, {1}}};
static const gsc_gate cosine_gate = {.struct_size = sizeof(gsc_gate),
                                     .score_form = GSC_SCORE_INNER,
                                     .affinity_form = GSC_AFFINITY_LOG,
                                     .inner = cosine,
                                     .affinity = log_affinity};

/* z_j = sum_i a_ji x_i + b_ji x_i^2. */
static void square_score(const gsc_call *call, const real *x, real *ret_z) {
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t j = 0; j < call->experts; j++) {
            real sum = 0;
            for (int64_t i = 0; i < call->inputs; i++) {
                const real v = x[t * call->inputs + i];
                sum += call->tensors[0][j * call->inputs + i] * v +
                       call->tensors[1][j * call->inputs + i] * v * v;
            }
            ret_z[t * call->experts + j] = sum;
        }
    }
}
static void square_backward(const gsc_call *call, const real *x, const real *z, const real *dz,
                            real *ret_dx) {
    memset(ret_dx, 0, (size_t)(call->rows * call->inputs) * sizeof *ret_dx);
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t j = 0; j < call->experts; j++) {
            for (int64_t i = 0; i < call->inputs; i++) {
                const int64_t w = j * call->inputs + i, at = t * call->inputs + i;
                const real d = dz[t * call->experts + j], v = x[at];
                ret_dx[at] += d * (call->tensors[0][w] + 2 * call->tensors[1][w] * v);
                call->gradients[0][w] += d * v;
                call->gradients[1][w] += d * v * v;
            }
        }
    }
}
static const gsc_tensor square_tensors[] = {
    {"linear", GSC_TENSOR_TRAINED, GSC_INIT_FAN_IN, 1, 0, 2, {GSC_SIZE_EXPERTS, GSC_SIZE_INPUTS}},
    {"square",
     GSC_TENSOR_TRAINED,
     GSC_INIT_NORMAL,
     0.2,
     0,
     2,
     {GSC_SIZE_EXPERTS, GSC_SIZE_INPUTS}}};
static const gsc_gate square_gate = {.struct_size = sizeof(gsc_gate),
                                     .score_form = GSC_SCORE_OWN,
                                     .affinity_form = GSC_AFFINITY_LOG,
                                     .score = square_score,
                                     .score_backward = square_backward,
                                     .affinity = log_affinity};

/* Two logits an expert: p = softmax(z_j + tanh z_{E+j}); keeps p as weights; takes experts until 60
 * % are reached; counts what it saw. */
static int64_t two_logits(int64_t experts, const double *params) {
    return 2 * experts;
}
static void two_probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    real sum = 0;
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] = exp(z[j] + tanh(z[call->experts + j]));
        sum += ret_p[j];
    }
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] /= sum;
    }
}
static int64_t most_of(const gsc_call *call, int64_t row, const real *p, const int32_t *order) {
    real sum = 0;
    int64_t n = 0;
    while (n < call->experts && sum < 0.6) {
        sum += p[order[n++]];
    }
    return n;
}
static void remember(const gsc_call *call, const real *z, const real *p, const gsc_choice *choice) {
    call->tensors[0][0] += (real)call->rows;
}
static void reflect(const gsc_call *call, const real *loads) {
    call->tensors[0][1] += loads[0];
}
static const gsc_tensor two_tensors[] = {{"seen", GSC_TENSOR_STATE, GSC_INIT_ZERO, 0, 1, 1, {2}}};
static const gsc_gate two_gate = {.struct_size = sizeof(gsc_gate),
                                  .combine_form = GSC_COMBINE_KEEP,
                                  .logits = two_logits,
                                  .probs = two_probs,
                                  .count = most_of,
                                  .observe = remember,
                                  .update = reflect};

/* Experts by token id, without logits. */
static void hash_probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] =
            (call->tokens[row] + j) % call->experts < call->top_k ? 1.0 / (real)call->top_k : 0;
    }
}
static const gsc_gate hash_gate = {
    .struct_size = sizeof(gsc_gate), .score_form = GSC_SCORE_NONE, .probs = hash_probs};

/* ---- A gated expert: f(u, v) = tanh(u) v ---- */

static void gated(const gsc_call *call, int64_t n, const double *u, const double *v,
                  double *ret_f) {
    for (int64_t i = 0; i < n; i++) {
        ret_f[i] = tanh(u[i]) * v[i];
    }
}
static void gated_slope(const gsc_call *call, int64_t n, const double *u, const double *v,
                        double *ret_du, double *ret_dv) {
    for (int64_t i = 0; i < n; i++) {
        ret_du[i] = (1 - tanh(u[i]) * tanh(u[i])) * v[i];
        ret_dv[i] = tanh(u[i]);
    }
}
static int with_bias(const double *params) {
    return 1;
}
static const gsc_expert gated_expert = {.struct_size = sizeof(gsc_expert),
                                        .form = GSC_EXPERT_GATED_FFN,
                                        .biased = with_bias,
                                        .activation = gated,
                                        .activation_slope = gated_slope};

/* ---- The check ---- */

static const gsc_plugin cosine_plugin = {GSC_PLUGIN_HEAD(GSC_KIND_GATE), .id = "cosine_test",
                                         GSC_TENSORS(cosine_tensors), .gate = &cosine_gate};
static const gsc_plugin square_plugin = {GSC_PLUGIN_HEAD(GSC_KIND_GATE), .id = "square_test",
                                         GSC_TENSORS(square_tensors), .gate = &square_gate};
static const gsc_plugin two_plugin = {GSC_PLUGIN_HEAD(GSC_KIND_GATE), .id = "two_test",
                                      GSC_TENSORS(two_tensors), .gate = &two_gate};
static const gsc_plugin hash_plugin = {GSC_PLUGIN_HEAD(GSC_KIND_GATE), .id = "hash_test",
                                       .capabilities = GSC_CAP_TOKENS, .gate = &hash_gate};
static const gsc_plugin gated_plugin = {GSC_PLUGIN_HEAD(GSC_KIND_EXPERT), .id = "gated_test",
                                        .expert = &gated_expert};

typedef struct problem {
    gsc_lm *model;
    gsc_lm_batch batch;
    int32_t tokens[16], targets[16];
} problem;

static double objective(problem *p) {
    gsc_error error = {0};
    gsc_lm_loss loss;
    p->batch.tokens = p->tokens;
    p->batch.targets = p->targets;
    must(gsc_lm_forward(p->model, &p->batch, &loss, &error), &error);
    return loss.sum / (double)loss.targets + loss.balance;
}

static double difference(problem *p, const gsc_lm_parameter *parameter, size_t i) {
    const double h = 1e-6;
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

static void check(const gsc_plugin *gate, bool gated_experts, const char *what) {
    gsc_error error = {0};
    gsc_lm_loss loss;
    gsc_lm_shape s = small_shape("softmax");
    gsc_loaded own = {.plugin = gate, .gate = gate->gate};
    gsc_loaded expert = {.plugin = &gated_plugin, .expert = &gated_expert};
    s.gate.loaded = &own;
    s.expert.loaded = gated_experts ? &expert : s.expert.loaded;
    gsc_queue *queue = small_queue(gsc_device_cpu(), NULL, &s);
    problem p = {.model = small_model(queue, NULL, &s, GSC_F64, 2)};
    small_text(&s, 10, 0, p.tokens, p.targets);
    p.batch = (gsc_lm_batch){.tokens = p.tokens,
                             .targets = p.targets,
                             .step = 1,
                             .loss_scale = 1.0 / 9,
                             .balance_scale = 1};
    must(gsc_lm_gradient(p.model, &p.batch, &loss, &error), &error);
    const gsc_lm_parameters *list = gsc_lm_get_parameters(p.model);
    double worst = 0, own_largest = 0;
    const char *where = "";
    for (size_t i = 0; i < list->count; i++) {
        const gsc_lm_parameter *parameter = &list->list[i];
        const size_t step = parameter->count > 16 ? parameter->count / 16 : 1;
        for (size_t k = 0; k < parameter->count; k += step) {
            double gradient;
            must(gsc_lm_read(p.model, GSC_LM_GRADIENTS, parameter, k, 1, &gradient, &error),
                 &error);
            const double off = fabs(gradient - difference(&p, parameter, k));
            where = off > worst ? parameter->name : where;
            worst = fmax(worst, off);
            if (parameter->role == GSC_LM_GATE_TENSOR || parameter->role == GSC_LM_GATE) {
                own_largest = fmax(own_largest, fabs(gradient));
            }
        }
    }
    printf("# %s: worst %.2g at %s, largest of the gate's own %.2g\n", what, worst, where,
           own_largest);
    TAP_OK(worst < 1e-7, what);
    TAP_OK(own_largest > 1e-4 || gate == &hash_plugin, "the gate's own weights have gradients");
    if (gate == &two_plugin) {
        size_t n;
        const gsc_lm_state *states = gsc_lm_states(p.model, &n);
        const double load = gsc_lm_loads(p.model, 0)[0];
        gsc_lm_end_step(p.model, 1);
        TAP_OK(n == 4 && states[1].values[0] == 10 && states[1].values[1] == load,
               "a gate's state sees each micro-batch of training once, and the step's loads");
        TAP_STRING(states[1].name, "layers.0.gate.seen", "by its name");
    }
    gsc_lm_free(p.model);
    gsc_queue_free(queue);
}

/* Noise is for training: two validations of one model give one loss, two training passes do not. */
static void test_validation(const char *gate) {
    const gsc_lm_shape s = small_shape(gate);
    char what[80];
    gsc_queue *queue = small_queue(gsc_device_cpu(), NULL, &s);
    problem p = {.model = small_model(queue, NULL, &s, GSC_F64, 2)};
    small_text(&s, 10, 0, p.tokens, p.targets);
    double losses[4];
    for (int i = 0; i < 4; i++) {
        p.batch.step = 1 + i % 2;
        p.batch.as_training = i >= 2;
        losses[i] = objective(&p);
    }
    snprintf(what, sizeof what, "%s: validations at two steps agree", gate);
    TAP_OK(losses[0] == losses[1], what);
    TAP_OK(losses[2] != losses[3] && losses[2] != losses[0], "and training draws at each");
    gsc_lm_free(p.model);
    gsc_queue_free(queue);
}

int main(void) {
    check(&cosine_plugin, false, "an inner form with a trained temperature, derived numerically");
    check(&square_plugin, false, "a score of its own");
    check(&two_plugin, false, "two logits an expert, variable choice, kept weights");
    check(&hash_plugin, false, "no logits, by token");
    check(&cosine_plugin, true, "a gated expert with biases");
    test_validation("noisy_top_k");
    test_validation("gshard");
    test_validation("sparsemixer");
    return tap_done();
}

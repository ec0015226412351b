/* SPDX-License-Identifier: MIT
 *
 * The stages of a gate: values known by hand, the whole backward pass against finite differences (given and
 * numeric derivatives, own tensors), the bias kept out of the weights, and what is refused.
 */
#include "core/plugin/stages.h"

#include "tests/plugin/stages_gates.h"
#include "tests/tap.h"

#include <stdbool.h>
#include <stdlib.h>

/* ---- One gate under test ---- */

enum {
    MOST_TENSOR = 64
};

typedef struct bench {
    gsc_plugin plugin;
    gsc_loaded loaded;
    gsc_call call;
    real tensor[MOST_TENSOR], tensor_gradient[MOST_TENSOR];
    real *tensors[1], *gradients[1];
} bench;

static void bench_init(bench *b, const char *id, const gsc_gate *gate, gsc_capabilities has,
                       const gsc_tensor *tensor, int64_t rows, int64_t inputs, int64_t experts,
                       int64_t k) {
    memset(b, 0, sizeof *b);
    b->plugin = (gsc_plugin){
        GSC_PLUGIN_HEAD(GSC_KIND_GATE), .id = id,    .capabilities = has, .tensors = tensor,
        .n_tensors = tensor != NULL,    .gate = gate};
    b->loaded = (gsc_loaded){.plugin = &b->plugin, .gate = gate};
    b->tensors[0] = b->tensor;
    b->gradients[0] = b->tensor_gradient;
    b->call = (gsc_call){.struct_size = sizeof(gsc_call),
                         .rows = rows,
                         .inputs = inputs,
                         .experts = experts,
                         .top_k = k,
                         .tensors = b->tensors,
                         .gradients = b->gradients,
                         .step = 7,
                         .random_key = 9,
                         .tokens = (const int64_t *)b,
                         .first_row = 0};
}

static void test_softmax_known(void) {
    bench b;
    bench_init(&b, "softmax", &softmax_gate, 0, NULL, 2, 2, 4, 2);
    gsc_gate_pass pass;
    gsc_error error = {0};
    TAP_OK(gsc_gate_pass_init(&pass, &b.loaded, &b.call, &error) == GSC_OK, "a pass of softmax");
    TAP_STRING(pass.name, "gate softmax", "is named for the guard");
    TAP_OK(pass.call.tokens == NULL && pass.call.step == -1 && pass.call.random_key == 0,
           "what a gate did not declare does not reach it");
    for (int j = 0; j < 4; j++) {
        pass.z[j] = log(1.0 + j) + 900.0; /* no overflow */
        pass.z[4 + j] = 0.0;              /* ties */
    }
    TAP_OK(gsc_gate_forward(&pass, NULL, NULL, NULL, &error) == GSC_OK, "from given logits");
    TAP_NEAR(pass.p[0], 0.1, 1e-13, "p_0 = 1/10");
    TAP_NEAR(pass.p[3], 0.4, 1e-13, "p_3 = 4/10");
    TAP_NEAR(pass.affinity_sum[0], 900.0 + log(10.0), 1e-12, "the log of the sum is kept");
    TAP_OK(pass.choice.start[1] == 2 && pass.choice.chosen[0] == 3 && pass.choice.chosen[1] == 2,
           "the two largest, largest first");
    TAP_NEAR(pass.choice.weight[0], 4.0 / 7.0, 1e-13, "weights renormalised");
    TAP_OK(pass.choice.chosen[2] == 0 && pass.choice.chosen[3] == 1, "ties to the smaller index");

    const double x[4] = {1, 2, -1, 3}, w[8] = {1, 0, 0, 1, 1, 1, -1, 0}, bias[4] = {0, 0.5, 0, 4};
    gsc_gate_forward(&pass, x, w, bias, NULL);
    TAP_OK(pass.z[0] == 1 && pass.z[1] == 2.5 && pass.z[2] == 3 && pass.z[3] == 3 &&
               pass.z[4] == -1 && pass.z[7] == 5,
           "the linear score with bias");
    gsc_gate_pass_clear(&pass);
    gsc_gate_pass_clear(&pass);
}

static void test_bias(void) {
    bench b;
    bench_init(&b, "v3", &v3_gate, 0, NULL, 1, 1, 3, 2);
    const real bias[3] = {0.0, 0.0, 0.9};
    b.call.bias = bias;
    gsc_gate_pass pass;
    gsc_gate_pass_init(&pass, &b.loaded, &b.call, NULL);
    const double z[3] = {log(3.0), log(1.5), log(0.25)}; /* sigma: 3/4, 3/5, 1/5 */
    memcpy(pass.z, z, sizeof z);
    gsc_gate_forward(&pass, NULL, NULL, NULL, NULL);
    TAP_NEAR(pass.p[0], 0.75 / 1.55, 1e-14, "affinities are divided by their sum");
    TAP_OK(pass.choice.chosen[0] == 2 && pass.choice.chosen[1] == 0, "rank compares sigma + bias");
    TAP_NEAR(pass.choice.weight[0], 0.2 / 0.95, 1e-14, "the bias does not leak into the weights");
    TAP_NEAR(pass.choice.weight[1], 0.75 / 0.95, 1e-14, "of any expert");
    gsc_gate_pass_clear(&pass);

    bench_init(&b, "softmax", &softmax_gate, 0, NULL, 1, 1, 3, 1);
    const real up[3] = {0.0, 0.0, 1.0};
    b.call.bias = up;
    gsc_gate_pass_init(&pass, &b.loaded, &b.call, NULL);
    memset(pass.z, 0, 3 * sizeof(double));
    gsc_gate_forward(&pass, NULL, NULL, NULL, NULL);
    TAP_OK(pass.choice.chosen[0] == 2 && fabs(pass.choice.weight[0] - 1.0) < 1e-14,
           "by default p + bias is compared");
    gsc_gate_pass_clear(&pass);
    bench_init(&b, "deaf", &softmax_gate, GSC_CAP_IGNORES_BIAS, NULL, 1, 1, 3, 1);
    b.call.bias = up;
    gsc_gate_pass_init(&pass, &b.loaded, &b.call, NULL);
    gsc_gate_forward(&pass, NULL, NULL, NULL, NULL);
    TAP_OK(pass.choice.chosen[0] == 0, "a gate that ignores the bias never sees it");
    gsc_gate_pass_clear(&pass);
}

static void test_sigmoid_known(void) {
    const gsc_gate gate = {.struct_size = sizeof(gsc_gate),
                           .affinity_form = GSC_AFFINITY_VALUE,
                           .affinity = sigmoid_affinity,
                           .combine_form = GSC_COMBINE_KEEP};
    bench b;
    bench_init(&b, "sigmoid", &gate, GSC_CAP_NO_SUM, NULL, 1, 1, 3, 2);
    gsc_gate_pass pass;
    gsc_gate_pass_init(&pass, &b.loaded, &b.call, NULL);
    const double z[3] = {log(0.25), 0.0, log(3.0)};
    memcpy(pass.z, z, sizeof z);
    gsc_gate_forward(&pass, NULL, NULL, NULL, NULL);
    TAP_NEAR(pass.p[0] + pass.p[1] + pass.p[2], 0.2 + 0.5 + 0.75, 1e-14, "without a sum p = a");
    TAP_OK(fabs(pass.choice.weight[0] - 0.75) < 1e-14 && fabs(pass.choice.weight[1] - 0.5) < 1e-14,
           "kept as weights");
    gsc_gate_pass_clear(&pass);
}

static void test_choices_known(void) {
    gsc_gate gate = softmax_gate;
    gate.count = top_p_count;
    bench b;
    bench_init(&b, "top_p", &gate, 0, NULL, 3, 1, 4, 1);
    gsc_gate_pass pass;
    gsc_gate_pass_init(&pass, &b.loaded, &b.call, NULL);
    const double p[12] = {0.7, 0.1, 0.1, 0.1, 0.25, 0.25, 0.25, 0.25, 0.1, 0.2, 0.3, 0.4};
    for (int i = 0; i < 12; i++) {
        pass.z[i] = log(p[i]);
    }
    gsc_gate_forward(&pass, NULL, NULL, NULL, NULL);
    const int64_t *start = pass.choice.start;
    TAP_OK(start[1] == 1 && start[2] - start[1] == 3 && start[3] - start[2] == 2,
           "rows take as many experts as count says");
    TAP_OK(pass.choice.chosen[start[2]] == 3 && pass.choice.chosen[start[2] + 1] == 2,
           "best first");
    gsc_gate_pass_clear(&pass);

    gate = softmax_gate;
    gate.rank = lower_rank;
    bench_init(&b, "lower", &gate, 0, NULL, 1, 1, 4, 3);
    gsc_gate_pass_init(&pass, &b.loaded, &b.call, NULL);
    gsc_gate_forward(&pass, NULL, NULL, NULL, NULL);
    TAP_OK(pass.choice.start[1] == 2, "a rank of -infinity is never chosen");
    gsc_gate_pass_clear(&pass);

    gate = softmax_gate;
    gate.select = modulo_select;
    gate.select_scratch = modulo_scratch;
    bench_init(&b, "modulo", &gate, 0, NULL, 4, 1, 3, 2);
    gsc_gate_pass_init(&pass, &b.loaded, &b.call, NULL);
    gsc_gate_forward(&pass, NULL, NULL, NULL, NULL);
    TAP_OK(pass.choice.start[4] == 6 && pass.choice.chosen[1] == 1, "a gate may choose by itself");
    TAP_NEAR(pass.choice.weight[1], 0.5, 1e-14, "and gets its weights");
    gsc_gate_pass_clear(&pass);
}

/* ---- Backward against finite differences ---- */

enum {
    T = 5,
    D = 3,
    E = 6,
    MOST_M = 2 * E
};

typedef struct problem {
    bench b;
    gsc_gate_pass pass;
    double x[T * D], w[MOST_M * D], bias[MOST_M];
    double on_weight[T * E], on_p[T * E],
        on_z[T * MOST_M]; /* L = their products with weight, p, z */
    int32_t chosen[T * E];
    int64_t n_chosen;
    bool moved; /* the selection changed: differences mean nothing */
} problem;

static uint64_t random_state = 42;

static double random_number(void) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (double)(random_state >> 11) * 0x1p-52 - 1.0;
}

static double loss(problem *q) {
    if (gsc_gate_forward(&q->pass, q->x, q->w, q->bias, NULL) != GSC_OK) {
        return NAN;
    }
    const gsc_choice *choice = &q->pass.choice;
    q->moved = q->moved || choice->start[T] != q->n_chosen ||
               memcmp(choice->chosen, q->chosen, (size_t)q->n_chosen * sizeof *q->chosen) != 0;
    double sum = 0.0;
    for (int64_t i = 0; i < choice->start[T]; i++) {
        sum += q->on_weight[i] * choice->weight[i];
    }
    for (size_t i = 0; i < T * E; i++) {
        sum += q->on_p[i] * q->pass.p[i];
    }
    for (size_t i = 0; i < T * q->pass.logits; i++) {
        sum += q->on_z[i] * q->pass.z[i];
    }
    return sum;
}

/* The largest error against central differences, relative to the largest gradient of this array. */
static double worst_error(problem *q, double *values, const double *gradient, size_t n) {
    double largest = 1e-3, worst = 0.0;
    for (size_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs(gradient[i]));
    }
    for (size_t i = 0; i < n; i++) {
        double value = values[i], h = 1e-5 * fmax(1.0, fabs(value));
        values[i] = value + h;
        double above = loss(q);
        values[i] = value - h;
        double below = loss(q);
        values[i] = value;
        double error = fabs((above - below) / (2.0 * h) - gradient[i]) / largest;
        worst = error > worst || isnan(error) ? error : worst;
    }
    return worst;
}

/* Forward differences: the same dz within 1e-6, at M + 1 evaluations of a row instead of 2M. */
static void check_one_sided(problem *q, gsc_gate_gradient *g) {
    static double exact[T * MOST_M];
    const size_t m = q->pass.logits;
    double worst = 0, largest = 0;
    gsc_gate_backward(&q->pass, g, NULL);
    memcpy(exact, g->ret_dz, T * m * sizeof *exact);
    const int64_t central = q->pass.numeric_evaluations;
    q->pass.one_sided = true;
    gsc_gate_backward(&q->pass, g, NULL);
    for (size_t i = 0; i < T * m; i++) {
        worst = fmax(worst, fabs(g->ret_dz[i] - exact[i]));
        largest = fmax(largest, fabs(exact[i]));
    }
    TAP_NEAR(worst / largest, 0, 1e-6, "forward differences give the same dz");
    TAP_OK(central == (int64_t)(2 * T * m) && q->pass.numeric_evaluations == (int64_t)(T * (m + 1)),
           "with half the evaluations");
}

static void check_gradient(const char *id, const gsc_gate *gate, gsc_capabilities has,
                           const gsc_tensor *tensor, bool numeric) {
    static problem q;
    memset(&q, 0, sizeof q);
    gsc_error error = {0};
    bench_init(&q.b, id, gate, has, tensor, T, D, E, 2);
    for (size_t i = 0; i < T * D; i++) {
        q.x[i] = 1.5 * random_number();
    }
    for (size_t i = 0; i < MOST_M * D; i++) {
        q.w[i] = random_number();
    }
    for (size_t i = 0; i < MOST_M; i++) {
        q.bias[i] = 0.3 * random_number();
    }
    for (size_t i = 0; i < T * E; i++) {
        q.on_weight[i] = random_number();
        q.on_p[i] = random_number();
    }
    for (size_t i = 0; i < T * MOST_M; i++) {
        q.on_z[i] = random_number();
    }
    for (size_t i = 0; i < MOST_TENSOR; i++) {
        q.b.tensor[i] = 1.0 + 0.5 * random_number();
    }
    char what[200];
    gsc_status status = gsc_gate_pass_init(&q.pass, &q.b.loaded, &q.b.call, &error);
    if (status == GSC_OK) {
        loss(&q);
        q.n_chosen = q.pass.choice.start[T];
        memcpy(q.chosen, q.pass.choice.chosen, (size_t)q.n_chosen * sizeof *q.chosen);
        q.moved = false;
    }
    static double dz[T * MOST_M], dx[T * D], dw[MOST_M * D], db[MOST_M];
    memset(dw, 0, sizeof dw);
    memset(db, 0, sizeof db);
    gsc_gate_gradient g = {.dweight = q.on_weight,
                           .dp = q.on_p,
                           .dz = q.on_z,
                           .ret_dz = dz,
                           .ret_dx = dx,
                           .dw = dw,
                           .db = db};
    loss(&q);
    status = status == GSC_OK ? gsc_gate_backward(&q.pass, &g, &error) : status;
    snprintf(what, sizeof what, "%s: backward runs", id);
    if (!TAP_OK(status == GSC_OK, what)) {
        printf("# %s\n", error.message);
        return;
    }
    snprintf(what, sizeof what, "%s: derivatives are %s", id, numeric ? "numeric" : "given");
    TAP_OK((q.pass.numeric_evaluations > 0) == numeric, what);
    double own = 0.0;
    size_t m = q.pass.logits;
    if (tensor != NULL) {
        int64_t count = gsc_tensor_count(tensor, &q.pass.call);
        own = worst_error(&q, q.b.tensor, q.b.tensor_gradient, (size_t)count);
    }
    double by_x = worst_error(&q, q.x, dx, T * D);
    double by_w = gate->score_form == GSC_SCORE_OWN ? 0.0 : worst_error(&q, q.w, dw, m * D);
    double by_b = gate->score_form == GSC_SCORE_LINEAR ? worst_error(&q, q.bias, db, m) : 0.0;
    snprintf(what, sizeof what, "%s: dx %.1e, dw %.1e, db %.1e, own tensors %.1e of 1e-7 allowed",
             id, by_x, by_w, by_b, own);
    TAP_OK(!q.moved && by_x < 1e-7 && by_w < 1e-7 && by_b < 1e-7 && own < 1e-7, what);
    if (gate->probs != NULL && gate->probs_backward == NULL && tensor == NULL) {
        check_one_sided(&q, &g);
    }
    gsc_gate_pass_clear(&q.pass);
}

static void test_gradients(void) {
    check_gradient("softmax", &softmax_gate, 0, NULL, false);
    check_gradient("v3", &v3_gate, 0, NULL, false);
    gsc_gate gate = softmax_gate;
    gate.affinity_slope = NULL;
    check_gradient("softmax, numeric", &gate, 0, NULL, true);
    gate = v3_gate;
    gate.affinity_slope = NULL;
    check_gradient("v3, numeric", &gate, 0, NULL, true);
    gate = v3_gate;
    gate.combine_form = GSC_COMBINE_KEEP;
    check_gradient("sigmoid without a sum", &gate, GSC_CAP_NO_SUM, NULL, false);
    gate = softmax_gate;
    gate.combine_form = GSC_COMBINE_KEEP;
    check_gradient("exponential without a sum", &gate, GSC_CAP_NO_SUM, NULL, false);

    gsc_gate pair = {.struct_size = sizeof(gsc_gate),
                     .logits = twice,
                     .probs = pair_probs,
                     .probs_backward = pair_probs_backward};
    check_gradient("two logits an expert", &pair, 0, NULL, false);
    pair.probs_backward = NULL;
    check_gradient("two logits an expert, numeric", &pair, 0, NULL, true);

    gate = softmax_gate;
    gate.score_form = GSC_SCORE_INNER;
    gate.inner = distance_inner;
    gate.inner_slope = distance_slope;
    check_gradient("distance", &gate, 0, NULL, false);
    gate.inner_slope = NULL;
    check_gradient("distance, numeric", &gate, 0, NULL, true);
    gate.inner = cosine_inner;
    check_gradient("cosine with a learned temperature", &gate, 0, &temperature, true);
    gate = softmax_gate;
    gate.affinity = warm_affinity;
    gate.affinity_slope = warm_slope;
    check_gradient("affinity with a learned temperature", &gate, 0, &temperature, true);

    gate = softmax_gate;
    gate.score_form = GSC_SCORE_OWN;
    gate.score = square_score;
    gate.score_backward = square_score_backward;
    check_gradient("own score", &gate, 0, &own_matrix, false);

    gate = v3_gate;
    gate.combine_form = GSC_COMBINE_OWN;
    gate.combine = own_combine;
    gate.combine_backward = own_combine_backward;
    check_gradient("own weights", &gate, 0, NULL, false);
    gate.combine_backward = NULL;
    check_gradient("own weights, numeric", &gate, 0, NULL, true);
    gate = softmax_gate;
    gate.count = top_p_count;
    check_gradient("variable count", &gate, 0, NULL, false);
}

/* ---- Refusals ---- */

static void check_refusal(const char *id, const gsc_gate *gate, const char *part) {
    bench b;
    bench_init(&b, id, gate, 0, NULL, 3, 2, 4, 2);
    gsc_gate_pass pass = {0};
    gsc_error error = {0};
    double dz[12], dx[6];
    const double x[6] = {1, 2, 3, 4, 5, 6}, w[8] = {0};
    const gsc_gate_gradient g = {.ret_dz = dz, .ret_dx = dx};
    gsc_status status = gsc_gate_pass_init(&pass, &b.loaded, &b.call, &error);
    status = status == GSC_OK ? gsc_gate_forward(&pass, x, w, NULL, &error) : status;
    status = status == GSC_OK ? gsc_gate_backward(&pass, &g, &error) : status;
    TAP_OK(status == GSC_ERR_PLUGIN, id);
    TAP_CONTAINS(error.message, part, "is refused, with its reason");
    char name[64];
    snprintf(name, sizeof name, "gate %s", id);
    TAP_CONTAINS(error.message, name, "by name");
    gsc_gate_pass_clear(&pass);
}

static void test_refusals(void) {
    gsc_gate gate = softmax_gate;
    gate.affinity = nan_affinity;
    check_refusal("nan", &gate, "affinity returned nan (row 1, column 1)");
    gate = v3_gate;
    gate.affinity = zero_affinity;
    check_refusal("zero", &gate, "affinities of row 0 are all 0");
    gate.affinity = negative_affinity;
    check_refusal("negative", &gate, "affinity returned -1 for z = 0");
    gate = softmax_gate;
    gate.logits = twice;
    check_refusal("wide", &gate, "8 logits for 4 experts");
    gate = softmax_gate;
    gate.rank = nan_rank;
    check_refusal("unranked", &gate, "rank returned nan (row 0, expert 0)");
    gate = softmax_gate;
    gate.select = twice_select;
    gate.select_scratch = modulo_scratch;
    check_refusal("double", &gate, "select chose expert 1 in row 1");
    gate.select = beyond_select;
    check_refusal("beyond", &gate, "row starts do not rise");
    gate = softmax_gate;
    gate.count = all_count;
    gate.max_chosen = one_chosen;
    check_refusal("greedy", &gate, "row 0 takes 4 experts, more than max_chosen promised");
    gate = softmax_gate;
    gate.affinity_slope = slope_of_nan;
    check_refusal("steep", &gate, "affinity_slope returned nan (row 0, column 0)");
    gate = softmax_gate;
    gate.affinity = NULL;
    check_refusal("hollow", &gate, "affinity is missing");
    gate = softmax_gate;
    gate.combine_form = GSC_COMBINE_OWN;
    check_refusal("weightless", &gate, "combine is missing");
    const gsc_gate half = {.struct_size = sizeof(gsc_gate), .probs = half_probs};
    check_refusal("half", &half, "sum to 0.5");

    bench b;
    gsc_gate_pass pass = {0};
    gsc_error error = {0};
    bench_init(&b, "softmax", &softmax_gate, 0, NULL, 3, 2, 4, 5);
    TAP_OK(gsc_gate_pass_init(&pass, &b.loaded, &b.call, &error) == GSC_ERR_INPUT && pass.z == NULL,
           "top_k above the number of experts is refused");
    bench_init(&b, "softmax", &softmax_gate, 0, NULL, 0, 2, 4, 2);
    TAP_OK(gsc_gate_pass_init(&pass, &b.loaded, &b.call, &error) == GSC_OK &&
               gsc_gate_forward(&pass, NULL, NULL, NULL, &error) == GSC_OK,
           "no rows at all are fine");
    gsc_gate_pass_clear(&pass);
}

static void test_score_only(void) {
    gsc_gate gate = softmax_gate;
    gate.score_form = GSC_SCORE_OWN;
    gate.score = square_score;
    bench b;
    bench_init(&b, "own", &gate, 0, &own_matrix, 2, 2, 2, 1);
    gsc_gate_pass pass;
    gsc_error error = {0};
    gsc_gate_pass_init(&pass, &b.loaded, &b.call, NULL);
    const double x[4] = {1, 2, 3, 4};
    double dz[4], dx[4];
    const gsc_gate_gradient g = {.ret_dz = dz, .ret_dx = dx};
    gsc_gate_forward(&pass, x, NULL, NULL, NULL);
    TAP_OK(gsc_gate_backward(&pass, &g, &error) == GSC_ERR_PLUGIN,
           "an own score without a backward cannot be trained");
    TAP_CONTAINS(error.message, "score_backward", "and says what is missing");
    gsc_gate_pass_clear(&pass);
}

int main(void) {
    test_softmax_known();
    test_bias();
    test_sigmoid_known();
    test_choices_known();
    test_gradients();
    test_refusals();
    test_score_only();
    return tap_done();
}

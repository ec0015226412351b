/* SPDX-License-Identifier: MIT
 *
 * The plugins that come with the program, found in the build tree, scanned and loaded as a worker does:
 * values against plain formulas, every derivative against differences, and what each lab says of them.
 */
#include "core/plugin/registry.h"
#include "tests/tap.h"

#include <stdlib.h>

static const gsc_loaded *load(gsc_kind kind, const char *id) {
    const gsc_loaded *loaded = NULL;
    gsc_error error = {0};
    gsc_status status = gsc_registry_load(kind, id, &loaded, &error);
    TAP_STRING(error.message, "", id);
    if (status != GSC_OK) {
        exit(tap_done());
    }
    return loaded;
}

/* ---- Gates ----------------------------------------------------------------------------------------- */

static long double log_softmax(long double z) {
    return z;
}

static long double log_sigmoid(long double z) {
    return z < 0 ? z - log1pl(expl(z)) : -log1pl(expl(-z));
}

static long double sigmoid(long double z) {
    return 1 / (1 + expl(-z));
}

static long double softplus(long double z) {
    return z > 0 ? z + log1pl(expl(-z)) : log1pl(expl(z));
}

/* Values within 1e-14 and slopes within 1e-9 of the formula's, at 2801 logits in [-700, 700], for n from
 * 0 to 17 and all at once, so that every remainder of a vector loop is met. */
static void check_affinity(const gsc_loaded *loaded, long double (*formula)(long double),
                           double offset, double scale) {
    enum {
        N = 2801
    };
    static double z[N], a[N + 1], slope[N];
    double worst = 0, worst_slope = 0;
    int guard = 1;
    const double params[] = {offset, scale};
    gsc_call call = {.struct_size = sizeof call, .params = params, .experts = N, .step = -1};
    for (int i = 0; i < N; i++) {
        z[i] = ((double)i - N / 2) * 0.5 + 0.01;
    }
    for (int64_t n = 0; n <= 18; n++) {
        int64_t count = n < 18 ? n : N;
        a[count] = 12345;
        loaded->gate->affinity(&call, count, z, a);
        guard = guard && a[count] == 12345;
        for (int64_t i = 0; i < count; i++) {
            double right = (double)formula((long double)scale * (long double)(z[i] - offset));
            worst = fmax(worst, fabs(a[i] - right) / (1 + fabs(right)));
        }
    }
    char what[128];
    snprintf(what, sizeof what, "%s, offset %g, scale %g: affinity", loaded->plugin->id, offset,
             scale);
    TAP_NEAR(worst, 0, 1e-14, what);
    TAP_OK(guard, "nothing is written behind its end");
    if (loaded->gate->affinity_slope == NULL) {
        return;
    }
    loaded->gate->affinity_slope(&call, N, z, slope);
    for (int i = 0; i < N; i++) {
        long double t = (long double)scale * (long double)(z[i] - offset), h = 1e-5L;
        double right = scale * (double)((formula(t + h) - formula(t - h)) / (2 * h));
        worst_slope = fmax(worst_slope, fabs(slope[i] - right));
    }
    snprintf(what, sizeof what, "%s, offset %g, scale %g: slope", loaded->plugin->id, offset,
             scale);
    TAP_NEAR(worst_slope, 0, 1e-9, what);
}

/* DeepSeek-V3 compares sigma + bias, which orders experts otherwise than p + bias does. */
static void check_rank(const gsc_loaded *loaded) {
    const double params[] = {0.5, 1}, z[] = {-700, -1, 0.5, 2}, bias[] = {0.25, 0.1, 0, -0.1};
    double rank[4];
    gsc_call call = {.struct_size = sizeof call, .params = params, .experts = 4, .bias = bias};
    loaded->gate->rank(&call, 0, z, NULL, rank);
    for (int j = 0; j < 4; j++) {
        TAP_NEAR(rank[j], (double)sigmoid((long double)z[j] - 0.5L) + bias[j], 1e-15,
                 "normalized_sigmoid ranks by sigma + bias");
    }
    call.bias = NULL;
    loaded->gate->rank(&call, 0, z, NULL, rank);
    TAP_NEAR(rank[2], 0.5, 0, "and by sigma without a bias");
}

/* ---- Experts --------------------------------------------------------------------------------------- */

static double relu(double u) {
    return u > 0 ? u : 0;
}

static double gelu(double u) {
    return u * 0.5 * erfc(-u * M_SQRT1_2);
}

static void check_activation(const gsc_loaded *loaded, double (*formula)(double)) {
    enum {
        N = 201
    };
    double u[N], f[N], slope[N], worst = 0, worst_slope = 0, worst_f32 = 0;
    float u32[N], f32[N];
    const double unbiased[] = {0}, biased[] = {1};
    gsc_call call = {.struct_size = sizeof call, .params = unbiased};
    for (int i = 0; i < N; i++) {
        u[i] = ((double)i - N / 2) * 0.07 + 0.003;
        u32[i] = (float)u[i];
    }
    const gsc_expert *expert = loaded->expert;
    expert->activation(&call, N, u, NULL, f);
    expert->activation_slope(&call, N, u, NULL, slope, NULL);
    expert->activation_f32(&call, N, u32, NULL, f32);
    for (int i = 0; i < N; i++) {
        double right = (formula(u[i] + 1e-5) - formula(u[i] - 1e-5)) / 2e-5;
        worst = fmax(worst, fabs(f[i] - formula(u[i])));
        worst_slope = fmax(worst_slope, fabs(slope[i] - right));
        worst_f32 = fmax(worst_f32, fabs((double)f32[i] - formula((double)u32[i])));
    }
    TAP_NEAR(worst, 0, 1e-14, "activation");
    TAP_NEAR(worst_slope, 0, 1e-9, "its slope");
    TAP_NEAR(worst_f32, 0, 2e-6, "its float version");
    TAP_OK(!expert->biased(unbiased) && expert->biased(biased), "both parametrisations");
}

static double logistic(double u) {
    return 1 / (1 + exp(-u));
}

/* sigma and tanh stay finite and monotone far out, where exp overflows. */
static void check_bounded(const gsc_loaded *loaded, double lowest) {
    const double u[] = {-1e4, -800, 800, 1e4};
    double f[4], slope[4];
    const double params[] = {1};
    gsc_call call = {.struct_size = sizeof call, .params = params};
    loaded->expert->activation(&call, 4, u, NULL, f);
    loaded->expert->activation_slope(&call, 4, u, NULL, slope, NULL);
    TAP_OK(f[0] == lowest && f[1] == lowest && f[2] == 1 && f[3] == 1, "bounded far out");
    TAP_OK(slope[0] == 0 && slope[3] == 0, "and flat there");
}

enum {
    T = 5,
    D = 3,
    O = 2
};

static double linear_loss(const gsc_expert *expert, gsc_call *call, const double *x,
                          const double *dy) {
    double y[T * O], sum = 0;
    expert->forward(call, x, y);
    for (int i = 0; i < T * O; i++) {
        sum += dy[i] * y[i];
    }
    return sum;
}

static double difference(const gsc_expert *expert, gsc_call *call, const double *x,
                         const double *dy, double *number) {
    double kept = *number;
    *number = kept + 0.5;
    double above = linear_loss(expert, call, x, dy);
    *number = kept - 0.5;
    double below = linear_loss(expert, call, x, dy);
    *number = kept;
    return above - below;
}

static void check_linear(const gsc_loaded *loaded) {
    double x[T * D], dy[T * O], dx[T * D], weight[O * D], bias[O];
    double dweight[O * D], dbias[O], worst = 0;
    for (int i = 0; i < T * D; i++) {
        x[i] = sin(1.0 + i);
    }
    for (int i = 0; i < T * O; i++) {
        dy[i] = cos(2.0 * i);
    }
    for (int i = 0; i < O * D; i++) {
        weight[i] = 0.3 * i - 0.5;
        dweight[i] = 7;
    }
    for (int o = 0; o < O; o++) {
        bias[o] = 0.1 + o;
        dbias[o] = -3;
    }
    double *tensors[] = {weight, bias}, *gradients[] = {dweight, dbias};
    gsc_call call = {.struct_size = sizeof call,
                     .rows = T,
                     .inputs = D,
                     .outputs = O,
                     .tensors = tensors,
                     .gradients = gradients};
    const gsc_expert *expert = loaded->expert;
    expert->backward(&call, x, dy, dx);
    for (int i = 0; i < O * D; i++) {
        worst = fmax(worst, fabs(dweight[i] - 7 - difference(expert, &call, x, dy, &weight[i])));
    }
    for (int o = 0; o < O; o++) {
        worst = fmax(worst, fabs(dbias[o] + 3 - difference(expert, &call, x, dy, &bias[o])));
    }
    for (int i = 0; i < T * D; i++) {
        worst = fmax(worst, fabs(dx[i] - difference(expert, &call, x, dy, &x[i])));
    }
    TAP_NEAR(worst, 0, 1e-13, "linear: backward, added to what the gradients held");
    double jacobian[T * (D + 1)], y[T], apart = 0;
    call.outputs = 1;
    expert->jacobian(&call, x, jacobian);
    expert->forward(&call, x, y);
    for (int t = 0; t < T; t++) {
        double sum = jacobian[t * (D + 1) + D] * bias[0] - y[t];
        for (int d = 0; d < D; d++) {
            sum += jacobian[t * (D + 1) + d] * weight[d];
        }
        apart = fmax(apart, fabs(sum));
    }
    TAP_NEAR(apart, 0, 1e-15, "linear: y is the Jacobian times the parameters");
}

/* Backward against central differences and the Jacobian (O = 1) against forward, for experts linear in their tensors.
 * sizes: numbers of each tensor for O outputs. */
static void check_linear_in_theta(const gsc_loaded *loaded, const double *params,
                                  const size_t *sizes, size_t n_tensors) {
    enum {
        MOST = 64
    };
    static double numbers[2][MOST], gradients[2][MOST];
    double *tensors[] = {numbers[0], numbers[1]}, *added[] = {gradients[0], gradients[1]};
    double x[T * D], dy[T * O], dx[T * D], y[T], jacobian[T * MOST], worst = 0, apart = 0;
    size_t size = 0;
    for (int i = 0; i < T * D; i++) {
        x[i] = sin(1.0 + i);
    }
    for (int i = 0; i < T * O; i++) {
        dy[i] = cos(2.0 * i);
    }
    for (size_t k = 0; k < n_tensors; k++) {
        size += sizes[k] / O;
        for (size_t i = 0; i < sizes[k]; i++) {
            numbers[k][i] = 0.7 * cos(3.0 * (double)(i + k));
            gradients[k][i] = 2;
        }
    }
    const gsc_expert *expert = loaded->expert;
    gsc_call call = {.struct_size = sizeof call,
                     .rows = T,
                     .inputs = D,
                     .outputs = O,
                     .params = params,
                     .tensors = tensors,
                     .gradients = added};
    expert->backward(&call, x, dy, dx);
    for (size_t k = 0; k < n_tensors; k++) {
        for (size_t i = 0; i < sizes[k]; i++) {
            const double right = difference(expert, &call, x, dy, &numbers[k][i]);
            worst = fmax(worst, fabs(gradients[k][i] - 2 - right));
        }
    }
    TAP_NEAR(worst, 0, 1e-12, "backward, added to what the gradients held");
    worst = 0;
    for (int i = 0; i < T * D; i++) {
        const double kept = x[i], h = 1e-5;
        x[i] = kept + h;
        const double above = linear_loss(expert, &call, x, dy);
        x[i] = kept - h;
        const double below = linear_loss(expert, &call, x, dy);
        x[i] = kept;
        worst = fmax(worst, fabs(dx[i] - (above - below) / (2 * h)));
    }
    TAP_NEAR(worst, 0, 1e-8, "and to the input");
    call.outputs = 1;
    expert->jacobian(&call, x, jacobian);
    expert->forward(&call, x, y);
    for (int t = 0; t < T; t++) {
        double sum = -y[t];
        size_t at = 0;
        for (size_t k = 0; k < n_tensors; k++) {
            for (size_t i = 0; i < sizes[k] / O; i++, at++) {
                sum += jacobian[(size_t)t * size + at] * numbers[k][i];
            }
        }
        apart = fmax(apart, fabs(sum));
    }
    TAP_NEAR(apart, 0, 1e-14, "y is the Jacobian times the parameters");
}

static void check_own_experts(void) {
    const double degree[] = {4};
    check_linear_in_theta(load(GSC_KIND_EXPERT, "polynomial"), degree,
                          (const size_t[]){O * D * 4, O}, 2);
    check_linear_in_theta(load(GSC_KIND_EXPERT, "constant"), NULL, (const size_t[]){O}, 1);
}

/* ---- Balancers ------------------------------------------------------------------------------------- */

enum {
    ROWS = 7,
    EXPERTS = 70,
    CHOSEN = 2
};

/* sum_j f_j P_j of one sequence, written as the paper does. */
static double switch_by_hand(const double *p, const int32_t *chosen, int first, int last) {
    double sum = 0;
    for (int j = 0; j < EXPERTS; j++) {
        double count = 0, mean = 0;
        for (int t = first; t < last; t++) {
            count += (chosen[CHOSEN * t] == j) + (chosen[CHOSEN * t + 1] == j);
            mean += p[t * EXPERTS + j] / (last - first);
        }
        sum += (double)EXPERTS / (CHOSEN * (last - first)) * count * mean;
    }
    return sum;
}

static void check_switch(const gsc_loaded *loaded) {
    static double p[ROWS * EXPERTS], dp[ROWS * EXPERTS];
    int64_t start[ROWS + 1], sequences[] = {0, 3, ROWS};
    int32_t chosen[ROWS * CHOSEN];
    for (int i = 0; i < ROWS * EXPERTS; i++) {
        p[i] = (1 + sin(i)) / EXPERTS;
        dp[i] = 1;
    }
    for (int t = 0; t <= ROWS; t++) {
        start[t] = (int64_t)CHOSEN * t;
    }
    for (int t = 0; t < ROWS; t++) {
        chosen[CHOSEN * t] = t % 3;
        chosen[CHOSEN * t + 1] = EXPERTS - 1 - t % 2;
    }
    gsc_choice choice = {.start = start, .chosen = chosen, .capacity = ROWS * CHOSEN};
    gsc_call call = {.struct_size = sizeof call,
                     .rows = ROWS,
                     .experts = EXPERTS,
                     .sequences = sequences,
                     .n_sequences = 2};
    const gsc_balancer *balancer = loaded->balancer;
    double loss = balancer->loss(&call, NULL, p, &choice, 0.01, dp, NULL);
    double right = (switch_by_hand(p, chosen, 0, 3) + switch_by_hand(p, chosen, 3, ROWS)) / 2;
    TAP_NEAR(loss, right, 1e-13, "switch: the mean over sequences, without the coefficient");
    double worst = 0;
    for (int i = 0; i < ROWS * EXPERTS; i++) {
        static double unused[ROWS * EXPERTS];
        double kept = p[i];
        p[i] = kept + 0.25;
        double above = balancer->loss(&call, NULL, p, &choice, 0, unused, NULL);
        p[i] = kept - 0.25;
        double below = balancer->loss(&call, NULL, p, &choice, 0, unused, NULL);
        p[i] = kept;
        worst = fmax(worst, fabs(dp[i] - 1 - 0.01 * (above - below) / 0.5));
    }
    TAP_NEAR(worst, 0, 1e-14, "switch: adds coefficient times the gradient");
    for (int i = 0; i < ROWS * EXPERTS; i++) {
        p[i] = 1.0 / EXPERTS;
    }
    call.sequences = NULL;
    TAP_NEAR(balancer->loss(&call, NULL, p, &choice, 0, dp, NULL), 1, 1e-13,
             "switch: 1 where the scores are level, without sequences one");
}

static void check_bias_sign(const gsc_loaded *loaded) {
    const double loads[] = {10, 20, 30, 20};
    double bias[] = {0, 0.5, 0, -1};
    gsc_call call = {.struct_size = sizeof call, .experts = 4};
    loaded->balancer->control(&call, loads, 0.001, bias);
    TAP_OK(bias[0] == 0.001 && bias[1] == 0.5 && bias[2] == -0.001 && bias[3] == -1,
           "bias_sign: up below the mean, down above it, still at it");
    TAP_OK(loaded->balancer->moves_bias == 1, "and says that it moves the bias");
}

/* ---- What the labs say ----------------------------------------------------------------------------- */

static void check_labs(const gsc_loaded *loaded, const char *theory_part) {
    char text[640];
    gsc_plugin_theory_refusal(loaded->plugin, text, sizeof text);
    if (theory_part[0] == '\0') {
        TAP_STRING(text, "", loaded->plugin->id);
    } else {
        TAP_CONTAINS(text, theory_part, loaded->plugin->id);
        TAP_CONTAINS(text, "is not for the theory lab: ", "names plugin and lab");
    }
    gsc_plugin_lm_refusal(loaded->plugin, text, sizeof text);
    TAP_STRING(text, "", "the language-model lab takes it");
}

int main(void) {
    const gsc_loaded *softmax = load(GSC_KIND_GATE, "softmax");
    const gsc_loaded *normalized = load(GSC_KIND_GATE, "normalized_sigmoid");
    const gsc_loaded *sigma_moe = load(GSC_KIND_GATE, "sigmoid");
    const gsc_loaded *template_gate = load(GSC_KIND_GATE, "my_gate");
    check_affinity(softmax, log_softmax, 0, 1);
    check_affinity(normalized, log_sigmoid, 0, 1);
    check_affinity(normalized, log_sigmoid, -3.5, 1);
    check_affinity(normalized, log_sigmoid, 1.5, 2.5);
    check_affinity(sigma_moe, sigmoid, 0, 1);
    check_affinity(template_gate, softplus, 0, 1);
    check_rank(normalized);
    check_labs(softmax, "");
    check_labs(normalized, "");
    check_labs(template_gate, "");
    check_labs(sigma_moe, "its p does not sum to 1");

    const gsc_loaded *linear = load(GSC_KIND_EXPERT, "linear");
    check_activation(load(GSC_KIND_EXPERT, "relu"), relu);
    check_activation(load(GSC_KIND_EXPERT, "gelu"), gelu);
    check_activation(load(GSC_KIND_EXPERT, "tanh"), tanh);
    check_activation(load(GSC_KIND_EXPERT, "sigmoid"), logistic);
    check_bounded(load(GSC_KIND_EXPERT, "tanh"), -1);
    check_bounded(load(GSC_KIND_EXPERT, "sigmoid"), 0);
    check_linear(linear);
    check_own_experts();
    check_labs(linear, "");

    const gsc_loaded *bias_sign = load(GSC_KIND_BALANCER, "bias_sign");
    check_switch(load(GSC_KIND_BALANCER, "switch"));
    check_bias_sign(bias_sign);
    check_labs(bias_sign, "a likelihood has none");

    size_t size = (size_t)(softmax->plugin->source_end - softmax->plugin->source);
    TAP_OK(size > 500 && memmem(softmax->plugin->source, size, "GSC_OWN_SOURCE", 14) != NULL,
           "a plugin carries its own source");
    return tap_done();
}

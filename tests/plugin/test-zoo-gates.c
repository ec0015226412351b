/* SPDX-License-Identifier: MIT
 *
 * The shipped gates, p against a second, slow formula for each, written from its source over x and w, with
 * parameters at their initial values and at another; and the whole backward pass of each (x, w, own tensors)
 * against differences of the forward pass, the choice held.
 */
#include "tests/plugin/zoo_bench.h"

#include <string.h>

enum {
    E = ZOO_EXPERTS,
    D = ZOO_INPUTS
};

/* ---- Slow formulas: p of one row, not yet divided by its sum ----------------------------------------- */

typedef void slow_gate(const zoo_bench *b, const double *x, size_t t, double *ret_p);

static double linear(const zoo_bench *b, const double *x, int m) {
    return zoo_dot(x, b->w + m * D);
}

static double distance(const zoo_bench *b, const double *x, int j) {
    double sum = 0;
    for (int i = 0; i < D; i++) {
        sum += pow(x[i] - b->w[j * D + i], 2);
    }
    return sqrt(sum);
}

static double norm(const double *v) {
    return sqrt(zoo_dot(v, v));
}

static double logistic(double t) {
    return 1 / (1 + exp(-t));
}

static void slow_softmax(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    for (int j = 0; j < E; j++) {
        ret_p[j] = exp(linear(b, x, j));
    }
}

static void slow_temperature(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    for (int j = 0; j < E; j++) {
        ret_p[j] = exp(linear(b, x, j) / b->params[0]);
    }
}

static void slow_sigmoid(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    for (int j = 0; j < E; j++) {
        ret_p[j] = logistic(linear(b, x, j));
    }
}

static void slow_offset_sigmoid(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    for (int j = 0; j < E; j++) {
        ret_p[j] = logistic(linear(b, x, j) - b->params[0]);
    }
}

static void slow_relu(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    for (int j = 0; j < E; j++) {
        ret_p[j] = fmax(linear(b, x, j), 0);
    }
}

static void slow_softplus(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    for (int j = 0; j < E; j++) {
        ret_p[j] = log(1 + exp(linear(b, x, j)));
    }
}

static void slow_noisy(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    for (int j = 0; j < E; j++) {
        const double width = log(1 + exp(linear(b, x, E + j)));
        const double noise = gsc_normal(&b->call, (int64_t)t, j);
        ret_p[j] = exp(linear(b, x, j) + b->params[0] * noise * width);
    }
}

static void slow_nulls(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    double sum = 0;
    for (int m = 0; m < E + (int)b->params[0]; m++) {
        sum += exp(linear(b, x, m));
    }
    for (int j = 0; j < E; j++) {
        ret_p[j] = exp(linear(b, x, j)) / sum;
    }
}

static void slow_ternary(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    double sum = 0;
    for (int m = 0; m < 3 * E; m++) {
        sum += exp(linear(b, x, m));
    }
    for (int j = 0; j < E; j++) {
        ret_p[j] = fmax(exp(linear(b, x, j)), exp(linear(b, x, E + j))) / sum;
    }
}

static void slow_level(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    for (int j = 0; j < E; j++) {
        ret_p[j] = 1;
    }
}

static void slow_round_robin(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    for (int j = 0; j < E; j++) {
        const int64_t first = ((int64_t)t + b->call.first_row) * ZOO_K % E;
        ret_p[j] = j == first || j == (first + 1) % E;
    }
}

static void slow_one(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    for (int j = 0; j < E; j++) {
        ret_p[j] = j == (int)b->params[0];
    }
}

static void slow_cosine(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    for (int j = 0; j < E; j++) {
        const double *w = b->w + j * D;
        ret_p[j] = exp(b->tensors[0][0] * zoo_dot(x, w) / (norm(x) * norm(w)));
    }
}

static void slow_perturbed(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    for (int j = 0; j < E; j++) {
        const double *w = b->w + j * D;
        ret_p[j] = exp(b->tensors[0][0] * zoo_dot(x, w) /
                       ((norm(x) + b->params[1]) * (norm(w) + b->params[1])));
    }
}

static void slow_gaussian(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    for (int j = 0; j < E; j++) {
        ret_p[j] = 1;
        for (int i = 0; i < D; i++) { /* a product of D densities */
            const double sd = b->params[0] * sqrt(D), off = (x[i] - b->w[j * D + i]) / sd;
            ret_p[j] *= exp(-0.5 * off * off) / (sd * sqrt(2 * M_PI));
        }
    }
}

static void slow_laplace(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    for (int j = 0; j < E; j++) {
        ret_p[j] = exp(-distance(b, x, j) / (b->params[0] * sqrt(D)));
    }
}

static void slow_euclidean(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    for (int j = 0; j < E; j++) {
        ret_p[j] = logistic((b->params[0] - distance(b, x, j) / sqrt(D)) / b->params[1]);
    }
}

static void slow_quadratic(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    for (int j = 0; j < E; j++) {
        double z = b->tensors[2][j];
        for (int i = 0; i < D; i++) {
            z += b->tensors[1][j * D + i] * x[i];
            for (int l = 0; l < D; l++) {
                z += x[i] * b->tensors[0][(j * D + i) * D + l] * x[l];
            }
        }
        ret_p[j] = exp(z);
    }
}

static void slow_frozen(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    for (int j = 0; j < E; j++) {
        ret_p[j] = exp(b->params[0] * zoo_dot(x, b->tensors[0] + j * D));
    }
}

/* The router's weights written out, then the product. */
static void slow_hyper(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    const int size = (int)b->params[0], hidden = (int)b->params[1];
    for (int j = 0; j < E; j++) {
        double z = 0;
        for (int i = 0; i < D; i++) {
            double w = 0;
            for (int h = 0; h < hidden; h++) {
                double a = 0;
                for (int s = 0; s < size; s++) {
                    a += b->tensors[1][h * size + s] * b->tensors[0][j * size + s];
                }
                w += b->tensors[2][i * hidden + h] * fmax(a, 0);
            }
            z += x[i] * w;
        }
        ret_p[j] = exp(z);
    }
}

static void slow_hierarchical(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    const int groups = (int)b->params[0];
    for (int j = 0; j < E; j++) {
        double within = 0;
        for (int l = 0; l < E; l++) {
            within += l * groups / E == j * groups / E ? exp(linear(b, x, groups + l)) : 0;
        }
        ret_p[j] = exp(linear(b, x, j * groups / E)) * exp(linear(b, x, groups + j)) / within;
    }
}

static void slow_product_key(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    for (int j = 0; j < E; j++) { /* 6 experts in a square of side 3 */
        ret_p[j] = exp(linear(b, x, j / 3)) * exp(linear(b, x, 3 + j % 3));
    }
}

/* p_j = max(z_j - tau, 0)^power, tau by bisection. */
static void slow_threshold(const double *z, double power, double *ret_p) {
    double low = -1e3, high = 1e3;
    for (int i = 0; i < 200; i++) {
        const double tau = (low + high) / 2;
        double sum = 0;
        for (int j = 0; j < E; j++) {
            sum += pow(fmax(z[j] - tau, 0), power);
        }
        *(sum > 1 ? &low : &high) = tau;
    }
    for (int j = 0; j < E; j++) {
        ret_p[j] = pow(fmax(z[j] - high, 0), power);
    }
}

static void slow_sparsemax(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    double z[E];
    for (int j = 0; j < E; j++) {
        z[j] = linear(b, x, j);
    }
    slow_threshold(z, 1, ret_p);
}

static void slow_entmax(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    double z[E];
    for (int j = 0; j < E; j++) {
        z[j] = linear(b, x, j) / 2;
    }
    slow_threshold(z, 2, ret_p);
}

static double smooth(double t, double gamma) {
    return t <= -gamma / 2  ? 0
           : t >= gamma / 2 ? 1
                            : -2 * pow(t / gamma, 3) + 1.5 * t / gamma + 0.5;
}

/* 3 bits: codes 6 and 7 are experts 0 and 1. */
static void slow_dselect(const zoo_bench *b, const double *x, size_t t, double *ret_p) {
    const int selectors = (int)b->params[0];
    memset(ret_p, 0, E * sizeof *ret_p);
    for (int i = 0; i < selectors; i++) {
        double r[8];
        for (int c = 0; c < 8; c++) {
            r[c] = exp(linear(b, x, 4 * i + 3));
            for (int bit = 0; bit < 3; bit++) {
                const double s = smooth(linear(b, x, 4 * i + bit), b->params[1]);
                r[c] *= (c & 1 << bit) != 0 ? s : 1 - s;
            }
            ret_p[c < E ? c : c - E] += r[c];
        }
    }
}

/* ---- The table --------------------------------------------------------------------------------------- */

typedef struct zoo_gate {
    const char *id;
    double other; /* of the first parameter */
    bool no_sum;
    slow_gate *slow;
} zoo_gate;

static const zoo_gate zoo[] = {
    {"base", 0.05, true, slow_sigmoid},
    {"cosine", 3, false, slow_cosine},
    {"dense_to_sparse", 0.4, false, slow_temperature},
    {"dselect_k", 3, false, slow_dselect},
    {"entmax", NAN, false, slow_entmax},
    {"euclidean_sigmoid", 0.3, false, slow_euclidean},
    {"expert_choice", NAN, false, slow_softmax},
    {"expert_threshold", NAN, true, slow_sigmoid},
    {"frozen_random", 2, false, slow_frozen},
    {"gaussian", 1.5, false, slow_gaussian},
    {"grouped", 3, false, slow_sigmoid},
    {"gshard", NAN, false, slow_softmax},
    {"hierarchical", 4, false, slow_hierarchical},
    {"hyper_router", 5, false, slow_hyper},
    {"laplace", 0.7, false, slow_laplace},
    {"noisy_top_k", 0.3, false, slow_noisy},
    {"normalized_sigmoid", -2, false, slow_offset_sigmoid},
    {"null_experts", 7, true, slow_nulls},
    {"one_expert", 4, false, slow_one},
    {"perturbed_cosine", 4, false, slow_perturbed},
    {"product_key", NAN, false, slow_product_key},
    {"quadratic", NAN, false, slow_quadratic},
    {"random", NAN, false, slow_level},
    {"relu", NAN, true, slow_relu},
    {"round_robin", NAN, false, slow_round_robin},
    {"sigmoid", NAN, true, slow_sigmoid},
    {"sinkhorn", 3, false, slow_softmax},
    {"softmax", NAN, false, slow_softmax},
    {"softmax_keep", NAN, false, slow_softmax},
    {"softplus", NAN, false, slow_softplus},
    {"sparsemax", NAN, false, slow_sparsemax},
    {"sparsemixer", NAN, false, slow_softmax},
    {"stable_moe", 50, false, slow_softmax},
    {"switch", NAN, false, slow_softmax},
    {"temperature", 0.3, false, slow_temperature},
    {"ternary", NAN, true, slow_ternary},
    {"top_p", 0.8, false, slow_softmax},
    {"uniform", NAN, false, slow_level},
};

static void check_values(const zoo_gate *gate, double first) {
    zoo_bench *b = zoo_bench_new(gate->id, first, 1);
    double worst = 0;
    zoo_forward(b);
    for (size_t t = 0; t < ZOO_ROWS; t++) {
        double p[E], sum = 0;
        gate->slow(b, b->x + t * D, t, p);
        for (int j = 0; j < E; j++) {
            sum += p[j];
        }
        for (int j = 0; j < E; j++) {
            const double right = gate->no_sum ? p[j] : p[j] / sum;
            worst = fmax(worst, fabs(b->pass.p[t * E + (size_t)j] - right));
        }
    }
    char what[96];
    snprintf(what, sizeof what, "%s (first parameter %g): p", gate->id, b->params[0]);
    TAP_NEAR(worst, 0, 1e-12, what);
    zoo_bench_free(b);
}

/* With its middle far above the logits the normalized sigmoid is the softmax of scale z. */
static void check_limit(void) {
    zoo_bench *b = zoo_bench_new("normalized_sigmoid", 20, 1);
    double worst = 0;
    b->params[1] = 0.5;
    zoo_forward(b);
    for (size_t t = 0; t < ZOO_ROWS; t++) {
        double p[E], sum = 0;
        for (int j = 0; j < E; j++) {
            sum += p[j] = exp(0.5 * linear(b, b->x + t * D, j));
        }
        for (int j = 0; j < E; j++) {
            worst = fmax(worst, fabs(b->pass.p[t * E + (size_t)j] - p[j] / sum));
        }
    }
    TAP_NEAR(worst, 0, 1e-3, "normalized_sigmoid (offset 20, scale 0.5): softmax of z / 2");
    zoo_bench_free(b);
}

/* ---- Gradients --------------------------------------------------------------------------------------- */

static double coefficient(int64_t i) {
    return zoo_number((size_t)i, 11);
}

/* sum c_i weight_i + sum d_tj p_tj; *ret_same falls where the choice is not that of held. */
static double loss(zoo_bench *b, const gsc_choice *held, bool *ret_same) {
    zoo_forward(b);
    const gsc_choice *choice = &b->pass.choice;
    const int64_t n = choice->start[ZOO_ROWS];
    double sum = 0;
    *ret_same = memcmp(choice->start, held->start, (ZOO_ROWS + 1) * sizeof *held->start) == 0 &&
                memcmp(choice->chosen, held->chosen, (size_t)n * sizeof *held->chosen) == 0;
    for (int64_t i = 0; i < n; i++) {
        sum += coefficient(i) * choice->weight[i];
    }
    for (int64_t i = 0; i < ZOO_ROWS * E; i++) {
        sum += coefficient(1000 + i) * b->pass.p[i];
    }
    return sum;
}

typedef struct comparison {
    double worst;
    int compared, skipped;
} comparison;

static void compare(zoo_bench *b, const gsc_choice *held, double *number, double given,
                    comparison *ret) {
    const double kept = *number, h = 1e-5;
    bool same_above, same_below;
    *number = kept + h;
    const double above = loss(b, held, &same_above);
    *number = kept - h;
    const double below = loss(b, held, &same_below);
    *number = kept;
    if (!same_above || !same_below) {
        ret->skipped++;
        return;
    }
    const double right = (above - below) / (2 * h);
    ret->worst = fmax(ret->worst, fabs(given - right) / (1 + fabs(right)));
    ret->compared++;
}

static void check_gradients(const char *id, double first) {
    zoo_bench *b = zoo_bench_new(id, first, 1);
    const size_t m = (size_t)b->call.logits;
    static double dz[ZOO_ROWS * ZOO_MOST_LOGITS], dw[ZOO_MOST_LOGITS * D], dx[ZOO_ROWS * D];
    static double dweight[ZOO_ROWS * E], dp[ZOO_ROWS * E];
    static int64_t start[ZOO_ROWS + 1];
    static int32_t chosen[ZOO_ROWS * E];
    gsc_error error = {0};
    comparison tally = {0};
    memset(dw, 0, sizeof dw);
    zoo_forward(b);
    const gsc_choice held = {.start = start, .chosen = chosen};
    memcpy(start, b->pass.choice.start, sizeof start);
    memcpy(chosen, b->pass.choice.chosen, (size_t)start[ZOO_ROWS] * sizeof *chosen);
    for (int64_t i = 0; i < ZOO_ROWS * E; i++) {
        dweight[i] = coefficient(i);
        dp[i] = coefficient(1000 + i);
    }
    const bool host_weight = b->loaded->gate->score_form <= GSC_SCORE_INNER;
    const gsc_gate_gradient gradient = {
        .dweight = dweight, .dp = dp, .ret_dz = dz, .ret_dx = dx, .dw = host_weight ? dw : NULL};
    zoo_need(gsc_gate_backward(&b->pass, &gradient, &error), &error);
    static double given[ZOO_MOST_TENSORS][ZOO_MOST_NUMBERS];
    memcpy(given, b->slopes, sizeof given);
    for (size_t i = 0; i < ZOO_ROWS * D; i++) {
        compare(b, &held, &b->x[i], dx[i], &tally);
    }
    for (size_t i = 0; host_weight && i < m * D; i++) {
        compare(b, &held, &b->w[i], dw[i], &tally);
    }
    for (uint32_t k = 0; k < b->loaded->plugin->n_tensors; k++) {
        for (size_t i = 0; b->gradients[k] != NULL && i < b->sizes[k]; i++) {
            compare(b, &held, &b->tensors[k][i], given[k][i], &tally);
        }
    }
    char what[96];
    snprintf(what, sizeof what, "%s: gradients of %d numbers (%d moved the choice)", id,
             tally.compared, tally.skipped);
    TAP_NEAR(tally.worst, 0, 2e-7, what);
    TAP_OK(tally.skipped * 4 <= tally.compared, "few of them move the choice");
    zoo_bench_free(b);
}

int main(void) {
    check_limit();
    for (size_t i = 0; i < sizeof zoo / sizeof zoo[0]; i++) {
        check_values(&zoo[i], NAN);
        if (!isnan(zoo[i].other)) {
            check_values(&zoo[i], zoo[i].other);
        }
        if (strcmp(zoo[i].id, "sparsemixer") != 0) { /* an estimator: test-zoo-choices */
            check_gradients(zoo[i].id, zoo[i].other);
        }
    }
    return tap_done();
}

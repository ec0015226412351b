/* SPDX-License-Identifier: MIT
 *
 * The shipped balancers: losses against a second, slow formula and their gradients against differences of it;
 * controllers against steps worked by hand, and their states.
 */
#include "tests/plugin/zoo_bench.h"

#include <string.h>

enum {
    T = 9,
    E = 67 /* more than a block of 64 */
};

typedef struct balance_bench {
    const gsc_loaded *loaded;
    gsc_call call;
    double params[8], z[T * E], p[T * E], dp[T * E], dz[T * E], state[2 * E], *tensors[1];
    int64_t start[T + 1], sequences[3];
    int32_t chosen[T * 3];
    gsc_choice choice;
} balance_bench;

static balance_bench *balance_new(const char *id) {
    balance_bench *b = calloc(1, sizeof *b);
    b->loaded = zoo_load(GSC_KIND_BALANCER, id);
    const gsc_plugin *plugin = b->loaded->plugin;
    for (uint32_t i = 0; i < plugin->n_params; i++) {
        b->params[i] = plugin->params[i].initial;
    }
    b->tensors[0] = b->state;
    if (plugin->n_tensors > 0 && plugin->tensors[0].init == GSC_INIT_PARAM) {
        b->state[0] = b->params[(int)plugin->tensors[0].scale];
    }
    for (size_t t = 0; t < T; t++) {
        double sum = 0;
        for (size_t j = 0; j < E; j++) {
            b->z[t * E + j] = 3 * zoo_number(t * E + j, 1);
            sum += b->p[t * E + j] = 1.1 + zoo_number(t * E + j, 2);
        }
        for (size_t j = 0; j < E; j++) {
            b->p[t * E + j] /= sum;
        }
        const size_t n = t % 3; /* none, one or two */
        for (size_t i = 0; i < n; i++) {
            b->chosen[b->start[t] + (int64_t)i] = (int32_t)((t * 5 + i * 65) % E);
        }
        b->start[t + 1] = b->start[t] + (int64_t)n;
    }
    b->sequences[1] = 4;
    b->sequences[2] = T;
    b->choice = (gsc_choice){.start = b->start, .chosen = b->chosen, .capacity = T * 3};
    b->call = (gsc_call){.struct_size = sizeof(gsc_call),
                         .rows = T,
                         .experts = E,
                         .logits = E,
                         .top_k = 2,
                         .params = b->params,
                         .tensors = b->tensors,
                         .sequences = b->sequences,
                         .n_sequences = 2};
    return b;
}

/* ---- Slow losses ------------------------------------------------------------------------------------- */

typedef double slow_loss(const balance_bench *b);

static double mean_score(const balance_bench *b, int j) {
    double sum = 0;
    for (int t = 0; t < T; t++) {
        sum += b->p[t * E + j];
    }
    return sum / T;
}

static double share_of(const balance_bench *b, int j, int64_t first, int64_t last) {
    double count = 0;
    for (int64_t i = b->start[first]; i < b->start[last]; i++) {
        count += b->chosen[i] == j;
    }
    return E * count / (double)(b->start[last] - b->start[first]);
}

static double slow_switch(const balance_bench *b) {
    double total = 0;
    for (int s = 0; s < 2; s++) {
        const int64_t first = b->sequences[s], last = b->sequences[s + 1];
        for (int j = 0; j < E; j++) {
            double mean = 0;
            for (int64_t t = first; t < last; t++) {
                mean += b->p[t * E + j] / (double)(last - first);
            }
            total += share_of(b, j, first, last) * mean / 2;
        }
    }
    return total;
}

static double slow_global(const balance_bench *b) {
    double total = 0;
    for (int j = 0; j < E; j++) {
        total += share_of(b, j, 0, T) * mean_score(b, j);
    }
    return total;
}

static double slow_z_loss(const balance_bench *b) {
    double total = 0;
    for (int t = 0; t < T; t++) {
        double sum = 0;
        for (int j = 0; j < E; j++) {
            sum += exp(b->z[t * E + j]);
        }
        total += pow(log(sum), 2) / T;
    }
    return total;
}

static double slow_importance(const balance_bench *b) {
    double mean = 0, variance = 0;
    for (int j = 0; j < E; j++) {
        mean += T * mean_score(b, j) / E;
    }
    for (int j = 0; j < E; j++) {
        variance += pow(T * mean_score(b, j) - mean, 2) / E;
    }
    return variance / (mean * mean);
}

static double slow_entropy(const balance_bench *b) {
    double total = log(E);
    for (int j = 0; j < E; j++) {
        total += mean_score(b, j) * log(mean_score(b, j));
    }
    return total;
}

static double slow_dynamic(const balance_bench *b) {
    double total = 0;
    for (int i = 0; i < T * E; i++) {
        total -= b->p[i] * log(b->p[i]) / T;
    }
    return total;
}

static double slow_variance(const balance_bench *b) {
    double total = 0;
    for (int j = 0; j < E; j++) {
        for (int t = 0; t < T; t++) {
            total -= pow(b->p[t * E + j] - mean_score(b, j), 2) / (E * T);
        }
    }
    return total;
}

static double slow_l1(const balance_bench *b) {
    double total = 0;
    for (int t = 0; t < T; t++) {
        for (int j = 0; j < E; j++) {
            total += b->state[0] / T * share_of(b, j, 0, T) * fmax(b->z[t * E + j], 0);
        }
    }
    return total;
}

static double moved(balance_bench *b, slow_loss *slow, double *number) {
    const double kept = *number, h = 1e-6;
    *number = kept + h;
    const double above = slow(b);
    *number = kept - h;
    const double below = slow(b);
    *number = kept;
    return (above - below) / (2 * h);
}

static void check_loss(const char *id, slow_loss *slow) {
    balance_bench *b = balance_new(id);
    double worst = 0;
    b->state[0] = b->state[0] > 0 ? 0.3 : 0; /* a lambda that shows */
    for (int i = 0; i < T * E; i++) {
        b->dp[i] = b->dz[i] = 1; /* added to */
    }
    const double given =
        b->loaded->balancer->loss(&b->call, b->z, b->p, &b->choice, 0.25, b->dp, b->dz);
    TAP_NEAR(given, slow(b), 1e-12, id);
    for (int i = 0; i < T * E; i++) {
        worst = fmax(worst, fabs(b->dp[i] - 1 - 0.25 * moved(b, slow, &b->p[i])));
        worst = fmax(worst, fabs(b->dz[i] - 1 - 0.25 * moved(b, slow, &b->z[i])));
    }
    TAP_NEAR(worst, 0, 1e-7, "adds coefficient times its gradient");
    b->call.rows = 0;
    TAP_OK(isfinite(b->loaded->balancer->loss(&b->call, b->z, b->p, &b->choice, 1, b->dp, b->dz)),
           "no rows, no harm");
    free(b);
}

/* What the losses are at level scores, and with all on one expert. */
static void check_ends(const char *id, double level, double one) {
    balance_bench *b = balance_new(id);
    const gsc_balancer *balancer = b->loaded->balancer;
    for (int i = 0; i < T * E; i++) {
        b->p[i] = 1.0 / E;
    }
    TAP_NEAR(balancer->loss(&b->call, b->z, b->p, &b->choice, 1, b->dp, b->dz), level, 1e-12, id);
    for (int i = 0; i < T * E; i++) {
        b->p[i] = i % E == 3;
    }
    for (int64_t i = 0; i < b->start[T]; i++) {
        b->chosen[i] = 3;
    }
    TAP_NEAR(balancer->loss(&b->call, b->z, b->p, &b->choice, 1, b->dp, b->dz), one, 1e-10,
             "at level scores, and with all on one expert");
    free(b);
}

/* ---- Controllers ------------------------------------------------------------------------------------- */

static void check_bias(const char *id, const double *loads, double coefficient,
                       const double *expected) {
    balance_bench *b = balance_new(id);
    double bias[4] = {0.5, 0, 0, -0.5}, worst = 0;
    b->call.experts = 4;
    b->loaded->balancer->control(&b->call, loads, coefficient, bias);
    for (int j = 0; j < 4; j++) {
        worst = fmax(worst, fabs(bias[j] - expected[j]));
    }
    TAP_NEAR(worst, 0, 1e-15, id);
    TAP_OK(b->loaded->balancer->moves_bias == 1, "and says that it moves the bias");
    const double none[4] = {0};
    double before[4];
    memcpy(before, bias, sizeof bias);
    b->loaded->balancer->control(&b->call, none, coefficient, bias);
    TAP_NEAR(bias[0] - bias[3], before[0] - before[3], 1e-15,
             "no loads move no expert past another");
    free(b);
}

/* Three steps against the position form p e + i sum e + d (e - e1), which the increments add up to. */
static void check_pid(void) {
    balance_bench *b = balance_new("bias_pid");
    const double loads[3][4] = {{10, 20, 30, 20}, {15, 20, 25, 20}, {40, 20, 0, 20}};
    double bias[4] = {0}, sum[4] = {0}, last[4] = {0}, worst = 0;
    b->params[0] = 0.7;
    b->params[1] = 0.2;
    b->params[2] = 0.4;
    b->call.experts = 4;
    for (int step = 0; step < 3; step++) {
        b->loaded->balancer->control(&b->call, loads[step], 0.01, bias);
        for (int j = 0; j < 4; j++) {
            const double e = 1 - loads[step][j] / 20;
            sum[j] += e;
            const double right = 0.01 * (0.7 * e + 0.2 * sum[j] + 0.4 * (e - last[j]));
            worst = fmax(worst, fabs(bias[j] - right));
            last[j] = e;
        }
    }
    TAP_NEAR(worst, 0, 1e-15, "bias_pid: proportional, integral and difference of the error");
    free(b);
}

static void check_l1(void) {
    balance_bench *b = balance_new("l1_adaptive");
    const gsc_balancer *balancer = b->loaded->balancer;
    double loads[E] = {0};
    TAP_NEAR(b->state[0], 1e-8, 0, "l1_adaptive: lambda begins at its parameter");
    loads[2] = 2 * T + 1;
    balancer->control(&b->call, loads, 1, NULL);
    TAP_NEAR(b->state[0], 1.2e-8, 1e-22, "grows where tokens take more than k");
    loads[2] = 2 * T;
    balancer->control(&b->call, loads, 1, NULL);
    TAP_NEAR(b->state[0], 1.2e-8, 1e-22, "stays where they take k");
    loads[2] = 2 * T - 1;
    balancer->control(&b->call, loads, 1, NULL);
    TAP_NEAR(b->state[0], 1e-8, 1e-22, "shrinks where they take fewer");
    b->call.logits = 0;
    TAP_NEAR(balancer->loss(&b->call, NULL, b->p, &b->choice, 1, b->dp, NULL), 0, 0,
             "a gate without logits is left alone");
    free(b);
}

int main(void) {
    check_loss("switch", slow_switch);
    check_loss("global_batch", slow_global);
    check_loss("z_loss", slow_z_loss);
    check_loss("importance_cv", slow_importance);
    check_loss("entropy", slow_entropy);
    check_loss("dynamic_entropy", slow_dynamic);
    check_loss("variance", slow_variance);
    check_loss("l1_adaptive", slow_l1);
    check_ends("global_batch", 1, E);
    check_ends("importance_cv", 0, E - 1);
    check_ends("entropy", 0, log(E));
    check_ends("dynamic_entropy", log(E), 0);
    check_ends("variance", 0, 0);
    const double loads[] = {10, 30, 30, 30}; /* mean 25 */
    check_bias("bias_sign", loads, 0.1, (const double[]){0.6, -0.1, -0.1, -0.6});
    check_bias("bias_recentred", loads, 0.1, (const double[]){0.65, -0.05, -0.05, -0.55});
    check_bias("bias_proportional", loads, 0.1, (const double[]){0.56, -0.02, -0.02, -0.52});
    check_pid();
    check_l1();
    return tap_done();
}

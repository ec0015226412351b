/* SPDX-License-Identifier: MIT
 *
 * What the shipped gates choose, and how they weigh it, against slow searches written from their sources: by
 * rank and count row by row, over a batch, by token id, at random, by state.
 */
#include "tests/plugin/zoo_bench.h"

#include <string.h>

enum {
    E = ZOO_EXPERTS,
    K = ZOO_K,
    T = ZOO_ROWS,
    D = ZOO_INPUTS
};

static const double *p_of(const zoo_bench *b, size_t t) {
    return b->pass.p + t * E;
}

static const double *z_of(const zoo_bench *b, size_t t) {
    return b->pass.z + t * b->pass.logits;
}

/* How many of n values are larger than v, or as large and before at. */
static int before(const double *values, int n, double v, int at) {
    int count = 0;
    for (int i = 0; i < n; i++) {
        count += values[i] > v || (values[i] == v && i < at);
    }
    return count;
}

/* ---- Rows: is expert j of row t chosen, and with which weight? --------------------------------------- */

typedef bool wants(const zoo_bench *b, size_t t, int j);

static bool wants_top_k(const zoo_bench *b, size_t t, int j) {
    double value[E];
    for (int l = 0; l < E; l++) {
        value[l] = p_of(b, t)[l] + b->bias[l];
    }
    return before(value, E, value[j], j) < K;
}

static bool wants_one(const zoo_bench *b, size_t t, int j) {
    double value[E];
    for (int l = 0; l < E; l++) {
        value[l] = p_of(b, t)[l] + b->bias[l];
    }
    return before(value, E, value[j], j) < 1;
}

static double second_of(const double *p) {
    double best = 0, second = 0;
    for (int j = 0; j < E; j++) {
        second = p[j] > best ? best : p[j] > second ? p[j] : second;
        best = fmax(best, p[j]);
    }
    return second;
}

static double best_of(const double *p) {
    double best = 0;
    for (int j = 0; j < E; j++) {
        best = fmax(best, p[j]);
    }
    return best;
}

static bool wants_gshard(const zoo_bench *b, size_t t, int j) {
    const double *p = p_of(b, t), best = best_of(p), second = second_of(p);
    const double u = gsc_uniform(&b->call, (int64_t)t, 0);
    return p[j] == best || (p[j] == second && u < 2 * second / (best + second));
}

static bool wants_likely(const zoo_bench *b, size_t t, int j) {
    const double *p = p_of(b, t);
    return p[j] >= b->params[1] || p[j] == best_of(p);
}

static bool wants_positive(const zoo_bench *b, size_t t, int j) {
    return p_of(b, t)[j] > 0;
}

static bool wants_all(const zoo_bench *b, size_t t, int j) {
    return true;
}

/* Best first: chosen while what stands before it is below the mass. */
static bool wants_mass(const zoo_bench *b, size_t t, int j) {
    const double *p = p_of(b, t);
    double sum = 0;
    for (int l = 0; l < E; l++) {
        sum += p[l] > p[j] ? p[l] : 0;
    }
    return sum < b->params[0];
}

static bool wants_above(const zoo_bench *b, size_t t, int j) {
    return z_of(b, t)[j] > b->tensors[0][j];
}

/* 6 experts in 4 groups of 2, 1, 2, 1 (j 4 / 6); the two best groups are open. */
static bool wants_grouped(const zoo_bench *b, size_t t, int j) {
    double value[E], group[4] = {0};
    for (int l = 0; l < E; l++) {
        value[l] = 1 / (1 + exp(-z_of(b, t)[l])) + b->bias[l];
        group[l * 4 / 6] += value[l]; /* at most two in a group */
    }
    for (int l = 0; l < E; l++) {
        value[l] = before(group, 4, group[l * 4 / 6], l * 4 / 6) < 2 ? value[l] : -1e300;
    }
    return value[j] > -1e300 && before(value, E, value[j], j) < K;
}

static bool wants_beside_nulls(const zoo_bench *b, size_t t, int j) {
    double value[ZOO_MOST_LOGITS], sum = 0;
    const int m = (int)b->pass.logits;
    for (int l = 0; l < m; l++) {
        sum += exp(z_of(b, t)[l]);
    }
    for (int l = 0; l < m; l++) {
        value[l] = exp(z_of(b, t)[l]) / sum + (l < E ? b->bias[l] : 0);
    }
    return before(value, m, value[j], j) < K;
}

static bool wants_ternary(const zoo_bench *b, size_t t, int j) {
    const double *z = z_of(b, t);
    double value[2 * E];
    for (int l = 0; l < E; l++) {
        value[l] = fmax(z[l], z[E + l]);
        value[E + l] = z[2 * E + l];
    }
    return before(value, 2 * E, value[j], j) < K;
}

typedef double weight(const zoo_bench *b, size_t t, int j);

static double weight_kept(const zoo_bench *b, size_t t, int j) {
    return p_of(b, t)[j];
}

static double weight_shared(const zoo_bench *b, size_t t, int j) {
    double sum = 0;
    for (int l = 0; l < E; l++) {
        sum += zoo_place(b, t, l) >= 0 ? p_of(b, t)[l] : 0;
    }
    return p_of(b, t)[j] / sum;
}

static double weight_of_two(const zoo_bench *b, size_t t, int j) {
    return p_of(b, t)[j] / (best_of(p_of(b, t)) + second_of(p_of(b, t)));
}

static double weight_signed(const zoo_bench *b, size_t t, int j) {
    const double *z = z_of(b, t);
    return z[j] > z[E + j] ? p_of(b, t)[j] : -p_of(b, t)[j];
}

static void check_rows(const char *id, double first, double bias, wants *is_wanted, weight *right) {
    zoo_bench *b = zoo_bench_new(id, first, 1);
    int wrong = 0, total = 0;
    double worst = 0;
    for (size_t j = 0; j < E; j++) {
        b->bias[j] = bias * zoo_number(j, 8);
        if (strcmp(id, "expert_threshold") == 0) {
            b->numbers[0][j] = 0.4 * zoo_number(j, 9);
        }
    }
    zoo_forward(b);
    for (size_t t = 0; t < T; t++) {
        for (int j = 0; j < E; j++) {
            const int64_t at = zoo_place(b, t, j);
            wrong += (at >= 0) != is_wanted(b, t, j);
            total += at >= 0;
            if (at >= 0) {
                worst = fmax(worst, fabs(b->pass.choice.weight[at] - right(b, t, j)));
            }
        }
    }
    char what[96];
    snprintf(what, sizeof what, "%s: %d choices of %d rows", id, total, T);
    TAP_OK(wrong == 0 && total > 0, what);
    TAP_NEAR(worst, 0, 1e-14, "and their weights");
    zoo_bench_free(b);
}

/* ---- Batches ----------------------------------------------------------------------------------------- */

static void check_expert_choice(void) {
    zoo_bench *b = zoo_bench_new("expert_choice", NAN, 1);
    int wrong = 0;
    zoo_forward(b);
    for (int j = 0; j < E; j++) {
        double column[T];
        for (size_t t = 0; t < T; t++) {
            column[t] = p_of(b, t)[j];
        }
        for (int t = 0; t < T; t++) { /* T k / E = 4 rows each */
            wrong += (zoo_place(b, (size_t)t, j) >= 0) != (before(column, T, column[t], t) < 4);
        }
    }
    TAP_OK(wrong == 0, "expert_choice: each expert its 4 best rows");
    zoo_bench_free(b);
}

static void count_loads(const zoo_bench *b, int loads[E]) {
    memset(loads, 0, E * sizeof *loads);
    for (int64_t i = 0; i < b->pass.choice.start[T]; i++) {
        loads[b->pass.choice.chosen[i]]++;
    }
}

/* Sinkhorn over logarithms, with potentials of rows and columns instead of a scaled plan. */
static void check_sinkhorn(void) {
    zoo_bench *b = zoo_bench_new("sinkhorn", 5, 2);
    double row[T] = {0}, column[E] = {0};
    int wrong = 0;
    zoo_forward(b);
    for (int turn = 0; turn <= 5; turn++) {
        for (int j = 0; j < E && turn > 0; j++) {
            double sum = 0;
            for (size_t t = 0; t < T; t++) {
                sum += exp(z_of(b, t)[j] + row[t]);
            }
            column[j] = log((double)T / E) - log(sum);
        }
        for (size_t t = 0; t < T; t++) {
            double sum = 0;
            for (int j = 0; j < E; j++) {
                sum += exp(z_of(b, t)[j] + column[j]);
            }
            row[t] = -log(sum);
        }
    }
    for (size_t t = 0; t < T; t++) {
        double plan[E];
        for (int j = 0; j < E; j++) {
            plan[j] = exp(z_of(b, t)[j] + row[t] + column[j]);
        }
        for (int j = 0; j < E; j++) {
            wrong += (zoo_place(b, t, j) >= 0) != (before(plan, E, plan[j], j) < K);
        }
    }
    TAP_OK(wrong == 0, "sinkhorn: the k largest of the plan");
    zoo_bench_free(b);
}

/* The best balanced assignment by dynamic programming over how full each expert is (3^6 states). */
static void check_base(void) {
    zoo_bench *b = zoo_bench_new("base", 0.0001, 1);
    static double best[T + 1][729];
    double low = INFINITY, high = -INFINITY, sum = 0;
    int loads[E], worst = 0;
    zoo_forward(b);
    for (size_t t = 0; t <= T; t++) {
        for (int s = 0; s < 729; s++) {
            best[t][s] = t == 0 && s == 0 ? 0 : -INFINITY;
        }
    }
    for (size_t t = 0; t < T; t++) {
        sum += z_of(b, t)[b->pass.choice.chosen[t]];
        for (int j = 0, place = 1; j < E; j++, place *= 3) {
            low = fmin(low, z_of(b, t)[j]);
            high = fmax(high, z_of(b, t)[j]);
            for (int s = 0; s < 729; s++) {
                if (s / place % 3 < 2) {
                    best[t + 1][s + place] =
                        fmax(best[t + 1][s + place], best[t][s] + z_of(b, t)[j]);
                }
            }
        }
    }
    count_loads(b, loads);
    for (int j = 0; j < E; j++) {
        worst = loads[j] > worst ? loads[j] : worst;
    }
    TAP_OK(worst == 2, "base: two rows for each expert");
    TAP_NEAR(sum, best[T][728], T * 0.0001 * (high - low), "the best assignment there is");
    zoo_bench_free(b);
}

/* ---- Tokens, draws, states --------------------------------------------------------------------------- */

static bool same_row(const zoo_bench *a, size_t t, const zoo_bench *b, size_t u) {
    bool same = true;
    for (int j = 0; j < E; j++) {
        same = same && (zoo_place(a, t, j) >= 0) == (zoo_place(b, u, j) >= 0);
    }
    return same;
}

static void check_hash(void) {
    zoo_bench *a = zoo_bench_new("hash", 0, 1), *b = zoo_bench_new("hash", 1, 1);
    bool by_id = true, moved = false;
    int loads[E] = {0}, wrong = 0;
    zoo_forward(a);
    zoo_forward(b);
    for (size_t t = 0; t < T; t++) {
        for (size_t u = 0; u < T; u++) {
            by_id = by_id && (a->tokens[t] != a->tokens[u] || same_row(a, t, a, u));
        }
        moved = moved || !same_row(a, t, b, t);
        wrong += a->pass.choice.start[t + 1] - a->pass.choice.start[t] != K;
        wrong += a->pass.choice.weight[a->pass.choice.start[t]] != 1.0 / K;
    }
    TAP_OK(by_id && wrong == 0, "hash: the id alone decides, k experts of weight 1/k");
    TAP_OK(moved, "another salt, another map");
    for (int round = 0; round < 500; round++) {
        for (size_t t = 0; t < T; t++) {
            a->tokens[t] = (int64_t)t + round * T;
        }
        zoo_forward(a);
        for (int64_t i = 0; i < a->pass.choice.start[T]; i++) {
            loads[a->pass.choice.chosen[i]]++;
        }
    }
    double worst = 0;
    for (int j = 0; j < E; j++) { /* 2000 each, standard deviation 37 */
        worst = fmax(worst, fabs(loads[j] - 2000.0));
    }
    TAP_NEAR(worst, 0, 190, "ids spread over the experts");
    zoo_bench_free(a);
    zoo_bench_free(b);
}

/* How often each expert is chosen over many keys, against p. */
static void check_draws(const char *id, double per_row) {
    enum {
        KEYS = 4000
    };
    zoo_bench *b = zoo_bench_new(id, NAN, 1);
    double count[T * E] = {0}, worst = 0;
    for (uint64_t key = 0; key < KEYS; key++) {
        b->pass.call.random_key = b->call.random_key = gsc_random_bits(77, key, 0);
        zoo_forward(b);
        for (size_t t = 0; t < T; t++) {
            for (int j = 0; j < E; j++) {
                count[t * E + (size_t)j] += zoo_place(b, t, j) >= 0;
            }
        }
    }
    for (size_t i = 0; i < T * E; i++) {
        const double right = per_row * b->pass.p[i];
        const double sd = sqrt(right * (1 - right) / KEYS);
        worst = fmax(worst, fabs(count[i] / KEYS - right) / sd);
    }
    char what[64];
    snprintf(what, sizeof what, "%s: how often each is drawn, in standard deviations", id);
    TAP_NEAR(worst, 0, 4.5, what);
    zoo_bench_free(b);
}

/* In validation nothing is drawn: p is the softmax of the first E logits, the choice its largest. */
static void check_validation(const char *id, size_t most) {
    zoo_bench *b = zoo_bench_new(id, NAN, 1);
    double worst = 0;
    bool same = true;
    for (uint64_t key = 0; key < 3; key++) {
        b->pass.call.random_key = gsc_random_bits(77, key, 0);
        b->pass.call.training = 0;
        zoo_forward(b);
        for (size_t t = 0; t < T; t++) {
            const double *z = &b->pass.z[t * (size_t)b->call.logits];
            double sum = 0;
            for (int j = 0; j < E; j++) {
                sum += exp(z[j]);
            }
            for (int j = 0; j < E; j++) {
                size_t better = 0;
                for (int l = 0; l < E; l++) {
                    better += z[l] > z[j];
                }
                worst = fmax(worst, fabs(p_of(b, t)[j] - exp(z[j]) / sum));
                same = same && (zoo_place(b, t, j) >= 0) == (better < most);
            }
        }
    }
    TAP_NEAR(worst, 0, 1e-14, id);
    TAP_OK(same, "and in validation it takes the best, whatever the key");
    zoo_bench_free(b);
}

/* The estimate is the gradient of the whole weight p_J; the weight is that or a third. */
static void check_sparsemixer(void) {
    zoo_bench *b = zoo_bench_new("sparsemixer", NAN, 1);
    double dz[T * E] = {0}, dweight[T], worst = 0, wrong = 0;
    int thirds = 0;
    gsc_error error = {0};
    zoo_forward(b);
    for (size_t t = 0; t < T; t++) {
        const double p = p_of(b, t)[b->pass.choice.chosen[t]], w = b->pass.choice.weight[t];
        const bool best = p == best_of(p_of(b, t));
        const bool whole = gsc_uniform(&b->call, (int64_t)t, E) > 0.75;
        wrong = fmax(wrong, fabs(w - (best || whole ? p : p / 3)));
        thirds += !best && !whole;
        dweight[t] = zoo_number(t, 6);
    }
    TAP_NEAR(wrong, 0, 1e-15, "sparsemixer: the weight is p or a third of it");
    TAP_OK(thirds > 0 && thirds < T, "either happens");
    const gsc_gate_gradient gradient = {.dweight = dweight, .ret_dz = dz};
    b->pass.x = NULL; /* logits only */
    zoo_need(gsc_gate_backward(&b->pass, &gradient, &error), &error);
    for (size_t t = 0; t < T; t++) {
        double moved[E];
        for (int j = 0; j < E; j++) {
            double p[2];
            for (int side = 0; side < 2; side++) {
                double sum = 0;
                memcpy(moved, z_of(b, t), sizeof moved);
                moved[j] += side == 0 ? -1e-5 : 1e-5;
                for (int l = 0; l < E; l++) {
                    sum += exp(moved[l]);
                }
                p[side] = exp(moved[b->pass.choice.chosen[t]]) / sum;
            }
            worst = fmax(worst, fabs(dz[t * E + (size_t)j] - dweight[t] * (p[1] - p[0]) / 2e-5));
        }
    }
    TAP_NEAR(worst, 0, 1e-9, "its estimate");
    zoo_bench_free(b);
}

/* After a step whose quantiles are taken over, k / E of the rows lie above each threshold. */
static void check_threshold_state(void) {
    zoo_bench *b = zoo_bench_new("expert_threshold", 0.25, 1);
    int loads[E], worst = 0;
    double wrong = 0, first[E];
    zoo_forward(b);
    b->loaded->gate->observe(&b->pass.call, b->pass.z, b->pass.p, &b->pass.choice);
    b->loaded->gate->update(&b->pass.call, NULL);
    memcpy(first, b->tensors[0], sizeof first);
    zoo_forward(b);
    count_loads(b, loads);
    for (int j = 0; j < E; j++) {
        worst = abs(loads[j] - T * K / E) > worst ? abs(loads[j] - T * K / E) : worst;
    }
    TAP_OK(worst == 0, "expert_threshold: after a step the loads on it are level");
    for (size_t i = 0; i < T * D; i++) {
        b->x[i] *= 3; /* so do the logits and their quantiles */
    }
    zoo_forward(b);
    for (int part = 0; part < 2; part++) {
        b->loaded->gate->observe(&b->pass.call, b->pass.z, b->pass.p, &b->pass.choice);
    }
    b->loaded->gate->update(&b->pass.call, NULL);
    for (int j = 0; j < E; j++) {
        wrong = fmax(wrong, fabs(b->tensors[0][j] - (first[j] + 0.25 * (3 * first[j] - first[j]))));
    }
    TAP_NEAR(wrong, 0, 1e-9, "later steps count by their rate, micro-batches by their mean");
    b->loaded->gate->update(&b->pass.call, NULL);
    TAP_NEAR(b->tensors[0][0], 1.5 * first[0], 1e-9, "a step without rows changes nothing");
    zoo_bench_free(b);
}

static void check_stable(void) {
    zoo_bench *b = zoo_bench_new("stable_moe", 16, 1);
    int counts[16][E] = {{0}}, wrong = 0;
    b->params[1] = 10; /* frozen from there */
    zoo_forward(b);
    b->loaded->gate->observe(&b->pass.call, b->pass.z, b->pass.p, &b->pass.choice);
    for (size_t t = 0; t < T; t++) {
        for (int j = 0; j < E; j++) {
            wrong += (zoo_place(b, t, j) >= 0) != wants_top_k(b, t, j);
            counts[b->tokens[t]][j] += zoo_place(b, t, j) >= 0;
        }
    }
    TAP_OK(wrong == 0, "stable_moe: the top k of p while it learns");
    b->pass.call.step = 10;
    for (size_t i = 0; i < T * D; i++) {
        b->x[i] = zoo_number(i, 40); /* other inputs, same ids */
    }
    b->tokens[0] = 15; /* one that is new */
    zoo_forward(b);
    for (size_t t = 0; t < T; t++) {
        double value[E];
        for (int j = 0; j < E; j++) {
            value[j] = counts[b->tokens[t]][j] + p_of(b, t)[j] / 2;
        }
        for (int j = 0; j < E; j++) {
            wrong += (zoo_place(b, t, j) >= 0) != (before(value, E, value[j], j) < K);
        }
    }
    TAP_OK(wrong == 0, "then what the id chose most, by p where it is new");
    double seen[16 * E];
    memcpy(seen, b->tensors[0], sizeof seen);
    b->loaded->gate->observe(&b->pass.call, b->pass.z, b->pass.p, &b->pass.choice);
    TAP_OK(memcmp(seen, b->tensors[0], sizeof seen) == 0, "and the table stays");
    zoo_bench_free(b);
}

int main(void) {
    check_rows("softmax", NAN, 0.3, wants_top_k, weight_shared);
    check_rows("softmax_keep", NAN, 0.3, wants_top_k, weight_kept);
    check_rows("sigmoid", NAN, 0.3, wants_top_k, weight_kept);
    check_rows("noisy_top_k", NAN, 0.3, wants_top_k, weight_shared);
    check_rows("hierarchical", NAN, 0.3, wants_top_k, weight_shared);
    check_rows("product_key", NAN, 0.3, wants_top_k, weight_shared);
    check_rows("switch", NAN, 0.3, wants_one, weight_kept);
    check_rows("gshard", NAN, 0, wants_gshard, weight_of_two);
    check_rows("dense_to_sparse", NAN, 0, wants_likely, weight_shared);
    check_rows("dense_to_sparse", 0.2, 0, wants_likely, weight_shared);
    check_rows("top_p", NAN, 0, wants_mass, weight_kept);
    check_rows("top_p", 1, 0, wants_all, weight_kept);
    check_rows("relu", NAN, 0, wants_positive, weight_kept);
    check_rows("sparsemax", NAN, 0, wants_positive, weight_kept);
    check_rows("entmax", NAN, 0, wants_positive, weight_kept);
    check_rows("dselect_k", NAN, 0, wants_positive, weight_kept);
    check_rows("uniform", NAN, 0, wants_all, weight_kept);
    check_rows("one_expert", 2, 0, wants_positive, weight_kept);
    check_rows("round_robin", NAN, 0, wants_positive, weight_kept);
    check_rows("expert_threshold", NAN, 0, wants_above, weight_kept);
    check_rows("grouped", NAN, 0, wants_grouped, weight_shared);
    check_rows("grouped", NAN, 0.8, wants_grouped, weight_shared);
    check_rows("null_experts", NAN, 0, wants_beside_nulls, weight_shared);
    check_rows("null_experts", NAN, 0.4, wants_beside_nulls, weight_shared);
    check_rows("ternary", NAN, 0, wants_ternary, weight_signed);
    check_expert_choice();
    check_sinkhorn();
    check_base();
    check_hash();
    check_draws("random", K);
    check_draws("sparsemixer", 1);
    check_validation("noisy_top_k", K);
    check_validation("sparsemixer", 1);
    check_sparsemixer();
    check_threshold_state();
    check_stable();
    return tap_done();
}

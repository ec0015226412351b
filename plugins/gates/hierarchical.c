/* SPDX-License-Identifier: MIT
 *
 * Hierarchical gate of two levels: G groups of neighbouring experts, expert j in group j G / E (G
 * at most E); G logits choose the group, E logits the expert within it (M = G + E):
 *
 *     p_j = P_g(j) q_j,   P = softmax(z_0 .. z_{G-1}),   q = softmax of z_{G+j} within a group
 *
 * Backward: with m_g = sum over its experts of dp_j q_j, dz_g = P_g (m_g - sum_h P_h m_h) and
 * dz_{G+j} = p_j (dp_j - m_g). Then the k largest p_j, of whatever group.
 * Sources: Jordan and Jacobs 1994; with other gates at either level, arXiv 2410.02935.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    GROUPS
};
enum {
    MOST_GROUPS = 64
};

static int64_t groups_of(int64_t experts, const double *params) {
    return (int64_t)params[GROUPS] < experts ? (int64_t)params[GROUPS] : experts;
}

static int64_t logits(int64_t experts, const double *params) {
    return groups_of(experts, params) + experts;
}

/* The first expert of group g: the least j with j G / E >= g. */
static int64_t first_of(int64_t g, int64_t groups, int64_t experts) {
    return (g * experts + groups - 1) / groups;
}

static void softmax(int64_t n, const real *z, real *ret_p) {
    real top = n > 0 ? z[0] : 0, sum = 0;
    for (int64_t i = 1; i < n; i++) {
        top = z[i] > top ? z[i] : top;
    }
    for (int64_t i = 0; i < n; i++) {
        ret_p[i] = gsc_exp(z[i] - top);
        sum += ret_p[i];
    }
    for (int64_t i = 0; i < n; i++) {
        ret_p[i] /= sum;
    }
}

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    (void)row;
    const int64_t experts = call->experts, groups = groups_of(experts, call->params);
    real share[MOST_GROUPS];
    softmax(groups, z, share);
    for (int64_t g = 0; g < groups; g++) {
        const int64_t from = first_of(g, groups, experts), to = first_of(g + 1, groups, experts);
        softmax(to - from, z + groups + from, ret_p + from);
        for (int64_t j = from; j < to; j++) {
            ret_p[j] *= share[g];
        }
    }
}

static void probs_backward(const gsc_call *call, int64_t row, const real *z, const real *p,
                           const real *dp, real *ret_dz) {
    (void)row;
    const int64_t experts = call->experts, groups = groups_of(experts, call->params);
    real share[MOST_GROUPS], mean[MOST_GROUPS], all = 0;
    softmax(groups, z, share);
    for (int64_t g = 0; g < groups; g++) {
        const int64_t from = first_of(g, groups, experts), to = first_of(g + 1, groups, experts);
        real *q = ret_dz + groups + from; /* until it is needed */
        softmax(to - from, z + groups + from, q);
        mean[g] = 0;
        for (int64_t j = from; j < to; j++) {
            mean[g] += dp[j] * q[j - from];
        }
        all += share[g] * mean[g];
        for (int64_t j = from; j < to; j++) {
            q[j - from] = p[j] * (dp[j] - mean[g]);
        }
    }
    for (int64_t g = 0; g < groups; g++) {
        ret_dz[g] = share[g] * (mean[g] - all);
    }
}

static const gsc_param params[] = {
    {"groups", "groups of neighbouring experts", NULL, GSC_PARAM_INT, 0, 1, 64, 2},
};

static const char *const papers[] = {"10.1162/neco.1994.6.2.181", "arXiv:2410.02935", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .logits = logits,
    .probs = probs,
    .probs_backward = probs_backward,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "hierarchical",
    .version = "1.0.0",
    .title = "Hierarchical softmax",
    .formula = "p_j = softmax(z_1..G) at the group of j times softmax of z_{G+j} within it",
    .doc = "Two gates in a row: first a group of neighbouring experts, then an expert of it.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

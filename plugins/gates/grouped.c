/* SPDX-License-Identifier: MIT
 *
 * Group-limited sigmoid gate of DeepSeek-V3: experts lie in groups of neighbours, expert j in
 * group j G / E; a group scores the sum of its two best sigma(z_j) + bias_j; only the best groups
 * are open, and the top k of sigma + bias are taken within them (fewer where the open groups have
 * fewer).
 *
 * p_j = a_j / sum_l a_l with log a = min(z, 0) - log(1 + exp(-|z|)) and slope sigma(-z), as
 * normalized_sigmoid; the groups touch the choice alone. Dense, in the theory lab, it is that
 * gate.
 * Sources: arXiv 2405.04434, section 2.2.2; arXiv 2412.19437, section 2.1.2.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    GROUPS,
    OPEN
};
enum {
    MOST_GROUPS = 64
};

GSC_HOT static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = (z[i] < 0 ? z[i] : 0) - gsc_log(1 + gsc_exp(-gsc_abs(z[i])));
    }
}

GSC_HOT static void affinity_slope(const gsc_call *call, int64_t n, const real *z,
                                   real *ret_slope) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        const real e = gsc_exp(-gsc_abs(z[i]));
        ret_slope[i] = (z[i] < 0 ? 1 : e) / (1 + e);
    }
}

static void rank(const gsc_call *call, int64_t row, const real *z, const real *p, real *ret_rank) {
    (void)row, (void)p;
    const int64_t experts = call->experts, asked = (int64_t)call->params[GROUPS];
    const int64_t groups = asked < experts ? asked : experts;
    real best[MOST_GROUPS], second[MOST_GROUPS];
    for (int64_t g = 0; g < groups; g++) {
        best[g] = second[g] = -INFINITY;
    }
    for (int64_t j = 0; j < experts; j++) {
        const int64_t g = j * groups / experts;
        const real e = gsc_exp(-gsc_abs(z[j]));
        const real v = (z[j] < 0 ? e : 1) / (1 + e) + (call->bias ? call->bias[j] : 0);
        ret_rank[j] = v;
        second[g] = v > best[g] ? best[g] : v > second[g] ? v : second[g];
        best[g] = v > best[g] ? v : best[g];
    }
    for (int64_t g = 0; g < groups; g++) {
        best[g] += second[g] > -INFINITY ? second[g] : 0; /* a group of one has no second */
    }
    for (int64_t j = 0; j < experts; j++) {
        const int64_t g = j * groups / experts;
        int64_t better = 0;
        for (int64_t other = 0; other < groups; other++) {
            better += best[other] > best[g] || (best[other] == best[g] && other < g);
        }
        ret_rank[j] = better < (int64_t)call->params[OPEN] ? ret_rank[j] : -INFINITY;
    }
}

static const gsc_param params[] = {
    {"groups", "groups of neighbouring experts", NULL, GSC_PARAM_INT, 0, 1, 64, 4},
    {"open", "groups that a token may use", NULL, GSC_PARAM_INT, 0, 1, 64, 2},
};

static const char *const papers[] = {"arXiv:2405.04434", "arXiv:2412.19437", NULL};

static const char *const recommended[] = {"balancer=bias_sign", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .affinity_form = GSC_AFFINITY_LOG,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
    .rank = rank,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "grouped",
    .version = "1.0.0",
    .title = "Group-limited sigmoid",
    .formula = "p_j = sigma(z_j) / sum_l sigma(z_l), top k within the best groups",
    .doc = "Experts lie in groups, such as machines; a token stays within a few of them.",
    .papers = papers,
    .recommended = recommended,
    GSC_PARAMS(params),
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

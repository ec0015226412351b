/* SPDX-License-Identifier: MIT
 *
 * SparseMixer gate, second version (GRIN): one expert J is drawn from p = softmax(z), by the
 * largest z_j + Gumbel_j, and weighted by p_J B: B = 1 where J is the best expert, else 1 with
 * probability 1/4 and 1/3 with 3/4. top_k is not asked.
 *
 * Its gradient stands for that of the whole sum over experts, the draw included, by Heun's
 * third-order rule: the value at a third of the weight has the share 3/4, at the whole weight 1/4.
 * From the gradient dw of the weight: dz_j += dw p_J ((j = J) - p_j). It is an estimator and
 * differs from differences of the weight, also where J stays. In validation nothing is drawn: J is
 * the best expert, its weight p_J.
 * Sources: Liu et al. 2023, arXiv 2310.00811; Liu et al. 2024, arXiv 2409.12136.
 */
#define GSC_ABI_MINOR 1 /* call.training */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

GSC_HOT static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = z[i];
    }
}

GSC_HOT static void affinity_slope(const gsc_call *call, int64_t n, const real *z,
                                   real *ret_slope) {
    (void)call, (void)z;
    for (int64_t i = 0; i < n; i++) {
        ret_slope[i] = 1;
    }
}

static void rank(const gsc_call *call, int64_t row, const real *z, const real *p, real *ret_rank) {
    (void)p;
    for (int64_t j = 0; j < call->experts; j++) {
        ret_rank[j] = call->training ? z[j] - gsc_log(-gsc_log(gsc_uniform(call, row, j))) : z[j];
    }
}

static int64_t count(const gsc_call *call, int64_t row, const real *p, const int32_t *order) {
    (void)call, (void)row, (void)p, (void)order;
    return 1;
}

static int64_t max_chosen(const gsc_call *call) {
    (void)call;
    return 1;
}

static void combine(const gsc_call *call, int64_t row, const real *z, const real *p, int64_t n,
                    const int32_t *chosen, real *ret_weight) {
    for (int64_t i = 0; i < n; i++) {
        int whole = gsc_uniform(call, row, call->experts) > (real)0.75, best = 1;
        for (int64_t j = 0; j < call->experts; j++) {
            best = best && z[j] <= z[chosen[i]];
        }
        ret_weight[i] = whole || best ? p[chosen[i]] : p[chosen[i]] / 3;
    }
}

static void estimate(const gsc_call *call, int64_t row, const real *z, const real *p, int64_t n,
                     const int32_t *chosen, const real *dweight, real *dz) {
    (void)row, (void)z;
    for (int64_t i = 0; i < n; i++) {
        const real g = dweight[i] * p[chosen[i]];
        for (int64_t j = 0; j < call->experts; j++) {
            dz[j] += g * ((j == chosen[i]) - p[j]);
        }
    }
}

static const char *const papers[] = {"arXiv:2310.00811", "arXiv:2409.12136", NULL};

static const char *const recommended[] = {"balancer=switch", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .affinity_form = GSC_AFFINITY_LOG,
    .combine_form = GSC_COMBINE_OWN,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
    .rank = rank,
    .count = count,
    .max_chosen = max_chosen,
    .combine = combine,
    .estimate = estimate,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "sparsemixer",
    .version = "1.1.0",
    .title = "SparseMixer",
    .formula = "p = softmax(z), one expert J drawn from p, weight p_J B, B = 1 or 1/3",
    .doc = "Draws one expert and estimates the gradient of the draw itself; an estimator, so not"
           " for the theory lab.",
    .papers = papers,
    .recommended = recommended,
    .capabilities =
        GSC_CAP_RANDOM | GSC_CAP_CHOICE_DEFINED | GSC_CAP_IGNORES_BIAS | GSC_CAP_ESTIMATOR,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

/* SPDX-License-Identifier: MIT
 *
 * Switch gate: the one best expert of p = softmax(z), whatever top_k says, with the weight p_j
 * kept: through it alone the router learns.
 *
 * log a_j = z_j with slope 1; the host differentiates the sum. Capacity, drops and router jitter
 * are the host's.
 * Source: Fedus, Zoph and Shazeer 2022, arXiv 2101.03961, equations 1 and 2.
 */
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

static int64_t count(const gsc_call *call, int64_t row, const real *p, const int32_t *order) {
    (void)call, (void)row, (void)p, (void)order;
    return 1;
}

static int64_t max_chosen(const gsc_call *call) {
    (void)call;
    return 1;
}

static const char *const papers[] = {"arXiv:2101.03961", NULL};

static const char *const recommended[] = {"balancer=switch", "lm.balance=0.01",
                                          "lm.capacity_factor=1.25", "lm.router_jitter=0.01", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .affinity_form = GSC_AFFINITY_LOG,
    .combine_form = GSC_COMBINE_KEEP,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
    .count = count,
    .max_chosen = max_chosen,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "switch",
    .version = "1.0.0",
    .title = "Switch",
    .formula = "p_j = exp(z_j) / sum_l exp(z_l), the best expert alone, weight p_j",
    .doc = "One expert a token, weighted by its probability; dense, in the theory lab, it is the"
           " softmax.",
    .papers = papers,
    .recommended = recommended,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

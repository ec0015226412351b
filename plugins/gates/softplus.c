/* SPDX-License-Identifier: MIT
 *
 * Softplus gate: a_j = log(1 + exp(z_j)), divided by the sum: as softmax where all logits are low,
 * linear where they are high.
 *
 * Given by its logarithm, log a = log(max(z, 0) + log(1 + exp(-|z|))), and z itself below -36,
 * where the two agree to every digit; slope sigma(z) / softplus(z), and 1 there.
 * Source: ours, between softmax and ReLU; the function is Dugas et al. 2001's (NIPS 13).
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

GSC_HOT static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        const real v = z[i] < -36 ? -36 : z[i];
        const real log_a = gsc_log((v > 0 ? v : 0) + gsc_log1p(gsc_exp(-gsc_abs(v))));
        ret_a[i] = z[i] < -36 ? z[i] : log_a;
    }
}

GSC_HOT static void affinity_slope(const gsc_call *call, int64_t n, const real *z,
                                   real *ret_slope) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        const real v = z[i] < -36 ? -36 : z[i], e = gsc_exp(-gsc_abs(v));
        const real sigma = (v < 0 ? e : 1) / (1 + e);
        ret_slope[i] = z[i] < -36 ? 1 : sigma / ((v > 0 ? v : 0) + gsc_log1p(e));
    }
}

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .affinity_form = GSC_AFFINITY_LOG,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "softplus",
    .version = "1.0.0",
    .title = "Softplus",
    .formula = "p_j = log(1 + exp(z_j)) / sum_l log(1 + exp(z_l))",
    .doc = "Affinities grow as the logit and not as its exponential: between the softmax and the"
           " ReLU router.",
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

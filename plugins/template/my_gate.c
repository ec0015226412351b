/* SPDX-License-Identifier: MIT
 *
 * My gate: p_j = f(z_j) / sum_l f(z_l) with f(z) = log(1 + exp(z)). Change f, and it is yours.
 * The host has computed the logits z; it divides by the row sum, takes the top k, trains, and plots.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

GSC_HOT static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = (z[i] > 0 ? z[i] : 0) + gsc_log1p(gsc_exp(-gsc_abs(z[i])));
    }
}

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .affinity_form = GSC_AFFINITY_VALUE,
    .affinity = affinity, /* its derivative is numeric until you add affinity_slope */
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "my_gate",
    .version = "0.1.0",
    .title = "My gate",
    .formula = "p_j = log(1 + exp(z_j)) / sum_l log(1 + exp(z_l))",
    .doc = "A softplus gate to start from.",
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

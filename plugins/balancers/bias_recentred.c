/* SPDX-License-Identifier: MIT
 *
 * Loss-free balancing by the sign of the load error, recentred: once per optimiser step
 *
 *     bias_j += coefficient * sign(mean load - load_j),   then   bias_j -= mean bias
 *
 * The choice compares experts, so that a common shift of all biases does nothing but grow; where
 * more experts lie on one side of the mean than on the other, bias_sign shifts, and this does not.
 * No gradient.
 * Source: Wang et al. 2024, arXiv 2408.15664, for the rule; torchtitan's recentring.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

static void control(const gsc_call *call, const real *loads, double coefficient, real *bias) {
    const int64_t experts = call->experts;
    real mean = 0, centre = 0;
    for (int64_t j = 0; j < experts; j++) {
        mean += loads[j] / (real)experts;
    }
    for (int64_t j = 0; j < experts; j++) {
        bias[j] += (real)coefficient * (real)((loads[j] < mean) - (loads[j] > mean));
        centre += bias[j] / (real)experts;
    }
    for (int64_t j = 0; j < experts; j++) {
        bias[j] -= centre;
    }
}

static const char *const papers[] = {"arXiv:2408.15664", NULL};

static const gsc_balancer balancer = {
    .struct_size = sizeof(gsc_balancer),
    .moves_bias = 1,
    .control = control,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_BALANCER),
    .id = "bias_recentred",
    .version = "1.0.0",
    .title = "Bias by sign, recentred",
    .formula = "bias_j += coefficient sign(mean load - load_j), then bias -= mean bias",
    .doc = "Loss-free balancing whose biases keep the mean 0, so that they cannot drift together.",
    .papers = papers,
    GSC_SOURCE,
    .balancer = &balancer,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

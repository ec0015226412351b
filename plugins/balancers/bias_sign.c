/* SPDX-License-Identifier: MIT
 *
 * Loss-free balancing by the sign of the load error: once per optimiser step
 *
 *     bias_j += coefficient * sign(mean load - load_j)
 *
 * so that an expert that got too little is chosen more readily. It has no gradient: the bias is in the
 * choice, never in the weights. coefficient is the update rate (0.001 in DeepSeek-V3).
 * Source: Wang, Gao, Zhao, Sun and Dai 2024, arXiv 2408.15664, algorithm 1.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

static void control(const gsc_call *call, const real *loads, double coefficient, real *bias) {
    const int64_t experts = call->experts;
    real mean = 0;
    for (int64_t j = 0; j < experts; j++) {
        mean += loads[j] / (real)experts;
    }
    for (int64_t j = 0; j < experts; j++) {
        const int sign = (loads[j] < mean) - (loads[j] > mean);
        bias[j] += (real)coefficient * (real)sign;
    }
}

static const char *const papers[] = {"arXiv:2408.15664", "arXiv:2412.19437", NULL};

static const gsc_balancer balancer = {
    .struct_size = sizeof(gsc_balancer),
    .moves_bias = 1,
    .control = control,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_BALANCER),
    .id = "bias_sign",
    .version = "1.0.0",
    .title = "Bias by sign",
    .formula = "bias_j += coefficient * sign(mean load - load_j)",
    .doc = "Balances without a loss: the selection bias follows the sign of the load error.",
    .papers = papers,
    GSC_SOURCE,
    .balancer = &balancer,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

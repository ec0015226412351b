/* SPDX-License-Identifier: MIT
 *
 * Loss-free balancing in proportion to the load error: once per optimiser step
 *
 *     bias_j += coefficient * (1 - load_j / mean load)
 *
 * so that steps shrink as loads level, where the sign rule goes on by whole steps; the errors sum
 * to 0, and so the mean bias stays. Nothing happens while no load was counted. No gradient.
 * Source: Wang et al. 2024, arXiv 2408.15664, section 4 (the variant without the sign).
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

static void control(const gsc_call *call, const real *loads, double coefficient, real *bias) {
    const int64_t experts = call->experts;
    real mean = 0;
    for (int64_t j = 0; j < experts; j++) {
        mean += loads[j] / (real)experts;
    }
    for (int64_t j = 0; j < experts && mean > 0; j++) {
        bias[j] += (real)coefficient * (1 - loads[j] / mean);
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
    .id = "bias_proportional",
    .version = "1.0.0",
    .title = "Bias by load error",
    .formula = "bias_j += coefficient (1 - load_j / mean load)",
    .doc = "Loss-free balancing in proportion to the error: quick when far off, calm when near.",
    .papers = papers,
    GSC_SOURCE,
    .balancer = &balancer,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

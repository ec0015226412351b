/* SPDX-License-Identifier: MIT
 *
 * Dynamic-entropy loss of top-p routing: the mean entropy of a token's own scores, L = -1/T sum_t
 * sum_j p_tj log p_tj. Minimised beside a balancing loss, it keeps the router from being unsure,
 * for then top_p takes many experts.
 *
 * dL/dp_tj = -(log p_tj + 1) / T, with p not below 1e-30.
 * Source: Huang et al. 2024, arXiv 2403.07652, equation 8.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

static double loss(const gsc_call *call, const real *z, const real *p, const gsc_choice *choice,
                   double coefficient, real *dp, real *dz) {
    (void)z, (void)choice, (void)dz;
    double total = 0;
    for (int64_t i = 0; i < call->rows * call->experts; i++) {
        const double v = (double)p[i], log_v = log(v > 1e-30 ? v : 1e-30);
        total -= v * log_v / (double)call->rows;
        dp[i] -= (real)(coefficient * (log_v + 1) / (double)call->rows);
    }
    return total;
}

static const char *const papers[] = {"arXiv:2403.07652", NULL};

static const gsc_balancer balancer = {
    .struct_size = sizeof(gsc_balancer),
    .loss = loss,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_BALANCER),
    .id = "dynamic_entropy",
    .version = "1.0.0",
    .title = "Entropy of each token",
    .formula = "L = -mean_t sum_j p_tj log p_tj",
    .doc = "Makes each token sure of its experts, so that top_p takes fewer; it levels no loads "
           "by itself.",
    .papers = papers,
    GSC_SOURCE,
    .balancer = &balancer,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

/* SPDX-License-Identifier: MIT
 *
 * My balancer: L = E sum_j P_j^2 with P_j = 1/T sum_t p_tj, the mean score of expert j; 1 when the scores are
 * level. dL/dp_tj = 2 E P_j / T. Change both, and it is yours: choice says which experts each row was sent to.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

static double loss(const gsc_call *call, const real *z, const real *p, const gsc_choice *choice,
                   double coefficient, real *dp, real *dz) {
    const int64_t rows = call->rows, experts = call->experts;
    double sum = 0;
    (void)z, (void)choice, (void)dz;
    for (int64_t j = 0; j < experts; j++) {
        double mean = 0;
        for (int64_t t = 0; t < rows; t++) {
            mean += (double)p[t * experts + j] / (double)rows;
        }
        for (int64_t t = 0; t < rows; t++) {
            dp[t * experts + j] += (real)(coefficient * 2 * (double)experts * mean / (double)rows);
        }
        sum += (double)experts * mean * mean;
    }
    return sum;
}

static const gsc_balancer balancer = {
    .struct_size = sizeof(gsc_balancer),
    .loss = loss,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_BALANCER),
    .id = "my_balancer",
    .version = "0.1.0",
    .title = "My balancer",
    .formula = "L = E sum_j P_j^2, P_j = mean_t p_tj",
    .doc = "A balancing loss on the mean scores to start from.",
    GSC_SOURCE,
    .balancer = &balancer,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

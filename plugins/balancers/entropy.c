/* SPDX-License-Identifier: MIT
 *
 * Entropy regularisation of sigma-MoE: the distance of the mean score from level, L = log E +
 * sum_j P_j log P_j with P_j = 1/T sum_t p_tj over all rows; 0 when level, log E when one expert
 * has all. Tokens may stay sure of themselves.
 *
 * dL/dp_tj = (log P_j + 1) / T, with P_j not below 1e-30.
 * Source: Csordas, Irie and Schmidhuber 2023, arXiv 2310.10837, section 5.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

/* Experts at a time: their sums stand on the stack. */
enum {
    BLOCK = 64
};

/* sum_t p_tj of up to BLOCK experts from the first. */
static int64_t column_sums(const gsc_call *call, const real *p, int64_t from, double *ret_sum) {
    const int64_t left = call->experts - from, n = left < BLOCK ? left : (int64_t)BLOCK;
    for (int64_t j = 0; j < n; j++) {
        ret_sum[j] = 0;
    }
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t j = 0; j < n; j++) {
            ret_sum[j] += (double)p[t * call->experts + from + j];
        }
    }
    return n;
}

static double loss(const gsc_call *call, const real *z, const real *p, const gsc_choice *choice,
                   double coefficient, real *dp, real *dz) {
    (void)z, (void)choice, (void)dz;
    const int64_t experts = call->experts, rows = call->rows;
    double sum[BLOCK], total = rows > 0 ? log((double)experts) : 0;
    for (int64_t from = 0; from < experts && rows > 0; from += BLOCK) {
        const int64_t n = column_sums(call, p, from, sum);
        for (int64_t j = 0; j < n; j++) {
            const double mean = sum[j] / (double)rows, log_mean = log(mean > 1e-30 ? mean : 1e-30);
            total += mean * log_mean;
            sum[j] = coefficient * (log_mean + 1) / (double)rows;
        }
        for (int64_t t = 0; t < rows; t++) {
            for (int64_t j = 0; j < n; j++) {
                dp[t * experts + from + j] += (real)sum[j];
            }
        }
    }
    return total;
}

static const char *const papers[] = {"arXiv:2310.10837", NULL};

static const gsc_balancer balancer = {
    .struct_size = sizeof(gsc_balancer),
    .loss = loss,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_BALANCER),
    .id = "entropy",
    .version = "1.0.0",
    .title = "Entropy of the mean",
    .formula = "L = log E + sum_j P_j log P_j, P_j = mean_t p_tj",
    .doc = "Levels the mean score by its entropy: harsh on experts that get next to nothing.",
    .papers = papers,
    GSC_SOURCE,
    .balancer = &balancer,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

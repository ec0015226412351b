/* SPDX-License-Identifier: MIT
 *
 * Router z-loss of ST-MoE: L = 1/T sum_t l_t^2 with l_t = log sum_m exp(z_tm) over all M logits;
 * it pulls logits towards 0 and moves no probabilities among experts that are level.
 *
 * dL/dz_tm = 2 l_t softmax(z_t)_m / T.
 * Source: Zoph et al. 2022, arXiv 2202.08906, equation 5.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

static double loss(const gsc_call *call, const real *z, const real *p, const gsc_choice *choice,
                   double coefficient, real *dp, real *dz) {
    (void)p, (void)choice, (void)dp;
    const int64_t logits = call->logits;
    double total = 0;
    for (int64_t t = 0; t < call->rows && logits > 0; t++) {
        const real *row = z + t * logits;
        double top = (double)row[0], sum = 0;
        for (int64_t m = 1; m < logits; m++) {
            top = (double)row[m] > top ? (double)row[m] : top;
        }
        for (int64_t m = 0; m < logits; m++) {
            sum += exp((double)row[m] - top);
        }
        const double l = top + log(sum), scale = coefficient * 2 * l / (double)call->rows;
        for (int64_t m = 0; m < logits; m++) {
            dz[t * logits + m] += (real)(scale * exp((double)row[m] - top) / sum);
        }
        total += l * l / (double)call->rows;
    }
    return total;
}

static const char *const papers[] = {"arXiv:2202.08906", NULL};

static const gsc_balancer balancer = {
    .struct_size = sizeof(gsc_balancer),
    .loss = loss,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_BALANCER),
    .id = "z_loss",
    .version = "1.0.0",
    .title = "Router z-loss",
    .formula = "L = mean_t (log sum_m exp(z_tm))^2",
    .doc = "Keeps logits small, so that exponentials keep their digits; it levels no loads by "
           "itself.",
    .papers = papers,
    GSC_SOURCE,
    .balancer = &balancer,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

/* SPDX-License-Identifier: MIT
 *
 * Importance loss: the squared coefficient of variation of what experts get, I_j = sum_t p_tj over
 * the rows,
 *
 *     L = variance(I) / mean(I)^2 = E sum_j I_j^2 / (sum_j I_j)^2 - 1
 *
 * 0 when level, E - 1 when one expert has all. dL/dI_j = 2 E (I_j - sum_l I_l^2 / S) / S^2 with S
 * = sum_l I_l. The source adds the same of a smooth load, which needs the gate's noise; what was
 * chosen is not asked here.
 * Source: Shazeer et al. 2017, arXiv 1701.06538, section 4.
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
    const int64_t experts = call->experts;
    double sum[BLOCK], all = 0, squares = 0;
    for (int64_t from = 0; from < experts; from += BLOCK) {
        const int64_t n = column_sums(call, p, from, sum);
        for (int64_t j = 0; j < n; j++) {
            all += sum[j];
            squares += sum[j] * sum[j];
        }
    }
    if (!(all > 0)) {
        return 0;
    }
    const double scale = coefficient * 2 * (double)experts / (all * all);
    for (int64_t from = 0; from < experts; from += BLOCK) {
        const int64_t n = column_sums(call, p, from, sum);
        for (int64_t t = 0; t < call->rows; t++) {
            for (int64_t j = 0; j < n; j++) {
                dp[t * experts + from + j] += (real)(scale * (sum[j] - squares / all));
            }
        }
    }
    return (double)experts * squares / (all * all) - 1;
}

static const char *const papers[] = {"arXiv:1701.06538", NULL};

static const gsc_balancer balancer = {
    .struct_size = sizeof(gsc_balancer),
    .loss = loss,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_BALANCER),
    .id = "importance_cv",
    .version = "1.0.0",
    .title = "Importance",
    .formula = "L = CV^2 of I_j = sum_t p_tj",
    .doc = "Levels how much probability experts get, whether they are chosen or not.",
    .papers = papers,
    GSC_SOURCE,
    .balancer = &balancer,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

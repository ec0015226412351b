/* SPDX-License-Identifier: MIT
 *
 * Variance loss: minus the variance of each expert's score over the rows, L = -1/E sum_j 1/T sum_t
 * (p_tj - P_j)^2, P_j = 1/T sum_t p_tj. Minimised beside a balancing loss it asks for specialists
 * where that alone is content with level scores. Its companion in the source, orthogonality of
 * expert outputs, needs those and is not here.
 *
 * dL/dp_tj = -2 (p_tj - P_j) / (E T).
 * Source: arXiv 2505.22323.
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
    const double scale = 1 / ((double)experts * (double)rows);
    double sum[BLOCK], total = 0;
    for (int64_t from = 0; from < experts && rows > 0; from += BLOCK) {
        const int64_t n = column_sums(call, p, from, sum);
        for (int64_t t = 0; t < rows; t++) {
            for (int64_t j = 0; j < n; j++) {
                const int64_t at = t * experts + from + j;
                const double off = (double)p[at] - sum[j] / (double)rows;
                total -= scale * off * off;
                dp[at] -= (real)(coefficient * 2 * scale * off);
            }
        }
    }
    return total;
}

static const char *const papers[] = {"arXiv:2505.22323", NULL};

static const gsc_balancer balancer = {
    .struct_size = sizeof(gsc_balancer),
    .loss = loss,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_BALANCER),
    .id = "variance",
    .version = "1.0.0",
    .title = "Score variance",
    .formula = "L = -mean_j variance over t of p_tj",
    .doc = "Pushes tokens apart: each expert wants high scores from some tokens and low ones "
           "from the rest.",
    .papers = papers,
    GSC_SOURCE,
    .balancer = &balancer,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

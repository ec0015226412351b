/* SPDX-License-Identifier: MIT
 *
 * The Switch balancing loss over the whole batch that is computed at once, instead of within each
 * sequence:
 *
 *     L = sum_j f_j P_j,  f_j = E count_j / (number of choices),  P_j = 1/T sum_t p_tj
 *
 * 1 when level. A sequence of one kind may lean on few experts, which the loss within sequences
 * forbids. The batch is the micro-batch: with lm.accumulate = 1 the whole step. The counts carry
 * no gradient: dL/dp_tj = f_j / T.
 * Source: Qiu et al. 2025, arXiv 2501.11873.
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
    (void)z, (void)dz;
    const int64_t experts = call->experts, rows = call->rows, chosen = choice->start[rows];
    double total = 0;
    for (int64_t from = 0; from < experts && chosen > 0; from += BLOCK) {
        double sum[BLOCK], f[BLOCK] = {0};
        const int64_t n = column_sums(call, p, from, sum);
        for (int64_t i = 0; i < chosen; i++) {
            const int64_t j = choice->chosen[i] - from;
            if (j >= 0 && j < n) {
                f[j] += (double)experts / (double)chosen;
            }
        }
        for (int64_t j = 0; j < n; j++) {
            total += f[j] * sum[j] / (double)rows;
        }
        for (int64_t t = 0; t < rows; t++) {
            for (int64_t j = 0; j < n; j++) {
                dp[t * experts + from + j] += (real)(coefficient * f[j] / (double)rows);
            }
        }
    }
    return total;
}

static const char *const papers[] = {"arXiv:2501.11873", "arXiv:2101.03961", NULL};

static const gsc_balancer balancer = {
    .struct_size = sizeof(gsc_balancer),
    .loss = loss,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_BALANCER),
    .id = "global_batch",
    .version = "1.0.0",
    .title = "Switch loss, whole batch",
    .formula = "L = sum_j f_j P_j over all rows, f_j = E count_j / chosen, P_j = mean_t p_tj",
    .doc = "The Switch loss over all rows at once: one sequence may favour an expert if others "
           "make up for it.",
    .papers = papers,
    GSC_SOURCE,
    .balancer = &balancer,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

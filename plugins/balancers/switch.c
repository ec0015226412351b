/* SPDX-License-Identifier: MIT
 *
 * The Switch balancing loss, per sequence of T tokens with k choices each:
 *
 *     L = sum_j f_j P_j,  f_j = E / (T k) * (how often expert j is chosen),  P_j = 1/T sum_t p_tj
 *
 * averaged over the sequences; 1 when the load is level. The counts carry no gradient, so dL/dp_tj =
 * f_j / (T S) with S sequences. k is the mean number of choices per token, so that it is right for gates
 * of variable choice too.
 * Source: Fedus, Zoph and Shazeer 2022, arXiv 2101.03961, equations 4 to 6; per sequence as in
 * DeepSeek-V3, arXiv 2412.19437, equations 17 to 20.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

/* Experts at a time: their counts and sums stand on the stack. */
enum {
    BLOCK = 64
};

/* One sequence, rows first to last; scale is coefficient / S. */
GSC_HOT static double sequence_loss(int64_t experts, int64_t first, int64_t last, const real *p,
                                    const gsc_choice *choice, double scale, real *dp) {
    const int64_t begin = choice->start[first], end = choice->start[last];
    const double rows = (double)(last - first);
    double loss = 0;
    for (int64_t from = 0; from < experts && begin < end; from += BLOCK) {
        const int64_t n = experts - from < BLOCK ? experts - from : (int64_t)BLOCK;
        double f[BLOCK] = {0}, sum[BLOCK] = {0};
        real back[BLOCK] = {0};
        for (int64_t i = begin; i < end; i++) {
            const int64_t j = choice->chosen[i] - from;
            if (j >= 0 && j < n) {
                f[j] += (double)experts / (double)(end - begin);
            }
        }
        for (int64_t j = 0; j < n; j++) {
            back[j] = (real)(scale * f[j] / rows);
        }
        for (int64_t t = first; t < last; t++) {
            const real *from_p = p + t * experts + from;
            real *to_dp = dp + t * experts + from;
            for (int64_t j = 0; j < n; j++) {
                sum[j] += (double)from_p[j];
                to_dp[j] += back[j];
            }
        }
        for (int64_t j = 0; j < n; j++) {
            loss += f[j] * sum[j] / rows;
        }
    }
    return loss;
}

static double loss(const gsc_call *call, const real *z, const real *p, const gsc_choice *choice,
                   double coefficient, real *dp, real *dz) {
    (void)z, (void)dz;
    const int64_t sequences = call->sequences ? call->n_sequences : 1;
    double sum = 0;
    for (int64_t s = 0; s < sequences; s++) {
        const int64_t first = call->sequences ? call->sequences[s] : 0;
        const int64_t last = call->sequences ? call->sequences[s + 1] : call->rows;
        sum += sequence_loss(call->experts, first, last, p, choice, coefficient / (double)sequences,
                             dp);
    }
    return sum / (double)sequences;
}

static const char *const papers[] = {"arXiv:2101.03961", "arXiv:2412.19437", NULL};

static const gsc_balancer balancer = {
    .struct_size = sizeof(gsc_balancer),
    .loss = loss,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_BALANCER),
    .id = "switch",
    .version = "1.0.0",
    .title = "Switch loss",
    .formula = "L = sum_j f_j P_j, f_j = E / (T k) count_j, P_j = mean_t p_tj",
    .doc = "The auxiliary loss of the Switch Transformer, taken within each sequence.",
    .papers = papers,
    GSC_SOURCE,
    .balancer = &balancer,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

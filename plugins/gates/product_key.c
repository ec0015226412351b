/* SPDX-License-Identifier: MIT
 *
 * Product-key gate of PEER: experts stand in a square of side n = ceil(sqrt(E)); n logits score
 * its rows and n its columns (M = 2n), h_j = z_{j / n} + z_{n + j mod n}, p = softmax(h). The
 * router has 2n D numbers instead of E D.
 *
 * Backward: dh_j = p_j (dp_j - sum_l dp_l p_l), summed into the row's and the column's logit. All
 * E experts are scored, so that p is exact; the search of the source by the best rows and columns
 * alone gives the same k.
 * Source: He 2024, arXiv 2407.04153.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

static int64_t side_of(int64_t experts) {
    int64_t side = 1;
    while (side * side < experts) {
        side++;
    }
    return side;
}

static int64_t logits(int64_t experts, const double *params) {
    (void)params;
    return 2 * side_of(experts);
}

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    (void)row;
    const int64_t experts = call->experts, side = call->logits / 2;
    real top = -INFINITY, sum = 0;
    for (int64_t j = 0; j < experts; j++) {
        ret_p[j] = z[j / side] + z[side + j % side];
        top = ret_p[j] > top ? ret_p[j] : top;
    }
    for (int64_t j = 0; j < experts; j++) {
        ret_p[j] = gsc_exp(ret_p[j] - top);
        sum += ret_p[j];
    }
    for (int64_t j = 0; j < experts; j++) {
        ret_p[j] /= sum;
    }
}

static void probs_backward(const gsc_call *call, int64_t row, const real *z, const real *p,
                           const real *dp, real *ret_dz) {
    (void)row, (void)z;
    const int64_t experts = call->experts, side = call->logits / 2;
    real mean = 0;
    for (int64_t j = 0; j < experts; j++) {
        mean += dp[j] * p[j];
    }
    for (int64_t m = 0; m < call->logits; m++) {
        ret_dz[m] = 0;
    }
    for (int64_t j = 0; j < experts; j++) {
        const real dh = p[j] * (dp[j] - mean);
        ret_dz[j / side] += dh;
        ret_dz[side + j % side] += dh;
    }
}

static const char *const papers[] = {"arXiv:2407.04153", NULL};

static const char *const recommended[] = {"balancer=switch", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .logits = logits,
    .probs = probs,
    .probs_backward = probs_backward,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "product_key",
    .version = "1.0.0",
    .title = "Product keys",
    .formula = "p_j = softmax over j of z_{j / n} + z_{n + j mod n}, n = ceil(sqrt(E))",
    .doc = "About 2 sqrt(E) logits score E experts: rows and columns of a square of experts.",
    .papers = papers,
    .recommended = recommended,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

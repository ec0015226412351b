/* SPDX-License-Identifier: MIT
 *
 * Expert-threshold gate: a token takes every expert with z_j > threshold_j, none or many; the
 * weight is sigma(z_j). threshold_j is a running mean of the (1 - k / E) quantile of z_j over the
 * batches so far, so that each expert takes a share k / E of the tokens, and no row looks at
 * another.
 *
 * observe finds the quantile of a micro-batch by halving, update moves the threshold: threshold +=
 * rate (quantile - threshold), the first time all of it. affinity sigma, slope e / (1 + e)^2 with
 * e = exp(-|z|).
 * Source: arXiv 2603.11535.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    RATE
};
enum {
    THRESHOLD,
    QUANTILES,
    BATCHES
};
enum {
    HALVINGS = 40
};

GSC_HOT static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        const real e = gsc_exp(-gsc_abs(z[i]));
        ret_a[i] = (z[i] < 0 ? e : 1) / (1 + e);
    }
}

GSC_HOT static void affinity_slope(const gsc_call *call, int64_t n, const real *z,
                                   real *ret_slope) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        const real e = gsc_exp(-gsc_abs(z[i]));
        ret_slope[i] = e / ((1 + e) * (1 + e));
    }
}

static void rank(const gsc_call *call, int64_t row, const real *z, const real *p, real *ret_rank) {
    (void)row, (void)p;
    for (int64_t j = 0; j < call->experts; j++) {
        const real above = z[j] - call->tensors[THRESHOLD][j];
        ret_rank[j] = above > 0 ? above : -INFINITY;
    }
}

static int64_t count(const gsc_call *call, int64_t row, const real *p, const int32_t *order) {
    (void)row, (void)p, (void)order;
    return call->experts; /* the host leaves out what has rank -infinity */
}

/* What k rows in E of column j lie above. */
static real quantile_of(const gsc_call *call, const real *z, int64_t j) {
    const int64_t rows = call->rows, experts = call->experts;
    real low = z[j], high = z[j];
    for (int64_t t = 1; t < rows; t++) {
        const real v = z[t * experts + j];
        low = v < low ? v : low;
        high = v > high ? v : high;
    }
    for (int i = 0; i < HALVINGS; i++) {
        const real middle = (low + high) / 2;
        int64_t above = 0;
        for (int64_t t = 0; t < rows; t++) {
            above += z[t * experts + j] > middle;
        }
        if (above * experts > rows * call->top_k) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

static void observe(const gsc_call *call, const real *z, const real *p, const gsc_choice *choice) {
    (void)p, (void)choice;
    for (int64_t j = 0; j < call->experts && call->rows > 0; j++) {
        call->tensors[QUANTILES][j] += quantile_of(call, z, j);
    }
    call->tensors[BATCHES][0] += call->rows > 0;
}

static void update(const gsc_call *call, const real *loads) {
    (void)loads;
    real *batches = call->tensors[BATCHES]; /* of this step, and whether a step has been */
    const real rate = batches[1] > 0 ? (real)call->params[RATE] : 1;
    for (int64_t j = 0; j < call->experts && batches[0] > 0; j++) {
        real *threshold = call->tensors[THRESHOLD] + j, *quantiles = call->tensors[QUANTILES] + j;
        *threshold += rate * (*quantiles / batches[0] - *threshold);
        *quantiles = 0;
    }
    batches[1] = batches[0] > 0 ? 1 : batches[1];
    batches[0] = 0;
}

static const gsc_param params[] = {
    {"rate", "share of a step's quantile in the threshold", NULL, GSC_PARAM_REAL, 1, 0.0001, 1,
     0.05},
};

static const gsc_tensor tensors[] = {
    {"threshold", GSC_TENSOR_STATE, GSC_INIT_ZERO, 0, 0, 1, {GSC_SIZE_EXPERTS}},
    {"quantiles", GSC_TENSOR_STATE, GSC_INIT_ZERO, 0, 0, 1, {GSC_SIZE_EXPERTS}},
    {"batches", GSC_TENSOR_STATE, GSC_INIT_ZERO, 0, 0, 1, {2}},
};

static const char *const papers[] = {"arXiv:2603.11535", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .affinity_form = GSC_AFFINITY_VALUE,
    .combine_form = GSC_COMBINE_KEEP,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
    .rank = rank,
    .count = count,
    .observe = observe,
    .update = update,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "expert_threshold",
    .version = "1.0.0",
    .title = "Expert threshold",
    .formula = "p_j = sigma(z_j), every expert with z_j > threshold_j",
    .doc = "A token takes every expert whose running threshold it beats: level loads without a "
           "loss, and causal; its p is no distribution, so not for the theory lab.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_TENSORS(tensors),
    .capabilities = GSC_CAP_NO_SUM | GSC_CAP_IGNORES_BIAS,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

/* SPDX-License-Identifier: MIT
 *
 * HyperRouter: the router's weights are the output of a fixed random network on an embedding of
 * each expert that alone is trained, between a frozen router and a free one:
 *
 *     w_j = second relu(first e_j),   z_j = x.w_j,   p = softmax(z)
 *
 * first [H,S] and second [D,H] are drawn once, embedding e [E,S] is trained. With u = second' x
 * and a_j = relu(first e_j) it is z_j = a_j.u. Backward: du = sum_j dz_j a_j, dx = second du; de_j
 * += first' (dz_j u where first e_j > 0). log a_j = z_j with slope 1.
 * Source: Do et al. 2023, arXiv 2312.07035.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    SIZE,
    HIDDEN
};
enum {
    EMBEDDING,
    FIRST,
    SECOND
};
enum {
    MOST_HIDDEN = 64
};

/* u = second' x of one row. */
static void project(const gsc_call *call, const real *x, real *ret_u) {
    const int64_t hidden = (int64_t)call->params[HIDDEN];
    for (int64_t h = 0; h < hidden; h++) {
        ret_u[h] = 0;
    }
    for (int64_t d = 0; d < call->inputs; d++) {
        for (int64_t h = 0; h < hidden; h++) {
            ret_u[h] += x[d] * call->tensors[SECOND][d * hidden + h];
        }
    }
}

/* first e_j, number h. */
static real lift(const gsc_call *call, int64_t j, int64_t h) {
    const int64_t size = (int64_t)call->params[SIZE];
    real sum = 0;
    for (int64_t s = 0; s < size; s++) {
        sum += call->tensors[FIRST][h * size + s] * call->tensors[EMBEDDING][j * size + s];
    }
    return sum;
}

static void score(const gsc_call *call, const real *x, real *ret_z) {
    const int64_t hidden = (int64_t)call->params[HIDDEN];
    real u[MOST_HIDDEN];
    for (int64_t t = 0; t < call->rows; t++) {
        project(call, x + t * call->inputs, u);
        for (int64_t j = 0; j < call->experts; j++) {
            real z = 0;
            for (int64_t h = 0; h < hidden; h++) {
                const real a = lift(call, j, h);
                z += a > 0 ? a * u[h] : 0;
            }
            ret_z[t * call->experts + j] = z;
        }
    }
}

static void score_backward(const gsc_call *call, const real *x, const real *z, const real *dz,
                           real *ret_dx) {
    (void)z;
    const int64_t hidden = (int64_t)call->params[HIDDEN], size = (int64_t)call->params[SIZE];
    real u[MOST_HIDDEN], du[MOST_HIDDEN];
    for (int64_t t = 0; t < call->rows; t++) {
        project(call, x + t * call->inputs, u);
        for (int64_t h = 0; h < hidden; h++) {
            du[h] = 0;
        }
        for (int64_t j = 0; j < call->experts; j++) {
            const real g = dz[t * call->experts + j];
            for (int64_t h = 0; h < hidden; h++) {
                const real a = lift(call, j, h);
                du[h] += a > 0 ? g * a : 0;
                for (int64_t s = 0; s < size && a > 0; s++) {
                    call->gradients[EMBEDDING][j * size + s] +=
                        g * u[h] * call->tensors[FIRST][h * size + s];
                }
            }
        }
        for (int64_t d = 0; d < call->inputs; d++) {
            real sum = 0;
            for (int64_t h = 0; h < hidden; h++) {
                sum += call->tensors[SECOND][d * hidden + h] * du[h];
            }
            ret_dx[t * call->inputs + d] = sum;
        }
    }
}

GSC_HOT static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = z[i];
    }
}

GSC_HOT static void affinity_slope(const gsc_call *call, int64_t n, const real *z,
                                   real *ret_slope) {
    (void)call, (void)z;
    for (int64_t i = 0; i < n; i++) {
        ret_slope[i] = 1;
    }
}

static const gsc_param params[] = {
    {"size", "numbers of an embedding", NULL, GSC_PARAM_INT, 0, 1, 64, 8},
    {"hidden", "width of the fixed network", NULL, GSC_PARAM_INT, 0, 1, 64, 16},
};

static const gsc_tensor tensors[] = {
    {"embedding",
     GSC_TENSOR_TRAINED,
     GSC_INIT_NORMAL,
     1,
     0,
     2,
     {GSC_SIZE_EXPERTS, GSC_SIZE_PARAM(SIZE)}},
    {"first",
     GSC_TENSOR_FROZEN,
     GSC_INIT_FAN_IN,
     1,
     0,
     2,
     {GSC_SIZE_PARAM(HIDDEN), GSC_SIZE_PARAM(SIZE)}},
    {"second",
     GSC_TENSOR_FROZEN,
     GSC_INIT_FAN_IN,
     1,
     0,
     2,
     {GSC_SIZE_INPUTS, GSC_SIZE_PARAM(HIDDEN)}},
};

static const char *const papers[] = {"arXiv:2312.07035", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .score_form = GSC_SCORE_OWN,
    .affinity_form = GSC_AFFINITY_LOG,
    .score = score,
    .score_backward = score_backward,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "hyper_router",
    .version = "1.0.0",
    .title = "HyperRouter",
    .formula = "z_j = x' second relu(first embedding_j), p = softmax(z)",
    .doc = "Router weights are made by a fixed random network from small trained embeddings; its"
           " frozen tensors keep it out of the theory lab.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_TENSORS(tensors),
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

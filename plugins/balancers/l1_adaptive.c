/* SPDX-License-Identifier: MIT
 *
 * Adaptive L1 regularisation of ReMoE, for the gate relu, whose raw score is max(z, 0) (a balancer
 * is given p divided by its row sum, which an L1 norm cannot see):
 *
 *     L = lambda / T sum_t sum_j f_j max(z_tj, 0),   f_j = E count_j / (number of choices)
 *
 * and once per optimiser step lambda *= growth where tokens took more than top_k experts in the
 * mean, lambda /= growth where they took fewer. f weights the penalty by load, so that the busy
 * shrink first; without_load = 1 leaves it out. Of gates with other than E logits it asks nothing.
 * dL/dz_tj = lambda f_j / T where z_tj > 0. lambda is its state, and begins at the parameter
 * lambda; no coefficient but 1 is needed.
 * Source: Wang, Zhu and Chen 2024, arXiv 2412.14711, equations 10 to 14.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    LAMBDA,
    GROWTH,
    WITHOUT_LOAD
};

/* Experts at a time: their counts stand on the stack. */
enum {
    BLOCK = 64
};

static double loss(const gsc_call *call, const real *z, const real *p, const gsc_choice *choice,
                   double coefficient, real *dp, real *dz) {
    (void)p, (void)dp;
    const int64_t experts = call->experts, rows = call->rows, chosen = choice->start[rows];
    const double lambda = (double)call->tensors[0][0] / (double)(rows > 0 ? rows : 1);
    double total = 0;
    for (int64_t from = 0; from < experts && chosen > 0 && call->logits == experts; from += BLOCK) {
        const int64_t n = experts - from < BLOCK ? experts - from : (int64_t)BLOCK;
        double f[BLOCK];
        for (int64_t j = 0; j < n; j++) {
            f[j] = call->params[WITHOUT_LOAD];
        }
        for (int64_t i = 0; i < chosen && call->params[WITHOUT_LOAD] == 0; i++) {
            const int64_t j = choice->chosen[i] - from;
            if (j >= 0 && j < n) {
                f[j] += (double)experts / (double)chosen;
            }
        }
        for (int64_t t = 0; t < rows; t++) {
            for (int64_t j = 0; j < n; j++) {
                const int64_t at = t * call->logits + from + j;
                total += z[at] > 0 ? lambda * f[j] * (double)z[at] : 0;
                dz[at] += z[at] > 0 ? (real)(coefficient * lambda * f[j]) : 0;
            }
        }
    }
    return total;
}

static void control(const gsc_call *call, const real *loads, double coefficient, real *bias) {
    (void)coefficient, (void)bias;
    const double growth = call->params[GROWTH];
    double taken = 0, wanted = (double)call->rows * (double)call->top_k;
    for (int64_t j = 0; j < call->experts; j++) {
        taken += (double)loads[j];
    }
    call->tensors[0][0] *= (real)(taken > wanted ? growth : taken < wanted ? 1 / growth : 1);
}

static const gsc_param params[] = {
    {"lambda", "penalty where training begins", NULL, GSC_PARAM_REAL, 0, 1e-12, 1000, 1e-8},
    {"growth", "factor of the penalty each step", NULL, GSC_PARAM_REAL, 1, 1, 10, 1.2},
    {"without_load", "the plain L1 norm", NULL, GSC_PARAM_BOOL, 0, 0, 1, 0},
};

static const gsc_tensor tensors[] = {
    {"lambda", GSC_TENSOR_STATE, GSC_INIT_PARAM, LAMBDA, 0, 1, {1}},
};

static const char *const papers[] = {"arXiv:2412.14711", NULL};

static const char *const recommended[] = {"gate=relu", "lm.balance=1", NULL};

static const gsc_balancer balancer = {
    .struct_size = sizeof(gsc_balancer),
    .loss = loss,
    .control = control,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_BALANCER),
    .id = "l1_adaptive",
    .version = "1.0.0",
    .title = "Adaptive L1",
    .formula =
        "L = lambda / T sum_t sum_j f_j max(z_tj, 0), lambda *= growth^sign(mean chosen - k)",
    .doc = "Holds the mean number of experts of the ReLU router at top_k by a penalty that "
           "adapts; for gates whose score is max(z, 0).",
    .papers = papers,
    .recommended = recommended,
    GSC_PARAMS(params),
    GSC_TENSORS(tensors),
    GSC_SOURCE,
    .balancer = &balancer,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

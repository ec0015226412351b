/* SPDX-License-Identifier: MIT
 *
 * Copy expert of MoE++: y = x, so that a token may skip the layer; where outputs and inputs differ
 * in number, the first of them, and 0 beyond. No parameters; dx_i = dy_i for those.
 *
 * Source: Jin et al. 2024, arXiv 2410.07348, section 3.1.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

static void forward(const gsc_call *call, const real *x, real *ret_y) {
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t o = 0; o < call->outputs; o++) {
            ret_y[t * call->outputs + o] = o < call->inputs ? x[t * call->inputs + o] : 0;
        }
    }
}

static void backward(const gsc_call *call, const real *x, const real *dy, real *ret_dx) {
    (void)x;
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t i = 0; i < call->inputs; i++) {
            ret_dx[t * call->inputs + i] = i < call->outputs ? dy[t * call->outputs + i] : 0;
        }
    }
}

static const char *const papers[] = {"arXiv:2410.07348", NULL};

static const gsc_expert expert = {
    .struct_size = sizeof(gsc_expert),
    .form = GSC_EXPERT_OWN,
    .forward = forward,
    .backward = backward,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "copy",
    .version = "1.0.0",
    .title = "Copy",
    .formula = "y = x",
    .doc = "Hands the token through unchanged, for lists beside real experts; in the theory lab "
           "it leaves the noise alone to fit.",
    .papers = papers,
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

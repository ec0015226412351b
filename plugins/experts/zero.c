/* SPDX-License-Identifier: MIT
 *
 * Zero expert of MoE++: y = 0, so that a token may spend its choice on nothing. No parameters; dx
 * = 0.
 *
 * Source: Jin et al. 2024, arXiv 2410.07348, section 3.1.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

static void forward(const gsc_call *call, const real *x, real *ret_y) {
    (void)x;
    for (int64_t i = 0; i < call->rows * call->outputs; i++) {
        ret_y[i] = 0;
    }
}

static void backward(const gsc_call *call, const real *x, const real *dy, real *ret_dx) {
    (void)x, (void)dy;
    for (int64_t i = 0; i < call->rows * call->inputs; i++) {
        ret_dx[i] = 0;
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
    .id = "zero",
    .version = "1.0.0",
    .title = "Zero",
    .formula = "y = 0",
    .doc = "An expert that does nothing and costs nothing, for lists beside real ones; in the "
           "theory lab it leaves the noise alone to fit.",
    .papers = papers,
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

/* SPDX-License-Identifier: MIT
 *
 * ReLU expert: y = out . ReLU(in x + b), ReLU(u) = max(u, 0); slope 1 for u > 0, else 0.
 *
 * Both parametrisations of arXiv 2505.10860, appendix G.1: k2 ReLU(k1 x + k0) with bias = 1 and
 * e2 ReLU(e1 x) with bias = 0.
 */
#include <gatescope/plugin.h>

#include <string.h>

GSC_OWN_SOURCE;

GSC_ACTIVATION(relu, 0 > u ? 0 : u, (number)(u > 0 ? 1 : 0))

static int biased(const double *params) {
    return params[0] != 0;
}

static const char *const papers[] = {"arXiv:2505.10860", NULL};

static const gsc_param params[] = {
    {"bias", "a bias inside the activation", NULL, GSC_PARAM_BOOL, 0, 0, 1, 0},
};

static const gsc_expert expert = {
    .struct_size = sizeof(gsc_expert),
    .form = GSC_EXPERT_FFN,
    .biased = biased,
    GSC_ACTIVATION_MEMBERS(relu),
};

static const gsc_closed_form closed_form = {sizeof(gsc_closed_form), GSC_CLOSED_RELU, -1};

static const void *extension(const char *id) {
    return strcmp(id, GSC_EXTENSION_CLOSED_FORM) == 0 ? &closed_form : NULL;
}

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "relu",
    .version = "1.0.0",
    .title = "ReLU",
    .formula = "y = out . ReLU(in x + b)",
    .doc = "The two-layer expert of the paper's experiments, with a bias or without.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_SOURCE,
    .expert = &expert,
    .extension = extension,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

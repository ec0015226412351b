/* SPDX-License-Identifier: MIT
 *
 * Gaussian expert: y = out . f(in x + b), f(u) = exp(-u^2 / 2); slope -u f(u). A radial bump in
 * each hidden direction; with bias = 1 its place is free. Even in u: in and -in are the same
 * expert.
 * Source: ours; a radial basis function (Broomhead and Lowe 1988) of one direction.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

GSC_ACTIVATION(gaussian, gsc_exp((number)-0.5 * u * u), -u *gsc_exp((number)-0.5 * u * u))

static int biased(const double *params) {
    return params[0] != 0;
}

static const gsc_param params[] = {
    {"bias", "a bias inside the activation", NULL, GSC_PARAM_BOOL, 0, 0, 1, 0},
};

static const gsc_expert expert = {
    .struct_size = sizeof(gsc_expert),
    .form = GSC_EXPERT_FFN,
    .biased = biased,
    GSC_ACTIVATION_MEMBERS(gaussian),
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "gaussian",
    .version = "1.0.0",
    .title = "Gaussian",
    .formula = "y = out . exp(-(in x + b)^2 / 2)",
    .doc = "A bump: an expert that speaks near one place alone.",
    GSC_PARAMS(params),
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

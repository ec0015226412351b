/* SPDX-License-Identifier: MIT
 *
 * Clamped SwiGLU expert of gpt-oss: y = out . f(u, v), u = in x + b, v = gate x + c, with w =
 * min(v, limit) and c(u) = u clipped to [-limit, limit]
 *
 *     f = (c(u) + 1) w sigma(alpha w)
 *
 * so that no outlier overflows a narrow type. df/du = w sigma where |u| < limit, else 0; df/dv =
 * (c(u) + 1) sigma (1 + alpha w (1 - sigma)) where v < limit, else 0. alpha = 1.702 makes w sigma
 * near GELU(w).
 * Source: the published code of gpt-oss, OpenAI 2025.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    BIAS,
    ALPHA,
    LIMIT
};

#define LIMIT_ ((number)call->params[LIMIT])
#define ALPHA_ ((number)call->params[ALPHA])
#define W      (v > LIMIT_ ? LIMIT_ : v)
#define C      (u > LIMIT_ ? LIMIT_ : u < -LIMIT_ ? -LIMIT_ : u)
#define SIGMA  ((number)0.5 * (1 + gsc_tanh((number)0.5 * ALPHA_ * W)))
GSC_GATED_ACTIVATION(clamped_swiglu, (C + 1) * W * SIGMA, gsc_abs(u) < LIMIT_ ? W * SIGMA : 0,
                     v < LIMIT_ ? (C + 1) * SIGMA * (1 + ALPHA_ * W * (1 - SIGMA)) : 0)

static int biased(const double *params) {
    return params[0] != 0;
}

static const gsc_param params[] = {
    {"bias", "a bias inside the activation", NULL, GSC_PARAM_BOOL, 0, 0, 1, 0},
    {"alpha", "steepness of the sigmoid", NULL, GSC_PARAM_REAL, 0, 0.1, 10, 1.702},
    {"limit", "largest input that counts", NULL, GSC_PARAM_REAL, 0, 0.1, 1000, 7},
};

static const gsc_expert expert = {
    .struct_size = sizeof(gsc_expert),
    .form = GSC_EXPERT_GATED_FFN,
    .biased = biased,
    GSC_ACTIVATION_MEMBERS(clamped_swiglu),
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "clamped_swiglu",
    .version = "1.0.0",
    .title = "Clamped SwiGLU",
    .formula = "y = out . ((clip(u) + 1) w sigma(alpha w)), w = min(v, limit)",
    .doc = "SwiGLU kept in bounds, as in gpt-oss; two inputs, so not for the theory lab.",
    GSC_PARAMS(params),
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

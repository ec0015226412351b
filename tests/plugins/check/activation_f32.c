/* SPDX-License-Identifier: MIT
 *
 * Another activation in float than in double.
 */
#include "tests/plugins/fixture.h"

static void activation(const gsc_call *call, int64_t n, const double *u, const double *v,
                       double *ret_f) {
    (void)call, (void)v;
    for (int64_t i = 0; i < n; i++) {
        ret_f[i] = tanh(u[i]);
    }
}

static void activation_f32(const gsc_call *call, int64_t n, const float *u, const float *v,
                           float *ret_f) {
    (void)call, (void)v;
    for (int64_t i = 0; i < n; i++) {
        ret_f[i] = u[i] / (1 + fabsf(u[i]));
    }
}

static const gsc_expert expert = {
    .struct_size = sizeof(gsc_expert), .activation = activation, .activation_f32 = activation_f32};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_EXPERT, "wrong_activation_f32"),
                                  .expert = &expert};

FIXTURE_ENTRY(plugin)

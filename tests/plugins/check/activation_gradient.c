/* SPDX-License-Identifier: MIT
 *
 * The slope of tanh taken for 1 - f.
 */
#include "tests/plugins/fixture.h"

static void activation(const gsc_call *call, int64_t n, const double *u, const double *v,
                       double *ret_f) {
    (void)call, (void)v;
    for (int64_t i = 0; i < n; i++) {
        ret_f[i] = tanh(u[i]);
    }
}

static void slope(const gsc_call *call, int64_t n, const double *u, const double *v, double *ret_du,
                  double *ret_dv) {
    (void)call, (void)v, (void)ret_dv;
    for (int64_t i = 0; i < n; i++) {
        ret_du[i] = 1 - tanh(u[i]);
    }
}

static const gsc_expert expert = {
    .struct_size = sizeof(gsc_expert), .activation = activation, .activation_slope = slope};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_EXPERT, "wrong_activation_gradient"),
                                  .expert = &expert};

FIXTURE_ENTRY(plugin)

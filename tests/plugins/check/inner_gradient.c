/* SPDX-License-Identifier: MIT
 *
 * A cosine score whose slope leaves the norm of x out.
 */
#include "tests/plugins/fixture.h"

static void inner(const gsc_call *call, int64_t n, const real *dot, const real *xx, const real *ww,
                  real *ret_z) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_z[i] = dot[i] / sqrt(xx[i] * ww[i]);
    }
}

static void inner_slope(const gsc_call *call, int64_t n, const real *dot, const real *xx,
                        const real *ww, real *ret_dot, real *ret_xx, real *ret_ww) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        const real norms = sqrt(xx[i] * ww[i]);
        ret_dot[i] = 1 / norms;
        ret_xx[i] = 0;
        ret_ww[i] = -0.5 * dot[i] / (norms * ww[i]);
    }
}

static const gsc_gate gate = {FIXTURE_GATE, .score_form = GSC_SCORE_INNER, .inner = inner,
                              .inner_slope = inner_slope, .affinity = fixture_affinity};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_inner_gradient"),
                                  .gate = &gate};

FIXTURE_ENTRY(plugin)

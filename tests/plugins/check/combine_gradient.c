/* SPDX-License-Identifier: MIT
 *
 * Renormalises, and drops the derivative of the sum.
 */
#include "tests/plugins/fixture.h"

static void combine(const gsc_call *call, int64_t row, const real *z, const real *p, int64_t n,
                    const int32_t *chosen, real *ret_weight) {
    (void)call, (void)row, (void)z;
    real sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += p[chosen[i]];
    }
    for (int64_t i = 0; i < n; i++) {
        ret_weight[i] = p[chosen[i]] / sum;
    }
}

static void combine_backward(const gsc_call *call, int64_t row, const real *z, const real *p,
                             int64_t n, const int32_t *chosen, const real *dweight, real *dp) {
    real sum = 0;
    (void)call, (void)row, (void)z;
    for (int64_t i = 0; i < n; i++) {
        sum += p[chosen[i]];
    }
    for (int64_t i = 0; i < n; i++) {
        dp[chosen[i]] += dweight[i] / sum;
    }
}

static const gsc_gate gate = {FIXTURE_GATE, .combine_form = GSC_COMBINE_OWN,
                              .affinity = fixture_affinity, .combine = combine,
                              .combine_backward = combine_backward};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_combine_gradient"),
                                  .gate = &gate};

FIXTURE_ENTRY(plugin)

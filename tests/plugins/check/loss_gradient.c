/* SPDX-License-Identifier: MIT
 *
 * Multiplies its gradient by the coefficient twice.
 */
#include "tests/plugins/fixture.h"

static double loss(const gsc_call *call, const real *z, const real *p, const gsc_choice *choice,
                   double coefficient, real *dp, real *dz) {
    double sum = 0;
    (void)z, (void)choice, (void)dz;
    for (int64_t i = 0; i < call->rows * call->experts; i++) {
        sum += p[i] * p[i];
        dp[i] += coefficient * coefficient * 2 * p[i];
    }
    return sum;
}

static const gsc_balancer balancer = {.struct_size = sizeof(gsc_balancer), .loss = loss};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_BALANCER, "wrong_loss_gradient"),
                                  .balancer = &balancer};

FIXTURE_ENTRY(plugin)

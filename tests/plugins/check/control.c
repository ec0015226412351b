/* SPDX-License-Identifier: MIT
 *
 * Raises the bias of the busy.
 */
#include "tests/plugins/fixture.h"

static void control(const gsc_call *call, const real *loads, double coefficient, real *bias) {
    real mean = 0;
    for (int64_t j = 0; j < call->experts; j++) {
        mean += loads[j] / (real)call->experts;
    }
    for (int64_t j = 0; j < call->experts; j++) {
        bias[j] += coefficient * (loads[j] - mean);
    }
}

static const gsc_balancer balancer = {
    .struct_size = sizeof(gsc_balancer), .moves_bias = 1, .control = control};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_BALANCER, "wrong_control"),
                                  .balancer = &balancer};

FIXTURE_ENTRY(plugin)

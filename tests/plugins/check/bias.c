/* SPDX-License-Identifier: MIT
 *
 * Adds the selection bias to the weights.
 */
#include "tests/plugins/fixture.h"

static void combine(const gsc_call *call, int64_t row, const real *z, const real *p, int64_t n,
                    const int32_t *chosen, real *ret_weight) {
    (void)call, (void)row, (void)z;
    for (int64_t i = 0; i < n; i++) {
        ret_weight[i] = p[chosen[i]] + (call->bias != NULL ? call->bias[chosen[i]] : 0);
    }
}

static const gsc_gate gate = {FIXTURE_GATE, .combine_form = GSC_COMBINE_OWN,
                              .affinity = fixture_affinity, .combine = combine};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_bias"), .gate = &gate};

FIXTURE_ENTRY(plugin)

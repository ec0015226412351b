/* SPDX-License-Identifier: MIT
 *
 * Takes the largest score that was not chosen off the weights, and there may be none.
 */
#include "tests/plugins/fixture.h"

static void combine(const gsc_call *call, int64_t row, const real *z, const real *p, int64_t n,
                    const int32_t *chosen, real *ret_weight) {
    (void)call, (void)row, (void)z;
    real best = -INFINITY;
    for (int64_t j = 0; j < call->experts; j++) {
        int left_out = 1;
        for (int64_t i = 0; i < n; i++) {
            left_out = left_out && chosen[i] != j;
        }
        best = left_out && p[j] > best ? p[j] : best;
    }
    for (int64_t i = 0; i < n; i++) {
        ret_weight[i] = call->experts == 1 ? 1 : p[chosen[i]] - best;
    }
}

static const gsc_gate gate = {FIXTURE_GATE, .combine_form = GSC_COMBINE_OWN,
                              .affinity = fixture_affinity, .combine = combine};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_all_experts"), .gate = &gate};

FIXTURE_ENTRY(plugin)

/* SPDX-License-Identifier: MIT
 *
 * The slope of the affinity where that of its logarithm is due.
 */
#include "tests/plugins/fixture.h"

static void slope(const gsc_call *call, int64_t n, const real *z, real *ret_slope) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_slope[i] = exp(z[i]);
    }
}

static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity, .affinity_slope = slope};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_affinity_gradient"),
                                  .gate = &gate};

FIXTURE_ENTRY(plugin)

/* SPDX-License-Identifier: MIT
 *
 * A slope that is not that of its affinity.
 */
#include "tests/plugins/fixture.h"

static void slope(const gsc_call *call, int64_t n, const real *z, real *ret_slope) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_slope[i] = 1 + (real)1e-4 * z[i];
    }
}

static const gsc_gate gate = {
    FIXTURE_GATE,
    .affinity = fixture_affinity,
    .affinity_slope = slope,
};

static const gsc_plugin plugin = {FIXTURE_PLUGIN("wrong_slope"), .gate = &gate};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

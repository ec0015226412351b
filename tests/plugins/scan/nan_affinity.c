/* SPDX-License-Identifier: MIT
 *
 * An affinity that overflows: e / (1 + e) with e = exp(2 z) is infinity over infinity at z = 700.
 */
#include "tests/plugins/fixture.h"

static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        const real e = exp(2 * z[i]);
        ret_a[i] = e / (1 + e);
    }
}

static const gsc_gate gate = {
    .struct_size = sizeof gate,
    .affinity_form = GSC_AFFINITY_VALUE,
    .affinity = affinity,
};

static const gsc_plugin plugin = {FIXTURE_PLUGIN("nan_affinity"), .gate = &gate};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

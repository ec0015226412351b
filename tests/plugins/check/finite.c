/* SPDX-License-Identifier: MIT
 *
 * An affinity that overflows: a = exp(z^2).
 */
#include "tests/plugins/fixture.h"

static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = exp(z[i] * z[i]);
    }
}

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate), .affinity_form = GSC_AFFINITY_VALUE, .affinity = affinity};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_finite"), .gate = &gate};

FIXTURE_ENTRY(plugin)

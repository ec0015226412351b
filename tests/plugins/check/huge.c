/* SPDX-License-Identifier: MIT
 *
 * Takes the logit for an index, which nobody has limited.
 */
#include "tests/plugins/fixture.h"

static const real steps[] = {0.5, 1, 2, 4};

static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = steps[((int64_t)z[i] + 1024) / 512] + 1e-3 * fabs(z[i]);
    }
}

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate), .affinity_form = GSC_AFFINITY_VALUE, .affinity = affinity};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_huge"), .gate = &gate};

FIXTURE_ENTRY(plugin)

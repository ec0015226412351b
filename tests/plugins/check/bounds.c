/* SPDX-License-Identifier: MIT
 *
 * Writes one affinity more than there are.
 */
#include "tests/plugins/fixture.h"

static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    fixture_affinity(call, n, z, ret_a);
    if (n > 0) {
        ret_a[n] = 0;
    }
}

static const gsc_gate gate = {FIXTURE_GATE, .affinity = affinity};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_bounds"), .gate = &gate};

FIXTURE_ENTRY(plugin)

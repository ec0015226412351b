/* SPDX-License-Identifier: MIT
 *
 * Turns the ranking round in every other row.
 */
#include "tests/plugins/fixture.h"

static void rank(const gsc_call *call, int64_t row, const real *z, const real *p, real *ret_rank) {
    (void)z;
    for (int64_t j = 0; j < call->experts; j++) {
        ret_rank[j] = (row % 2 == 0 ? p[j] : -p[j]) + (call->bias != NULL ? call->bias[j] : 0);
    }
}

static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity, .rank = rank};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_permutation"), .gate = &gate};

FIXTURE_ENTRY(plugin)

/* SPDX-License-Identifier: MIT
 *
 * Draws by the row of the call, not of the whole step.
 */
#include "tests/plugins/fixture.h"

static void rank(const gsc_call *call, int64_t row, const real *z, const real *p, real *ret_rank) {
    (void)z;
    for (int64_t j = 0; j < call->experts; j++) {
        const uint64_t bits = gsc_random_bits(call->random_key, (uint64_t)row, (uint64_t)j);
        ret_rank[j] = p[j] + (call->bias != NULL ? call->bias[j] : 0) + 1e-3 * (real)(bits >> 54);
    }
}

static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity, .rank = rank};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_random"),
                                  .capabilities = GSC_CAP_RANDOM, .gate = &gate};

FIXTURE_ENTRY(plugin)

/* SPDX-License-Identifier: MIT
 *
 * Ranks by the next row's logits too.
 */
#include "tests/plugins/fixture.h"

static void rank(const gsc_call *call, int64_t row, const real *z, const real *p, real *ret_rank) {
    for (int64_t j = 0; j < call->experts; j++) {
        const real ahead = row + 1 < call->rows ? z[call->logits + j] : 0;
        ret_rank[j] = p[j] + (call->bias != NULL ? call->bias[j] : 0) + ahead;
    }
}

static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity, .rank = rank};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_causality"), .gate = &gate};

FIXTURE_ENTRY(plugin)

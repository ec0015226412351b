/* SPDX-License-Identifier: MIT
 *
 * Compares p alone and does not say that it ignores the bias.
 */
#include "tests/plugins/fixture.h"

static void rank(const gsc_call *call, int64_t row, const real *z, const real *p, real *ret_rank) {
    (void)row, (void)z;
    for (int64_t j = 0; j < call->experts; j++) {
        ret_rank[j] = p[j];
    }
}

static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity, .rank = rank};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_bias_effect"), .gate = &gate};

FIXTURE_ENTRY(plugin)

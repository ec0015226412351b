/* SPDX-License-Identifier: MIT
 *
 * Divides by the number of draws, and in validation there are none.
 */
#define GSC_ABI_MINOR 1
#include "tests/plugins/fixture.h"

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    (void)row, (void)z;
    const real draws = call->training ? 1 : 0;
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] = draws / draws / (real)call->experts;
    }
}

static const gsc_gate gate = {.struct_size = sizeof(gsc_gate), .probs = probs};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_validation"), .gate = &gate};

FIXTURE_ENTRY(plugin)

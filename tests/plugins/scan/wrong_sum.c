/* SPDX-License-Identifier: MIT
 *
 * A row gate whose p sum to 2.
 */
#include "tests/plugins/fixture.h"

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    (void)row, (void)z;
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] = 2 / (real)call->experts;
    }
}

static const gsc_gate gate = {.struct_size = sizeof gate, .probs = probs};

static const gsc_plugin plugin = {FIXTURE_PLUGIN("wrong_sum"), .gate = &gate};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

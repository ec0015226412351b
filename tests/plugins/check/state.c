/* SPDX-License-Identifier: MIT
 *
 * Moves a frozen tensor at each step, which no checkpoint expects.
 */
#include "tests/plugins/fixture.h"

static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = z[i] * call->tensors[0][0];
    }
}

static void update(const gsc_call *call, const real *loads) {
    (void)loads;
    call->tensors[0][0] *= 1.01;
}

static const gsc_tensor tensors[] = {
    {"scale", GSC_TENSOR_FROZEN, GSC_INIT_CONSTANT, 1, 0, 1, {1}},
};

static const gsc_gate gate = {FIXTURE_GATE, .affinity = affinity, .update = update};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_state"), GSC_TENSORS(tensors),
                                  .gate = &gate};

FIXTURE_ENTRY(plugin)

/* SPDX-License-Identifier: MIT
 *
 * Shares what a softmax leaves over among the other E - 1 experts.
 */
#include "tests/plugins/fixture.h"

/* softmax of one row */
static void softmax(int64_t n, const real *z, real *ret_p) {
    real top = z[0], sum = 0;
    for (int64_t j = 1; j < n; j++) {
        top = z[j] > top ? z[j] : top;
    }
    for (int64_t j = 0; j < n; j++) {
        ret_p[j] = exp(z[j] - top);
        sum += ret_p[j];
    }
    for (int64_t j = 0; j < n; j++) {
        ret_p[j] /= sum;
    }
}

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    (void)row;
    softmax(call->experts, z, ret_p);
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] = (1 - ret_p[j]) / (real)(call->experts - 1);
    }
}

static const gsc_gate gate = {.struct_size = sizeof(gsc_gate), .probs = probs};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_one_expert"), .gate = &gate};

FIXTURE_ENTRY(plugin)

/* SPDX-License-Identifier: MIT
 *
 * Scales the logits by their spread, which is 0 at ties.
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
    real low = z[0], high = z[0], scaled[4096];
    (void)row;
    for (int64_t j = 1; j < call->experts; j++) {
        low = z[j] < low ? z[j] : low;
        high = z[j] > high ? z[j] : high;
    }
    for (int64_t j = 0; j < call->experts && j < 4096; j++) {
        scaled[j] = call->experts > 1 ? (z[j] - low) / (high - low) : 0;
    }
    softmax(call->experts, scaled, ret_p);
}

static const gsc_gate gate = {.struct_size = sizeof(gsc_gate), .probs = probs};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_ties"), .gate = &gate};

FIXTURE_ENTRY(plugin)

/* SPDX-License-Identifier: MIT
 *
 * Top-p: softmax, of which a choice takes the experts whose p reach 0.6; dense p is that of softmax. No derivative.
 */
#include "tests/plugins/theory/forms.h"

static int64_t count(const gsc_call *call, int64_t row, const real *p, const int32_t *order) {
    real sum = 0;
    int64_t n = 0;
    (void)row;
    while (n < call->experts && sum < (real)0.6) {
        sum += p[order[n++]];
    }
    return n;
}

static int64_t max_chosen(const gsc_call *call) {
    return call->experts;
}

static const gsc_gate gate = {.struct_size = sizeof(gsc_gate),
                              .probs = softmax_row,
                              .count = count,
                              .max_chosen = max_chosen};

static const gsc_plugin plugin = {FORM_PLUGIN("top_p", "p = softmax(z)"), .gate = &gate};

FORM_ENTRY

/* SPDX-License-Identifier: MIT
 *
 * Twice as many logits as experts: p = softmax(z_j + tanh(z_{E+j})). No derivative.
 */
#include "tests/plugins/theory/forms.h"

static int64_t logits(int64_t experts, const double *params) {
    (void)params;
    return 2 * experts;
}

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    const int64_t e = call->experts;
    real sum = 0, top = -INFINITY;
    (void)row;
    for (int64_t j = 0; j < e; j++) {
        ret_p[j] = z[j] + gsc_tanh(z[e + j]);
        top = ret_p[j] > top ? ret_p[j] : top;
    }
    for (int64_t j = 0; j < e; j++) {
        ret_p[j] = gsc_exp(ret_p[j] - top);
        sum += ret_p[j];
    }
    for (int64_t j = 0; j < e; j++) {
        ret_p[j] /= sum;
    }
}

static const gsc_gate gate = {.struct_size = sizeof(gsc_gate), .logits = logits, .probs = probs};

static const gsc_plugin plugin = {FORM_PLUGIN("pair", "p = softmax(z_j + tanh z_{E+j})"),
                                  .gate = &gate};

FORM_ENTRY

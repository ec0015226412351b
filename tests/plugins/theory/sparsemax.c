/* SPDX-License-Identifier: MIT
 *
 * Sparsemax (Martins and Astudillo 2016, arXiv 1602.02068): the projection of z onto the simplex, with kinks and zeros.
 * No derivative.
 */
#include "tests/plugins/theory/forms.h"

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    real tau = 0;
    (void)row;
    /* tau solves sum (z_j - tau)+ = 1: fixed point over the support, which only shrinks. */
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] = 1;
    }
    for (int64_t pass = 0; pass <= call->experts; pass++) {
        real sum = -1, count = 0;
        for (int64_t j = 0; j < call->experts; j++) {
            sum += ret_p[j] > 0 ? z[j] : 0;
            count += ret_p[j] > 0;
        }
        tau = sum / count;
        for (int64_t j = 0; j < call->experts; j++) {
            ret_p[j] = ret_p[j] > 0 && z[j] > tau ? 1 : 0;
        }
    }
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] = z[j] > tau ? z[j] - tau : 0;
    }
}

static const gsc_gate gate = {.struct_size = sizeof(gsc_gate), .probs = probs};

static const gsc_plugin plugin = {FORM_PLUGIN("sparsemax", "p = argmin |p - z|"), .gate = &gate};

FORM_ENTRY

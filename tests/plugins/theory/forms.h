/* SPDX-License-Identifier: MIT
 *
 * What the gates of this folder share: the descriptor, and softmax by row with its derivative.
 */
#ifndef GSC_TESTS_PLUGINS_THEORY_FORMS_H
#define GSC_TESTS_PLUGINS_THEORY_FORMS_H

#include <gatescope/plugin.h>

static inline void softmax_row(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    real top = z[0], sum = 0;
    (void)row;
    for (int64_t j = 1; j < call->experts; j++) {
        top = z[j] > top ? z[j] : top;
    }
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] = gsc_exp(z[j] - top);
        sum += ret_p[j];
    }
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] /= sum;
    }
}

static inline void softmax_row_backward(const gsc_call *call, int64_t row, const real *z,
                                        const real *p, const real *dp, real *ret_dz) {
    real mean = 0;
    (void)row, (void)z;
    for (int64_t j = 0; j < call->experts; j++) {
        mean += dp[j] * p[j];
    }
    for (int64_t j = 0; j < call->experts; j++) {
        ret_dz[j] = p[j] * (dp[j] - mean);
    }
}

#define FORM_PLUGIN(id_, formula_)                                                                 \
    GSC_PLUGIN_HEAD(GSC_KIND_GATE), .id = (id_), .version = "1.0.0", .title = "A general form",    \
                                    .formula = (formula_), .doc = "A gate of the tests."

#define FORM_ENTRY                                                                                 \
    const gsc_plugin *gatescope_plugin(void) {                                                     \
        return &plugin;                                                                            \
    }

#endif

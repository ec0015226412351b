/* SPDX-License-Identifier: MIT
 *
 * What the forward and the backward half of the stages share. Layer: core/plugin, private.
 */
#ifndef GSC_CORE_PLUGIN_STAGES_PRIVATE_H
#define GSC_CORE_PLUGIN_STAGES_PRIVATE_H

#include "core/plugin/stages.h"

/* What keeps the weights of a row whose chosen p are all 0 from being NaN. */
#define GSC_RENORMALISE_GUARD 1e-20

enum {
    GSC_STAGE_ROWS = 8 /* of scratch */
};

/* Whether p comes from affinities. */
static inline bool gsc_stage_has_affinity(const gsc_gate_pass *pass) {
    return pass->loaded->gate->affinity_form != GSC_AFFINITY_NONE;
}

/* Scratch row number i: max(M, E) doubles. */
static inline double *gsc_stage_row(const gsc_gate_pass *pass, size_t i) {
    return pass->row + i * (pass->logits > pass->experts ? pass->logits : pass->experts);
}

/* GSC_ERR_PLUGIN naming gate and function unless all n values are finite. per_row > 0 turns the
 * index into row and column in the message. */
gsc_status gsc_stage_check(const gsc_gate_pass *pass, const char *function, const double *values,
                           size_t n, size_t first_row, size_t per_row, gsc_error *error);

/* z of one row by the inner form from pass->dot; row scratch 0 is used. */
void gsc_stage_inner_row(gsc_gate_pass *pass, size_t row, double *ret_z);

#endif

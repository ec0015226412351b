/* SPDX-License-Identifier: MIT
 *
 * Arms of one run as specs of their own: theory.arms, a list of
 *
 *     {"name": "softmax", "set": {"gate": "softmax", "theory.box": 4}}
 *
 * whose members of "set" are keys of the spec in full with the value that they have in this arm,
 * times theory.gate_offsets, one value of the gate's parameter "offset" each (gates without it:
 * one arm).
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_ARMS_H
#define GSC_CORE_THEORY_ARMS_H

#include "core/base/error.h"
#include "core/read/spec.h"

/* name: "softmax", "offset=4", "sigmoid offset=4"; "" where there is one arm without a name. */
typedef struct gsc_spec_arm {
    char name[64];
    gsc_spec *spec;
} gsc_spec_arm;

/* At least one arm; every arm's spec passes gsc_spec_check. Errors name the entry of
 * theory.arms. */
gsc_status gsc_arms_new(const gsc_spec *spec, gsc_spec_arm **ret_arms, size_t *ret_count,
                        gsc_error *error);
void gsc_arms_free(gsc_spec_arm *arms, size_t count);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Softmax by row, derivative given: must fit as the affinity does.
 */
#include "tests/plugins/theory/forms.h"

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate), .probs = softmax_row, .probs_backward = softmax_row_backward};

static const gsc_plugin plugin = {FORM_PLUGIN("row_softmax", "p = softmax(z)"), .gate = &gate};

FORM_ENTRY

/* SPDX-License-Identifier: MIT
 *
 * A mixture as JSON in the form of theory.truth (without x), so that a fit can be given back as
 * a truth.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_MIXTURE_JSON_H
#define GSC_CORE_THEORY_MIXTURE_JSON_H

#include "core/theory/model.h"

#include <jansson.h>

/* {"shared": [...], "routed": [...]} and, where the gate has numbers of its own, "gate_tensors": {NAME: [...]}; the
 * caller owns it. */
json_t *gsc_mixture_json(const gsc_mixture_shape *shape, const double *mixture);

#endif

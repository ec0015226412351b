/* SPDX-License-Identifier: MIT
 *
 * A mixture from JSON, the inverse of mixture_json.h: the lists shared and routed of theory.truth and theory.initial.
 * Every refusal names the entry at fault: "theory.truth.routed[1].expert.bias".
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_MIXTURE_READ_H
#define GSC_CORE_THEORY_MIXTURE_READ_H

#include "core/theory/model.h"

#include <jansson.h>

/* Fills ret_mixture (the shape's layout) from the lists of json, which have the shape's lengths; name is how messages
 * call json. categorical: atoms have no variance, theirs is 1. */
gsc_status gsc_mixture_read(const gsc_mixture_shape *shape, const json_t *json, const char *name,
                            bool categorical, double *ret_mixture, gsc_error *error);

/* theory.initial: an object of shared and routed (and, for gates with tensors, gate) with every parameter of a fit of
 * this shape written out. Refuses other keys, other lengths and parameters beyond the box. */
gsc_status gsc_mixture_read_initial(const gsc_mixture_shape *shape, const json_t *json,
                                    bool categorical, double *ret_mixture, gsc_error *error);

/* A list of size numbers, all finite; one bare number does for size 1. */
gsc_status gsc_json_read_vector(const json_t *value, const char *key, const char *where,
                                size_t size, double *ret_values, gsc_error *error);

/* Refuses the first key of object that is not among known. */
gsc_status gsc_json_refuse_unknown(const json_t *object, const char *const *known, size_t n_known,
                                   const char *where, gsc_error *error);

#endif

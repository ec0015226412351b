/* SPDX-License-Identifier: MIT
 *
 * How far the functions of a fit are from those of its truth, X as the truth draws it, whatever their parameters: gates in
 * general form and experts with tensors of their own have no parameters that can be compared.
 *
 *     gate     ( E_x sum_j (sum_{i in V_j} pi_i(x) - pi*_j(x))^2 )^(1/2)
 *     experts  ( E_x sum_j pi*_j(x) sum_{i in V_j} s_i(x) (h_i(x) - h*_j(x))^2 )^(1/2),  s_i = pi_i / sum_{V_j} pi
 *
 * Cells without an atom count with h = 0. Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_FUNCTION_ERROR_H
#define GSC_CORE_THEORY_FUNCTION_ERROR_H

#include "core/theory/voronoi.h"

typedef struct gsc_function_error {
    double gate, experts;
} gsc_function_error;

/* cells of the routed atoms. NAN where there are none. By 256 Gauss nodes for one input, over 4096 fixed draws of X for
 * several. */
gsc_status gsc_function_error_compute(const gsc_truth *truth, const gsc_mixture_shape *shape,
                                      const double *mixture, const gsc_voronoi *cells,
                                      gsc_function_error *ret_error, gsc_error *error);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Voronoi cells (paper eq. 3): each fitted atom belongs to the nearest true atom in Euclidean distance, shared
 * atoms by (kappa, tau), routed atoms by (beta1, eta, nu). beta0 and omega are not part of the distance; ties go
 * to the smaller index; cells may be empty.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_VORONOI_H
#define GSC_CORE_THEORY_VORONOI_H

#include "core/theory/truth.h"

typedef struct gsc_voronoi {
    size_t shared[GSC_MAX_ATOMS], routed[GSC_MAX_ATOMS]; /* true atom of each fitted atom */
    size_t shared_size[GSC_MAX_ATOMS], routed_size[GSC_MAX_ATOMS]; /* fitted atoms per true atom */
} gsc_voronoi;

void gsc_voronoi_assign(const gsc_truth *truth, const gsc_mixture_shape *shape,
                        const double *mixture, gsc_voronoi *ret_cells);

#endif

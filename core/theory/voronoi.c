/* SPDX-License-Identifier: MIT
 *
 * Nearest true atom of each fitted atom.
 */
#include "core/theory/voronoi.h"

#include "core/theory/gate_rows.h"

#include <math.h>
#include <string.h>

static double square_distance(const double *a, const double *b, size_t n) {
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        total += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return total;
}

void gsc_voronoi_assign(const gsc_truth *truth, const gsc_mixture_shape *shape,
                        const double *mixture, gsc_voronoi *ret_cells) {
    const gsc_mixture_layout fit = gsc_mixture_get_layout(shape);
    const gsc_mixture_layout *at = &truth->layout;
    const double *truth_mixture = truth->mixture;
    memset(ret_cells, 0, sizeof *ret_cells);
    const size_t p1 = truth->shared.theta_size, p2 = truth->routed.theta_size, d = shape->inputs;
    for (size_t i = 0; i < shape->k_shared; i++) {
        double best = INFINITY;
        for (size_t j = 0; j < truth->shape.k_shared; j++) {
            const double distance =
                square_distance(mixture + fit.kappa + i * p1, truth_mixture + at->kappa + j * p1,
                                p1) +
                square_distance(mixture + fit.tau + i, truth_mixture + at->tau + j, 1);
            if (distance < best) {
                best = distance;
                ret_cells->shared[i] = j;
            }
        }
        ret_cells->shared_size[ret_cells->shared[i]]++;
    }
    const bool slopes = gsc_gate_has_slopes(truth);
    for (size_t i = 0; i < shape->k_routed; i++) {
        double best = INFINITY;
        for (size_t j = 0; j < truth->shape.k_routed; j++) {
            const double distance =
                square_distance(mixture + fit.beta1 + i * d, truth_mixture + at->beta1 + j * d,
                                slopes ? d : 0) +
                square_distance(mixture + fit.eta + i * p2, truth_mixture + at->eta + j * p2, p2) +
                square_distance(mixture + fit.nu + i, truth_mixture + at->nu + j, 1);
            if (distance < best) {
                best = distance;
                ret_cells->routed[i] = j;
            }
        }
        ret_cells->routed_size[ret_cells->routed[i]]++;
    }
}

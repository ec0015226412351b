/* SPDX-License-Identifier: MIT
 *
 * A floor on the masses of a group of atoms, shared ones (omega) or routed ones (a(beta0)):
 *
 *     share_j = a(b_j) / sum_l a(b_l) >= floor        a = exp and b = log omega for shared atoms
 *
 * A share is what the gate gives an atom at x = 0, and a common shift of softmax logits leaves it
 * as it is, so that one floor means the same for every gate. The floor is not a box in b. Steps go
 * in a chart instead: atoms whose share is below twice the floor have v_j = log share_j, where the
 * floor is a plain bound, the others v_j = b_j; the atom of the largest share is never small.
 *
 * Layer: core/theory. Any thread; nothing is allocated.
 */
#ifndef GSC_CORE_THEORY_MASS_FLOOR_H
#define GSC_CORE_THEORY_MASS_FLOOR_H

#include "core/theory/model.h"

typedef struct gsc_mass_group {
    const gsc_gate_family *gate; /* NULL: shared atoms */
    size_t k;
    double floor; /* above 0, k floor < 1 */
    double box;   /* |b| <= box of routed atoms */
} gsc_mass_group;

/* The group of a shape; floor 0 where it has none to keep (no floor, or fewer than two atoms). */
gsc_mass_group gsc_mass_group_of(const gsc_mixture_shape *shape, bool routed);

/* Whether a shape's mass_floor can be kept at all: k floor < 1, a gate with masses a(beta0). */
gsc_status gsc_mass_floor_check(const gsc_mixture_shape *shape, gsc_error *error);

/* omega that maximises sum_i mass_i log omega_i over sum omega = 1, omega >= floor. */
void gsc_mass_floor_omega(size_t k, double floor, const double *mass, double *ret_omega);

/* Moves b [k] to shares of at least floor: what shares have above it is scaled down to make room.
 * Nothing moves where nothing is below. Returns how many atoms are at the floor then. */
gsc_status gsc_mass_settle(const gsc_mass_group *group, double *b, size_t *ret_at_floor,
                           gsc_error *error);

/* Both groups of a mixture, omega normalised. Nothing moves where the shape has no floor. *ret_at_floor
 * may be NULL. */
gsc_status gsc_mass_floor_settle(const gsc_mixture_shape *shape, double *mixture,
                                 size_t *ret_at_floor, gsc_error *error);

typedef struct gsc_mass_chart {
    gsc_mass_group group;
    bool small[GSC_MAX_ATOMS];
} gsc_mass_chart;

/* The chart around b and b's coordinates in it. */
gsc_status gsc_mass_chart_init(gsc_mass_chart *self, const gsc_mass_group *group, const double *b,
                               double *ret_v, gsc_error *error);

/* b of coordinates v; where ret_jacobian is not NULL, db_j / dv_l at [j k + l], rows of clipped
 * atoms 0. *ret_inside: false, b untouched, where the small shares sum to 1 or more. */
gsc_status gsc_mass_chart_map(const gsc_mass_chart *self, const double *v, double *ret_b,
                              double *ret_jacobian, bool *ret_inside, gsc_error *error);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Nodes for expectations under a truth with one input, and what a mixture is worth there:
 *
 *     E_X E_{Y|X} g = sum_i wx_i sum_c p_c(x_i) sum_u w_u g(x_i, h_c(x_i) + sd_c u)
 *
 * X: panels of 8 Gauss-Legendre nodes on the truth's interval. Y: for each true component c the
 * trapezoid rule in u = (y - h) / sd on [-reach, reach]. Rows are by x node, so that gate and
 * experts are evaluated once per x node and not once per row (gsc_profile). Rows of weight below
 * 1e-22 are left out.
 *
 * A categorical response (discrete.h) needs no such rule: all classes at every node, row c n_x +
 * i for class c at node i, twice the panels, first unused.
 *
 * Layer: core/theory. d = 1.
 */
#ifndef GSC_CORE_THEORY_QUADRATURE_H
#define GSC_CORE_THEORY_QUADRATURE_H

#include "core/theory/truth.h"

typedef struct gsc_quadrature_options {
    size_t panels;      /* of 8 nodes */
    double reach, step; /* of u */
} gsc_quadrature_options;

/* Enough for the divergences of fits near the truth to 6 digits, of far ones (KL of order 1) to 2%; and its
 * refinement, for a check. */
extern const gsc_quadrature_options gsc_quadrature_quick, gsc_quadrature_fine;

enum {
    GSC_QUADRATURE_PAD = 8 /* so many rows may be read from any row on */
};

typedef struct gsc_quadrature {
    size_t n_x, n, most_rows; /* x nodes; rows; most rows of one x node */
    size_t classes;           /* of a categorical response; 0: the Gaussian mixture */
    double *x, *wx;           /* [n_x]: nodes, weights (sum 1) */
    size_t *first;            /* [n_x + 1]: rows first[i] .. first[i + 1] belong to x node i */
    double *y, *root_weight;  /* [n]: y, square root of the weight */
    double *log_truth;        /* [n]: log f*(y|x) */
} gsc_quadrature;

/* Constant afterwards, shared by threads. Refuses d > 1. */
gsc_status gsc_quadrature_new(const gsc_truth *truth, const gsc_quadrature_options *options,
                              gsc_quadrature **ret_quadrature, gsc_error *error);
void gsc_quadrature_free(gsc_quadrature *self);

/* A mixture at n x nodes, by component c (shared ones first), node i at c n + i. */
typedef struct gsc_profile {
    size_t n;
    gsc_mixture_shape shape;
    gsc_mixture_layout layout;
    double *h;          /* [k][n] */
    double *log_weight; /* [k][n]: log of m omega_i or (1 - m) pi_j(x) */
    double *jacobian;   /* [k][P][n], component c at jacobian_at[c] */
    size_t jacobian_at[2 * GSC_MAX_ATOMS];
    double *pi, *slope; /* [k2][n]: pi_j and d log a / dz */
    /* [G][k2][n] of a gate in general form: d log pi_j / d number g, numbers as gate_general.h (beta0, beta1, its own),
     * by central differences; G = gate_numbers, 0 for other gates. */
    double *gate_slopes;
    size_t gate_numbers;
    double *memory, *z, *gate_point, *scratch;
} gsc_profile;

/* One thread at a time; the shape's families are borrowed. */
gsc_status gsc_profile_init(gsc_profile *self, const gsc_mixture_shape *shape, size_t n,
                            gsc_error *error);
void gsc_profile_clear(gsc_profile *self);

/* Fills all arrays; jacobian and slope only where derivatives is set. x [n]. */
gsc_status gsc_profile_evaluate(gsc_profile *self, const double *mixture, const double *x,
                                bool derivatives, gsc_error *error);

enum {
    GSC_GAUSS_NODES = 8
};

/* Nodes and weights of Gauss-Legendre quadrature on [-1, 1], exact for polynomials of degree 15; by Newton on
 * the Legendre polynomial. */
void gsc_gauss_legendre(double nodes[GSC_GAUSS_NODES], double weights[GSC_GAUSS_NODES]);

#endif

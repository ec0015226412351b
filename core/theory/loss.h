/* SPDX-License-Identifier: MIT
 *
 * The Voronoi losses D1 to D5 of the paper (section 2, equations 4, 6, 10, 11; appendix F) between a fitted mixture and the
 * truth, and the error of each block of parameters over exact and over-specified cells.
 *
 * With Delta = fitted - true of its cell, w_i = omega_i (shared) or m_i = a(beta0_i) (routed):
 *
 *   mass    sum_j |sum_{i in V_j} w_i - w*_j|                   D3: routed only where |V_j| > 1; D4: no routed mass
 *   |V|=1   w_i (|dkappa| + |dtau|), w_i (|dbeta1| + |deta| + |dnu|)
 *           D3: without w and with |dbeta0|
 *   |V|>1   w_i (|dkappa|^2 + |dtau|^2), w_i (|dbeta1|^2 + |deta|^2 + |dnu|^2); D3: without w
 *           D2, r = r(|V|): w_i (|dkappa1|^2 + |dkappa0|^r + |dtau|^{r/2}),
 *                           w_i (|dbeta1|^r + |deta1|^{r/2} + |deta0|^r + |dnu|^{r/2})
 *   D4      routed: |dbeta1| + |dbeta0| + |deta| + |dnu| for every atom, against the truth (not a pseudo-truth)
 *
 *   D5      top-K sparse softmax (appendix F): as D1, routed: the greatest sum over K true atoms and their cells
 *
 * The intercept (kappa0, eta0) is the block named "bias". Mixtures are compared as they are: align first.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_LOSS_H
#define GSC_CORE_THEORY_LOSS_H

#include "core/theory/voronoi.h"

#include <stdbool.h>

typedef enum gsc_loss_kind {
    GSC_LOSS_D1,
    GSC_LOSS_D2,
    GSC_LOSS_D3,
    GSC_LOSS_D4,
    GSC_LOSS_D5,
} gsc_loss_kind;

gsc_status gsc_loss_parse(const char *name, gsc_loss_kind *ret_kind, gsc_error *error);

/* r(2) = 4, r(3) = 6, r(m) = 7 for m >= 4 (the paper: at least 7); 1 for cells of one atom, whose terms are of
 * first order. */
double gsc_loss_r(size_t cell_size);

typedef struct gsc_loss {
    double total, shared, routed;    /* total = shared + routed, masses included */
    double shared_mass, routed_mass; /* the mass terms within them */
} gsc_loss;

/* Fails only as the gate's affinity fails (masses a(beta0)). */
gsc_status gsc_loss_compute(gsc_loss_kind kind, const gsc_truth *truth,
                            const gsc_mixture_shape *shape, const double *mixture,
                            const gsc_voronoi *cells, gsc_loss *ret_loss, gsc_error *error);

/* One block of parameters whose error is measured: "tau", "kappa_weight", "omega", "nu", "eta_bias", "beta1",
 * "mass". */
typedef struct gsc_error_block {
    char name[48];
    char symbol[16]; /* for axis titles: "τ" */
    bool routed;
    size_t offset; /* of its first number within an atom's part: see gsc_error_blocks */
    size_t size;
    enum {
        GSC_BLOCK_THETA,
        GSC_BLOCK_VARIANCE,
        GSC_BLOCK_BETA1,
        GSC_BLOCK_MASS,
        GSC_BLOCK_BETA0
    } what;
} gsc_error_block;

enum {
    GSC_MAX_ERROR_BLOCKS = 2 * GSC_MAX_THETA_BLOCKS + 5
};

/* The blocks of a truth, shared first; no variances where the response is categorical, no beta1
 * where a gate does not score linearly. */
size_t gsc_error_blocks(const gsc_truth *truth, gsc_error_block *ret_blocks);

/* beta0 of the routed atoms, which gsc_error_blocks leaves to "mass": an atom of its own in a cell of several has no
 * beta0 to be compared with. For cells of one atom. */
gsc_error_block gsc_beta0_block(void);

/* The exponent of a block in the loss for a cell of m atoms: 1 where m is 1. */
double gsc_error_exponent(gsc_loss_kind kind, const gsc_error_block *block, size_t m);

/* p_r = (sum w |Delta|^r / sum w)^(1/r) over the atoms in cells of one atom (exact) or of several, w = omega or
 * a(beta0), or E_x[pi_j(x)] where truth->mean_masses, |Delta| the Euclidean norm of the block;
 * worst: the largest |Delta|. Both NAN where there is no such atom. A mass has no atoms: it is the
 * mean over such cells of |sum of the cell's masses - true mass|. */
typedef struct gsc_block_error {
    double value, worst;
    size_t atoms;
} gsc_block_error;

gsc_status gsc_block_error_compute(const gsc_truth *truth, const gsc_mixture_shape *shape,
                                   const double *mixture, const gsc_voronoi *cells,
                                   const gsc_error_block *block, bool exact, double r,
                                   gsc_block_error *ret_error, gsc_error *error);

/* a(beta0) of every routed atom. */
gsc_status gsc_gate_masses(const gsc_mixture_shape *shape, const double *mixture,
                           double *ret_masses, gsc_error *error);
/* a*(beta0) of every true routed atom, a* the affinity of the gate that is fitted: the truth's own unless the truth
 * names another one. */
gsc_status gsc_true_masses(const gsc_truth *truth, double *ret_masses, gsc_error *error);

#endif

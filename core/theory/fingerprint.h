/* SPDX-License-Identifier: MIT
 *
 * The fingerprint of a gate, an expert and an over-specification: the least KL(f* || f) over
 * fitted mixtures of which one block of one atom (tau, kappa, nu, eta, beta1) has an error of
 * exactly delta, by quadrature (kl_fit.h), as a curve over delta. Its local exponent d log KL /
 * d log delta says how fast an estimator can find that block: an error delta hides from n
 * observations as long as n KL(delta) is below 1, so that exponent e means the rate n^(-1/e).
 *
 * The cell of the first true atom (options.cell: of another one) of each group holds all extra
 * atoms; its first atom is the one displaced, the others of the cell, all other atoms and all
 * gates are free. A mass (omega, a(beta0)) is that of the whole cell. Every atom's share of its cell's mass is at least mass_floor: without it a fit
 * would hide any error in an atom without mass.
 *
 * Where the fitted gate is not the true one (options.nearest), errors are from the mixture of the family that is nearest
 * to the truth, and a curve is what an error costs beyond that: KL(delta) - KL*. A minimum, so its exponent is 2 unless
 * the nearest mixture is singular.
 *
 * Layer: core/theory. d = 1.
 */
#ifndef GSC_CORE_THEORY_FINGERPRINT_H
#define GSC_CORE_THEORY_FINGERPRINT_H

#include "core/read/spec.h"
#include "core/run/sink.h"
#include "core/theory/kl_fit.h"
#include "kernels/pool.h"

enum {
    GSC_FINGERPRINT_MAX_DELTAS = 64
};

typedef struct gsc_fingerprint_options {
    double gate_box, mass_floor;
    size_t cell;   /* true atom whose cell holds the extra ones (clipped to what there is) */
    size_t starts; /* at the largest delta, for each sign */
    uint64_t seed; /* of the starts */
    double deltas[GSC_FINGERPRINT_MAX_DELTAS]; /* ascending, above 0 */
    size_t n_deltas;
    int sign;              /* of the error: -1, 1; 0: both, the lesser KL */
    const double *nearest; /* a mixture of the shape that errors are from; NULL: the truth */
    double nearest_kl;
    const atomic_bool *stop; /* NULL: never */
} gsc_fingerprint_options;

gsc_fingerprint_options gsc_fingerprint_options_default(const gsc_mixture_shape *shape);

typedef struct gsc_fingerprint {
    gsc_error_block block;
    size_t cell_size, n;
    int sign_of; /* options.sign */
    double delta[GSC_FINGERPRINT_MAX_DELTAS];
    double kl[GSC_FINGERPRINT_MAX_DELTAS];   /* NAN: no such error inside box and floor */
    double sign[GSC_FINGERPRINT_MAX_DELTAS]; /* of the error that is kept */
    /* Slope of log KL against log delta between points i and i + 1; NAN where one has none. */
    double slope[GSC_FINGERPRINT_MAX_DELTAS];
    double least_kl; /* with nothing held: above 0 where the family does not hold the truth */
    double floor;    /* GSC_FINGERPRINT_LEAST_KL, or that of categorical responses */
    bool excess;     /* kl is beyond least_kl, that of options.nearest */
    /* The slope at the smallest delta whose KL is above the floor and above 5 least_kl; NAN where there is none. */
    double exponent, exponent_delta;
    double *mixtures; /* [n][size]: the minimisers */
    size_t evaluations;
} gsc_fingerprint;

/* Below this the descent in a nearly singular landscape may not end at the optimum. */
#define GSC_FINGERPRINT_LEAST_KL 1e-13
/* The divergences of categorical responses are smaller, and more of their steps are taken. */
#define GSC_FINGERPRINT_LEAST_KL_CATEGORICAL 1e-18
/* A curve below this is arithmetic: the block is not identifiable. */
#define GSC_FINGERPRINT_ZERO 1e-24

/* One block's curve; deterministic. The caller clears it. */
gsc_status gsc_fingerprint_init(gsc_fingerprint *self, const gsc_truth *truth,
                                const gsc_mixture_shape *shape, const gsc_quadrature *quadrature,
                                const gsc_error_block *block,
                                const gsc_fingerprint_options *options, gsc_error *error);
void gsc_fingerprint_clear(gsc_fingerprint *self);

/* Takes the points of another sign's curve of the same block where they are less; other is cleared. */
void gsc_fingerprint_merge(gsc_fingerprint *self, gsc_fingerprint *other, size_t size);

/* The mixture of the shape nearest to the truth, cells and floors as in a curve, for options.nearest. ret_mixture has
 * the shape's size. */
gsc_status gsc_fingerprint_nearest(const gsc_truth *truth, const gsc_mixture_shape *shape,
                                   const gsc_quadrature *quadrature,
                                   const gsc_fingerprint_options *options, double *ret_mixture,
                                   double *ret_kl, gsc_error *error);

/* Sets least_kl (another block of the same arm may have found less) and finds the exponent anew. */
void gsc_fingerprint_set_least(gsc_fingerprint *self, double least_kl);

/* The blocks that have a fingerprint: all but "in" of homogeneous experts, whose scale is free, masses of a group of one
 * true atom, which are always 1, and masses of gates in general form, which have none. */
size_t gsc_fingerprint_blocks(const gsc_truth *truth, gsc_error_block *ret_blocks);

/* Runs a spec of theory.study fingerprint and tells a sink: series kl_BLOCK over delta, results
 * exponent[BLOCK] and rate[BLOCK], documents "fingerprint" with the minimisers. Arms:
 * theory.arms, theory.gate_offsets, theory.k_shared and theory.k_routed. */
gsc_status gsc_fingerprint_run(const gsc_spec *spec, gsc_pool *pool, gsc_sink *sink,
                               gsc_error *error);

#endif

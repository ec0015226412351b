/* SPDX-License-Identifier: MIT
 *
 * Where a fit starts (theory.start).
 *
 * near_truth: every true atom gets one fitted atom, the extra ones join random true atoms; the mass of a cell is split
 * evenly (omega / |cell|, a(beta0) / |cell|), and parameters are disturbed by normal noise of standard deviation noise
 * n^-0.083 (variances: by a factor exp of it; masses: not), clipped to the box and the floor. Gates in
 * general form split masses by beta0 - log |cell|, exact for a softmax of the scores, near it else;
 * own scores, which have no beta0, do not split them. Their own numbers are the true atoms',
 * disturbed, or, where the true gate is another plugin, drawn by declared init.
 *
 * kmeans: rows are clustered in (x, y), each coordinate standardised (k-means++, one cluster an expert), with a
 * regression for each cluster; eight times each row joins the regression that fits it best and they are renewed. Start 0
 * makes the clusters that are widest in x the shared experts; later starts cluster anew and give each cluster its turn
 * there. The gate is the linear discriminant of the routed experts' rows in x.
 *
 * random: each expert is the regression on a few rows drawn at random, gates are random planes through the data.
 *
 * given: theory.initial, with every parameter written out.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_START_H
#define GSC_CORE_THEORY_START_H

#include "core/theory/truth.h"

typedef enum gsc_start_mode {
    GSC_START_NEAR_TRUTH = 0,
    GSC_START_KMEANS,
    GSC_START_RANDOM,
    GSC_START_GIVEN,
} gsc_start_mode;

const char *gsc_start_mode_name(gsc_start_mode mode); /* "near_truth" */
/* The mode of that name; the first where there is none. */
gsc_start_mode gsc_start_mode_parse(const char *name);

/* Start number start of a replicate; it depends on (seed, n, replicate, start) and the two shapes only. k of
 * the shape is at least that of the truth in either group. */
gsc_status gsc_start_near_truth(const gsc_truth *truth, const gsc_mixture_shape *shape,
                                double noise, uint64_t seed, size_t n, size_t replicate,
                                size_t start, double *ret_mixture, gsc_error *error);

/* kmeans or random: start number start of a replicate from the sample alone, of which at most 8192 rows are looked at.
 * Every parameter is finite and inside the box, every variance at least the floor, whatever the sample (a constant
 * column gets no slope; rows that are all the same get regressions through them). */
gsc_status gsc_start_from_data(gsc_start_mode mode, const gsc_mixture_shape *shape,
                               const gsc_sample *sample, uint64_t seed, size_t replicate,
                               size_t start, double *ret_mixture, gsc_error *error);

#endif

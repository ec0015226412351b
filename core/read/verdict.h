/* SPDX-License-Identifier: MIT
 *
 * What paired differences say: intervals, the four verdicts, corrections for several arms and for several
 * looks, and how many seeds it takes. Pure functions.
 *
 * A difference is that of one seed: the arm's result minus the baseline's, same data order and initial
 * weights. With n of them, mean m and standard deviation s, t = m / (s / sqrt n) has n - 1 degrees of
 * freedom where the truth is 0.
 *
 * Layer: core/read; libm.
 */
#ifndef GSC_CORE_READ_VERDICT_H
#define GSC_CORE_READ_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct gsc_paired {
    size_t n;
    double mean, sd;
    double low, high; /* interval of the mean; NAN where n < 2 */
    double p;         /* two-sided, of the mean being 0; NAN where n < 2 */
} gsc_paired;

/* level: 0.95. Differences that are not finite are left out. Where all are equal the interval is a point,
 * and p is 0, or 1 where they are 0. */
gsc_paired gsc_paired_t(const double *differences, size_t n, double level);

/* Two one-sided tests: the p of the mean being outside (-margin, margin). NAN where n < 2. */
double gsc_equivalence_p(const gsc_paired *paired, double margin);

/* Holm's step-down correction of n p-values; NAN counts as no test. ret_adjusted may not be p. */
void gsc_holm(const double *p, size_t n, double *ret_adjusted);

typedef enum gsc_verdict {
    GSC_VERDICT_LOCKED, /* fewer pairs than were set beforehand */
    GSC_VERDICT_BETTER,
    GSC_VERDICT_WORSE,
    GSC_VERDICT_EQUIVALENT,
    GSC_VERDICT_UNDECIDED
} gsc_verdict;

const char *gsc_verdict_name(gsc_verdict verdict); /* "better" */

/* equivalent: within the margin for sure, whatever the sign; else better or worse where the difference is
 * not 0; else undecided. The p-values are corrected ones; alpha is 0.05, or that of a look. */
gsc_verdict gsc_judge(double mean, double p, double p_equivalent, double alpha,
                      bool lower_is_better);

/* The level at which each look must test so that looks at every n from 3 to last together say something
 * false in 5% of cases where nothing is there; 0.05 for one look. last up to 64, beyond it less is taken. */
double gsc_look_level(size_t last);

/* The smallest true difference that n pairs find with this power at the two-sided level alpha:
 * (t_{1 - alpha/2, n-1} + t_{power, n-1}) sd / sqrt n. NAN where n < 2. */
double gsc_detectable(double sd, size_t n, double alpha, double power);
/* The least n whose gsc_detectable is at most effect; at most 100000. */
size_t gsc_seeds_for_effect(double effect, double sd, double alpha, double power);
/* The least n that shows equivalence within margin with this power where there is no difference:
 * (t_{1 - alpha, n-1} + t_{(1 + power)/2, n-1}) sd / sqrt n <= margin. */
size_t gsc_seeds_for_equivalence(double margin, double sd, double alpha, double power);

#endif

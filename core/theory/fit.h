/* SPDX-License-Identifier: MIT
 *
 * One fit: several starts, each taken by EM and, where asked, on to the maximum of the likelihood nearby; the best
 * likelihood is kept, with a certificate of how many starts came to it.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_FIT_H
#define GSC_CORE_THEORY_FIT_H

#include "core/theory/em.h"
#include "core/theory/kl.h"
#include "core/theory/polish.h"
#include "core/theory/start.h"
#include "core/theory/truth.h"

typedef struct gsc_fit_options {
    uint64_t seed;
    gsc_start_mode start;  /* near_truth: the first of the enumeration */
    const double *initial; /* start given: a mixture of the fitter's shape; else unread */
    double start_noise;    /* standard deviation of near-truth starts, times n^-0.083 */
    size_t starts;
    gsc_em_options em;
    bool
        polish; /* after EM; in starts but the first EM then does at most GSC_FIT_WARM_UP iterations */
    gsc_polish_options newton;
} gsc_fit_options;

enum {
    GSC_FIT_WARM_UP = 10
};

/* As the spec says (seed, theory.start*, theory.tolerance*, theory.max_iterations, theory.polish); initial NULL. stop
 * is read by EM and polish. */
gsc_fit_options gsc_fit_options_read(const gsc_spec *spec, const atomic_bool *stop);

typedef struct gsc_fit {
    double log_likelihood_truth;   /* NAN where there is no truth */
    double log_likelihood_stopped; /* where EM stopped, of the start that is kept */
    double log_likelihood;         /* of the mixture returned */
    size_t em_iterations;          /* of the start that is kept */
    size_t stopped_iterations;     /* EM iterations of the first start */
    gsc_em_reason em_reason;
    gsc_polish_info polish;                /* of the start that is kept; zeros without polish */
    size_t start, starts;                  /* the one kept, how many were tried */
    size_t hits;                           /* starts within 0.1 nat of the best */
    bool likelihood_fell, empty_component; /* in the start that is kept */
    size_t at_floor, at_box, at_mass_floor;
    size_t floored; /* rows with a gate probability below DBL_MIN (gates in general form) */
} gsc_fit;

/* Gates in general form have no Newton polish: EM is followed by quasi-Newton steps instead (em.h), told as the polish;
 * log_likelihood_stopped is then where those end. */

/* The memory of fits of one shape, of at most n rows; one thread at a time. truth is NULL, or without a mixture, where
 * nobody knows it: then starts are not near_truth. */
typedef struct gsc_fitter gsc_fitter;

gsc_status gsc_fitter_new(const gsc_truth *truth, const gsc_mixture_shape *shape, size_t n,
                          gsc_fitter **ret_fitter, gsc_error *error);
void gsc_fitter_free(gsc_fitter *self);

/* The numbers depend on (seed, n, replicate), shape, truth and options only. ret_mixture has the shape's size, as
 * ret_stopped (or NULL): where EM alone, from the first start, stops. */
gsc_status gsc_fitter_run(gsc_fitter *self, const gsc_sample *sample, size_t replicate,
                          const gsc_fit_options *options, double *ret_mixture, double *ret_stopped,
                          gsc_fit *ret_fit, gsc_error *error);

/* KL(f* || f) of a mixture of this shape. */
gsc_status gsc_fitter_kl(gsc_fitter *self, const gsc_kl *kl, const double *mixture, double *ret_kl,
                         gsc_error *error);

#endif

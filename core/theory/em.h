/* SPDX-License-Identifier: MIT
 *
 * Expectation maximisation for the mixture of model.h, one pass over the data for an iteration as
 * a rule. The expectation pass also adds up what every part of the M-step needs first:
 *
 *     omega      closed form
 *     theta      linear experts: one exact weighted least squares; others: damped Gauss-Newton
 *                steps, and the output scale of feed-forward forms in closed form
 *     variance   closed form, floored
 *     gate       Fisher scoring, for any affinity:
 *                    g_j = l'_j (r_j - s pi_j),  F_jl = s (pi_j delta_jl - pi_j pi_l) l'_j l'_l,
 *                l' = d log a / dz, s the routed responsibility; Levenberg damping, box.
 *                Gates in general form (gate_general.h): quasi-Newton steps on Q
 *
 * Where the shape has a mass floor (mass_floor.h), omega is the closed form under it and the gate's
 * steps go in its chart, so that every step stays above the floor and the likelihood still rises.
 *
 * A Gauss-Newton or Fisher step that promises more than 1e-3 n in Q, the expected complete
 * log-likelihood, is judged by a pass of its own and kept only if its Q does not fall (up to
 * expert_steps and gate_steps of them); one that promises less is taken on trust, and undone, with
 * more damping from then on, if the next expectation finds the likelihood lower. So the likelihood
 * never falls by more than 1e-8 |l|.
 *
 * One fit runs on the calling thread; nothing is allocated after gsc_em_workspace_new; the same
 * fit gives the same bits on any thread.
 *
 * Source: arXiv 2505.10860; Jordan and Jacobs 1994. Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_EM_H
#define GSC_CORE_THEORY_EM_H

#include "core/theory/model.h"

#include "kernels/mixture.h"

#include <stdatomic.h>

/* What the gain dl of one iteration is compared with the tolerance as. */
typedef enum gsc_em_tolerance {
    GSC_EM_TOLERANCE_MEAN = 0, /* dl / n */
    GSC_EM_TOLERANCE_RELATIVE, /* dl / |l| */
    GSC_EM_TOLERANCE_TOTAL,    /* dl */
} gsc_em_tolerance;

typedef enum gsc_em_reason {
    GSC_EM_CONVERGED = 0,
    GSC_EM_ITERATIONS, /* max_iterations were done */
    GSC_EM_FELL, /* the likelihood fell by more than 1e-8 |l|; the better mixture is returned */
} gsc_em_reason;

typedef struct gsc_em_options {
    double tolerance; /* 1e-6 */
    gsc_em_tolerance tolerance_kind;
    size_t max_iterations;   /* 1000 */
    size_t gate_steps;       /* 5 */
    size_t expert_steps;     /* 3 */
    const atomic_bool *stop; /* read once an iteration; NULL: never */
    void (*trace)(void *data, size_t iteration, double log_likelihood); /* NULL: none */
    /* As trace, with the mixture that the iteration made, borrowed; NULL: none. */
    void (*observe)(void *data, size_t iteration, const double *mixture);
    void *trace_data;
    const gsc_mixture_kernels *kernels; /* NULL: the best of this machine */
    /* Above 0 and with a gate in general form: EM is followed by quasi-Newton steps on the whole likelihood until one
     * gains less, in nats. */
    double quasi_newton_gain;
} gsc_em_options;

gsc_em_options gsc_em_options_default(void);

/* Bit c of a set is component c: shared ones first, then routed ones. */
typedef struct gsc_em_info {
    size_t iterations;
    double start_log_likelihood, log_likelihood; /* of the mixture returned */
    gsc_em_reason reason;
    uint64_t empty;       /* components whose responsibility sums to less than 1e-8 */
    uint64_t at_floor;    /* components whose variance is at the floor */
    size_t at_box;        /* parameters at the box */
    size_t at_mass_floor; /* atoms whose share of their group's mass is at the floor */
    size_t floored; /* rows with a gate probability below DBL_MIN, at the end; general gates only */
    size_t gate_evaluations, expert_evaluations; /* passes over the data inside M-steps */
    size_t quasi_newton_steps;
    bool quasi_newton_converged;
    size_t undone; /* iterations whose trusted steps lowered the likelihood */
} gsc_em_info;

/* "converged", "iterations", "likelihood fell" */
const char *gsc_em_reason_name(gsc_em_reason reason);

/* Memory for fits of this shape (copied; its families borrowed) with samples of at most n rows.
 * About n (k + d + 2 + P) doubles. */
typedef struct gsc_em_workspace gsc_em_workspace;
gsc_status gsc_em_workspace_new(const gsc_mixture_shape *shape, size_t n,
                                gsc_em_workspace **ret_workspace, gsc_error *error);
void gsc_em_workspace_free(gsc_em_workspace *workspace);

/* Fits from the mixture given (moved into the box, variances up to the floor) and replaces it. The
 * sample has at least one row and the shape's inputs. *ret_info may be NULL.
 *
 * Errors, mixture untouched: GSC_ERR_INPUT (a value of the sample or of the start that is not
 * finite), GSC_ERR_PLUGIN (as model.h), GSC_ERR_NUMERIC (the likelihood left the finite
 * numbers), GSC_ERR_STOPPED. */
gsc_status gsc_em_fit(const gsc_sample *sample, const gsc_em_options *options,
                      gsc_em_workspace *workspace, double *mixture, gsc_em_info *ret_info,
                      gsc_error *error);

#endif

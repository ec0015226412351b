/* SPDX-License-Identifier: MIT
 *
 * What the parts of expectation maximisation share: one fit's memory, by blocks of rows, and the
 * four moves over it. Private to em*.c, gate_step.c and expert_step.c. Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_EM_WORKSPACE_H
#define GSC_CORE_THEORY_EM_WORKSPACE_H

#include "core/theory/bfgs.h"
#include "core/theory/em.h"
#include "core/theory/gate_general.h"

#include "kernels/mixture_closed.h"

enum {
    EM_BLOCK = GSC_MIXTURE_BLOCK,
    EM_STRIDE = GSC_MIXTURE_STRIDE, /* B below */
    EM_MAX_K = GSC_MIXTURE_MAX
};

/* One component's view of the flat vector. */
typedef struct em_component {
    const gsc_expert_family *family;
    double *theta;                 /* [P] in the current mixture */
    double *variance;              /* in the current mixture */
    const double *linear_jacobian; /* [blocks][P][B], or NULL: not linear */
} em_component;

struct gsc_em_workspace {
    gsc_mixture_shape shape;
    gsc_mixture_layout layout;
    const gsc_mixture_kernels *kernels;
    size_t capacity, n, blocks, k;             /* capacity in blocks */
    size_t theta_max, moments_size, gate_size; /* largest P; its moments; E (1 + d) */

    double *memory; /* owns all below */
    double *x,
        *y;    /* [blocks][d + 1][B], the last column 1; [blocks][B]; the last block's tail repeats
                     * its last row */
    double *r; /* [blocks][k][B], of the last expectation if it stored them */
    double *jacobian_shared, *jacobian_routed; /* [blocks][P][B] of linear families */
    bool store_r, r_stored; /* what the next expectation does; what the last one did */

    /* One block's scratch. */
    double *r_block;           /* [k][B] */
    double *e;                 /* [k][B] */
    double *h;                 /* [B] */
    double *jacobian;          /* [k][theta_max][B] */
    double *logit;             /* [E][B] */
    double *log_a, *slope, *q; /* [E][B] */
    double *two_rows;          /* [2][B] */
    double *expert;            /* gsc_expert_scratch */

    /* Sums over the sample. */
    double *moments, *moments_trial;   /* [k][moments_size] */
    double *gradient, *gradient_trial; /* [E][1 + d] */
    double *fisher, *fisher_trial;     /* by pairs, as mixture.h */
    double gate_q;                     /* sum r log pi, where the expectation stored r */

    /* Small vectors. */
    double *mixture;               /* current */
    double *mixture_kept;          /* of the previous iteration */
    double *mixture_safe;          /* of this iteration, without the steps taken on trust */
    double *theta_trial;           /* [k][theta_max] */
    double *variance_trial;        /* [k] */
    double *beta, *beta_trial;     /* [E][1 + d] */
    double *matrix, *step, *solve; /* [m][m], [m], [m][m + 1], m the largest system */

    double *gate_chart; /* [4][m]: point, gradient, bounds in the chart of the mass floor, if any */

    /* Of a gate in general form, else NULL. */
    gsc_bfgs *gate_bfgs;
    double *gate_scratch; /* gsc_gate_scratch */
    double *gate_point;   /* [3][beta0, beta1, gate]: where its steps are, the box */

    /* Where all functions are known in closed form (em_closed.c). */
    bool is_closed;
    gsc_mixture_closed closed;
    const gsc_mixture_closed_kernels *closed_kernels;
    double gate_offset, widest; /* of the sigmoid; the largest |x| */
    double *closed_sums;        /* by lane: moments of each component, then the gate's scores */

    em_component component[EM_MAX_K];
    double expert_gain[EM_MAX_K], gate_gain; /* what the proposals promise in Q */
    double expert_damping[EM_MAX_K]; /* relative to the mean diagonal; kept between iterations */
    double gate_damping, least_gate_damping;
    gsc_em_info info;
};

/* Rows of block b, and rounded up as the loops read them. */
static inline size_t em_rows(const gsc_em_workspace *ws, size_t b) {
    return b + 1 < ws->blocks ? EM_BLOCK : ws->n - b * EM_BLOCK;
}
static inline size_t em_padded(size_t rows) {
    return (rows + GSC_MIXTURE_PAD - 1) / GSC_MIXTURE_PAD * GSC_MIXTURE_PAD;
}

/* Sum of component c's responsibilities; sum r e^2. */
static inline double em_mass(const gsc_em_workspace *ws, size_t c) {
    return ws->moments[c * ws->moments_size];
}

/* Below this much responsibility a component is left as it is. */
static const double em_least_mass = 1e-8;
/* A step that promises less than `idle` n is not taken; one that promises less than `trust` n
 * is taken on trust: the next expectation pass judges it by the likelihood itself. */
static const double em_idle_gain = 1e-14, em_trust_gain = 1e-3;

/* e of component c in block b at theta into ret_e [B]; its Jacobian into ret_jacobian (stride
 * *ret_stride), or the linear one's place. */
gsc_status em_residual(gsc_em_workspace *ws, size_t c, const double *theta, size_t b, double *ret_e,
                       double *jacobian, const double **ret_jacobian, size_t *ret_stride,
                       gsc_error *error);

/* Expectation at the current mixture: moments, gradient, fisher; r where store_r asks. */
gsc_status em_expectation(gsc_em_workspace *ws, double *ret_log_likelihood, gsc_error *error);

/* Where the fit is of known functions and their logits stay within reach, these do the work of an expectation's blocks
 * (beta is set, sums are cleared), of a trial of the gate (sums are cleared; needs r) and answer true; else
 * false, and nothing was touched. expert adds a trial's moments to cleared sums (needs r and is_closed). */
void em_closed_bind(gsc_em_workspace *ws);
/* Whether a linear family says of itself that its Jacobian is (x, 1), and is right about it where it is asked. */
bool em_closed_is_affine(gsc_em_workspace *ws, const gsc_expert_family *family);
size_t em_closed_sums(const gsc_mixture_shape *shape);
bool em_closed_expectation(gsc_em_workspace *ws, const double *constant, const double *precision,
                           double *ret_log_likelihood);
bool em_closed_gate(gsc_em_workspace *ws, const double *beta, double *ret_q);
void em_closed_expert(gsc_em_workspace *ws, size_t c, const double *theta, double *ret_moments);

/* Once a fit: how far the gate's steps are damped. */
gsc_status em_gate_birth(gsc_em_workspace *ws, gsc_error *error);
/* log a and its slope of one block at beta into ws->log_a and ws->slope. */
gsc_status em_gate_block(gsc_em_workspace *ws, const double *beta, size_t b, gsc_error *error);

/* The M-step has three parts. Propose: from the sums of the expectation alone, a step for each
 * nonlinear expert (theta_trial) and for the gate (beta_trial) and what each promises. Settle:
 * everything that can be had with certainty, closed forms and, where a promise is large, steps
 * that are judged by passes over the data (needs r); ends with new proposals. Trust: the
 * proposals become the current mixture. */
void em_expert_propose(gsc_em_workspace *ws);
gsc_status em_expert_settle(gsc_em_workspace *ws, size_t max_steps, gsc_error *error);
bool em_expert_trust(gsc_em_workspace *ws);
void em_gate_propose(gsc_em_workspace *ws);
gsc_status em_gate_settle(gsc_em_workspace *ws, size_t max_steps, gsc_error *error);
bool em_gate_trust(gsc_em_workspace *ws);
/* After the expectation that judged the trusted steps: eases or stiffens their damping;
 * experts' gently, since a step undone costs a pass. */
void em_expert_judged(gsc_em_workspace *ws, bool good);
void em_gate_judged(gsc_em_workspace *ws, bool good);

/* A gate in general form (em_general.c): log pi of one block into ws->log_a, slope 1; its M-step, which needs r and
 * leaves nothing to trust. */
bool em_gate_is_general(const gsc_em_workspace *ws);
size_t em_gate_general_size(const gsc_mixture_shape *shape);
gsc_status em_gate_general_block(gsc_em_workspace *ws, size_t b, gsc_error *error);
gsc_status em_gate_general_settle(gsc_em_workspace *ws, size_t max_steps, gsc_error *error);

/* Quasi-Newton steps on the likelihood, by Fisher's identity, in theta, beta, gate, log omega and log variance. */
gsc_status em_general_climb(gsc_em_workspace *ws, const gsc_em_options *options, gsc_error *error);

/* beta [E][1 + d] from and to the current mixture. */
void em_get_beta(const gsc_em_workspace *ws, double *ret_beta);
void em_set_beta(gsc_em_workspace *ws, const double *beta);

#endif

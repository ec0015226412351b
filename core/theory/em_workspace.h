/* SPDX-License-Identifier: MIT
 *
 * What the parts of expectation maximisation share: one fit's memory, by blocks of rows, and the four
 * moves over it. Private to em*.c, gate_step.c and expert_step.c. Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_EM_WORKSPACE_H
#define GSC_CORE_THEORY_EM_WORKSPACE_H

#include "core/theory/em.h"

enum {
    EM_BLOCK = GSC_MIXTURE_BLOCK,
    EM_STRIDE = GSC_MIXTURE_STRIDE, /* B below */
    EM_MAX_K = GSC_MIXTURE_MAX
};

/* The gate at one beta, block by block: log pi, q = pi l', l', each [blocks][E][B]. */
typedef struct em_gate {
    double *log_pi, *q, *slope;
} em_gate;

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
    double *x, *y;  /* [blocks][d][B], [blocks][B]; the last block's tail repeats its last row */
    double *r;      /* [blocks][k][B] */
    double *jacobian_shared, *jacobian_routed; /* [blocks][P][B] of linear families */
    em_gate gate, gate_trial;                  /* at the current beta, at a trial */

    /* One block's scratch. */
    double *e;        /* [k][B] */
    double *h;        /* [B] */
    double *jacobian; /* [k][theta_max][B] */
    double *logit;    /* [E][B] */
    double *two_rows; /* [2][B] */
    double *expert;   /* gsc_expert_scratch */

    /* Sums over the sample. */
    double *moments, *moments_trial;   /* [k][moments_size] */
    double *gradient, *gradient_trial; /* [E][1 + d] */
    double *fisher, *fisher_trial;     /* by pairs, as mixture.h */
    double q;                          /* sum r log pi at the current gate */

    /* Small vectors. */
    double *mixture, *mixture_kept; /* current, of the previous iteration */
    double *theta_trial;            /* [k][theta_max] */
    double *beta, *beta_trial;      /* [E][1 + d] */
    double *matrix, *step, *solve;  /* [m][m], [m], [m][m + 1], m the largest system */

    em_component component[EM_MAX_K];
    double least_gate_damping;
    double gate_damping; /* relative to the mean diagonal; kept between iterations */
    double expert_damping[EM_MAX_K];
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
/* A step of predicted gain below `idle` n is not worth a pass; one below `last` n is the last of its M-step. */
static const double em_idle_gain = 1e-14, em_last_gain = 1e-7;

/* e of component c in block b at theta into ret_e [B]; its Jacobian into ret_jacobian (stride
 * *ret_stride), or the linear one's place. */
gsc_status em_residual(gsc_em_workspace *ws, size_t c, const double *theta, size_t b, double *ret_e,
                       double *jacobian, const double **ret_jacobian, size_t *ret_stride,
                       gsc_error *error);

/* Expectation: r, moments, gradient, fisher and q at the current mixture and gate; returns log-likelihood. */
gsc_status em_expectation(gsc_em_workspace *ws, double *ret_log_likelihood, gsc_error *error);

/* The gate at beta for all blocks, *ret_q = sum r log pi; scores: gradient_trial and fisher_trial too. */
gsc_status em_gate_evaluate(gsc_em_workspace *ws, const double *beta, const em_gate *gate,
                            bool scores, double *ret_q, gsc_error *error);

/* Once a fit: the gate at the start's beta, and how far its steps are damped. */
gsc_status em_gate_birth(gsc_em_workspace *ws, gsc_error *error);

/* M-steps: theta, variance of all components; the gate. */
gsc_status em_expert_step(gsc_em_workspace *ws, size_t max_steps, gsc_error *error);
gsc_status em_gate_step(gsc_em_workspace *ws, size_t max_steps, gsc_error *error);

/* beta [E][1 + d] from and to the current mixture. */
void em_get_beta(const gsc_em_workspace *ws, double *ret_beta);
void em_set_beta(gsc_em_workspace *ws, const double *beta);

#endif

/* SPDX-License-Identifier: MIT
 *
 * What the parts of gsc_kl_fit share: kl_fit.c (the descent), kl_fit_slots.c (coordinates),
 * kl_fit_links.c (their derivatives), kl_fit_residuals.c (residuals, Jacobian, QR),
 * discrete_residuals.c (those of a categorical response). Private to these files. Layer:
 * core/theory.
 */
#ifndef GSC_CORE_THEORY_KL_FIT_INTERNAL_H
#define GSC_CORE_THEORY_KL_FIT_INTERNAL_H

#include "core/theory/kl_fit.h"

/* Loops over rows are compiled for wide registers too, where the linker can choose. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define FIT_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define FIT_CLONES
#endif

enum {
    FIT_MAX_LINKS = 4096,
    FIT_NONE = -1
};

/* Atoms that share a mass. */
typedef struct fit_group {
    bool routed;
    size_t count, atom[GSC_MAX_ATOMS];
    size_t slot; /* of its mass, where count > 1; else that of its atom's omega or beta0 */
} fit_group;

/* d raw / d slot. raw: an index of the flat vector (variances: their logs). */
typedef struct fit_link {
    size_t raw, slot;
    double value;
    size_t channel; /* of a node (kl_fit_residuals.c), and what multiplies it at each; NULL: 1 */
    const double *factors;
} fit_link;

/* What a categorical response adds (discrete_residuals.c). */
typedef struct fit_discrete fit_discrete;

struct gsc_kl_fit {
    const gsc_quadrature *quadrature;
    fit_discrete *discrete; /* NULL: the Gaussian mixture */
    gsc_mixture_shape shape;
    gsc_mixture_layout layout;
    gsc_kl_fit_options options;
    gsc_profile profile;

    fit_group groups[2 * GSC_MAX_ATOMS];
    size_t n_groups, group_of[2 * GSC_MAX_ATOMS];
    bool general;                      /* a gate in general form */
    size_t cell_of[2 * GSC_MAX_ATOMS]; /* the groups as asked for */
    bool hold_mass; /* what is held is the slot of a group's mass, at hold_truth */
    size_t slots;
    double *low, *high; /* [slots] */
    bool *pinned;       /* [slots]: by gauge or scale, at the value that u has */

    /* The held block. */
    size_t hold_at, hold_size; /* size 0: none */
    double *hold_truth, hold_delta, hold_sign;

    /* At the last mapping. */
    double *mixture;        /* [layout.size] */
    double *affinity_slope; /* [k2]: d log a / d beta0, 0 where clipped */
    fit_link links[FIT_MAX_LINKS];
    size_t n_links;

    /* At the last linearisation: e = R s + q over the n columns, slot of each. */
    size_t n, *column;
    double *r; /* [n][n + 1], q in the last column */

    /* Scratch. */
    double *rows;             /* channels and Jacobian of one x node */
    double *u_trial, *u_work; /* [slots] */
    double *small, *step, *scale, *gradient;
    bool *fixed;
    double *memory;
    bool *flags;
};

/* The slot that follows from the others of its kind: the largest share of a group, the largest
 * shared group's mass. FIT_NONE where there is none. */
long fit_dependent_share(const gsc_kl_fit *self, const fit_group *group, const double *u);
long fit_dependent_group(const gsc_kl_fit *self, const double *u);

/* The slot of the share of atom i of a group; where it has one atom, that of its mass. */
size_t fit_share_slot(const gsc_kl_fit *self, const fit_group *group, size_t i);

/* u to self->mixture and affinity_slope. */
gsc_status fit_map(gsc_kl_fit *self, const double *u, gsc_error *error);
/* The links at u, after fit_map; columns are the slots that a step may move. */
gsc_status fit_link_up(gsc_kl_fit *self, const double *u, gsc_error *error);

/* KL at u; with linearise also self->r. */
gsc_status fit_evaluate(gsc_kl_fit *self, const double *u, bool linearise, double *ret_kl,
                        gsc_error *error);
size_t fit_rows_size(const gsc_kl_fit *self);

/* The same for a categorical response: self->discrete, made after the slots are known;
 * evaluation after fit_map. */
gsc_status fit_discrete_new(gsc_kl_fit *self, gsc_error *error);
void fit_discrete_free(fit_discrete *self);
gsc_status fit_discrete_evaluate(gsc_kl_fit *self, bool linearise, double *ret_kl,
                                 gsc_error *error);

/* 2 phi(r) / r^2, phi(r) = r - log(rho), r = rho - 1; 1 at 0. */
double fit_curvature(double rho);

/* QR of r (upper triangular [n][n + 1]) over a block of rows (by column, n + 1 columns, stride
 * apart): r becomes the factor of both. n at most GSC_KL_FIT_MAX_SLOTS. active [n]: only the first active[k] rows are
 * other than 0 in columns 0 .. k, it does not fall; NULL: all. */
void fit_merge(size_t n, double *r, size_t rows, const double *block, size_t stride,
               const size_t *active);

#endif

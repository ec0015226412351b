/* SPDX-License-Identifier: MIT
 *
 * What the parts of the objective share: hessian.c (memory, evaluation), hessian_rows.c (one block's rows:
 * experts, gate, responsibilities, channels), hessian_moments.c (sums of channels times columns). Private to
 * hessian*.c.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_HESSIAN_INTERNAL_H
#define GSC_CORE_THEORY_HESSIAN_INTERNAL_H

#include "core/theory/hessian.h"

enum {
    BLOCK = 256 /* rows at a time: everything of a block stays in cache */
};

/* One channel of the block: its gradient column gbar and the columns that turn it into parameters. */
typedef struct gradient_channel {
    const double *gbar; /* [BLOCK] */
    size_t parameter;   /* index of its first parameter */
    size_t columns;
    const double *column[GSC_MAX_INPUTS + 2]; /* NULL: ones */
    bool plain;                               /* columns are ones and inputs only */
} gradient_channel;

typedef struct component {
    bool routed;
    size_t theta, variance; /* parameter indices */
    const gsc_expert_family *family;
} component;

struct gsc_objective {
    const gsc_mixture_shape *shape;
    gsc_mixture_layout layout;
    const gsc_sample *sample;
    size_t parameters, components, channels;
    component component[2 * GSC_MAX_ATOMS];
    bool gate_constant_slope;
    bool plain[2]; /* shared, routed: h = theta . (base columns), order in plain_column */
    size_t plain_column[2][GSC_MAX_INPUTS +
                           2]; /* base column of each theta: 0 is ones, 1 + k is x_k */
    double log_share[2];
    gradient_channel channel[6 * GSC_MAX_ATOMS];
    double *memory;
    /* per block, [components][BLOCK] */
    double *h, *r, *gh, *gv, *bh, *bv;
    double *jacobian;               /* [components][max theta][BLOCK] */
    double *shifted, *shifted_high; /* [max theta][BLOCK] */
    double *bw, *fw, *fw_own;       /* [k1][BLOCK] */
    double *z, *la, *slope, *slope_low, *curvature, *pi, *bz, *fz, *fz_own; /* [k2][BLOCK] */
    double *s_shared, *s_routed, *lse, *scratch_row, *product, *ones;       /* [BLOCK] */
    double *expert_scratch;
    double *point;   /* [max theta] */
    double *mixture; /* [P] */
    size_t max_theta;
};

/* hessian_rows.c: log f of rows first .. first + rows into lse, and the channels' columns. */
gsc_status gsc_hessian_rows(gsc_objective *self, const double *u, size_t first, size_t rows,
                            bool derivatives, gsc_error *error);
void gsc_hessian_channels(gsc_objective *self, size_t rows);

/* hessian_moments.c: adds a block to gradient [P] and, where not NULL, the Hessian [P][P], whose pairs of
 * channels stand once until they are mirrored. */
void gsc_hessian_list_channels(gsc_objective *self);
gsc_status gsc_hessian_add(gsc_objective *self, const double *u, size_t first, size_t rows,
                           double *gradient, double *hessian, gsc_error *error);
void gsc_hessian_mirror(const gsc_objective *self, double *hessian);
double gsc_hessian_sum(const double *values, size_t rows);

#endif

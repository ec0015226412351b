/* SPDX-License-Identifier: MIT
 *
 * What the checked ops hand to a device's leaves: pointers into its memory and sizes. The contracts
 * stand in the header of each op; names are the same. Layer: kernels, private.
 */
#ifndef GSC_KERNELS_ARGS_H
#define GSC_KERNELS_ARGS_H

#include "kernels/attention.h"
#include "kernels/adamw.h"
#include "kernels/elementwise.h"

typedef struct gsc_embed_args {
    gsc_dtype dtype;
    void *y;       /* forward: y; backward: dtable */
    const void *x; /* forward: table; backward: dy */
    const int32_t *token;
    size_t rows, vocabulary, columns;
    double scale;
} gsc_embed_args;

typedef struct gsc_norm_args {
    gsc_dtype dtype;
    bool centred;                     /* layer_norm; else rms_norm, without mean, bias, dbias */
    void *y, *mean, *rstd;            /* written forward, mean and rstd read backward */
    void *dx, *dgain, *dbias;         /* backward */
    const void *dy, *x, *gain, *bias; /* dbias, bias may be NULL */
    size_t rows, columns;
    double epsilon;
    bool accumulate;
} gsc_norm_args;

typedef struct gsc_rope_args {
    gsc_dtype dtype;
    void *x;
    void *table; /* written by rope_table, read by rope */
    size_t rows, columns, positions, context, heads, head_size, rotated;
    double base;
    bool inverse;
} gsc_rope_args;

typedef struct gsc_attention_args {
    gsc_dtype dtype;
    void *y, *lse; /* written forward, read backward */
    void *dqkv;
    const void *qkv, *dy;
    size_t rows;
    gsc_attention_shape shape;
} gsc_attention_args;

typedef struct gsc_bias_args {
    gsc_dtype dtype;
    void *y;              /* forward: y; backward: dbias */
    const void *x, *bias; /* backward: x is dy, no bias */
    size_t rows, columns;
} gsc_bias_args;

typedef struct gsc_cross_entropy_args {
    gsc_dtype dtype;
    double *loss;
    void *dlogits; /* may be NULL or logits */
    const void *logits;
    const int32_t *target;
    size_t rows, vocabulary;
    double scale;
} gsc_cross_entropy_args;

typedef struct gsc_plan_args {
    int32_t *offset, *row, *choice, *slot;
    const int32_t *start, *expert;
    size_t rows, slots, experts;
} gsc_plan_args;

typedef struct gsc_combine_args {
    gsc_dtype dtype;
    void *y;                     /* combine, gather: y; backward: dx */
    void *dweight, *g;           /* backward */
    const void *x, *weight;      /* weight may be NULL forward */
    const int32_t *start, *slot; /* combine */
    const int32_t *row, *choice; /* gather: row; backward: choice */
    size_t rows, slots, columns;
    bool accumulate;
} gsc_combine_args;

typedef struct gsc_grouped_args {
    gsc_dtype dtype;
    void *c;
    const void *a, *b;
    const int32_t *offset;
    const int32_t *row; /* [slots] or NULL: rows of a, or of b with row_of_b, that slots have */
    bool row_of_b;
    size_t row_limit; /* how many rows there are */
    size_t experts, slots;
    size_t m, n; /* matmul: m = K, the inner size; outer: C_e is [m, n] */
    bool transpose_b, accumulate;
} gsc_grouped_args;

enum {
    GSC_GROUPED_TILE = 256 /* rows of a task, and rows that are gathered at once */
};

/* Room of one thread for gathered rows. */
static inline size_t gsc_grouped_room_floats(size_t columns) {
    return GSC_GROUPED_TILE * ((columns + 15) / 16 * 16);
}

/* y = alpha a + beta b; a and b may be NULL (then y = alpha). */
typedef struct gsc_linear_args {
    gsc_dtype dtype;
    void *y;
    const void *a, *b;
    size_t count;
    double alpha, beta;
} gsc_linear_args;

typedef struct gsc_copy_args {
    gsc_dtype y_dtype, x_dtype;
    void *y;
    const void *x;
    size_t count;
} gsc_copy_args;

typedef struct gsc_map_args {
    gsc_dtype dtype;
    void *out[GSC_MAP_MAX];
    const void *in[GSC_MAP_MAX];
    size_t n_out, n_in, count;
    gsc_map_function *function;
    void *data;
} gsc_map_args;

typedef enum gsc_reduction {
    GSC_REDUCE_SUM,
    GSC_REDUCE_SQUARES,
    GSC_REDUCE_NOT_FINITE,
} gsc_reduction;

typedef struct gsc_reduce_args {
    gsc_dtype dtype;
    gsc_reduction reduction;
    void *result; /* double, or int32_t for GSC_REDUCE_NOT_FINITE */
    const void *x;
    size_t count;
    bool accumulate;
} gsc_reduce_args;

typedef struct gsc_adamw_args {
    gsc_dtype dtype;
    void *parameter, *m, *v;
    const void *gradient;
    size_t count;
    gsc_adamw_options options;
} gsc_adamw_args;

#endif

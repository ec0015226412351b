/* SPDX-License-Identifier: MIT
 *
 * Element by element.
 *
 * Tensors of one call have the same number of elements (shapes may differ) and, but for
 * gsc_copy, the same type, f32 or f64. An output may be an input; where they overlap otherwise the
 * queue fails. Sizes may be 0.
 *
 * Measure: |y - ref| / (|alpha a| + |beta b|), 2 epsilon at most. FLOPs: one an element and
 * operation. Bytes: each tensor once.
 *
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_ELEMENTWISE_H
#define GSC_KERNELS_ELEMENTWISE_H

#include "kernels/ops.h"

/* y = value. */
void gsc_set(gsc_queue *queue, const gsc_view *y, double value);
/* y = alpha y */
void gsc_scale(gsc_queue *queue, const gsc_view *y, double alpha);
/* y = y + alpha x */
void gsc_axpy(gsc_queue *queue, const gsc_view *y, double alpha, const gsc_view *x);
/* y = a + b */
void gsc_add(gsc_queue *queue, const gsc_view *y, const gsc_view *a, const gsc_view *b);
/* y = x, rounded from f64 to f32 or widened; i32 to i32 only. */
void gsc_copy(gsc_queue *queue, const gsc_view *y, const gsc_view *x);

enum {
    GSC_MAP_CHUNK = 1024, /* the most elements of one call */
    GSC_MAP_MAX = 6       /* the most tensors of a map, in and out together */
};

/* n <= GSC_MAP_CHUNK elements of each tensor, out[i] and in[i] arrays of the type given to gsc_map.
 * Must treat each element alone. [any thread] */
typedef void gsc_map_function(void *data, size_t n, const void *const *in, void *const *out);

/* Runs a host function over the elements of in into out, for what plugins write: activations and
 * their slopes. It runs when the op does, on any thread, chunk by chunk (the same chunks at any
 * thread count); a device that is not the host copies. */
void gsc_map(gsc_queue *queue, const gsc_view *const *out, size_t n_out, const gsc_view *const *in,
             size_t n_in, gsc_map_function *function, void *data);

gsc_tolerance gsc_elementwise_tolerance(gsc_dtype dtype);
double gsc_elementwise_bytes(gsc_dtype dtype, size_t count, size_t tensors);

#endif

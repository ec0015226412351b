/* SPDX-License-Identifier: MIT
 *
 * What a device is made of, for kernels/ alone: memory functions and a table of ops. A table is
 * filled with ref's functions and then overridden by what the machine has. Tables get pointers into
 * the device's memory and sizes that the op above has checked, so they return nothing; what still
 * fails they leave by gsc_queue_fail.
 *
 * Layer: kernels, private.
 */
#ifndef GSC_KERNELS_DEVICE_H
#define GSC_KERNELS_DEVICE_H

#include "kernels/buf.h"
#include "kernels/ops.h"
#include "kernels/queue.h"
#include "kernels/view.h"

#include <stdbool.h>

typedef struct gsc_memory {
    void *(*alloc)(size_t bytes); /* aligned, zero; NULL on failure */
    void (*free)(void *memory);
    void (*write)(gsc_queue *queue, void *memory, size_t offset, const void *from, size_t bytes);
    void (*read)(gsc_queue *queue, const void *memory, size_t offset, void *to, size_t bytes);
    void (*finish)(gsc_queue *queue); /* waits; failures go to gsc_queue_fail */
    /* Around every op, where the memory needs it; else NULL. */
    void (*enter)(void);
    void (*leave)(void);
} gsc_memory;

struct gsc_device {
    const char *name;
    const gsc_memory *memory;
    gsc_isa isa;                           /* of the cpu's leaves */
    size_t (*own_bytes)(unsigned threads); /* what leaves need beside the workspace; may be NULL */
    gsc_ops ops;
};

struct gsc_queue {
    const gsc_device *device;
    gsc_pool *pool;
    void *workspace;
    size_t workspace_bytes;
    void *own;         /* aligned, not cleared, of the host; NULL where the device asks for none */
    gsc_error failure; /* sticky; status GSC_OK: none */
};

struct gsc_buf {
    const gsc_device *device;
    void *memory;
    size_t bytes;
};

/* Memory of the host: for ref and cpu. */
extern const gsc_memory gsc_memory_host;

/* Runs a leaf of the queue's device: GSC_RUN_OP(queue, rope, &args). */
#define GSC_RUN_OP(queue, op, ...)                                                                 \
    do {                                                                                           \
        gsc_queue_enter(queue);                                                                    \
        (queue)->device->ops.op((queue), __VA_ARGS__);                                             \
        gsc_queue_leave(queue);                                                                    \
    } while (0)
void gsc_queue_enter(gsc_queue *queue);
void gsc_queue_leave(gsc_queue *queue);

/* Leaves an error in the queue unless it has one. */
void gsc_queue_fail(gsc_queue *queue, gsc_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool gsc_queue_failed(const gsc_queue *queue);

/* Scratch for the op under way, GSC_BUF_ALIGNMENT-aligned, valid until the next op; NULL and a
 * sticky GSC_ERR_MEMORY where the queue was born with less. */
void *gsc_queue_workspace(gsc_queue *queue, const char *op, size_t bytes);

/* For the ops' own checks. False, with a sticky GSC_ERR_INPUT naming op, tensor and what was
 * expected, unless view has that type and the shape [rows, columns] on the queue's device. */
bool gsc_check_matrix(gsc_queue *queue, const char *op, const char *name, const gsc_view *view,
                      gsc_dtype dtype, int64_t rows, int64_t columns);
/* The same for any shape whose last size is columns and whose others make rows. */
bool gsc_check_rows(gsc_queue *queue, const char *op, const char *name, const gsc_view *view,
                    gsc_dtype dtype, size_t rows, size_t columns);
/* The same for any shape of that many elements. */
bool gsc_check_count(gsc_queue *queue, const char *op, const char *name, const gsc_view *view,
                     gsc_dtype dtype, size_t count);
/* f32 or f64, or a sticky error. */
bool gsc_check_real(gsc_queue *queue, const char *op, const char *name, const gsc_view *view);
/* Fine where the two are one; else as gsc_check_apart. */
bool gsc_check_same_or_apart(gsc_queue *queue, const char *op, const char *name_a,
                             const gsc_view *a, const char *name_b, const gsc_view *b);
/* For leaves on the host: every index within 0 .. limit - 1, or a sticky error naming the first. */
bool gsc_check_indices(gsc_queue *queue, const char *op, const char *name, const int32_t *index,
                       size_t count, size_t limit);
/* For leaves on the host: bound[0] = 0, never falling, bound[count] = last; or a sticky error. */
bool gsc_check_bounds(gsc_queue *queue, const char *op, const char *name, const int32_t *bound,
                      size_t count, size_t last);
/* False, with a sticky error, where the two share memory. */
bool gsc_check_apart(gsc_queue *queue, const char *op, const char *name_a, const gsc_view *a,
                     const char *name_b, const gsc_view *b);

/* Memory is what two devices share: ref and the cpu levels all use the host's. */
bool gsc_same_memory(const gsc_queue *queue, const gsc_buf *buf);
/* False where a size is negative or the product overflows. */
bool gsc_count_elements(uint32_t dims, const int64_t *shape, size_t *ret_count);
/* Whether [offset, offset + count) elements lie within the buffer. */
bool gsc_buf_fits(const gsc_buf *buf, gsc_dtype dtype, size_t offset, size_t count);

/* The last size of a view, and the product of the others. */
static inline size_t gsc_view_columns(const gsc_view *view) {
    return (size_t)view->shape[view->dims - 1];
}
static inline size_t gsc_view_rows(const gsc_view *view) {
    size_t rows = 1;
    for (uint32_t i = 0; i + 1 < view->dims; i++) {
        rows *= (size_t)view->shape[i];
    }
    return rows;
}

static inline void *gsc_view_data(const gsc_view *view) {
    return (char *)view->buf->memory + view->offset * gsc_dtype_bytes(view->dtype);
}

#endif

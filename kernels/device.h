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
} gsc_memory;

struct gsc_device {
    const char *name;
    const gsc_memory *memory;
    gsc_ops ops;
};

struct gsc_queue {
    const gsc_device *device;
    gsc_pool *pool;
    void *workspace;
    size_t workspace_bytes;
    gsc_error failure; /* sticky; status GSC_OK: none */
};

struct gsc_buf {
    const gsc_device *device;
    void *memory;
    size_t bytes;
};

/* Memory of the host: for ref and cpu. */
extern const gsc_memory gsc_memory_host;

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
/* False, with a sticky error, where the two share memory. */
bool gsc_check_apart(gsc_queue *queue, const char *op, const char *name_a, const gsc_view *a,
                     const char *name_b, const gsc_view *b);

static inline void *gsc_view_data(const gsc_view *view) {
    return (char *)view->buf->memory + view->offset * gsc_dtype_bytes(view->dtype);
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * A piece of a device's memory. Above kernels/ nobody holds a pointer into it: gsc_buf_write and
 * gsc_buf_read move data, views name parts of it.
 *
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_BUF_H
#define GSC_KERNELS_BUF_H

#include "kernels/queue.h"

enum {
    GSC_BUF_ALIGNMENT = 64
};

typedef struct gsc_buf gsc_buf;

/* bytes of the queue's device, all zero, aligned to GSC_BUF_ALIGNMENT; 0 bytes is fine. Owned by
 * the caller, who frees it after the queue's work on it is finished. */
gsc_status gsc_buf_new(gsc_queue *queue, size_t bytes, gsc_buf **ret_buf, gsc_error *error);
void gsc_buf_free(gsc_buf *buf); /* NULL is fine */

size_t gsc_buf_bytes(const gsc_buf *buf);

/* Moves bytes at offset between the buffer and the caller's memory, in the queue's order, and
 * waits for it. Fails with GSC_ERR_INPUT outside the buffer or with another device's buffer, and
 * with the queue's sticky error where it has one (which stays until gsc_queue_finish). */
gsc_status gsc_buf_write(gsc_queue *queue, gsc_buf *buf, size_t offset, const void *from,
                         size_t bytes, gsc_error *error);
gsc_status gsc_buf_read(gsc_queue *queue, const gsc_buf *buf, size_t offset, size_t bytes,
                        void *ret_to, gsc_error *error);

#endif

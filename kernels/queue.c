/* SPDX-License-Identifier: MIT
 *
 * Queues, buffers and views: life and movement of data. Layer: kernels.
 */
#include "kernels/queue.h"

#include "kernels/device.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* ---- Memory of the host ---- */

enum {
    HUGE_PAGE = 2 << 20 /* asked for where they fit: fewer misses of the page tables' cache */
};

/* Aligned, not cleared. */
static void *host_room(size_t bytes) {
    if (bytes > SIZE_MAX - GSC_BUF_ALIGNMENT) {
        return NULL;
    }
    size_t alignment = bytes < HUGE_PAGE ? GSC_BUF_ALIGNMENT : HUGE_PAGE;
    size_t whole = (bytes + GSC_BUF_ALIGNMENT) / GSC_BUF_ALIGNMENT * GSC_BUF_ALIGNMENT;
    void *memory = NULL; /* not aligned_alloc: whole need not be a multiple of a huge page */
    if (posix_memalign(&memory, alignment, whole) != 0) {
        return NULL;
    }
    if (alignment == HUGE_PAGE) {
        madvise(memory, whole / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
    }
    return memory;
}

static void *host_alloc(size_t bytes) {
    void *memory = host_room(bytes);
    if (memory != NULL) {
        memset(memory, 0, bytes);
    }
    return memory;
}

static void host_write(gsc_queue *queue, void *memory, size_t offset, const void *from,
                       size_t bytes) {
    memcpy((char *)memory + offset, from, bytes);
}

static void host_read(gsc_queue *queue, const void *memory, size_t offset, void *to, size_t bytes) {
    memcpy(to, (const char *)memory + offset, bytes);
}

static void host_finish(gsc_queue *queue) {
}

const gsc_memory gsc_memory_host = {
    .alloc = host_alloc,
    .free = free,
    .write = host_write,
    .read = host_read,
    .finish = host_finish,
};

/* ---- Queue ---- */

const char *gsc_device_name(const gsc_device *device) {
    return device->name;
}

size_t gsc_device_own_bytes(const gsc_device *device, unsigned threads) {
    const size_t bytes = device->own_bytes != NULL ? device->own_bytes(threads) : 0;
    return (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
}

gsc_status gsc_queue_new(const gsc_device *device, gsc_pool *pool, size_t workspace_bytes,
                         gsc_queue **ret_queue, gsc_error *error) {
    gsc_queue *queue = calloc(1, sizeof *queue);
    void *workspace = workspace_bytes > 0 ? device->memory->alloc(workspace_bytes) : NULL;
    const size_t own_bytes = gsc_device_own_bytes(device, gsc_pool_threads(pool));
    void *own = own_bytes > 0 ? host_room(own_bytes) : NULL;
    if (queue == NULL || (workspace_bytes > 0 && workspace == NULL) ||
        (own_bytes > 0 && own == NULL)) {
        free(own);
        device->memory->free(workspace);
        free(queue);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory on %s for a workspace of %zu bytes",
                        device->name, workspace_bytes + own_bytes);
    }
    queue->own = own;
    queue->device = device;
    queue->pool = pool;
    queue->workspace = workspace;
    queue->workspace_bytes = workspace_bytes;
    *ret_queue = queue;
    return GSC_OK;
}

void gsc_queue_free(gsc_queue *queue) {
    if (queue == NULL) {
        return;
    }
    queue->device->memory->finish(queue);
    queue->device->memory->free(queue->workspace);
    free(queue->own);
    free(queue);
}

const gsc_device *gsc_queue_device(const gsc_queue *queue) {
    return queue->device;
}

void gsc_queue_fail(gsc_queue *queue, gsc_status status, const char *format, ...) {
    if (gsc_queue_failed(queue)) {
        return;
    }
    queue->failure.status = status;
    va_list list;
    va_start(list, format);
    vsnprintf(queue->failure.message, sizeof queue->failure.message, format, list);
    va_end(list);
}

bool gsc_queue_failed(const gsc_queue *queue) {
    return queue->failure.status != GSC_OK;
}

static gsc_status report(const gsc_queue *queue, gsc_error *error) {
    if (error != NULL && gsc_queue_failed(queue)) {
        *error = queue->failure;
    }
    return queue->failure.status;
}

gsc_status gsc_queue_finish(gsc_queue *queue, gsc_error *error) {
    queue->device->memory->finish(queue);
    gsc_status status = report(queue, error);
    queue->failure.status = GSC_OK;
    return status;
}

void gsc_queue_enter(gsc_queue *queue) {
    if (queue->device->memory->enter != NULL) {
        queue->device->memory->enter();
    }
}

void gsc_queue_leave(gsc_queue *queue) {
    if (queue->device->memory->leave != NULL) {
        queue->device->memory->leave();
    }
}

void *gsc_queue_workspace(gsc_queue *queue, const char *op, size_t bytes) {
    if (bytes > queue->workspace_bytes) {
        gsc_queue_fail(queue, GSC_ERR_MEMORY,
                       "%s needs a workspace of %zu bytes and the queue was made with %zu", op,
                       bytes, queue->workspace_bytes);
        return NULL;
    }
    return queue->workspace;
}

/* ---- Buffer ---- */

gsc_status gsc_buf_new(gsc_queue *queue, size_t bytes, gsc_buf **ret_buf, gsc_error *error) {
    gsc_buf *buf = calloc(1, sizeof *buf);
    void *memory = buf != NULL ? queue->device->memory->alloc(bytes) : NULL;
    if (memory == NULL) {
        free(buf);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory on %s for a buffer of %zu bytes",
                        queue->device->name, bytes);
    }
    *buf = (gsc_buf){.device = queue->device, .memory = memory, .bytes = bytes};
    *ret_buf = buf;
    return GSC_OK;
}

void gsc_buf_free(gsc_buf *buf) {
    if (buf == NULL) {
        return;
    }
    buf->device->memory->free(buf->memory);
    free(buf);
}

size_t gsc_buf_bytes(const gsc_buf *buf) {
    return buf->bytes;
}

bool gsc_same_memory(const gsc_queue *queue, const gsc_buf *buf) {
    return queue->device->memory == buf->device->memory;
}

static gsc_status check_move(const gsc_queue *queue, const gsc_buf *buf, size_t offset,
                             size_t bytes, gsc_error *error) {
    if (gsc_queue_failed(queue)) {
        return report(queue, error);
    }
    if (!gsc_same_memory(queue, buf)) {
        return gsc_fail(error, GSC_ERR_INPUT, "a buffer of %s was given to a queue of %s",
                        buf->device->name, queue->device->name);
    }
    if (offset > buf->bytes || bytes > buf->bytes - offset) {
        return gsc_fail(error, GSC_ERR_INPUT, "%zu bytes at %zu leave a buffer of %zu bytes", bytes,
                        offset, buf->bytes);
    }
    return GSC_OK;
}

gsc_status gsc_buf_write(gsc_queue *queue, gsc_buf *buf, size_t offset, const void *from,
                         size_t bytes, gsc_error *error) {
    gsc_status status = check_move(queue, buf, offset, bytes, error);
    if (status == GSC_OK && bytes > 0) {
        queue->device->memory->write(queue, buf->memory, offset, from, bytes);
        status = report(queue, error);
    }
    return status;
}

gsc_status gsc_buf_read(gsc_queue *queue, const gsc_buf *buf, size_t offset, size_t bytes,
                        void *ret_to, gsc_error *error) {
    gsc_status status = check_move(queue, buf, offset, bytes, error);
    if (status == GSC_OK && bytes > 0) {
        queue->device->memory->read(queue, buf->memory, offset, ret_to, bytes);
        status = report(queue, error);
    }
    return status;
}

/* ---- View ---- */

size_t gsc_dtype_bytes(gsc_dtype dtype) {
    return dtype == GSC_F64 ? 8 : 4;
}

const char *gsc_dtype_name(gsc_dtype dtype) {
    return dtype == GSC_F32 ? "f32" : dtype == GSC_F64 ? "f64" : "i32";
}

double gsc_dtype_epsilon(gsc_dtype dtype) {
    return dtype == GSC_F32 ? 0x1p-23 : dtype == GSC_F64 ? 0x1p-52 : 0.0;
}

bool gsc_count_elements(uint32_t dims, const int64_t *shape, size_t *ret_count) {
    size_t count = 1;
    for (uint32_t i = 0; i < dims; i++) {
        if (shape[i] < 0 || __builtin_mul_overflow(count, (size_t)shape[i], &count)) {
            return false;
        }
    }
    *ret_count = count;
    return true;
}

bool gsc_buf_fits(const gsc_buf *buf, gsc_dtype dtype, size_t offset, size_t count) {
    size_t elements = buf->bytes / gsc_dtype_bytes(dtype);
    return offset <= elements && count <= elements - offset;
}

gsc_status gsc_view_init(gsc_view *view, gsc_buf *buf, gsc_dtype dtype, size_t offset,
                         uint32_t dims, const int64_t *shape, gsc_error *error) {
    if (dims < 1 || dims > GSC_VIEW_MAX_DIMS) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "a view of %" PRIu32 " dimensions; 1 to %d are possible", dims,
                        GSC_VIEW_MAX_DIMS);
    }
    size_t count = 0;
    if (!gsc_count_elements(dims, shape, &count)) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "a view's shape has a negative size or more elements than memory can hold");
    }
    if (!gsc_buf_fits(buf, dtype, offset, count)) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "a view of %zu %s elements at element %zu leaves its buffer of %zu bytes",
                        count, gsc_dtype_name(dtype), offset, buf->bytes);
    }
    *view = (gsc_view){.buf = buf, .offset = offset, .dtype = dtype, .dims = dims};
    memcpy(view->shape, shape, dims * sizeof *shape);
    return GSC_OK;
}

size_t gsc_view_count(const gsc_view *view) {
    size_t count = 0;
    bool good = gsc_count_elements(view->dims, view->shape, &count);
    assert(good);
    (void)good;
    return count;
}

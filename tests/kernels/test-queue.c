/* SPDX-License-Identifier: MIT
 *
 * Queues, buffers and views: movement, the sticky first error, what is refused.
 */
#include "kernels/device.h"
#include "kernels/matmul.h"
#include "kernels/softmax.h"
#include "kernels/top_k.h"
#include "tests/tap.h"

#include <stdint.h>

static void test_buf(gsc_queue *queue) {
    gsc_buf *buf = NULL;
    gsc_error error = {0};
    TAP_OK(gsc_buf_new(queue, 100, &buf, &error) == GSC_OK, "a buffer of 100 bytes");
    TAP_OK(gsc_buf_bytes(buf) == 100, "has 100");
    TAP_OK((uintptr_t)buf->memory % GSC_BUF_ALIGNMENT == 0, "and is aligned");
    unsigned char out[100], in[4] = {1, 2, 3, 4};
    TAP_OK(gsc_buf_write(queue, buf, 96, in, 4, &error) == GSC_OK, "its last bytes are written");
    TAP_OK(gsc_buf_read(queue, buf, 0, 100, out, &error) == GSC_OK && out[0] == 0 && out[95] == 0 &&
               out[96] == 1 && out[99] == 4,
           "and read; the rest is zero");
    TAP_OK(gsc_buf_write(queue, buf, 97, in, 4, &error) == GSC_ERR_INPUT, "one byte further fails");
    TAP_STRING(error.message, "4 bytes at 97 leave a buffer of 100 bytes", "and says so");
    TAP_OK(gsc_buf_read(queue, buf, SIZE_MAX, 4, out, NULL) == GSC_ERR_INPUT,
           "an offset cannot wrap around");
    gsc_buf *huge = NULL;
    TAP_OK(gsc_buf_new(queue, SIZE_MAX - 8, &huge, &error) == GSC_ERR_MEMORY && huge == NULL,
           "a buffer beyond memory fails");
    gsc_buf *empty = NULL;
    TAP_OK(gsc_buf_new(queue, 0, &empty, NULL) == GSC_OK, "an empty one is fine");
    gsc_buf_free(empty);
    gsc_buf_free(buf);
    gsc_buf_free(NULL);
}

static void test_view(gsc_queue *queue) {
    gsc_buf *buf = NULL;
    gsc_error error = {0};
    gsc_buf_new(queue, 24 * sizeof(float), &buf, NULL);
    gsc_view view = {.dims = 99};
    const int64_t whole[] = {4, 6}, negative[] = {4, -6}, huge[] = {INT64_MAX, 4}, more[] = {5, 5};
    TAP_OK(gsc_view_init(&view, buf, GSC_F32, 0, 2, more, &error) == GSC_ERR_INPUT,
           "a view larger than its buffer is refused");
    TAP_CONTAINS(error.message, "25 f32 elements at element 0 leaves its buffer of 96 bytes",
                 "with the numbers");
    TAP_OK(view.dims == 99, "and leaves the view alone");
    TAP_OK(gsc_view_init(&view, buf, GSC_F32, 1, 2, whole, NULL) == GSC_ERR_INPUT,
           "an offset that pushes it out is refused");
    TAP_OK(gsc_view_init(&view, buf, GSC_F64, 0, 2, whole, NULL) == GSC_ERR_INPUT,
           "a wider type that pushes it out is refused");
    TAP_OK(gsc_view_init(&view, buf, GSC_F32, 0, 2, negative, NULL) == GSC_ERR_INPUT,
           "a negative size is refused");
    TAP_OK(gsc_view_init(&view, buf, GSC_F32, 0, 2, huge, NULL) == GSC_ERR_INPUT,
           "a product that overflows is refused");
    TAP_OK(gsc_view_init(&view, buf, GSC_F32, 0, 5, whole, NULL) == GSC_ERR_INPUT,
           "five dimensions are refused");
    TAP_OK(gsc_view_init(&view, buf, GSC_F32, 0, 2, whole, NULL) == GSC_OK &&
               gsc_view_count(&view) == 24,
           "the whole buffer is a view");
    gsc_buf_free(buf);
}

static void test_sticky(gsc_queue *queue) {
    gsc_buf *buf = NULL;
    gsc_buf_new(queue, 64 * sizeof(float), &buf, NULL);
    const float ones[64] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    gsc_buf_write(queue, buf, 0, ones, sizeof ones, NULL);
    gsc_view a, b, c, wrong, index;
    gsc_view_init(&a, buf, GSC_F32, 0, 2, (const int64_t[]){2, 3}, NULL);
    gsc_view_init(&b, buf, GSC_F32, 6, 2, (const int64_t[]){3, 2}, NULL);
    gsc_view_init(&c, buf, GSC_F32, 16, 2, (const int64_t[]){2, 2}, NULL);
    gsc_view_init(&wrong, buf, GSC_F32, 30, 2, (const int64_t[]){5, 4}, NULL);
    gsc_view_init(&index, buf, GSC_I32, 50, 2, (const int64_t[]){2, 4}, NULL);

    gsc_error error = {0};
    gsc_matmul(queue, &c, &a, &wrong, false, false, false);
    gsc_top_k(queue, &index, &a);
    gsc_matmul(queue, &c, &a, &b, false, false, false);
    float got[4] = {9, 9, 9, 9};
    TAP_OK(gsc_buf_read(queue, buf, 16 * sizeof(float), sizeof got, got, &error) == GSC_ERR_INPUT,
           "reading through a failed queue fails");
    TAP_OK(got[0] == 9, "and leaves the output alone");
    TAP_OK(gsc_queue_finish(queue, &error) == GSC_ERR_INPUT, "finish reports");
    TAP_STRING(error.message, "matmul: b is [5, 4] f32; it must be [3, 2] f32",
               "the first failure");
    TAP_OK(gsc_queue_finish(queue, NULL) == GSC_OK, "once");
    gsc_buf_read(queue, buf, 16 * sizeof(float), sizeof got, got, NULL);
    TAP_OK(got[0] == 0 && got[3] == 0, "ops after the failure did nothing");
    gsc_matmul(queue, &c, &a, &b, false, false, false);
    gsc_buf_read(queue, buf, 16 * sizeof(float), sizeof got, got, &error);
    TAP_OK(got[0] == 3 && got[3] == 3, "and the queue works again");

    gsc_top_k(queue, &index, &a);
    TAP_OK(gsc_queue_finish(queue, &error) == GSC_ERR_INPUT, "k above the columns is refused");
    TAP_CONTAINS(error.message, "k is 4 of 3 columns", "with both numbers");
    gsc_softmax(queue, &a, &a);
    TAP_OK(gsc_queue_finish(queue, &error) == GSC_ERR_INPUT, "an op onto itself is refused");
    TAP_CONTAINS(error.message, "p and z overlap", "by name");
    gsc_matmul(queue, &index, &a, &b, false, false, false);
    TAP_OK(gsc_queue_finish(queue, &error) == GSC_ERR_INPUT, "integers are no matrix product");
    gsc_view flat = a;
    flat.dims = 1;
    gsc_matmul(queue, &c, &flat, &b, false, false, false);
    TAP_OK(gsc_queue_finish(queue, &error) == GSC_ERR_INPUT, "nor is a vector");
    gsc_view beyond = a;
    beyond.offset = 60;
    gsc_matmul(queue, &c, &beyond, &b, false, false, false);
    TAP_OK(gsc_queue_finish(queue, &error) == GSC_ERR_INPUT, "a view made by hand is checked too");
    TAP_CONTAINS(error.message, "leaves its buffer", "against its buffer");
    gsc_buf_free(buf);
}

int main(void) {
    gsc_pool *pool = NULL;
    gsc_pool_new(2, &pool, NULL);
    const gsc_device *devices[] = {gsc_device_ref(), gsc_device_cpu()};
    TAP_STRING(gsc_device_name(devices[0]), "ref", "the reference device has its name");
    TAP_CONTAINS(gsc_device_name(devices[1]), "cpu/", "so has the processor's");
    for (int i = 0; i < 2; i++) {
        gsc_queue *queue = NULL;
        gsc_error error = {0};
        TAP_OK(gsc_queue_new(devices[i], pool, 256, &queue, &error) == GSC_OK, "a queue");
        TAP_OK(gsc_queue_device(queue) == devices[i], "on its device");
        TAP_OK(gsc_queue_workspace(queue, "test", 256) != NULL, "its workspace is there");
        TAP_OK(gsc_queue_workspace(queue, "test", 257) == NULL &&
                   gsc_queue_finish(queue, &error) == GSC_ERR_MEMORY,
               "no op gets more than that");
        TAP_CONTAINS(error.message, "test needs a workspace of 257 bytes", "and the op is named");
        test_buf(queue);
        test_view(queue);
        test_sticky(queue);
        gsc_queue_free(queue);
    }
    gsc_queue_free(NULL);
    gsc_pool_free(pool);
    return tap_done();
}

/* SPDX-License-Identifier: MIT
 *
 * Causal attention against ref, difference quotients and a softmax by hand. Layer: tests.
 */
#include "kernels/attention.h"
#include "kernels/queue.h"
#include "tests/kernels/op_case.h"
#include "tests/tap.h"

static void run_attention(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_attention(queue, &v[0], &v[1], &v[2], *(const gsc_attention_shape *)data);
}

/* Forward first, so that y and lse belong to qkv. */
static void run_both(gsc_queue *queue, const gsc_view *v, const void *data) {
    const gsc_attention_shape *s = data;
    gsc_attention(queue, &v[2], &v[3], &v[4], *s);
    gsc_attention_backward(queue, &v[0], &v[1], &v[2], &v[3], &v[4], *s);
}

static op_case forward_case(size_t sequences, const gsc_attention_shape *s) {
    size_t rows = sequences * s->context, width = s->heads * s->head_size;
    return (op_case){"attention",
                     s,
                     run_attention,
                     gsc_attention_tolerance(GSC_F32, s->context, s->head_size),
                     false,
                     3,
                     {{"y", OP_OUT, GSC_F32, rows, width},
                      {"lse", OP_OUT, GSC_F32, s->heads, rows},
                      {"qkv", OP_IN, GSC_F32, rows, 3 * width}}};
}

static op_case backward_case(size_t sequences, const gsc_attention_shape *s) {
    size_t rows = sequences * s->context, width = s->heads * s->head_size;
    return (op_case){"attention_backward",
                     s,
                     run_both,
                     gsc_attention_tolerance(GSC_F32, s->context, s->head_size),
                     false,
                     5,
                     {{"dqkv", OP_OUT, GSC_F32, rows, 3 * width},
                      {"dy", OP_IN, GSC_F32, rows, width},
                      {"y", OP_OUT, GSC_F32, rows, width},
                      {"lse", OP_OUT, GSC_F32, s->heads, rows},
                      {"qkv", OP_IN, GSC_F32, rows, 3 * width}}};
}

/* y of row 0 is v_0; of row 1 it is v_0 / 4 + 3 v_1 / 4. */
static void test_known(void) {
    gsc_queue *queue = NULL;
    gsc_queue_new(gsc_device_cpu(), NULL, gsc_attention_workspace_bytes(2, 1, 1), &queue, NULL);
    gsc_buf *buf = NULL;
    gsc_buf_new(queue, 10 * sizeof(float), &buf, NULL);
    /* Rows q, k, v of a head of size 1: the scores of row 1 are 0 and log 3. */
    float values[10] = {1.0f, 0.0f, 8.0f, 1.0f, 1.0986123f, 4.0f};
    gsc_buf_write(queue, buf, 0, values, 6 * sizeof(float), NULL);
    gsc_view qkv, y, lse;
    gsc_view_init(&qkv, buf, GSC_F32, 0, 2, (const int64_t[]){2, 3}, NULL);
    gsc_view_init(&y, buf, GSC_F32, 6, 2, (const int64_t[]){2, 1}, NULL);
    gsc_view_init(&lse, buf, GSC_F32, 8, 1, (const int64_t[]){2}, NULL);
    gsc_attention(queue, &y, &lse, &qkv, (gsc_attention_shape){2, 1, 1, 1.0});
    gsc_error error = {0};
    gsc_buf_read(queue, buf, 0, sizeof values, values, &error);
    TAP_STRING(error.message, "", "the smallest attention runs");
    TAP_NEAR(values[6], 8.0, 1e-6, "the first row sees itself");
    TAP_NEAR(values[7], 5.0, 1e-5, "the second 1/4 of the first and 3/4 of itself");
    TAP_NEAR(values[9], log(4.0), 1e-6, "lse is the log of the sum");
    gsc_attention(queue, &y, &lse, &qkv, (gsc_attention_shape){3, 1, 1, 1.0});
    TAP_OK(gsc_queue_finish(queue, &error) == GSC_ERR_INPUT, "half a sequence is refused");
    TAP_CONTAINS(error.message, "whole sequences of 3", "and the message says so");
    gsc_buf_free(buf);
    gsc_queue_free(queue);
}

int main(void) {
    static const struct {
        size_t sequences;
        gsc_attention_shape shape;
    } cases[] = {
        {1, {1, 1, 1, 1.0}},   {2, {5, 3, 4, 0.5}},   {0, {4, 2, 4, 0.5}},    {3, {63, 2, 17, .3}},
        {2, {64, 1, 32, .17}}, {1, {65, 3, 8, .4}},   {2, {160, 2, 82, .11}}, {2, {96, 3, 24, .2}},
        {1, {97, 2, 33, .15}}, {1, {255, 1, 64, .1}},
    };
    test_known();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        op_case forward = forward_case(cases[i].sequences, &cases[i].shape);
        op_case backward = backward_case(cases[i].sequences, &cases[i].shape);
        op_check(&forward);
        op_check(&backward);
        if (i == 1) {
            op_check_gradient(&forward, &backward, 1e-7);
        }
    }
    return tap_done();
}

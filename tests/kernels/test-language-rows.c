/* SPDX-License-Identifier: MIT
 *
 * Embedding, bias, rotary embedding, normalisations and cross-entropy against ref and against
 * difference quotients. Layer: tests.
 */
#include "kernels/bias.h"
#include "kernels/cross_entropy.h"
#include "kernels/embed.h"
#include "kernels/norm.h"
#include "kernels/rope.h"
#include "tests/kernels/op_case.h"
#include "tests/tap.h"

/* What the runs need beside tensors. */
typedef struct sizes {
    size_t context, heads, head_size, vocabulary;
    bool inverse, accumulate;
} sizes;

static void fill_tokens(double *values, const op_tensor *t, const void *data) {
    const sizes *s = data;
    for (size_t i = 0; i < t->rows * t->columns; i++) {
        values[i] = floor(op_uniform() * (double)s->vocabulary);
    }
}

/* Every fifth row counts nothing. */
static void fill_targets(double *values, const op_tensor *t, const void *data) {
    fill_tokens(values, t, data);
    for (size_t i = 4; i < t->rows * t->columns; i += 5) {
        values[i] = -1.0;
    }
}

static void fill_wrong_token(double *values, const op_tensor *t, const void *data) {
    fill_tokens(values, t, data);
    values[t->rows * t->columns - 1] = (double)((const sizes *)data)->vocabulary;
}

static void fill_positive(double *values, const op_tensor *t, const void *data) {
    for (size_t i = 0; i < t->rows * t->columns; i++) {
        values[i] = 0.5 + op_uniform();
    }
}

static void fill_large(double *values, const op_tensor *t, const void *data) {
    for (size_t i = 0; i < t->rows * t->columns; i++) {
        values[i] = 20.0 * op_random() + (i % 37 == 5 ? 1000.0 : 0.0);
    }
}

static void run_embed(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_embed(queue, &v[0], &v[1], &v[2], 1.75);
}

static void run_embed_backward(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_embed_backward(queue, &v[0], &v[1], &v[2], 1.75);
}

static op_case embed_case(size_t rows, size_t columns, const sizes *s) {
    return (op_case){"embed",
                     s,
                     run_embed,
                     gsc_embed_tolerance(GSC_F32, 1),
                     true,
                     3,
                     {{"y", OP_OUT, GSC_F32, rows, columns},
                      {"table", OP_IN, GSC_F32, s->vocabulary, columns},
                      {"token", OP_IN, GSC_I32, 1, rows, fill_tokens}}};
}

static op_case embed_backward_case(size_t rows, size_t columns, const sizes *s) {
    return (op_case){"embed_backward",
                     s,
                     run_embed_backward,
                     gsc_embed_tolerance(GSC_F32, rows),
                     true,
                     3,
                     {{"dtable", OP_INOUT, GSC_F32, s->vocabulary, columns},
                      {"dy", OP_IN, GSC_F32, rows, columns},
                      {"token", OP_IN, GSC_I32, 1, rows, fill_tokens}}};
}

static void test_embed(void) {
    static const size_t shapes[][3] = {{0, 4, 3}, {1, 1, 1}, {7, 5, 3}, {300, 65, 40}, {5, 0, 9}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        sizes s = {.vocabulary = shapes[i][2]};
        op_case forward = embed_case(shapes[i][0], shapes[i][1], &s);
        op_case backward = embed_backward_case(shapes[i][0], shapes[i][1], &s);
        op_check(&forward);
        op_check(&backward);
    }
    sizes s = {.vocabulary = 6};
    op_case forward = embed_case(9, 3, &s), backward = embed_backward_case(9, 3, &s);
    op_check_gradient(&forward, &backward, 1e-8);
    forward.tensors[2].fill = fill_wrong_token;
    op_check_refusal(&forward, "token[8] is 6; it must be from 0 to 5");
}

static void run_bias(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_bias(queue, &v[0], &v[1], &v[2]);
}

/* In place. */
static void run_bias_over(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_bias(queue, &v[0], &v[0], &v[1]);
}

static void run_bias_backward(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_bias_backward(queue, &v[0], &v[1]);
}

static void test_bias(void) {
    static const size_t shapes[][2] = {{0, 4}, {1, 1}, {5, 3}, {33, 17}, {700, 130}, {4, 0}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        size_t rows = shapes[i][0], columns = shapes[i][1];
        gsc_tolerance tolerance = gsc_bias_tolerance(GSC_F32);
        op_case forward = {"bias",
                           NULL,
                           run_bias,
                           tolerance,
                           true,
                           3,
                           {{"y", OP_OUT, GSC_F32, rows, columns},
                            {"x", OP_IN, GSC_F32, rows, columns},
                            {"bias", OP_IN, GSC_F32, 1, columns}}};
        op_case over = {
            "bias in place",
            NULL,
            run_bias_over,
            tolerance,
            true,
            2,
            {{"y", OP_INOUT, GSC_F32, rows, columns}, {"bias", OP_IN, GSC_F32, 1, columns}}};
        op_case backward = {
            "bias_backward",
            NULL,
            run_bias_backward,
            tolerance,
            true,
            2,
            {{"dbias", OP_INOUT, GSC_F32, 1, columns}, {"dy", OP_IN, GSC_F32, rows, columns}}};
        op_check(&forward);
        op_check(&over);
        op_check(&backward);
        if (rows == 5) {
            op_check_gradient(&forward, &backward, 1e-8);
        }
    }
}

static void run_rope(gsc_queue *queue, const gsc_view *v, const void *data) {
    const sizes *s = data;
    gsc_rope_table(queue, &v[1], 10000.0);
    gsc_rope(queue, &v[0], &v[1], s->context, s->heads, s->head_size, s->inverse);
}

static op_case rope_case(const char *x, size_t sequences, size_t columns, size_t rotated,
                         const sizes *s) {
    return (op_case){s->inverse ? "rope inverse" : "rope",
                     s,
                     run_rope,
                     gsc_rope_tolerance(GSC_F32),
                     false,
                     2,
                     {{x, OP_INOUT, GSC_F32, sequences * s->context, columns},
                      {"table", OP_OUT, GSC_F32, s->context + 1, rotated}}};
}

static void test_rope(void) {
    static const size_t shapes[][6] = {/* sequences, context, heads, size, columns, rotated */
                                       {1, 1, 1, 2, 2, 2},      {2, 5, 3, 6, 40, 4},
                                       {3, 40, 4, 32, 192, 32}, {2, 33, 2, 82, 246, 40},
                                       {2, 9, 3, 40, 123, 16},  {0, 3, 2, 4, 8, 4},
                                       {2, 7, 0, 4, 8, 2}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const size_t *n = shapes[i];
        sizes s = {.context = n[1], .heads = n[2], .head_size = n[3]};
        op_case forward = rope_case("x", n[0], n[4], n[5], &s);
        op_check(&forward);
        sizes back = s;
        back.inverse = true;
        op_case backward = rope_case("dx", n[0], n[4], n[5], &back);
        op_check(&backward);
        if (i == 1) {
            op_check_gradient(&forward, &backward, 1e-8);
        }
    }
    sizes odd = {.context = 3, .heads = 1, .head_size = 4};
    op_case wrong = rope_case("x", 1, 4, 3, &odd);
    op_check_refusal(&wrong, "an even number is needed");
}

static void run_layer_norm(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_layer_norm(queue, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], 1e-5);
}

static void run_layer_norm_backward(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_layer_norm_backward(queue, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7],
                            ((const sizes *)data)->accumulate);
}

/* dx over dy, no bias. */
static void run_layer_norm_over(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_layer_norm_backward(queue, &v[0], &v[1], NULL, &v[0], &v[2], &v[3], &v[4], &v[5], false);
}

static void run_rms_norm(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_rms_norm(queue, &v[0], &v[1], &v[2], &v[3], 1e-5);
}

static void run_rms_norm_backward(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_rms_norm_backward(queue, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5],
                          ((const sizes *)data)->accumulate);
}

static void check_layer_norm(size_t rows, size_t columns, const sizes *s, bool gradient) {
    gsc_tolerance tolerance = gsc_norm_tolerance(GSC_F32, columns);
    op_case forward = {"layer_norm",
                       s,
                       run_layer_norm,
                       tolerance,
                       false,
                       6,
                       {{"y", OP_OUT, GSC_F32, rows, columns},
                        {"mean", OP_OUT, GSC_F32, 1, rows},
                        {"rstd", OP_OUT, GSC_F32, 1, rows},
                        {"x", OP_IN, GSC_F32, rows, columns},
                        {"gain", OP_IN, GSC_F32, 1, columns},
                        {"bias", OP_IN, GSC_F32, 1, columns}}};
    op_case backward = {"layer_norm_backward",
                        s,
                        run_layer_norm_backward,
                        tolerance,
                        false,
                        8,
                        {{"dx", s->accumulate ? OP_INOUT : OP_OUT, GSC_F32, rows, columns},
                         {"dgain", OP_INOUT, GSC_F32, 1, columns},
                         {"dbias", OP_INOUT, GSC_F32, 1, columns},
                         {"dy", OP_IN, GSC_F32, rows, columns},
                         {"x", OP_IN, GSC_F32, rows, columns},
                         {"gain", OP_IN, GSC_F32, 1, columns},
                         {"mean", OP_IN, GSC_F32, 1, rows},
                         {"rstd", OP_IN, GSC_F32, 1, rows, fill_positive}}};
    op_case over = {"layer_norm_backward in place",
                    s,
                    run_layer_norm_over,
                    tolerance,
                    false,
                    6,
                    {{"dx", OP_INOUT, GSC_F32, rows, columns},
                     {"dgain", OP_INOUT, GSC_F32, 1, columns},
                     {"x", OP_IN, GSC_F32, rows, columns},
                     {"gain", OP_IN, GSC_F32, 1, columns},
                     {"mean", OP_IN, GSC_F32, 1, rows},
                     {"rstd", OP_IN, GSC_F32, 1, rows, fill_positive}}};
    op_check(&forward);
    op_check(&backward);
    op_check(&over);
    if (gradient) {
        op_check_gradient(&forward, &backward, 1e-6);
    }
}

static void check_rms_norm(size_t rows, size_t columns, const sizes *s, bool gradient) {
    gsc_tolerance tolerance = gsc_norm_tolerance(GSC_F32, columns);
    op_case forward = {"rms_norm",
                       s,
                       run_rms_norm,
                       tolerance,
                       false,
                       4,
                       {{"y", OP_OUT, GSC_F32, rows, columns},
                        {"rstd", OP_OUT, GSC_F32, 1, rows},
                        {"x", OP_IN, GSC_F32, rows, columns},
                        {"gain", OP_IN, GSC_F32, 1, columns}}};
    op_case backward = {"rms_norm_backward",
                        s,
                        run_rms_norm_backward,
                        tolerance,
                        false,
                        6,
                        {{"dx", s->accumulate ? OP_INOUT : OP_OUT, GSC_F32, rows, columns},
                         {"dgain", OP_INOUT, GSC_F32, 1, columns},
                         {"dy", OP_IN, GSC_F32, rows, columns},
                         {"x", OP_IN, GSC_F32, rows, columns},
                         {"gain", OP_IN, GSC_F32, 1, columns},
                         {"rstd", OP_IN, GSC_F32, 1, rows, fill_positive}}};
    op_check(&forward);
    op_check(&backward);
    if (gradient) {
        op_check_gradient(&forward, &backward, 1e-6);
    }
}

static void test_norm(void) {
    static const size_t shapes[][2] = {{0, 4},   {1, 1},    {3, 0},     {4, 5},
                                       {67, 17}, {130, 64}, {257, 200}, {33, 1030}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        for (int accumulate = 0; accumulate < 2; accumulate++) {
            sizes s = {.accumulate = accumulate != 0};
            bool gradient = shapes[i][0] == 4;
            check_layer_norm(shapes[i][0], shapes[i][1], &s, gradient);
            check_rms_norm(shapes[i][0], shapes[i][1], &s, gradient);
        }
    }
}

static void run_cross_entropy(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_cross_entropy(queue, &v[0], NULL, &v[1], &v[2], 1.0);
}

static void run_cross_entropy_both(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_cross_entropy(queue, &v[0], &v[3], &v[1], &v[2], 0.5);
}

static void run_cross_entropy_over(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_cross_entropy(queue, &v[0], &v[1], &v[1], &v[2], 1.0);
}

/* The gradient op scales by a number, not by dloss: one row has dloss = 1. */
static void fill_one(double *values, const op_tensor *t, const void *data) {
    for (size_t i = 0; i < t->rows * t->columns; i++) {
        values[i] = 1.0;
    }
}

static void run_cross_entropy_gradient(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_cross_entropy(queue, &v[0], &v[1], &v[2], &v[3], 1.0);
}

static void test_cross_entropy(void) {
    static const size_t shapes[][2] = {{0, 4}, {1, 1}, {7, 5}, {12, 257}, {40, 8000}, {3, 513}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        size_t rows = shapes[i][0], columns = shapes[i][1];
        sizes s = {.vocabulary = columns};
        gsc_tolerance tolerance = gsc_cross_entropy_tolerance(GSC_F32, columns);
        op_case only = {"cross_entropy",
                        &s,
                        run_cross_entropy,
                        tolerance,
                        false,
                        3,
                        {{"loss", OP_OUT, GSC_F64, 1, rows},
                         {"logits", OP_IN, GSC_F32, rows, columns, fill_large},
                         {"target", OP_IN, GSC_I32, 1, rows, fill_targets}}};
        op_check(&only);
        op_case both = only;
        both.name = "cross_entropy with gradient";
        both.run = run_cross_entropy_both;
        both.tensors[both.n_tensors++] = (op_tensor){"dlogits", OP_OUT, GSC_F32, rows, columns};
        op_check(&both);
        op_case over = only;
        over.name = "cross_entropy in place";
        over.run = run_cross_entropy_over;
        over.tensors[1].role = OP_INOUT;
        over.tensors[1].fill = NULL;
        op_check(&over);
    }
    sizes s = {.vocabulary = 5};
    op_case forward = {"cross_entropy",
                       &s,
                       run_cross_entropy,
                       {0},
                       false,
                       3,
                       {{"loss", OP_OUT, GSC_F64, 1, 7},
                        {"logits", OP_IN, GSC_F32, 7, 5},
                        {"target", OP_IN, GSC_I32, 1, 7, fill_targets}}};
    op_case backward = {"cross_entropy gradient",
                        &s,
                        run_cross_entropy_gradient,
                        {0},
                        false,
                        5,
                        {{"loss_again", OP_OUT, GSC_F64, 1, 7},
                         {"dlogits", OP_OUT, GSC_F32, 7, 5},
                         {"logits", OP_IN, GSC_F32, 7, 5},
                         {"target", OP_IN, GSC_I32, 1, 7, fill_targets},
                         {"dloss", OP_IN, GSC_F64, 1, 7, fill_one}}};
    op_check_gradient(&forward, &backward, 1e-8);
    forward.tensors[2].fill = fill_wrong_token;
    op_check_refusal(&forward, "target[6] is 5; it must be below 5");
}

int main(void) {
    test_embed();
    test_bias();
    test_rope();
    test_norm();
    test_cross_entropy();
    return tap_done();
}

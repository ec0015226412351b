/* SPDX-License-Identifier: MIT
 *
 * Elementwise ops, maps, reductions and AdamW against ref, by hand, and their refusals. Layer: tests.
 */
#include "kernels/adamw.h"
#include "kernels/elementwise.h"
#include "kernels/reduce.h"
#include "tests/kernels/op_case.h"

static void fill_positive(double *values, const op_tensor *t, const void *data) {
    for (size_t i = 0; i < t->rows * t->columns; i++) {
        values[i] = op_uniform();
    }
}

static void run_set(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_set(queue, &v[0], 2.5);
}

static void run_scale(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_scale(queue, &v[0], 0.3);
}

static void run_axpy(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_axpy(queue, &v[0], 0.7, &v[1]);
}

static void run_add(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_add(queue, &v[0], &v[1], &v[2]);
}

static void run_copy(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_copy(queue, &v[0], &v[1]);
}

/* (u v, u + v): the last element of a chunk must not reach into the next. */
static void multiply_and_add(void *data, size_t n, const void *const *in, void *const *out) {
    const float *u = in[0], *v = in[1];
    float *product = out[0], *sum = out[1];
    for (size_t i = 0; i < n; i++) {
        product[i] = u[i] * v[i];
        sum[i] = u[i] + v[i];
    }
}

static void run_map(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_map(queue, (const gsc_view *const[]){&v[0], &v[1]}, 2,
            (const gsc_view *const[]){&v[2], &v[3]}, 2, multiply_and_add, NULL);
}

static void run_sums(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_sum(queue, &v[0], &v[2], true);
    gsc_sum_squares(queue, &v[1], &v[2], false);
}

static void run_first(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_first_not_finite(queue, &v[0], &v[1]);
}

static void run_adamw(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_adamw(queue, &v[0], &v[1], &v[2], &v[3], data);
}

static void check_size(size_t n) {
    gsc_tolerance tolerance = gsc_elementwise_tolerance(GSC_F32);
    const op_case cases[] = {
        {"set", NULL, run_set, tolerance, true, 1, {{"y", OP_OUT, GSC_F32, 1, n}}},
        {"scale", NULL, run_scale, tolerance, true, 1, {{"y", OP_INOUT, GSC_F32, 1, n}}},
        {"axpy",
         NULL,
         run_axpy,
         tolerance,
         true,
         2,
         {{"y", OP_INOUT, GSC_F32, 1, n}, {"x", OP_IN, GSC_F32, 1, n}}},
        {"add",
         NULL,
         run_add,
         tolerance,
         true,
         3,
         {{"y", OP_OUT, GSC_F32, 1, n}, {"a", OP_IN, GSC_F32, 1, n}, {"b", OP_IN, GSC_F32, 1, n}}},
        {"copy f32 to f64",
         NULL,
         run_copy,
         {0},
         false,
         2,
         {{"y", OP_OUT, GSC_F64, 1, n}, {"x", OP_IN, GSC_F32, 1, n}}},
        {"copy f64 to f32",
         NULL,
         run_copy,
         {0},
         false,
         2,
         {{"y", OP_OUT, GSC_F32, 1, n}, {"x", OP_IN, GSC_F64, 1, n}}},
        {"copy f32",
         NULL,
         run_copy,
         {0},
         false,
         2,
         {{"y", OP_OUT, GSC_F32, 1, n}, {"x", OP_IN, GSC_F32, 1, n}}},
        {"map",
         NULL,
         run_map,
         {0},
         false,
         4,
         {{"product", OP_OUT, GSC_F32, 1, n},
          {"sum", OP_OUT, GSC_F32, 1, n},
          {"u", OP_IN, GSC_F32, 1, n},
          {"v", OP_IN, GSC_F32, 1, n}}},
        {"sums",
         NULL,
         run_sums,
         gsc_reduce_tolerance(n),
         true,
         3,
         {{"sum", OP_INOUT, GSC_F64, 1, 1},
          {"squares", OP_OUT, GSC_F64, 1, 1},
          {"x", OP_IN, GSC_F32, 1, n}}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        op_check(&cases[i]);
    }
    op_case first = {"first_not_finite",
                     NULL,
                     run_first,
                     {0},
                     false,
                     2,
                     {{"index", OP_OUT, GSC_I32, 1, 1}, {"x", OP_IN, GSC_F32, 1, n}}};
    op_check(&first);
    for (int64_t step = 1; step < 1000; step += 997) {
        gsc_adamw_options options = {.rate = 1e-2,
                                     .beta1 = 0.9,
                                     .beta2 = 0.999,
                                     .epsilon = 1e-8,
                                     .decay = 0.01,
                                     .gradient_scale = 0.4,
                                     .step = step};
        op_case adamw = {"adamw",
                         &options,
                         run_adamw,
                         gsc_adamw_tolerance(GSC_F32),
                         false,
                         4,
                         {{"parameter", OP_INOUT, GSC_F32, 1, n},
                          {"m", OP_INOUT, GSC_F32, 1, n},
                          {"v", OP_INOUT, GSC_F32, 1, n, fill_positive},
                          {"gradient", OP_IN, GSC_F32, 1, n}}};
        op_check(&adamw);
    }
}

/* What the ops above share between ref and cpu, against values known by hand. */
static void test_known(void) {
    gsc_queue *queue = NULL;
    gsc_queue_new(gsc_device_cpu(), NULL, 0, &queue, NULL);
    gsc_buf *buf = NULL;
    gsc_buf_new(queue, 4096, &buf, NULL);
    gsc_view index, x, parameter, m, v, gradient;
    gsc_view_init(&index, buf, GSC_I32, 0, 1, (const int64_t[]){1}, NULL);
    gsc_view_init(&x, buf, GSC_F32, 16, 1, (const int64_t[]){600}, NULL);
    float numbers[600] = {0};
    for (int pass = 0; pass < 3; pass++) {
        int32_t expected = pass == 0 ? -1 : pass == 1 ? 517 : 3, got = 7;
        if (pass > 0) {
            numbers[expected] = pass == 1 ? NAN : -INFINITY;
        }
        gsc_buf_write(queue, buf, 64, numbers, sizeof numbers, NULL);
        gsc_first_not_finite(queue, &index, &x);
        gsc_buf_read(queue, buf, 0, sizeof got, &got, NULL);
        TAP_OK(got == expected, "the first number that is not finite is found");
    }
    const int64_t one[1] = {1};
    float state[4] = {1.0f, 0.0f, 0.0f, 5.0f};
    gsc_buf_write(queue, buf, 0, state, sizeof state, NULL);
    gsc_view_init(&parameter, buf, GSC_F32, 0, 1, one, NULL);
    gsc_view_init(&m, buf, GSC_F32, 1, 1, one, NULL);
    gsc_view_init(&v, buf, GSC_F32, 2, 1, one, NULL);
    gsc_view_init(&gradient, buf, GSC_F32, 3, 1, one, NULL);
    gsc_adamw_options options = {.rate = 0.1,
                                 .beta1 = 0.9,
                                 .beta2 = 0.99,
                                 .epsilon = 0.0,
                                 .decay = 0.5,
                                 .gradient_scale = 0.2,
                                 .step = 1};
    gsc_adamw(queue, &parameter, &m, &v, &gradient, &options);
    gsc_buf_read(queue, buf, 0, sizeof state, state, NULL);
    TAP_NEAR(state[0], 0.85, 1e-6, "the first step goes one rate against the gradient, and decays");
    TAP_NEAR(state[1], 0.1, 1e-7, "m is the scaled gradient's share");
    TAP_NEAR(state[2], 0.01, 1e-8, "v is its square's");
    options.step = 0;
    gsc_error error = {0};
    gsc_adamw(queue, &parameter, &m, &v, &gradient, &options);
    gsc_queue_finish(queue, &error);
    TAP_CONTAINS(error.message, "the step is 0; the first is 1", "step 0 is refused");
    gsc_copy(queue, &index, &parameter);
    gsc_queue_finish(queue, &error);
    TAP_CONTAINS(error.message, "f32 to i32", "a copy to integers is refused");
    gsc_adamw(queue, &parameter, &m, &m, &gradient, &options);
    TAP_OK(gsc_queue_finish(queue, &error) == GSC_ERR_INPUT, "m over v is refused");
    gsc_add(queue, &x, &x, &parameter);
    gsc_queue_finish(queue, &error);
    TAP_CONTAINS(error.message, "it must have 600", "different sizes are refused");
    TAP_NEAR(gsc_clip_scale(4.0, 1.0), 0.25, 0.0, "a norm of 4 clipped to 1 is scaled by 1/4");
    TAP_NEAR(gsc_clip_scale(0.5, 1.0), 1.0, 0.0, "a small norm is left");
    TAP_NEAR(gsc_clip_scale(4.0, 0.0), 1.0, 0.0, "no limit, no clipping");
    gsc_buf_free(buf);
    gsc_queue_free(queue);
}

int main(void) {
    static const size_t sizes[] = {0, 1, 7, 1025, 70001};
    test_known();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        check_size(sizes[i]);
    }
    return tap_done();
}

/* SPDX-License-Identifier: MIT
 *
 * Shapes of language models at desktop size: 2048 rows, widths 128 to 512, 16 to 256 experts.
 * Layer: app.
 */
#include "app/bench_kernels_cases.h"

#include "kernels/adamw.h"
#include "kernels/attention.h"
#include "kernels/bias.h"
#include "kernels/cross_entropy.h"
#include "kernels/dispatch.h"
#include "kernels/elementwise.h"
#include "kernels/embed.h"
#include "kernels/grouped.h"
#include "kernels/matmul.h"
#include "kernels/norm.h"
#include "kernels/reduce.h"
#include "kernels/rope.h"
#include "kernels/softmax.h"
#include "kernels/top_k.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef bench_case make_case(gsc_dtype dtype, bench_shape s);

static bench_case new_case(const char *name, bench_shape s) {
    bench_case c = {.shape = s};
    snprintf(c.name, sizeof c.name, "%s", name);
    return c;
}

static void add(bench_case *c, gsc_dtype dtype, size_t rows, size_t columns, bench_fill fill) {
    c->tensors[c->n_tensors++] = (bench_tensor){dtype, rows, columns, fill};
}

/* ---- Products and rows ---- */

static void run_matmul(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_matmul(queue, &v[0], &v[1], &v[2], false, false, false);
}

static bench_case matmul_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    snprintf(c.name, sizeof c.name, "matmul %s %zux%zux%zu", gsc_dtype_name(dtype), s.t, s.n, s.d);
    add(&c, dtype, s.t, s.n, BENCH_OUTPUT);
    add(&c, dtype, s.t, s.d, BENCH_RANDOM);
    add(&c, dtype, s.d, s.n, BENCH_RANDOM);
    c.run = run_matmul;
    c.flops = gsc_matmul_flops(s.t, s.n, s.d);
    c.bytes = gsc_matmul_bytes(dtype, s.t, s.n, s.d, false);
    c.tolerance = gsc_matmul_tolerance(dtype, s.d).fail;
    c.by_element = true;
    return c;
}

static void run_softmax(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_softmax(queue, &v[0], &v[1]);
}

static bench_case softmax_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    snprintf(c.name, sizeof c.name, "softmax %s %zux%zu", gsc_dtype_name(dtype), s.t, s.d);
    add(&c, dtype, s.t, s.d, BENCH_OUTPUT);
    add(&c, dtype, s.t, s.d, BENCH_RANDOM);
    c.run = run_softmax;
    c.flops = gsc_softmax_flops(s.t, s.d);
    c.bytes = gsc_softmax_bytes(dtype, s.t, s.d);
    c.tolerance = gsc_softmax_tolerance(dtype, s.d).fail;
    return c;
}

static void run_top_k(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_top_k(queue, &v[0], &v[1]);
}

static bench_case top_k_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    snprintf(c.name, sizeof c.name, "top_k %s %zux%zux%zu", gsc_dtype_name(dtype), s.t, s.d, s.k);
    add(&c, GSC_I32, s.t, s.k, BENCH_OUTPUT);
    add(&c, dtype, s.t, s.d, BENCH_RANDOM);
    c.run = run_top_k;
    c.bytes = gsc_top_k_bytes(dtype, s.t, s.d, s.k);
    return c;
}

static void run_layer_norm(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_layer_norm(queue, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], 1e-5);
}

static bench_case layer_norm_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    snprintf(c.name, sizeof c.name, "layer_norm %zux%zu", s.t, s.d);
    add(&c, dtype, s.t, s.d, BENCH_OUTPUT);
    add(&c, dtype, 1, s.t, BENCH_OUTPUT);
    add(&c, dtype, 1, s.t, BENCH_OUTPUT);
    add(&c, dtype, s.t, s.d, BENCH_RANDOM);
    add(&c, dtype, 1, s.d, BENCH_RANDOM);
    add(&c, dtype, 1, s.d, BENCH_RANDOM);
    c.run = run_layer_norm;
    c.flops = gsc_norm_flops(s.t, s.d, false);
    c.bytes = gsc_norm_bytes(dtype, s.t, s.d, false);
    c.tolerance = gsc_norm_tolerance(dtype, s.d).fail;
    return c;
}

static void prepare_norm(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_layer_norm(queue, &v[0], &v[6], &v[7], &v[4], &v[5], NULL, 1e-5);
}

static void run_layer_norm_backward(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_layer_norm_backward(queue, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], false);
}

static bench_case layer_norm_backward_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    snprintf(c.name, sizeof c.name, "layer_norm_backward %zux%zu", s.t, s.d);
    add(&c, dtype, s.t, s.d, BENCH_OUTPUT);
    add(&c, dtype, 1, s.d, BENCH_UPDATED);
    add(&c, dtype, 1, s.d, BENCH_UPDATED);
    add(&c, dtype, s.t, s.d, BENCH_RANDOM);
    add(&c, dtype, s.t, s.d, BENCH_RANDOM);
    add(&c, dtype, 1, s.d, BENCH_RANDOM);
    add(&c, dtype, 1, s.t, BENCH_PREPARED);
    add(&c, dtype, 1, s.t, BENCH_PREPARED);
    c.prepare = prepare_norm;
    c.run = run_layer_norm_backward;
    c.flops = gsc_norm_flops(s.t, s.d, true);
    c.bytes = gsc_norm_bytes(dtype, s.t, s.d, true);
    c.tolerance = gsc_norm_tolerance(dtype, s.d).fail;
    return c;
}

static void prepare_rope(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_rope_table(queue, &v[1], 1e4);
}

static void run_rope(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_rope(queue, &v[0], &v[1], 256, 2 * c->shape.n, c->shape.d, false);
}

static bench_case rope_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    snprintf(c.name, sizeof c.name, "rope %zu rows, q and k of %zu heads of %zu", s.t, s.n, s.d);
    add(&c, dtype, s.t, 3 * s.n * s.d, BENCH_UPDATED);
    add(&c, dtype, 256, s.d, BENCH_PREPARED);
    c.prepare = prepare_rope;
    c.run = run_rope;
    c.flops = gsc_rope_flops(s.t, 2 * s.n, s.d);
    c.bytes = gsc_rope_bytes(dtype, s.t, 2 * s.n, s.d);
    c.tolerance = gsc_rope_tolerance(dtype).fail;
    return c;
}

static void run_embed(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_embed(queue, &v[0], &v[1], &v[2], 1.0);
}

static bench_case embed_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    snprintf(c.name, sizeof c.name, "embed %zux%zu of %zu", s.t, s.d, s.n);
    add(&c, dtype, s.t, s.d, BENCH_OUTPUT);
    add(&c, dtype, s.n, s.d, BENCH_RANDOM);
    add(&c, GSC_I32, 1, s.t, BENCH_INDEX);
    c.limit = s.n;
    c.run = run_embed;
    c.flops = gsc_embed_flops(s.t, s.d, false);
    c.bytes = gsc_embed_bytes(dtype, s.t, s.d, false);
    c.tolerance = gsc_embed_tolerance(dtype, 1).fail;
    c.by_element = true;
    return c;
}

static void run_embed_backward(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_embed_backward(queue, &v[0], &v[1], &v[2], 1.0);
}

static bench_case embed_backward_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    snprintf(c.name, sizeof c.name, "embed_backward %zux%zu of %zu", s.t, s.d, s.n);
    add(&c, dtype, s.n, s.d, BENCH_UPDATED);
    add(&c, dtype, s.t, s.d, BENCH_RANDOM);
    add(&c, GSC_I32, 1, s.t, BENCH_INDEX);
    c.limit = s.n;
    c.run = run_embed_backward;
    c.flops = gsc_embed_flops(s.t, s.d, true);
    c.bytes = gsc_embed_bytes(dtype, s.t, s.d, true);
    c.tolerance = gsc_embed_tolerance(dtype, 32).fail;
    c.by_element = true;
    return c;
}

static void run_bias_backward(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_bias_backward(queue, &v[0], &v[1]);
}

static bench_case bias_backward_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    snprintf(c.name, sizeof c.name, "bias_backward %zux%zu", s.t, s.d);
    add(&c, dtype, 1, s.d, BENCH_UPDATED);
    add(&c, dtype, s.t, s.d, BENCH_RANDOM);
    c.run = run_bias_backward;
    c.flops = gsc_bias_flops(s.t, s.d);
    c.bytes = gsc_bias_bytes(dtype, s.t, s.d, true);
    c.tolerance = gsc_bias_tolerance(dtype).fail;
    c.by_element = true;
    return c;
}

static void run_cross_entropy(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_cross_entropy(queue, &v[0], &v[1], &v[2], &v[3], 1.0);
}

static bench_case cross_entropy_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    snprintf(c.name, sizeof c.name, "cross_entropy with gradient %zux%zu", s.t, s.d);
    add(&c, GSC_F64, 1, s.t, BENCH_OUTPUT);
    add(&c, dtype, s.t, s.d, BENCH_OUTPUT);
    add(&c, dtype, s.t, s.d, BENCH_RANDOM);
    add(&c, GSC_I32, 1, s.t, BENCH_INDEX);
    c.limit = s.d;
    c.run = run_cross_entropy;
    c.flops = gsc_cross_entropy_flops(s.t, s.d, true);
    c.bytes = gsc_cross_entropy_bytes(dtype, s.t, s.d, true);
    c.tolerance = gsc_cross_entropy_tolerance(dtype, s.d).fail;
    return c;
}

/* ---- Attention ---- */

static gsc_attention_shape attention_shape(const bench_shape *s) {
    return (gsc_attention_shape){s->t, s->n, s->d, 1.0 / sqrt((double)s->d)};
}

static void run_attention(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_attention(queue, &v[0], &v[1], &v[2], attention_shape(&c->shape));
}

static bench_case attention_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    size_t rows = s.e * s.t;
    snprintf(c.name, sizeof c.name, "attention %zu of %zu, %zu heads of %zu", s.e, s.t, s.n, s.d);
    add(&c, dtype, rows, s.n * s.d, BENCH_OUTPUT);
    add(&c, dtype, s.n, rows, BENCH_OUTPUT);
    add(&c, dtype, rows, 3 * s.n * s.d, BENCH_RANDOM);
    c.run = run_attention;
    c.flops = gsc_attention_flops(rows, attention_shape(&s), false);
    c.bytes = gsc_attention_bytes(dtype, rows, attention_shape(&s), false);
    c.tolerance = gsc_attention_tolerance(dtype, s.t, s.d).fail;
    return c;
}

static void prepare_attention(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_attention(queue, &v[2], &v[3], &v[4], attention_shape(&c->shape));
}

static void run_attention_backward(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_attention_backward(queue, &v[0], &v[1], &v[2], &v[3], &v[4], attention_shape(&c->shape));
}

static bench_case attention_backward_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    size_t rows = s.e * s.t;
    snprintf(c.name, sizeof c.name, "attention_backward %zu of %zu, %zu heads of %zu", s.e, s.t,
             s.n, s.d);
    add(&c, dtype, rows, 3 * s.n * s.d, BENCH_OUTPUT);
    add(&c, dtype, rows, s.n * s.d, BENCH_RANDOM);
    add(&c, dtype, rows, s.n * s.d, BENCH_PREPARED);
    add(&c, dtype, s.n, rows, BENCH_PREPARED);
    add(&c, dtype, rows, 3 * s.n * s.d, BENCH_RANDOM);
    c.prepare = prepare_attention;
    c.run = run_attention_backward;
    c.flops = gsc_attention_flops(rows, attention_shape(&s), true);
    c.bytes = gsc_attention_bytes(dtype, rows, attention_shape(&s), true);
    c.tolerance = gsc_attention_tolerance(dtype, s.t, s.d).fail;
    return c;
}

/* ---- Experts: tensors 0 .. 5 are the plan ---- */

static void add_plan(bench_case *c) {
    const bench_shape *s = &c->shape;
    size_t slots = s->t * s->k;
    add(c, GSC_I32, 1, s->e + 1, BENCH_PREPARED);
    for (int i = 0; i < 3; i++) {
        add(c, GSC_I32, 1, slots, BENCH_PREPARED);
    }
    add(c, GSC_I32, 1, s->t + 1, BENCH_START);
    add(c, GSC_I32, 1, slots, BENCH_CHOICE);
    c->limit = s->e;
    c->limit_k = s->k;
}

static void run_plan(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_dispatch_plan(queue, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5]);
}

static bench_case plan_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    snprintf(c.name, sizeof c.name, "dispatch_plan %zu rows, %zu of %zu", s.t, s.k, s.e);
    add_plan(&c);
    for (int i = 0; i < 4; i++) {
        c.tensors[i].fill = BENCH_OUTPUT;
    }
    c.run = run_plan;
    c.bytes = 4.0 * (double)(s.t + s.e + 5 * s.t * s.k);
    return c;
}

static void run_gather(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_gather_rows(queue, &v[6], &v[7], &v[1]);
}

static bench_case gather_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    snprintf(c.name, sizeof c.name, "gather_rows %zux%zu, %zu of %zu", s.t, s.d, s.k, s.e);
    add_plan(&c);
    add(&c, dtype, s.t * s.k, s.d, BENCH_OUTPUT);
    add(&c, dtype, s.t, s.d, BENCH_RANDOM);
    c.prepare = run_plan;
    c.run = run_gather;
    c.bytes = gsc_gather_rows_bytes(dtype, s.t * s.k, s.d);
    return c;
}

static void run_combine(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_combine(queue, &v[6], &v[7], &v[8], &v[4], &v[3], false);
}

static bench_case combine_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    snprintf(c.name, sizeof c.name, "combine %zux%zu, %zu of %zu", s.t, s.d, s.k, s.e);
    add_plan(&c);
    add(&c, dtype, s.t, s.d, BENCH_OUTPUT);
    add(&c, dtype, s.t * s.k, s.d, BENCH_RANDOM);
    add(&c, dtype, 1, s.t * s.k, BENCH_RANDOM);
    c.prepare = run_plan;
    c.run = run_combine;
    c.flops = gsc_combine_flops(s.t * s.k, s.d, false);
    c.bytes = gsc_combine_bytes(dtype, s.t * s.k, s.t, s.d, false);
    c.tolerance = gsc_combine_tolerance(dtype, s.k).fail;
    c.by_element = true;
    return c;
}

static void run_combine_backward(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_combine_backward(queue, &v[6], &v[7], &v[8], &v[9], &v[10], &v[2]);
}

static bench_case combine_backward_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    snprintf(c.name, sizeof c.name, "combine_backward %zux%zu, %zu of %zu", s.t, s.d, s.k, s.e);
    add_plan(&c);
    add(&c, dtype, s.t * s.k, s.d, BENCH_OUTPUT);
    add(&c, dtype, 1, s.t * s.k, BENCH_OUTPUT);
    add(&c, dtype, s.t * s.k, s.d, BENCH_UPDATED);
    add(&c, dtype, s.t * s.k, s.d, BENCH_RANDOM);
    add(&c, dtype, 1, s.t * s.k, BENCH_RANDOM);
    c.prepare = run_plan;
    c.run = run_combine_backward;
    c.flops = gsc_combine_flops(s.t * s.k, s.d, true);
    c.bytes = gsc_combine_bytes(dtype, s.t * s.k, s.t, s.d, true);
    c.tolerance = gsc_combine_tolerance(dtype, s.d).fail;
    c.by_element = true;
    return c;
}

static double grouped_bytes(gsc_dtype dtype, const bench_shape *s) {
    return (double)gsc_dtype_bytes(dtype) * ((double)(s->t * s->k) * (double)(s->d + s->n) +
                                             (double)s->e * (double)s->d * (double)s->n);
}

static void run_grouped(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_grouped_matmul(queue, &v[6], &v[7], &v[8], &v[0], true, false);
}

static bench_case grouped_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    size_t slots = s.t * s.k;
    snprintf(c.name, sizeof c.name, "grouped_matmul %zu slots, %zu experts %zux%zu", slots, s.e,
             s.n, s.d);
    add_plan(&c);
    add(&c, dtype, slots, s.n, BENCH_OUTPUT);
    add(&c, dtype, slots, s.d, BENCH_RANDOM);
    add(&c, dtype, s.e * s.n, s.d, BENCH_RANDOM);
    c.prepare = run_plan;
    c.run = run_grouped;
    c.flops = gsc_matmul_flops(slots, s.n, s.d);
    c.bytes = grouped_bytes(dtype, &s);
    c.tolerance = gsc_matmul_tolerance(dtype, s.d).fail;
    c.by_element = true;
    return c;
}

static void run_grouped_back(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_grouped_matmul(queue, &v[7], &v[6], &v[8], &v[0], false, false);
}

/* The gradient of the rows: the same weights, the other way. */
static bench_case grouped_back_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = grouped_case(dtype, s);
    snprintf(c.name, sizeof c.name, "grouped_matmul back %zu slots, %zu experts %zux%zu", s.t * s.k,
             s.e, s.n, s.d);
    c.tensors[6].fill = BENCH_RANDOM;
    c.tensors[7].fill = BENCH_OUTPUT;
    c.run = run_grouped_back;
    c.tolerance = gsc_matmul_tolerance(dtype, s.n).fail;
    return c;
}

static void run_outer(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_grouped_matmul_outer(queue, &v[6], &v[7], &v[8], &v[0], false);
}

static bench_case outer_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    size_t slots = s.t * s.k;
    snprintf(c.name, sizeof c.name, "grouped_matmul_outer %zu slots, %zu experts %zux%zu", slots,
             s.e, s.n, s.d);
    add_plan(&c);
    add(&c, dtype, s.e * s.n, s.d, BENCH_OUTPUT);
    add(&c, dtype, slots, s.n, BENCH_RANDOM);
    add(&c, dtype, slots, s.d, BENCH_RANDOM);
    c.prepare = run_plan;
    c.run = run_outer;
    c.flops = gsc_matmul_flops(slots, s.n, s.d);
    c.bytes = grouped_bytes(dtype, &s);
    c.tolerance = gsc_matmul_tolerance(dtype, slots).fail;
    c.by_element = true;
    return c;
}

/* ---- Elements ---- */

static void run_add(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_add(queue, &v[0], &v[1], &v[2]);
}

static bench_case add_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    snprintf(c.name, sizeof c.name, "add %zu", s.t);
    add(&c, dtype, 1, s.t, BENCH_OUTPUT);
    add(&c, dtype, 1, s.t, BENCH_RANDOM);
    add(&c, dtype, 1, s.t, BENCH_RANDOM);
    c.run = run_add;
    c.flops = (double)s.t;
    c.bytes = gsc_elementwise_bytes(dtype, s.t, 3);
    c.tolerance = gsc_elementwise_tolerance(dtype).fail;
    c.by_element = true;
    return c;
}

static void run_sum_squares(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_sum_squares(queue, &v[0], &v[1], false);
}

static bench_case sum_squares_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    snprintf(c.name, sizeof c.name, "sum_squares %zu", s.t);
    add(&c, GSC_F64, 1, 1, BENCH_OUTPUT);
    add(&c, dtype, 1, s.t, BENCH_RANDOM);
    c.run = run_sum_squares;
    c.flops = 2.0 * (double)s.t;
    c.bytes = gsc_reduce_bytes(dtype, s.t);
    c.tolerance = gsc_reduce_tolerance(s.t).fail;
    return c;
}

static void run_adamw(gsc_queue *queue, const gsc_view *v, const bench_case *c) {
    gsc_adamw_options options = {1e-4, 0.9, 0.999, 1e-8, 0.01, 1.0, 10};
    gsc_adamw(queue, &v[0], &v[1], &v[2], &v[3], &options);
}

static bench_case adamw_case(gsc_dtype dtype, bench_shape s) {
    bench_case c = new_case("", s);
    snprintf(c.name, sizeof c.name, "adamw %zu", s.t);
    add(&c, dtype, 1, s.t, BENCH_UPDATED);
    add(&c, dtype, 1, s.t, BENCH_UPDATED);
    add(&c, dtype, 1, s.t, BENCH_POSITIVE);
    add(&c, dtype, 1, s.t, BENCH_RANDOM);
    c.run = run_adamw;
    c.flops = gsc_adamw_flops(s.t);
    c.bytes = gsc_adamw_bytes(dtype, s.t);
    c.tolerance = gsc_adamw_tolerance(dtype).fail;
    return c;
}

/* t, d, n, e, k as bench_shape says. */
static const struct {
    make_case *make;
    gsc_dtype dtype;
    bench_shape shape;
} table[] = {
    {matmul_case, GSC_F32, {512, 512, 512, 0, 0}},
    {matmul_case, GSC_F64, {512, 512, 512, 0, 0}},
    {matmul_case, GSC_F32, {2048, 512, 64, 0, 0}},
    {matmul_case, GSC_F64, {2048, 512, 64, 0, 0}},
    {matmul_case, GSC_F32, {2048, 128, 384, 0, 0}},
    {grouped_case, GSC_F32, {2048, 128, 32, 64, 6}},
    {grouped_case, GSC_F32, {1024, 256, 64, 64, 6}},
    {grouped_case, GSC_F32, {1024, 512, 128, 16, 2}},
    {grouped_case, GSC_F32, {1024, 512, 128, 64, 2}},
    {grouped_case, GSC_F32, {1024, 512, 32, 256, 8}},
    {grouped_case, GSC_F32, {1024, 128, 512, 64, 6}},
    {grouped_back_case, GSC_F32, {2048, 128, 32, 64, 6}},
    {grouped_back_case, GSC_F32, {1024, 256, 64, 64, 6}},
    {grouped_back_case, GSC_F32, {1024, 512, 128, 16, 2}},
    {grouped_back_case, GSC_F32, {1024, 512, 128, 64, 2}},
    {grouped_back_case, GSC_F32, {1024, 512, 32, 256, 8}},
    {outer_case, GSC_F32, {2048, 128, 32, 64, 6}},
    {outer_case, GSC_F32, {1024, 256, 64, 64, 6}},
    {outer_case, GSC_F32, {1024, 512, 128, 16, 2}},
    {outer_case, GSC_F32, {1024, 512, 128, 64, 2}},
    {outer_case, GSC_F32, {1024, 512, 32, 256, 8}},
    {attention_case, GSC_F32, {128, 16, 4, 8, 0}},
    {attention_case, GSC_F32, {256, 32, 4, 8, 0}},
    {attention_case, GSC_F32, {256, 82, 4, 4, 0}},
    {attention_case, GSC_F32, {1024, 64, 4, 1, 0}},
    {attention_backward_case, GSC_F32, {128, 16, 4, 8, 0}},
    {attention_backward_case, GSC_F32, {256, 32, 4, 8, 0}},
    {attention_backward_case, GSC_F32, {256, 82, 4, 4, 0}},
    {attention_backward_case, GSC_F32, {1024, 64, 4, 1, 0}},
    {plan_case, GSC_F32, {2048, 0, 0, 64, 6}},
    {gather_case, GSC_F32, {2048, 128, 0, 64, 6}},
    {combine_case, GSC_F32, {2048, 128, 0, 64, 6}},
    {combine_backward_case, GSC_F32, {2048, 128, 0, 64, 6}},
    {cross_entropy_case, GSC_F32, {512, 4096, 0, 0, 0}},
    {layer_norm_case, GSC_F32, {2048, 128, 0, 0, 0}},
    {layer_norm_case, GSC_F32, {2048, 512, 0, 0, 0}},
    {layer_norm_backward_case, GSC_F32, {2048, 128, 0, 0, 0}},
    {layer_norm_backward_case, GSC_F32, {2048, 512, 0, 0, 0}},
    {rope_case, GSC_F32, {2048, 32, 4, 0, 0}},
    {embed_case, GSC_F32, {2048, 128, 4096, 0, 0}},
    {embed_backward_case, GSC_F32, {2048, 128, 4096, 0, 0}},
    {bias_backward_case, GSC_F32, {2048, 4096, 0, 0, 0}},
    {add_case, GSC_F32, {1 << 20, 0, 0, 0, 0}},
    {sum_squares_case, GSC_F32, {1 << 20, 0, 0, 0, 0}},
    {adamw_case, GSC_F32, {1 << 20, 0, 0, 0, 0}},
    {softmax_case, GSC_F32, {2048, 64, 0, 0, 0}},
    {softmax_case, GSC_F64, {2048, 64, 0, 0, 0}},
    {softmax_case, GSC_F32, {2048, 256, 0, 0, 0}},
    {softmax_case, GSC_F64, {2048, 256, 0, 0, 0}},
    {top_k_case, GSC_F32, {2048, 64, 0, 0, 6}},
    {top_k_case, GSC_F64, {2048, 64, 0, 0, 6}},
    {top_k_case, GSC_F32, {2048, 256, 0, 0, 8}},
    {top_k_case, GSC_F64, {2048, 256, 0, 0, 8}},
};

size_t bench_kernels_count(void) {
    return sizeof table / sizeof table[0];
}

bench_case bench_kernels_case(size_t i) {
    return table[i].make(table[i].dtype, table[i].shape);
}

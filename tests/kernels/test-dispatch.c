/* SPDX-License-Identifier: MIT
 *
 * Rows to experts and back, and the experts' products, against ref and difference quotients. Layer: tests.
 */
#include "kernels/dispatch.h"
#include "kernels/grouped.h"
#include "kernels/matmul.h"
#include "tests/kernels/op_case.h"

enum {
    MOST_SLOTS = 4096
};

/* A choice and its plan, made here by sorting, so that gsc_dispatch_plan is not believed. */
typedef struct routing {
    size_t rows, experts, slots;
    double start[MOST_SLOTS + 1], expert[MOST_SLOTS], offset[MOST_SLOTS + 1], row[MOST_SLOTS],
        choice[MOST_SLOTS], slot[MOST_SLOTS];
    bool transpose, accumulate;
} routing;

/* Row t takes 0 to most experts; expert 1 is never taken where there are more than two. */
static void make_routing(routing *r, size_t rows, size_t experts, size_t most) {
    *r = (routing){.rows = rows, .experts = experts};
    for (size_t t = 0; t < rows; t++) {
        size_t count = t % 7 == 3 ? 0 : 1 + t % most;
        for (size_t i = 0; i < count && i < experts; i++) {
            size_t e = (t * 5 + i * 3 + t / 3) % experts;
            r->expert[r->slots++] = (double)(experts > 2 && e == 1 ? 0 : e);
        }
        r->start[t + 1] = (double)r->slots;
    }
    size_t s = 0;
    for (size_t e = 0; e < experts; e++) {
        r->offset[e] = (double)s;
        for (size_t t = 0; t < rows; t++) {
            for (size_t c = (size_t)r->start[t]; c < (size_t)r->start[t + 1]; c++) {
                if ((size_t)r->expert[c] == e) {
                    r->row[s] = (double)t;
                    r->choice[s] = (double)c;
                    r->slot[c] = (double)s++;
                }
            }
        }
    }
    r->offset[experts] = (double)s;
}

#define FILL(field)                                                                                \
    static void fill_##field(double *values, const op_tensor *t, const void *data) {               \
        memcpy(values, ((const routing *)data)->field, t->rows * t->columns * sizeof *values);     \
    }
FILL(start)
FILL(expert)
FILL(offset)
FILL(row)
FILL(choice)
FILL(slot)

static void fill_bad(double *values, const op_tensor *t, const void *data) {
    for (size_t i = 0; i < t->rows * t->columns; i++) {
        values[i] = i == 2 ? -1.0 : 0.0;
    }
}

static void run_plan(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_dispatch_plan(queue, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5]);
}

static op_case plan_case(const routing *r) {
    return (op_case){"dispatch_plan",
                     r,
                     run_plan,
                     {0},
                     false,
                     6,
                     {{"offset", OP_OUT, GSC_I32, 1, r->experts + 1},
                      {"row", OP_OUT, GSC_I32, 1, r->slots},
                      {"choice", OP_OUT, GSC_I32, 1, r->slots},
                      {"slot", OP_OUT, GSC_I32, 1, r->slots},
                      {"start", OP_IN, GSC_I32, 1, r->rows + 1, fill_start},
                      {"expert", OP_IN, GSC_I32, 1, r->slots, fill_expert}}};
}

/* The plan of ref against the one made here: as inputs that an op must leave unchanged. */
static void check_plan(const routing *r) {
    gsc_queue *queue = NULL;
    gsc_queue_new(gsc_device_ref(), NULL, 0, &queue, NULL);
    op_case c = plan_case(r);
    op_values inputs = {0};
    op_draw(&c, &inputs);
    op_values out = op_run(gsc_device_ref(), NULL, &c, GSC_F32, &inputs);
    const double *expected[4] = {r->offset, r->row, r->choice, r->slot};
    bool same = true;
    for (size_t i = 0; i < 4; i++) {
        size_t count = c.tensors[i].rows * c.tensors[i].columns;
        same = same && memcmp(out.values[i], expected[i], count * sizeof(double)) == 0;
    }
    TAP_OK(same, "the plan is a stable sort by expert");
    op_clear(&c, &inputs);
    op_clear(&c, &out);
    gsc_queue_free(queue);
}

static void run_gather(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_gather_rows(queue, &v[0], &v[1], &v[2]);
}

/* The gradient of gather: combine without weights. */
static void run_gather_backward(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_combine(queue, &v[0], &v[1], NULL, &v[2], &v[3], true);
}

static void check_gather(const routing *r, size_t columns, bool gradient) {
    op_case forward = {"gather_rows",
                       r,
                       run_gather,
                       {0},
                       false,
                       3,
                       {{"y", OP_OUT, GSC_F32, r->slots, columns},
                        {"x", OP_IN, GSC_F32, r->rows, columns},
                        {"row", OP_IN, GSC_I32, 1, r->slots, fill_row}}};
    op_case backward = {"combine without weights",
                        r,
                        run_gather_backward,
                        gsc_combine_tolerance(GSC_F32, 8),
                        true,
                        4,
                        {{"dx", OP_INOUT, GSC_F32, r->rows, columns},
                         {"dy", OP_IN, GSC_F32, r->slots, columns},
                         {"start", OP_IN, GSC_I32, 1, r->rows + 1, fill_start},
                         {"slot", OP_IN, GSC_I32, 1, r->slots, fill_slot}}};
    op_check(&forward);
    op_check(&backward);
    if (gradient) {
        op_check_gradient(&forward, &backward, 1e-8);
        forward.tensors[2].fill = fill_bad;
        op_check_refusal(&forward, "row[2] is -1");
    }
}

static void run_combine(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_combine(queue, &v[0], &v[1], &v[2], &v[3], &v[4], false);
}

static void run_combine_backward(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_combine_backward(queue, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5]);
}

static void run_combine_gradient(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_gather_rows(queue, &v[2], &v[6], &v[7]);
    run_combine_backward(queue, v, data);
}

static void check_combine(const routing *r, size_t columns, bool gradient) {
    gsc_tolerance tolerance = gsc_combine_tolerance(GSC_F32, columns);
    op_case forward = {"combine",
                       r,
                       run_combine,
                       gsc_combine_tolerance(GSC_F32, 8),
                       true,
                       5,
                       {{"y", OP_OUT, GSC_F32, r->rows, columns},
                        {"x", OP_IN, GSC_F32, r->slots, columns},
                        {"weight", OP_IN, GSC_F32, 1, r->slots},
                        {"start", OP_IN, GSC_I32, 1, r->rows + 1, fill_start},
                        {"slot", OP_IN, GSC_I32, 1, r->slots, fill_slot}}};
    op_case backward = {"combine_backward",
                        r,
                        run_combine_backward,
                        tolerance,
                        true,
                        6,
                        {{"dx", OP_OUT, GSC_F32, r->slots, columns},
                         {"dweight", OP_OUT, GSC_F32, 1, r->slots},
                         {"g", OP_INOUT, GSC_F32, r->slots, columns},
                         {"x", OP_IN, GSC_F32, r->slots, columns},
                         {"weight", OP_IN, GSC_F32, 1, r->slots},
                         {"choice", OP_IN, GSC_I32, 1, r->slots, fill_choice}}};
    op_check(&forward);
    op_check(&backward);
    if (gradient) {
        op_case whole = backward;
        whole.run = run_combine_gradient;
        whole.n_tensors = 8;
        whole.tensors[6] = (op_tensor){"dy", OP_IN, GSC_F32, r->rows, columns};
        whole.tensors[7] = (op_tensor){"row", OP_IN, GSC_I32, 1, r->slots, fill_row};
        op_check_gradient(&forward, &whole, 1e-8);
    }
}

static void run_grouped(gsc_queue *queue, const gsc_view *v, const void *data) {
    const routing *r = data;
    gsc_grouped_matmul(queue, &v[0], &v[1], &v[2], &v[3], r->transpose, r->accumulate);
}

static void run_outer(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_grouped_matmul_outer(queue, &v[0], &v[1], &v[2], &v[3],
                             ((const routing *)data)->accumulate);
}

/* The same over rows where they lie. */
static void run_grouped_rows(gsc_queue *queue, const gsc_view *v, const void *data) {
    const routing *r = data;
    gsc_grouped_matmul_rows(queue, &v[0], &v[1], &v[4], &v[2], &v[3], r->transpose, r->accumulate);
}

static void run_outer_rows_of_a(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_grouped_matmul_outer_rows(queue, &v[0], &v[1], &v[2], &v[4], false, &v[3],
                                  ((const routing *)data)->accumulate);
}

static void run_outer_rows_of_b(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_grouped_matmul_outer_rows(queue, &v[0], &v[2], &v[1], &v[4], true, &v[3],
                                  ((const routing *)data)->accumulate);
}

static void check_grouped_rows(routing *r, size_t k, size_t n) {
    for (int variant = 0; variant < 4; variant++) {
        r->transpose = variant % 2 != 0;
        r->accumulate = variant / 2 != 0;
        const op_role role = r->accumulate ? OP_INOUT : OP_OUT;
        const size_t b_rows = r->experts * (r->transpose ? n : k);
        op_case c = {"grouped_matmul of rows",
                     r,
                     run_grouped_rows,
                     gsc_matmul_tolerance(GSC_F32, k),
                     true,
                     5,
                     {{"c", role, GSC_F32, r->slots, n},
                      {"x", OP_IN, GSC_F32, r->rows, k},
                      {"b", OP_IN, GSC_F32, b_rows, r->transpose ? k : n},
                      {"offset", OP_IN, GSC_I32, 1, r->experts + 1, fill_offset},
                      {"row", OP_IN, GSC_I32, 1, r->slots, fill_row}}};
        op_check(&c);
        c.name = "grouped_matmul_outer of rows of a";
        c.run = run_outer_rows_of_a;
        c.tolerance = gsc_matmul_tolerance(GSC_F32, r->slots);
        c.tensors[0] = (op_tensor){"c", role, GSC_F32, r->experts * k, n};
        c.tensors[2] = (op_tensor){"b", OP_IN, GSC_F32, r->slots, n};
        op_check(&c);
        c.name = "grouped_matmul_outer of rows of b";
        c.run = run_outer_rows_of_b;
        c.tensors[0] = (op_tensor){"c", role, GSC_F32, r->experts * n, k};
        op_check(&c);
        if (r->slots > 2 && k > 0) {
            c.tensors[4].fill = fill_bad;
            op_check_refusal(&c, "row[2] is -1");
        }
    }
}

/* The product of rows where they lie has the very bits of that of gathered ones. */
static void check_same_bits(routing *r, size_t k, size_t n) {
    r->transpose = true;
    r->accumulate = false;
    op_case c = {"grouped_matmul of rows",
                 r,
                 run_grouped_rows,
                 {0},
                 true,
                 5,
                 {{"c", OP_OUT, GSC_F32, r->slots, n},
                  {"x", OP_IN, GSC_F32, r->rows, k},
                  {"b", OP_IN, GSC_F32, r->experts * n, k},
                  {"offset", OP_IN, GSC_I32, 1, r->experts + 1, fill_offset},
                  {"row", OP_IN, GSC_I32, 1, r->slots, fill_row}}};
    op_values inputs = {0};
    op_draw(&c, &inputs);
    op_values in_place = op_run(gsc_device_cpu(), NULL, &c, GSC_F32, &inputs);
    double *gathered = malloc((r->slots * k + 1) * sizeof *gathered);
    for (size_t s = 0; s < r->slots; s++) {
        memcpy(gathered + s * k, inputs.values[1] + (size_t)r->row[s] * k, k * sizeof *gathered);
    }
    free(inputs.values[1]);
    inputs.values[1] = gathered;
    c.n_tensors = 4;
    c.run = run_grouped;
    c.tensors[1].rows = r->slots;
    op_values copied = op_run(gsc_device_cpu(), NULL, &c, GSC_F32, &inputs);
    TAP_OK(memcmp(in_place.values[0], copied.values[0], r->slots * n * sizeof(double)) == 0,
           "a product of rows where they lie has the bits of that of gathered rows");
    c.n_tensors = 5;
    op_clear(&c, &inputs);
    op_clear(&c, &in_place);
    c.n_tensors = 4;
    op_clear(&c, &copied);
}

/* y = a W^T, da = dy W, dW += dy^T a. */
static void run_grouped_backward(gsc_queue *queue, const gsc_view *v, const void *data) {
    gsc_grouped_matmul(queue, &v[0], &v[2], &v[4], &v[5], false, false);
    gsc_grouped_matmul_outer(queue, &v[1], &v[2], &v[3], &v[5], true);
}

static void check_grouped(routing *r, size_t k, size_t n) {
    for (int variant = 0; variant < 4; variant++) {
        r->transpose = variant % 2 != 0;
        r->accumulate = variant / 2 != 0;
        op_role role = r->accumulate ? OP_INOUT : OP_OUT;
        size_t b_rows = r->experts * (r->transpose ? n : k), b_columns = r->transpose ? k : n;
        op_case product = {"grouped_matmul",
                           r,
                           run_grouped,
                           gsc_matmul_tolerance(GSC_F32, k),
                           true,
                           4,
                           {{"c", role, GSC_F32, r->slots, n},
                            {"a", OP_IN, GSC_F32, r->slots, k},
                            {"b", OP_IN, GSC_F32, b_rows, b_columns},
                            {"offset", OP_IN, GSC_I32, 1, r->experts + 1, fill_offset}}};
        op_check(&product);
        op_case outer = {"grouped_matmul_outer",
                         r,
                         run_outer,
                         gsc_matmul_tolerance(GSC_F32, r->slots),
                         true,
                         4,
                         {{"c", role, GSC_F32, r->experts * k, n},
                          {"a", OP_IN, GSC_F32, r->slots, k},
                          {"b", OP_IN, GSC_F32, r->slots, n},
                          {"offset", OP_IN, GSC_I32, 1, r->experts + 1, fill_offset}}};
        op_check(&outer);
    }
}

static void check_grouped_gradient(routing *r, size_t k, size_t n) {
    r->transpose = true;
    r->accumulate = false;
    op_case forward = {"grouped_matmul",
                       r,
                       run_grouped,
                       {0},
                       true,
                       4,
                       {{"c", OP_OUT, GSC_F32, r->slots, n},
                        {"a", OP_IN, GSC_F32, r->slots, k},
                        {"b", OP_IN, GSC_F32, r->experts * n, k},
                        {"offset", OP_IN, GSC_I32, 1, r->experts + 1, fill_offset}}};
    op_case backward = {"grouped products backward",
                        r,
                        run_grouped_backward,
                        {0},
                        true,
                        6,
                        {{"da", OP_OUT, GSC_F32, r->slots, k},
                         {"db", OP_INOUT, GSC_F32, r->experts * n, k},
                         {"dc", OP_IN, GSC_F32, r->slots, n},
                         {"a", OP_IN, GSC_F32, r->slots, k},
                         {"b", OP_IN, GSC_F32, r->experts * n, k},
                         {"offset", OP_IN, GSC_I32, 1, r->experts + 1, fill_offset}}};
    op_check_gradient(&forward, &backward, 1e-8);
    forward.tensors[3].fill = fill_bad;
    op_check_refusal(&forward, "offset runs from 0 to 0; it must run from 0 to");
}

int main(void) {
    /* The last two are on the tile unit, where there is one. */
    static const size_t shapes[][5] = {
        /* rows, experts, most, columns, width */
        {0, 3, 2, 4, 3},     {1, 1, 1, 1, 1},     {10, 4, 3, 5, 3},     {300, 8, 4, 65, 32},
        {40, 130, 2, 17, 4}, {700, 1, 1, 16, 8},  {9, 5, 4, 0, 2},      {600, 3, 2, 48, 33},
        {20, 2, 2, 300, 70}, {90, 5, 3, 128, 32}, {330, 2, 2, 160, 96}, {290, 2, 2, 131, 99}};
    static routing r;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const size_t *n = shapes[i];
        make_routing(&r, n[0], n[1], n[2]);
        op_case plan = plan_case(&r);
        op_check(&plan);
        check_plan(&r);
        check_gather(&r, n[3], i == 2);
        check_combine(&r, n[3], i == 2);
        check_grouped(&r, n[3], n[4]);
        check_grouped_rows(&r, n[3], n[4]);
        if (i == 2) {
            check_grouped_gradient(&r, n[3], n[4]);
            check_same_bits(&r, n[3], n[4]);
            op_case wrong = plan;
            wrong.tensors[5].fill = fill_bad;
            op_check_refusal(&wrong, "expert[2] is -1; it must be from 0 to 3");
            wrong.tensors[4].fill = fill_bad;
            op_check_refusal(&wrong, "start runs from 0 to 0");
        }
    }
    return tap_done();
}

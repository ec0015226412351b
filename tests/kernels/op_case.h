/* SPDX-License-Identifier: MIT
 *
 * Declarative cases for ops. op_check runs a case on ref, on every instruction set of this machine
 * with one and two threads, and on the locked device: outputs near ref's, inputs unchanged, same
 * bits at any thread count, nothing written outside. op_check_gradient differences a forward case
 * in double on ref and compares it with its backward case. A header, since tap.h counts per source.
 *
 * Layer: tests.
 */
#ifndef GSC_TESTS_KERNELS_OP_CASE_H
#define GSC_TESTS_KERNELS_OP_CASE_H

#include "kernels/ops.h"
#include "kernels/queue.h"
#include "tests/kernels/locked_device.h"
#include "tests/tap.h"

#include <stdlib.h>

enum {
    OP_MOST_TENSORS = 10
};

typedef enum op_role {
    OP_IN,
    OP_OUT,
    OP_INOUT,
} op_role;

struct op_case;

typedef struct op_tensor {
    const char *name;
    op_role role;
    gsc_dtype dtype; /* GSC_F32: the type under test */
    size_t rows, columns;
    /* Writes rows * columns values; NULL: random numbers about 0. */
    void (*fill)(double *ret_values, const struct op_tensor *tensor, const void *data);
} op_tensor;

typedef struct op_case {
    const char *name;
    const void *data; /* for fill and run */
    void (*run)(gsc_queue *queue, const gsc_view *views, const void *data);
    gsc_tolerance tolerance; /* of f32 */
    bool by_element; /* relative to ref on absolute inputs, element by element (ops that add and
                        multiply only); else to the largest |ref| of the tensor */
    size_t n_tensors;
    op_tensor tensors[OP_MOST_TENSORS];
} op_case;

enum {
    OP_GUARD = 24, /* elements on each side */
    OP_WORKSPACE_BYTES = 1 << 22
};

static const uint32_t op_guard_word = 0x7fc0dead; /* a NaN as f32 */

/* The values of a case's tensors, before or after a run; raw holds the bits with their guards. */
typedef struct op_values {
    double *values[OP_MOST_TENSORS];
    void *raw[OP_MOST_TENSORS];
    size_t raw_bytes[OP_MOST_TENSORS];
    bool guards;
    gsc_error error;
} op_values;

/* [0, 1) */
static inline double op_uniform(void) {
    static uint64_t state = 1;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(state >> 11) * 0x1p-53;
}

/* About a normal density: four uniforms less 2. The same stream for every program. */
static inline double op_random(void) {
    return op_uniform() + op_uniform() + op_uniform() + op_uniform() - 2.0;
}

static inline gsc_dtype op_type_of(const op_tensor *t, gsc_dtype real) {
    return t->dtype == GSC_F32 ? real : t->dtype;
}

static inline size_t op_count_of(const op_tensor *t) {
    return t->rows * t->columns;
}

static inline double op_get(gsc_dtype dtype, const void *array, size_t i) {
    return dtype == GSC_F32   ? (double)((const float *)array)[i]
           : dtype == GSC_F64 ? ((const double *)array)[i]
                              : (double)((const int32_t *)array)[i];
}

static inline void op_put(gsc_dtype dtype, void *array, size_t i, double value) {
    if (dtype == GSC_F32) {
        ((float *)array)[i] = (float)value;
    } else if (dtype == GSC_F64) {
        ((double *)array)[i] = value;
    } else {
        ((int32_t *)array)[i] = (int32_t)value;
    }
}

static inline void op_draw(const op_case *c, op_values *inputs) {
    for (size_t i = 0; i < c->n_tensors; i++) {
        const op_tensor *t = &c->tensors[i];
        inputs->values[i] = malloc((op_count_of(t) + 1) * sizeof(double));
        if (t->fill != NULL) {
            t->fill(inputs->values[i], t, c->data);
        } else {
            for (size_t j = 0; j < op_count_of(t); j++) {
                inputs->values[i][j] = op_random();
            }
        }
    }
}

static inline void op_clear(const op_case *c, op_values *v) {
    for (size_t i = 0; i < c->n_tensors; i++) {
        free(v->values[i]);
        free(v->raw[i]);
    }
    *v = (op_values){0};
}

static inline void op_make_tensor(gsc_queue *queue, const op_tensor *t, gsc_dtype real,
                                  const double *values, gsc_view *view) {
    gsc_dtype dtype = op_type_of(t, real);
    size_t bytes = (op_count_of(t) + 2 * OP_GUARD) * gsc_dtype_bytes(dtype);
    uint32_t *words = malloc(bytes);
    for (size_t i = 0; i < bytes / 4; i++) {
        words[i] = op_guard_word;
    }
    for (size_t i = 0; t->role != OP_OUT && i < op_count_of(t); i++) {
        op_put(dtype, words, OP_GUARD + i, values[i]);
    }
    gsc_buf *buf = NULL;
    gsc_buf_new(queue, bytes, &buf, NULL);
    gsc_buf_write(queue, buf, 0, words, bytes, NULL);
    gsc_view_init(view, buf, dtype, OP_GUARD, 2,
                  (const int64_t[]){(int64_t)t->rows, (int64_t)t->columns}, NULL);
    free(words);
}

static inline bool op_guards_hold(const uint32_t *words, size_t bytes, size_t op_guard_words) {
    for (size_t i = 0; i < op_guard_words; i++) {
        if (words[i] != op_guard_word || words[bytes / 4 - 1 - i] != op_guard_word) {
            return false;
        }
    }
    return true;
}

static inline op_values op_run(const gsc_device *device, gsc_pool *pool, const op_case *c,
                               gsc_dtype real, const op_values *inputs) {
    op_values out = {.guards = true};
    gsc_queue *queue = NULL;
    gsc_view views[OP_MOST_TENSORS];
    gsc_queue_new(device, pool, OP_WORKSPACE_BYTES, &queue, NULL);
    for (size_t i = 0; i < c->n_tensors; i++) {
        op_make_tensor(queue, &c->tensors[i], real, inputs->values[i], &views[i]);
    }
    c->run(queue, views, c->data);
    gsc_queue_finish(queue, &out.error);
    for (size_t i = 0; i < c->n_tensors; i++) {
        gsc_dtype dtype = views[i].dtype;
        size_t bytes = gsc_buf_bytes(views[i].buf), count = op_count_of(&c->tensors[i]);
        out.raw[i] = malloc(bytes);
        out.raw_bytes[i] = bytes;
        out.values[i] = malloc((count + 1) * sizeof(double));
        gsc_buf_read(queue, views[i].buf, 0, bytes, out.raw[i], NULL);
        for (size_t j = 0; j < count; j++) {
            out.values[i][j] = op_get(dtype, out.raw[i], OP_GUARD + j);
        }
        out.guards =
            out.guards && op_guards_hold(out.raw[i], bytes, OP_GUARD * gsc_dtype_bytes(dtype) / 4);
        gsc_buf_free(views[i].buf);
    }
    gsc_queue_free(queue);
    return out;
}

static inline bool op_same_bits(const op_case *c, const op_values *a, const op_values *b) {
    for (size_t i = 0; i < c->n_tensors; i++) {
        if (memcmp(a->raw[i], b->raw[i], a->raw_bytes[i]) != 0) {
            return false;
        }
    }
    return true;
}

static inline double op_largest(const double *values, size_t n) {
    double most = 0.0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs(values[i]));
    }
    return most;
}

/* Whether a case has nothing to do, so that some outputs may stay as they were. */
static inline bool op_is_empty(const op_case *c) {
    bool empty = false;
    for (size_t i = 0; i < c->n_tensors; i++) {
        empty = empty || op_count_of(&c->tensors[i]) == 0;
    }
    return empty;
}

static inline bool op_is_untouched(const void *raw, size_t i) {
    return ((const uint32_t *)raw)[OP_GUARD + i] == op_guard_word;
}

/* The worst deviation of all tensors; inputs must be equal, and nothing may be NaN. */
static inline double op_deviation(const op_case *c, const op_values *got, const op_values *expected,
                                  const op_values *scale, const char **ret_worst) {
    double worst = 0.0;
    *ret_worst = "";
    for (size_t i = 0; i < c->n_tensors; i++) {
        const op_tensor *t = &c->tensors[i];
        bool exact = t->role == OP_IN || t->dtype == GSC_I32;
        double most = op_largest(expected->values[i], op_count_of(t));
        for (size_t j = 0; j < op_count_of(t); j++) {
            if (op_is_empty(c) && t->dtype == GSC_F32 && op_is_untouched(got->raw[i], j) &&
                op_is_untouched(expected->raw[i], j)) {
                continue;
            }
            double difference = fabs(got->values[i][j] - expected->values[i][j]);
            double s = scale != NULL ? scale->values[i][j] : most;
            double relative = difference == 0.0 ? 0.0 : exact ? INFINITY : difference / s;
            if (!(relative <= worst)) {
                worst = isnan(relative) ? INFINITY : relative;
                *ret_worst = t->name;
            }
        }
    }
    return worst;
}

static inline void op_check_device(const op_case *c, const gsc_device *device,
                                   gsc_pool *const pools[2], const op_values *inputs,
                                   const op_values *expected, const op_values *scale) {
    op_values one = op_run(device, pools[0], c, GSC_F32, inputs);
    op_values two = op_run(device, pools[1], c, GSC_F32, inputs);
    const char *worst_tensor = "";
    double worst = op_deviation(c, &one, expected, scale, &worst_tensor);
    char what[240];
    snprintf(what, sizeof what, "%s on %s: deviation %.2g of %.2g allowed", c->name,
             gsc_device_name(device), worst, c->tolerance.fail);
    TAP_OK(worst <= c->tolerance.fail && one.error.status == GSC_OK, what);
    if (worst > c->tolerance.warn) {
        printf("# %s is above the warning at %.2g %s\n", worst_tensor, c->tolerance.warn,
               one.error.message);
    }
    snprintf(what, sizeof what, "%s on %s: writes its outputs only, same bits with 2 threads",
             c->name, gsc_device_name(device));
    TAP_OK(one.guards && two.guards && op_same_bits(c, &one, &two), what);
    op_clear(c, &one);
    op_clear(c, &two);
}

static inline void op_check(const op_case *c) {
    gsc_pool *pools[2] = {NULL, NULL};
    gsc_pool_new(1, &pools[0], NULL);
    gsc_pool_new(2, &pools[1], NULL);
    op_values inputs = {0}, scale = {0};
    op_draw(c, &inputs);
    op_values expected = op_run(gsc_device_ref(), NULL, c, GSC_F32, &inputs);
    if (c->by_element) {
        op_values positive = {0};
        for (size_t i = 0; i < c->n_tensors; i++) {
            size_t n = op_count_of(&c->tensors[i]);
            positive.values[i] = malloc((n + 1) * sizeof(double));
            for (size_t j = 0; j < n; j++) {
                positive.values[i][j] = fabs(inputs.values[i][j]);
            }
        }
        scale = op_run(gsc_device_ref(), NULL, c, GSC_F32, &positive);
        op_clear(c, &positive);
    }
    for (int level = 0; level < GSC_ISA_COUNT; level++) {
        const gsc_device *device = gsc_device_cpu_at((gsc_isa)level);
        if (device != NULL) {
            op_check_device(c, device, pools, &inputs, &expected, c->by_element ? &scale : NULL);
        }
    }
    op_check_device(c, gsc_device_locked(), pools, &inputs, &expected,
                    c->by_element ? &scale : NULL);
    op_clear(c, &inputs);
    op_clear(c, &expected);
    op_clear(c, &scale);
    gsc_pool_free(pools[0]);
    gsc_pool_free(pools[1]);
}

/* Runs a case on ref and cpu in f32 and expects this failure; outputs must stay as they were. */
static inline void op_check_refusal(const op_case *c, const char *message_part) {
    op_values inputs = {0};
    op_draw(c, &inputs);
    const gsc_device *devices[2] = {gsc_device_ref(), gsc_device_cpu()};
    for (int i = 0; i < 2; i++) {
        op_values out = op_run(devices[i], NULL, c, GSC_F32, &inputs);
        char what[200];
        snprintf(what, sizeof what, "%s on %s is refused", c->name, gsc_device_name(devices[i]));
        TAP_OK(out.error.status == GSC_ERR_INPUT, what);
        TAP_CONTAINS(out.error.message, message_part, "and the message says why");
        bool kept = true;
        for (size_t k = 0; k < c->n_tensors; k++) {
            const uint32_t *words = out.raw[k];
            for (size_t j = 0; c->tensors[k].role == OP_OUT && j < out.raw_bytes[k] / 4; j++) {
                kept = kept && words[j] == op_guard_word;
            }
        }
        TAP_OK(kept, "and nothing is written");
        op_clear(c, &out);
    }
    op_clear(c, &inputs);
}

/* ---- Gradients ---- */

static inline int op_find(const op_case *c, const char *name) {
    for (size_t i = 0; i < c->n_tensors; i++) {
        if (strcmp(c->tensors[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* The tensor of forward whose gradient this is, or -1. */
static inline int op_gradient_of(const op_case *forward, const char *name) {
    return name[0] == 'd' ? op_find(forward, name + 1) : -1;
}

/* sum of seed times output over the outputs that backward knows a gradient of. */
static inline double op_loss(const op_case *forward, const op_case *backward,
                             const op_values *inputs, const op_values *seeds) {
    op_values out = op_run(gsc_device_ref(), NULL, forward, GSC_F64, inputs);
    double sum = 0.0;
    for (size_t b = 0; b < backward->n_tensors; b++) {
        int f = op_gradient_of(forward, backward->tensors[b].name);
        if (f >= 0 && forward->tensors[f].role != OP_IN) {
            for (size_t j = 0; j < op_count_of(&forward->tensors[f]); j++) {
                sum += seeds->values[b][j] * out.values[f][j];
            }
        }
    }
    op_clear(forward, &out);
    return sum;
}

static inline double op_worst_quotient(const op_case *forward, const op_case *backward,
                                       op_values *inputs, const op_values *seeds,
                                       const double *gradient, int f) {
    size_t n = op_count_of(&forward->tensors[f]);
    double worst = 0.0, most = fmax(op_largest(gradient, n), 1e-3);
    for (size_t j = 0; j < n; j++) {
        double *x = &inputs->values[f][j], before = *x, step = 1e-5 * (1.0 + fabs(before));
        *x = before + step;
        double above = op_loss(forward, backward, inputs, seeds);
        *x = before - step;
        double below = op_loss(forward, backward, inputs, seeds);
        *x = before;
        worst = fmax(worst, fabs((above - below) / (2.0 * step) - gradient[j]) / most);
    }
    return worst;
}

/* Tensors match by name: backward inputs named as a tensor of forward get its values; "d" and the
 * name of an output is random; "d" and the name of an input is compared with the difference
 * quotient, where bound is the largest relative error. */
static inline void op_check_gradient(const op_case *forward, const op_case *backward,
                                     double bound) {
    op_values inputs = {0}, given = {0};
    op_draw(forward, &inputs);
    op_draw(backward, &given);
    op_values out = op_run(gsc_device_ref(), NULL, forward, GSC_F64, &inputs);
    for (size_t b = 0; b < backward->n_tensors; b++) {
        const op_tensor *t = &backward->tensors[b];
        int f = op_find(forward, t->name), of = op_gradient_of(forward, t->name);
        const op_values *from = f >= 0 && forward->tensors[f].role == OP_OUT ? &out : &inputs;
        for (size_t j = 0; j < op_count_of(t); j++) {
            if (f >= 0) {
                given.values[b][j] = from->values[f][j];
            } else if (of >= 0 && forward->tensors[of].role == OP_IN) {
                given.values[b][j] = 0.0;
            }
        }
    }
    op_values got = op_run(gsc_device_ref(), NULL, backward, GSC_F64, &given);
    for (size_t b = 0; b < backward->n_tensors; b++) {
        const op_tensor *t = &backward->tensors[b];
        int of = op_gradient_of(forward, t->name);
        if (t->role != OP_IN && of >= 0 && forward->tensors[of].role != OP_OUT) {
            double worst = op_worst_quotient(forward, backward, &inputs, &given, got.values[b], of);
            char what[200];
            snprintf(what, sizeof what, "%s: %s is the derivative, relative error %.1e",
                     backward->name, t->name, worst);
            TAP_OK(worst <= bound, what);
        }
    }
    op_clear(forward, &inputs);
    op_clear(forward, &out);
    op_clear(backward, &given);
    op_clear(backward, &got);
}

#endif

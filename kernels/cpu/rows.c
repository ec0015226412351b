/* SPDX-License-Identifier: MIT
 *
 * Ops over rows or elements on the cpu devices: cuts them over the pool by their shape alone.
 * Layer: kernels.
 */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/tasks.h"
#include "kernels/ref/ref.h"

enum {
    TASK_ELEMENTS = 16384,
    EMBED_TASKS = 16,
    REDUCE_TASKS = 64,
    COLUMNS_LEAST = 16, /* a cache line */
    COLUMNS_MOST = 64,
};

/* Cuts `all` into shares and runs them. */
static void cut(gsc_queue *queue, const void *args, size_t all, size_t share, gsc_pool_task *task) {
    gsc_cpu_work work = {.args = args, .share = share};
    gsc_pool_run(queue->pool, (all + share - 1) / share, task, &work);
}

static void cut_rows(gsc_queue *queue, const void *args, size_t rows, size_t columns,
                     gsc_pool_task *task) {
    if (rows > 0 && columns > 0) {
        cut(queue, args, rows, columns < TASK_ELEMENTS ? TASK_ELEMENTS / columns : 1, task);
    }
}

/* About eight tasks or more where there are columns for them. */
static void cut_columns(gsc_queue *queue, const void *args, size_t columns, gsc_pool_task *task) {
    size_t share = columns / 8 / COLUMNS_LEAST * COLUMNS_LEAST;
    share = share < COLUMNS_LEAST ? COLUMNS_LEAST : share > COLUMNS_MOST ? COLUMNS_MOST : share;
    cut(queue, args, columns, share, task);
}

#define GSC_PICK_TASK(stem) GSC_ISA_PICK(queue->device->isa, stem)

static void embed_cpu(gsc_queue *queue, const gsc_embed_args *a) {
    if (a->dtype != GSC_F32) {
        gsc_embed_ref(queue, a);
    } else if (gsc_check_indices(queue, "embed", "token", a->token, a->rows, a->vocabulary)) {
        cut_rows(queue, a, a->rows, a->columns, GSC_PICK_TASK(gsc_embed_task));
    }
}

static void embed_backward_cpu(gsc_queue *queue, const gsc_embed_args *a) {
    if (a->dtype != GSC_F32) {
        gsc_embed_backward_ref(queue, a);
    } else if (gsc_check_indices(queue, "embed_backward", "token", a->token, a->rows,
                                 a->vocabulary) &&
               a->rows > 0) {
        bool small = a->rows * a->columns < TASK_ELEMENTS;
        size_t share = small ? a->vocabulary : (a->vocabulary + EMBED_TASKS - 1) / EMBED_TASKS;
        cut(queue, a, a->vocabulary, share, GSC_PICK_TASK(gsc_embed_backward_task));
    }
}

static void bias_cpu(gsc_queue *queue, const gsc_bias_args *a) {
    if (a->dtype != GSC_F32) {
        gsc_bias_ref(queue, a);
    } else {
        cut_rows(queue, a, a->rows, a->columns, GSC_PICK_TASK(gsc_bias_task));
    }
}

static void bias_backward_cpu(gsc_queue *queue, const gsc_bias_args *a) {
    if (a->dtype != GSC_F32) {
        gsc_bias_backward_ref(queue, a);
    } else {
        cut_columns(queue, a, a->columns, GSC_PICK_TASK(gsc_bias_backward_task));
    }
}

static void rope_cpu(gsc_queue *queue, const gsc_rope_args *a) {
    if (a->dtype != GSC_F32) {
        gsc_rope_ref(queue, a);
    } else {
        cut_rows(queue, a, a->rows, a->heads * a->rotated, GSC_PICK_TASK(gsc_rope_task));
    }
}

static void norm_cpu(gsc_queue *queue, const gsc_norm_args *a) {
    if (a->dtype != GSC_F32) {
        gsc_norm_ref(queue, a);
    } else {
        cut_rows(queue, a, a->rows, a->columns, GSC_PICK_TASK(gsc_norm_task));
    }
}

/* What tasks summed, in their order, to dgain and dbias. */
static void add_norm_sums(const gsc_cpu_norm_work *w, size_t tasks) {
    float *dgain = (float *)w->args->dgain + w->first, *dbias = w->args->dbias;
    for (size_t l = 0; l < w->width; l++) {
        const double *partial = w->partial + l;
        double gain = dgain[l], bias = dbias != NULL ? dbias[w->first + l] : 0.0;
        for (size_t i = 0; i < tasks; i++, partial += 2 * w->width) {
            gain += partial[0];
            bias += partial[w->width];
        }
        dgain[l] = (float)gain;
        if (dbias != NULL) {
            dbias[w->first + l] = (float)bias;
        }
    }
}

static void norm_backward_cpu(gsc_queue *queue, const gsc_norm_args *a) {
    if (a->dtype != GSC_F32) {
        gsc_norm_backward_ref(queue, a);
        return;
    }
    double partial[2 * GSC_CPU_NORM_TASKS * GSC_CPU_NORM_COLUMNS];
    gsc_cpu_norm_work w = {.args = a, .partial = partial};
    const size_t least = (a->rows + GSC_CPU_NORM_TASKS - 1) / GSC_CPU_NORM_TASKS;
    w.share = (least + GSC_CPU_SUM_ROWS - 1) / GSC_CPU_SUM_ROWS * GSC_CPU_SUM_ROWS;
    for (; w.first < a->columns && a->rows > 0; w.first += GSC_CPU_NORM_COLUMNS) {
        const size_t left = a->columns - w.first, tasks = (a->rows + w.share - 1) / w.share;
        w.width = left < GSC_CPU_NORM_COLUMNS ? left : GSC_CPU_NORM_COLUMNS;
        gsc_pool_run(queue->pool, tasks, GSC_PICK_TASK(gsc_norm_backward_task), &w);
        add_norm_sums(&w, tasks);
    }
}

static void cross_entropy_cpu(gsc_queue *queue, const gsc_cross_entropy_args *a) {
    if (a->dtype != GSC_F32) {
        gsc_cross_entropy_ref(queue, a);
    } else if (gsc_check_targets(queue, a)) {
        cut_rows(queue, a, a->rows, a->vocabulary, GSC_PICK_TASK(gsc_cross_entropy_task));
    }
}

static void gather_rows_cpu(gsc_queue *queue, const gsc_combine_args *a) {
    if (a->dtype != GSC_F32) {
        gsc_gather_rows_ref(queue, a);
    } else if (gsc_check_indices(queue, "gather_rows", "row", a->row, a->slots, a->rows)) {
        cut_rows(queue, a, a->slots, a->columns, GSC_PICK_TASK(gsc_gather_rows_task));
    }
}

static void combine_cpu(gsc_queue *queue, const gsc_combine_args *a) {
    if (a->dtype != GSC_F32) {
        gsc_combine_ref(queue, a);
    } else if (gsc_check_bounds(queue, "combine", "start", a->start, a->rows, a->slots) &&
               gsc_check_indices(queue, "combine", "slot", a->slot, a->slots, a->slots)) {
        cut_rows(queue, a, a->rows, a->columns, GSC_PICK_TASK(gsc_combine_task));
    }
}

static void combine_backward_cpu(gsc_queue *queue, const gsc_combine_args *a) {
    static const char op[] = "combine_backward";
    if (a->dtype != GSC_F32 || a->columns == 0) {
        gsc_combine_backward_ref(queue, a);
    } else if (gsc_check_indices(queue, op, "choice", a->choice, a->slots, a->slots)) {
        cut_rows(queue, a, a->slots, a->columns, GSC_PICK_TASK(gsc_combine_backward_task));
    }
}

static void linear_cpu(gsc_queue *queue, const gsc_linear_args *a) {
    if (a->dtype != GSC_F32) {
        gsc_linear_ref(queue, a);
    } else {
        cut(queue, a, a->count, TASK_ELEMENTS, GSC_PICK_TASK(gsc_linear_task));
    }
}

static void copy_cpu(gsc_queue *queue, const gsc_copy_args *a) {
    if (a->y_dtype == a->x_dtype) {
        gsc_copy_ref(queue, a);
    } else {
        cut(queue, a, a->count, TASK_ELEMENTS, GSC_PICK_TASK(gsc_copy_task));
    }
}

static void map_task(void *data, size_t task, size_t worker) {
    const gsc_cpu_work *w = data;
    const gsc_map_args *a = w->args;
    size_t end = gsc_cpu_share_end(w, task, a->count);
    for (size_t i = task * w->share; i < end; i += GSC_MAP_CHUNK) {
        gsc_map_chunk(a, i, end - i < GSC_MAP_CHUNK ? end - i : GSC_MAP_CHUNK);
    }
}

static void map_cpu(gsc_queue *queue, const gsc_map_args *a) {
    cut(queue, a, a->count, TASK_ELEMENTS, map_task);
}

static void reduce_cpu(gsc_queue *queue, const gsc_reduce_args *a) {
    if (a->dtype != GSC_F32) {
        gsc_reduce_ref(queue, a);
        return;
    }
    double partial[REDUCE_TASKS];
    size_t share = (a->count / REDUCE_TASKS + TASK_ELEMENTS) / TASK_ELEMENTS * TASK_ELEMENTS;
    size_t tasks = (a->count + share - 1) / share;
    gsc_cpu_work work = {.args = a, .share = share, .partial = partial};
    gsc_pool_run(queue->pool, tasks, GSC_PICK_TASK(gsc_reduce_task), &work);
    if (a->reduction == GSC_REDUCE_NOT_FINITE) {
        int32_t index = -1;
        for (size_t i = 0; i < tasks && index < 0; i++) {
            index = (int32_t)partial[i];
        }
        *(int32_t *)a->result = index;
        return;
    }
    double sum = 0.0, *result = a->result;
    for (size_t i = 0; i < tasks; i++) {
        sum += partial[i];
    }
    *result = a->accumulate ? *result + sum : sum;
}

static void adamw_cpu(gsc_queue *queue, const gsc_adamw_args *a) {
    if (a->dtype != GSC_F32) {
        gsc_adamw_ref(queue, a);
    } else {
        cut(queue, a, a->count, TASK_ELEMENTS, GSC_PICK_TASK(gsc_adamw_task));
    }
}

void gsc_cpu_fill_rows(gsc_ops *ops) {
    ops->embed = embed_cpu;
    ops->embed_backward = embed_backward_cpu;
    ops->bias = bias_cpu;
    ops->bias_backward = bias_backward_cpu;
    ops->rope = rope_cpu;
    ops->norm = norm_cpu;
    ops->norm_backward = norm_backward_cpu;
    ops->cross_entropy = cross_entropy_cpu;
    ops->gather_rows = gather_rows_cpu;
    ops->combine = combine_cpu;
    ops->combine_backward = combine_backward_cpu;
    ops->linear = linear_cpu;
    ops->copy = copy_cpu;
    ops->map = map_cpu;
    ops->reduce = reduce_cpu;
    ops->adamw = adamw_cpu;
}

/* SPDX-License-Identifier: MIT
 *
 * Life of a model, its arenas, its forecast. Layer: core/lm.
 */
#include "core/lm/model_internal.h"

#include "kernels/elementwise.h"
#include "kernels/grouped.h"
#include "kernels/rope.h"

#include <stdlib.h>
#include <string.h>

enum {
    DRAWN_AT_ONCE = 1 << 16
};

size_t gsc_lm_workspace_bytes(const gsc_lm_shape *shape, unsigned threads) {
    const size_t attention =
        gsc_attention_workspace_bytes(shape->context, shape->head_size, threads);
    const size_t experts = gsc_grouped_workspace_bytes(shape->width, threads);
    return attention > experts ? attention : experts;
}

/* Whether the gradient is one product's, which may write it: it need not be 0 before. */
static bool is_one_product(gsc_lm_role role) {
    switch (role) {
    case GSC_LM_QKV:
    case GSC_LM_OUT:
    case GSC_LM_IN:
    case GSC_LM_IN_GATE:
    case GSC_LM_DOWN:
    case GSC_LM_SHARED_IN:
    case GSC_LM_SHARED_GATE:
    case GSC_LM_SHARED_DOWN:
    case GSC_LM_HEAD:
        return true;
    default:
        return false;
    }
}

void gsc_lm_forget_gradients(gsc_lm *self) {
    for (size_t i = 0; i < self->parameters.count; i++) {
        const gsc_lm_parameter *p = &self->parameters.list[i];
        if (!is_one_product(p->role)) {
            const gsc_view gradient = gsc_lm_view(self, GSC_LM_GRADIENTS, p);
            gsc_set(self->queue, &gradient, 0.0);
        }
    }
    self->forgotten = true;
}

const gsc_lm_shape *gsc_lm_get_shape(const gsc_lm *self) {
    return &self->shape;
}

const gsc_lm_parameters *gsc_lm_get_parameters(const gsc_lm *self) {
    return &self->parameters;
}

const gsc_lm_state *gsc_lm_states(const gsc_lm *self, size_t *ret_count) {
    *ret_count = self->n_states;
    return self->states;
}

/* ---- Arenas ---- */

gsc_view gsc_lm_view(const gsc_lm *self, gsc_lm_arena arena, const gsc_lm_parameter *parameter) {
    gsc_view view = {.buf = self->arenas[arena],
                     .offset = parameter->offset,
                     .dtype = self->dtype,
                     .dims = parameter->dims};
    memcpy(view.shape, parameter->shape, sizeof parameter->shape);
    return view;
}

gsc_view gsc_lm_arena_view(const gsc_lm *self, gsc_lm_arena arena) {
    return (gsc_view){.buf = self->arenas[arena],
                      .dtype = self->dtype,
                      .dims = 1,
                      .shape = {(int64_t)self->parameters.elements}};
}

gsc_status gsc_lm_read(gsc_lm *self, gsc_lm_arena arena, const gsc_lm_parameter *parameter,
                       size_t first, size_t count, double *ret_values, gsc_error *error) {
    const size_t bytes = gsc_dtype_bytes(self->dtype);
    const gsc_status status =
        gsc_buf_read(self->queue, self->arenas[arena], (parameter->offset + first) * bytes,
                     count * bytes, ret_values, error);
    for (size_t i = count; status == GSC_OK && self->dtype == GSC_F32 && i > 0; i--) {
        float value;
        memcpy(&value, (const char *)ret_values + (i - 1) * sizeof value, sizeof value);
        ret_values[i - 1] = value;
    }
    return status;
}

gsc_status gsc_lm_write(gsc_lm *self, gsc_lm_arena arena, const gsc_lm_parameter *parameter,
                        size_t first, size_t count, const double *values, gsc_error *error) {
    enum {
        SOME = 4096
    };
    const size_t bytes = gsc_dtype_bytes(self->dtype);
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < count && status == GSC_OK; i += SOME) {
        const size_t n = count - i < SOME ? count - i : SOME;
        float narrow[SOME];
        for (size_t k = 0; k < n; k++) {
            narrow[k] = (float)values[i + k];
        }
        status = gsc_buf_write(
            self->queue, self->arenas[arena], (parameter->offset + first + i) * bytes,
            self->dtype == GSC_F32 ? (const void *)narrow : values + i, n * bytes, error);
    }
    return status;
}

static gsc_status draw(gsc_lm *self, gsc_error *error) {
    double *values = malloc(DRAWN_AT_ONCE * sizeof *values);
    if (values == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for first weights");
    }
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < self->parameters.count && status == GSC_OK; i++) {
        const gsc_lm_parameter *p = &self->parameters.list[i];
        for (size_t first = 0; first < p->count && status == GSC_OK; first += DRAWN_AT_ONCE) {
            const size_t left = p->count - first, n = left < DRAWN_AT_ONCE ? left : DRAWN_AT_ONCE;
            gsc_lm_parameter_draw(p, self->options.seed, first, n, values);
            status = gsc_lm_write(self, GSC_LM_VALUES, p, first, n, values, error);
        }
    }
    free(values);
    return status;
}

/* ---- Life ---- */

static void find_weights(gsc_lm *self) {
    for (size_t i = 0; i < self->parameters.count; i++) {
        const gsc_lm_parameter *p = &self->parameters.list[i];
        if (p->role == GSC_LM_GATE_TENSOR || p->role == GSC_LM_EXPERT_TENSOR) {
            continue;
        }
        lm_layer *l = &self->layers[p->layer];
        if (p->role >= GSC_LM_IN && p->role <= GSC_LM_DOWN) {
            const int at = (int)p->role - GSC_LM_IN;
            l->kind_values[p->which][at] = gsc_lm_view(self, GSC_LM_VALUES, p);
            if (self->options.training) {
                l->kind_gradients[p->which][at] = gsc_lm_view(self, GSC_LM_GRADIENTS, p);
            }
            continue;
        }
        gsc_view *values = p->role < GSC_LM_GAIN_1 ? &self->globals[p->role] : &l->values[p->role];
        gsc_view *gradients =
            p->role < GSC_LM_GAIN_1 ? &self->global_gradients[p->role] : &l->gradients[p->role];
        *values = gsc_lm_view(self, GSC_LM_VALUES, p);
        if (self->options.training) {
            *gradients = gsc_lm_view(self, GSC_LM_GRADIENTS, p);
        }
    }
}

static gsc_status make_buffers(gsc_lm *self, gsc_error *error) {
    const size_t bytes = gsc_dtype_bytes(self->dtype);
    gsc_status status = GSC_OK;
    for (int i = 0; i < (self->options.training ? GSC_LM_ARENAS : 1) && status == GSC_OK; i++) {
        status =
            gsc_buf_new(self->queue, self->parameters.elements * bytes, &self->arenas[i], error);
    }
    lm_lay_out(self);
    const size_t sizes[] = {self->used[0] * bytes, self->used[1] * 4, self->used[2] * 8};
    gsc_buf **const buffers[] = {&self->activations, &self->indices, &self->doubles};
    for (size_t i = 0; i < 3 && status == GSC_OK; i++) {
        status = gsc_buf_new(self->queue, sizes[i], buffers[i], error);
    }
    lm_lay_out(self);
    find_weights(self);
    return status;
}

static gsc_status write_constants(gsc_lm *self, gsc_error *error) {
    if (self->shape.rotated > 0) {
        gsc_rope_table(self->queue, &self->rope, self->shape.rope_base);
    }
    return gsc_queue_finish(self->queue, error);
}

/* Shape, parameters and sizes; what a forecast needs too. */
static gsc_status begin(gsc_lm *self, const gsc_lm_shape *shape, const gsc_lm_options *options,
                        gsc_error *error) {
    self->shape = *shape;
    self->options = *options;
    gsc_status status = gsc_lm_shape_check(&self->shape, error);
    if (status == GSC_OK) {
        status = lm_measure(self, error);
    }
    if (status == GSC_OK) {
        status = gsc_lm_parameters_init(&self->parameters, &self->shape, error);
    }
    self->layers = status == GSC_OK ? calloc(shape->layers, sizeof *self->layers) : NULL;
    if (status == GSC_OK && self->layers == NULL) {
        status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu layers", shape->layers);
    }
    return status;
}

gsc_status gsc_lm_new(gsc_queue *queue, const gsc_lm_shape *shape, const gsc_lm_options *options,
                      gsc_lm **ret_model, gsc_error *error) {
    gsc_lm *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a model");
    }
    self->queue = queue;
    gsc_status status = begin(self, shape, options, error);
    if (status == GSC_OK) {
        status = make_buffers(self, error);
    }
    if (status == GSC_OK) {
        status = lm_gates_init(self, error);
    }
    if (status == GSC_OK) {
        status = write_constants(self, error);
    }
    if (status == GSC_OK) {
        status = draw(self, error);
    }
    if (status != GSC_OK) {
        gsc_lm_free(self);
        return status;
    }
    *ret_model = self;
    return GSC_OK;
}

void gsc_lm_free(gsc_lm *self) {
    if (self == NULL) {
        return;
    }
    if (self->layers != NULL) {
        lm_gates_clear(self);
    }
    for (int i = 0; i < GSC_LM_ARENAS; i++) {
        gsc_buf_free(self->arenas[i]);
    }
    gsc_buf_free(self->activations);
    gsc_buf_free(self->indices);
    gsc_buf_free(self->doubles);
    gsc_lm_parameters_clear(&self->parameters);
    free(self->layers);
    free(self);
}

gsc_status gsc_lm_forecast_of(const gsc_lm_shape *shape, const gsc_lm_options *options,
                              gsc_lm_forecast *ret_forecast, gsc_error *error) {
    gsc_lm self = {0};
    const gsc_status status = begin(&self, shape, options, error);
    if (status == GSC_OK) {
        const size_t bytes = gsc_dtype_bytes(options->dtype);
        lm_lay_out(&self);
        ret_forecast->parameters =
            self.parameters.elements * bytes * (options->training ? GSC_LM_ARENAS : 1);
        ret_forecast->activations = self.used[0] * bytes + self.used[1] * 4 + self.used[2] * 8;
        const unsigned threads = gsc_pool_threads(options->pool);
        ret_forecast->host = lm_host_bytes(&self) + gsc_lm_workspace_bytes(&self.shape, threads) +
                             gsc_device_own_bytes(gsc_device_cpu(), threads);
        ret_forecast->total =
            ret_forecast->parameters + ret_forecast->activations + ret_forecast->host;
    }
    gsc_lm_parameters_clear(&self.parameters);
    free(self.layers);
    return status;
}

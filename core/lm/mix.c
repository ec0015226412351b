/* SPDX-License-Identifier: MIT
 *
 * Gates that mix a sequence's tokens (the extension gate.mix/1): dispatch and combine matrices on
 * the host, a sequence a task, and their products on the device. Slot s of a sequence is a row that
 * chose one expert, so that the experts of experts.c serve as they are. Layer: core/lm.
 */
#include "core/lm/model_internal.h"

#include "core/plugin/guard.h"
#include "kernels/elementwise.h"
#include "kernels/matmul.h"

#include <math.h>

typedef struct work {
    gsc_lm *model;
    lm_gate *gate;
    bool backward;
} work;

static void run_sequence(void *data, size_t s, size_t worker) {
    const work *w = data;
    gsc_lm *self = w->model;
    const size_t rows = self->shape.context, first = s * rows, at = first * self->slots;
    const gsc_gate_pass *pass = &w->gate->pass;
    const double *z = pass->z + first * self->shape.logits;
    gsc_call call = pass->call;
    (void)worker;
    call.rows = (int64_t)rows;
    call.first_row += (int64_t)first;
    call.sequences = NULL;
    call.n_sequences = 1;
    if (call.tokens != NULL) {
        call.tokens += first;
    }
    gsc_guard_enter(pass->name, w->backward ? "mix_backward" : "mix");
    if (w->backward) {
        self->shape.mix.mix_backward(&call, z, self->dispatch_host + at, self->combine_host + at,
                                     self->ddispatch_host + at, self->dcombine_host + at,
                                     self->mix_dz + first * self->shape.logits);
    } else {
        self->shape.mix.mix(&call, z, self->dispatch_host + at, self->combine_host + at);
    }
    gsc_guard_leave();
}

/* On any thread, unless the gate adds to gradients of its own, which the sequences share. */
static void run_sequences(gsc_lm *self, size_t layer, bool backward) {
    work w = {.model = self, .gate = &self->layers[layer].gate, .backward = backward};
    const gsc_plugin *plugin = self->shape.gate.loaded->plugin;
    bool alone = true;
    for (uint32_t i = 0; i < plugin->n_tensors; i++) {
        alone = alone && plugin->tensors[i].role != GSC_TENSOR_TRAINED;
    }
    if (alone) {
        gsc_pool_run(self->options.pool, self->options.sequences, run_sequence, &w);
        return;
    }
    for (size_t s = 0; s < self->options.sequences; s++) {
        run_sequence(&w, s, 0);
    }
}

static gsc_status check(const gsc_lm *self, const char *function, const double *values,
                        size_t columns, gsc_error *error) {
    for (size_t i = 0; i < self->rows * columns; i++) {
        if (!isfinite(values[i])) {
            return gsc_fail(error, GSC_ERR_PLUGIN,
                            "gate %s: %s returned %g (row %zu, column %zu); it must be finite",
                            self->shape.gate.loaded->plugin->id, function,
                            isnan(values[i]) ? NAN : values[i], i / columns, i % columns);
        }
    }
    return GSC_OK;
}

static gsc_status make_matrices(gsc_lm *self, size_t layer, gsc_error *error) {
    lm_layer *l = &self->layers[layer];
    const size_t count = self->rows * self->slots;
    run_sequences(self, layer, false);
    gsc_status status = check(self, "dispatch of mix", self->dispatch_host, self->slots, error);
    if (status == GSC_OK) {
        status = check(self, "combine of mix", self->combine_host, self->slots, error);
    }
    if (status == GSC_OK) {
        status = lm_put_doubles(self, &l->mix_dispatch, &self->row_double, count,
                                self->dispatch_host, error);
    }
    return status == GSC_OK ? lm_put_doubles(self, &l->mix_combine, &self->row_double, count,
                                             self->combine_host, error)
                            : status;
}

/* Views of one sequence: of tokens, of slots. */
static gsc_view of_tokens(const gsc_lm *self, gsc_view view, size_t s) {
    return lm_rows_from(view, s * self->shape.context, self->shape.context);
}
static gsc_view of_slots(const gsc_lm *self, gsc_view view, size_t s) {
    return lm_rows_from(view, s * self->slots, self->slots);
}

gsc_status lm_mix_forward(gsc_lm *self, size_t layer, const gsc_view *x_next, gsc_error *error) {
    lm_layer *l = &self->layers[layer];
    gsc_status status = make_matrices(self, layer, error);
    for (size_t s = 0; s < self->options.sequences && status == GSC_OK; s++) {
        const gsc_view in = of_slots(self, l->mixed, s);
        const gsc_view dispatch = of_tokens(self, l->mix_dispatch, s);
        const gsc_view x = of_tokens(self, l->normed_2, s);
        gsc_matmul(self->queue, &in, &dispatch, &x, true, false, false);
    }
    gsc_set(self->queue, &l->mix_out, 0.0);
    if (status == GSC_OK) {
        status = lm_routed_forward(self, layer, &l->mix_out, &l->mixed, error);
    }
    for (size_t s = 0; s < self->options.sequences && status == GSC_OK; s++) {
        const gsc_view out = of_slots(self, l->mix_out, s);
        const gsc_view combine = of_tokens(self, l->mix_combine, s);
        const gsc_view y = of_tokens(self, *x_next, s);
        gsc_matmul(self->queue, &y, &combine, &out, false, false, true);
    }
    return status;
}

gsc_status lm_mix_backward(gsc_lm *self, size_t layer, gsc_error *error) {
    lm_layer *l = &self->layers[layer];
    const size_t sequences = self->options.sequences;
    for (size_t s = 0; s < sequences; s++) {
        const gsc_view dout = of_slots(self, self->dmix_out, s);
        const gsc_view out = of_slots(self, l->mix_out, s), dy = of_tokens(self, self->dx, s);
        const gsc_view combine = of_tokens(self, l->mix_combine, s);
        const gsc_view dcombine = of_tokens(self, self->dmix_combine, s);
        gsc_matmul(self->queue, &dout, &combine, &dy, true, false, false);
        gsc_matmul(self->queue, &dcombine, &dy, &out, false, true, false);
    }
    gsc_set(self->queue, &self->dmixed, 0.0);
    const gsc_status status =
        lm_routed_backward(self, layer, &self->dmixed, &self->dmix_out, &l->mixed, error);
    for (size_t s = 0; s < sequences; s++) {
        const gsc_view din = of_slots(self, self->dmixed, s);
        const gsc_view x = of_tokens(self, l->normed_2, s), dx = of_tokens(self, self->dn, s);
        const gsc_view dispatch = of_tokens(self, l->mix_dispatch, s);
        const gsc_view ddispatch = of_tokens(self, self->dmix_dispatch, s);
        gsc_matmul(self->queue, &dx, &dispatch, &din, false, false, true);
        gsc_matmul(self->queue, &ddispatch, &x, &din, false, true, false);
    }
    return status;
}

gsc_status lm_mix_logits_backward(gsc_lm *self, size_t layer, gsc_error *error) {
    lm_layer *l = &self->layers[layer];
    const size_t count = self->rows * self->slots, m = self->shape.logits;
    const struct {
        const gsc_view *view;
        double *values;
    } reads[] = {{&l->mix_dispatch, self->dispatch_host},
                 {&l->mix_combine, self->combine_host},
                 {&self->dmix_dispatch, self->ddispatch_host},
                 {&self->dmix_combine, self->dcombine_host}};
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < sizeof reads / sizeof reads[0] && status == GSC_OK; i++) {
        status =
            lm_get_doubles(self, reads[i].view, &self->row_double, count, reads[i].values, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    run_sequences(self, layer, true);
    status = check(self, "mix_backward", self->mix_dz, m, error);
    for (size_t i = 0; i < self->rows * m; i++) {
        self->z_host[i] += self->mix_dz[i];
    }
    return status;
}

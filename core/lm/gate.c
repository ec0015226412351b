/* SPDX-License-Identifier: MIT
 *
 * Gates and balancers of the layers: their stages on the host, and what moves between host and
 * device. Layer: core/lm.
 */
#include "core/lm/model_internal.h"

#include "core/plugin/guard.h"
#include "kernels/dispatch.h"
#include "kernels/elementwise.h"
#include "kernels/matmul.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

/* ---- Moves ---- */

gsc_status lm_put(gsc_lm *self, const gsc_view *view, const void *from, size_t count,
                  gsc_error *error) {
    const size_t bytes = gsc_dtype_bytes(view->dtype);
    return gsc_buf_write(self->queue, view->buf, view->offset * bytes, from, count * bytes, error);
}

gsc_status lm_get_doubles(gsc_lm *self, const gsc_view *view, const gsc_view *through, size_t count,
                          double *ret_values, gsc_error *error) {
    const gsc_view from = lm_vector(*view, count), to = lm_vector(*through, count);
    gsc_copy(self->queue, &to, &from);
    return gsc_buf_read(self->queue, to.buf, to.offset * sizeof(double), count * sizeof(double),
                        ret_values, error);
}

gsc_status lm_put_doubles(gsc_lm *self, const gsc_view *view, const gsc_view *through, size_t count,
                          const double *values, gsc_error *error) {
    const gsc_view to = lm_vector(*view, count), from = lm_vector(*through, count);
    const gsc_status status = lm_put(self, &from, values, count, error);
    gsc_copy(self->queue, &to, &from);
    return status;
}

/* gradient += values, count numbers. */
static gsc_status add_doubles(gsc_lm *self, const gsc_view *gradient, const double *values,
                              size_t count, gsc_error *error) {
    const gsc_view scratch = lm_vector(self->gathered, count), to = lm_vector(*gradient, count);
    const gsc_status status =
        lm_put_doubles(self, &scratch, &self->row_double, count, values, error);
    gsc_axpy(self->queue, &to, 1.0, &scratch);
    return status;
}

/* ---- What the host needs before a score or a stage ---- */

static uint64_t key_of(const gsc_lm *self, size_t layer, int64_t step) {
    return gsc_random_bits(self->options.seed, layer, (uint64_t)step);
}

double gsc_lm_course_at(const gsc_lm_plugin *plugin, const gsc_lm_course *course, int64_t step) {
    const double value = gsc_spec_schedule_at(&course->schedule, (double)step);
    return plugin->loaded->plugin->params[course->param].type == GSC_PARAM_REAL ? value
                                                                                : round(value);
}

static void follow(gsc_lm_plugin *plugin, int64_t step) {
    for (size_t i = 0; i < plugin->n_courses; i++) {
        const gsc_lm_course *course = &plugin->courses[i];
        plugin->params[course->param] = gsc_lm_course_at(plugin, course, step);
    }
}

/* Parameters with a schedule take the step's value. */
static void follow_courses(gsc_lm *self, int64_t step) {
    gsc_lm_shape *s = &self->shape;
    follow(&s->gate, step);
    follow(&s->expert, step);
    for (size_t i = 0; i < s->n_more_experts; i++) {
        follow(&s->more_experts[i], step);
    }
    for (size_t i = 0; i < s->n_balancers; i++) {
        follow(&s->balancers[i], step);
    }
}

gsc_status lm_gates_begin(gsc_lm *self, const gsc_lm_batch *batch, gsc_error *error) {
    const gsc_capabilities has = self->shape.gate.loaded->plugin->capabilities;
    for (size_t t = 0; t < self->rows; t++) {
        self->tokens_host[t] = batch->tokens[t];
    }
    follow_courses(self, batch->step);
    for (size_t layer = 0; layer < self->shape.layers; layer++) {
        gsc_call *call = &self->layers[layer].gate.pass.call;
        call->first_row = batch->first_row;
        call->step = (has & GSC_CAP_STEP) != 0 ? batch->step : -1;
        call->random_key = (has & GSC_CAP_RANDOM) != 0 ? key_of(self, layer, batch->step) : 0;
    }
    gsc_guard_set_step(batch->step);
    gsc_status status = lm_put(self, &self->tokens, batch->tokens, self->rows, error);
    return status == GSC_OK ? lm_put(self, &self->targets, batch->targets, self->rows, error)
                            : status;
}

static gsc_status read_tensors(gsc_lm *self, size_t layer, gsc_error *error) {
    const gsc_plugin *plugin = self->shape.gate.loaded->plugin;
    gsc_status status = GSC_OK;
    for (uint32_t i = 0; i < plugin->n_tensors && status == GSC_OK; i++) {
        const gsc_lm_parameter *p =
            gsc_lm_parameters_find(&self->parameters, GSC_LM_GATE_TENSOR, layer, i);
        if (p != NULL) {
            status = gsc_lm_read(self, GSC_LM_VALUES, p, 0, p->count,
                                 self->layers[layer].gate.tensors[i], error);
        }
    }
    return status;
}

/* x, and the gate's weights, for scores that the host computes. */
static gsc_status read_inputs(gsc_lm *self, size_t layer, bool jitter, gsc_error *error) {
    const lm_layer *l = &self->layers[layer];
    const size_t d = self->shape.width;
    gsc_status status = read_tensors(self, layer, error);
    if (status == GSC_OK && self->host_score) {
        status = lm_get_doubles(self, &l->normed_2, &self->row_double, self->rows * d, self->x_host,
                                error);
        for (size_t i = 0; jitter && i < self->rows * d; i++) {
            self->x_host[i] *= self->jitter_host[i];
        }
    }
    if (status == GSC_OK && self->host_score && self->has_gate_weight) {
        status = lm_get_doubles(self, &l->values[GSC_LM_GATE], &self->row_double,
                                self->shape.logits * d, self->w_host, error);
    }
    return status;
}

/* To z_single, or where numbers are doubles to the pass. */
static gsc_status read_logits(gsc_lm *self, size_t layer, bool jitter, gsc_error *error) {
    const lm_layer *l = &self->layers[layer];
    const size_t bytes = gsc_dtype_bytes(self->dtype), count = self->rows * self->shape.logits;
    if (self->host_score || count == 0) {
        return GSC_OK;
    }
    gsc_status status = jitter ? lm_jitter_apply(self, &self->gate_x, &l->normed_2, error) : GSC_OK;
    gsc_matmul(self->queue, &self->z, jitter ? &self->gate_x : &l->normed_2,
               &l->values[GSC_LM_GATE], false, true, false);
    void *to = self->dtype == GSC_F32 ? (void *)self->z_single : l->gate.pass.z;
    return status == GSC_OK ? gsc_buf_read(self->queue, self->z.buf, self->z.offset * bytes,
                                           count * bytes, to, error)
                            : status;
}

/* ---- Balancers ---- */

static gsc_call balancer_call(const gsc_lm *self, size_t layer, const gsc_lm_plugin *balancer,
                              int64_t step) {
    gsc_call call = self->layers[layer].gate.pass.call;
    const gsc_capabilities has = balancer->loaded->plugin->capabilities;
    call.params = balancer->params;
    call.tensors = self->layers[layer].gate.balance[balancer - self->shape.balancers];
    call.gradients = NULL;
    call.step = (has & GSC_CAP_STEP) != 0 ? step : -1;
    call.random_key = 0;
    return call;
}

/* Where p need not sum to 1: q = p / its sum. */
static const double *normalised(gsc_lm *self, const double *p) {
    const size_t e = self->shape.experts;
    for (size_t t = 0; self->no_sum && t < self->rows; t++) {
        double sum = 1e-20;
        for (size_t j = 0; j < e; j++) {
            sum += p[t * e + j];
        }
        for (size_t j = 0; j < e; j++) {
            self->q[t * e + j] = p[t * e + j] / sum;
        }
    }
    return self->no_sum ? self->q : p;
}

/* dp, which holds what comes back to q = p / sum p, as what comes back to p. */
static void normalised_backward(gsc_lm *self, const double *p, double *dp) {
    const size_t e = self->shape.experts;
    for (size_t t = 0; t < self->rows; t++) {
        const double *q = self->q + t * e;
        double *dq = dp + t * e;
        double sum = 1e-20, mean = 0;
        for (size_t j = 0; j < e; j++) {
            sum += p[t * e + j];
            mean += dq[j] * q[j];
        }
        for (size_t j = 0; j < e; j++) {
            dq[j] = (dq[j] - mean) / sum;
        }
    }
}

static bool has_loss(const gsc_lm_plugin *balancer) {
    return balancer->loaded->balancer->loss != NULL && balancer->coefficient != 0;
}

/* Whether dp of the pass and z_host hold what comes back of a layer beside the weights' own. */
static bool holds_more(const gsc_lm *self) {
    bool any = self->mixes;
    for (size_t i = 0; i < self->shape.n_balancers; i++) {
        any = any || has_loss(&self->shape.balancers[i]);
    }
    return any;
}

static void clear_more(gsc_lm *self, lm_gate *gate) {
    if (!gate->dp_is_clear) {
        memset(gate->pass.dp, 0, self->rows * self->shape.experts * sizeof *gate->pass.dp);
    }
    if (!self->z_is_clear) {
        memset(self->z_host, 0, self->rows * self->shape.logits * sizeof *self->z_host);
    }
    gate->dp_is_clear = self->z_is_clear = false;
}

/* dp of the pass, z_host = scale * coefficient * gradient of the balancers; the sum of coefficient *
 * loss. */
static gsc_status balance_layer(gsc_lm *self, size_t layer, int64_t step, double scale,
                                double *ret_balance, gsc_error *error) {
    const gsc_gate_pass *pass = &self->layers[layer].gate.pass;
    *ret_balance = 0;
    if (!holds_more(self)) {
        return GSC_OK;
    }
    clear_more(self, &self->layers[layer].gate);
    const double *p = self->shape.n_balancers > 0 ? normalised(self, pass->p) : pass->p;
    for (size_t i = 0; i < self->shape.n_balancers; i++) {
        const gsc_lm_plugin *balancer = &self->shape.balancers[i];
        if (!has_loss(balancer)) {
            continue;
        }
        const gsc_call call = balancer_call(self, layer, balancer, step);
        gsc_guard_enter(self->balancer_names[i], "loss");
        const double loss =
            balancer->loaded->balancer->loss(&call, pass->z, p, &pass->choice,
                                             scale * balancer->coefficient, pass->dp, self->z_host);
        gsc_guard_leave();
        if (!isfinite(loss)) {
            return gsc_fail(error, GSC_ERR_PLUGIN, "%s: loss returned %g; it must be finite",
                            self->balancer_names[i], loss);
        }
        *ret_balance += balancer->coefficient * loss;
    }
    if (self->no_sum && self->shape.n_balancers > 0) {
        normalised_backward(self, pass->p, pass->dp);
    }
    return GSC_OK;
}

/* ---- Forward ---- */

static void count_and_observe(gsc_lm *self, size_t layer) {
    lm_gate *gate = &self->layers[layer].gate;
    const gsc_choice *choice = &gate->pass.choice;
    for (int64_t i = 0; i < choice->start[self->rows]; i++) {
        gate->loads[choice->chosen[i]] += 1;
    }
    gate->seen_rows += (int64_t)self->rows;
    gate->dropped += (double)gate->n_dropped;
    if (self->shape.gate.loaded->gate->observe != NULL) {
        gsc_guard_enter(gate->pass.name, "observe");
        self->shape.gate.loaded->gate->observe(&gate->pass.call, gate->pass.z, gate->pass.p,
                                               choice);
        gsc_guard_leave();
    }
}

static gsc_status forward(gsc_lm *self, size_t layer, const gsc_lm_batch *batch, bool training,
                          double *balance, gsc_error *error) {
    lm_layer *l = &self->layers[layer];
    const bool as_training = training || batch->as_training;
    const bool jitter = as_training && self->shape.jitter > 0;
    if (jitter) {
        lm_jitter_draw(self, layer, batch);
    }
    l->gate.pass.call.training = as_training;
    gsc_status status = read_inputs(self, layer, jitter, error);
    if (status == GSC_OK) {
        status = read_logits(self, layer, jitter, error);
    }
    if (status == GSC_OK) {
        status = lm_gate_run_forward(self, layer, batch->step, error);
    }
    if (status == GSC_OK) {
        status = lm_route(self, l, as_training, error);
    }
    if (status == GSC_OK && training) {
        count_and_observe(self, layer);
    }
    double loss = 0;
    if (status == GSC_OK && !training && batch->balance_scale != 0) {
        status = balance_layer(self, layer, batch->step, 0.0, &loss, error);
        *balance += loss;
    }
    if (status == GSC_OK && batch->visit != NULL) {
        const gsc_lm_routing routing = {.layer = layer,
                                        .rows = self->rows,
                                        .experts = self->shape.experts,
                                        .logits = self->shape.logits,
                                        .z = l->gate.pass.z,
                                        .p = l->gate.pass.p,
                                        .choice = &l->gate.pass.choice,
                                        .bias = l->gate.bias};
        status = batch->visit(batch->visit_data, &routing, error);
    }
    return status;
}

gsc_status lm_gate_forward(gsc_lm *self, size_t layer, const gsc_lm_batch *batch, bool training,
                           double *balance, gsc_error *error) {
    const gsc_status status = forward(self, layer, batch, training, balance, error);
    return status == GSC_OK || status == GSC_ERR_STOPPED
               ? status
               : gsc_fail_prefix(error, status, "layer %zu", layer);
}

/* ---- Backward ---- */

/* From z_single, or z_host: the gradients of the gate's weights and of its input. */
static gsc_status linear_gradients(gsc_lm *self, lm_layer *l, gsc_error *error) {
    const bool jitter = self->shape.jitter > 0;
    const void *dz = self->dtype == GSC_F32 ? (const void *)self->z_single : self->z_host;
    gsc_status status = lm_put(self, &self->dz, dz, self->rows * self->shape.logits, error);
    if (status == GSC_OK && jitter) {
        status = lm_jitter_apply(self, &self->gate_x, &l->normed_2, error);
    }
    gsc_matmul(self->queue, &l->gradients[GSC_LM_GATE], &self->dz,
               jitter ? &self->gate_x : &l->normed_2, true, false, true);
    if (!jitter) {
        gsc_matmul(self->queue, &self->dn, &self->dz, &l->values[GSC_LM_GATE], false, false, true);
        return status;
    }
    gsc_matmul(self->queue, &self->gate_x, &self->dz, &l->values[GSC_LM_GATE], false, false, false);
    if (status == GSC_OK) {
        status = lm_jitter_apply(self, &self->gate_x, &self->gate_x, error);
    }
    gsc_add(self->queue, &self->dn, &self->dn, &self->gate_x);
    return status;
}

static gsc_status write_gradients(gsc_lm *self, size_t layer, gsc_error *error) {
    lm_layer *l = &self->layers[layer];
    const size_t m = self->shape.logits, d = self->shape.width;
    gsc_status status = GSC_OK;
    if (!self->host_score && m > 0) {
        status = linear_gradients(self, l, error);
    } else if (self->host_score) {
        for (size_t i = 0; self->shape.jitter > 0 && i < self->rows * d; i++) {
            self->dx_host[i] *= self->jitter_host[i];
        }
        status = add_doubles(self, &self->dn, self->dx_host, self->rows * d, error);
        if (status == GSC_OK && self->has_gate_weight) {
            status = add_doubles(self, &l->gradients[GSC_LM_GATE], self->dw_host, m * d, error);
        }
    }
    const gsc_plugin *plugin = self->shape.gate.loaded->plugin;
    for (uint32_t i = 0; i < plugin->n_tensors && status == GSC_OK; i++) {
        const gsc_lm_parameter *p =
            gsc_lm_parameters_find(&self->parameters, GSC_LM_GATE_TENSOR, layer, i);
        if (p != NULL && p->trained) {
            const gsc_view gradient = gsc_lm_view(self, GSC_LM_GRADIENTS, p);
            status = add_doubles(self, &gradient, l->gate.gradients[i], p->count, error);
        }
    }
    return status;
}

/* weight_host: what comes back to the weights of the whole choice; what was dropped gets nothing. */
static gsc_status weight_gradients(gsc_lm *self, const lm_layer *l, gsc_error *error) {
    const gsc_status status =
        lm_get_doubles(self, &self->dweight, &self->weight_double, l->n, self->weight_host, error);
    if (status == GSC_OK && self->own) {
        lm_own_weights(self, l, self->weight_host);
    }
    for (size_t i = 0; i < l->n; i++) {
        self->weight_host[i] *= self->shape.routed_scale;
    }
    lm_undrop(self, l);
    return status;
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static gsc_status backward(gsc_lm *self, size_t layer, const gsc_lm_batch *batch,
                           gsc_error *error) {
    lm_layer *l = &self->layers[layer];
    const gsc_plugin *plugin = self->shape.gate.loaded->plugin;
    double balance = 0;
    if (self->shape.jitter > 0) {
        lm_jitter_draw(self, layer, batch);
    }
    gsc_status status = read_inputs(self, layer, self->shape.jitter > 0, error);
    if (status == GSC_OK && !self->mixes) {
        status = weight_gradients(self, l, error);
    }
    if (status == GSC_OK) {
        status = balance_layer(self, layer, batch->step, batch->balance_scale, &balance, error);
        self->balance += balance;
    }
    if (status != GSC_OK) {
        return status;
    }
    for (uint32_t i = 0; i < plugin->n_tensors; i++) {
        if (l->gate.gradients[i] != NULL) {
            memset(l->gate.gradients[i], 0,
                   (size_t)gsc_tensor_count(&plugin->tensors[i], &l->gate.pass.call) *
                       sizeof(double));
        }
    }
    if (self->has_gate_weight && self->host_score) {
        memset(self->dw_host, 0, self->shape.logits * self->shape.width * sizeof *self->dw_host);
    }
    if (self->mixes) {
        status = lm_mix_logits_backward(self, layer, error);
    }
    const bool more = holds_more(self);
    const gsc_gate_gradient gradient = {
        .dweight = self->mixes ? NULL : self->weight_host,
        .dp = more && !self->mixes ? l->gate.pass.dp : NULL,
        .dz = more ? self->z_host : NULL,
        .score_only = self->mixes,
        .ret_dz = self->z_host,
        .ret_dx = self->host_score ? self->dx_host : NULL,
        .dw = self->host_score && self->has_gate_weight ? self->dw_host : NULL};
    if (status == GSC_OK) {
        const double before = seconds_now();
        status = lm_gate_run_backward(self, layer, &gradient, error);
        self->gate_work.evaluations += l->gate.pass.numeric_evaluations;
        self->gate_work.seconds +=
            l->gate.pass.numeric_evaluations > 0 ? seconds_now() - before : 0;
    }
    return status == GSC_OK ? write_gradients(self, layer, error) : status;
}

gsc_status lm_gate_backward(gsc_lm *self, size_t layer, const gsc_lm_batch *batch,
                            gsc_error *error) {
    const gsc_status status = backward(self, layer, batch, error);
    return status == GSC_OK ? status : gsc_fail_prefix(error, status, "layer %zu", layer);
}

void gsc_lm_end_step(gsc_lm *self, int64_t step) {
    for (size_t layer = 0; layer < self->shape.layers; layer++) {
        lm_gate *gate = &self->layers[layer].gate;
        for (size_t i = 0; i < self->shape.n_balancers; i++) {
            const gsc_lm_plugin *balancer = &self->shape.balancers[i];
            if (balancer->loaded->balancer->control != NULL && balancer->coefficient != 0) {
                gsc_call call = balancer_call(self, layer, balancer, step);
                call.rows = gate->seen_rows;
                gsc_guard_enter(self->balancer_names[i], "control");
                balancer->loaded->balancer->control(&call, gate->loads, balancer->coefficient,
                                                    gate->bias);
                gsc_guard_leave();
            }
        }
        if (self->shape.gate.loaded->gate->update != NULL) {
            gsc_guard_enter(gate->pass.name, "update");
            self->shape.gate.loaded->gate->update(&gate->pass.call, gate->loads);
            gsc_guard_leave();
        }
        memset(gate->loads, 0, self->shape.experts * sizeof *gate->loads);
        gate->seen_rows = 0;
        gate->dropped = 0;
    }
}

const double *gsc_lm_loads(const gsc_lm *self, size_t layer) {
    return self->layers[layer].gate.loads;
}

double gsc_lm_dropped(const gsc_lm *self, size_t layer) {
    return self->layers[layer].gate.dropped;
}

gsc_lm_gate_work gsc_lm_numeric_work(const gsc_lm *self) {
    return self->gate_work;
}

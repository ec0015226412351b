/* SPDX-License-Identifier: MIT
 *
 * The experts of a layer, routed and shared, forward and backward. Layer: core/lm.
 *
 * Backward needs no outputs of experts: with g_s = dy[row_s] . out of a slot's expert, the weight's
 * gradient is g_s . hidden_s, and both small products replace one as wide as the model.
 */
#include "core/lm/model_internal.h"

#include "core/plugin/guard.h"
#include "kernels/bias.h"
#include "kernels/dispatch.h"
#include "kernels/elementwise.h"
#include "kernels/embed.h"
#include "kernels/grouped.h"
#include "kernels/matmul.h"

#include <string.h>

/* ---- The expression, chunk by chunk on any thread ---- */

typedef struct activation {
    const gsc_expert *expert;
    const char *name;
    gsc_call call;
    bool single; /* floats */
} activation;

static activation make_activation(const gsc_lm *self) {
    const gsc_lm_shape *s = &self->shape;
    return (activation){.expert = s->expert.loaded->expert,
                        .name = self->expert_name,
                        .call = {.struct_size = sizeof(gsc_call),
                                 .inputs = (int64_t)s->width,
                                 .outputs = (int64_t)s->width,
                                 .hidden = (int64_t)s->expert_width,
                                 .experts = (int64_t)s->experts,
                                 .logits = (int64_t)s->logits,
                                 .top_k = (int64_t)s->top_k,
                                 .step = -1,
                                 .params = s->expert.params,
                                 .host = gsc_stages_host()},
                        .single = self->dtype == GSC_F32};
}

/* in: u and, where there are two, v; out: f. */
static void run_forward(void *data, size_t n, const void *const *in, void *const *out) {
    const activation *a = data;
    const bool two = a->expert->form == GSC_EXPERT_GATED_FFN;
    if (!a->single) {
        gsc_guard_enter(a->name, "activation");
        a->expert->activation(&a->call, (int64_t)n, in[0], two ? in[1] : NULL, out[0]);
    } else {
        gsc_guard_enter(a->name, "activation_f32");
        a->expert->activation_f32(&a->call, (int64_t)n, in[0], two ? in[1] : NULL, out[0]);
    }
    gsc_guard_leave();
}

/* in: df, u and v; out: du and dv, which may be df. */
static void run_backward(void *data, size_t n, const void *const *in, void *const *out) {
    const activation *a = data;
    const bool two = a->expert->form == GSC_EXPERT_GATED_FFN;
    if (!a->single) {
        double by_u[GSC_MAP_CHUNK], by_v[GSC_MAP_CHUNK];
        gsc_guard_enter(a->name, "activation_slope");
        a->expert->activation_slope(&a->call, (int64_t)n, in[1], two ? in[2] : NULL, by_u, by_v);
        gsc_guard_leave();
        const double *df = in[0];
        for (size_t i = 0; i < n; i++) {
            const double d = df[i];
            ((double *)out[0])[i] = d * by_u[i];
            if (two) {
                ((double *)out[1])[i] = d * by_v[i];
            }
        }
        return;
    }
    float by_u[GSC_MAP_CHUNK], by_v[GSC_MAP_CHUNK];
    gsc_guard_enter(a->name, "activation_slope_f32");
    a->expert->activation_slope_f32(&a->call, (int64_t)n, in[1], two ? in[2] : NULL, by_u, by_v);
    gsc_guard_leave();
    const float *df = in[0];
    for (size_t i = 0; i < n; i++) {
        const float d = df[i];
        ((float *)out[0])[i] = d * by_u[i];
        if (two) {
            ((float *)out[1])[i] = d * by_v[i];
        }
    }
}

void lm_activate(gsc_lm *self, const gsc_view *hidden, const gsc_view *u, const gsc_view *v) {
    activation a = make_activation(self);
    gsc_map(self->queue, &hidden, 1, (const gsc_view *const[]){u, v}, self->gated ? 2 : 1,
            run_forward, &a);
}

void lm_activate_backward(gsc_lm *self, const gsc_view *du, const gsc_view *dv,
                          const gsc_view *dhidden, const gsc_view *u, const gsc_view *v) {
    activation a = make_activation(self);
    gsc_map(self->queue, (const gsc_view *const[]){du, dv}, self->gated ? 2 : 1,
            (const gsc_view *const[]){dhidden, u, v}, self->gated ? 3 : 2, run_backward, &a);
}

/* ---- The shared net ---- */

static void shared_project(gsc_lm *self, const lm_layer *l, const gsc_view *u, gsc_lm_role weight,
                           gsc_lm_role bias) {
    gsc_matmul(self->queue, u, &l->normed_2, &l->values[weight], false, true, false);
    if (self->biased) {
        gsc_bias(self->queue, u, u, &l->values[bias]);
    }
}

static void shared_forward(gsc_lm *self, lm_layer *l, const gsc_view *x_next) {
    shared_project(self, l, &l->shared_u, GSC_LM_SHARED_IN, GSC_LM_SHARED_BIAS);
    if (self->gated) {
        shared_project(self, l, &l->shared_v, GSC_LM_SHARED_GATE, GSC_LM_SHARED_GATE_BIAS);
    }
    lm_activate(self, &self->shared_hidden, &l->shared_u, &l->shared_v);
    gsc_matmul(self->queue, x_next, &self->shared_hidden, &l->values[GSC_LM_SHARED_DOWN], false,
               true, true);
}

static void shared_project_backward(gsc_lm *self, lm_layer *l, const gsc_view *du,
                                    gsc_lm_role weight, gsc_lm_role bias) {
    gsc_matmul(self->queue, &l->gradients[weight], du, &l->normed_2, true, false, true);
    gsc_matmul(self->queue, &self->dn, du, &l->values[weight], false, false, true);
    if (self->biased) {
        gsc_bias_backward(self->queue, &l->gradients[bias], du);
    }
}

static void shared_backward(gsc_lm *self, lm_layer *l) {
    lm_activate(self, &self->shared_hidden, &l->shared_u, &l->shared_v);
    gsc_matmul(self->queue, &l->gradients[GSC_LM_SHARED_DOWN], &self->dx, &self->shared_hidden,
               true, false, true);
    gsc_matmul(self->queue, &self->shared_dhidden, &self->dx, &l->values[GSC_LM_SHARED_DOWN], false,
               false, false);
    lm_activate_backward(self, &self->shared_dhidden, &self->shared_dv, &self->shared_dhidden,
                         &l->shared_u, &l->shared_v);
    shared_project_backward(self, l, &self->shared_dhidden, GSC_LM_SHARED_IN, GSC_LM_SHARED_BIAS);
    if (self->gated) {
        shared_project_backward(self, l, &self->shared_dv, GSC_LM_SHARED_GATE,
                                GSC_LM_SHARED_GATE_BIAS);
    }
}

/* ---- The routed experts, over n pairs of row and expert ---- */

/* The views of the pairs that there are. */
typedef struct pairs {
    gsc_view gathered, dgathered; /* [n, d] */
    gsc_view u, v, hidden, dhidden, dv;
    gsc_view row, choice, slot, identity, slot_expert, weight, dweight, dummy;
} pairs;

static pairs pairs_of(gsc_lm *self, const lm_layer *l) {
    const size_t n = l->n, d = self->shape.width;
    return (pairs){.gathered = lm_matrix(self->gathered, n, d),
                   .dgathered = lm_matrix(self->dgathered, n, d),
                   .u = lm_rows(l->u, n),
                   .v = lm_rows(l->v, n),
                   .hidden = lm_rows(self->hidden, n),
                   .dhidden = lm_rows(self->dhidden, n),
                   .dv = lm_rows(self->dv, n),
                   .row = lm_rows(l->row, n),
                   .choice = lm_rows(l->choice, n),
                   .slot = lm_rows(l->slot, n),
                   .identity = lm_rows(self->identity, n),
                   .slot_expert = lm_rows(l->slot_expert, n),
                   .weight = lm_rows(l->weight, n),
                   .dweight = lm_rows(self->dweight, n),
                   .dummy = lm_rows(self->dummy, n)};
}

static void project(gsc_lm *self, const lm_layer *l, const pairs *p, const gsc_view *u,
                    gsc_lm_role weight, gsc_lm_role bias) {
    gsc_grouped_matmul(self->queue, u, &p->gathered, &l->values[weight], &l->offset, true, false);
    if (self->biased) {
        gsc_embed(self->queue, &p->hidden, &l->values[bias], &p->slot_expert, 1.0);
        gsc_add(self->queue, u, u, &p->hidden);
    }
}

static void routed_forward(gsc_lm *self, lm_layer *l, const gsc_view *x_next) {
    const pairs p = pairs_of(self, l);
    gsc_gather_rows(self->queue, &p.gathered, &l->normed_2, &p.row);
    project(self, l, &p, &p.u, GSC_LM_IN, GSC_LM_IN_BIAS);
    if (self->gated) {
        project(self, l, &p, &p.v, GSC_LM_IN_GATE, GSC_LM_GATE_BIAS);
    }
    lm_activate(self, &p.hidden, &p.u, &p.v);
    gsc_grouped_matmul(self->queue, &p.dgathered, &p.hidden, &l->values[GSC_LM_DOWN], &l->offset,
                       true, false);
    gsc_combine(self->queue, x_next, &p.dgathered, &p.weight, &l->start, &p.slot, true);
}

static void project_backward(gsc_lm *self, lm_layer *l, const pairs *p, const gsc_view *du,
                             gsc_lm_role weight, gsc_lm_role bias, bool accumulate) {
    gsc_grouped_matmul_outer(self->queue, &l->gradients[weight], du, &p->gathered, &l->offset,
                             true);
    gsc_grouped_matmul(self->queue, &p->dgathered, du, &l->values[weight], &l->offset, false,
                       accumulate);
    if (self->biased) {
        gsc_embed_backward(self->queue, &l->gradients[bias], du, &p->slot_expert, 1.0);
    }
}

static void routed_backward(gsc_lm *self, lm_layer *l) {
    const pairs p = pairs_of(self, l);
    gsc_queue *queue = self->queue;
    gsc_gather_rows(queue, &p.dgathered, &self->dx, &p.row);
    gsc_grouped_matmul(queue, &p.dhidden, &p.dgathered, &l->values[GSC_LM_DOWN], &l->offset, false,
                       false);
    lm_activate(self, &p.hidden, &p.u, &p.v);
    /* dv = weight g, dweight = g . hidden; then dhidden = weight hidden. */
    gsc_combine_backward(queue, &p.dv, &p.dweight, &p.dhidden, &p.hidden, &p.weight, &p.identity,
                         &p.choice);
    gsc_combine_backward(queue, &p.dhidden, &p.dummy, &p.hidden, &p.dhidden, &p.weight, &p.identity,
                         &p.choice);
    gsc_grouped_matmul_outer(queue, &l->gradients[GSC_LM_DOWN], &p.dgathered, &p.dhidden,
                             &l->offset, true);
    lm_activate_backward(self, &p.dv, &p.hidden, &p.dv, &p.u, &p.v);
    gsc_gather_rows(queue, &p.gathered, &l->normed_2, &p.row);
    project_backward(self, l, &p, &p.dv, GSC_LM_IN, GSC_LM_IN_BIAS, false);
    if (self->gated) {
        project_backward(self, l, &p, &p.hidden, GSC_LM_IN_GATE, GSC_LM_GATE_BIAS, true);
    }
    gsc_combine(queue, &self->dn, &p.dgathered, NULL, &l->start, &p.slot, true);
}

gsc_status lm_experts_forward(gsc_lm *self, size_t layer, const gsc_view *x_next,
                              const gsc_lm_batch *batch, bool training, double *balance,
                              gsc_error *error) {
    lm_layer *l = &self->layers[layer];
    const gsc_status status = lm_gate_forward(self, layer, batch, training, balance, error);
    if (status != GSC_OK) {
        return status;
    }
    gsc_copy(self->queue, x_next, &l->x_mid);
    routed_forward(self, l, x_next);
    if (self->shape.shared > 0) {
        shared_forward(self, l, x_next);
    }
    return GSC_OK;
}

gsc_status lm_experts_backward(gsc_lm *self, size_t layer, const gsc_lm_batch *batch,
                               gsc_error *error) {
    lm_layer *l = &self->layers[layer];
    gsc_set(self->queue, &self->dn, 0.0);
    if (self->shape.shared > 0) {
        shared_backward(self, l);
    }
    routed_backward(self, l);
    return lm_gate_backward(self, layer, batch, error);
}

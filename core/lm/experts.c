/* SPDX-License-Identifier: MIT
 *
 * The experts of a layer, routed and shared, forward and backward. Layer: core/lm.
 *
 * Backward needs no outputs of experts: with g_s = dy[row_s] . out of a slot's expert, the weight's
 * gradient is g_s . hidden_s, and both small products replace one as wide as the model.
 */
#include "core/lm/model_internal.h"

#include "kernels/bias.h"
#include "kernels/dispatch.h"
#include "kernels/elementwise.h"
#include "kernels/embed.h"
#include "kernels/grouped.h"
#include "kernels/matmul.h"

/* ---- The shared net ---- */

static const lm_kind *shared_kind(const gsc_lm *self) {
    return &self->kinds[self->shared_kind];
}

static void shared_project(gsc_lm *self, const lm_layer *l, const gsc_view *u, gsc_lm_role weight,
                           gsc_lm_role bias) {
    gsc_matmul(self->queue, u, &l->normed_2, &l->values[weight], false, true, false);
    if (shared_kind(self)->biased) {
        gsc_bias(self->queue, u, u, &l->values[bias]);
    }
}

static void shared_forward(gsc_lm *self, lm_layer *l, const gsc_view *x_next) {
    shared_project(self, l, &l->shared_u, GSC_LM_SHARED_IN, GSC_LM_SHARED_BIAS);
    if (shared_kind(self)->gated) {
        shared_project(self, l, &l->shared_v, GSC_LM_SHARED_GATE, GSC_LM_SHARED_GATE_BIAS);
    }
    lm_activate(self, shared_kind(self), &self->shared_hidden, &l->shared_u, &l->shared_v);
    gsc_matmul(self->queue, x_next, &self->shared_hidden, &l->values[GSC_LM_SHARED_DOWN], false,
               true, true);
}

/* dn (+)= what comes back from du. */
static void shared_project_backward(gsc_lm *self, lm_layer *l, const gsc_view *du,
                                    gsc_lm_role weight, gsc_lm_role bias, bool accumulate) {
    gsc_matmul(self->queue, &l->gradients[weight], du, &l->normed_2, true, false, !self->forgotten);
    gsc_matmul(self->queue, &self->dn, du, &l->values[weight], false, false, accumulate);
    if (shared_kind(self)->biased) {
        gsc_bias_backward(self->queue, &l->gradients[bias], du);
    }
}

static void shared_backward(gsc_lm *self, lm_layer *l) {
    lm_activate(self, shared_kind(self), &self->shared_hidden, &l->shared_u, &l->shared_v);
    gsc_matmul(self->queue, &l->gradients[GSC_LM_SHARED_DOWN], &self->dx, &self->shared_hidden,
               true, false, !self->forgotten);
    gsc_matmul(self->queue, &self->shared_dhidden, &self->dx, &l->values[GSC_LM_SHARED_DOWN], false,
               false, false);
    lm_activate_backward(self, shared_kind(self), &self->shared_dhidden, &self->shared_dv,
                         &self->shared_dhidden, &l->shared_u, &l->shared_v);
    shared_project_backward(self, l, &self->shared_dhidden, GSC_LM_SHARED_IN, GSC_LM_SHARED_BIAS,
                            false);
    if (shared_kind(self)->gated) {
        shared_project_backward(self, l, &self->shared_dv, GSC_LM_SHARED_GATE,
                                GSC_LM_SHARED_GATE_BIAS, true);
    }
}

/* ---- The routed experts, over the pairs of row and expert, in slots sorted by expert ---- */

/* The slots of one kind of experts. */
typedef struct slots {
    const lm_kind *kind;
    size_t number; /* of the kind */
    const gsc_view *values, *gradients;
    gsc_view row;                 /* [n] of x and dy */
    gsc_view gathered, dgathered; /* [n, d]; gathered: of experts of their own form */
    gsc_view u, v, hidden, dhidden, dv;
    gsc_view slot_expert, offset;
    size_t n;
} slots;

static slots slots_of(gsc_lm *self, lm_layer *l, size_t k) {
    const size_t first = l->kind_slot[k], n = l->kind_slot[k + 1] - first, d = self->shape.width;
    const lm_kind *kind = &self->kinds[k];
    const gsc_view offset = self->n_kinds == 1
                                ? l->offset
                                : lm_rows_from(l->kind_offset, kind->first + k, kind->count + 1);
    return (slots){.kind = kind,
                   .number = k,
                   .values = l->kind_values[k],
                   .gradients = l->kind_gradients[k],
                   .row = lm_rows_from(lm_rows(l->row, l->n), first, n),
                   .gathered = lm_rows_from(lm_matrix(self->gathered, l->n, d), first, n),
                   .dgathered = lm_rows_from(lm_matrix(self->dgathered, l->n, d), first, n),
                   .u = lm_rows_from(l->u, first, n),
                   .v = lm_rows_from(l->v, first, n),
                   .hidden = lm_rows_from(self->hidden, first, n),
                   .dhidden = lm_rows_from(self->dhidden, first, n),
                   .dv = lm_rows_from(self->dv, first, n),
                   .slot_expert = lm_rows_from(l->slot_expert, first, n),
                   .offset = offset,
                   .n = n};
}

static const gsc_view *of_role(const gsc_view *views, gsc_lm_role role) {
    return &views[role - GSC_LM_IN];
}

static void project(gsc_lm *self, const slots *s, const gsc_view *u, const gsc_view *x,
                    gsc_lm_role weight, gsc_lm_role bias) {
    gsc_grouped_matmul_rows(self->queue, u, x, &s->row, of_role(s->values, weight), &s->offset,
                            true, false);
    if (s->kind->biased) {
        gsc_embed(self->queue, &s->hidden, of_role(s->values, bias), &s->slot_expert, 1.0);
        gsc_add(self->queue, u, u, &s->hidden);
    }
}

/* dgathered = the experts of x's rows. */
static gsc_status kind_forward(gsc_lm *self, size_t layer, const slots *s, const gsc_view *x,
                               gsc_error *error) {
    if (s->kind->own) {
        gsc_gather_rows(self->queue, &s->gathered, x, &s->row);
        return lm_own_forward(self, layer, s->number, &s->dgathered, &s->gathered, error);
    }
    project(self, s, &s->u, x, GSC_LM_IN, GSC_LM_IN_BIAS);
    if (s->kind->gated) {
        project(self, s, &s->v, x, GSC_LM_IN_GATE, GSC_LM_GATE_BIAS);
    }
    lm_activate(self, s->kind, &s->hidden, &s->u, &s->v);
    gsc_grouped_matmul(self->queue, &s->dgathered, &s->hidden, of_role(s->values, GSC_LM_DOWN),
                       &s->offset, true, false);
    return GSC_OK;
}

/* y += what the chosen experts make of x's rows. */
gsc_status lm_routed_forward(gsc_lm *self, size_t layer, const gsc_view *y, const gsc_view *x,
                             gsc_error *error) {
    lm_layer *l = &self->layers[layer];
    const size_t n = l->n, d = self->shape.width;
    const gsc_view out = lm_matrix(self->dgathered, n, d), slot = lm_rows(l->slot, n);
    const gsc_view weight = lm_rows(l->weight, n);
    const gsc_view start = lm_rows(l->start, (size_t)y->shape[0] + 1);
    gsc_status status = GSC_OK;
    for (size_t k = 0; k < self->n_kinds && status == GSC_OK; k++) {
        const slots s = slots_of(self, l, k);
        status = s.n > 0 ? kind_forward(self, layer, &s, x, error) : GSC_OK;
    }
    gsc_combine(self->queue, y, &out, &weight, &start, &slot, true);
    return status;
}

/* hidden again, and dhidden = dy . out without the weight; experts of their own form have none. */
static void hidden_backward(gsc_lm *self, const slots *s, const gsc_view *dy) {
    if (s->kind->own) {
        gsc_set(self->queue, &s->hidden, 0.0);
        gsc_set(self->queue, &s->dhidden, 0.0);
        return;
    }
    gsc_grouped_matmul_rows(self->queue, &s->dhidden, dy, &s->row, of_role(s->values, GSC_LM_DOWN),
                            &s->offset, false, false);
    lm_activate(self, s->kind, &s->hidden, &s->u, &s->v);
}

static void project_backward(gsc_lm *self, const slots *s, const gsc_view *du, const gsc_view *x,
                             gsc_lm_role weight, gsc_lm_role bias, bool accumulate) {
    gsc_grouped_matmul_outer_rows(self->queue, of_role(s->gradients, weight), du, x, &s->row, true,
                                  &s->offset, !self->forgotten);
    gsc_grouped_matmul(self->queue, &s->dgathered, du, of_role(s->values, weight), &s->offset,
                       false, accumulate);
    if (s->kind->biased) {
        gsc_embed_backward(self->queue, of_role(s->gradients, bias), du, &s->slot_expert, 1.0);
    }
}

/* dgathered = what goes back to an expert's input x, from dy that comes back to its output. */
static gsc_status kind_backward(gsc_lm *self, size_t layer, const slots *s, const gsc_view *dy,
                                const gsc_view *x, gsc_error *error) {
    if (s->kind->own) {
        gsc_gather_rows(self->queue, &s->dgathered, dy, &s->row);
        gsc_gather_rows(self->queue, &s->gathered, x, &s->row);
        return lm_own_backward(self, layer, s->number, &s->dgathered, &s->dgathered, &s->gathered,
                               error);
    }
    gsc_grouped_matmul_outer_rows(self->queue, of_role(s->gradients, GSC_LM_DOWN), dy, &s->dhidden,
                                  &s->row, false, &s->offset, !self->forgotten);
    lm_activate_backward(self, s->kind, &s->dv, &s->hidden, &s->dv, &s->u, &s->v);
    project_backward(self, s, &s->dv, x, GSC_LM_IN, GSC_LM_IN_BIAS, false);
    if (s->kind->gated) {
        project_backward(self, s, &s->hidden, x, GSC_LM_IN_GATE, GSC_LM_GATE_BIAS, true);
    }
    return GSC_OK;
}

/* dx += what comes back from dy through the experts of x. */
gsc_status lm_routed_backward(gsc_lm *self, size_t layer, const gsc_view *dx, const gsc_view *dy,
                              const gsc_view *x, gsc_error *error) {
    lm_layer *l = &self->layers[layer];
    gsc_queue *queue = self->queue;
    const size_t n = l->n, d = self->shape.width;
    const gsc_view dgathered = lm_matrix(self->dgathered, n, d), slot = lm_rows(l->slot, n);
    const gsc_view hidden = lm_rows(self->hidden, n), dhidden = lm_rows(self->dhidden, n);
    const gsc_view dv = lm_rows(self->dv, n), weight = lm_rows(l->weight, n);
    const gsc_view dweight = lm_rows(self->dweight, n), choice = lm_rows(l->choice, n);
    const gsc_view start = lm_rows(l->start, (size_t)dx->shape[0] + 1);
    gsc_status status = GSC_OK;
    for (size_t k = 0; k < self->n_kinds; k++) {
        const slots s = slots_of(self, l, k);
        hidden_backward(self, &s, dy);
    }
    /* dv = weight g, dweight = g . hidden; then dhidden = weight hidden. */
    gsc_combine_backward(queue, &dv, &dweight, &dhidden, &hidden, &weight, &choice);
    for (size_t k = 0; k < self->n_kinds && status == GSC_OK; k++) {
        const slots s = slots_of(self, l, k);
        const bool needed = s.n > 0 || (self->forgotten && !s.kind->own);
        status = needed ? kind_backward(self, layer, &s, dy, x, error) : GSC_OK;
    }
    gsc_combine(queue, dx, &dgathered, NULL, &start, &slot, true);
    return status;
}

gsc_status lm_experts_forward(gsc_lm *self, size_t layer, const gsc_view *x_next,
                              const gsc_lm_batch *batch, bool training, double *balance,
                              gsc_error *error) {
    lm_layer *l = &self->layers[layer];
    gsc_status status = lm_gate_forward(self, layer, batch, training, balance, error);
    if (status != GSC_OK) {
        return status;
    }
    gsc_copy(self->queue, x_next, &l->x_mid);
    status = self->mixes ? lm_mix_forward(self, layer, x_next, error)
                         : lm_routed_forward(self, layer, x_next, &l->normed_2, error);
    if (status == GSC_OK && self->shape.shared > 0) {
        shared_forward(self, l, x_next);
    }
    return status == GSC_OK ? status : gsc_fail_prefix(error, status, "layer %zu", layer);
}

gsc_status lm_experts_backward(gsc_lm *self, size_t layer, const gsc_lm_batch *batch,
                               gsc_error *error) {
    lm_layer *l = &self->layers[layer];
    if (self->shape.shared > 0) {
        shared_backward(self, l);
    } else {
        gsc_set(self->queue, &self->dn, 0.0);
    }
    const gsc_status status =
        self->mixes ? lm_mix_backward(self, layer, error)
                    : lm_routed_backward(self, layer, &self->dn, &self->dx, &l->normed_2, error);
    return status == GSC_OK ? lm_gate_backward(self, layer, batch, error)
                            : gsc_fail_prefix(error, status, "layer %zu", layer);
}

/* SPDX-License-Identifier: MIT
 *
 * The expression of feed-forward experts, element by element. Layer: core/lm.
 */
#include "core/lm/model_internal.h"

#include "core/plugin/guard.h"
#include "kernels/elementwise.h"

typedef struct activation {
    const gsc_expert *expert;
    const char *name;
    gsc_call call;
    bool single; /* floats */
} activation;

static activation make_activation(const gsc_lm *self, const lm_kind *kind) {
    return (activation){.expert = kind->expert,
                        .name = kind->name,
                        .call = lm_expert_call(&self->shape, kind->plugin),
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

void lm_activate(gsc_lm *self, const lm_kind *kind, const gsc_view *hidden, const gsc_view *u,
                 const gsc_view *v) {
    activation a = make_activation(self, kind);
    gsc_map(self->queue, &hidden, 1, (const gsc_view *const[]){u, v}, kind->gated ? 2 : 1,
            run_forward, &a);
}

void lm_activate_backward(gsc_lm *self, const lm_kind *kind, const gsc_view *du, const gsc_view *dv,
                          const gsc_view *dhidden, const gsc_view *u, const gsc_view *v) {
    activation a = make_activation(self, kind);
    gsc_map(self->queue, (const gsc_view *const[]){du, dv}, kind->gated ? 2 : 1,
            (const gsc_view *const[]){dhidden, u, v}, kind->gated ? 3 : 2, run_backward, &a);
}

/* SPDX-License-Identifier: MIT
 *
 * The mixing functions of a gate that has the extension gate.mix/1, over one sequence: see exercise.h.
 */
#include "core/plugin/exercise.h"

#include <string.h>

gsc_gate_mix gsc_exercise_find_mix(const gsc_plugin *plugin) {
    gsc_gate_mix mix = {0};
    const gsc_gate_mix *given = NULL;
    if (plugin->kind == GSC_KIND_GATE && plugin->extension != NULL) {
        gsc_exercise_enter("extension");
        given = plugin->extension(GSC_EXTENSION_MIX);
    }
    if (given != NULL) {
        size_t size = given->struct_size < sizeof mix ? given->struct_size : sizeof mix;
        memcpy(&mix, given, size);
    }
    return mix;
}

int64_t gsc_exercise_mix_slots(const gsc_exercise *self, const gsc_gate_mix *mix) {
    int64_t slots = 1;
    if (mix->slots != NULL) {
        gsc_exercise_enter("slots");
        slots = mix->slots(&self->call);
    }
    return self->plan.experts * (slots >= 1 && slots <= 1024 ? slots : 1);
}

void gsc_exercise_mix(gsc_exercise *self) {
    const gsc_gate_mix mix = gsc_exercise_find_mix(self->plugin);
    if (mix.mix == NULL) {
        return;
    }
    size_t t = (size_t)self->plan.rows, m = (size_t)self->call.logits;
    size_t s = (size_t)gsc_exercise_mix_slots(self, &mix);
    double *dispatch = gsc_exercise_numbers(self, "the dispatch", t * s);
    double *combine = gsc_exercise_numbers(self, "the combine", t * s);
    double *upstream[2] = {gsc_exercise_numbers(self, "ddispatch", t * s),
                           gsc_exercise_numbers(self, "dcombine", t * s)};
    double *dz = gsc_exercise_numbers(self, "dz", t * m);
    if (self->failed) {
        return;
    }
    gsc_exercise_enter("mix");
    mix.mix(&self->call, self->z, dispatch, combine);
    gsc_exercise_leave(self, "mix");
    gsc_exercise_record(self, "mix", dispatch, t * s, s, false);
    gsc_exercise_record(self, "mix", combine, t * s, s, false);
    for (size_t i = 0; i < t * s; i++) {
        upstream[0][i] = gsc_exercise_noise(81, i);
        upstream[1][i] = gsc_exercise_noise(82, i);
    }
    gsc_exercise_keep(self, dispatch);
    gsc_exercise_keep(self, combine);
    gsc_exercise_keep(self, upstream[0]);
    gsc_exercise_keep(self, upstream[1]);
    if (mix.mix_backward != NULL) {
        gsc_exercise_enter("mix_backward");
        mix.mix_backward(&self->call, self->z, dispatch, combine, upstream[0], upstream[1], dz);
        gsc_exercise_leave(self, "mix_backward");
        gsc_exercise_record(self, "mix_backward", dz, t * m, m, false);
    }
}

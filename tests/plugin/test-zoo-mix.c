/* SPDX-License-Identifier: MIT
 *
 * The shipped gate that mixes tokens: dispatch, combine and p against plain softmaxes over tokens and slots,
 * and its backward against differences.
 */
#include "tests/plugin/zoo_bench.h"

#include <string.h>

enum {
    T = 5,
    E = 3,
    MOST = 64
};

typedef struct mix_bench {
    const gsc_gate_mix *mix;
    gsc_call call;
    double params[1], z[MOST], dispatch[MOST], combine[MOST];
} mix_bench;

static double loss(mix_bench *b) {
    double sum = 0;
    b->mix->mix(&b->call, b->z, b->dispatch, b->combine);
    for (size_t i = 0; i < T * (size_t)b->call.logits; i++) {
        sum += zoo_number(i, 1) * b->dispatch[i] + zoo_number(i, 2) * b->combine[i];
    }
    return sum;
}

static void check_slots(const gsc_loaded *loaded, int slots) {
    mix_bench b = {.mix = loaded->plugin->extension(GSC_EXTENSION_MIX), .params = {slots}};
    const int all = E * slots;
    double worst = 0, worst_p = 0, worst_slope = 0;
    b.call = (gsc_call){.struct_size = sizeof(gsc_call),
                        .rows = T,
                        .experts = E,
                        .logits = loaded->gate->logits(E, b.params),
                        .params = b.params};
    for (int i = 0; i < T * all; i++) {
        b.z[i] = 3 * zoo_number((size_t)i, 3);
    }
    loss(&b);
    for (int t = 0; t < T; t++) {
        double p[E], expected[E] = {0};
        loaded->gate->probs(&b.call, t, b.z + t * all, p);
        for (int s = 0; s < all; s++) {
            double tokens = 0, hears = 0;
            for (int u = 0; u < T; u++) {
                tokens += exp(b.z[u * all + s]);
            }
            for (int r = 0; r < all; r++) {
                hears += exp(b.z[t * all + r]);
            }
            const double e = exp(b.z[t * all + s]);
            worst = fmax(worst, fabs(b.dispatch[t * all + s] - e / tokens));
            worst = fmax(worst, fabs(b.combine[t * all + s] - e / hears));
            expected[s / slots] += e / hears;
        }
        for (int j = 0; j < E; j++) {
            worst_p = fmax(worst_p, fabs(p[j] - expected[j]));
        }
    }
    char what[64];
    snprintf(what, sizeof what, "soft_moe, %d slots an expert: dispatch and combine", slots);
    TAP_NEAR(worst, 0, 1e-15, what);
    TAP_NEAR(worst_p, 0, 1e-15, "p is what a token hears of an expert");
    double ddispatch[MOST], dcombine[MOST], dz[MOST];
    memset(dz, 0xff, sizeof dz);
    for (size_t i = 0; i < MOST; i++) {
        ddispatch[i] = zoo_number(i, 1);
        dcombine[i] = zoo_number(i, 2);
    }
    b.mix->mix_backward(&b.call, b.z, b.dispatch, b.combine, ddispatch, dcombine, dz);
    for (int i = 0; i < T * all; i++) {
        const double kept = b.z[i], h = 1e-5;
        b.z[i] = kept + h;
        const double above = loss(&b);
        b.z[i] = kept - h;
        const double below = loss(&b);
        b.z[i] = kept;
        worst_slope = fmax(worst_slope, fabs(dz[i] - (above - below) / (2 * h)));
    }
    TAP_NEAR(worst_slope, 0, 1e-9, "its backward");
    TAP_OK(b.mix->slots(&b.call) == slots, "and its slots");
}

int main(void) {
    const gsc_loaded *loaded = zoo_load(GSC_KIND_GATE, "soft_moe");
    TAP_OK(loaded->plugin->extension("gate.mix/2") == NULL, "knows no other extension");
    check_slots(loaded, 1);
    check_slots(loaded, 2);
    check_slots(loaded, 4);
    return tap_done();
}

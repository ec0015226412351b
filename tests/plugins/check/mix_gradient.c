/* SPDX-License-Identifier: MIT
 *
 * A mixing gate whose backward leaves the combine out.
 */
#include "tests/plugins/fixture.h"

static void mix(const gsc_call *call, const real *z, real *ret_dispatch, real *ret_combine) {
    for (int64_t i = 0; i < call->rows * call->experts; i++) {
        ret_dispatch[i] = tanh(z[i]);
        ret_combine[i] = z[i] / (1 + z[i] * z[i]);
    }
}

static void mix_backward(const gsc_call *call, const real *z, const real *dispatch,
                         const real *combine, const real *ddispatch, const real *dcombine,
                         real *ret_dz) {
    (void)z, (void)combine, (void)dcombine;
    for (int64_t i = 0; i < call->rows * call->experts; i++) {
        ret_dz[i] = ddispatch[i] * (1 - dispatch[i] * dispatch[i]);
    }
}

static const gsc_gate_mix mixing = {
    .struct_size = sizeof(gsc_gate_mix),
    .mix = mix,
    .mix_backward = mix_backward,
};

static const void *extension(const char *id) {
    const char *own = GSC_EXTENSION_MIX;
    while (*id != '\0' && *id == *own) {
        id++, own++;
    }
    return *id == *own ? &mixing : NULL;
}

static const char *const needs[] = {GSC_EXTENSION_MIX, NULL};

static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity};

static const gsc_plugin plugin = {
    FIXTURE_HEAD(GSC_KIND_GATE, "wrong_mix_gradient"),
    .capabilities = GSC_CAP_NOT_CAUSAL | GSC_CAP_CHOICE_DEFINED,
    .gate = &gate,
    .extension = extension,
    .needs = needs,
};

FIXTURE_ENTRY(plugin)

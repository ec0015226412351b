/* SPDX-License-Identifier: MIT
 *
 * What experts and gates of the theory lab share: the call that a plugin gets, with the host's
 * services, and the checks of what it is and what it returns. Layer: core/theory.
 */
#include "core/theory/family_internal.h"

#include "core/plugin/guard.h"
#include "kernels/mixture.h"

#include <math.h>
#include <stdbool.h>

static _Thread_local int64_t current_step;

void gsc_theory_set_step(int64_t step) {
    current_step = step;
    gsc_guard_set_step(step);
}

long long family_step(void) {
    return (long long)current_step;
}

static void host_matmul(real *c, const real *a, const real *b, int64_t m, int64_t n, int64_t k,
                        int transpose_a, int transpose_b, int accumulate) {
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t l = 0; l < k; l++) {
                sum +=
                    a[transpose_a ? l * m + i : i * k + l] * b[transpose_b ? j * k + l : l * n + j];
            }
            c[i * n + j] = sum + (accumulate ? c[i * n + j] : 0);
        }
    }
}

static void host_top_k(int32_t *ret_index, const real *value, int64_t n, int64_t k) {
    for (int64_t i = 0; i < k; i++) {
        int32_t best = -1;
        for (int32_t j = 0; j < n; j++) {
            bool taken = false;
            for (int64_t l = 0; l < i; l++) {
                taken = taken || ret_index[l] == j;
            }
            if (!taken && (best < 0 || value[j] > value[best])) {
                best = j;
            }
        }
        ret_index[i] = best;
    }
}

static const gsc_host host = {sizeof(gsc_host), host_matmul, host_top_k};

gsc_call family_call(const double *params, size_t rows, size_t inputs, size_t experts) {
    gsc_call call = {0};
    call.struct_size = sizeof call;
    call.rows = (int64_t)rows;
    call.inputs = (int64_t)inputs;
    call.experts = call.logits = call.top_k = (int64_t)experts;
    call.hidden = call.outputs = 1;
    call.params = params;
    call.step = -1;
    call.host = &host;
    return call;
}

gsc_status family_check_plugin(const gsc_loaded *loaded, double *ret_params, const double *params,
                               gsc_error *error) {
    const gsc_plugin *plugin = loaded->plugin;
    char refusal[GSC_ERROR_MESSAGE_SIZE];
    gsc_plugin_theory_refusal(plugin, refusal, sizeof refusal);
    if (refusal[0] != '\0') {
        return gsc_fail(error, GSC_ERR_INPUT, "%s", refusal);
    }
    if (plugin->n_params > GSC_MAX_PLUGIN_PARAMS) {
        return gsc_fail(
            error, GSC_ERR_INPUT, "%s %s has %u parameters; the theory lab takes at most %d",
            gsc_kind_name(plugin->kind), plugin->id, plugin->n_params, GSC_MAX_PLUGIN_PARAMS);
    }
    for (uint32_t i = 0; i < plugin->n_params; i++) {
        ret_params[i] = params != NULL ? params[i] : plugin->params[i].initial;
    }
    return GSC_OK;
}

gsc_status family_check_finite(const char *plugin, const char *function, size_t n,
                               const double *values, const double *inputs, const char *input_name,
                               gsc_error *error) {
    if (gsc_mixture_kernels_get()->finite(n, values)) {
        return GSC_OK;
    }
    size_t t = 0;
    while (t + 1 < n && isfinite(values[t])) {
        t++;
    }
    return gsc_fail(
        error, GSC_ERR_PLUGIN, "%s: %s returned %s at step %lld (%s %.6g); it must be finite",
        plugin, function, isnan(values[t]) ? "nan" : "inf", family_step(), input_name, inputs[t]);
}

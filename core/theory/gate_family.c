/* SPDX-License-Identifier: MIT
 *
 * Gates of the theory lab (model.h): a loaded plugin as log a(z) and its slope, numeric where the
 * plugin has none. Layer: core/theory.
 */
#include "core/theory/family_internal.h"

#include "core/plugin/guard.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

gsc_status gsc_gate_family_init(gsc_gate_family *family, const gsc_loaded *loaded,
                                const double *params, size_t experts, gsc_error *error) {
    gsc_gate_family made = {.loaded = loaded, .experts = experts};
    gsc_status status = family_check_plugin(loaded, made.params, params, error);
    if (status != GSC_OK) {
        return status;
    }
    snprintf(made.name, sizeof made.name, "gate %.50s", loaded->plugin->id);
    const gsc_gate *gate = loaded->gate;
    const bool affinity = gate->affinity_form != GSC_AFFINITY_NONE && gate->affinity != NULL;
    const bool linear = gate->score_form == GSC_SCORE_LINEAR && gate->logits == NULL;
    made.general = !affinity || !linear || loaded->plugin->n_tensors > 0;
    *family = made;
    return GSC_OK;
}

/* Value form: a to log a in place, floored at the least normal number; da to d log a. */
static gsc_status log_of_value(const gsc_gate_family *family, size_t n, const double *z, double *a,
                               double *slope, gsc_error *error) {
    for (size_t t = 0; t < n; t++) {
        if (a[t] < 0) {
            return gsc_fail(error, GSC_ERR_PLUGIN,
                            "%s: affinity returned %.6g at step %lld (logit %.6g); it must not be "
                            "negative",
                            family->name, a[t], family_step(), z[t]);
        }
        if (slope != NULL) {
            slope[t] = a[t] > DBL_MIN ? slope[t] / a[t] : 0;
        }
        a[t] = log(fmax(a[t], DBL_MIN));
    }
    return GSC_OK;
}

static void difference_affinity(const gsc_gate_family *family, const gsc_call *call, size_t n,
                                const double *z, double *ret_slope) {
    const gsc_gate *gate = family->loaded->gate;
    enum {
        CHUNK = 64
    };
    for (size_t t = 0; t < n; t += CHUNK) {
        size_t m = n - t < CHUNK ? n - t : CHUNK;
        double low[CHUNK], high[CHUNK], step[CHUNK], a[CHUNK];
        for (size_t i = 0; i < m; i++) {
            step[i] = family_difference_step * fmax(1, fabs(z[t + i]));
            low[i] = z[t + i] - step[i];
            high[i] = z[t + i] + step[i];
        }
        gate->affinity(call, (int64_t)m, low, a);
        gate->affinity(call, (int64_t)m, high, ret_slope + t);
        for (size_t i = 0; i < m; i++) {
            ret_slope[t + i] = (ret_slope[t + i] - a[i]) / (2 * step[i]);
        }
    }
}

gsc_status family_log_affinity(const gsc_gate_family *family, const gsc_call *call, size_t n,
                               const double *z, double *ret_log_a, double *ret_slope,
                               gsc_error *error) {
    const gsc_gate *gate = family->loaded->gate;
    gsc_guard_enter(family->name, "affinity");
    gate->affinity(call, (int64_t)n, z, ret_log_a);
    gsc_guard_leave();
    gsc_status status =
        family_check_finite(family->name, "affinity", n, ret_log_a, z, "logit", error);
    if (status != GSC_OK) {
        return status;
    }
    if (ret_slope != NULL) {
        const char *slope = gate->affinity_slope != NULL ? "affinity_slope" : "affinity";
        gsc_guard_enter(family->name, slope);
        if (gate->affinity_slope != NULL) {
            gate->affinity_slope(call, (int64_t)n, z, ret_slope);
        } else {
            difference_affinity(family, call, n, z, ret_slope);
        }
        gsc_guard_leave();
        status = family_check_finite(family->name, slope, n, ret_slope, z, "logit", error);
        if (status != GSC_OK) {
            return status;
        }
    }
    if (gate->affinity_form == GSC_AFFINITY_VALUE) {
        return log_of_value(family, n, z, ret_log_a, ret_slope, error);
    }
    return GSC_OK;
}

gsc_status gsc_gate_log_affinity(const gsc_gate_family *family, size_t n, const double *z,
                                 double *ret_log_a, double *ret_slope, gsc_error *error) {
    if (family->general) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "%s is no affinity a(z) on linear scores, which masses and exact slopes "
                        "need; fit it to theory.data",
                        family->name);
    }
    const gsc_call call = family_call(
        family->params, n / (family->experts > 0 ? family->experts : 1), 1, family->experts);
    return family_log_affinity(family, &call, n, z, ret_log_a, ret_slope, error);
}

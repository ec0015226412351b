/* SPDX-License-Identifier: MIT
 *
 * The trial of a plugin while it is scanned: see smoke.h.
 *
 * A derivative is compared with the central difference over +-h, h = 1e-5 max(1, |z|), within 1e-5 of its
 * size; where the two one-sided differences disagree there is a kink and nothing to compare.
 */
#include "core/plugin/smoke.h"

#include "core/plugin/check.h"
#include "core/plugin/smoke_rows.h"

#include <stdbool.h>
#include <string.h>

static const double points[] = {-700, -30, -5.5, -1.3, -0.2, 0, 0.1, 0.9, 2.6, 30, 700};
enum {
    POINTS = sizeof points / sizeof *points,
    SIDES = 3
};

/* One pointwise function and its derivative, whatever the plugin's kind. */
typedef struct pointwise {
    const char *name, *slope_name;
    void (*value)(const gsc_plugin *plugin, const gsc_call *call, int64_t n, const double *z,
                  double *ret_value);
    void (*slope)(const gsc_plugin *plugin, const gsc_call *call, int64_t n, const double *z,
                  double *ret_slope);
} pointwise;

static bool has_kink(double left, double middle, double right, double h) {
    double before = (middle - left) / h, after = (right - middle) / h;
    return fabs(after - before) > 1e-3 * (1 + fabs(before) + fabs(after));
}

static gsc_status check_pointwise(const gsc_plugin *plugin, const gsc_call *call,
                                  const pointwise *function, bool not_negative,
                                  void (*phase)(const char *name), gsc_error *error) {
    double z[POINTS * SIDES], value[POINTS * SIDES], slope[POINTS];
    for (size_t i = 0; i < POINTS; i++) {
        double h = 1e-5 * fmax(1, fabs(points[i]));
        z[SIDES * i] = points[i];
        z[SIDES * i + 1] = points[i] - h;
        z[SIDES * i + 2] = points[i] + h;
    }
    memset(value, 0xff, sizeof value); /* a quiet NaN, so that what is not written shows */
    phase(function->name);
    function->value(plugin, call, POINTS * SIDES, z, value);
    for (size_t i = 0; i < POINTS * SIDES; i++) {
        if (!isfinite(value[i])) {
            return gsc_fail(error, GSC_ERR_PLUGIN, "returns %g from %s at %g; it must be finite",
                            isnan(value[i]) ? NAN : value[i], function->name, z[i]);
        }
        if (not_negative && value[i] < 0) {
            return gsc_fail(error, GSC_ERR_PLUGIN,
                            "returns %g from %s at %g; an affinity is at least 0 (or declare "
                            "GSC_AFFINITY_LOG)",
                            value[i], function->name, z[i]);
        }
    }
    if (function->slope == NULL) {
        return GSC_OK;
    }
    memset(slope, 0xff, sizeof slope);
    phase(function->slope_name);
    function->slope(plugin, call, POINTS, points, slope);
    for (size_t i = 0; i < POINTS; i++) {
        const double *around = &value[SIDES * i];
        double h = 1e-5 * fmax(1, fabs(points[i]));
        double numeric = (around[2] - around[1]) / (2 * h);
        if (!isfinite(slope[i])) {
            return gsc_fail(error, GSC_ERR_PLUGIN, "returns %g from %s at %g; it must be finite",
                            isnan(slope[i]) ? NAN : slope[i], function->slope_name, points[i]);
        }
        if (!has_kink(around[1], around[0], around[2], h) &&
            fabs(slope[i] - numeric) > 1e-5 * (1 + fabs(numeric))) {
            return gsc_fail(error, GSC_ERR_PLUGIN,
                            "returns %.8g from %s at %g, where the difference quotient of %s is "
                            "%.8g; correct the derivative or leave it out",
                            slope[i], function->slope_name, points[i], function->name, numeric);
        }
    }
    return GSC_OK;
}

static void affinity(const gsc_plugin *plugin, const gsc_call *call, int64_t n, const double *z,
                     double *ret_value) {
    plugin->gate->affinity(call, n, z, ret_value);
}

static void affinity_slope(const gsc_plugin *plugin, const gsc_call *call, int64_t n,
                           const double *z, double *ret_slope) {
    plugin->gate->affinity_slope(call, n, z, ret_slope);
}

/* The second input of a gated expression, held while the first moves. */
static const double second_input[POINTS * SIDES] = {
    0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7,
    0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7,
};

static bool is_gated(const gsc_plugin *plugin) {
    return plugin->expert->form == GSC_EXPERT_GATED_FFN;
}

static void first_value(const gsc_plugin *plugin, const gsc_call *call, int64_t n, const double *z,
                        double *ret_value) {
    plugin->expert->activation(call, n, z, is_gated(plugin) ? second_input : NULL, ret_value);
}

static void first_slope(const gsc_plugin *plugin, const gsc_call *call, int64_t n, const double *z,
                        double *ret_slope) {
    double other[POINTS];
    bool gated = is_gated(plugin);
    plugin->expert->activation_slope(call, n, z, gated ? second_input : NULL, ret_slope,
                                     gated ? other : NULL);
}

static void second_value(const gsc_plugin *plugin, const gsc_call *call, int64_t n, const double *z,
                         double *ret_value) {
    plugin->expert->activation(call, n, second_input, z, ret_value);
}

static void second_slope(const gsc_plugin *plugin, const gsc_call *call, int64_t n, const double *z,
                         double *ret_slope) {
    double other[POINTS];
    plugin->expert->activation_slope(call, n, second_input, z, other, ret_slope);
}

/* The float version against the double one, at inputs that a float holds. */
static gsc_status check_f32(const gsc_plugin *plugin, const gsc_call *call,
                            void (*phase)(const char *name), gsc_error *error) {
    enum {
        N = 9
    };
    float u[N], v[N], f[N];
    double u64[N], v64[N], f64[N];
    for (size_t i = 0; i < N; i++) {
        u[i] = (float)((double)i - 4) * 0.75f;
        v[i] = 0.5f;
        u64[i] = u[i];
        v64[i] = v[i];
    }
    memset(f, 0xff, sizeof f);
    phase("activation_f32");
    plugin->expert->activation_f32(call, N, u, is_gated(plugin) ? v : NULL, f);
    plugin->expert->activation(call, N, u64, is_gated(plugin) ? v64 : NULL, f64);
    for (size_t i = 0; i < N; i++) {
        if (!(fabs((double)f[i] - f64[i]) <= 1e-4 * (1 + fabs(f64[i])))) {
            return gsc_fail(error, GSC_ERR_PLUGIN,
                            "returns %g from activation_f32 at %g, where activation returns %g",
                            (double)f[i], (double)u[i], f64[i]);
        }
    }
    return GSC_OK;
}

static gsc_status smoke_expert(const gsc_plugin *plugin, const gsc_call *call,
                               void (*phase)(const char *name), gsc_error *error) {
    const gsc_expert *expert = plugin->expert;
    if (expert->form == GSC_EXPERT_OWN) {
        return GSC_OK;
    }
    pointwise first = {"activation", "activation_slope", first_value,
                       expert->activation_slope != NULL ? first_slope : NULL};
    gsc_status status = check_pointwise(plugin, call, &first, false, phase, error);
    if (status == GSC_OK && is_gated(plugin)) {
        pointwise second = {"activation", "activation_slope", second_value,
                            expert->activation_slope != NULL ? second_slope : NULL};
        status = check_pointwise(plugin, call, &second, false, phase, error);
    }
    if (status == GSC_OK && expert->activation_f32 != NULL) {
        status = check_f32(plugin, call, phase, error);
    }
    return status;
}

gsc_status gsc_plugin_smoke(const gsc_plugin *plugin, void (*phase)(const char *name),
                            gsc_error *error) {
    double params[GSC_MAX_DESCRIPTOR_PARAMS] = {0};
    for (size_t i = 0; i < plugin->n_params; i++) {
        params[i] = plugin->params[i].initial;
    }
    gsc_call call = {
        .struct_size = sizeof call,
        .rows = POINTS,
        .inputs = 1,
        .experts = SIDES,
        .logits = SIDES,
        .hidden = 1,
        .outputs = 1,
        .top_k = SIDES,
        .params = params,
        .step = -1,
    };
    gsc_status status = GSC_OK;
    if (plugin->kind == GSC_KIND_EXPERT) {
        status = smoke_expert(plugin, &call, phase, error);
    } else if (plugin->kind == GSC_KIND_GATE && plugin->gate->affinity != NULL) {
        pointwise function = {"affinity", "affinity_slope", affinity,
                              plugin->gate->affinity_slope != NULL ? affinity_slope : NULL};
        bool value_form = plugin->gate->affinity_form == GSC_AFFINITY_VALUE;
        status = check_pointwise(plugin, &call, &function, value_form, phase, error);
    }
    return status == GSC_OK ? gsc_plugin_smoke_rows(plugin, params, phase, error) : status;
}

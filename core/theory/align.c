/* SPDX-License-Identifier: MIT
 *
 * Translation, rescaling and canonical scale, before a loss.
 */
#include "core/theory/align.h"

#include "core/plugin/guard.h"
#include "core/theory/gate_rows.h"

#include <math.h>
#include <string.h>

bool gsc_expert_is_homogeneous(const gsc_expert_family *family) {
    const gsc_loaded *loaded = family->loaded;
    if (loaded == NULL || loaded->expert == NULL || loaded->expert->form != GSC_EXPERT_FFN ||
        loaded->expert->activation == NULL) {
        return false;
    }
    enum {
        POINTS = 16
    };
    double u[2 * POINTS], f[2 * POINTS];
    for (int i = 0; i < POINTS; i++) {
        u[i] = (i - 7.5) * 0.7;
        u[POINTS + i] = 2 * u[i];
    }
    const gsc_call call = {.struct_size = sizeof call,
                           .rows = 2 * POINTS,
                           .inputs = (int64_t)family->inputs,
                           .experts = 1,
                           .hidden = 1,
                           .outputs = 1,
                           .params = family->params,
                           .step = -1};
    gsc_guard_enter(family->name, "activation");
    loaded->expert->activation(&call, 2 * POINTS, u, NULL, f);
    gsc_guard_leave();
    for (int i = 0; i < POINTS; i++) {
        if (!(fabs(f[POINTS + i] - 2 * f[i]) <= 1e-12 * (1 + fabs(f[i])))) {
            return false;
        }
    }
    return true;
}

gsc_status gsc_gate_translation_slope(const gsc_gate_family *gate, double *ret_slope,
                                      gsc_error *error) {
    enum {
        POINTS = 13
    };
    double z[POINTS], log_a[POINTS];
    for (int i = 0; i < POINTS; i++) {
        z[i] = (i - POINTS / 2) * 1.5;
    }
    const gsc_status status = gsc_gate_log_affinity(gate, POINTS, z, log_a, NULL, error);
    if (status != GSC_OK) {
        return status;
    }
    const double slope = (log_a[POINTS - 1] - log_a[0]) / (z[POINTS - 1] - z[0]);
    *ret_slope = slope;
    for (int i = 1; i < POINTS; i++) {
        if (!(fabs(log_a[i] - log_a[0] - slope * (z[i] - z[0])) <= 1e-9 * (1 + fabs(slope)))) {
            *ret_slope = 0;
        }
    }
    return GSC_OK;
}

gsc_status gsc_gate_invert(const gsc_gate_family *gate, double log_mass, double box,
                           double *ret_beta0, bool *ret_clipped, gsc_error *error) {
    double low = -box, high = box, log_a[2];
    const double ends[2] = {low, high};
    gsc_status status = gsc_gate_log_affinity(gate, 2, ends, log_a, NULL, error);
    if (status != GSC_OK) {
        return status;
    }
    const bool below = log_mass <= log_a[0], above = log_mass >= log_a[1];
    if (ret_clipped != NULL) {
        *ret_clipped = log_mass < log_a[0] || log_mass > log_a[1];
    }
    if (below || above) {
        *ret_beta0 = below ? low : high;
        return GSC_OK;
    }
    for (int i = 0; i < 200 && high - low > 1e-14 * (1 + fabs(low)) && status == GSC_OK; i++) {
        const double middle = 0.5 * (low + high);
        status = gsc_gate_log_affinity(gate, 1, &middle, log_a, NULL, error);
        if (log_a[0] < log_mass) {
            low = middle;
        } else {
            high = middle;
        }
    }
    *ret_beta0 = 0.5 * (low + high);
    return status;
}

static double sum_of(const double *values, size_t n) {
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        total += values[i];
    }
    return total;
}

static gsc_status translate(const gsc_truth *truth, const gsc_mixture_shape *shape, double slope,
                            double *mixture, gsc_error *error) {
    const gsc_mixture_layout fit = gsc_mixture_get_layout(shape), *at = &truth->layout;
    double mass[GSC_MAX_ATOMS], true_mass[GSC_MAX_ATOMS];
    double log_a[GSC_MAX_ATOMS], top = -INFINITY;
    gsc_status status = GSC_OK;
    if (shape->gate->general) {
        for (size_t j = 0; j < truth->shape.k_routed; j++) {
            true_mass[j] = exp(truth->mixture[at->beta0 + j]);
        }
        memcpy(log_a, mixture + fit.beta0, shape->k_routed * sizeof *log_a);
    } else {
        status = gsc_true_masses(truth, true_mass, error);
        if (status == GSC_OK) {
            status = gsc_gate_log_affinity(shape->gate, shape->k_routed, mixture + fit.beta0, log_a,
                                           NULL, error);
        }
    }
    if (status != GSC_OK) {
        return status;
    }
    const double true_sum = sum_of(true_mass, truth->shape.k_routed);
    for (size_t i = 0; i < shape->k_routed; i++) {
        top = fmax(top, log_a[i]);
    }
    for (size_t i = 0; i < shape->k_routed; i++) {
        mass[i] = exp(log_a[i] - top);
    }
    const double sum = sum_of(mass, shape->k_routed);
    const double shift = (log(true_sum) - log(sum) - top) / slope;
    for (size_t i = 0; i < shape->k_routed; i++) {
        mixture[fit.beta0 + i] += shift;
        mass[i] *= true_sum / sum;
    }
    for (size_t k = 0; k < shape->inputs; k++) {
        double difference = 0;
        for (size_t j = 0; j < truth->shape.k_routed; j++) {
            difference += true_mass[j] * truth->mixture[at->beta1 + j * shape->inputs + k];
        }
        for (size_t i = 0; i < shape->k_routed; i++) {
            difference -= mass[i] * mixture[fit.beta1 + i * shape->inputs + k];
        }
        for (size_t i = 0; i < shape->k_routed; i++) {
            mixture[fit.beta1 + i * shape->inputs + k] += difference / true_sum;
        }
    }
    return GSC_OK;
}

static gsc_status rescale(const gsc_truth *truth, const gsc_mixture_shape *shape, double *mixture,
                          bool *ret_clipped, gsc_error *error) {
    const gsc_mixture_layout fit = gsc_mixture_get_layout(shape);
    double mass[GSC_MAX_ATOMS], true_mass[GSC_MAX_ATOMS];
    gsc_status status = gsc_true_masses(truth, true_mass, error);
    if (status == GSC_OK) {
        status = gsc_gate_masses(shape, mixture, mass, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    const double factor = sum_of(true_mass, truth->shape.k_routed) / sum_of(mass, shape->k_routed);
    for (size_t i = 0; i < shape->k_routed && status == GSC_OK; i++) {
        bool clipped = false;
        status = gsc_gate_invert(shape->gate, log(mass[i] * factor), shape->box,
                                 &mixture[fit.beta0 + i], &clipped, error);
        *ret_clipped |= clipped;
    }
    return status;
}

static double length(const double *values, size_t n) {
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        total += values[i] * values[i];
    }
    return sqrt(total);
}

/* Rescales theta ("in", "bias" times factor, "out" divided) to the magnitude of a true atom's "in". */
static void scale_theta(const gsc_expert_family *family, const double *theta, const double *truth,
                        double *ret_theta) {
    double own = 0, wanted = 0;
    memcpy(ret_theta, theta, family->theta_size * sizeof(double));
    for (size_t b = 0; b < family->n_blocks; b++) {
        if (strcmp(family->blocks[b].name, "in") == 0) {
            own = length(theta + family->blocks[b].offset, family->blocks[b].size);
            wanted = length(truth + family->blocks[b].offset, family->blocks[b].size);
        }
    }
    if (own <= 0 || wanted <= 0) {
        return;
    }
    for (size_t b = 0; b < family->n_blocks; b++) {
        const bool out = strcmp(family->blocks[b].name, "out") == 0;
        for (size_t p = 0; p < family->blocks[b].size; p++) {
            ret_theta[family->blocks[b].offset + p] *= out ? own / wanted : wanted / own;
        }
    }
}

/* Each fitted theta takes the scale of that true atom to which, so rescaled, its atom is nearest. base and
 * true_base are the rest of the distance: squares of the atom's other parts, by true atom. */
static void canonical_atom(const gsc_expert_family *family, const double *true_theta, size_t count,
                           const double *rest, double *theta) {
    double best = INFINITY, best_theta[GSC_MAX_INPUTS + 2 + GSC_MAX_THETA_BLOCKS];
    const size_t size = family->theta_size;
    if (size > sizeof best_theta / sizeof best_theta[0]) {
        return;
    }
    double candidate[GSC_MAX_INPUTS + 2 + GSC_MAX_THETA_BLOCKS];
    for (size_t j = 0; j < count; j++) {
        double distance = rest[j];
        scale_theta(family, theta, true_theta + j * size, candidate);
        for (size_t p = 0; p < size; p++) {
            const double delta = candidate[p] - true_theta[j * size + p];
            distance += delta * delta;
        }
        if (distance < best) {
            best = distance;
            memcpy(best_theta, candidate, size * sizeof(double));
        }
    }
    if (isfinite(best)) {
        memcpy(theta, best_theta, size * sizeof(double));
    }
}

static void canonical_scale(const gsc_truth *truth, const gsc_mixture_shape *shape, bool routed,
                            double *mixture) {
    const gsc_mixture_layout fit = gsc_mixture_get_layout(shape), *at = &truth->layout;
    const gsc_expert_family *family = routed ? &truth->routed : &truth->shared;
    const size_t fitted = routed ? shape->k_routed : shape->k_shared, d = shape->inputs;
    const size_t count = routed ? truth->shape.k_routed : truth->shape.k_shared;
    for (size_t i = 0; i < fitted; i++) {
        double rest[GSC_MAX_ATOMS];
        for (size_t j = 0; j < count; j++) {
            const double delta = routed ? mixture[fit.nu + i] - truth->mixture[at->nu + j]
                                        : mixture[fit.tau + i] - truth->mixture[at->tau + j];
            rest[j] = delta * delta;
            for (size_t k = 0; k < d && routed; k++) {
                const double gap =
                    mixture[fit.beta1 + i * d + k] - truth->mixture[at->beta1 + j * d + k];
                rest[j] += gap * gap;
            }
        }
        canonical_atom(family, truth->mixture + (routed ? at->eta : at->kappa), count, rest,
                       mixture + (routed ? fit.eta : fit.kappa) + i * family->theta_size);
    }
}

gsc_status gsc_align(const gsc_truth *truth, gsc_loss_kind kind, const gsc_mixture_shape *shape,
                     double *mixture, gsc_align_info *ret_info, gsc_error *error) {
    gsc_align_info info = {0};
    gsc_status status = GSC_OK;
    if (shape->k_routed > 0) {
        double slope = 0;
        if (shape->gate->general) {
            bool free_of_shift;
            status = gsc_gate_is_shift_free(shape->gate, &free_of_shift, error);
            slope = free_of_shift && gsc_gate_has_slopes(truth);
        } else {
            status = gsc_gate_translation_slope(shape->gate, &slope, error);
        }
        if (status == GSC_OK && slope != 0) {
            status = translate(truth, shape, slope, mixture, error);
            info.translated = true;
        } else if (status == GSC_OK && kind == GSC_LOSS_D3 && !truth->mean_masses) {
            status = rescale(truth, shape, mixture, &info.clipped, error);
            info.rescaled = true;
        }
    }
    if (status != GSC_OK) {
        return status;
    }
    if (shape->k_shared > 0 && gsc_expert_is_homogeneous(&truth->shared)) {
        canonical_scale(truth, shape, false, mixture);
        info.canonical_shared = true;
    }
    if (shape->k_routed > 0 && gsc_expert_is_homogeneous(&truth->routed)) {
        canonical_scale(truth, shape, true, mixture);
        info.canonical_routed = true;
    }
    if (ret_info != NULL) {
        *ret_info = info;
    }
    return GSC_OK;
}

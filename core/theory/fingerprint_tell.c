/* SPDX-License-Identifier: MIT
 *
 * Series, documents and results of the study "fingerprint".
 */
#include "core/theory/fingerprint_internal.h"

#include "core/theory/mixture_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 2 r: what the theorem of the loss allows, KL >= c delta^(2r). */
static double bound_of(const fingerprint_arm *self, size_t b) {
    const gsc_error_block *block = &self->blocks[b];
    const size_t k = block->routed ? self->shape.k_routed : self->shape.k_shared;
    const size_t true_k = block->routed ? self->truth->shape.k_routed : self->truth->shape.k_shared;
    if (!self->theorem || (self->loss == GSC_LOSS_D4 && block->routed)) {
        return NAN;
    }
    return 2 * gsc_error_exponent(self->loss, block, k - true_k + 1);
}

/* Whether an arm's fitted gate is not the true one. */
static bool crosses(const fingerprint_study *self) {
    bool any = false;
    for (size_t a = 0; a < self->n_arms; a++) {
        any = any || self->arms[a].crossed;
    }
    return any;
}

gsc_status fingerprint_declare(fingerprint_study *self, size_t a, size_t b, gsc_error *error) {
    fingerprint_arm *one = &self->arms[a];
    const gsc_error_block *block = &one->blocks[b];
    char name[64], title[160], definition[400], bound[32] = "";
    const double exponent = bound_of(one, b);
    snprintf(name, sizeof name, "kl_%s", block->name);
    snprintf(title, sizeof title, "%s", self->n_arms > 1 ? one->name : block->symbol);
    snprintf(definition, sizeof definition,
             "%s, by quadrature, over %zu + %zu fitted atoms of which one has "
             "|error of %s| = delta, every share of a cell's mass at least %g, gate box %g",
             one->crossed ? "least KL(truth || fit) beyond that of the nearest fit, which errors "
                            "are from, where it is above a thousandth of that"
                          : "least KL(truth || fit)",
             one->shape.k_shared, one->shape.k_routed, block->name, one->options.mass_floor,
             one->options.gate_box);
    if (isfinite(exponent)) {
        snprintf(bound, sizeof bound, "δ^{%g}", exponent);
    }
    gsc_series_info info = GSC_SERIES_INIT;
    info.name = name;
    info.arm = one->name;
    info.title = title;
    info.unit = "nat";
    info.definition = definition;
    info.x_name = "delta";
    info.x_title = "Parameter error δ";
    info.panel = self->n_arms > 1 ? block->symbol : "fingerprint";
    info.y_title = crosses(self) ? "Least KL beyond the nearest fit" : "Least KL to the truth";
    info.bound = exponent;
    info.bound_title = bound;
    return self->sink->series(self->sink, &info, &one->series[b], error);
}

gsc_status fingerprint_tell_curve(fingerprint_study *self, size_t a, size_t b, gsc_error *error) {
    const fingerprint_arm *one = &self->arms[a];
    const gsc_fingerprint *curve = &one->curve[b];
    const size_t size = gsc_mixture_get_layout(&one->shape).size;
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < curve->n && status == GSC_OK; i++) {
        if (!isfinite(curve->kl[i]) || (curve->excess && !(curve->kl[i] > curve->floor))) {
            continue; /* of a difference, what lies below the floor is left of the descent */
        }
        const gsc_point point = {curve->delta[i], curve->kl[i], -1};
        status = self->sink->points(self->sink, one->series[b], &point, 1, error);
        json_t *json = json_pack(
            "{s:s, s:f, s:f, s:f, s:I, s:o}", "block", curve->block.name, "delta", curve->delta[i],
            "sign", curve->sign[i], "kl", curve->kl[i], "cell_size", (json_int_t)curve->cell_size,
            "parameters", gsc_mixture_json(&one->shape, curve->mixtures + i * size));
        char *text = json_dumps(json, JSON_COMPACT);
        json_decref(json);
        if (status == GSC_OK && text != NULL) {
            status = self->sink->document(self->sink, "fingerprint", one->name, curve->delta[i], -1,
                                          text, error);
        }
        free(text);
    }
    return status;
}

static gsc_status tell_result(fingerprint_study *self, const fingerprint_arm *one, const char *kind,
                              const char *block, const char *unit, const char *definition,
                              double value, gsc_error *error) {
    char name[96];
    snprintf(name, sizeof name, block != NULL ? "%s[%s]" : "%s", kind, block);
    const gsc_result result = {.name = name,
                               .arm = one->name,
                               .unit = unit,
                               .definition = definition,
                               .value = value,
                               .low = NAN,
                               .high = NAN};
    return self->sink->result(self->sink, &result, error);
}

/* The largest KL of a curve. */
static double most_kl(const gsc_fingerprint *curve) {
    double most = 0;
    for (size_t i = 0; i < curve->n; i++) {
        most = isfinite(curve->kl[i]) ? fmax(most, curve->kl[i]) : most;
    }
    return most;
}

/* A smooth divergence with its least value at no error grows as the square of small errors at least. Where
 * it seems not to, the smallest errors of the curve are beyond that range (unless the nearest fit's own
 * divergence bends the curve). */
static gsc_status warn_large_deltas(fingerprint_study *self, const fingerprint_arm *one,
                                    const gsc_fingerprint *curve, gsc_error *error) {
    char text[320];
    double kl = 0;
    for (size_t i = 0; i < curve->n; i++) {
        kl = curve->delta[i] == curve->exponent_delta ? curve->kl[i] : kl;
    }
    if (curve->exponent >= 1.8 || (!curve->excess && curve->least_kl > 1e-3 * kl)) {
        return GSC_OK;
    }
    snprintf(text, sizeof text,
             "%s%sthe exponent of %s is %.2f at delta = %.3g, below 2, so that this error is not "
             "small yet; theory.deltas should begin with smaller ones",
             one->name, one->name[0] != '\0' ? ": " : "", curve->block.name, curve->exponent,
             curve->exponent_delta);
    return self->sink->event(self->sink, GSC_EVENT_WARNING, "fingerprint", text, error);
}

static gsc_status tell_block(fingerprint_study *self, const fingerprint_arm *one,
                             const gsc_fingerprint *curve, gsc_error *error) {
    char definition[320];
    for (size_t i = 0; i < curve->n; i++) {
        if (curve->excess && curve->kl[i] < -curve->floor) {
            char text[400];
            snprintf(text, sizeof text,
                     "%s: %s has a fit at an error of %g that is nearer to the truth than what was "
                     "taken for the nearest, by %.2g nat; its curve is from a local minimum",
                     one->name, curve->block.name, curve->delta[i], -curve->kl[i]);
            return self->sink->event(self->sink, GSC_EVENT_WARNING, "fingerprint", text, error);
        }
    }
    if (!isfinite(curve->exponent)) {
        char text[256];
        const double most = most_kl(curve);
        if (most < GSC_FINGERPRINT_ZERO) {
            snprintf(
                text, sizeof text,
                "%s%s%s is not identifiable: an error up to %g costs nothing (KL %.2g at most)",
                one->name, one->name[0] != '\0' ? ": " : "", curve->block.name,
                curve->delta[curve->n - 1], most);
            return self->sink->event(self->sink, GSC_EVENT_WARNING, "fingerprint", text, error);
        }
        snprintf(text, sizeof text,
                 "%s%s%s has no exponent: its KL is nowhere 5 times that of the nearest fit, %.2g",
                 one->name, one->name[0] != '\0' ? ": " : "", curve->block.name, curve->least_kl);
        return self->sink->event(self->sink, GSC_EVENT_WARNING, "fingerprint", text, error);
    }
    snprintf(definition, sizeof definition,
             "slope of log least KL against log error of %s from delta = %.3g to the next, the "
             "smallest whose KL is above %.1g and 5 times the KL of the nearest fit; cell of %zu",
             curve->block.name, curve->exponent_delta, curve->floor, curve->cell_size);
    gsc_status status = tell_result(self, one, "exponent", curve->block.name, "", definition,
                                    curve->exponent, error);
    if (status == GSC_OK) {
        status = tell_result(self, one, "rate", curve->block.name, "",
                             "exponent of n that this implies for the error: -1 / exponent",
                             -1 / curve->exponent, error);
    }
    return status == GSC_OK ? warn_large_deltas(self, one, curve, error) : status;
}

gsc_status fingerprint_tell_arm(fingerprint_study *self, fingerprint_arm *one, gsc_error *error) {
    double least = INFINITY, seconds = 0;
    gsc_status status = GSC_OK;
    for (size_t b = 0; b < one->n_blocks; b++) {
        least = fmin(least, one->curve[b].least_kl);
        seconds += one->seconds[b];
    }
    for (size_t b = 0; b < one->n_blocks && status == GSC_OK; b++) {
        gsc_fingerprint_set_least(&one->curve[b], least);
        status = tell_block(self, one, &one->curve[b], error);
    }
    if (status == GSC_OK) {
        status = tell_result(self, one, "least_kl", NULL, "nat",
                             "least KL(truth || fit) with no error held; above 0 where the family "
                             "does not hold the truth under its mass floor and box",
                             least, error);
    }
    if (status == GSC_OK) {
        status = tell_result(self, one, "fingerprint_time", NULL, "s",
                             "processor time of the arm's curves", seconds, error);
    }
    return status;
}

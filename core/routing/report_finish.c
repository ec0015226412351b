/* SPDX-License-Identifier: MIT
 *
 * What needs the last router, and the results. A result is the mean over layers, NAME_min and NAME_max are the
 * least and the greatest layer: counts of layers are never pooled. Layer: core/routing.
 */
#include "core/routing/report_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Saturation ------------------------------------------------------------------------------- */
static void measure_saturation(const router_layer *then, const router_layer *last, double *ret) {
    double overlap = gsc_router_overlap(then->positions, last->positions);
    double chance = gsc_router_chance(then->positions, last->positions);
    ret[ROUTER_SATURATION] = overlap;
    ret[ROUTER_SATURATION_CHANCE] = chance;
    ret[ROUTER_SATURATION_KAPPA] = gsc_router_kappa(overlap, chance);
    ret[ROUTER_SATURATION_TYPES] = gsc_router_overlap(then->types, last->types);
}

static gsc_status emit_saturation(gsc_router_report *self, size_t checkpoint, size_t layer,
                                  const double *values, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (int m = ROUTER_SATURATION; m <= ROUTER_SATURATION_TYPES && status == GSC_OK; m++) {
        if (!isnan(values[m])) {
            gsc_point point = {
                .x = (double)self->checkpoints[checkpoint].step, .y = values[m], .replicate = -1};
            status = self->sink->points(
                self->sink, self->metrics[layer * ROUTER_METRICS + (size_t)m], &point, 1, error);
        }
    }
    return status;
}

/* ---- Results ---------------------------------------------------------------------------------- */
/* Sends the mean, the least and the greatest over layers of values[layer * stride] as name, name_min and
 * name_max; nothing where a layer has none. */
static gsc_status send_result(gsc_router_report *self, const char *name, const router_words *words,
                              const char *when, const double *values, size_t stride,
                              gsc_error *error) {
    char own[640], definition[800], of_layer[96];
    double sum = 0, least = INFINITY, greatest = -INFINITY;
    for (size_t l = 0; l < self->plan.layers; l++) {
        sum += values[l * stride];
        least = fmin(least, values[l * stride]);
        greatest = fmax(greatest, values[l * stride]);
    }
    if (isnan(sum)) {
        return GSC_OK;
    }
    gsc_router_define(&self->plan, words, self->types.n, own, sizeof own);
    snprintf(definition, sizeof definition, "mean over layers, %s: %s", when, own);
    gsc_result result = {.name = name,
                         .arm = self->plan.arm,
                         .unit = words->unit,
                         .definition = definition,
                         .value = sum / (double)self->plan.layers,
                         .low = NAN,
                         .high = NAN};
    gsc_status status = self->sink->result(self->sink, &result, error);
    if (status == GSC_OK) {
        snprintf(definition, sizeof definition, "least layer, %s: %s", when, own);
        snprintf(of_layer, sizeof of_layer, "%s_min", name);
        result.name = of_layer;
        result.value = least;
        status = self->sink->result(self->sink, &result, error);
    }
    if (status == GSC_OK) {
        snprintf(definition, sizeof definition, "greatest layer, %s: %s", when, own);
        snprintf(of_layer, sizeof of_layer, "%s_max", name);
        result.value = greatest;
        status = self->sink->result(self->sink, &result, error);
    }
    return status;
}

/* Results of a checkpoint's saturation, names with a suffix. values [layers, ROUTER_METRICS]. */
static gsc_status send_saturation(gsc_router_report *self, const char *suffix, int64_t step,
                                  const double *values, gsc_error *error) {
    char when[96], name[64];
    gsc_status status = GSC_OK;
    snprintf(when, sizeof when, "t = step %" PRId64 " of %" PRId64, step, self->plan.steps);
    for (int m = ROUTER_SATURATION; m <= ROUTER_SATURATION_TYPES && status == GSC_OK; m++) {
        const router_words *words = &gsc_router_metric_words[m];
        snprintf(name, sizeof name, "%s%s", words->name, suffix);
        status = send_result(self, name, words, when, values + m, ROUTER_METRICS, error);
    }
    return status;
}

/* What saturation at a checkpoint is called among the results, by its share of the run, within 2% of the run or
 * half a step, which "when" in its definition tells; NULL: nothing. */
static const char *suffix_of(const gsc_router_report *self, size_t checkpoint) {
    static const struct {
        double share;
        const char *suffix;
    } named[] = {{0, "_initial"}, {.05, "_5"}, {.2, "_20"}, {.5, "_50"}, {.9, "_90"}};
    const double steps = (double)self->plan.steps;
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        double least = named[i].share > 0 ? fmax(.5, .02 * steps) : 0;
        size_t nearest = self->n_checkpoints;
        for (size_t c = 0; c < self->n_checkpoints; c++) {
            const double off = fabs((double)self->checkpoints[c].step - named[i].share * steps);
            nearest = off < least || (off == least && nearest == self->n_checkpoints) ? c : nearest;
            least = fmin(least, off);
        }
        if (nearest == checkpoint) {
            return named[i].suffix;
        }
    }
    return NULL;
}

/* The checkpoint whose saturation is the result "saturation": the first at half of the run or later that is not
 * the last, else the last but one. */
static size_t middle_checkpoint(const gsc_router_report *self) {
    size_t last = self->n_checkpoints - 1;
    for (size_t c = 0; c < last; c++) {
        if (2 * self->checkpoints[c].step >= self->checkpoints[last].step) {
            return c;
        }
    }
    return last > 0 ? last - 1 : 0;
}

static gsc_status finish_saturation(gsc_router_report *self, gsc_error *error) {
    size_t last = self->n_checkpoints - 1, middle = middle_checkpoint(self);
    double *values = malloc(self->plan.layers * ROUTER_METRICS * sizeof(*values));
    gsc_status status = values != NULL ? GSC_OK : gsc_router_no_memory(error);
    for (size_t c = 0; c <= last && status == GSC_OK; c++) {
        const router_checkpoint *then = &self->checkpoints[c];
        for (size_t l = 0; l < self->plan.layers && status == GSC_OK; l++) {
            double *row = values + l * ROUTER_METRICS;
            measure_saturation(&then->layers[l], &self->checkpoints[last].layers[l], row);
            status = emit_saturation(self, c, l, row, error);
        }
        const char *suffix = c < last ? suffix_of(self, c) : NULL;
        if (status == GSC_OK && suffix != NULL) {
            status = send_saturation(self, suffix, then->step, values, error);
        }
        if (status == GSC_OK && c == middle && c < last) {
            status = send_saturation(self, "", then->step, values, error);
        }
    }
    free(values);
    return status;
}

static gsc_status finish_batches(gsc_router_report *self, gsc_error *error) {
    static const char name[] = "max_violation_last";
    double *values = malloc(self->plan.layers * sizeof(*values));
    if (values == NULL) {
        return gsc_router_no_memory(error);
    }
    for (size_t l = 0; l < self->plan.layers; l++) {
        const router_tail *tail = &self->tails[l];
        values[l] = tail->n > 0 ? tail->sum / tail->n : NAN;
    }
    gsc_status status =
        send_result(self, name, &gsc_router_metric_words[ROUTER_BATCH_MAX_VIOLATION],
                    "mean of the last 1% of steps", values, 1, error);
    free(values);
    return status;
}

gsc_status gsc_router_report_finish(gsc_router_report *self, gsc_error *error) {
    if (self->n_checkpoints == 0) {
        return GSC_OK;
    }
    gsc_status status = finish_saturation(self, error);
    char when[64];
    snprintf(when, sizeof when, "step %" PRId64, self->checkpoints[self->n_checkpoints - 1].step);
    for (int m = 0; m < ROUTER_METRICS && status == GSC_OK; m++) {
        const router_words *words = &gsc_router_metric_words[m];
        bool batch = words->scope == ROUTER_SCOPE_BATCH;
        if (m >= ROUTER_SATURATION && m <= ROUTER_SATURATION_TYPES) {
            continue;
        }
        status = send_result(self, words->name, words, batch ? "last step" : when, self->latest + m,
                             ROUTER_METRICS, error);
        /* Scripts may ask for "jain": the index that gates differ in. */
        if (status == GSC_OK && m == ROUTER_JAIN_MASS) {
            status =
                send_result(self, "jain", words, when, self->latest + m, ROUTER_METRICS, error);
        }
    }
    return status == GSC_OK ? finish_batches(self, error) : status;
}

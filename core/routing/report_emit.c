/* SPDX-License-Identifier: MIT
 *
 * What a checkpoint tells without a later one. Layer: core/routing.
 */
#include "core/routing/report_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_COACTIVATION = 1024 /* experts whose pairs fit in one record */
};

static const router_checkpoint *latest_checkpoint(const gsc_router_report *self) {
    return &self->checkpoints[self->n_checkpoints - 1];
}

/* The checkpoint exactly one spacing before the last; NULL: none. */
static const router_checkpoint *spaced_checkpoint(const gsc_router_report *self) {
    int64_t step = latest_checkpoint(self)->step - self->plan.spacing;
    for (size_t c = 0; self->plan.spacing > 0 && c + 1 < self->n_checkpoints; c++) {
        if (self->checkpoints[c].step == step) {
            return &self->checkpoints[c];
        }
    }
    return NULL;
}

static gsc_status send_vector(gsc_router_report *self, int32_t series, const double *values,
                              size_t n, gsc_error *error) {
    float *numbers = malloc((n + 1) * sizeof(*numbers));
    if (numbers == NULL) {
        return gsc_router_no_memory(error);
    }
    for (size_t i = 0; i < n; i++) {
        numbers[i] = (float)values[i];
    }
    gsc_status status = self->sink->vector(
        self->sink, series, (double)latest_checkpoint(self)->step, numbers, n, error);
    free(numbers);
    return status;
}

/* ---- Numbers ---------------------------------------------------------------------------------- */
static void measure_loads(const router_layer *layer, double *ret) {
    const gsc_routing *at = layer->positions;
    size_t experts = at->experts;
    ret[ROUTER_JAIN_COUNT] = gsc_router_jain(at->load, experts);
    ret[ROUTER_JAIN_MASS] = gsc_router_jain(at->mass, experts);
    ret[ROUTER_JAIN_PROB] = gsc_router_jain(at->prob, experts);
    ret[ROUTER_JAIN_TYPES] = gsc_router_jain(layer->types->mass, experts);
    ret[ROUTER_LOAD_CV] = gsc_router_cv(at->load, experts);
    ret[ROUTER_MAX_VIOLATION] = gsc_router_max_violation(at->load, experts);
    ret[ROUTER_MIN_VIOLATION] = gsc_router_min_violation(at->load, experts);
    ret[ROUTER_MEAN_VIOLATION] = gsc_router_mean_violation(at->load, experts);
    ret[ROUTER_DEAD_SHARE] = gsc_router_dead_share(at->load, experts);
    ret[ROUTER_USAGE_PERPLEXITY] = gsc_router_usage_perplexity(at->load, experts);
    ret[ROUTER_TOKEN_ENTROPY] = gsc_router_token_entropy(at);
    ret[ROUTER_MUTUAL_INFORMATION] = gsc_router_mutual_information(at);
    ret[ROUTER_MARGIN] = gsc_router_margin(at);
    ret[ROUTER_CONFIDENCE] = gsc_router_confidence(at);
    ret[ROUTER_EXPERTS_PER_TOKEN] = gsc_router_experts_per_token(at);
}

/* Change rates where a checkpoint lies one spacing back. */
static gsc_status measure_change(const gsc_router_report *self, size_t layer, double *ret,
                                 gsc_error *error) {
    const router_checkpoint *now = latest_checkpoint(self), *before = spaced_checkpoint(self);
    if (before == NULL) {
        return GSC_OK;
    }
    const router_layer *a = &before->layers[layer], *b = &now->layers[layer];
    gsc_status status = gsc_router_change_rate(a->positions, before->step, b->positions, now->step,
                                               self->plan.spacing, &ret[ROUTER_CHANGE_RATE], error);
    return status == GSC_OK
               ? gsc_router_change_rate(a->types, before->step, b->types, now->step,
                                        self->plan.spacing, &ret[ROUTER_CHANGE_RATE_TYPES], error)
               : status;
}

/* Rows of counts as shares of their sums; a row of zeros stays so. */
static void normalise_rows(double *counts, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++) {
        double sum = 0;
        for (size_t j = 0; j < columns; j++) {
            sum += counts[r * columns + j];
        }
        for (size_t j = 0; j < columns && sum > 0; j++) {
            counts[r * columns + j] /= sum;
        }
    }
}

/* Shares of the types that are shown, from the counts of all. */
static gsc_status send_types(gsc_router_report *self, size_t layer, const double *counts,
                             gsc_error *error) {
    const size_t experts = self->plan.experts;
    double *share = malloc(self->n_shown * experts * sizeof(*share));
    if (share == NULL) {
        return gsc_router_no_memory(error);
    }
    for (size_t i = 0; i < self->n_shown; i++) {
        memcpy(share + i * experts, counts + (size_t)self->shown[i] * experts,
               experts * sizeof(*share));
    }
    normalise_rows(share, self->n_shown, experts);
    gsc_status status =
        send_vector(self, self->vectors[layer * ROUTER_VECTORS + ROUTER_VECTOR_TOKENS], share,
                    self->n_shown * experts, error);
    free(share);
    return status;
}

/* Choices by token type and by domain; shares go out as vectors. */
static gsc_status measure_labels(gsc_router_report *self, size_t layer, bool quiet, double *ret,
                                 gsc_error *error) {
    const gsc_routing *at = latest_checkpoint(self)->layers[layer].positions;
    size_t experts = self->plan.experts, n_domains = self->n_domains;
    size_t most = self->types.n > n_domains ? self->types.n : n_domains;
    double *counts = malloc((most * experts + 1) * sizeof(*counts));
    if (counts == NULL) {
        return gsc_router_no_memory(error);
    }
    gsc_router_label_counts(at, self->types.of, self->types.n, counts);
    ret[ROUTER_TYPE_INFORMATION] = gsc_router_information(counts, self->types.n, experts);
    ret[ROUTER_TYPE_SPECIALIZATION] = gsc_router_specialization(counts, self->types.n, experts);
    gsc_status status = GSC_OK;
    if (!quiet && self->n_shown > 0) {
        status = send_types(self, layer, counts, error);
    }
    if (status == GSC_OK && self->domain != NULL) {
        gsc_router_label_counts(at, self->domain, n_domains, counts);
        ret[ROUTER_DOMAIN_INFORMATION] = gsc_router_information(counts, n_domains, experts);
        ret[ROUTER_DOMAIN_SPECIALIZATION] = gsc_router_specialization(counts, n_domains, experts);
        normalise_rows(counts, n_domains, experts);
        if (!quiet) {
            status =
                send_vector(self, self->vectors[layer * ROUTER_VECTORS + ROUTER_VECTOR_DOMAINS],
                            counts, n_domains * experts, error);
        }
    }
    free(counts);
    return status;
}

/* Pairs of experts: a number, and all of them as a vector. */
static gsc_status measure_pairs(gsc_router_report *self, size_t layer, bool quiet, double *ret,
                                gsc_error *error) {
    size_t experts = self->plan.experts;
    double *share = malloc(experts * experts * sizeof(*share));
    if (share == NULL) {
        return gsc_router_no_memory(error);
    }
    gsc_router_coactivation(latest_checkpoint(self)->layers[layer].positions, share);
    ret[ROUTER_STRONGEST_PARTNER] = gsc_router_strongest_partner(share, experts);
    gsc_status status = GSC_OK;
    if (!quiet && experts <= MOST_COACTIVATION) {
        status =
            send_vector(self, self->vectors[layer * ROUTER_VECTORS + ROUTER_VECTOR_COACTIVATION],
                        share, experts * experts, error);
    }
    free(share);
    return status;
}

/* ---- Vectors ---------------------------------------------------------------------------------- */
static gsc_status emit_load(gsc_router_report *self, size_t layer, gsc_error *error) {
    const gsc_routing *at = latest_checkpoint(self)->layers[layer].positions;
    size_t experts = self->plan.experts;
    double *relative = malloc(experts * sizeof(*relative));
    if (relative == NULL) {
        return gsc_router_no_memory(error);
    }
    for (size_t j = 0; j < experts; j++) {
        relative[j] = at->load[j] * (double)experts / (double)at->start[at->filled];
    }
    gsc_status status = send_vector(
        self, self->vectors[layer * ROUTER_VECTORS + ROUTER_VECTOR_LOAD], relative, experts, error);
    free(relative);
    return status;
}

static gsc_status emit_overlaps(gsc_router_report *self, size_t layer, gsc_error *error) {
    const int32_t *series = self->vectors + layer * ROUTER_VECTORS;
    const gsc_routing *now = latest_checkpoint(self)->layers[layer].positions;
    size_t n = self->n_checkpoints;
    double *overlap = malloc(2 * n * sizeof(*overlap));
    if (overlap == NULL) {
        return gsc_router_no_memory(error);
    }
    double *kappa = overlap + n;
    for (size_t c = 0; c < n; c++) {
        const gsc_routing *then = self->checkpoints[c].layers[layer].positions;
        overlap[c] = gsc_router_overlap(then, now);
        kappa[c] = gsc_router_kappa(overlap[c], gsc_router_chance(then, now));
    }
    gsc_status status = send_vector(self, series[ROUTER_VECTOR_OVERLAP], overlap, n, error);
    if (status == GSC_OK) {
        status = send_vector(self, series[ROUTER_VECTOR_OVERLAP_KAPPA], kappa, n, error);
    }
    free(overlap);
    return status;
}

static gsc_status emit_similarity(gsc_router_report *self, gsc_error *error) {
    const router_layer *layers = latest_checkpoint(self)->layers;
    size_t n = self->plan.layers;
    double *similarity = malloc(n * n * sizeof(*similarity));
    if (similarity == NULL) {
        return gsc_router_no_memory(error);
    }
    gsc_status status = GSC_OK;
    for (size_t a = 0; a < n; a++) {
        for (size_t b = 0; b <= a && status == GSC_OK; b++) {
            status = gsc_router_similarity(layers[a].positions, layers[b].positions,
                                           &similarity[a * n + b], error);
            similarity[b * n + a] = similarity[a * n + b];
        }
    }
    if (status == GSC_OK) {
        status = send_vector(self, self->similarity, similarity, n * n, error);
    }
    free(similarity);
    return status;
}

/* ---- A checkpoint ----------------------------------------------------------------------------- */
static gsc_status emit_metrics(gsc_router_report *self, size_t layer, gsc_error *error) {
    const double *values = self->latest + layer * ROUTER_METRICS;
    gsc_status status = GSC_OK;
    for (int m = 0; m < ROUTER_SATURATION && status == GSC_OK; m++) {
        int32_t series = self->metrics[layer * ROUTER_METRICS + (size_t)m];
        if (series >= 0 && !isnan(values[m])) {
            gsc_point point = {
                .x = (double)latest_checkpoint(self)->step, .y = values[m], .replicate = -1};
            status = self->sink->points(self->sink, series, &point, 1, error);
        }
    }
    return status;
}

gsc_status gsc_router_emit_checkpoint(gsc_router_report *self, bool quiet, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t l = 0; l < self->plan.layers && status == GSC_OK; l++) {
        double *values = self->latest + l * ROUTER_METRICS;
        for (int m = 0; m < ROUTER_SATURATION; m++) {
            values[m] = NAN;
        }
        measure_loads(&latest_checkpoint(self)->layers[l], values);
        status = measure_change(self, l, values, error);
        if (status == GSC_OK) {
            status = measure_labels(self, l, quiet, values, error);
        }
        if (status == GSC_OK) {
            status = measure_pairs(self, l, quiet, values, error);
        }
        if (status == GSC_OK && !quiet) {
            status = emit_metrics(self, l, error);
        }
        if (status == GSC_OK && !quiet) {
            status = emit_load(self, l, error);
        }
        if (status == GSC_OK && !quiet) {
            status = emit_overlaps(self, l, error);
        }
    }
    return status == GSC_OK && !quiet ? emit_similarity(self, error) : status;
}

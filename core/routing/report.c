/* SPDX-License-Identifier: MIT
 *
 * The life of a report: its series, its checkpoints, the loads of batches. Layer: core/routing.
 */
#include "core/routing/report_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Birth ------------------------------------------------------------------------------------ */
static void *copy_of(const void *data, size_t bytes) {
    void *copy = malloc(bytes + 1);
    return copy != NULL && data != NULL ? memcpy(copy, data, bytes) : copy;
}

static gsc_status check_plan(const gsc_router_plan *plan, gsc_error *error) {
    if (plan->layers == 0 || plan->experts == 0 || plan->experts > GSC_ROUTING_MOST_EXPERTS) {
        return gsc_fail(
            error, GSC_ERR_INPUT,
            "router metrics of %zu layers with %zu experts: at least one layer and 1 to "
            "%d experts are needed",
            plan->layers, plan->experts, GSC_ROUTING_MOST_EXPERTS);
    }
    if (plan->positions == 0 || plan->positions >= INT32_MAX) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "router metrics over a probe of %zu positions: at least one is needed",
                        plan->positions);
    }
    if (plan->steps <= 0 || plan->spacing < 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "router metrics of %" PRId64 " steps, change rates over %" PRId64
                        ": neither may be negative, and there must be a step",
                        plan->steps, plan->spacing);
    }
    return GSC_OK;
}

/* Distinct documents, and domains as labels. */
static gsc_status take_sources(gsc_router_report *self, const gsc_router_plan *plan,
                               gsc_error *error) {
    gsc_status status = GSC_OK;
    if (plan->documents != NULL) {
        gsc_routing_types documents;
        status = gsc_routing_types_init(&documents, plan->positions, plan->documents, 1, error);
        if (status == GSC_OK) {
            self->n_documents = documents.n_seen;
            gsc_routing_types_clear(&documents);
        }
    }
    if (status != GSC_OK || plan->domains == NULL) {
        return status;
    }
    self->domain = malloc(plan->positions * sizeof(*self->domain));
    if (self->domain == NULL) {
        return gsc_router_no_memory(error);
    }
    for (size_t i = 0; i < plan->positions; i++) {
        self->domain[i] = plan->domains[i];
        if (plan->domains[i] >= self->n_domains) {
            self->n_domains = (size_t)plan->domains[i] + 1;
        }
    }
    return GSC_OK;
}

static gsc_status declare(gsc_router_report *self, const router_words *words, int32_t layer,
                          int32_t *ret_series, gsc_error *error) {
    char definition[640], title[96];
    gsc_router_define(&self->plan, words, self->types.n, definition, sizeof definition);
    if (layer >= 0) {
        snprintf(title, sizeof title, "%s, layer %d", words->title, (int)layer);
    } else {
        snprintf(title, sizeof title, "%s", words->title);
    }
    gsc_series_info info = GSC_SERIES_INIT;
    info.name = words->name;
    info.arm = self->plan.arm;
    info.title = title;
    info.unit = words->unit;
    info.definition = definition;
    info.x_name = "step";
    info.x_title = "Step";
    info.panel = words->panel;
    info.y_title = words->y_title;
    info.layer = layer;
    return self->sink->series(self->sink, &info, ret_series, error);
}

static gsc_status declare_all(gsc_router_report *self, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t l = 0; l < self->plan.layers && status == GSC_OK; l++) {
        for (int m = 0; m < ROUTER_METRICS && status == GSC_OK; m++) {
            int32_t *series = &self->metrics[l * ROUTER_METRICS + (size_t)m];
            *series = -1;
            if (gsc_router_plan_has(&self->plan, (router_metric)m)) {
                status = declare(self, &gsc_router_metric_words[m], (int32_t)l, series, error);
            }
        }
        for (int v = 0; v < ROUTER_VECTOR_SIMILARITY && status == GSC_OK; v++) {
            int32_t *series = &self->vectors[l * ROUTER_VECTORS + (size_t)v];
            *series = -1;
            if ((v != ROUTER_VECTOR_DOMAINS || self->domain != NULL) &&
                (v != ROUTER_VECTOR_TOKENS || self->n_shown > 0)) {
                status = declare(self, &gsc_router_vector_words[v], (int32_t)l, series, error);
            }
        }
    }
    return status == GSC_OK ? declare(self, &gsc_router_vector_words[ROUTER_VECTOR_SIMILARITY], -1,
                                      &self->similarity, error)
                            : status;
}

/* What stands behind every number: the probe in numbers. */
static gsc_status tell_probe(gsc_router_report *self, gsc_error *error) {
    char json[320];
    snprintf(json, sizeof json,
             "{\"positions\":%zu,\"documents\":%zu,\"domains\":%zu,\"types\":%zu,"
             "\"types_seen\":%zu,\"type_positions\":%zu,\"type_occurrences\":%d,\"layers\":%zu,"
             "\"experts\":%zu,\"top_k\":%zu,\"spacing\":%" PRId64 "}",
             self->plan.positions, self->n_documents, self->n_domains, self->types.n,
             self->types.n_seen, self->types.covered, GSC_ROUTING_TYPE_OCCURRENCES,
             self->plan.layers, self->plan.experts, self->plan.top_k, self->plan.spacing);
    return self->sink->document(self->sink, "router_probe", self->plan.arm, NAN, -1, json, error);
}

gsc_status gsc_router_report_new(const gsc_router_plan *plan, gsc_sink *sink,
                                 gsc_router_report **ret_report, gsc_error *error) {
    gsc_status status = check_plan(plan, error);
    if (status != GSC_OK) {
        return status;
    }
    gsc_router_report *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return gsc_router_no_memory(error);
    }
    size_t metrics = plan->layers * ROUTER_METRICS;
    const char *arm = plan->arm != NULL ? plan->arm : "";
    self->plan = *plan;
    self->sink = sink;
    self->plan.arm = copy_of(arm, strlen(arm) + 1);
    self->plan.tokens = copy_of(plan->tokens, plan->positions * sizeof(*plan->tokens));
    self->metrics = malloc(metrics * sizeof(*self->metrics));
    self->latest = malloc(metrics * sizeof(*self->latest));
    self->vectors = malloc(plan->layers * ROUTER_VECTORS * sizeof(*self->vectors));
    self->tails = calloc(plan->layers, sizeof(*self->tails));
    if (self->plan.arm == NULL || self->plan.tokens == NULL || self->metrics == NULL ||
        self->latest == NULL || self->vectors == NULL || self->tails == NULL) {
        status = gsc_router_no_memory(error);
    }
    for (size_t i = 0; status == GSC_OK && i < metrics; i++) {
        self->latest[i] = NAN;
    }
    if (status == GSC_OK) {
        status = gsc_routing_types_init(&self->types, plan->positions, plan->tokens,
                                        GSC_ROUTING_TYPE_OCCURRENCES, error);
    }
    if (status == GSC_OK) {
        status = take_sources(self, plan, error);
    }
    if (status == GSC_OK) {
        status = gsc_router_choose_types(self, error);
    }
    if (status == GSC_OK) {
        status = declare_all(self, error);
    }
    if (status == GSC_OK) {
        status = tell_probe(self, error);
    }
    if (status == GSC_OK) {
        status = gsc_router_tell_labels(self, error);
    }
    self->plan.domain_names = NULL;
    self->plan.token_name = NULL;
    if (status != GSC_OK) {
        gsc_router_report_free(self);
        return status;
    }
    *ret_report = self;
    return GSC_OK;
}

static void clear_checkpoint(router_checkpoint *checkpoint, size_t layers) {
    for (size_t l = 0; checkpoint->layers != NULL && l < layers; l++) {
        gsc_routing_free(checkpoint->layers[l].positions);
        gsc_routing_free(checkpoint->layers[l].types);
    }
    free(checkpoint->layers);
    checkpoint->layers = NULL;
}

void gsc_router_report_free(gsc_router_report *self) {
    if (self == NULL) {
        return;
    }
    for (size_t c = 0; c < self->n_checkpoints; c++) {
        clear_checkpoint(&self->checkpoints[c], self->plan.layers);
    }
    clear_checkpoint(&self->open, self->plan.layers);
    gsc_routing_types_clear(&self->types);
    free((char *)self->plan.arm);
    free((int32_t *)self->plan.tokens);
    free(self->domain);
    free(self->shown);
    free(self->metrics);
    free(self->vectors);
    free(self->latest);
    free(self->tails);
    free(self->checkpoints);
    free(self);
}

size_t gsc_router_report_bytes(const gsc_router_plan *plan, size_t checkpoints) {
    size_t k = plan->top_k > 0 ? plan->top_k : plan->experts;
    /* At most a twentieth as many types as positions. */
    size_t types = plan->positions / GSC_ROUTING_TYPE_OCCURRENCES;
    return checkpoints * plan->layers *
               (gsc_routing_bytes(plan->positions, plan->experts, k) +
                gsc_routing_bytes(types, plan->experts, k)) +
           3 * plan->positions * sizeof(int32_t) + types * plan->experts * sizeof(double);
}

/* ---- Checkpoints ------------------------------------------------------------------------------ */
gsc_status gsc_router_report_begin(gsc_router_report *self, int64_t step, bool quiet,
                                   gsc_error *error) {
    int64_t last =
        self->n_checkpoints > 0 ? self->checkpoints[self->n_checkpoints - 1].step : INT64_MIN;
    if (step <= last) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "the routing of step %" PRId64 " came after that of step %" PRId64
                        "; checkpoints are measured in order",
                        step, last);
    }
    clear_checkpoint(&self->open, self->plan.layers);
    router_checkpoint open = {.step = step,
                              .layers = calloc(self->plan.layers, sizeof(*open.layers))};
    gsc_status status = open.layers != NULL ? GSC_OK : gsc_router_no_memory(error);
    for (size_t l = 0; l < self->plan.layers && status == GSC_OK; l++) {
        status = gsc_routing_new(self->plan.positions, self->plan.experts,
                                 &open.layers[l].positions, error);
    }
    if (status != GSC_OK) {
        clear_checkpoint(&open, self->plan.layers);
        return status;
    }
    self->open = open;
    self->quiet = quiet;
    return GSC_OK;
}

gsc_status gsc_router_report_add(gsc_router_report *self, size_t layer, size_t rows,
                                 const int64_t *start, const int32_t *chosen, const double *weight,
                                 const double *p, gsc_error *error) {
    if (self->open.layers == NULL || layer >= self->plan.layers) {
        return gsc_fail(error, GSC_ERR_INPUT, "a routing of layer %zu came where %s", layer,
                        self->open.layers == NULL ? "no checkpoint is open"
                                                  : "the model has fewer layers");
    }
    gsc_status status =
        gsc_routing_add(self->open.layers[layer].positions, rows, start, chosen, weight, p, error);
    return status == GSC_OK
               ? GSC_OK
               : gsc_fail_prefix(error, status, "layer %zu, step %" PRId64, layer, self->open.step);
}

static gsc_status close_layers(gsc_router_report *self, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t l = 0; l < self->plan.layers && status == GSC_OK; l++) {
        router_layer *layer = &self->open.layers[l];
        if (layer->positions->filled != self->plan.positions) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "layer %zu routed %zu positions of the probe at step %" PRId64
                            ", which has %zu",
                            l, layer->positions->filled, self->open.step, self->plan.positions);
        }
        double k = gsc_router_experts_per_token(layer->positions);
        size_t top_k = self->plan.top_k > 0 ? self->plan.top_k : (size_t)fmax(1, round(k));
        status = gsc_routing_by_type(layer->positions, &self->types, top_k, &layer->types, error);
    }
    return status;
}

gsc_status gsc_router_report_end(gsc_router_report *self, gsc_error *error) {
    if (self->open.layers == NULL) {
        return gsc_fail(error, GSC_ERR_INPUT, "a checkpoint was closed that was never open");
    }
    gsc_status status = close_layers(self, error);
    if (status != GSC_OK) {
        return status;
    }
    router_checkpoint *checkpoints =
        realloc(self->checkpoints, (self->n_checkpoints + 1) * sizeof(*checkpoints));
    if (checkpoints == NULL) {
        return gsc_router_no_memory(error);
    }
    self->checkpoints = checkpoints;
    checkpoints[self->n_checkpoints++] = self->open;
    self->open.layers = NULL;
    return gsc_router_emit_checkpoint(self, self->quiet, error);
}

/* ---- Batches ---------------------------------------------------------------------------------- */
gsc_status gsc_router_report_batch(gsc_router_report *self, int64_t step, size_t layer,
                                   const double *loads, double dropped, gsc_error *error) {
    if (!self->plan.batches || layer >= self->plan.layers) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "loads of layer %zu came to a report of %zu layers %s batches", layer,
                        self->plan.layers, self->plan.batches ? "with" : "without");
    }
    size_t experts = self->plan.experts;
    const int32_t *series = self->metrics + layer * ROUTER_METRICS;
    double slots = 0, worst = gsc_router_max_violation(loads, experts);
    for (size_t j = 0; j < experts; j++) {
        slots += loads[j];
    }
    const struct {
        router_metric metric;
        double value;
    } values[] = {{ROUTER_BATCH_LOAD_CV, gsc_router_cv(loads, experts)},
                  {ROUTER_BATCH_MAX_VIOLATION, worst},
                  {ROUTER_DROP_RATE, gsc_router_drop_rate(dropped, slots)}};
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < sizeof values / sizeof values[0] && status == GSC_OK; i++) {
        int32_t handle = series[values[i].metric];
        if (handle >= 0 && !isnan(values[i].value)) {
            gsc_point point = {.x = (double)step, .y = values[i].value, .replicate = -1};
            status = self->sink->points(self->sink, handle, &point, 1, error);
            self->latest[layer * ROUTER_METRICS + values[i].metric] = values[i].value;
        }
    }
    if (!isnan(worst) && (double)step > .99 * (double)self->plan.steps) {
        self->tails[layer].sum += worst;
        self->tails[layer].n++;
    }
    return status;
}

void gsc_router_report_tail(const gsc_router_report *self, size_t layer, double *ret_sum,
                            double *ret_count) {
    *ret_sum = self->tails[layer].sum;
    *ret_count = self->tails[layer].n;
}

void gsc_router_report_set_tail(gsc_router_report *self, size_t layer, double sum, double count) {
    self->tails[layer] = (router_tail){.sum = sum, .n = count};
}

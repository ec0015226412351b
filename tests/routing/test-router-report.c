/* SPDX-License-Identifier: MIT
 *
 * The report of router metrics, on two layers whose routing is known at every checkpoint.
 */
#include "core/routing/report.h"
#include "tests/tap.h"

#include <stdlib.h>

enum {
    POSITIONS = 40,
    EXPERTS = 4,
    LAYERS = 2,
    MOST = 4096
};

/* A sink that keeps everything in memory. */
typedef struct kept_series {
    char name[64], arm[16], definition[640];
    int32_t layer;
} kept_series;
typedef struct kept_number {
    int32_t series;
    double x, y;
} kept_number;
typedef struct kept_vector {
    int32_t series;
    double x;
    float values[64];
    size_t n;
} kept_vector;
typedef struct kept_result {
    char name[64], definition[800];
    double value;
} kept_result;
typedef struct memory {
    gsc_sink sink;
    kept_series series[256];
    kept_number points[MOST];
    kept_vector vectors[512];
    kept_result results[512];
    size_t n_series, n_points, n_vectors, n_results;
    char document[512], labels[512];
    bool stopped;
} memory;

static gsc_status keep_series(gsc_sink *sink, const gsc_series_info *info, int32_t *ret_series,
                              gsc_error *error) {
    memory *self = (memory *)sink;
    kept_series *it = &self->series[self->n_series];
    snprintf(it->name, sizeof it->name, "%s", info->name);
    snprintf(it->arm, sizeof it->arm, "%s", info->arm);
    snprintf(it->definition, sizeof it->definition, "%s", info->definition);
    it->layer = info->layer;
    *ret_series = (int32_t)self->n_series++;
    return GSC_OK;
}

static gsc_status keep_points(gsc_sink *sink, int32_t series, const gsc_point *points, size_t n,
                              gsc_error *error) {
    memory *self = (memory *)sink;
    for (size_t i = 0; i < n && self->n_points < MOST; i++) {
        self->points[self->n_points++] = (kept_number){series, points[i].x, points[i].y};
    }
    return self->stopped ? gsc_fail(error, GSC_ERR_STOPPED, "stopped") : GSC_OK;
}

static gsc_status keep_vector(gsc_sink *sink, int32_t series, double x, const float *values,
                              size_t n, gsc_error *error) {
    memory *self = (memory *)sink;
    kept_vector *it = &self->vectors[self->n_vectors++];
    *it = (kept_vector){.series = series, .x = x, .n = n};
    memcpy(it->values, values, (n < 64 ? n : 64) * sizeof(*values));
    return GSC_OK;
}

static gsc_status keep_document(gsc_sink *sink, const char *kind, const char *arm, double x,
                                int32_t replicate, const char *json, gsc_error *error) {
    memory *self = (memory *)sink;
    const bool labels = strcmp(kind, "router_labels") == 0;
    snprintf(labels ? self->labels : self->document, sizeof self->document, "%s %s", kind, json);
    return GSC_OK;
}

static gsc_status keep_result(gsc_sink *sink, const gsc_result *result, gsc_error *error) {
    memory *self = (memory *)sink;
    kept_result *it = &self->results[self->n_results++];
    snprintf(it->name, sizeof it->name, "%s", result->name);
    snprintf(it->definition, sizeof it->definition, "%s", result->definition);
    it->value = result->value;
    return GSC_OK;
}

static memory *memory_new(void) {
    memory *self = calloc(1, sizeof(*self));
    self->sink = (gsc_sink){.series = keep_series,
                            .points = keep_points,
                            .vector = keep_vector,
                            .document = keep_document,
                            .result = keep_result};
    return self;
}

static int32_t find(const memory *self, const char *name, int32_t layer) {
    for (size_t i = 0; i < self->n_series; i++) {
        if (strcmp(self->series[i].name, name) == 0 && self->series[i].layer == layer) {
            return (int32_t)i;
        }
    }
    return -1;
}

/* The value of a series at x; NAN: none, infinite: several. */
static double at(const memory *self, const char *name, int32_t layer, double x) {
    int32_t series = find(self, name, layer);
    double value = NAN;
    for (size_t i = 0; i < self->n_points; i++) {
        if (self->points[i].series == series && self->points[i].x == x) {
            value = isnan(value) ? self->points[i].y : INFINITY;
        }
    }
    return value;
}

static const kept_vector *vector_at(const memory *self, const char *name, int32_t layer, double x) {
    static const kept_vector none;
    int32_t series = find(self, name, layer);
    for (size_t i = 0; i < self->n_vectors; i++) {
        if (self->vectors[i].series == series && self->vectors[i].x == x) {
            return &self->vectors[i];
        }
    }
    return &none;
}

static double result_of(const memory *self, const char *name) {
    for (size_t i = 0; i < self->n_results; i++) {
        if (strcmp(self->results[i].name, name) == 0) {
            return self->results[i].value;
        }
    }
    return NAN;
}

/* The odd token has no name, so that it goes by its number. */
static void name_token(void *data, int32_t token, char *ret_name, size_t size) {
    if (token == 0) {
        snprintf(ret_name, size, "%s", (const char *)data);
    }
}

static gsc_router_plan plan_of(int32_t *tokens, int32_t *documents, uint8_t *domains) {
    static const char *const domain_names[] = {"Book", NULL};
    for (int i = 0; i < POSITIONS; i++) {
        tokens[i] = i % 2;
        documents[i] = i / 10;
        domains[i] = (uint8_t)(i % 2);
    }
    return (gsc_router_plan){.arm = "gate=softmax",
                             .layers = LAYERS,
                             .experts = EXPERTS,
                             .top_k = 2,
                             .steps = 100,
                             .spacing = 10,
                             .batches = true,
                             .positions = POSITIONS,
                             .tokens = tokens,
                             .documents = documents,
                             .domains = domains,
                             .domain_names = domain_names,
                             .token_name = name_token,
                             .token_name_data = "▁the"};
}

/* Layer 0 always chooses {0, 1}; layer 1: {0, 1} at steps 0 and 100, {2, 3} at 5, at 10 {0, 1} for even
 * positions and {2, 3} for odd ones. Scores agree with the choice. In two pieces. */
static gsc_status feed(gsc_router_report *report, int64_t step, bool quiet, gsc_error *error) {
    gsc_status status = gsc_router_report_begin(report, step, quiet, error);
    for (size_t half = 0; half < 2; half++) {
        for (size_t layer = 0; layer < LAYERS && status == GSC_OK; layer++) {
            int64_t start[POSITIONS / 2 + 1] = {0};
            int32_t chosen[POSITIONS];
            double weight[POSITIONS], p[POSITIONS / 2 * EXPERTS];
            for (size_t t = 0; t < POSITIONS / 2; t++) {
                bool upper = layer == 1 && (step == 5 || (step == 10 && t % 2 == 1));
                for (int e = 0; e < EXPERTS; e++) {
                    p[t * EXPERTS + (size_t)e] = (e >= 2) == upper ? .5 : 0;
                }
                start[t + 1] = start[t] + 2;
                chosen[2 * t] = upper ? 2 : 0;
                chosen[2 * t + 1] = upper ? 3 : 1;
                weight[2 * t] = weight[2 * t + 1] = .5;
            }
            status = gsc_router_report_add(report, layer, POSITIONS / 2, start, chosen, weight, p,
                                           error);
        }
    }
    return status == GSC_OK ? gsc_router_report_end(report, error) : status;
}

static void test_series(const memory *kept) {
    bool unique = true;
    for (size_t i = 0; i < kept->n_series; i++) {
        unique &= find(kept, kept->series[i].name, kept->series[i].layer) == (int32_t)i;
    }
    TAP_OK(unique, "a series is declared once");
    TAP_STRING(kept->series[0].arm, "gate=softmax", "series carry the arm");
    TAP_CONTAINS(kept->series[find(kept, "change_rate", 1)].definition,
                 "D = 10 steps (10% of the run); over the probe's 40 positions",
                 "a change rate tells its spacing and its probe");
    TAP_CONTAINS(kept->series[find(kept, "jain_types_LIB", 0)].definition,
                 "over the 2 token types that occur 20 times or more",
                 "a figure of types tells how many");
    TAP_OK(find(kept, "drop_rate", 0) < 0, "without capacity there is no drop rate");
    TAP_CONTAINS(kept->document, "router_probe {\"positions\":40,\"documents\":4,\"domains\":2",
                 "the probe is told");
    TAP_STRING(kept->labels,
               "router_labels {\"domains\":[\"Book\",\"1\"],\"tokens\":["
               "{\"token\":0,\"name\":\"▁the\",\"count\":20},"
               "{\"token\":1,\"name\":\"1\",\"count\":20}]}",
               "rows of shares have names, a number where there is none");
}

static void test_checkpoints(const memory *kept) {
    TAP_NEAR(at(kept, "jain_count", 0, 5), .5, 1e-12, "half of the experts: Jain 1/2");
    TAP_NEAR(at(kept, "jain_count", 1, 10), 1, 1e-12, "all alike: Jain 1");
    TAP_NEAR(at(kept, "jain_mass", 1, 10), 1, 1e-12, "and by weight");
    TAP_NEAR(at(kept, "jain_prob", 1, 10), 1, 1e-12, "and by score");
    TAP_NEAR(at(kept, "jain_types_LIB", 1, 10), 1, 1e-12, "and by type");
    TAP_NEAR(at(kept, "dead_share", 0, 0), .5, 1e-12, "two of four are dead");
    TAP_NEAR(at(kept, "token_entropy", 0, 0), .5, 1e-12, "log 2 of log 4");
    TAP_NEAR(at(kept, "mutual_information", 1, 10), log(2), 1e-12, "two halves: log 2");
    TAP_NEAR(at(kept, "max_violation", 0, 0), 1, 1e-12, "twice an even share");
    TAP_NEAR(at(kept, "min_violation", 0, 0), 1, 1e-12, "and none");
    TAP_NEAR(at(kept, "mean_violation", 1, 10), 0, 1e-12, "even loads");
    TAP_NEAR(at(kept, "load_cv", 0, 0), 1, 1e-12, "CV of 2 2 0 0");
    TAP_NEAR(at(kept, "usage_perplexity", 0, 0), .5, 1e-12, "half of the experts used");
    TAP_NEAR(at(kept, "margin", 0, 0), .5, 1e-12, "one half above nothing");
    TAP_NEAR(at(kept, "top1_confidence", 0, 0), .5, 1e-12, "one half is the largest score");
    TAP_NEAR(at(kept, "experts_per_token", 0, 0), 2, 1e-12, "two of them");
    TAP_NEAR(at(kept, "domain_specialization", 0, 0), .5, 1e-12, "half of a domain's choices");
    TAP_NEAR(at(kept, "token_information", 0, 0), 0, 1e-12, "the same for every type");
    TAP_NEAR(at(kept, "token_information", 1, 10), log(2), 1e-12, "two types, two pairs");
    TAP_NEAR(at(kept, "domain_information", 1, 10), log(2), 1e-12, "the expert tells the domain");
    TAP_NEAR(at(kept, "token_specialization", 1, 10), .5, 1e-12, "half of a type's choices");
    TAP_NEAR(at(kept, "coactivation_max", 0, 0), 1, 1e-12, "inseparable pairs");
    TAP_OK(isnan(at(kept, "change_rate", 1, 5)) && isnan(at(kept, "change_rate", 1, 100)) &&
               isnan(at(kept, "change_rate", 1, 0)),
           "no change rate at another spacing");
    TAP_NEAR(at(kept, "change_rate", 1, 10), .5, 1e-12, "change rate from 0 to 10");
    TAP_NEAR(at(kept, "change_rate", 0, 10), 0, 1e-12, "a layer that never changes");
    TAP_NEAR(at(kept, "change_rate_types", 1, 10), .5, 1e-12, "one of two types changed");
    const kept_vector *overlap = vector_at(kept, "overlap", 1, 10);
    TAP_OK(overlap->n == 3 && overlap->values[0] == .5f && overlap->values[1] == .5f &&
               overlap->values[2] == 1,
           "a row of the overlap matrix");
    const kept_vector *load = vector_at(kept, "probe_load", 0, 0);
    TAP_OK(load->n == 4 && load->values[0] == 2 && load->values[3] == 0, "loads to an even share");
    const kept_vector *share = vector_at(kept, "domain_share", 1, 10);
    TAP_OK(share->n == 8 && share->values[0] == .5f && share->values[4] == 0, "shares of domains");
    const kept_vector *types = vector_at(kept, "token_share", 1, 10);
    TAP_OK(types->n == 8 && types->values[0] == .5f && types->values[2] == 0 &&
               types->values[4] == 0 && types->values[7] == .5f,
           "shares of token types: the even one's experts are 0 and 1, the odd one's 2 and 3");
    TAP_OK(vector_at(kept, "coactivation", 0, 100)->n == 16, "co-activation of all pairs");
    TAP_OK(vector_at(kept, "layer_similarity", -1, 100)->n == 4, "similarity of all layers");
}

static void test_finish(const memory *kept) {
    TAP_NEAR(at(kept, "saturation", 1, 0), 1, 1e-12, "saturation of step 0");
    TAP_NEAR(at(kept, "saturation", 1, 5), 0, 1e-12, "of step 5");
    TAP_NEAR(at(kept, "saturation", 1, 10), .5, 1e-12, "of step 10");
    TAP_NEAR(at(kept, "saturation_types", 1, 10), .5, 1e-12, "by type");
    TAP_NEAR(at(kept, "saturation_chance", 1, 10), .5, 1e-12, "by chance");
    TAP_NEAR(at(kept, "saturation_kappa", 1, 10), 0, 1e-12, "no more than chance");
    TAP_OK(isnan(at(kept, "saturation_kappa", 1, 0)), "no kappa where chance is 1");
    TAP_NEAR(result_of(kept, "saturation"), .75, 1e-12, "mean over layers at the last but one");
    TAP_NEAR(result_of(kept, "saturation_min"), .5, 1e-12, "least layer");
    TAP_NEAR(result_of(kept, "saturation_max"), 1, 1e-12, "greatest layer");
    TAP_NEAR(result_of(kept, "saturation_initial"), 1, 1e-12, "overlap of the initial router");
    TAP_NEAR(result_of(kept, "saturation_5"), .5, 1e-12, "after 5% of the run");
    TAP_NEAR(result_of(kept, "jain"), .5, 1e-12, "jain is that of weights");
    TAP_NEAR(result_of(kept, "dead_share_min"), .5, 1e-12, "dead experts");
    TAP_NEAR(result_of(kept, "max_violation_last"), .5, 1e-12, "MaxVio of the last 1% of steps");
    TAP_NEAR(at(kept, "max_violation_batch", 1, 99), 3, 1e-12, "MaxVio of a step");
    TAP_NEAR(at(kept, "load_cv_batch", 0, 100), sqrt(.5) / 2, 1e-12, "CV of a step");
}

static void test_resume(const gsc_router_plan *plan) {
    gsc_error error = {0};
    memory *kept = memory_new();
    gsc_router_report *report = NULL;
    TAP_OK(gsc_router_report_new(plan, &kept->sink, &report, &error) == GSC_OK &&
               feed(report, 0, true, &error) == GSC_OK && feed(report, 5, true, &error) == GSC_OK,
           "checkpoints are fed again");
    TAP_OK(kept->n_points == 0 && kept->n_vectors == 0, "quietly");
    TAP_OK(feed(report, 10, false, &error) == GSC_OK && at(kept, "change_rate", 1, 10) == .5 &&
               vector_at(kept, "overlap", 1, 10)->n == 3,
           "and the next one knows them");
    gsc_router_report_free(report);
    free(kept);
}

static void test_refusals(gsc_router_plan plan) {
    gsc_error error = {0};
    memory *kept = memory_new();
    gsc_router_report *report = NULL;
    if (gsc_router_report_new(&plan, &kept->sink, &report, &error) != GSC_OK ||
        feed(report, 5, false, &error) != GSC_OK) {
        TAP_OK(0, error.message);
        return;
    }
    TAP_OK(gsc_router_report_begin(report, 5, false, &error) == GSC_ERR_INPUT,
           "a step that is not later");
    TAP_CONTAINS(error.message, "the routing of step 5 came after that of step 5", "is named");
    TAP_OK(gsc_router_report_begin(report, 6, false, &error) == GSC_OK &&
               gsc_router_report_add(report, 0, 1, (int64_t[]){0, 1}, (int32_t[]){3}, NULL, NULL,
                                     &error) == GSC_OK &&
               gsc_router_report_end(report, &error) == GSC_ERR_INPUT,
           "a probe that is not whole");
    TAP_STRING(error.message, "layer 0 routed 1 positions of the probe at step 6, which has 40",
               "is named");
    TAP_OK(gsc_router_report_add(report, 1, 1, (int64_t[]){0, 1}, (int32_t[]){9}, NULL, NULL,
                                 &error) == GSC_ERR_INPUT,
           "an expert that is not there");
    TAP_STRING(error.message, "layer 1, step 6: position 0 chose expert 9, of experts 0 to 3",
               "is named with its layer and step");
    kept->stopped = true;
    TAP_OK(feed(report, 7, false, &error) == GSC_ERR_STOPPED, "a stop goes through");
    gsc_router_report_free(report);
    plan.experts = 0;
    TAP_OK(gsc_router_report_new(&plan, &kept->sink, &report, &error) == GSC_ERR_INPUT,
           "no experts");
    free(kept);
}

int main(void) {
    int32_t tokens[POSITIONS], documents[POSITIONS];
    uint8_t domains[POSITIONS];
    gsc_router_plan plan = plan_of(tokens, documents, domains);
    gsc_error error = {0};
    memory *kept = memory_new();
    gsc_router_report *report = NULL;
    gsc_status status = gsc_router_report_new(&plan, &kept->sink, &report, &error);
    static const int64_t steps[] = {0, 5, 10, 100};
    for (int i = 0; i < 4 && status == GSC_OK; i++) {
        status = feed(report, steps[i], false, &error);
    }
    for (size_t l = 0; l < LAYERS && status == GSC_OK; l++) {
        status = gsc_router_report_batch(report, 99, l, (double[]){8, 0, 0, 0}, 0, &error);
        if (status == GSC_OK) {
            status = gsc_router_report_batch(report, 100, l, (double[]){3, 2, 2, 1}, 0, &error);
        }
    }
    status = status == GSC_OK ? gsc_router_report_finish(report, &error) : status;
    TAP_OK(status == GSC_OK, status == GSC_OK ? "a run is reported" : error.message);
    test_series(kept);
    test_checkpoints(kept);
    test_finish(kept);
    gsc_router_report_free(report);
    free(kept);
    test_resume(&plan);
    test_refusals(plan);
    return tap_done();
}

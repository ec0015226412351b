/* SPDX-License-Identifier: MIT
 *
 * Every shipped plugin in both labs: a few EM iterations and a few steps of a small language model, or the one
 * sentence that says why not. The table says which.
 */
#include "core/lm/lab.h"
#include "core/theory/em.h"
#include "core/theory/random.h"
#include "core/theory/start.h"
#include "core/theory/truth.h"
#include "tests/tap.h"
#include "tests/theory/memory_sink.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/gatescope-zoo-labs-XXXXXX";

/* A part of the refusal; NULL: the lab takes it. */
typedef struct zoo_row {
    const char *id, *theory, *lm;
} zoo_row;

static const char no_sum[] = "does not sum to 1", batch[] = "choice among the rows of a batch",
                  tokens[] = "reads token ids", no_score[] = "has no score",
                  frozen[] = "frozen tensors", random_p[] = "drawn at random",
                  later[] = "later tokens", two_inputs[] = "two inputs f(u, v)",
                  no_likelihood[] = "a likelihood has none";

static const zoo_row gates[] = {
    {"base", no_sum, later},
    {"cosine", NULL, NULL},
    {"dense_to_sparse", NULL, NULL},
    {"dselect_k", NULL, NULL},
    {"entmax", NULL, NULL},
    {"euclidean_sigmoid", NULL, NULL},
    {"expert_choice", batch, later},
    {"expert_threshold", no_sum, NULL},
    {"frozen_random", frozen, NULL},
    {"gaussian", NULL, NULL},
    {"grouped", NULL, NULL},
    {"gshard", batch, NULL},
    {"hash", tokens, NULL},
    {"hierarchical", NULL, NULL},
    {"hyper_router", frozen, NULL},
    {"laplace", NULL, NULL},
    {"noisy_top_k", random_p, NULL},
    {"normalized_sigmoid", NULL, NULL},
    {"null_experts", no_sum, NULL},
    {"one_expert", no_score, NULL},
    {"perturbed_cosine", NULL, NULL},
    {"product_key", NULL, NULL},
    {"quadratic", NULL, NULL},
    {"random", random_p, NULL},
    {"relu", no_sum, NULL},
    {"round_robin", no_score, NULL},
    {"sigmoid", no_sum, NULL},
    {"sinkhorn", batch, later},
    {"soft_moe", batch, later},
    {"softmax", NULL, NULL},
    {"softmax_keep", NULL, NULL},
    {"softplus", NULL, NULL},
    {"sparsemax", NULL, NULL},
    {"sparsemixer", batch, NULL},
    {"stable_moe", tokens, NULL},
    {"switch", NULL, NULL},
    {"temperature", NULL, NULL},
    {"ternary", no_sum, NULL},
    {"top_p", NULL, NULL},
    {"uniform", no_score, NULL},
};

static const zoo_row experts[] = {
    {"clamped_swiglu", two_inputs, NULL},
    {"gaussian", NULL, NULL},
    {"geglu", two_inputs, NULL},
    {"gelu", NULL, NULL},
    {"gelu_tanh", NULL, NULL},
    {"reglu", two_inputs, NULL},
    {"relu", NULL, NULL},
    {"relu_squared", NULL, NULL},
    {"sigmoid", NULL, NULL},
    {"silu", NULL, NULL},
    {"softplus", NULL, NULL},
    {"swiglu", two_inputs, NULL},
    {"tanh", NULL, NULL},
};

/* Of own form. */
static const zoo_row own_experts[] = {{"blend", NULL, NULL},      {"constant", NULL, NULL},
                                      {"copy", NULL, NULL},       {"diagonal", NULL, NULL},
                                      {"linear", NULL, NULL},     {"low_rank", NULL, NULL},
                                      {"polynomial", NULL, NULL}, {"zero", NULL, NULL}};

static const zoo_row balancers[] = {
    {"bias_pid", no_likelihood, NULL},        {"bias_proportional", no_likelihood, NULL},
    {"bias_recentred", no_likelihood, NULL},  {"bias_sign", no_likelihood, NULL},
    {"dynamic_entropy", no_likelihood, NULL}, {"entropy", no_likelihood, NULL},
    {"global_batch", no_likelihood, NULL},    {"importance_cv", no_likelihood, NULL},
    {"l1_adaptive", no_likelihood, NULL},     {"switch", no_likelihood, NULL},
    {"variance", no_likelihood, NULL},        {"z_loss", no_likelihood, NULL},
};

static void need(gsc_status status, const gsc_error *error) {
    if (status != GSC_OK) {
        printf("Bail out! %s\n", error->message);
        exit(1);
    }
}

static void check_refusal(const char *what, const char *part, gsc_status status,
                          const gsc_error *error) {
    if (part == NULL) {
        TAP_STRING(status == GSC_OK ? "" : error->message, "", what);
        return;
    }
    TAP_CONTAINS(status == GSC_OK ? "" : error->message, part, what);
    TAP_OK(strchr(error->message, ';') != NULL, "with a way out");
}

/* ---- Theory ------------------------------------------------------------------------------------------ */

enum {
    N = 150,
    INPUTS = 2,
    MOST = 256
};

/* Four EM iterations over two inputs from k-means. */
static gsc_status fit(const gsc_truth *families, gsc_error *error) {
    static double x[INPUTS * N], y[N];
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_rng rng;
    gsc_rng_init(&rng, 11, N, INPUTS, 0);
    for (size_t t = 0; t < N; t++) {
        x[t] = 6 * gsc_rng_uniform(&rng) - 3;
        x[N + t] = 6 * gsc_rng_uniform(&rng) - 3;
        y[t] = (gsc_rng_uniform(&rng) < 1 / (1 + exp(-2 * x[t])) ? 2 * x[t] + x[N + t] : -x[t]) +
               0.5 * gsc_rng_normal(&rng);
    }
    const gsc_sample sample = {N, INPUTS, x, y};
    gsc_em_options options = gsc_em_options_default();
    gsc_em_workspace *ws;
    gsc_em_info info = {0};
    double mixture[MOST];
    gsc_truth_fit_shape(families, 1, 3, &gate, &shape);
    options.max_iterations = 4;
    need(gsc_em_workspace_new(&shape, N, &ws, error), error);
    gsc_status status =
        gsc_start_from_data(GSC_START_KMEANS, &shape, &sample, 1, 0, 0, mixture, error);
    if (status == GSC_OK) {
        status = gsc_em_fit(&sample, &options, ws, mixture, &info, error);
    }
    gsc_em_workspace_free(ws);
    if (status == GSC_OK && !(info.log_likelihood > info.start_log_likelihood)) {
        return gsc_fail(error, GSC_ERR_NUMERIC, "the likelihood went from %g to %g",
                        info.start_log_likelihood, info.log_likelihood);
    }
    return status;
}

static void check_theory(const char *key, const char *id, const char *refusal) {
    gsc_error error = {0};
    gsc_spec *spec;
    gsc_truth *families = NULL;
    char text[160], what[64];
    snprintf(text, sizeof text, "{\"gate\": \"%s\", \"expert\": \"%s\", \"theory\": {\"box\": 50}}",
             strcmp(key, "gate") == 0 ? id : "softmax", strcmp(key, "expert") == 0 ? id : "linear");
    need(gsc_spec_parse(text, "test", &spec, &error), &error);
    gsc_status status = gsc_truth_new_families(spec, INPUTS, true, true, 0.01, &families, &error);
    gsc_spec_free(spec);
    if (status == GSC_OK) {
        status = fit(families, &error);
    }
    gsc_truth_free(families);
    snprintf(what, sizeof what, "%s %s in the theory lab", key, id);
    check_refusal(what, refusal, status, &error);
}

/* ---- Language model ---------------------------------------------------------------------------------- */

static void write_corpus(const char *path) {
    static const char *const words[] = {"the ", "cat ", "sat ", "on ", "a ", "mat.\n\n"};
    FILE *file = fopen(path, "w");
    unsigned state = 1;
    for (size_t i = 0; i < 12000; i++) {
        state = state * 1103515245u + 12345u;
        fputs(words[(state >> 16) % (sizeof words / sizeof words[0])], file);
    }
    fclose(file);
}

static gsc_status take_vector(gsc_sink *sink, int32_t series, double x, const float *values,
                              size_t n, gsc_error *error) {
    return GSC_OK;
}

static void check_lm(const char *key, const char *id, const char *refusal, const char *more,
                     const char *yet_more) {
    static const char *const small[] = {
        "lm.tokenizer=bytes",   "lm.steps=4",     "lm.width=12",
        "lm.layers=1",          "lm.heads=2",     "lm.head_size=6",
        "lm.context=16",        "lm.batch=4",     "lm.accumulate=2",
        "lm.experts=6",         "lm.top_k=2",     "lm.expert_width=6",
        "lm.balance=0.01",      "lm.bias_rate=0", "lm.validation_positions=128",
        "lm.probe_positions=64"};
    gsc_error error = {0};
    gsc_spec *spec;
    gsc_pool *pool;
    char text[320], what[64];
    need(gsc_spec_load("preset:lm-smoe", &spec, &error), &error);
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        need(gsc_spec_set(spec, small[i], &error), &error);
    }
    snprintf(text, sizeof text, "lm.data=%s/corpus.txt", folder);
    need(gsc_spec_set(spec, text, &error), &error);
    snprintf(text, sizeof text, "%s=%s", key, id);
    need(gsc_spec_set(spec, text, &error), &error);
    if (more != NULL) {
        need(gsc_spec_set(spec, more, &error), &error);
    }
    if (yet_more != NULL) {
        need(gsc_spec_set(spec, yet_more, &error), &error);
    }
    need(gsc_pool_new(1, &pool, &error), &error);
    memory_sink *sink = memory_sink_new();
    sink->sink.vector = take_vector;
    const gsc_status status = gsc_lm_run(spec, pool, &sink->sink, &error);
    snprintf(what, sizeof what, "%s %s in the language model", key, id);
    check_refusal(what, refusal, status, &error);
    if (status == GSC_OK) {
        const memory_series *loss = memory_find(sink, "loss", "");
        TAP_OK(loss->n == 4 && isfinite(loss->points[3].y) &&
                   loss->points[3].y < loss->points[0].y + 0.1,
               "takes its steps");
    }
    memory_sink_free(sink);
    gsc_pool_free(pool);
    gsc_spec_free(spec);
}

int main(void) {
    char path[128];
    if (mkdtemp(folder) == NULL) {
        printf("Bail out! no folder for a corpus\n");
        return 1;
    }
    snprintf(path, sizeof path, "%s/corpus.txt", folder);
    write_corpus(path);
    for (size_t i = 0; i < sizeof gates / sizeof gates[0]; i++) {
        check_theory("gate", gates[i].id, gates[i].theory);
        const bool mixes = strcmp(gates[i].id, "soft_moe") == 0; /* and so takes no balancer */
        const char *balancer = mixes ? "lm.balance=0" : "balancer=z_loss";
        check_lm("gate", gates[i].id, gates[i].lm, balancer, NULL);
        if (gates[i].lm == later) {
            check_lm("gate", gates[i].id, NULL, balancer, "lm.allow_not_causal=true");
        }
    }
    for (size_t i = 0; i < sizeof experts / sizeof experts[0]; i++) {
        check_theory("expert", experts[i].id, experts[i].theory);
        check_lm("expert", experts[i].id, experts[i].lm, NULL, NULL);
    }
    for (size_t i = 0; i < sizeof own_experts / sizeof own_experts[0]; i++) {
        check_theory("expert", own_experts[i].id, own_experts[i].theory);
        check_lm("expert", own_experts[i].id, own_experts[i].lm, NULL, NULL);
    }
    check_lm("expert",
             "[{\"id\": \"swiglu\", \"count\": 3}, {\"id\": \"zero\", \"count\": 1}, "
             "{\"id\": \"copy\", \"count\": 1}, {\"id\": \"blend\", \"count\": 1}]",
             NULL, NULL, NULL);
    for (size_t i = 0; i < sizeof balancers / sizeof balancers[0]; i++) {
        const bool l1 = strcmp(balancers[i].id, "l1_adaptive") == 0;
        check_lm("balancer", balancers[i].id, balancers[i].lm, l1 ? "gate=relu" : NULL, NULL);
    }
    check_lm("balancer",
             "[{\"id\": \"z_loss\", \"coefficient\": 0.001}, {\"id\": \"global_batch\", "
             "\"coefficient\": 0.01}, {\"id\": \"bias_pid\", \"coefficient\": 0.001}]",
             NULL, "gate=normalized_sigmoid", NULL);
    check_lm("gate", "dense_to_sparse", NULL,
             "gate.temperature={\"from\": 2, \"to\": 0.5, \"steps\": 3}", NULL);
    unlink(path);
    rmdir(folder);
    return tap_done();
}

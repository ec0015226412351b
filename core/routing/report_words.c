/* SPDX-License-Identifier: MIT
 *
 * Names and definitions of the router's metrics. Layer: core/routing.
 */
#include "core/routing/report_words.h"

#include <inttypes.h>
#include <stdio.h>

#define PROBE ROUTER_SCOPE_PROBE
#define TYPES ROUTER_SCOPE_TYPES
#define BATCH ROUTER_SCOPE_BATCH

const router_words gsc_router_metric_words[ROUTER_METRICS] = {
    [ROUTER_JAIN_COUNT] = {"jain_count", "Choices", "",
                           "Jain's index (sum r)^2 / (E sum r^2) with r = choices of each expert, "
                           "equal to 1 / (1 + load_cv^2)",
                           "jain", "Jain's index", PROBE},
    [ROUTER_JAIN_MASS] = {"jain_mass", "Combine weights", "",
                          "Jain's index (sum r)^2 / (E sum r^2) with r = sum of the combine "
                          "weights of each expert, normalised over the chosen ones of a position",
                          "jain", "Jain's index", PROBE},
    [ROUTER_JAIN_PROB] = {"jain_prob", "Full score", "",
                          "Jain's index (sum r)^2 / (E sum r^2) with r = sum of the full score of "
                          "each expert, chosen or not, normalised over all experts",
                          "jain", "Jain's index", PROBE},
    [ROUTER_JAIN_TYPES] = {"jain_types_LIB", "Token types", "",
                           "Jain's index as in the paper's code: r = sum over token types, "
                           "unweighted by frequency, of the top-k choice counts normalised",
                           "jain", "Jain's index", TYPES},
    [ROUTER_LOAD_CV] = {"load_cv", "CV", "", "standard deviation over mean of the experts' choices",
                        "imbalance", "Imbalance of loads", PROBE},
    [ROUTER_MAX_VIOLATION] = {"max_violation", "MaxVio", "",
                              "MaxVio = max n / mean n - 1 of the experts' choices n", "imbalance",
                              "Imbalance of loads", PROBE},
    [ROUTER_MIN_VIOLATION] = {"min_violation", "MinVio", "",
                              "1 - min n / mean n of the experts' choices n", "imbalance",
                              "Imbalance of loads", PROBE},
    [ROUTER_MEAN_VIOLATION] = {"mean_violation", "AvgVio", "",
                               "mean over experts of |n / mean n - 1|, n the experts' choices",
                               "imbalance", "Imbalance of loads", PROBE},
    [ROUTER_DEAD_SHARE] = {"dead_share", "Dead experts", "",
                           "share of experts with less than 0.1 / E of all choices", "imbalance",
                           "Share of dead experts", PROBE},
    [ROUTER_USAGE_PERPLEXITY] = {"usage_perplexity", "Usage perplexity", "",
                                 "exp(entropy of the experts' shares of choices) / E", "imbalance",
                                 "Usage perplexity / E", PROBE},
    [ROUTER_TOKEN_ENTROPY] = {"token_entropy", "Entropy of the full score", "",
                              "mean of H(p) / log E, p the full score normalised over all experts "
                              "(not only the chosen ones)",
                              "entropy", "Entropy of a position's score", PROBE},
    [ROUTER_MUTUAL_INFORMATION] =
        {"mutual_information", "Mutual information", "nat",
         "H(mean p) - mean H(p), p the full score normalised over all experts",
         "mutual_information", "Mutual information (nat)", PROBE},
    [ROUTER_MARGIN] = {"margin", "Margin", "",
                       "mean of p_(k) - p_(k+1), p the full score normalised and sorted, k the "
                       "number of experts chosen there",
                       "margin", "Margin of the choice", PROBE},
    [ROUTER_CONFIDENCE] = {"top1_confidence", "Largest score", "",
                           "mean of the largest full score, normalised over all experts", "margin",
                           "Margin of the choice", PROBE},
    [ROUTER_EXPERTS_PER_TOKEN] = {"experts_per_token", "Experts per token", "",
                                  "mean number of routed experts chosen for a position", "experts",
                                  "Experts per token", PROBE},
    [ROUTER_STRONGEST_PARTNER] = {"coactivation_max", "Strongest partner", "",
                                  "mean over experts i of max over j != i of P(j|i), the share of "
                                  "i's positions that j is chosen for too, over all pairs",
                                  "coactivation", "Co-activation with the strongest partner",
                                  PROBE},
    [ROUTER_DOMAIN_INFORMATION] =
        {"domain_information", "Domains", "nat",
         "mutual information of a choice's expert and its position's domain", "information",
         "Information of the expert (nat)", PROBE},
    [ROUTER_DOMAIN_SPECIALIZATION] = {"domain_specialization", "Domains", "",
                                      "mean over domains of the largest share of a domain's "
                                      "choices that goes to one expert (at most 1/k)",
                                      "specialization", "Share of the first expert", PROBE},
    [ROUTER_TYPE_INFORMATION] =
        {"token_information", "Token types", "nat",
         "mutual information of a choice's expert and its position's token type", "information",
         "Information of the expert (nat)", TYPES},
    [ROUTER_TYPE_SPECIALIZATION] = {"token_specialization", "Token types", "",
                                    "mean over token types of the largest share of a type's "
                                    "choices that goes to one expert (at most 1/k)",
                                    "specialization", "Share of the first expert", TYPES},
    [ROUTER_CHANGE_RATE] = {"change_rate", "Positions", "",
                            "1 - mean |S_t ∩ S_(t-D)| / k of the sets S of chosen experts",
                            "change_rate", "Change rate", PROBE},
    [ROUTER_CHANGE_RATE_TYPES] = {"change_rate_types", "Token types", "",
                                  "1 - mean |S_t ∩ S_(t-D)| / k of the sets S of a token type's k "
                                  "most chosen experts (ties: smaller index)",
                                  "change_rate", "Change rate", TYPES},
    [ROUTER_SATURATION] = {"saturation", "Positions", "",
                           "mean |S_t ∩ S_T| / k of the sets S of chosen experts, T the last "
                           "checkpoint; arms of other E or k: compare saturation_kappa",
                           "saturation", "Saturation", PROBE},
    [ROUTER_SATURATION_CHANCE] =
        {"saturation_chance", "By chance", "",
         "saturation of independent choices with the same loads: sum over "
         "experts of q(t) q(T) / k, q the share of positions that choose it",
         "saturation", "Saturation", PROBE},
    [ROUTER_SATURATION_KAPPA] = {"saturation_kappa", "Beyond chance", "",
                                 "(saturation - chance) / (1 - chance)", "saturation_kappa",
                                 "Saturation beyond chance", PROBE},
    [ROUTER_SATURATION_TYPES] = {"saturation_types", "Token types", "",
                                 "mean |S_t ∩ S_T| / k of the sets S of a token type's k most "
                                 "chosen experts (ties: smaller index), T the last checkpoint",
                                 "saturation", "Saturation", TYPES},
    [ROUTER_BATCH_LOAD_CV] = {"load_cv_batch", "CV", "",
                              "standard deviation over mean of the experts' choices",
                              "imbalance_batch", "Imbalance of a step's loads", BATCH},
    [ROUTER_BATCH_MAX_VIOLATION] = {"max_violation_batch", "MaxVio", "",
                                    "MaxVio = max n / mean n - 1 of the experts' choices n",
                                    "imbalance_batch", "Imbalance of a step's loads", BATCH},
    [ROUTER_DROP_RATE] = {"drop_rate", "Dropped", "",
                          "share of choices dropped because the expert was full", "drop_rate",
                          "Share of choices dropped", BATCH},
};

const router_words gsc_router_vector_words[ROUTER_VECTORS] = {
    [ROUTER_VECTOR_LOAD] = {"probe_load", "Load", "",
                            "choices of each expert relative to an even share, n E / sum n", "load",
                            "Load (1: even share)", PROBE},
    [ROUTER_VECTOR_OVERLAP] = {"overlap", "Overlap", "",
                               "mean |S_s ∩ S_t| / k of this checkpoint t and each checkpoint s "
                               "from the first to itself",
                               "overlap", "Overlap", PROBE},
    [ROUTER_VECTOR_OVERLAP_KAPPA] =
        {"overlap_kappa", "Overlap beyond chance", "",
         "(overlap - chance) / (1 - chance) of this checkpoint and each "
         "checkpoint from the first to itself",
         "overlap", "Overlap beyond chance", PROBE},
    [ROUTER_VECTOR_COACTIVATION] = {"coactivation", "Co-activation", "",
                                    "P(j|i), the share of expert i's positions that expert j is "
                                    "chosen for too, over all pairs; i by rows, diagonal 1",
                                    "coactivation", "P(j|i)", PROBE},
    [ROUTER_VECTOR_DOMAINS] =
        {"domain_share", "Domains", "",
         "share of a domain's choices that goes to each expert; domains by rows", "specialization",
         "Share of choices", PROBE},
    [ROUTER_VECTOR_TOKENS] = {"token_share", "Token types", "",
                              "share of a token type's choices that goes to each expert; by rows "
                              "the most frequent token types, at most 64, most frequent first",
                              "specialization", "Share of choices", TYPES},
    [ROUTER_VECTOR_SIMILARITY] = {"layer_similarity", "Layers", "",
                                  "linear CKA of two layers' centred indicators of choice, "
                                  "whatever the experts' numbers; layers by rows",
                                  "layer_similarity", "Similarity of layers", PROBE},
};

bool gsc_router_plan_has(const gsc_router_plan *plan, router_metric metric) {
    switch (metric) {
    case ROUTER_DOMAIN_INFORMATION:
    case ROUTER_DOMAIN_SPECIALIZATION:
        return plan->domains != NULL;
    case ROUTER_CHANGE_RATE:
    case ROUTER_CHANGE_RATE_TYPES:
        return plan->spacing > 0;
    case ROUTER_BATCH_LOAD_CV:
    case ROUTER_BATCH_MAX_VIOLATION:
        return plan->batches;
    case ROUTER_DROP_RATE:
        return plan->batches && plan->capacity;
    default:
        return true;
    }
}

void gsc_router_define(const gsc_router_plan *plan, const router_words *words, size_t types,
                       char *ret_text, size_t size) {
    char change[96] = "", scope[160] = "";
    if (words == &gsc_router_metric_words[ROUTER_CHANGE_RATE] ||
        words == &gsc_router_metric_words[ROUTER_CHANGE_RATE_TYPES]) {
        snprintf(change, sizeof change, ", D = %" PRId64 " steps (%.3g%% of the run)",
                 plan->spacing, 100.0 * (double)plan->spacing / (double)plan->steps);
    }
    switch (words->scope) {
    case ROUTER_SCOPE_PROBE:
        snprintf(scope, sizeof scope, "; over the probe's %zu positions", plan->positions);
        break;
    case ROUTER_SCOPE_TYPES:
        snprintf(
            scope, sizeof scope,
            "; over the %zu token types that occur %d times or more in the probe's %zu positions",
            types, GSC_ROUTING_TYPE_OCCURRENCES, plan->positions);
        break;
    case ROUTER_SCOPE_BATCH:
        snprintf(scope, sizeof scope, "; over the training batch of one step, before drops");
        break;
    }
    snprintf(ret_text, size, "%s%s%s", words->definition, change, scope);
}

/* SPDX-License-Identifier: MIT
 *
 * What a report measures: names, units and definitions, as data. Layer: core/routing, private.
 */
#ifndef GSC_CORE_ROUTING_REPORT_WORDS_H
#define GSC_CORE_ROUTING_REPORT_WORDS_H

#include "core/routing/report.h"

typedef enum router_metric {
    /* at each checkpoint, of one routing */
    ROUTER_JAIN_COUNT,
    ROUTER_JAIN_MASS,
    ROUTER_JAIN_PROB,
    ROUTER_JAIN_TYPES,
    ROUTER_LOAD_CV,
    ROUTER_MAX_VIOLATION,
    ROUTER_MIN_VIOLATION,
    ROUTER_MEAN_VIOLATION,
    ROUTER_DEAD_SHARE,
    ROUTER_USAGE_PERPLEXITY,
    ROUTER_TOKEN_ENTROPY,
    ROUTER_MUTUAL_INFORMATION,
    ROUTER_MARGIN,
    ROUTER_CONFIDENCE,
    ROUTER_EXPERTS_PER_TOKEN,
    ROUTER_STRONGEST_PARTNER,
    ROUTER_DOMAIN_INFORMATION,
    ROUTER_DOMAIN_SPECIALIZATION,
    ROUTER_TYPE_INFORMATION,
    ROUTER_TYPE_SPECIALIZATION,
    /* at each checkpoint, of this and the one before at equal spacing */
    ROUTER_CHANGE_RATE,
    ROUTER_CHANGE_RATE_TYPES,
    /* at the end, of each checkpoint and the last */
    ROUTER_SATURATION,
    ROUTER_SATURATION_CHANCE,
    ROUTER_SATURATION_KAPPA,
    ROUTER_SATURATION_TYPES,
    /* at each optimiser step */
    ROUTER_BATCH_LOAD_CV,
    ROUTER_BATCH_MAX_VIOLATION,
    ROUTER_DROP_RATE,
    ROUTER_METRICS
} router_metric;

typedef enum router_vector {
    ROUTER_VECTOR_LOAD,
    ROUTER_VECTOR_OVERLAP,
    ROUTER_VECTOR_OVERLAP_KAPPA,
    ROUTER_VECTOR_COACTIVATION,
    ROUTER_VECTOR_DOMAINS,
    ROUTER_VECTOR_TOKENS,
    ROUTER_VECTOR_SIMILARITY, /* of all layers: layer -1 */
    ROUTER_VECTORS
} router_vector;

/* Over what a number is taken; it ends the definition. */
typedef enum router_scope {
    ROUTER_SCOPE_PROBE,
    ROUTER_SCOPE_TYPES,
    ROUTER_SCOPE_BATCH
} router_scope;

typedef struct router_words {
    const char *name, *title, *unit;
    const char *definition; /* without scope */
    const char *panel, *y_title;
    router_scope scope;
} router_words;

extern const router_words gsc_router_metric_words[ROUTER_METRICS];
extern const router_words gsc_router_vector_words[ROUTER_VECTORS];

/* Whether a plan has it. */
bool gsc_router_plan_has(const gsc_router_plan *plan, router_metric metric);

/* The whole definition: words, spacing where it is a change rate, scope. types: how many token types count. */
void gsc_router_define(const gsc_router_plan *plan, const router_words *words, size_t types,
                       char *ret_text, size_t size);

#endif

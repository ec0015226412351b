/* SPDX-License-Identifier: MIT
 *
 * What the files of the report share. Layer: core/routing, private.
 */
#ifndef GSC_CORE_ROUTING_REPORT_INTERNAL_H
#define GSC_CORE_ROUTING_REPORT_INTERNAL_H

#include "core/routing/metrics.h"
#include "core/routing/report_words.h"

/* One layer at one checkpoint: of positions, and of token types. */
typedef struct router_layer {
    gsc_routing *positions, *types;
} router_layer;

typedef struct router_checkpoint {
    int64_t step;
    router_layer *layers;
} router_checkpoint;

/* A figure's mean over the last 1% of steps. */
typedef struct router_tail {
    double sum, n;
} router_tail;

struct gsc_router_report {
    gsc_router_plan plan; /* its arrays are the report's */
    gsc_sink *sink;
    gsc_routing_types types;
    int32_t *domain; /* [positions] */
    int32_t *shown;  /* [n_shown] the token types whose shares are told, most frequent first */
    size_t n_shown;
    size_t n_domains, n_documents;
    int32_t *metrics; /* [layers, ROUTER_METRICS] handles of series, -1: none */
    int32_t *vectors; /* [layers, ROUTER_VECTORS] likewise */
    int32_t similarity;
    double *latest;     /* [layers, ROUTER_METRICS] values at the last checkpoint, NAN: none */
    router_tail *tails; /* [layers] MaxVio of batches */
    router_checkpoint *checkpoints;
    size_t n_checkpoints;
    router_checkpoint open; /* layers NULL: none */
    bool quiet;             /* the open one */
};

enum {
    ROUTER_SHOWN_TYPES = 64 /* most rows of "token_share" */
};

/* report_labels.c: chooses the types that are shown; tells what rows are called. */
gsc_status gsc_router_choose_types(gsc_router_report *self, gsc_error *error);
gsc_status gsc_router_tell_labels(gsc_router_report *self, gsc_error *error);

/* report_emit.c: what a whole checkpoint tells; the last of self->checkpoints. */
gsc_status gsc_router_emit_checkpoint(gsc_router_report *self, bool quiet, gsc_error *error);

static inline gsc_status gsc_router_no_memory(gsc_error *error) {
    return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory for the router's metrics");
}

#endif

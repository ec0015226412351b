/* SPDX-License-Identifier: MIT
 *
 * The router's metrics of a training run, as series, vectors and results of a sink.
 *
 *     gsc_router_report_new(&plan, sink, &report, error);
 *     at each optimiser step:    gsc_router_report_batch(report, step, layer, loads, dropped, error) per layer
 *     at each checkpoint:        gsc_router_report_begin(report, step, false, error);
 *                                forward the probe; per layer and micro-batch, positions in order:
 *                                    gsc_router_report_add(report, layer, rows, start, chosen, weight, p, error)
 *                                gsc_router_report_end(report, error);
 *     at the end:                gsc_router_report_finish(report, error);
 *
 * A checkpoint emits, per layer, every metric that needs no later router, and the new row of the overlap matrix
 * S_t x S_s (vector series "overlap", "overlap_kappa": value i belongs to the i-th checkpoint, the last one to
 * itself). Specialization goes out as "domain_share" and "token_share", rows of shares; the document
 * "router_labels", {"domains": [name...], "tokens": [{"token", "name", "count"}...]}, says what the rows are.
 * finish emits saturation, its chance and kappa, and the results: the mean over layers, the least layer as
 * NAME_min and the greatest as NAME_max. Counts of layers are never pooled.
 *
 * Change rates are between checkpoints that lie exactly plan.spacing steps apart, and only those: put
 * checkpoints at multiples of spacing.
 *
 * A resumed run feeds the checkpoints it has already shown again, with quiet = true: they are kept for overlaps
 * and nothing of them is emitted twice.
 *
 * One report is one training run: a series of an arm is declared once. Points have no replicate.
 *
 * Layer: core/routing. A report belongs to one thread at a time.
 */
#ifndef GSC_CORE_ROUTING_REPORT_H
#define GSC_CORE_ROUTING_REPORT_H

#include "core/routing/routing.h"
#include "core/run/sink.h"

#include <stdbool.h>

typedef struct gsc_router_report gsc_router_report;

/* All arrays are copied. */
typedef struct gsc_router_plan {
    const char *arm; /* "" where there is one */
    int32_t
        replicate; /* of every point; -1: none. Vectors and documents: of replicates -1 and 0 alone */
    size_t layers, experts;
    size_t top_k; /* for sets of token types; 0: the mean number of experts per position, rounded */
    int64_t steps;   /* of the whole run */
    int64_t spacing; /* of change rates, in steps; 0: none */
    bool capacity;   /* experts have one: drop_rate is shown */
    bool batches;    /* gsc_router_report_batch will be called */

    /* The probe: fixed positions of the validation text, the same for every arm. */
    size_t positions;
    const int32_t *tokens;    /* [positions] input token of each */
    const int32_t *documents; /* [positions]; NULL: not known */
    const uint8_t *domains;   /* [positions]; NULL: one domain */

    /* What numbers of domains and of tokens are called, told once as the document "router_labels"; NULL: by
     * their number. Names are UTF-8. Both are asked in gsc_router_report_new alone. */
    const char *const *domain_names; /* [the greatest domain + 1] */
    void (*token_name)(void *data, int32_t token, char *ret_name, size_t size);
    void *token_name_data;
} gsc_router_plan;

/* Declares the series. sink is borrowed for the report's life. Errors: GSC_ERR_INPUT, no memory, the sink's. */
gsc_status gsc_router_report_new(const gsc_router_plan *plan, gsc_sink *sink,
                                 gsc_router_report **ret_report, gsc_error *error);
void gsc_router_report_free(gsc_router_report *self); /* NULL is fine */

/* Opens the checkpoint of a step, later than all before. An unfinished one is dropped. */
gsc_status gsc_router_report_begin(gsc_router_report *self, int64_t step, bool quiet,
                                   gsc_error *error);
/* The next rows of the probe in a layer, as gsc_routing_add takes them. */
gsc_status gsc_router_report_add(gsc_router_report *self, size_t layer, size_t rows,
                                 const int64_t *start, const int32_t *chosen, const double *weight,
                                 const double *p, gsc_error *error);
/* Closes the checkpoint and emits what it tells. Errors: GSC_ERR_INPUT where a layer has not seen the whole
 * probe; no memory, the sink's. */
gsc_status gsc_router_report_end(gsc_router_report *self, gsc_error *error);

/* The loads of one optimiser step in a layer, counted before drops: loads [E], dropped of them. */
gsc_status gsc_router_report_batch(gsc_router_report *self, int64_t step, size_t layer,
                                   const double *loads, double dropped, gsc_error *error);

/* What the report remembers of the loads of the last 1% of steps, for a run that is interrupted there. */
void gsc_router_report_tail(const gsc_router_report *self, size_t layer, double *ret_sum,
                            double *ret_count);
void gsc_router_report_set_tail(gsc_router_report *self, size_t layer, double sum, double count);

/* What needs the last router: it is the last checkpoint's. Nothing where there was none. */
gsc_status gsc_router_report_finish(gsc_router_report *self, gsc_error *error);

/* Bytes that a report takes with this many checkpoints. */
size_t gsc_router_report_bytes(const gsc_router_plan *plan, size_t checkpoints);

#endif

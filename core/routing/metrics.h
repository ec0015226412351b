/* SPDX-License-Identifier: MIT
 *
 * Figures of a router, each a pure function of loads, of one routing or of two over the same positions.
 *
 * E experts; S(i) the set of experts that position i chose, k = |S(i)| where all are alike; n_j the choices of
 * expert j; N positions; H the Shannon entropy in nats; q_j = n_j / N. NAN means: not defined there.
 * The definitions that series and results carry stand in report_words.h.
 *
 * Layer: core/routing; libc.
 */
#ifndef GSC_CORE_ROUTING_METRICS_H
#define GSC_CORE_ROUTING_METRICS_H

#include "core/base/error.h"
#include "core/routing/routing.h"

#include <stddef.h>
#include <stdint.h>

/* ---- Of shares: loads, masses, probabilities; r_j >= 0, NAN where all are 0 --------------------- */

/* Jain's index (sum r)^2 / (E sum r^2), in [1/E, 1]. It is 1 / (1 + CV^2): no second witness beside the CV. */
double gsc_router_jain(const double *r, size_t experts);
/* Standard deviation over mean of the loads (divisor E). */
double gsc_router_cv(const double *load, size_t experts);
/* max n / mean n - 1;   1 - min n / mean n;   mean |n / mean n - 1|. */
double gsc_router_max_violation(const double *load, size_t experts);
double gsc_router_min_violation(const double *load, size_t experts);
double gsc_router_mean_violation(const double *load, size_t experts);
/* Share of experts with load < 0.1 / E of all choices. */
double gsc_router_dead_share(const double *load, size_t experts);
/* H of r normalised, nat. */
double gsc_router_entropy(const double *r, size_t count);
/* exp(H(n / sum n)) / E, in [1/E, 1]. */
double gsc_router_usage_perplexity(const double *load, size_t experts);
/* dropped / slots; NAN without slots. */
double gsc_router_drop_rate(double dropped, double slots);

/* ---- Of one routing ---------------------------------------------------------------------------- */

/* Mean over scored positions of H(p normalised) / log E, in [0, 1]; NAN for E = 1. */
double gsc_router_token_entropy(const gsc_routing *self);
/* H(mean p) - mean H(p) over scored positions, nat: high where rows are confident and experts used alike. */
double gsc_router_mutual_information(const gsc_routing *self);
/* Mean over positions of p_(k) - p_(k+1), p normalised. */
double gsc_router_margin(const gsc_routing *self);
/* Mean over positions of the largest p normalised. */
double gsc_router_confidence(const gsc_routing *self);
/* Choices per position. */
double gsc_router_experts_per_token(const gsc_routing *self);

/* ret_share [E, E]: P(j|i) = positions that chose i and j / positions that chose i, over all pairs; the diagonal
 * is 1, the row of an expert never chosen NAN. */
void gsc_router_coactivation(const gsc_routing *self, double *ret_share);
/* Mean over experts i that were chosen of max over j != i of P(j|i). share as above. */
double gsc_router_strongest_partner(const double *share, size_t experts);

/* ret_counts [labels, E]: choices of expert j at positions with each label; label [N], negative ones are left
 * out. Domains, documents and token types alike. */
void gsc_router_label_counts(const gsc_routing *self, const int32_t *label, size_t labels,
                             double *ret_counts);
/* Mutual information of row and column of a table of counts, nat; NAN where all are 0. */
double gsc_router_information(const double *counts, size_t rows, size_t columns);
/* Mean over rows with any count of the largest share of a row: how much of a type's routings goes to its first
 * expert. Within [1/E, 1/k] where each position has k choices. */
double gsc_router_specialization(const double *counts, size_t rows, size_t columns);

/* ---- Of two routings of the same positions ------------------------------------------------------ */

/* Mean over positions of 2 |S_a ∩ S_b| / (|S_a| + |S_b|): |S_a ∩ S_b| / k where all sets have k. Two empty sets
 * agree. */
double gsc_router_overlap(const gsc_routing *a, const gsc_routing *b);
/* What overlap would be if the two chose independently with the same loads: sum_j q_j(a) q_j(b) / mean set
 * size (of both). */
double gsc_router_chance(const gsc_routing *a, const gsc_routing *b);
/* (overlap - chance) / (1 - chance); NAN where chance is 1. */
double gsc_router_kappa(double overlap, double chance);
/* 1 - overlap of two routings that lie spacing steps apart. Errors: GSC_ERR_INPUT where they lie otherwise:
 * change rates over different distances cannot be compared. */
gsc_status gsc_router_change_rate(const gsc_routing *a, int64_t step_a, const gsc_routing *b,
                                  int64_t step_b, int64_t spacing, double *ret_rate,
                                  gsc_error *error);
/* How alike two layers choose, however their experts are numbered: linear CKA of the centred indicators,
 *     ||C_ab||^2 / (||C_aa|| ||C_bb||),  C_ab[i][j] = P(i in S_a, j in S_b) - q_i(a) q_j(b),
 * in [0, 1]; NAN where a layer always chooses the same. Errors: no memory. */
gsc_status gsc_router_similarity(const gsc_routing *a, const gsc_routing *b, double *ret_similarity,
                                 gsc_error *error);

#endif

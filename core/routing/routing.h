/* SPDX-License-Identifier: MIT
 *
 * How one layer's router chose for a fixed row of positions at one step, kept small enough that every checkpoint
 * of a run stays in memory: the sets of chosen experts as sorted short lists, and sums over positions of what
 * the scores said. metrics.h measures it.
 *
 * Limits: at most 65,535 experts and 2^32 - 1 choices in all. Scores themselves are not kept.
 *
 * Layer: core/routing; libc. A routing belongs to one thread while it is filled; afterwards nothing changes it.
 */
#ifndef GSC_CORE_ROUTING_ROUTING_H
#define GSC_CORE_ROUTING_ROUTING_H

#include "core/base/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    GSC_ROUTING_MOST_EXPERTS = 65535,
    GSC_ROUTING_TYPE_OCCURRENCES = 20 /* a token type counts from these many positions on */
};

/* "q normalised" is q / sum of q over the experts of a row; rows whose sum is not positive and finite are
 * not scored. */
typedef struct gsc_routing {
    size_t n, experts;
    size_t filled;    /* positions so far */
    size_t capacity;  /* of chosen */
    uint32_t *start;  /* [n + 1]: position i chose chosen[start[i] ... start[i + 1]) */
    uint16_t *chosen; /* expert indices, rising within a position */
    double *load;     /* [E] choices of each expert */
    double *mass; /* [E] sums over positions of the combine weights, normalised over the chosen */
    double *prob; /* [E] sums over scored positions of p normalised over all experts */
    size_t n_scored;   /* positions in prob, entropy and confidence */
    double entropy;    /* sum of H(p normalised), nat */
    double confidence; /* sum of the largest p normalised */
    double margin;   /* sum of p_(k) - p_(k+1), p normalised and sorted, k = experts chosen there */
    size_t n_margin; /* positions in margin: scored, and 0 < k < E */
} gsc_routing;

/* An empty routing of n positions. Errors: GSC_ERR_INPUT (no experts or too many), no memory. */
gsc_status gsc_routing_new(size_t n, size_t experts, gsc_routing **ret_routing, gsc_error *error);
void gsc_routing_free(gsc_routing *self); /* NULL is fine */

/* Adds the next `rows` positions; row t chose chosen[start[t] ... start[t + 1]), as in gsc_choice.
 *
 * start   [rows + 1]
 * chosen  expert indices, each at most once in a row
 * weight  combine weights, parallel to chosen; NULL: mass counts each choice of a row alike
 * p       [rows, E] full scores, not negative; NULL: nothing is scored
 *
 * Errors: GSC_ERR_INPUT (more positions than n, an expert outside [0, E) or twice in a row), no memory. The
 * routing is then good for nothing but freeing. */
gsc_status gsc_routing_add(gsc_routing *self, size_t rows, const int64_t *start,
                           const int32_t *chosen, const double *weight, const double *p,
                           gsc_error *error);

/* Token types of a probe with at least `occurrences` positions, in order of token id. */
typedef struct gsc_routing_types {
    size_t n;       /* types */
    size_t n_seen;  /* types with any position */
    int32_t *of;    /* [positions] type of each position, -1 where its token occurs too rarely */
    size_t covered; /* positions with a type */
} gsc_routing_types;

/* Errors: GSC_ERR_INPUT (a token below 0), no memory. */
gsc_status gsc_routing_types_init(gsc_routing_types *self, size_t positions, const int32_t *tokens,
                                  size_t occurrences, gsc_error *error);
void gsc_routing_types_clear(gsc_routing_types *self);

/* The routing of types: n = types->n; "position" i is type i, its set the top_k experts that its positions chose
 * most often (ties: smaller index first; never one chosen not at all), its weights their counts. mass is then
 * that of the paper's code: sums over types, not weighted by frequency, of the top_k counts normalised.
 * Nothing is scored. */
gsc_status gsc_routing_by_type(const gsc_routing *self, const gsc_routing_types *types,
                               size_t top_k, gsc_routing **ret_routing, gsc_error *error);

/* Bytes that a routing of n positions with top_k choices takes: for a forecast of memory. */
size_t gsc_routing_bytes(size_t n, size_t experts, size_t top_k);

#endif

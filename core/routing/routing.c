/* SPDX-License-Identifier: MIT
 *
 * Filling a routing, and the routing of token types. Layer: core/routing.
 */
#include "core/routing/routing.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static gsc_status no_memory(gsc_error *error, size_t n, size_t experts) {
    return gsc_fail(error, GSC_ERR_MEMORY,
                    "there is no memory for a routing of %zu positions over %zu experts", n,
                    experts);
}

gsc_status gsc_routing_new(size_t n, size_t experts, gsc_routing **ret_routing, gsc_error *error) {
    if (experts == 0 || experts > GSC_ROUTING_MOST_EXPERTS) {
        return gsc_fail(error, GSC_ERR_INPUT, "a routing over %zu experts: 1 to %d are possible",
                        experts, GSC_ROUTING_MOST_EXPERTS);
    }
    if (n >= UINT32_MAX) {
        return no_memory(error, n, experts);
    }
    gsc_routing *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return no_memory(error, n, experts);
    }
    self->n = n;
    self->experts = experts;
    self->start = calloc(n + 1, sizeof(*self->start));
    self->load = calloc(3 * experts, sizeof(*self->load));
    if (self->start == NULL || self->load == NULL) {
        gsc_routing_free(self);
        return no_memory(error, n, experts);
    }
    self->mass = self->load + experts;
    self->prob = self->mass + experts;
    *ret_routing = self;
    return GSC_OK;
}

void gsc_routing_free(gsc_routing *self) {
    if (self != NULL) {
        free(self->start);
        free(self->chosen);
        free(self->load);
        free(self);
    }
}

size_t gsc_routing_bytes(size_t n, size_t experts, size_t top_k) {
    return sizeof(gsc_routing) + (n + 1) * sizeof(uint32_t) + n * top_k * sizeof(uint16_t) +
           3 * experts * sizeof(double);
}

/* ---- Filling ---------------------------------------------------------------------------------- */
/* Room for more choices; a routing that is about full gets what it needs and no more. */
static gsc_status make_room(gsc_routing *self, size_t rows, size_t more, gsc_error *error) {
    size_t need = self->start[self->filled] + more;
    if (need > UINT32_MAX) {
        return gsc_fail(error, GSC_ERR_INPUT, "a routing holds at most %u choices, not %zu",
                        UINT32_MAX, need);
    }
    if (need <= self->capacity) {
        return GSC_OK;
    }
    double whole = (double)need * (double)self->n / (double)(self->filled + rows);
    size_t capacity = whole > (double)need ? (size_t)ceil(whole) : need;
    uint16_t *chosen = realloc(self->chosen, capacity * sizeof(*chosen));
    if (chosen == NULL) {
        return no_memory(error, self->n, self->experts);
    }
    self->chosen = chosen;
    self->capacity = capacity;
    return GSC_OK;
}

/* Sorted insertion of one row's experts. */
static gsc_status add_choice(gsc_routing *self, const int32_t *chosen, size_t count,
                             gsc_error *error) {
    uint16_t *set = self->chosen + self->start[self->filled];
    for (size_t i = 0; i < count; i++) {
        int32_t expert = chosen[i];
        if (expert < 0 || (size_t)expert >= self->experts) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "position %zu chose expert %d, of experts 0 to %zu", self->filled,
                            (int)expert, self->experts - 1);
        }
        size_t at = i;
        while (at > 0 && set[at - 1] > expert) {
            set[at] = set[at - 1];
            at--;
        }
        if (at > 0 && set[at - 1] == expert) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "position %zu chose expert %d twice; a choice is a set", self->filled,
                            (int)expert);
        }
        set[at] = (uint16_t)expert;
        self->load[expert] += 1;
    }
    return GSC_OK;
}

static void add_mass(gsc_routing *self, const int32_t *chosen, const double *weight, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += weight != NULL ? weight[i] : 1;
    }
    if (!(sum > 0) || !isfinite(sum)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        self->mass[chosen[i]] += (weight != NULL ? weight[i] : 1) / sum;
    }
}

/* The difference of the k-th and the (k+1)-th largest of p, 0 < k < n. top has room for k + 1. */
static double margin_of(const double *p, size_t n, size_t k, double *top) {
    size_t held = 0;
    for (size_t j = 0; j < n; j++) {
        if (held == k + 1 && p[j] <= top[k]) {
            continue;
        }
        size_t at = held <= k ? held++ : k;
        while (at > 0 && top[at - 1] < p[j]) {
            top[at] = top[at - 1];
            at--;
        }
        top[at] = p[j];
    }
    return top[k - 1] - top[k];
}

static void add_scores(gsc_routing *self, const double *p, size_t count, double *top) {
    double sum = 0, largest = 0, product = 0;
    for (size_t j = 0; j < self->experts; j++) {
        if (!(p[j] >= 0)) {
            return;
        }
        sum += p[j];
        largest = p[j] > largest ? p[j] : largest;
        product += p[j] > 0 ? p[j] * log(p[j]) : 0;
    }
    if (!(sum > 0) || !isfinite(sum)) {
        return;
    }
    for (size_t j = 0; j < self->experts; j++) {
        self->prob[j] += p[j] / sum;
    }
    self->n_scored++;
    self->entropy += log(sum) - product / sum;
    self->confidence += largest / sum;
    if (count > 0 && count < self->experts) {
        self->margin += margin_of(p, self->experts, count, top) / sum;
        self->n_margin++;
    }
}

gsc_status gsc_routing_add(gsc_routing *self, size_t rows, const int64_t *start,
                           const int32_t *chosen, const double *weight, const double *p,
                           gsc_error *error) {
    if (rows > self->n - self->filled) {
        return gsc_fail(error, GSC_ERR_INPUT, "a routing of %zu positions was given %zu", self->n,
                        self->filled + rows);
    }
    assert(rows == 0 || start[rows] >= start[0]);
    if (rows == 0) {
        return GSC_OK;
    }
    gsc_status status = make_room(self, rows, (size_t)(start[rows] - start[0]), error);
    double *top = p != NULL ? malloc((self->experts + 1) * sizeof(*top)) : NULL;
    if (status == GSC_OK && p != NULL && top == NULL) {
        status = no_memory(error, self->n, self->experts);
    }
    for (size_t t = 0; t < rows && status == GSC_OK; t++) {
        size_t count = (size_t)(start[t + 1] - start[t]);
        status = add_choice(self, chosen + start[t], count, error);
        if (status == GSC_OK) {
            add_mass(self, chosen + start[t], weight != NULL ? weight + start[t] : NULL, count);
            if (p != NULL) {
                add_scores(self, p + t * self->experts, count, top);
            }
            self->start[self->filled + 1] = self->start[self->filled] + (uint32_t)count;
            self->filled++;
        }
    }
    free(top);
    return status;
}

/* ---- Token types ------------------------------------------------------------------------------ */
gsc_status gsc_routing_types_init(gsc_routing_types *self, size_t positions, const int32_t *tokens,
                                  size_t occurrences, gsc_error *error) {
    int32_t largest = -1;
    for (size_t i = 0; i < positions; i++) {
        if (tokens[i] < 0) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "position %zu of the probe holds token %d; tokens are 0 or more", i,
                            (int)tokens[i]);
        }
        largest = tokens[i] > largest ? tokens[i] : largest;
    }
    size_t ids = (size_t)(largest + 1);
    size_t *count = calloc(ids + 1, sizeof(*count));
    int32_t *of = malloc((positions + 1) * sizeof(*of));
    if (count == NULL || of == NULL) {
        free(count);
        free(of);
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory for the types of %zu tokens",
                        positions);
    }
    *self = (gsc_routing_types){.of = of};
    for (size_t i = 0; i < positions; i++) {
        count[tokens[i]]++;
    }
    /* From here on count[id] is the type plus one; 0: too rare. */
    for (size_t id = 0; id < ids; id++) {
        self->n_seen += count[id] > 0;
        bool often = count[id] > 0 && count[id] >= occurrences;
        self->covered += often ? count[id] : 0;
        count[id] = often ? ++self->n : 0;
    }
    for (size_t i = 0; i < positions; i++) {
        of[i] = (int32_t)count[tokens[i]] - 1;
    }
    free(count);
    return GSC_OK;
}

void gsc_routing_types_clear(gsc_routing_types *self) {
    free(self->of);
    *self = (gsc_routing_types){0};
}

/* The k experts with the largest counts, none of them 0; ties: smaller index. */
static size_t top_counts(const double *counts, size_t experts, size_t k, int32_t *ret_chosen,
                         double *ret_weight) {
    size_t held = 0;
    for (size_t j = 0; j < experts; j++) {
        if (!(counts[j] > 0) || (held == k && counts[j] <= ret_weight[k - 1])) {
            continue;
        }
        size_t at = held < k ? held++ : k - 1;
        while (at > 0 && ret_weight[at - 1] < counts[j]) {
            ret_weight[at] = ret_weight[at - 1];
            ret_chosen[at] = ret_chosen[at - 1];
            at--;
        }
        ret_weight[at] = counts[j];
        ret_chosen[at] = (int32_t)j;
    }
    return held;
}

static void count_types(const gsc_routing *self, const gsc_routing_types *types, double *counts) {
    for (size_t i = 0; i < self->filled; i++) {
        if (types->of[i] >= 0) {
            double *row = counts + (size_t)types->of[i] * self->experts;
            for (uint32_t c = self->start[i]; c < self->start[i + 1]; c++) {
                row[self->chosen[c]] += 1;
            }
        }
    }
}

gsc_status gsc_routing_by_type(const gsc_routing *self, const gsc_routing_types *types,
                               size_t top_k, gsc_routing **ret_routing, gsc_error *error) {
    assert(top_k > 0);
    size_t k = top_k < self->experts ? top_k : self->experts;
    double *counts = calloc(types->n * self->experts + 1, sizeof(*counts));
    double *weight = malloc(k * sizeof(*weight));
    int32_t *chosen = malloc(k * sizeof(*chosen));
    gsc_routing *routing = NULL;
    gsc_status status;
    if (counts == NULL || weight == NULL || chosen == NULL) {
        status = no_memory(error, types->n, self->experts);
    } else {
        status = gsc_routing_new(types->n, self->experts, &routing, error);
    }
    if (status == GSC_OK) {
        count_types(self, types, counts);
    }
    for (size_t x = 0; x < types->n && status == GSC_OK; x++) {
        size_t held = top_counts(counts + x * self->experts, self->experts, k, chosen, weight);
        int64_t start[2] = {0, (int64_t)held};
        status = gsc_routing_add(routing, 1, start, chosen, weight, NULL, error);
    }
    free(counts);
    free(weight);
    free(chosen);
    if (status != GSC_OK) {
        gsc_routing_free(routing);
        return status;
    }
    *ret_routing = routing;
    return GSC_OK;
}

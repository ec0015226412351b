/* SPDX-License-Identifier: MIT
 *
 * Which token types a report shows row by row, and what its rows are called. Layer: core/routing; jansson.
 */
#include "core/routing/report_internal.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    NAME_SIZE = 96
};

/* A type with its token and its positions in the probe. */
typedef struct type_count {
    int32_t type, token;
    size_t count;
} type_count;

/* Most frequent first; ties: smaller token. */
static int compare_counts(const void *a, const void *b) {
    const type_count *x = a, *y = b;
    return x->count != y->count ? (x->count < y->count ? 1 : -1)
                                : (x->token > y->token) - (x->token < y->token);
}

/* All types with their tokens and counts; the caller frees. NULL: no memory. */
static type_count *count_types(const gsc_router_report *self) {
    type_count *all = calloc(self->types.n + 1, sizeof(*all));
    for (size_t i = 0; all != NULL && i < self->plan.positions; i++) {
        const int32_t type = self->types.of[i];
        if (type >= 0) {
            all[type].type = type;
            all[type].token = self->plan.tokens[i];
            all[type].count++;
        }
    }
    return all;
}

gsc_status gsc_router_choose_types(gsc_router_report *self, gsc_error *error) {
    const size_t n = self->types.n < ROUTER_SHOWN_TYPES ? self->types.n : ROUTER_SHOWN_TYPES;
    type_count *all = count_types(self);
    int32_t *shown = malloc((n + 1) * sizeof(*shown));
    if (all == NULL || shown == NULL) {
        free(all);
        free(shown);
        return gsc_router_no_memory(error);
    }
    qsort(all, self->types.n, sizeof(*all), compare_counts);
    for (size_t i = 0; i < n; i++) {
        shown[i] = all[i].type;
    }
    free(all);
    self->shown = shown;
    self->n_shown = n;
    return GSC_OK;
}

/* Not UTF-8: by its number. */
static json_t *name_json(const char *name, size_t number) {
    json_t *text = json_string(name);
    return text != NULL ? text : json_sprintf("%zu", number);
}

static json_t *domains_json(const gsc_router_report *self) {
    json_t *array = json_array();
    for (size_t d = 0; d < self->n_domains; d++) {
        const char *const *names = self->plan.domain_names;
        json_array_append_new(array, names != NULL && names[d] != NULL ? name_json(names[d], d)
                                                                       : json_sprintf("%zu", d));
    }
    return array;
}

static json_t *tokens_json(const gsc_router_report *self, const type_count *all) {
    json_t *array = json_array();
    for (size_t i = 0; i < self->n_shown; i++) {
        const type_count *it = &all[self->shown[i]];
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "%" PRId32, it->token);
        if (self->plan.token_name != NULL) {
            self->plan.token_name(self->plan.token_name_data, it->token, name, sizeof name);
        }
        json_array_append_new(array, json_pack("{s:I, s:o, s:I}", "token", (json_int_t)it->token,
                                               "name", name_json(name, (size_t)it->token), "count",
                                               (json_int_t)it->count));
    }
    return array;
}

gsc_status gsc_router_tell_labels(gsc_router_report *self, gsc_error *error) {
    type_count *all = count_types(self);
    if (all == NULL) {
        return gsc_router_no_memory(error);
    }
    json_t *labels =
        json_pack("{s:o, s:o}", "domains", domains_json(self), "tokens", tokens_json(self, all));
    char *text = labels != NULL ? json_dumps(labels, JSON_COMPACT) : NULL;
    gsc_status status = text != NULL ? self->sink->document(self->sink, "router_labels",
                                                            self->plan.arm, NAN, -1, text, error)
                                     : gsc_router_no_memory(error);
    free(text);
    json_decref(labels);
    free(all);
    return status;
}

/* SPDX-License-Identifier: MIT
 *
 * Routings and their figures, against values worked out by hand.
 */
#include "core/routing/metrics.h"
#include "tests/tap.h"

#include <stdlib.h>

#define EXACT 1e-12

/* A routing of n positions from lists that end with -1, over `experts`; weight and p may be NULL. */
static gsc_routing *routing_of(size_t n, size_t experts, const int32_t *lists, const double *weight,
                               const double *p) {
    int64_t start[16] = {0};
    int32_t chosen[64];
    size_t used = 0;
    for (size_t i = 0; i < n; i++, lists++) {
        for (; *lists >= 0; lists++) {
            chosen[used++] = *lists;
        }
        start[i + 1] = (int64_t)used;
    }
    gsc_error error;
    gsc_routing *routing = NULL;
    if (gsc_routing_new(n, experts, &routing, &error) != GSC_OK ||
        gsc_routing_add(routing, n, start, chosen, weight, p, &error) != GSC_OK) {
        printf("Bail out! %s\n", error.message);
        exit(1);
    }
    return routing;
}

static const int32_t lists_a[] = {1, 0, -1, 0, 1, -1, 0, 2, -1, 3, 2, -1};
static const int32_t lists_b[] = {0, 1, -1, 2, 3, -1, 2, 0, -1, 0, 3, -1};

static void test_loads(void) {
    gsc_routing *a = routing_of(4, 4, lists_a, NULL, NULL);
    TAP_OK(a->load[0] == 3 && a->load[1] == 2 && a->load[2] == 2 && a->load[3] == 1,
           "choices are counted");
    TAP_OK(a->chosen[0] == 0 && a->chosen[1] == 1 && a->chosen[6] == 2, "sets are sorted");
    TAP_NEAR(gsc_router_jain(a->load, 4), 64.0 / 72, EXACT, "Jain's index of 3 2 2 1");
    double cv = gsc_router_cv(a->load, 4);
    TAP_NEAR(cv, sqrt(.5) / 2, EXACT, "CV of 3 2 2 1");
    TAP_NEAR(gsc_router_jain(a->load, 4), 1 / (1 + cv * cv), EXACT, "Jain is 1 / (1 + CV^2)");
    TAP_NEAR(gsc_router_max_violation(a->load, 4), .5, EXACT, "MaxVio of 3 2 2 1");
    TAP_NEAR(gsc_router_min_violation(a->load, 4), .5, EXACT, "MinVio of 3 2 2 1");
    TAP_NEAR(gsc_router_mean_violation(a->load, 4), .25, EXACT, "mean violation of 3 2 2 1");
    TAP_NEAR(gsc_router_dead_share((double[]){97, 1, 1, 1}, 4), .75, EXACT,
             "three of four below a tenth of their fair share");
    TAP_NEAR(gsc_router_dead_share((double[]){37, 1, 1, 1}, 4), 0, EXACT,
             "just a tenth of the fair share is alive");
    TAP_NEAR(gsc_router_usage_perplexity((double[]){5, 5, 5, 5}, 4), 1, EXACT,
             "all used alike: perplexity 1");
    TAP_NEAR(gsc_router_usage_perplexity((double[]){0, 9, 0, 0}, 4), .25, EXACT,
             "one used: perplexity 1/E");
    TAP_NEAR(gsc_router_drop_rate(3, 12), .25, EXACT, "3 of 12 dropped");
    TAP_OK(isnan(gsc_router_jain((double[]){0, 0}, 2)) && isnan(gsc_router_cv((double[]){0}, 1)) &&
               isnan(gsc_router_drop_rate(0, 0)),
           "without choices nothing is defined");
    TAP_NEAR(gsc_router_experts_per_token(a), 2, EXACT, "two experts per position");
    gsc_routing_free(a);
}

static void test_overlap(void) {
    gsc_routing *a = routing_of(4, 4, lists_a, NULL, NULL);
    gsc_routing *b = routing_of(4, 4, lists_b, NULL, NULL);
    TAP_NEAR(gsc_router_overlap(a, b), .625, EXACT, "overlap (1 + 0 + 1 + 1/2) / 4");
    TAP_NEAR(gsc_router_overlap(a, a), 1, EXACT, "overlap with itself");
    TAP_NEAR(gsc_router_chance(a, b), 17.0 / 32, EXACT, "chance (9 + 2 + 4 + 2) / 16 / 2");
    TAP_NEAR(gsc_router_kappa(.625, 17.0 / 32), .2, EXACT, "kappa");
    TAP_OK(isnan(gsc_router_kappa(1, 1)), "no kappa where every expert is always chosen");
    double rate = -1;
    gsc_error error = {0};
    TAP_OK(gsc_router_change_rate(a, 30, b, 60, 30, &rate, &error) == GSC_OK, "equal spacing");
    TAP_NEAR(rate, .375, EXACT, "change rate");
    rate = -1;
    TAP_OK(gsc_router_change_rate(a, 15, b, 60, 30, &rate, &error) == GSC_ERR_INPUT && rate == -1,
           "another spacing is refused");
    TAP_STRING(error.message,
               "a change rate over 30 steps was asked of steps 15 and 60, which lie 45 apart",
               "the refusal tells both");
    gsc_routing_free(a);
    gsc_routing_free(b);

    a = routing_of(3, 4, (int32_t[]){0, -1, 0, 1, -1, -1}, NULL, NULL);
    b = routing_of(3, 4, (int32_t[]){0, 1, -1, -1, -1}, NULL, NULL);
    TAP_NEAR(gsc_router_overlap(a, b), (2.0 / 3 + 0 + 1) / 3, EXACT, "overlap of uneven sets");
    TAP_NEAR(gsc_router_experts_per_token(a), 1, EXACT, "experts per position where it varies");
    gsc_routing_free(a);
    gsc_routing_free(b);
}

static void test_scores(void) {
    static const double p[] = {.4, .1, .3, .2, 8, 2, 6, 4};
    static const double weight[] = {.3, .1, 2, 6};
    gsc_routing *a = routing_of(2, 4, (int32_t[]){0, 2, -1, 0, 2, -1}, weight, p);
    double h = -(.4 * log(.4) + .3 * log(.3) + .2 * log(.2) + .1 * log(.1));
    TAP_NEAR(gsc_router_token_entropy(a), h / log(4), EXACT, "entropy, whatever the scores' sum");
    TAP_NEAR(gsc_router_margin(a), .1, EXACT, "margin between second and third");
    TAP_NEAR(gsc_router_confidence(a), .4, EXACT, "largest score");
    TAP_NEAR(gsc_router_mutual_information(a), 0, EXACT, "alike rows tell nothing");
    TAP_NEAR(a->mass[0], .75 + .25, EXACT, "mass of expert 0: weights normalised by row");
    TAP_NEAR(a->mass[2], .25 + .75, EXACT, "mass of expert 2");
    TAP_NEAR(a->prob[0], .8, EXACT, "sum of normalised scores");
    gsc_routing_free(a);

    a = routing_of(2, 2, (int32_t[]){0, -1, 1, -1}, NULL, (double[]){1, 0, 0, 1});
    TAP_NEAR(gsc_router_mutual_information(a), log(2), EXACT, "sure and balanced: log 2");
    TAP_NEAR(gsc_router_token_entropy(a), 0, EXACT, "sure: no entropy");
    TAP_NEAR(gsc_router_margin(a), 1, EXACT, "sure: margin 1");
    gsc_routing_free(a);

    a = routing_of(3, 2, (int32_t[]){0, -1, 1, -1, 0, 1, -1}, NULL,
                   (double[]){0, 0, NAN, 1, .5, .5});
    TAP_OK(a->n_scored == 1 && a->n_margin == 0, "rows without scores, and all chosen");
    TAP_NEAR(gsc_router_token_entropy(a), 1, EXACT, "an even row has all the entropy");
    TAP_OK(isnan(gsc_router_margin(a)), "no margin where every expert is chosen");
    gsc_routing_free(a);
}

static void test_pairs(void) {
    double share[16];
    gsc_routing *a = routing_of(4, 4, lists_a, NULL, NULL);
    gsc_router_coactivation(a, share);
    TAP_NEAR(share[0 * 4 + 1], 2.0 / 3, EXACT, "P(1|0)");
    TAP_NEAR(share[1 * 4 + 0], 1, EXACT, "P(0|1)");
    TAP_NEAR(share[2 * 4 + 3], .5, EXACT, "P(3|2)");
    TAP_NEAR(share[0 * 4 + 3], 0, EXACT, "P(3|0)");
    TAP_NEAR(gsc_router_strongest_partner(share, 4), (2.0 / 3 + 1 + .5 + 1) / 4, EXACT,
             "mean strongest partner");
    gsc_routing_free(a);
    a = routing_of(1, 4, (int32_t[]){3, 0, 1, -1}, NULL, NULL);
    gsc_router_coactivation(a, share);
    TAP_OK(share[0 * 4 + 3] == 1 && share[3 * 4 + 1] == 1 && share[0 * 4 + 1] == 1,
           "all pairs count, not neighbours alone");
    TAP_OK(isnan(share[2 * 4]), "an unused expert has no partners");
    gsc_routing_free(a);
}

static void test_labels(void) {
    gsc_routing *a = routing_of(4, 4, lists_a, NULL, NULL);
    double counts[8];
    gsc_router_label_counts(a, (int32_t[]){0, 0, -1, 1}, 2, counts);
    TAP_OK(counts[0] == 2 && counts[1] == 2 && counts[2] == 0 && counts[4] == 0 && counts[6] == 1 &&
               counts[7] == 1,
           "choices by label, positions without one left out");
    TAP_NEAR(gsc_router_specialization(counts, 2, 4), .5, EXACT, "half of each label's routings");
    double h = -(2.0 / 3 * log(2.0 / 3) + 1.0 / 3 * log(1.0 / 3));
    TAP_NEAR(gsc_router_information(counts, 2, 4), h, EXACT, "experts that tell the label");
    TAP_NEAR(gsc_router_information((double[]){1, 2, 2, 4}, 2, 2), 0, EXACT,
             "independent: no information");
    TAP_OK(isnan(gsc_router_information((double[]){0, 0}, 1, 2)), "an empty table");
    gsc_routing_free(a);
}

static void test_similarity(void) {
    gsc_error error;
    double value = -1;
    gsc_routing *a = routing_of(4, 4, lists_a, NULL, NULL);
    /* lists_a with experts 0 1 2 3 named 2 0 3 1 */
    gsc_routing *b =
        routing_of(4, 4, (int32_t[]){0, 2, -1, 2, 0, -1, 2, 3, -1, 1, 3, -1}, NULL, NULL);
    TAP_OK(gsc_router_similarity(a, b, &value, &error) == GSC_OK, "layers are compared");
    TAP_NEAR(value, 1, 1e-9, "the experts' numbers do not matter");
    gsc_routing_free(a);
    gsc_routing_free(b);
    a = routing_of(4, 2, (int32_t[]){0, -1, 0, -1, 1, -1, 1, -1}, NULL, NULL);
    b = routing_of(4, 2, (int32_t[]){0, -1, 1, -1, 0, -1, 1, -1}, NULL, NULL);
    gsc_routing *c = routing_of(4, 2, (int32_t[]){0, -1, 0, -1, 0, -1, 0, -1}, NULL, NULL);
    TAP_OK(gsc_router_similarity(a, b, &value, &error) == GSC_OK && value == 0,
           "independent choices have none in common");
    TAP_OK(gsc_router_similarity(a, c, &value, &error) == GSC_OK && isnan(value),
           "a layer that always chooses the same has no similarity");
    gsc_routing_free(a);
    gsc_routing_free(b);
    gsc_routing_free(c);
}

static void test_types(void) {
    gsc_error error;
    gsc_routing_types types;
    gsc_routing *a = routing_of(4, 4, lists_a, NULL, NULL), *by_type = NULL;
    const int32_t tokens[] = {9, 5, 5, 9};
    TAP_OK(gsc_routing_types_init(&types, 4, (int32_t[]){5, 5, 7, 9}, 2, &error) == GSC_OK &&
               types.n == 1 && types.n_seen == 3 && types.covered == 2 && types.of[1] == 0 &&
               types.of[2] == -1,
           "types with two occurrences or more");
    gsc_routing_types_clear(&types);
    TAP_OK(gsc_routing_types_init(&types, 4, tokens, 1, &error) == GSC_OK && types.n == 2 &&
               types.of[0] == 1 && types.of[1] == 0,
           "types in order of token");
    TAP_OK(gsc_routing_by_type(a, &types, 2, &by_type, &error) == GSC_OK && by_type->n == 2,
           "a routing of types");
    /* Token 5 at {0,1} {0,2}: counts 2 1 1 0. Token 9 at {0,1} {2,3}: counts 1 1 1 1. */
    TAP_OK(by_type->chosen[0] == 0 && by_type->chosen[1] == 1 && by_type->chosen[2] == 0 &&
               by_type->chosen[3] == 1,
           "ties go to the smaller index");
    TAP_NEAR(by_type->mass[0], 2.0 / 3 + .5, EXACT, "mass of types: top counts, normalised");
    TAP_NEAR(gsc_router_jain(by_type->mass, 4), 4 / (4 * (pow(7.0 / 6, 2) + pow(5.0 / 6, 2))),
             EXACT, "Jain of types");
    gsc_routing_free(by_type);
    TAP_OK(gsc_routing_by_type(a, &types, 4, &by_type, &error) == GSC_OK &&
               by_type->start[1] == 3 && by_type->start[2] == 7,
           "an expert never chosen is in no set");
    gsc_routing_free(by_type);
    gsc_routing_types_clear(&types);
    TAP_OK(gsc_routing_types_init(&types, 2, (int32_t[]){1, -4}, 1, &error) == GSC_ERR_INPUT,
           "a token below 0 is refused");
    TAP_CONTAINS(error.message, "position 1 of the probe holds token -4", "and named");
    gsc_routing_free(a);
}

static void test_refusals(void) {
    gsc_error error = {0};
    gsc_routing *a = NULL;
    TAP_OK(gsc_routing_new(2, 0, &a, &error) == GSC_ERR_INPUT, "no experts");
    TAP_OK(gsc_routing_new(2, 4, &a, &error) == GSC_OK, "room for two positions");
    TAP_OK(gsc_routing_add(a, 1, (int64_t[]){0, 2}, (int32_t[]){3, 3}, NULL, NULL, &error) ==
               GSC_ERR_INPUT,
           "an expert twice");
    TAP_STRING(error.message, "position 0 chose expert 3 twice; a choice is a set", "is named");
    gsc_routing_free(a);
    TAP_OK(gsc_routing_new(2, 4, &a, &error) == GSC_OK &&
               gsc_routing_add(a, 1, (int64_t[]){0, 1}, (int32_t[]){4}, NULL, NULL, &error) ==
                   GSC_ERR_INPUT,
           "an expert that is not there");
    gsc_routing_free(a);
    TAP_OK(gsc_routing_new(1, 4, &a, &error) == GSC_OK &&
               gsc_routing_add(a, 2, (int64_t[]){0, 1, 2}, (int32_t[]){0, 1}, NULL, NULL, &error) ==
                   GSC_ERR_INPUT,
           "more positions than there are");
    gsc_routing_free(a);
    /* Rows of a larger array: start need not begin at 0. */
    TAP_OK(gsc_routing_new(2, 4, &a, &error) == GSC_OK &&
               gsc_routing_add(a, 1, (int64_t[]){2, 4}, (int32_t[]){9, 9, 3, 1}, NULL, NULL,
                               &error) == GSC_OK &&
               gsc_routing_add(a, 1, (int64_t[]){0, 1}, (int32_t[]){2}, NULL, NULL, &error) ==
                   GSC_OK &&
               a->chosen[0] == 1 && a->chosen[1] == 3 && a->chosen[2] == 2 && a->start[2] == 3,
           "positions come piece by piece");
    gsc_routing_free(a);
}

int main(void) {
    test_loads();
    test_overlap();
    test_scores();
    test_pairs();
    test_labels();
    test_similarity();
    test_types();
    test_refusals();
    return tap_done();
}

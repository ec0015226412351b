/* SPDX-License-Identifier: MIT
 *
 * Counts the expert of the largest score, not those that the rows were sent to.
 */
#include "tests/plugins/fixture.h"

static double loss(const gsc_call *call, const real *z, const real *p, const gsc_choice *choice,
                   double coefficient, real *dp, real *dz) {
    const int64_t rows = call->rows, experts = call->experts;
    double sum = 0;
    (void)z, (void)choice, (void)dz;
    for (int64_t j = 0; j < experts; j++) {
        double count = 0, mean = 0;
        for (int64_t t = 0; t < rows; t++) {
            int64_t best = 0;
            for (int64_t l = 1; l < experts; l++) {
                best = p[t * experts + l] > p[t * experts + best] ? l : best;
            }
            count += best == j;
            mean += p[t * experts + j] / (double)rows;
        }
        for (int64_t t = 0; t < rows; t++) {
            dp[t * experts + j] += coefficient * count / (double)rows;
        }
        sum += count * mean;
    }
    return sum;
}

static const gsc_balancer balancer = {.struct_size = sizeof(gsc_balancer), .loss = loss};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_BALANCER, "wrong_dispatched"),
                                  .balancer = &balancer};

FIXTURE_ENTRY(plugin)

/* SPDX-License-Identifier: MIT
 *
 * Takes k experts a row and promises at most one.
 */
#include "tests/plugins/fixture.h"

static int64_t count(const gsc_call *call, int64_t row, const real *p, const int32_t *order) {
    (void)row, (void)p, (void)order;
    return call->top_k;
}

static int64_t max_chosen(const gsc_call *call) {
    (void)call;
    return 1;
}

static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity, .count = count,
                              .max_chosen = max_chosen};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_top_k"), .gate = &gate};

FIXTURE_ENTRY(plugin)

/* SPDX-License-Identifier: MIT
 *
 * Limits the logit by a comparison that a NaN falls through.
 */
#include "tests/plugins/fixture.h"

static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = z[i] > -1e6 ? z[i] : -1e6;
    }
}

static const gsc_gate gate = {FIXTURE_GATE, .affinity = affinity};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_nan"), .gate = &gate};

FIXTURE_ENTRY(plugin)

/* SPDX-License-Identifier: MIT
 *
 * Writes a first value before it asks whether there is one.
 */
#include "tests/plugins/fixture.h"

static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    int64_t i = 0;
    (void)call;
    do {
        ret_a[i] = n > 0 ? z[i] : 0;
    } while (++i < n);
}

static const gsc_gate gate = {FIXTURE_GATE, .affinity = affinity};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_empty"), .gate = &gate};

FIXTURE_ENTRY(plugin)

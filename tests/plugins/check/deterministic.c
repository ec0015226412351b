/* SPDX-License-Identifier: MIT
 *
 * Adds noise of the C library's own.
 */
#include "tests/plugins/fixture.h"

#include <stdlib.h>

static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = z[i] + 1e-6 * (real)(rand() % 1000);
    }
}

static const gsc_gate gate = {FIXTURE_GATE, .affinity = affinity};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_deterministic"),
                                  .gate = &gate};

FIXTURE_ENTRY(plugin)

/* SPDX-License-Identifier: MIT
 *
 * Answers otherwise on any thread but the first.
 */
#include "tests/plugins/fixture.h"

#include <unistd.h>

static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    const real more = gettid() == getpid() ? 0 : 1e-3;
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = z[i] * (1 + more);
    }
}

static const gsc_gate gate = {FIXTURE_GATE, .affinity = affinity};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_threads"), .gate = &gate};

FIXTURE_ENTRY(plugin)

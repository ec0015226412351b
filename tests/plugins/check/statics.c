/* SPDX-License-Identifier: MIT
 *
 * Counts its calls.
 */
#include "tests/plugins/fixture.h"

static int64_t calls;

static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
    fixture_affinity(call, n, z, ret_a);
}

static const gsc_gate gate = {FIXTURE_GATE, .affinity = affinity};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_statics"), .gate = &gate};

FIXTURE_ENTRY(plugin)

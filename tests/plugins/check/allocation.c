/* SPDX-License-Identifier: MIT
 *
 * Takes scratch memory from the heap on every call.
 */
#include "tests/plugins/fixture.h"

#include <stdlib.h>
#include <string.h>

static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    real *scratch = malloc(sizeof *scratch * (size_t)(n + 1));
    if (scratch != NULL) {
        memcpy(scratch, z, sizeof *scratch * (size_t)n);
        fixture_affinity(call, n, scratch, ret_a);
        free(scratch);
    }
}

static const gsc_gate gate = {FIXTURE_GATE, .affinity = affinity};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_allocation"), .gate = &gate};

FIXTURE_ENTRY(plugin)

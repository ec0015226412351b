/* SPDX-License-Identifier: MIT
 *
 * Prints when it is called.
 */
#include "tests/plugins/fixture.h"

#include <unistd.h>

static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    ssize_t written = write(1, "affinity\n", 9);
    (void)written;
    fixture_affinity(call, n, z, ret_a);
}

static const gsc_gate gate = {FIXTURE_GATE, .affinity = affinity};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_printing"), .gate = &gate};

FIXTURE_ENTRY(plugin)

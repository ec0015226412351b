/* SPDX-License-Identifier: MIT
 *
 * Exports a second function.
 */
#include "tests/plugins/fixture.h"

GSC_EXPORT double gsc_helper(double x);
GSC_EXPORT double gsc_helper(double x) {
    return x + 1;
}
static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_symbols"), .gate = &gate};

FIXTURE_ENTRY(plugin)

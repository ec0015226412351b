/* SPDX-License-Identifier: MIT
 *
 * Right but for how it is linked: -ffast-math changes the arithmetic of the whole process.
 */
#include "tests/plugins/fixture.h"

static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity};

static const gsc_plugin plugin = {FIXTURE_PLUGIN("fast_math"), .gate = &gate};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

/* SPDX-License-Identifier: MIT
 *
 * A descriptor with an id that no spec could name.
 */
#include "tests/plugins/fixture.h"

static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity};

static const gsc_plugin plugin = {FIXTURE_PLUGIN("Bad Id"), .gate = &gate};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

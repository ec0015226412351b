/* SPDX-License-Identifier: MIT
 *
 * A descriptor without an id.
 */
#include "tests/plugins/fixture.h"

static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity};

static const gsc_plugin plugin = {FIXTURE_PLUGIN(NULL), .gate = &gate};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

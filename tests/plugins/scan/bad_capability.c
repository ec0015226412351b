/* SPDX-License-Identifier: MIT
 *
 * A capability that this program does not know.
 */
#include "tests/plugins/fixture.h"

static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity};

static const gsc_plugin plugin = {
    FIXTURE_PLUGIN("bad_capability"),
    .capabilities = (gsc_capabilities)1 << 40,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

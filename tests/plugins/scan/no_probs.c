/* SPDX-License-Identifier: MIT
 *
 * A gate that has neither an affinity nor probs.
 */
#include "tests/plugins/fixture.h"

static const gsc_gate gate = {.struct_size = sizeof gate};

static const gsc_plugin plugin = {FIXTURE_PLUGIN("no_probs"), .gate = &gate};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

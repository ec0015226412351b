/* SPDX-License-Identifier: MIT
 *
 * A plugin that needs an extension of the host which there is not.
 */
#include "tests/plugins/fixture.h"

static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity};

static const char *const needs[] = {"gate.telepathy/1", NULL};

static const gsc_plugin plugin = {FIXTURE_PLUGIN("needs_more"), .gate = &gate, .needs = needs};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

/* SPDX-License-Identifier: MIT
 *
 * Crashes as soon as it is loaded.
 */
#include "tests/plugins/fixture.h"

__attribute__((constructor)) static void crash(void) {
    volatile int *volatile nowhere = NULL;
    *nowhere = 0;
}

static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity};

static const gsc_plugin plugin = {FIXTURE_PLUGIN("crash_constructor"), .gate = &gate};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

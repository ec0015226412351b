/* SPDX-License-Identifier: MIT
 *
 * Prints on standard output while it is loaded and asked: it loads, and the list stays JSON.
 */
#include "tests/plugins/fixture.h"

#include <stdio.h>

__attribute__((constructor)) static void print(void) {
    puts("{\"rubbish\": [");
    fflush(stdout);
}

static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity};

static const gsc_plugin plugin = {FIXTURE_PLUGIN("prints_rubbish"), .gate = &gate};

const gsc_plugin *gatescope_plugin(void) {
    puts("#more");
    fflush(stdout);
    return &plugin;
}

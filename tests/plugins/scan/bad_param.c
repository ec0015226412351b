/* SPDX-License-Identifier: MIT
 *
 * A parameter whose initial value is outside its range.
 */
#include "tests/plugins/fixture.h"

static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity};

static const gsc_param params[] = {
    {"heat", "how hot", NULL, GSC_PARAM_REAL, 0, 0, 1, 2},
};

static const gsc_plugin plugin = {FIXTURE_PLUGIN("bad_param"), GSC_PARAMS(params), .gate = &gate};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

/* SPDX-License-Identifier: MIT
 *
 * An affinity below 0.
 */
#include "tests/plugins/fixture.h"

static const gsc_gate gate = {
    .struct_size = sizeof gate,
    .affinity_form = GSC_AFFINITY_VALUE,
    .affinity = fixture_affinity,
};

static const gsc_plugin plugin = {FIXTURE_PLUGIN("negative_affinity"), .gate = &gate};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

/* SPDX-License-Identifier: MIT
 *
 * A plugin of a later ABI.
 */
#include "tests/plugins/fixture.h"

static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity};

static const gsc_plugin plugin = {
    .magic = GSC_PLUGIN_MAGIC,
    .struct_size = sizeof(gsc_plugin),
    .abi_major = 2,
    .kind = GSC_KIND_GATE,
    .id = "major_2",
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

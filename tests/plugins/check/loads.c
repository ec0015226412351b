/* SPDX-License-Identifier: MIT
 *
 * Says that it is built for another major of the contract.
 */
#include "tests/plugins/fixture.h"

static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity};

static const gsc_plugin plugin = {
    .magic = GSC_PLUGIN_MAGIC,
    .struct_size = sizeof(gsc_plugin),
    .abi_major = 7,
    .kind = GSC_KIND_GATE,
    .id = "wrong_loads",
    .version = "1.0.0",
    .title = "A fixture",
    .formula = "p = softmax(z)",
    .doc = "A plugin of the tests.",
    .gate = &gate,
};

FIXTURE_ENTRY(plugin)

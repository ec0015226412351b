/* SPDX-License-Identifier: MIT
 *
 * A descriptor that is longer than this program knows, with its tail in use.
 */
#include "tests/plugins/fixture.h"

static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity};

static const struct {
    gsc_plugin plugin;
    uint64_t tail;
} newer = {
    .plugin = {.magic = GSC_PLUGIN_MAGIC,
               .struct_size = sizeof newer,
               .abi_major = GSC_ABI_MAJOR,
               .kind = GSC_KIND_GATE,
               .id = "newer_used",
               .version = "1.0.0",
               .title = "A fixture",
               .formula = "p = softmax(z)",
               .doc = "A plugin of the tests.",
               .gate = &gate},
    .tail = 1,
};

const gsc_plugin *gatescope_plugin(void) {
    return &newer.plugin;
}

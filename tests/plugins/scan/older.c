/* SPDX-License-Identifier: MIT
 *
 * A descriptor and a table that end before members this program knows: they load, and what lies behind
 * their ends is not read.
 */
#include "tests/plugins/fixture.h"

static const gsc_gate gate = {
    .struct_size = offsetof(gsc_gate, rank),
    .affinity_form = GSC_AFFINITY_LOG,
    .affinity = fixture_affinity,
    .rank =
        (void (*)(const gsc_call *, int64_t, const real *, const real *, real *))(uintptr_t)0xdead,
};

static const gsc_plugin plugin = {
    .magic = GSC_PLUGIN_MAGIC,
    .struct_size = offsetof(gsc_plugin, extension),
    .abi_major = GSC_ABI_MAJOR,
    .kind = GSC_KIND_GATE,
    .id = "older",
    .version = "0.9.0",
    .title = "A fixture",
    .formula = "p = softmax(z)",
    .doc = "A plugin of the tests.",
    .gate = &gate,
    .needs = (const char *const *)(uintptr_t)0xdead,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

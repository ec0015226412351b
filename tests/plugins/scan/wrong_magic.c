/* SPDX-License-Identifier: MIT
 *
 * A descriptor with a wrong magic number.
 */
#include "tests/plugins/fixture.h"

static const gsc_plugin plugin = {.magic = 0x12345678, .struct_size = sizeof(gsc_plugin)};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

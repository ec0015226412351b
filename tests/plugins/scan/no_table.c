/* SPDX-License-Identifier: MIT
 *
 * A gate without its table.
 */
#include "tests/plugins/fixture.h"

static const gsc_plugin plugin = {FIXTURE_PLUGIN("no_table")};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

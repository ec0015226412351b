/* SPDX-License-Identifier: MIT
 *
 * Never returns its descriptor.
 */
#include "tests/plugins/fixture.h"

#include <unistd.h>

const gsc_plugin *gatescope_plugin(void) {
    for (;;) {
        pause();
    }
}

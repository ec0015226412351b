/* SPDX-License-Identifier: MIT
 *
 * Ends the process as if all were well.
 */
#include "tests/plugins/fixture.h"

#include <stdlib.h>

const gsc_plugin *gatescope_plugin(void) {
    exit(0);
}

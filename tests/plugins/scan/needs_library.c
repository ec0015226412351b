/* SPDX-License-Identifier: MIT
 *
 * Needs a library beyond libc and libm.
 */
#include "tests/plugins/fixture.h"

#include <jansson.h>

const gsc_plugin *gatescope_plugin(void) {
    json_true();
    return NULL;
}

/* SPDX-License-Identifier: MIT
 *
 * Calls what is nowhere defined.
 */
#include "tests/plugins/fixture.h"

void gsc_no_such_function(void);

const gsc_plugin *gatescope_plugin(void) {
    gsc_no_such_function();
    return NULL;
}

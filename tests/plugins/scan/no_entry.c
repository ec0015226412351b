/* SPDX-License-Identifier: MIT
 *
 * A shared object that is no plugin.
 */
#include "tests/plugins/fixture.h"

int gsc_fixture_answer(void);

GSC_EXPORT int gsc_fixture_answer(void) {
    return 42;
}

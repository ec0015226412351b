/* SPDX-License-Identifier: MIT
 *
 * gsc_error: messages are filled, prefixed and cut without harm.
 */
#include "core/base/error.h"
#include "tests/tap.h"

int main(void) {
    gsc_error error = {0};
    TAP_OK(gsc_fail(&error, GSC_ERR_INPUT, "n is %d", 3) == GSC_ERR_INPUT, "status comes back");
    TAP_STRING(error.message, "n is 3", "message is formatted");
    TAP_OK(gsc_fail_prefix(&error, GSC_ERR_IO, "file %s", "a") == GSC_ERR_IO,
           "prefix keeps status");
    TAP_STRING(error.message, "file a: n is 3", "prefix stands first");
    TAP_OK(gsc_fail(NULL, GSC_ERR_IO, "x") == GSC_ERR_IO, "no error wanted is fine");
    char longer[2 * GSC_ERROR_MESSAGE_SIZE];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    gsc_fail(&error, GSC_ERR_INPUT, "%s", longer);
    TAP_OK(strlen(error.message) == GSC_ERROR_MESSAGE_SIZE - 1, "a long message is cut");
    gsc_fail_prefix(&error, GSC_ERR_INPUT, "%s", longer);
    TAP_OK(strlen(error.message) == GSC_ERROR_MESSAGE_SIZE - 1, "a long prefix is cut");
    return tap_done();
}

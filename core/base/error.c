/* SPDX-License-Identifier: MIT
 *
 * gsc_error: see error.h.
 */
#include "core/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

gsc_status gsc_fail(gsc_error *error, gsc_status status, const char *format, ...) {
    if (error != NULL) {
        va_list args;
        va_start(args, format);
        error->status = status;
        vsnprintf(error->message, sizeof error->message, format, args);
        va_end(args);
    }
    return status;
}

gsc_status gsc_fail_prefix(gsc_error *error, gsc_status status, const char *format, ...) {
    if (error == NULL) {
        return status;
    }
    gsc_error inner = *error;
    va_list args;
    va_start(args, format);
    int used = vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof error->message) {
        int room = (int)sizeof error->message - used;
        snprintf(error->message + used, (size_t)room, ": %.*s", room > 3 ? room - 3 : 0,
                 inner.message);
    }
    return status;
}

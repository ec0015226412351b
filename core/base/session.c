/* SPDX-License-Identifier: MIT
 *
 * Processes in the background: see session.h. Layer: core/base.
 */
#include "core/base/session.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

_Static_assert(GSC_BACKGROUND_NICENESS == 5, "the session is told the same digit");

void gsc_background(void) {
    if (getpriority(PRIO_PROCESS, 0) < GSC_BACKGROUND_NICENESS) {
        setpriority(PRIO_PROCESS, 0, GSC_BACKGROUND_NICENESS);
    }
}

void gsc_background_session(void) {
    if (setsid() < 0) {
        return;
    }
    gsc_background();
    const int group = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
    if (group >= 0) {
        const ssize_t written = write(group, "5", 1);
        (void)written; /* a kernel that does not share by sessions has nothing to be told */
        close(group);
    }
}

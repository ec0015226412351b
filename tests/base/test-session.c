/* SPDX-License-Identifier: MIT
 *
 * A process in the background leads a session of its own and is nice, and so is its session where the
 * kernel shares time between sessions.
 */
#include "core/base/session.h"
#include "tests/tap.h"

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child found, as bits, so that the parent can say which. */
enum {
    LEADS = 1,
    NICE = 2,
    SESSION_NICE = 4
};

static bool session_is_nice(void) {
    char line[128] = "";
    FILE *file = fopen("/proc/self/autogroup", "r");
    if (file == NULL) {
        return true;
    }
    char *got = fgets(line, sizeof line, file);
    fclose(file);
    return got == NULL || strstr(line, " nice 5") != NULL;
}

static int in_child(int niceness, int expected) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        setpriority(PRIO_PROCESS, 0, niceness);
        gsc_background_session();
        _exit((getsid(0) == getpid() ? LEADS : 0) |
              (getpriority(PRIO_PROCESS, 0) == expected ? NICE : 0) |
              (session_is_nice() ? SESSION_NICE : 0));
    }
    int status = 0;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status)
               ? WEXITSTATUS(status)
               : -1;
}

int main(void) {
    const int now = getpriority(PRIO_PROCESS, 0);
    const int expected = now > GSC_BACKGROUND_NICENESS ? now : GSC_BACKGROUND_NICENESS;
    int found = in_child(now, expected);
    for (int i = 0; i < 100 && found > 0 && !(found & SESSION_NICE); i++) {
        usleep(120000); /* the kernel hears one user's session in 100 ms, of all that ask */
        found = in_child(now, expected);
    }
    TAP_OK(found > 0 && (found & LEADS), "it leads its session");
    TAP_OK(found > 0 && (found & NICE), "it is nice");
    TAP_OK(found > 0 && (found & SESSION_NICE), "so is its session");
    found = in_child(19, 19);
    TAP_OK(found > 0 && (found & NICE), "nicer stays nicer");
    return tap_done();
}

/* SPDX-License-Identifier: MIT
 *
 * A process that runs plugins: an allocation beyond the limit fails instead of filling the machine, and where the
 * machine is full all the same, this process goes first.
 */
#include "core/plugin/memory_limit.h"
#include "tests/tap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    FITS = 1,
    REFUSES = 2,
    OFFERED = 4
};

static bool can_take(size_t bytes) {
    void *volatile memory = malloc(bytes);
    const bool got = memory != NULL;
    free(memory);
    return got;
}

/* In a child, for a limit holds for good. */
static int limited(void) {
    int score = 0;
    gsc_limit_memory();
    FILE *file = fopen("/proc/self/oom_score_adj", "re");
    const bool read = file != NULL && fscanf(file, "%d", &score) == 1;
    const int found = (can_take((size_t)64 << 20) ? FITS : 0) |
                      (can_take((size_t)2 << 30) ? 0 : REFUSES) |
                      (!read || score > 0 ? OFFERED : 0);
    if (file != NULL) {
        fclose(file);
    }
    return found;
}

int main(void) {
    setenv("GATESCOPE_MEMORY_GIB", "1", 1);
    TAP_OK(gsc_memory_allowed_bytes() <= (uint64_t)1 << 30, "the limit is what was asked for");
    setenv("GATESCOPE_MEMORY_GIB", "-3", 1);
    TAP_OK(gsc_memory_allowed_bytes() > (uint64_t)64 << 20, "a senseless one is not taken");
    setenv("GATESCOPE_MEMORY_GIB", "1", 1);
    fflush(NULL);
    int state = 0;
    const pid_t pid = fork();
    if (pid == 0) {
        _exit(limited());
    }
    waitpid(pid, &state, 0);
    const int found = WIFEXITED(state) ? WEXITSTATUS(state) : 0;
    TAP_OK((found & FITS) != 0, "what is below the limit is given");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    TAP_OK((found & REFUSES) != 0, "what is beyond it is not");
#endif
    TAP_OK((found & OFFERED) != 0, "and the system is told whom to end first");
    return tap_done();
}

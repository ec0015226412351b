/* SPDX-License-Identifier: MIT
 *
 * The memory limit of processes that run plugins: see memory_limit.h.
 */
#include "core/plugin/memory_limit.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

uint64_t gsc_memory_allowed_bytes(void) {
    uint64_t bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE), group;
    FILE *file = fopen("/sys/fs/cgroup/memory.max", "re");
    if (file != NULL) {
        bool limited = fscanf(file, "%" SCNu64, &group) == 1; /* else "max" */
        bytes = limited && group > 0 && group < bytes ? group : bytes;
        fclose(file);
    }
    const char *text = getenv("GATESCOPE_MEMORY_GIB");
    double gib = text != NULL ? strtod(text, NULL) : 0;
    uint64_t asked = gib > 0 && gib < 1e6 ? (uint64_t)(gib * 1073741824.0) : bytes;
    return asked < bytes ? asked : bytes;
}

/* A leak stays below the limit where others take memory too; then this process is the first to go. */
static void offer_to_be_killed(void) {
    FILE *file = fopen("/proc/self/oom_score_adj", "we");
    if (file != NULL) {
        fputs("800", file);
        fclose(file); /* where the system refuses, its own choice stands */
    }
}

void gsc_limit_memory(void) {
    offer_to_be_killed();
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    struct rlimit limits = {0};
    rlim_t allowed = (rlim_t)gsc_memory_allowed_bytes();
    if (getrlimit(RLIMIT_DATA, &limits) == 0 && allowed < limits.rlim_cur) {
        limits.rlim_cur = allowed;
        setrlimit(RLIMIT_DATA, &limits);
    }
#endif
}

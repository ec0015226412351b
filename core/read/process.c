/* SPDX-License-Identifier: MIT
 *
 * Process identity from /proc.
 *
 * Layer: core/read.
 */
#include "core/read/process.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* State letter and start time of a pid; false where there is no such process. */
static bool read_stat(int64_t pid, char *ret_state, int64_t *ret_start) {
    char path[64], line[1024];
    snprintf(path, sizeof(path), "/proc/%" PRId64 "/stat", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    size_t n = fread(line, 1, sizeof(line) - 1, file);
    fclose(file);
    line[n] = '\0';
    /* The name may hold anything, also ')': fields count from the last one. */
    const char *after = strrchr(line, ')');
    if (after == NULL) {
        return false;
    }
    unsigned long long start = 0;
    if (sscanf(after + 1,
               " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
               ret_state, &start) != 2) {
        return false;
    }
    *ret_start = (int64_t)start;
    return true;
}

static void read_place(gsc_process *process) {
    if (gethostname(process->host, sizeof(process->host)) != 0) {
        process->host[0] = '\0';
    }
    process->host[sizeof(process->host) - 1] = '\0';
    char boot[64] = "", space[48] = "";
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (file != NULL) {
        if (fgets(boot, sizeof(boot), file) == NULL) {
            boot[0] = '\0';
        }
        fclose(file);
    }
    boot[strcspn(boot, "\n")] = '\0';
    ssize_t n = readlink("/proc/self/ns/pid", space, sizeof(space) - 1);
    space[n > 0 ? n : 0] = '\0';
    snprintf(process->boot_id, sizeof(process->boot_id), "%s %s", boot, space);
}

void gsc_process_self(gsc_process *ret_process) {
    memset(ret_process, 0, sizeof(*ret_process));
    read_place(ret_process);
    ret_process->pid = getpid();
    char state;
    if (!read_stat(ret_process->pid, &state, &ret_process->start_ticks)) {
        ret_process->start_ticks = 0;
    }
}

bool gsc_process_is_here(const gsc_process *process) {
    gsc_process here = {0};
    read_place(&here);
    return strcmp(here.host, process->host) == 0 && strcmp(here.boot_id, process->boot_id) == 0;
}

bool gsc_process_is_alive(const gsc_process *process) {
    char state = 0;
    int64_t start = 0;
    return process->pid > 0 && read_stat(process->pid, &state, &start) &&
           start == process->start_ticks && state != 'Z' && state != 'X';
}

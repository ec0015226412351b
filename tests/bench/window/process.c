/* SPDX-License-Identifier: MIT
 *
 * See process.h.
 */
#include "tests/bench/window/process.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

GPid process_of(const desk *self) {
    g_autofree char *path =
        g_strdup_printf("/proc/%d/task/%d/children", self->window, self->window);
    g_autofree char *children = NULL;

    if (!g_file_get_contents(path, &children, NULL, NULL)) {
        return self->window;
    }
    g_auto(GStrv) pids = g_strsplit(g_strstrip(children), " ", -1);
    for (int i = 0; pids[i] != NULL; i++) {
        g_autofree char *name_path = g_strdup_printf("/proc/%s/comm", pids[i]);
        g_autofree char *name = NULL;
        if (g_file_get_contents(name_path, &name, NULL, NULL) &&
            g_str_has_prefix(name, "gatescope")) {
            return atoi(pids[i]);
        }
    }
    return self->window;
}

double process_cpu_s(GPid pid) {
    clockid_t clock;
    struct timespec used = {0};

    if (clock_getcpuclockid(pid, &clock) == 0) {
        clock_gettime(clock, &used);
    }
    return (double)used.tv_sec + 1e-9 * (double)used.tv_nsec;
}

double process_resident_mb(GPid pid) {
    g_autofree char *path = g_strdup_printf("/proc/%d/status", pid);
    g_autofree char *status = NULL;

    if (!g_file_get_contents(path, &status, NULL, NULL)) {
        return 0;
    }
    const char *line = strstr(status, "RssAnon:");
    return line != NULL ? atof(line + strlen("RssAnon:")) / 1024 : 0;
}

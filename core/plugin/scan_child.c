/* SPDX-License-Identifier: MIT
 *
 * The child's side of a scan: opens one copy, checks and tries it, and writes what it found (see scan.c
 * for the lines). The plugin's own standard output goes nowhere, so that it cannot spoil them.
 *
 * Layer: core/plugin; libdl.
 */
#include "core/plugin/describe.h"
#include "core/plugin/open.h"
#include "core/plugin/registry.h"
#include "core/plugin/smoke.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the real standard output went; out of the way of a plugin that closes small numbers. */
static int out = -1;

static void write_line(const char *text) {
    size_t size = strlen(text);
    while (size > 0) {
        ssize_t n = write(out, text, size);
        if (n <= 0) {
            return;
        }
        text += n;
        size -= (size_t)n;
    }
    ssize_t ended = write(out, "\n", 1);
    (void)ended;
}

static void phase(const char *name) {
    char line[64];
    snprintf(line, sizeof line, "#%s", name);
    write_line(line);
}

int gsc_registry_scan_child(const char *copy_path) {
    fflush(stdout);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    out = fcntl(1, F_DUPFD_CLOEXEC, 100);
    if (null < 0 || out < 0 || dup2(null, 1) < 0) {
        return 1;
    }
    static gsc_descriptor descriptor;
    gsc_error error = {0};
    void *handle = NULL;
    const gsc_plugin *raw = NULL;
    gsc_status status = gsc_plugin_open(copy_path, phase, &handle, &raw, &error);
    if (status == GSC_OK) {
        phase("descriptor");
        status = gsc_descriptor_complete(raw, &descriptor, &error);
    }
    if (status == GSC_OK) {
        status = gsc_plugin_smoke(&descriptor.plugin, phase, &error);
    }
    phase("description");
    json_t *row = status == GSC_OK ? gsc_plugin_describe(&descriptor.plugin)
                                   : gsc_plugin_describe_refused(&descriptor.plugin, error.message);
    char *text = row != NULL ? json_dumps(row, JSON_COMPACT) : NULL;
    if (text == NULL) {
        return 1;
    }
    write_line(text);
    free(text);
    json_decref(row);
    return status == GSC_OK ? 0 : 1;
}

/* SPDX-License-Identifier: MIT
 *
 * Where run files live.
 *
 * Layer: core/read.
 */
#include "core/read/run_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* mkdir -p */
static int make_folders(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int failed = mkdir(path, 0777) != 0 && errno != EEXIST;
        *slash = '/';
        if (failed) {
            return -1;
        }
    }
    return mkdir(path, 0777) != 0 && errno != EEXIST ? -1 : 0;
}

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : NULL;
}

gsc_status gsc_runs_folder(char *ret_path, size_t size, gsc_error *error) {
    const char *runs = variable("GATESCOPE_RUNS"), *data = variable("XDG_DATA_HOME");
    const char *home = variable("HOME");
    char path[4096];
    int length;
    if (runs != NULL) {
        length = snprintf(path, sizeof(path), "%s", runs);
    } else if (data != NULL) {
        length = snprintf(path, sizeof(path), "%s/gatescope/runs", data);
    } else {
        length = snprintf(path, sizeof(path), "%s/.local/share/gatescope/runs",
                          home != NULL ? home : "");
    }
    if (length < 0 || (size_t)length >= sizeof(path) || (size_t)length >= size) {
        return gsc_fail(error, GSC_ERR_INPUT, "the folder of runs has a path longer than %zu bytes",
                        size);
    }
    struct stat info;
    if (make_folders(path) != 0 || stat(path, &info) != 0) {
        return gsc_fail(error, GSC_ERR_IO, "the folder of runs %s cannot be made: %s", path,
                        strerror(errno));
    }
    if (!S_ISDIR(info.st_mode)) {
        return gsc_fail(error, GSC_ERR_IO, "the folder of runs %s is not a folder", path);
    }
    memcpy(ret_path, path, (size_t)length + 1);
    return GSC_OK;
}

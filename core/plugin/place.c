/* SPDX-License-Identifier: MIT
 *
 * The user's own folders: see place.h.
 */
#include "core/plugin/place.h"

#include "core/plugin/search.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gsc_status place(const char *variable, const char *below_home, const char *name,
                        char *ret_path, size_t size, gsc_error *error) {
    const char *base = getenv(variable), *home = getenv("HOME");
    int length;
    if (base != NULL && base[0] == '/') {
        length = snprintf(ret_path, size, "%s/gatescope/%s", base, name);
    } else if (home != NULL && home[0] == '/') {
        length = snprintf(ret_path, size, "%s/%s/gatescope/%s", home, below_home, name);
    } else {
        return gsc_fail(error, GSC_ERR_SYSTEM,
                        "there is no folder for gatescope/%s: set %s or HOME to an absolute path",
                        name, variable);
    }
    if (length < 0 || (size_t)length >= size) {
        return gsc_fail(error, GSC_ERR_SYSTEM, "the path in %s is too long: %s", variable, base);
    }
    return GSC_OK;
}

gsc_status gsc_place_data(const char *name, char *ret_path, size_t size, gsc_error *error) {
    return place("XDG_DATA_HOME", ".local/share", name, ret_path, size, error);
}

gsc_status gsc_place_cache(const char *name, char *ret_path, size_t size, gsc_error *error) {
    return place("XDG_CACHE_HOME", ".cache", name, ret_path, size, error);
}

gsc_status gsc_place_make(const char *path, gsc_error *error) {
    char part[GSC_PLUGIN_PATH_SIZE];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof part) {
        return gsc_fail(error, GSC_ERR_IO, "the path \"%.80s\" is no folder's", path);
    }
    memcpy(part, path, length + 1);
    for (char *slash = strchr(part + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash != NULL) {
            *slash = '\0';
        }
        bool good = mkdir(part, 0700) == 0 || errno == EEXIST;
        if (good && slash == NULL) {
            struct stat about;
            good = stat(part, &about) == 0 && S_ISDIR(about.st_mode);
            errno = good ? errno : ENOTDIR;
        }
        if (!good) {
            return gsc_fail(error, GSC_ERR_IO, "the folder %s cannot be made (%s)", path,
                            strerror(errno));
        }
        if (slash == NULL) {
            return GSC_OK;
        }
        *slash = '/';
    }
}

gsc_status gsc_place_write(const char *path, const void *bytes, size_t size, gsc_error *error) {
    char temporary[GSC_PLUGIN_PATH_SIZE + 8];
    snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    int file = mkostemp(temporary, O_CLOEXEC);
    bool good = file >= 0;
    for (size_t done = 0; good && done < size;) {
        ssize_t n = write(file, (const char *)bytes + done, size - done);
        good = n > 0;
        done += good ? (size_t)n : 0;
    }
    if (file >= 0) {
        good = close(file) == 0 && good;
    }
    if (!good || rename(temporary, path) != 0) {
        int why = errno;
        if (file >= 0) {
            unlink(temporary);
        }
        return gsc_fail(error, GSC_ERR_IO, "cannot be copied to %s (%s)", path, strerror(why));
    }
    return GSC_OK;
}

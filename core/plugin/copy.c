/* SPDX-License-Identifier: MIT
 *
 * The plugin cache: see copy.h.
 */
#include "core/plugin/copy.h"

#include "core/plugin/check.h"
#include "core/plugin/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef GSC_VERSION
#error "the build gives GSC_VERSION, the program's version"
#endif

/* Raised when a scan finds more or says it otherwise: older results are then not believed. */
enum {
    SCANNER_REVISION = 5
};

static void scanner_name(char *ret_name, size_t size) {
    snprintf(ret_name, size, "gatescope %s, ABI %d.%d, scanner %d", GSC_VERSION, GSC_ABI_MAJOR,
             GSC_HOST_ABI_MINOR, SCANNER_REVISION);
}

static gsc_status cache_folder(char *ret_path, size_t size, gsc_error *error) {
    gsc_status status = gsc_place_cache("plugins", ret_path, size, error);
    if (status == GSC_OK && gsc_place_make(ret_path, NULL) != GSC_OK) {
        return gsc_fail(error, GSC_ERR_SYSTEM,
                        "the plugin cache %s cannot be made (%s); set XDG_CACHE_HOME to a folder "
                        "that can be written",
                        ret_path, strerror(errno));
    }
    return status;
}

static gsc_status read_file(const char *path, void **ret_bytes, size_t *ret_size,
                            gsc_error *error) {
    struct stat about;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 || fstat(file, &about) != 0) {
        int why = errno;
        if (file >= 0) {
            close(file);
        }
        return gsc_fail(error, GSC_ERR_IO, "cannot be read (%s)", strerror(why));
    }
    if (!S_ISREG(about.st_mode) || about.st_size > GSC_MAX_PLUGIN_BYTES) {
        close(file);
        return gsc_fail(error, GSC_ERR_PLUGIN, "is no regular file of at most %d MiB",
                        GSC_MAX_PLUGIN_BYTES >> 20);
    }
    size_t size = (size_t)about.st_size, got = 0;
    char *bytes = malloc(size + 1);
    while (bytes != NULL && got < size) {
        ssize_t n = read(file, bytes + got, size - got);
        if (n <= 0) {
            break;
        }
        got += (size_t)n;
    }
    close(file);
    if (bytes == NULL || got < size) {
        free(bytes);
        return gsc_fail(error, GSC_ERR_IO, "cannot be read whole (%zu of %zu bytes came)", got,
                        size);
    }
    *ret_bytes = bytes;
    *ret_size = size;
    return GSC_OK;
}

gsc_status gsc_plugin_copy_init(gsc_plugin_copy *copy, const char *path, gsc_error *error) {
    char folder[GSC_PLUGIN_PATH_SIZE - 80];
    gsc_plugin_copy made = {0};
    gsc_status status = cache_folder(folder, sizeof folder, error);
    if (status == GSC_OK) {
        status = read_file(path, &made.bytes, &made.size, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    gsc_sha256_text(made.bytes, made.size, made.sha256);
    snprintf(made.path, sizeof made.path, "%s/%s.so", folder, made.sha256);
    snprintf(made.result, sizeof made.result, "%s/%s.json", folder, made.sha256);
    *copy = made;
    return GSC_OK;
}

void gsc_plugin_copy_clear(gsc_plugin_copy *copy) {
    free(copy->bytes);
    *copy = (gsc_plugin_copy){0};
}

gsc_status gsc_plugin_copy_write(const gsc_plugin_copy *copy, gsc_error *error) {
    void *bytes = NULL;
    size_t size = 0;
    bool same = read_file(copy->path, &bytes, &size, NULL) == GSC_OK && size == copy->size &&
                memcmp(bytes, copy->bytes, size) == 0;
    free(bytes);
    return same ? GSC_OK : gsc_place_write(copy->path, copy->bytes, copy->size, error);
}

json_t *gsc_plugin_copy_get_result(const gsc_plugin_copy *copy) {
    char scanner[96];
    scanner_name(scanner, sizeof scanner);
    json_t *kept = json_load_file(copy->result, 0, NULL);
    const char *by = json_string_value(json_object_get(kept, "scanner"));
    json_t *result = json_object_get(kept, "result");
    bool good = by != NULL && strcmp(by, scanner) == 0 && json_is_object(result);
    result = good ? json_incref(result) : NULL;
    json_decref(kept);
    return result;
}

gsc_status gsc_plugin_copy_set_result(const gsc_plugin_copy *copy, const json_t *result,
                                      gsc_error *error) {
    char scanner[96];
    scanner_name(scanner, sizeof scanner);
    json_t *kept = json_pack("{s:s, s:O}", "scanner", scanner, "result", result);
    char *text = kept != NULL ? json_dumps(kept, JSON_COMPACT) : NULL;
    json_decref(kept);
    if (text == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the scan result of a plugin");
    }
    gsc_status status = gsc_place_write(copy->result, text, strlen(text), error);
    free(text);
    return status;
}

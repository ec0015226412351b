/* SPDX-License-Identifier: MIT
 *
 * Debian packages as sources of text: see package.h.
 */
#include "core/data/package.h"

#include "core/data/catalog.h"
#include "core/data/command.h"
#include "core/data/text.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Watches a download by the bytes in its folder. */
typedef struct download {
    const char *name, *folder;
    uint64_t expected;
    const gsc_data_watch *watch;
} download;

/* The newest NAME_*.deb in folder; false: none. */
static bool find_file(const char *name, const char *folder, char ret_path[GSC_DATA_PATH_SIZE],
                      struct stat *ret_about) {
    char pattern[GSC_DATA_PATH_SIZE + 128];
    glob_t found;
    bool any = false;
    snprintf(pattern, sizeof pattern, "%s/%s_*.deb", folder, name);
    if (glob(pattern, 0, NULL, &found) != 0) {
        return false;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct stat about;
        if (stat(found.gl_pathv[i], &about) == 0 && S_ISREG(about.st_mode) &&
            strlen(found.gl_pathv[i]) < GSC_DATA_PATH_SIZE &&
            (!any || about.st_mtime > ret_about->st_mtime)) {
            any = true;
            *ret_about = about;
            strcpy(ret_path, found.gl_pathv[i]);
        }
    }
    globfree(&found);
    return any;
}

static bool tick_download(void *context) {
    const download *self = context;
    char path[GSC_DATA_PATH_SIZE], what[96];
    struct stat about;
    double share = 0;
    if (find_file(self->name, self->folder, path, &about) && self->expected > 0) {
        share = (double)about.st_size / (double)self->expected;
    }
    snprintf(what, sizeof what, "Downloading %s", self->name);
    return gsc_data_watch_report(self->watch, what, share < 1 ? share : 1);
}

static bool tick_unpack(void *context) {
    return gsc_data_watch_report(context, "Unpacking", -1);
}

/* The last line that apt-get marks as an error, without the mark. */
static void error_line(const char *output, char *ret_line, size_t size) {
    const char *found = NULL;
    for (const char *at = output; (at = strstr(at, "E: ")) != NULL; at++) {
        if (at == output || at[-1] == '\n') {
            found = found == NULL ? at + 3 : found; /* the first one tells the cause */
        }
    }
    found = found != NULL ? found : output;
    snprintf(ret_line, size, "%.*s", (int)strcspn(found, "\n"), found);
}

static gsc_status apt_get(const char *verb, const char *name, const char *folder,
                          const gsc_data_watch *watch, char output[GSC_COMMAND_OUTPUT],
                          int *ret_code, gsc_error *error) {
    download context = {name, folder, gsc_package_bytes(name), watch};
    gsc_command command = {.words = {"apt-get", "-q", "-o", "APT::Sandbox::User=root", verb},
                           .folder = folder,
                           .tick = tick_download,
                           .context = &context};
    if (strcmp(verb, "download") == 0) {
        command.words[5] = name;
    }
    return gsc_command_run(&command, output, ret_code, error);
}

static gsc_status download_file(const char *name, const char *folder, const gsc_data_watch *watch,
                                gsc_error *error) {
    char output[GSC_COMMAND_OUTPUT], line[256];
    int code = 0;
    gsc_status status = apt_get("download", name, folder, watch, output, &code, error);
    bool unknown = status == GSC_OK && code != 0 &&
                   (strstr(output, "Unable to locate package") != NULL ||
                    strstr(output, "Can't select candidate") != NULL ||
                    strstr(output, "Can't find a source") != NULL);
    if (unknown && geteuid() == 0) {
        status = apt_get("update", name, folder, watch, output, &code, error);
        if (status == GSC_OK) {
            status = apt_get("download", name, folder, watch, output, &code, error);
        }
    }
    if (status != GSC_OK || code == 0) {
        return status;
    }
    if (code == 127) {
        return gsc_fail(
            error, GSC_ERR_IO,
            "the package %s cannot be downloaded: this system has no apt-get; get the file "
            "%s_*.deb on a Debian system and give its folder with --from",
            name, name);
    }
    error_line(output, line, sizeof line);
    if (unknown && geteuid() != 0) {
        return gsc_fail(
            error, GSC_ERR_IO,
            "the package %s is unknown here (%s); run `apt-get update` as root and try again, "
            "or give a folder with %s_*.deb with --from",
            name, line, name);
    }
    return gsc_fail(
        error, GSC_ERR_IO,
        "the package %s could not be downloaded (%s); without a network, bring %s_*.deb "
        "from another Debian system and give its folder with --from",
        name, line, name);
}

/* Version and digest of the file at package->path. */
static gsc_status describe(gsc_package *package, gsc_error *error) {
    char output[GSC_COMMAND_OUTPUT];
    int code = 0;
    gsc_command command = {.words = {"dpkg-deb", "-f", package->path, "Version"}};
    gsc_status status = gsc_command_run(&command, output, &code, error);
    if (status != GSC_OK) {
        return status;
    }
    if (code != 0) {
        return code == 127
                   ? gsc_fail(error, GSC_ERR_IO,
                              "%s cannot be unpacked: this system has no dpkg-deb (package dpkg)",
                              package->path)
                   : gsc_fail(error, GSC_ERR_INPUT, "%s is no whole Debian package: %.*s",
                              package->path, (int)strcspn(output, "\n"), output);
    }
    snprintf(package->version, sizeof package->version, "%.*s", (int)strcspn(output, "\n"), output);
    gsc_text bytes = {0};
    status = gsc_text_read_file(package->path, &bytes, error);
    if (status == GSC_OK) {
        gsc_sha256_text(bytes.bytes, bytes.size, package->sha256);
        package->bytes = bytes.size;
    }
    gsc_text_clear(&bytes);
    return status;
}

gsc_status gsc_package_get(const char *name, const char *folder, const char *from,
                           const gsc_data_watch *watch, gsc_package *ret_package,
                           gsc_error *error) {
    gsc_package package = {0};
    struct stat about;
    snprintf(package.name, sizeof package.name, "%s", name);
    if (from == NULL) {
        gsc_status status = download_file(name, folder, watch, error);
        if (status != GSC_OK) {
            return status;
        }
    }
    const char *where = from != NULL ? from : folder;
    if (!find_file(name, where, package.path, &about)) {
        return gsc_fail(error, GSC_ERR_IO, "the folder %s has no file %s_*.deb", where, name);
    }
    snprintf(package.file, sizeof package.file, "%s", strrchr(package.path, '/') + 1);
    gsc_status status = describe(&package, error);
    if (status == GSC_OK) {
        *ret_package = package;
    }
    return status;
}

gsc_status gsc_package_unpack(const gsc_package *package, const char *folder,
                              const gsc_data_watch *watch, gsc_error *error) {
    char output[GSC_COMMAND_OUTPUT];
    int code = 0;
    gsc_status status = gsc_folder_make(folder, error);
    gsc_command command = {.words = {"dpkg-deb", "-x", package->path, folder},
                           .tick = tick_unpack,
                           .context = (void *)watch};
    if (status == GSC_OK) {
        status = gsc_command_run(&command, output, &code, error);
    }
    if (status == GSC_OK && code != 0) {
        status = gsc_fail(error, GSC_ERR_IO, "%s could not be unpacked: %.300s", package->path,
                          output[0] != '\0' ? output : "dpkg-deb did not say why");
        for (char *c = error != NULL ? error->message : output; *c != '\0'; c++) {
            *c = *c == '\n' ? ' ' : *c;
        }
    }
    return status;
}

/* SPDX-License-Identifier: MIT
 *
 * The list of plugin files that the user trusts: see trust.h. Lines are appended whole by one write, so that
 * processes that write at once do not mix theirs.
 */
#include "core/plugin/trust.h"

#include "core/base/sha256.h"
#include "core/plugin/copy.h"
#include "core/plugin/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    HASH_LENGTH = GSC_SHA256_TEXT_SIZE - 1,
    MAX_LIST_BYTES = 1 << 20
};

static gsc_status list_path(char *ret_path, size_t size, gsc_error *error) {
    return gsc_place_data("trusted", ret_path, size, error);
}

void gsc_trust_init(gsc_trust *trust) {
    char path[GSC_PLUGIN_PATH_SIZE];
    trust->text = NULL;
    if (list_path(path, sizeof path, NULL) != GSC_OK) {
        return;
    }
    FILE *file = fopen(path, "re");
    char *text = file != NULL ? malloc(MAX_LIST_BYTES + 1) : NULL;
    if (text != NULL) {
        text[fread(text, 1, MAX_LIST_BYTES, file)] = '\0';
    }
    if (file != NULL) {
        fclose(file);
    }
    trust->text = text;
}

void gsc_trust_clear(gsc_trust *trust) {
    free(trust->text);
    trust->text = NULL;
}

bool gsc_trust_holds(const gsc_trust *trust, const char *sha256) {
    for (const char *line = trust->text; line != NULL && *line != '\0';) {
        if (strncmp(line, sha256, HASH_LENGTH) == 0) {
            return true;
        }
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return false;
}

bool gsc_trust_known_only(void) {
    const char *policy = getenv("GATESCOPE_TRUST");
    return policy != NULL && strcmp(policy, "known") == 0;
}

static bool is_hash(const char *text) {
    return strlen(text) == HASH_LENGTH && strspn(text, "0123456789abcdef") == HASH_LENGTH;
}

gsc_status gsc_trust_add(const char *sha256, const char *path, gsc_error *error) {
    char file[GSC_PLUGIN_PATH_SIZE], line[GSC_PLUGIN_PATH_SIZE + 80];
    if (!is_hash(sha256)) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "\"%.80s\" is no SHA-256: 64 digits of 0-9 and a-f are right", sha256);
    }
    gsc_trust trust;
    gsc_trust_init(&trust);
    bool known = gsc_trust_holds(&trust, sha256);
    gsc_trust_clear(&trust);
    gsc_status status = known ? GSC_OK : list_path(file, sizeof file, error);
    if (known || status != GSC_OK) {
        return status;
    }
    char *slash = strrchr(file, '/');
    *slash = '\0';
    status = gsc_place_make(file, error);
    *slash = '/';
    if (status != GSC_OK) {
        return status;
    }
    int length = snprintf(line, sizeof line, "%s %.1000s\n", sha256, path);
    int out = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ssize_t n = out >= 0 ? write(out, line, (size_t)length) : -1;
    int why = errno;
    if (out >= 0) {
        close(out);
    }
    return n == length
               ? GSC_OK
               : gsc_fail(error, GSC_ERR_IO, "%s cannot be written (%s)", file, strerror(why));
}

gsc_status gsc_trust_add_file(const char *path, gsc_error *error) {
    gsc_plugin_copy copy;
    gsc_status status = gsc_plugin_copy_init(&copy, path, error);
    if (status == GSC_OK) {
        status = gsc_trust_add(copy.sha256, path, error);
        gsc_plugin_copy_clear(&copy);
    } else if (status != GSC_ERR_SYSTEM) {
        gsc_fail_prefix(error, status, "%s", path);
    }
    return status;
}

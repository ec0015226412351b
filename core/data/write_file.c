/* SPDX-License-Identifier: MIT
 *
 * Files that appear whole or not at all: see write_file.h.
 */
#include "core/data/write_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

gsc_status gsc_new_file_init(gsc_new_file *self, const char *path, gsc_error *error) {
    int length =
        snprintf(self->unfinished, sizeof self->unfinished, "%s.%ld~", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof self->unfinished) {
        self->stream = NULL;
        return gsc_fail(error, GSC_ERR_INPUT, "the path of %.80s... has more than %d bytes", path,
                        GSC_DATA_PATH_SIZE - 1);
    }
    memcpy(self->path, path, strlen(path) + 1);
    self->stream = fopen(self->unfinished, "wbe");
    if (self->stream == NULL) {
        return gsc_fail(error, GSC_ERR_IO, "%s cannot be written: %s", self->path, strerror(errno));
    }
    return GSC_OK;
}

gsc_status gsc_new_file_commit(gsc_new_file *self, gsc_error *error) {
    bool good =
        fflush(self->stream) == 0 && !ferror(self->stream) && fsync(fileno(self->stream)) == 0;
    int why = errno;
    if (fclose(self->stream) != 0 && good) {
        good = false;
        why = errno;
    }
    self->stream = NULL;
    if (good && rename(self->unfinished, self->path) != 0) {
        good = false;
        why = errno;
    }
    if (!good) {
        unlink(self->unfinished);
        return gsc_fail(error, GSC_ERR_IO, "%s cannot be written: %s", self->path, strerror(why));
    }
    return GSC_OK;
}

void gsc_new_file_clear(gsc_new_file *self) {
    if (self->stream != NULL) {
        fclose(self->stream);
        unlink(self->unfinished);
        self->stream = NULL;
    }
}

gsc_status gsc_write_file(const char *path, const void *bytes, size_t size, gsc_error *error) {
    gsc_new_file file;
    gsc_status status = gsc_new_file_init(&file, path, error);
    if (status != GSC_OK) {
        return status;
    }
    fwrite(bytes, 1, size, file.stream);
    return gsc_new_file_commit(&file, error);
}

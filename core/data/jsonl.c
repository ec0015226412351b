/* SPDX-License-Identifier: MIT
 *
 * Packed JSON lines: see jsonl.h.
 */
#include "core/data/jsonl.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum {
    PACK_LEVEL = 6
};

gsc_status gsc_jsonl_init(gsc_jsonl *self, const char *path, gsc_error *error) {
    *self = (gsc_jsonl){.zstd = ZSTD_createCStream()};
    if (self->zstd == NULL ||
        ZSTD_isError(ZSTD_CCtx_setParameter(self->zstd, ZSTD_c_compressionLevel, PACK_LEVEL)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(self->zstd, ZSTD_c_checksumFlag, 1))) {
        gsc_jsonl_clear(self);
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory to write %s", path);
    }
    gsc_status status = gsc_new_file_init(&self->file, path, error);
    if (status != GSC_OK) {
        gsc_jsonl_clear(self);
    }
    return status;
}

/* Write errors stay with the stream; the commit finds them. */
static gsc_status pack(gsc_jsonl *self, const char *bytes, size_t size, ZSTD_EndDirective end,
                       gsc_error *error) {
    char block[1 << 16];
    ZSTD_inBuffer input = {bytes, size, 0};
    for (size_t left = 1; left != 0 || input.pos < input.size;) {
        ZSTD_outBuffer output = {block, sizeof block, 0};
        left = ZSTD_compressStream2(self->zstd, &output, &input, end);
        if (ZSTD_isError(left)) {
            return gsc_fail(error, GSC_ERR_SYSTEM, "%s cannot be packed: %s", self->file.path,
                            ZSTD_getErrorName(left));
        }
        fwrite(block, 1, output.pos, self->file.stream);
        if (end == ZSTD_e_continue) {
            left = 0;
        }
    }
    return GSC_OK;
}

gsc_status gsc_jsonl_add(gsc_jsonl *self, const char *text, size_t size, const char *domain,
                         gsc_error *error) {
    json_t *object =
        json_pack("{s:s%, s:{s:s}}", "text", text, size, "meta", "redpajama_set_name", domain);
    char *line = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    if (line == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY,
                        "a document of %zu bytes for %s cannot be written as JSON", size,
                        self->file.path);
    }
    size_t length = strlen(line);
    line[length] = '\n';
    gsc_status status = pack(self, line, length + 1, ZSTD_e_continue, error);
    free(line);
    return status;
}

gsc_status gsc_jsonl_commit(gsc_jsonl *self, gsc_error *error) {
    gsc_status status = pack(self, "", 0, ZSTD_e_end, error);
    return status != GSC_OK ? status : gsc_new_file_commit(&self->file, error);
}

void gsc_jsonl_clear(gsc_jsonl *self) {
    ZSTD_freeCStream(self->zstd);
    self->zstd = NULL;
    gsc_new_file_clear(&self->file);
}

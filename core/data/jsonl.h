/* SPDX-License-Identifier: MIT
 *
 * Writes documents as JSON lines packed with zstd, in SlimPajama's schema:
 * {"text": ..., "meta": {"redpajama_set_name": DOMAIN}}. The same documents give the same bytes.
 *
 * Layer: core/data; jansson, zstd.
 */
#ifndef GSC_CORE_DATA_JSONL_H
#define GSC_CORE_DATA_JSONL_H

#include "core/data/write_file.h"

#include <zstd.h>

typedef struct gsc_jsonl {
    gsc_new_file file;
    ZSTD_CStream *zstd;
} gsc_jsonl;

gsc_status gsc_jsonl_init(gsc_jsonl *self, const char *path, gsc_error *error);
/* text is well-formed UTF-8. */
gsc_status gsc_jsonl_add(gsc_jsonl *self, const char *text, size_t size, const char *domain,
                         gsc_error *error);
gsc_status gsc_jsonl_commit(gsc_jsonl *self, gsc_error *error);
/* Gives it up; after a commit it only frees. */
void gsc_jsonl_clear(gsc_jsonl *self);

#endif

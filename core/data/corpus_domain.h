/* SPDX-License-Identifier: MIT
 *
 * One domain of a corpus: decodes the unpacked files, cuts documents, writes them.
 *
 * Layer: core/data.
 */
#ifndef GSC_CORE_DATA_CORPUS_DOMAIN_H
#define GSC_CORE_DATA_CORPUS_DOMAIN_H

#include "core/data/catalog.h"
#include "core/data/watch.h"

typedef struct gsc_domain_result {
    uint64_t documents, held_out, bytes; /* written */
    uint64_t bytes_available;            /* before the cap */
} gsc_domain_result;

/* Reads the domain's sources from work/tree-PACKAGE and writes them to path as packed JSON lines.
 * Where they have more than cap bytes (0: no cap), K of N documents are kept at even distances:
 * number i where floor((i + 1) K / N) > floor(i K / N). Errors: a source without files (the
 * package changed), a file that does not decode, a full disk. */
gsc_status gsc_domain_write(const gsc_data_domain *domain, const char *work, uint64_t cap,
                            const gsc_data_watch *watch, const char *path,
                            gsc_domain_result *ret_result, gsc_error *error);

#endif

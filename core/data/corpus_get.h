/* SPDX-License-Identifier: MIT
 *
 * Brings a corpus of the catalog into the data folder: NAME/DOMAIN.jsonl.zst for each domain, and
 * NAME/corpus.json, which says what is in them and where it came from.
 *
 * Layer: core/data.
 */
#ifndef GSC_CORE_DATA_CORPUS_GET_H
#define GSC_CORE_DATA_CORPUS_GET_H

#include "core/data/catalog.h"
#include "core/data/watch.h"

#include <jansson.h>

/* Downloads (from NULL) or finds in the folder from the corpus' packages, decodes, cuts and writes
 * them. Does nothing where the corpus is there as this program makes it; *ret_made, unless NULL,
 * says which. It appears whole or not at all; what an interrupted one left is cleared away by the
 * next, but for whole packages, which it does not download again. Errors: an unknown name (with the nearest), package.h's, a full disk. */
gsc_status gsc_corpus_get(const char *name, const char *from, const gsc_data_watch *watch,
                          bool *ret_made, gsc_error *error);

/* corpus.json of a corpus that is there; NULL: it is not, or not as this program makes it.
 * Caller decrefs. */
json_t *gsc_corpus_description(const char *name);

#endif

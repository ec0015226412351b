/* SPDX-License-Identifier: MIT
 *
 * JSON for people and for machines at once: sorted or in order, numbers in the fewest digits that read back
 * as the same bits.
 *
 * Layer: core/read; jansson.
 */
#ifndef GSC_CORE_READ_JSON_TEXT_H
#define GSC_CORE_READ_JSON_TEXT_H

#include <jansson.h>

/* flags are those of json_dumps (JSON_INDENT(2), JSON_SORT_KEYS, ...). NULL: no memory; caller frees. */
char *gsc_json_dump(const json_t *root, size_t flags);

/* A number; null where it is not finite. */
json_t *gsc_json_number(double value);

#endif

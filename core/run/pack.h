/* SPDX-License-Identifier: MIT
 *
 * Numbers and strings in a row of bytes and back: the payload of frames and the rows that wait for
 * a commit. Both ends run on one machine, so numbers keep its byte order. A string is its length
 * (u32) and its bytes.
 *
 * Layer: core/run; libc.
 */
#ifndef GSC_CORE_RUN_PACK_H
#define GSC_CORE_RUN_PACK_H

#include "core/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing row of bytes. Zero-initialised is empty. After an allocation failed, failed stays true
 * and further puts do nothing, so that one look at the end is enough. */
typedef struct gsc_pack {
    unsigned char *data;
    size_t size, capacity;
    bool failed;
} gsc_pack;

void gsc_pack_clear(gsc_pack *pack); /* frees */
void gsc_pack_bytes(gsc_pack *pack, const void *data, size_t size);
void gsc_pack_i32(gsc_pack *pack, int32_t value);
void gsc_pack_u32(gsc_pack *pack, uint32_t value);
void gsc_pack_f64(gsc_pack *pack, double value);
void gsc_pack_string(gsc_pack *pack, const char *text); /* NULL is "" */

/* Reads what gsc_pack wrote, from bytes that nobody vouches for: it never reads outside them. After
 * the first thing that does not fit, failed stays true and everything reads as 0 or "". Strings are
 * copied into storage owned by the reader, with bytes that are not UTF-8 replaced by '?'. */
typedef struct gsc_unpack {
    const unsigned char *data;
    size_t size, at;
    bool failed;
    char *strings[16];
    size_t n_strings;
} gsc_unpack;

gsc_unpack gsc_unpack_init(const void *data, size_t size);
void gsc_unpack_clear(gsc_unpack *unpack); /* frees the strings */
/* Borrowed from the bytes; NULL where fewer are left. */
const void *gsc_unpack_bytes(gsc_unpack *unpack, size_t size);
int32_t gsc_unpack_i32(gsc_unpack *unpack);
uint32_t gsc_unpack_u32(gsc_unpack *unpack);
double gsc_unpack_f64(gsc_unpack *unpack);
const char *gsc_unpack_string(gsc_unpack *unpack);
/* Everything was read and nothing is left over. */
bool gsc_unpack_complete(const gsc_unpack *unpack);

#endif

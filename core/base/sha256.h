/* SPDX-License-Identifier: MIT
 *
 * SHA-256 of bytes in memory (FIPS 180-4): the names of plugin copies and the proof of what a run used.
 *
 * Layer: core/base, libc only.
 */
#ifndef GSC_CORE_BASE_SHA256_H
#define GSC_CORE_BASE_SHA256_H

#include <stddef.h>

enum {
    GSC_SHA256_TEXT_SIZE = 65
};

/* The digest of size bytes as 64 lower-case hexadecimal digits and a zero. */
void gsc_sha256_text(const void *data, size_t size, char ret_text[GSC_SHA256_TEXT_SIZE]);

#endif

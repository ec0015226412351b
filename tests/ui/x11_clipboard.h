/* SPDX-License-Identifier: MIT
 *
 * What another program gets when it pastes: the selection CLIPBOARD of the X display, asked for by a client of its own.
 */
#ifndef GSC_TESTS_UI_X11_CLIPBOARD_H
#define GSC_TESTS_UI_X11_CLIPBOARD_H

#include <stdbool.h>
#include <stddef.h>

/* The bytes of a target, "image/png"; caller frees. false where nobody owns the selection, the owner has no such
 * target, or nothing came within so many seconds. */
bool clipboard_read(const char *target, double seconds, unsigned char **ret_bytes, size_t *ret_n);

#endif

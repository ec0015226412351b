/* SPDX-License-Identifier: MIT
 *
 * A device whose memory the host cannot touch: every buffer and workspace lies in pages of its own
 * without any access, opened inside ops and moves alone. Code above kernels/ that passes on it
 * holds no data pointer; one that peeks dies of SIGSEGV. Its ops are those of the processor path.
 *
 * Layer: tests. One process-wide table of blocks; ops and moves from one thread at a time.
 */
#ifndef GSC_TESTS_KERNELS_LOCKED_DEVICE_H
#define GSC_TESTS_KERNELS_LOCKED_DEVICE_H

#include "kernels/buf.h"

/* Borrowed, constant: "locked". */
const gsc_device *gsc_device_locked(void);

/* Where the buffer's memory begins, for the test that reads it and dies. */
const void *gsc_locked_address(const gsc_buf *buf);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Frames between a supervisor and its worker, over a stream socket:
 *
 *     u32 magic   u32 payload size   u16 type   u16 zero   payload (see record.h)
 *
 * Whoever reads trusts nothing: a frame with another magic, an unknown type or a payload over the
 * limit ends the conversation with one sentence.
 *
 * Layer: core/run; libc.
 */
#ifndef GSC_CORE_RUN_FRAME_H
#define GSC_CORE_RUN_FRAME_H

#include "core/base/error.h"
#include "core/run/pack.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GSC_FRAME_MAGIC = 0x46435347, /* "GSCF" */
    GSC_FRAME_HEADER_SIZE = 12,
    GSC_FRAME_MAX_PAYLOAD = 8 << 20,
};

typedef enum gsc_frame_type {
    /* worker to supervisor: what a sink takes */
    GSC_FRAME_SERIES = 1,
    GSC_FRAME_POINTS,
    GSC_FRAME_VECTOR,
    GSC_FRAME_DOCUMENT,
    GSC_FRAME_EVENT,
    GSC_FRAME_RESULT,
    GSC_FRAME_PROGRESS,
    /* worker to supervisor: the last frame, one of these */
    GSC_FRAME_DONE,
    GSC_FRAME_STOPPED,
    GSC_FRAME_FAILED, /* i32 gsc_status, string: one sentence */
    /* supervisor to worker */
    GSC_FRAME_SPEC, /* string: the spec, JSON; string: the plugins that it was checked with, JSON */
    GSC_FRAME_STOP, /* empty */
    GSC_FRAME_TYPES,
} gsc_frame_type;

typedef struct gsc_frame {
    gsc_frame_type type;
    size_t size;
    const unsigned char *payload; /* borrowed until the next call with this reader */
} gsc_frame;

/* Appends a frame to pack: begin, then put the payload, then end with what begin returned. A
 * payload over the limit is taken back and fails. */
size_t gsc_frame_begin(gsc_pack *pack, gsc_frame_type type);
gsc_status gsc_frame_end(gsc_pack *pack, size_t begun, gsc_error *error);

/* Frames out of whatever pieces arrive. Zero-initialised is empty. */
typedef struct gsc_frame_reader {
    gsc_pack buffer;
    size_t at; /* consumed bytes of the buffer */
} gsc_frame_reader;

void gsc_frame_reader_clear(gsc_frame_reader *reader);
void gsc_frame_reader_feed(gsc_frame_reader *reader, const void *data, size_t size);
/* The next whole frame: *ret_found says whether there is one. */
gsc_status gsc_frame_reader_next(gsc_frame_reader *reader, gsc_frame *ret_frame, bool *ret_found,
                                 gsc_error *error);

#endif

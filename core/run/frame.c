/* SPDX-License-Identifier: MIT
 *
 * Framing: see frame.h.
 */
#include "core/run/frame.h"

#include <string.h>

size_t gsc_frame_begin(gsc_pack *pack, gsc_frame_type type) {
    size_t begun = pack->size;
    uint16_t head[2] = {(uint16_t)type, 0};
    gsc_pack_u32(pack, GSC_FRAME_MAGIC);
    gsc_pack_u32(pack, 0);
    gsc_pack_bytes(pack, head, sizeof head);
    return begun;
}

gsc_status gsc_frame_end(gsc_pack *pack, size_t begun, gsc_error *error) {
    if (pack->failed) {
        return gsc_fail(error, GSC_ERR_MEMORY, "out of memory for a record of the run");
    }
    size_t size = pack->size - begun - GSC_FRAME_HEADER_SIZE;
    if (size > GSC_FRAME_MAX_PAYLOAD) {
        pack->size = begun;
        return gsc_fail(error, GSC_ERR_INPUT, "a record of %zu bytes is over the limit of %d", size,
                        GSC_FRAME_MAX_PAYLOAD);
    }
    uint32_t size32 = (uint32_t)size;
    memcpy(pack->data + begun + sizeof(uint32_t), &size32, sizeof size32);
    return GSC_OK;
}

void gsc_frame_reader_clear(gsc_frame_reader *reader) {
    gsc_pack_clear(&reader->buffer);
    reader->at = 0;
}

void gsc_frame_reader_feed(gsc_frame_reader *reader, const void *data, size_t size) {
    gsc_pack *buffer = &reader->buffer;
    if (reader->at > 0) {
        memmove(buffer->data, buffer->data + reader->at, buffer->size - reader->at);
        buffer->size -= reader->at;
        reader->at = 0;
    }
    gsc_pack_bytes(buffer, data, size);
}

gsc_status gsc_frame_reader_next(gsc_frame_reader *reader, gsc_frame *ret_frame, bool *ret_found,
                                 gsc_error *error) {
    if (reader->buffer.failed) {
        return gsc_fail(error, GSC_ERR_MEMORY, "out of memory for a record of the run");
    }
    size_t left = reader->buffer.size - reader->at;
    *ret_found = false;
    if (left < GSC_FRAME_HEADER_SIZE) {
        return GSC_OK;
    }
    uint32_t numbers[2];
    uint16_t head[2];
    const unsigned char *bytes = reader->buffer.data + reader->at;
    memcpy(numbers, bytes, sizeof numbers);
    memcpy(head, bytes + sizeof numbers, sizeof head);
    if (numbers[0] != GSC_FRAME_MAGIC || head[0] == 0 || head[0] >= GSC_FRAME_TYPES ||
        head[1] != 0) {
        return gsc_fail(
            error, GSC_ERR_SYSTEM,
            "the worker's records are garbled (header %08x, type %u); a plugin may have "
            "written over its memory or its socket",
            numbers[0], head[0]);
    }
    if (numbers[1] > GSC_FRAME_MAX_PAYLOAD) {
        return gsc_fail(error, GSC_ERR_SYSTEM,
                        "the worker announced a record of %u bytes, over the limit of %d",
                        numbers[1], GSC_FRAME_MAX_PAYLOAD);
    }
    if (left - GSC_FRAME_HEADER_SIZE < numbers[1]) {
        return GSC_OK;
    }
    *ret_frame = (gsc_frame){.type = (gsc_frame_type)head[0],
                             .size = numbers[1],
                             .payload = bytes + GSC_FRAME_HEADER_SIZE};
    *ret_found = true;
    reader->at += GSC_FRAME_HEADER_SIZE + numbers[1];
    return GSC_OK;
}

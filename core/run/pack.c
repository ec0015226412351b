/* SPDX-License-Identifier: MIT
 *
 * gsc_pack and gsc_unpack: see pack.h.
 */
#include "core/run/pack.h"

#include <stdlib.h>
#include <string.h>

void gsc_pack_clear(gsc_pack *pack) {
    free(pack->data);
    *pack = (gsc_pack){0};
}

static bool reserve(gsc_pack *pack, size_t more) {
    if (pack->failed || more > SIZE_MAX / 4 - pack->size) {
        pack->failed = true;
        return false;
    }
    size_t needed = pack->size + more;
    if (needed > pack->capacity) {
        size_t capacity = pack->capacity == 0 ? 4096 : pack->capacity;
        while (capacity < needed) {
            capacity *= 2;
        }
        unsigned char *grown = realloc(pack->data, capacity);
        if (grown == NULL) {
            pack->failed = true;
            return false;
        }
        pack->data = grown;
        pack->capacity = capacity;
    }
    return true;
}

void gsc_pack_bytes(gsc_pack *pack, const void *data, size_t size) {
    if (size > 0 && reserve(pack, size)) {
        memcpy(pack->data + pack->size, data, size);
        pack->size += size;
    }
}

void gsc_pack_i32(gsc_pack *pack, int32_t value) {
    gsc_pack_bytes(pack, &value, sizeof value);
}

void gsc_pack_u32(gsc_pack *pack, uint32_t value) {
    gsc_pack_bytes(pack, &value, sizeof value);
}

void gsc_pack_f64(gsc_pack *pack, double value) {
    gsc_pack_bytes(pack, &value, sizeof value);
}

void gsc_pack_string(gsc_pack *pack, const char *text) {
    size_t size = text == NULL ? 0 : strlen(text);
    if (size > UINT32_MAX) {
        pack->failed = true;
        return;
    }
    gsc_pack_u32(pack, (uint32_t)size);
    gsc_pack_bytes(pack, text, size);
}

gsc_unpack gsc_unpack_init(const void *data, size_t size) {
    return (gsc_unpack){.data = data, .size = size};
}

void gsc_unpack_clear(gsc_unpack *unpack) {
    for (size_t i = 0; i < unpack->n_strings; i++) {
        free(unpack->strings[i]);
    }
    unpack->n_strings = 0;
}

const void *gsc_unpack_bytes(gsc_unpack *unpack, size_t size) {
    if (unpack->failed || size > unpack->size - unpack->at) {
        unpack->failed = true;
        return NULL;
    }
    const void *bytes = unpack->data + unpack->at;
    unpack->at += size;
    return bytes;
}

static void read_number(gsc_unpack *unpack, void *ret_value, size_t size) {
    const void *bytes = gsc_unpack_bytes(unpack, size);
    if (bytes != NULL) {
        memcpy(ret_value, bytes, size);
    }
}

int32_t gsc_unpack_i32(gsc_unpack *unpack) {
    int32_t value = 0;
    read_number(unpack, &value, sizeof value);
    return value;
}

uint32_t gsc_unpack_u32(gsc_unpack *unpack) {
    uint32_t value = 0;
    read_number(unpack, &value, sizeof value);
    return value;
}

double gsc_unpack_f64(gsc_unpack *unpack) {
    double value = 0;
    read_number(unpack, &value, sizeof value);
    return value;
}

/* Length of the UTF-8 character at text, of at most left bytes; 0 where there is none. A NUL is
 * none. */
static size_t utf8_length(const unsigned char *text, size_t left) {
    if (text[0] > 0 && text[0] < 0x80) {
        return 1;
    }
    size_t length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (text[0] < 0xc2 || text[0] > 0xf4 || length > left) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool overlong = (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xf0 && text[1] < 0x90);
    bool outside = (text[0] == 0xed && text[1] > 0x9f) || (text[0] == 0xf4 && text[1] > 0x8f);
    return overlong || outside ? 0 : length;
}

const char *gsc_unpack_string(gsc_unpack *unpack) {
    uint32_t size = gsc_unpack_u32(unpack);
    const unsigned char *bytes = gsc_unpack_bytes(unpack, size);
    if (bytes == NULL || unpack->n_strings == sizeof unpack->strings / sizeof unpack->strings[0]) {
        unpack->failed = true;
        return "";
    }
    char *text = malloc((size_t)size + 1);
    if (text == NULL) {
        unpack->failed = true;
        return "";
    }
    for (size_t i = 0; i < size;) {
        size_t length = utf8_length(bytes + i, size - i);
        if (length == 0) {
            text[i++] = '?';
            continue;
        }
        memcpy(text + i, bytes + i, length);
        i += length;
    }
    text[size] = '\0';
    unpack->strings[unpack->n_strings++] = text;
    return text;
}

bool gsc_unpack_complete(const gsc_unpack *unpack) {
    return !unpack->failed && unpack->at == unpack->size;
}

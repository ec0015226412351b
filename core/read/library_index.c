/* SPDX-License-Identifier: MIT
 *
 * From names to places, for the library's runs, columns, marks and files.
 *
 * Layer: core/read.
 */
#include "core/read/library_internal.h"

#include <stdlib.h>
#include <string.h>

static size_t slot_of(const gsc_library_index *index, const char *name) {
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (const char *c = name; *c != '\0'; c++) {
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    }
    size_t at = (size_t)(hash ^ (hash >> 32)) & (index->room - 1);
    while (index->slots[at].name != NULL && strcmp(index->slots[at].name, name) != 0) {
        at = (at + 1) & (index->room - 1);
    }
    return at;
}

bool gsc_library_index_put(gsc_library_index *index, const char *name, size_t place) {
    if (2 * (index->used + 1) > index->room) {
        gsc_library_index larger = {.room = index->room == 0 ? 64 : 2 * index->room};
        larger.slots = calloc(larger.room, sizeof(*larger.slots));
        if (larger.slots == NULL) {
            return false;
        }
        for (size_t i = 0; i < index->room; i++) {
            if (index->slots[i].name != NULL) {
                larger.slots[slot_of(&larger, index->slots[i].name)] = index->slots[i];
            }
        }
        larger.used = index->used;
        free(index->slots);
        *index = larger;
    }
    size_t at = slot_of(index, name);
    index->used += index->slots[at].name == NULL;
    index->slots[at].name = name;
    index->slots[at].place = place;
    return true;
}

ptrdiff_t gsc_library_index_get(const gsc_library_index *index, const char *name) {
    if (index->room == 0) {
        return -1;
    }
    size_t at = slot_of(index, name);
    return index->slots[at].name != NULL ? (ptrdiff_t)index->slots[at].place : -1;
}

void gsc_library_index_remove(gsc_library_index *index, const char *name) {
    size_t at = index->room > 0 ? slot_of(index, name) : 0;
    if (index->room == 0 || index->slots[at].name == NULL) {
        return;
    }
    index->slots[at].name = NULL;
    index->used--;
    /* those behind it may have come to stand there because of it */
    for (size_t i = (at + 1) & (index->room - 1); index->slots[i].name != NULL;
         i = (i + 1) & (index->room - 1)) {
        struct gsc_library_slot moved = index->slots[i];
        index->slots[i].name = NULL;
        index->slots[slot_of(index, moved.name)] = moved;
    }
}

void gsc_library_index_clear(gsc_library_index *index) {
    free(index->slots);
    *index = (gsc_library_index){0};
}

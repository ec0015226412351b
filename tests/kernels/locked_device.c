/* SPDX-License-Identifier: MIT
 *
 * Pages without access around ops. Layer: tests.
 */
#include "tests/kernels/locked_device.h"

#include "kernels/device.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    MOST_BLOCKS = 65536
};

typedef struct block {
    void *memory;
    size_t bytes;
} block;

static block blocks[MOST_BLOCKS];
static size_t n_blocks;
static unsigned depth; /* ops under way */

static void protect(const block *b, int access) {
    int failed = mprotect(b->memory, b->bytes, access);
    assert(failed == 0);
    (void)failed;
}

static void protect_all(int access) {
    for (size_t i = 0; i < n_blocks; i++) {
        protect(&blocks[i], access);
    }
}

static void enter(void) {
    if (depth++ == 0) {
        protect_all(PROT_READ | PROT_WRITE);
    }
}

static void leave(void) {
    if (--depth == 0) {
        protect_all(PROT_NONE);
    }
}

static void *alloc_locked(size_t bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (n_blocks == MOST_BLOCKS || bytes > SIZE_MAX / 2) {
        return NULL;
    }
    size_t whole = (bytes / page + 1) * page;
    void *memory = mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return NULL;
    }
    blocks[n_blocks++] = (block){memory, whole};
    return memory;
}

static void free_locked(void *memory) {
    for (size_t i = 0; memory != NULL && i < n_blocks; i++) {
        if (blocks[i].memory == memory) {
            munmap(memory, blocks[i].bytes);
            blocks[i] = blocks[--n_blocks];
            return;
        }
    }
    assert(memory == NULL);
}

static void write_locked(gsc_queue *queue, void *memory, size_t offset, const void *from,
                         size_t bytes) {
    enter();
    memcpy((char *)memory + offset, from, bytes);
    leave();
}

static void read_locked(gsc_queue *queue, const void *memory, size_t offset, void *to,
                        size_t bytes) {
    enter();
    memcpy(to, (const char *)memory + offset, bytes);
    leave();
}

static void finish_locked(gsc_queue *queue) {
}

const gsc_device *gsc_device_locked(void) {
    static const gsc_memory memory = {
        .alloc = alloc_locked,
        .free = free_locked,
        .write = write_locked,
        .read = read_locked,
        .finish = finish_locked,
        .enter = enter,
        .leave = leave,
    };
    static gsc_device device;
    device = *gsc_device_cpu();
    device.name = "locked";
    device.memory = &memory;
    return &device;
}

const void *gsc_locked_address(const gsc_buf *buf) {
    return buf->memory;
}

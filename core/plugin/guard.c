/* SPDX-License-Identifier: MIT
 *
 * The page of notes about plugin calls: see guard.h.
 */
#include "core/plugin/guard.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

static gsc_guard_page private_page;
static gsc_guard_page *current_page = &private_page;
static _Atomic int slots_taken;

/* This thread's slot and what it last wrote there. */
static _Thread_local gsc_guard_slot *own_slot;
static _Thread_local gsc_guard_page *own_page;
static _Thread_local const char *noted_plugin, *noted_function;

void gsc_guard_set_page(gsc_guard_page *page) {
    current_page = page != NULL ? page : &private_page;
    atomic_store(&slots_taken, 0);
}

gsc_guard_page *gsc_guard_get_page(void) {
    return current_page;
}

/* Threads beyond the last slot share it: a note may then be of a neighbour, never out of bounds. */
static gsc_guard_slot *slot(void) {
    if (own_slot == NULL || own_page != current_page) {
        int taken = atomic_fetch_add(&slots_taken, 1);
        int index = taken < GSC_GUARD_SLOTS ? taken : GSC_GUARD_SLOTS - 1;
        own_page = current_page;
        own_slot = &current_page->slots[index];
        noted_plugin = noted_function = NULL;
    }
    return own_slot;
}

static void note(char *field, const char *text) {
    size_t length = strlen(text);
    length = length < GSC_GUARD_NAME ? length : GSC_GUARD_NAME - 1;
    memcpy(field, text, length);
    memset(field + length, 0, GSC_GUARD_NAME - length);
}

void gsc_guard_enter(const char *plugin, const char *function) {
    gsc_guard_slot *own = slot();
    if (plugin != noted_plugin) {
        note(own->plugin, plugin);
        noted_plugin = plugin;
    }
    if (function != noted_function) {
        note(own->function, function);
        noted_function = function;
    }
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    atomic_store_explicit(&own->entered_ns, now_ns, memory_order_release);
}

void gsc_guard_leave(void) {
    atomic_store_explicit(&slot()->entered_ns, 0, memory_order_release);
}

const gsc_guard_slot *gsc_guard_own_slot(void) {
    return own_page == current_page ? own_slot : NULL;
}

void gsc_guard_set_step(int64_t step) {
    atomic_store_explicit(&slot()->step, step, memory_order_relaxed);
}

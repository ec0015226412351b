/* SPDX-License-Identifier: MIT
 *
 * Who is to blame: see worker_page.h.
 */
#include "core/run/worker_page.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* One slot, copied out of the shared page; inside_ns: how long it has been in its call, 0: not in
 * one. */
typedef struct note {
    char plugin[GSC_GUARD_NAME], function[GSC_GUARD_NAME];
    int64_t step;
    uint64_t inside_ns;
} note;

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Bytes of a name that are no printable ASCII would garble a terminal: they become '?'. */
static void copy_name(char *ret_name, const char *name) {
    memcpy(ret_name, name, GSC_GUARD_NAME);
    ret_name[GSC_GUARD_NAME - 1] = '\0';
    for (char *c = ret_name; *c != '\0'; c++) {
        *c = *c >= ' ' && *c <= '~' ? *c : '?';
    }
}

static note read_slot(const gsc_guard_slot *slot, uint64_t now) {
    note read = {0};
    uint64_t entered = atomic_load(&slot->entered_ns);
    copy_name(read.plugin, slot->plugin);
    copy_name(read.function, slot->function);
    read.step = atomic_load(&slot->step);
    if (entered != 0 && entered == atomic_load(&slot->entered_ns)) {
        read.inside_ns = now > entered ? now - entered : 1;
    }
    return read;
}

/* The slot that stayed longest in its call; inside_ns is 0 where none is in one. */
static note longest_inside(const gsc_worker_page *page) {
    uint64_t now = now_ns();
    note longest = {0};
    for (int i = 0; i < GSC_GUARD_SLOTS; i++) {
        note one = read_slot(&page->guard.slots[i], now);
        longest = one.inside_ns > longest.inside_ns ? one : longest;
    }
    return longest;
}

/* The thread that ended the process, where it could still say so; else the best guess. */
static note culprit(const gsc_worker_page *page) {
    int32_t fatal = atomic_load(&page->fatal_slot);
    if (fatal >= 1 && fatal <= GSC_GUARD_SLOTS) {
        return read_slot(&page->guard.slots[fatal - 1], now_ns());
    }
    return longest_inside(page);
}

bool gsc_worker_hangs(const gsc_worker_page *page, double limit_s) {
    static const uint64_t fresh_ns = 2000000000u;
    uint64_t beat = atomic_load(&page->guard.heartbeat_ns), now = now_ns();
    if (now > beat && now - beat > fresh_ns) {
        return false;
    }
    return 1e-9 * (double)longest_inside(page).inside_ns > limit_s;
}

static void signal_name(int number, char *ret_name, size_t size) {
    const char *name = sigabbrev_np(number);
    if (name != NULL) {
        snprintf(ret_name, size, "SIG%s", name);
    } else {
        snprintf(ret_name, size, "signal %d", number);
    }
}

static void verdict_outside(const gsc_worker_page *page, gsc_worker_end end, double number,
                            const char *activity, const note *last, char *ret_text, size_t size) {
    char how[128], name[32];
    if (end == GSC_WORKER_EXITED && atomic_load(&page->fatal_slot) == GSC_SOCKET_LOST) {
        snprintf(how, sizeof how, "lost its socket, which a plugin may have closed");
    } else if (end == GSC_WORKER_EXITED) {
        snprintf(how, sizeof how, "ended without a word (exit code %d)", (int)number);
    } else if ((int)number == SIGKILL) {
        snprintf(how, sizeof how,
                 "was killed with SIGKILL from outside, by a person or because memory ran out");
    } else {
        signal_name((int)number, name, sizeof name);
        snprintf(how, sizeof how, "crashed with %s outside any plugin", name);
    }
    int used = snprintf(ret_text, size, "the worker %s; last activity: %s", how,
                        activity[0] != '\0' ? activity : "starting");
    if (last->plugin[0] != '\0' && used > 0 && (size_t)used < size) {
        snprintf(ret_text + used, size - (size_t)used, "; last plugin call: %s, %s at step %lld",
                 last->plugin, last->function, (long long)last->step);
    }
}

void gsc_worker_verdict(const gsc_worker_page *page, gsc_worker_end end, double number,
                        const char *activity, char *ret_text, size_t size) {
    note who = end == GSC_WORKER_HUNG ? longest_inside(page) : culprit(page);
    bool from_outside = (end == GSC_WORKER_KILLED && (int)number == SIGKILL) ||
                        atomic_load(&page->fatal_slot) == GSC_SOCKET_LOST;
    if (end != GSC_WORKER_HUNG && (who.inside_ns == 0 || from_outside)) {
        if (who.plugin[0] == '\0') {
            who = read_slot(&page->guard.slots[0], now_ns());
        }
        verdict_outside(page, end, number, activity, &who, ret_text, size);
        return;
    }
    char name[32];
    long long step = (long long)who.step;
    switch (end) {
    case GSC_WORKER_HUNG:
        snprintf(ret_text, size, "%s at step %lld: %s did not return within %g s", who.plugin, step,
                 who.function, number);
        break;
    case GSC_WORKER_EXITED:
        snprintf(ret_text, size, "%s ended the process (exit code %d) in %s at step %lld",
                 who.plugin, (int)number, who.function, step);
        break;
    case GSC_WORKER_KILLED:
        signal_name((int)number, name, sizeof name);
        snprintf(ret_text, size, "%s crashed with %s in %s at step %lld", who.plugin, name,
                 who.function, step);
        break;
    }
}

/* SPDX-License-Identifier: MIT
 *
 * Gates that pass their scan and go wrong later, in a worker: softmax until the affinity has been called
 * more than `after` times. Built once per way of going wrong: BAD_ID names it, BAD_ACTION is done.
 */
#include "tests/plugins/fixture.h"

#include <stdlib.h>
#include <unistd.h>

static int64_t calls;

static inline void bad_crash(real *ret_a) {
    volatile int *volatile nowhere = NULL;
    *nowhere = 0;
    (void)ret_a;
}

static inline void bad_hang(real *ret_a) {
    (void)ret_a;
    for (;;) {
        pause();
    }
}

static inline void bad_nan(real *ret_a) {
    *ret_a = (real)NAN;
}

static inline void bad_exit(real *ret_a) {
    (void)ret_a;
    exit(0);
}

static inline void bad_print(real *ret_a) {
    ssize_t written = write(1, "rubbish\n", 8);
    (void)written, (void)ret_a;
}

/* Allocates without end and uses what it gets. */
static inline void bad_eat(real *ret_a) {
    (void)ret_a;
    for (;;) {
        char *more = malloc(64 << 20);
        for (size_t i = 0; i < 64 << 20; i += 4096) {
            ((volatile char *)more)[i] = 1;
        }
    }
}

static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    fixture_affinity(call, n, z, ret_a);
    int64_t call_number = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
    if (n > 0 && (double)call_number > call->params[0]) {
        BAD_ACTION(ret_a);
    }
}

static const gsc_param params[] = {
    {"after", "calls of affinity that are right", NULL, GSC_PARAM_INT, 0, 0, 1e9, 200},
};

static const gsc_gate gate = {FIXTURE_GATE, .affinity = affinity};

static const gsc_plugin plugin = {FIXTURE_PLUGIN(BAD_ID), GSC_PARAMS(params), .gate = &gate};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

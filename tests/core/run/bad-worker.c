/* SPDX-License-Identifier: MIT
 *
 * A worker whose lab misbehaves as the spec's title says: what a run must survive.
 * test-supervisor.c starts it in place of `gatescope worker`.
 */
#include "core/plugin/guard.h"
#include "core/run/worker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static volatile int *nothing;

static void nap(void) {
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static gsc_status begin(gsc_sink *sink, int32_t *ret_series, gsc_error *error) {
    gsc_series_info info = GSC_SERIES_INIT;
    info.name = "loss";
    info.bound = -0.5;
    return sink->series(sink, &info, ret_series, error);
}

/* Two threads inside plugins: the one that entered later crashes. */
static void crash_task(void *data, size_t task, size_t worker) {
    gsc_guard_set_step(task == 1 ? 3 : 100);
    if (task == 1) {
        nap();
        gsc_guard_enter("gate culprit", "affinity");
        nap();
        *nothing = 1;
    }
    gsc_guard_enter("gate bystander", "affinity");
    for (int i = 0; i < 100; i++) {
        nap();
    }
    gsc_guard_leave();
}

/* Inside a plugin call. */
static void misbehave(const char *how, gsc_pool *pool) {
    if (strcmp(how, "crash") == 0) {
        *nothing = 1;
    } else if (strcmp(how, "abort") == 0) {
        abort();
    } else if (strcmp(how, "exit") == 0) {
        exit(0);
    } else if (strcmp(how, "_exit") == 0) {
        _exit(3);
    } else if (strcmp(how, "raise") == 0) {
        raise(SIGILL);
    } else if (strcmp(how, "hang") == 0) {
        for (;;) {
            nap();
        }
    } else if (strcmp(how, "kill") == 0) {
        kill(getpid(), SIGKILL);
    } else if (strcmp(how, "fork") == 0) {
        if (fork() == 0) {
            for (;;) {
                pause();
            }
        }
        _exit(5);
    } else if (strcmp(how, "prints") == 0) {
        printf("first words\nsecond ");
        fputs("line\n", stdout);
        fprintf(stderr, "an alarm\n");
        nap();
        const ssize_t written = write(1, "past stdio\n", 11);
        (void)written;
        for (int i = 0; i < 20; i++) {
            nap(); /* until it is heard */
        }
    } else if (strcmp(how, "closes") == 0) {
        for (int i = 3; i < 64; i++) {
            shutdown(i, SHUT_RDWR);
        }
        for (;;) {
            nap();
        }
    } else if (strcmp(how, "garbles") == 0) {
        for (int i = 3; i < 64; i++) {
            send(i, "printed into the wrong file", 27, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
        for (;;) {
            nap();
        }
    }
}

static gsc_status bad_run(const gsc_spec *spec, gsc_pool *pool, gsc_sink *sink, gsc_error *error) {
    const char *how = gsc_spec_string(spec, "title");
    int32_t series = 0;
    if (strcmp(how, "refuses") == 0) {
        return gsc_fail(error, GSC_ERR_INPUT, "theory.sizes[0] is 3, fewer than the parameters");
    }
    gsc_status status = begin(sink, &series, error);
    if (strcmp(how, "fails") == 0) {
        return gsc_fail(error, GSC_ERR_NUMERIC, "gate g at step 7: affinity returned NaN");
    }
    if (strcmp(how, "pool") == 0) {
        gsc_pool_run(pool, 2, crash_task, NULL);
    }
    if (strcmp(how, "outside") == 0) {
        sink->progress(sink, 0.5, "n = 100, replicate 2", NULL);
        for (int i = 0; i < 40; i++) {
            nap(); /* the post goes out */
        }
        *nothing = 1;
    }
    int64_t many = gsc_spec_int(spec, "theory.replicates");
    for (int64_t i = 0; status == GSC_OK && i < many; i++) {
        gsc_point point = {(double)i, 1.0 / (double)(i + 1), 0};
        gsc_guard_set_step(i);
        gsc_guard_enter("gate bad", "affinity");
        if (i == 7) {
            misbehave(how, pool);
        }
        gsc_guard_leave();
        status = sink->points(sink, series, &point, 1, error);
        if (status == GSC_OK) {
            status = sink->progress(sink, (double)i / (double)many, "counting", error);
        }
        if (strcmp(how, "slow") == 0) {
            nap();
        }
        while (strcmp(how, "deaf") == 0 && i == 7) {
            nap();
        }
    }
    return status;
}

int main(int argc, char **argv) {
    static const gsc_lab labs[] = {{"theory", bad_run}};
    return gsc_worker_main(argc - 1, argv + 1, labs, 1);
}

/* SPDX-License-Identifier: MIT
 *
 * The pool: every task once, the caller in it, nesting serial, many small runs, two callers taking turns.
 */
#include "kernels/pool.h"

#include "kernels/cpu_info.h"
#include "tests/tap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    TASKS = 1000
};

typedef struct job {
    gsc_pool *pool;
    _Atomic int runs[TASKS];
    _Atomic int busy[GSC_POOL_MAX_THREADS]; /* by worker */
    _Atomic int shared_workers;
    _Atomic int nested;
    _Atomic int nested_elsewhere;
} job;

static void count_task(void *data, size_t task, size_t worker) {
    job *j = data;
    if (atomic_fetch_add(&j->busy[worker], 1) != 0) {
        atomic_fetch_add(&j->shared_workers, 1);
    }
    atomic_fetch_add(&j->runs[task], 1);
    atomic_fetch_sub(&j->busy[worker], 1);
}

typedef struct outer {
    job *j;
    pthread_t thread;
    size_t worker;
} outer;

static void inner_task(void *data, size_t task, size_t worker) {
    outer *o = data;
    atomic_fetch_add(&o->j->nested, 1);
    if (!pthread_equal(o->thread, pthread_self()) || worker != o->worker) {
        atomic_fetch_add(&o->j->nested_elsewhere, 1);
    }
}

static void outer_task(void *data, size_t task, size_t worker) {
    outer o = {data, pthread_self(), worker};
    gsc_pool_run(o.j->pool, 5, inner_task, &o);
}

static void sleep_task(void *data, size_t task, size_t worker) {
    _Atomic unsigned *seen = data;
    atomic_fetch_or(seen, 1u << worker);
    usleep(20000);
}

static bool all_runs(const job *j, int times) {
    for (size_t i = 0; i < TASKS; i++) {
        if (j->runs[i] != times) {
            return false;
        }
    }
    return true;
}

static void *run_from_thread(void *data) {
    job *j = data;
    for (int i = 0; i < 50; i++) {
        gsc_pool_run(j->pool, TASKS, count_task, j);
    }
    return NULL;
}

static void test_pool(unsigned threads) {
    gsc_pool *pool = NULL;
    gsc_error error;
    TAP_OK(gsc_pool_new(threads, &pool, &error) == GSC_OK, "a pool starts");
    TAP_OK(gsc_pool_threads(pool) == threads, "with the threads asked for");
    job *j = calloc(1, sizeof *j);
    j->pool = pool;
    gsc_pool_run(pool, TASKS, count_task, j);
    TAP_OK(all_runs(j, 1), "every task runs once");
    for (int i = 0; i < 20000; i++) {
        gsc_pool_run(pool, 3, count_task, j);
    }
    TAP_OK(j->runs[0] == 20001 && j->runs[2] == 20001 && j->runs[3] == 1,
           "and over many small runs");
    gsc_pool_run(pool, 0, count_task, j);
    gsc_pool_run(pool, 64, outer_task, j);
    TAP_OK(j->nested == 64 * 5, "a run inside a task runs");
    TAP_OK(j->nested_elsewhere == 0, "on that task's thread, as its worker");

    job *two = calloc(1, sizeof *two);
    two->pool = pool;
    pthread_t callers[2];
    for (int i = 0; i < 2; i++) {
        pthread_create(&callers[i], NULL, run_from_thread, two);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(callers[i], NULL);
    }
    TAP_OK(all_runs(two, 100), "two callers take turns");
    TAP_OK(two->shared_workers == 0 && j->shared_workers == 0, "a worker runs one task at a time");

    _Atomic unsigned seen = 0;
    gsc_pool_run(pool, (size_t)threads * 4, sleep_task, &seen);
    TAP_OK(seen == (1u << threads) - 1, "all threads take part, the caller too");
    free(two);
    free(j);
    gsc_pool_free(pool);
}

int main(void) {
    test_pool(1);
    test_pool(2);
    test_pool(5);

    gsc_pool *pool = NULL;
    gsc_error error = {0};
    TAP_OK(gsc_pool_new(0, &pool, NULL) == GSC_OK && gsc_pool_threads(pool) > 0 &&
               gsc_pool_threads(pool) <= gsc_cpu_info_get()->cores,
           "0 threads means the cores of this process");
    gsc_pool_free(pool);
    pool = NULL;
    TAP_OK(gsc_pool_new(1000, &pool, &error) == GSC_ERR_INPUT && pool == NULL, "1000 are refused");
    TAP_CONTAINS(error.message, "1000 threads", "naming the number");
    job *j = calloc(1, sizeof *j);
    gsc_pool_run(NULL, TASKS, count_task, j);
    TAP_OK(all_runs(j, 1), "no pool runs serially");
    free(j);
    gsc_pool_free(NULL);
    return tap_done();
}

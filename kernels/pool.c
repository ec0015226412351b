/* SPDX-License-Identifier: MIT
 *
 * The pool's one word of state is (generation << 32 | closed bit | threads inside). A thread enters
 * an open run by adding one to it and only then reads the run; the caller closes the run, waits
 * until nobody is inside, and so may change it. A thread that comes late finds the run closed and
 * goes on waiting.
 *
 * Waiting spins for some microseconds and then sleeps on a condition. Layer: kernels.
 */
#include "kernels/pool.h"

#include "kernels/cpu_info.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define STATE_CLOSED ((uint64_t)1 << 31)
#define STATE_INSIDE (STATE_CLOSED - 1)

enum {
    SPINS = 400
};

typedef struct gsc_pool_worker {
    gsc_pool *pool;
    size_t index;
    pthread_t thread;
} gsc_pool_worker;

struct gsc_pool {
    unsigned threads;
    unsigned spins;           /* 0 where threads outnumber cores */
    gsc_pool_worker *workers; /* [threads], the caller's first entry unused */
    pthread_mutex_t turn;     /* held for a whole run */

    _Atomic uint64_t state;
    _Atomic bool ending;
    pthread_mutex_t mutex; /* of both conditions */
    pthread_cond_t opened; /* a run opened, or ending */
    pthread_cond_t left;   /* the last thread left a closed run */
    _Atomic unsigned sleepers;
    _Atomic bool caller_sleeps;

    /* The run; constant while it is open or somebody is inside. */
    gsc_pool_task *task;
    void *data;
    size_t n_tasks;
    _Atomic size_t next;
};

/* The pool in whose task this thread is, and as which worker. */
static _Thread_local gsc_pool *inside_pool;
static _Thread_local size_t inside_worker;

static inline void spin_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void run_tasks(gsc_pool *pool, size_t worker) {
    inside_pool = pool;
    inside_worker = worker;
    for (;;) {
        size_t task = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
        if (task >= pool->n_tasks) {
            break;
        }
        pool->task(pool->data, task, worker);
    }
    inside_pool = NULL;
    inside_worker = 0;
}

static bool is_open(uint64_t state, uint64_t last_generation) {
    return (state & STATE_CLOSED) == 0 && state >> 32 != last_generation;
}

/* Waits for a run newer than *last and enters it; false when the pool ends. */
static bool enter_run(gsc_pool *pool, uint64_t *last) {
    for (;;) {
        for (unsigned i = 0; i < pool->spins; i++) {
            if (is_open(atomic_load(&pool->state), *last) || atomic_load(&pool->ending)) {
                break;
            }
            spin_pause();
        }
        if (!is_open(atomic_load(&pool->state), *last)) {
            pthread_mutex_lock(&pool->mutex);
            atomic_fetch_add(&pool->sleepers, 1);
            while (!is_open(atomic_load(&pool->state), *last) && !atomic_load(&pool->ending)) {
                pthread_cond_wait(&pool->opened, &pool->mutex);
            }
            atomic_fetch_sub(&pool->sleepers, 1);
            pthread_mutex_unlock(&pool->mutex);
        }
        if (atomic_load(&pool->ending)) {
            return false;
        }
        uint64_t state = atomic_load(&pool->state);
        while (is_open(state, *last)) {
            if (atomic_compare_exchange_weak(&pool->state, &state, state + 1)) {
                *last = state >> 32;
                return true;
            }
        }
    }
}

static void leave_run(gsc_pool *pool) {
    uint64_t state = atomic_fetch_sub(&pool->state, 1) - 1;
    if ((state & STATE_CLOSED) != 0 && (state & STATE_INSIDE) == 0 &&
        atomic_load(&pool->caller_sleeps)) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->left);
        pthread_mutex_unlock(&pool->mutex);
    }
}

static void *worker_main(void *data) {
    gsc_pool_worker *worker = data;
    uint64_t last = 0;
    while (enter_run(worker->pool, &last)) {
        run_tasks(worker->pool, worker->index);
        leave_run(worker->pool);
    }
    return NULL;
}

static void open_run(gsc_pool *pool) {
    uint64_t generation = ((atomic_load(&pool->state) >> 32) + 1) & UINT32_MAX;
    atomic_store(&pool->state, generation << 32);
    if (atomic_load(&pool->sleepers) > 0) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->opened);
        pthread_mutex_unlock(&pool->mutex);
    }
}

static void close_run(gsc_pool *pool) {
    atomic_fetch_or(&pool->state, STATE_CLOSED);
    for (unsigned i = 0; i < pool->spins; i++) {
        if ((atomic_load(&pool->state) & STATE_INSIDE) == 0) {
            return;
        }
        spin_pause();
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->caller_sleeps, true);
    while ((atomic_load(&pool->state) & STATE_INSIDE) != 0) {
        pthread_cond_wait(&pool->left, &pool->mutex);
    }
    atomic_store(&pool->caller_sleeps, false);
    pthread_mutex_unlock(&pool->mutex);
}

static void run_serially(gsc_pool_task *task, void *data, size_t n_tasks, size_t worker) {
    for (size_t i = 0; i < n_tasks; i++) {
        task(data, i, worker);
    }
}

void gsc_pool_run(gsc_pool *pool, size_t n_tasks, gsc_pool_task *task, void *data) {
    if (pool == NULL) {
        run_serially(task, data, n_tasks, 0);
        return;
    }
    if (inside_pool != NULL) {
        assert(inside_pool == pool);
        run_serially(task, data, n_tasks, inside_worker);
        return;
    }
    if (n_tasks == 0) {
        return;
    }
    pthread_mutex_lock(&pool->turn);
    pool->task = task;
    pool->data = data;
    pool->n_tasks = n_tasks;
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    if (pool->threads == 1 || n_tasks == 1) {
        run_tasks(pool, 0);
    } else {
        open_run(pool);
        run_tasks(pool, 0);
        close_run(pool);
    }
    pthread_mutex_unlock(&pool->turn);
}

static void stop_workers(gsc_pool *pool, size_t started) {
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->ending, true);
    pthread_cond_broadcast(&pool->opened);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 1; i < started; i++) {
        pthread_join(pool->workers[i].thread, NULL);
    }
}

void gsc_pool_free(gsc_pool *pool) {
    if (pool == NULL) {
        return;
    }
    stop_workers(pool, pool->threads);
    pthread_cond_destroy(&pool->left);
    pthread_cond_destroy(&pool->opened);
    pthread_mutex_destroy(&pool->mutex);
    pthread_mutex_destroy(&pool->turn);
    free(pool->workers);
    free(pool);
}

/* Starts threads 1 .. threads - 1; on failure pool->threads is how many there are. */
static int start_workers(gsc_pool *pool, unsigned threads) {
    static const int handled[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2, SIGPIPE};
    sigset_t block, before;
    sigemptyset(&block);
    for (size_t i = 0; i < sizeof handled / sizeof handled[0]; i++) {
        sigaddset(&block, handled[i]);
    }
    pthread_sigmask(SIG_BLOCK, &block, &before);
    int failed = 0;
    pool->threads = 1;
    for (unsigned i = 1; i < threads && failed == 0; i++) {
        pool->workers[i] = (gsc_pool_worker){.pool = pool, .index = i};
        failed = pthread_create(&pool->workers[i].thread, NULL, worker_main, &pool->workers[i]);
        pool->threads += failed == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

gsc_status gsc_pool_new(unsigned threads, gsc_pool **ret_pool, gsc_error *error) {
    unsigned cores = gsc_cpu_info_get()->cores;
    if (threads > GSC_POOL_MAX_THREADS) {
        return gsc_fail(error, GSC_ERR_INPUT, "%u threads were asked for; at most %d are possible",
                        threads, GSC_POOL_MAX_THREADS);
    }
    if (threads == 0) {
        threads = cores < GSC_POOL_MAX_THREADS ? cores : GSC_POOL_MAX_THREADS;
    }
    gsc_pool *pool = calloc(1, sizeof *pool);
    gsc_pool_worker *workers = calloc(threads, sizeof *workers);
    if (pool == NULL || workers == NULL) {
        free(pool);
        free(workers);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a pool of %u threads", threads);
    }
    pool->workers = workers;
    pool->spins = threads <= cores ? SPINS : 0;
    atomic_store(&pool->state, STATE_CLOSED);
    pthread_mutex_init(&pool->turn, NULL);
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->opened, NULL);
    pthread_cond_init(&pool->left, NULL);
    int failed = start_workers(pool, threads);
    if (failed != 0) {
        gsc_pool_free(pool);
        return gsc_fail(error, GSC_ERR_SYSTEM, "the system refused a pool of %u threads: %s",
                        threads, strerror(failed));
    }
    *ret_pool = pool;
    return GSC_OK;
}

unsigned gsc_pool_threads(const gsc_pool *pool) {
    return pool == NULL ? 1 : pool->threads;
}

/* SPDX-License-Identifier: MIT
 *
 * Our one pool of threads. Work is cut by its caller into indexed tasks, by the work's size alone
 * and never by the number of threads; threads claim tasks in any order, and the caller reduces by
 * index. So results are the same bits at any thread count.
 *
 * Limits: at most GSC_POOL_MAX_THREADS. A pool does not survive fork(). A process should have one
 * pool.
 *
 * Layer: kernels; pthreads.
 */
#ifndef GSC_KERNELS_POOL_H
#define GSC_KERNELS_POOL_H

#include "core/base/error.h"

#include <stddef.h>

enum {
    GSC_POOL_MAX_THREADS = 256
};

typedef struct gsc_pool gsc_pool;

/* One task. worker < gsc_pool_threads(pool) is not shared by two tasks that run at once: it indexes
 * scratch. [any thread of the pool] */
typedef void gsc_pool_task(void *data, size_t task, size_t worker);

/* threads counts the caller: 0 means the cores this process may use (affinity), 1 starts none.
 * Signals that a program handles (SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2, SIGPIPE)
 * never go to the pool. */
gsc_status gsc_pool_new(unsigned threads, gsc_pool **ret_pool, gsc_error *error);
void gsc_pool_free(gsc_pool *pool); /* NULL is fine; no run may be under way */

unsigned gsc_pool_threads(const gsc_pool *pool); /* the caller included; NULL: 1 */

/* Runs task 0 .. n_tasks - 1 and returns when all are done; the caller takes part. Inside a task
 * it runs its tasks one after another on that thread, with that task's worker. Runs started by
 * several threads take turns. NULL for pool runs serially, as worker 0. */
void gsc_pool_run(gsc_pool *pool, size_t n_tasks, gsc_pool_task *task, void *data);

#endif

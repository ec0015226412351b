/* SPDX-License-Identifier: MIT
 *
 * The worker: the process that loads plugins and computes. It never opens the run file; what it
 * finds goes to its supervisor as frames. It is the same program, started as `gatescope worker
 * SOCKET PAGE` with two inherited descriptors: a stream socket, and the memory of a
 * gsc_worker_page.
 *
 * It dies with its supervisor, runs at nice 5, and prints nothing: what a plugin prints goes to
 * stderr.
 *
 * Layer: core/run.
 */
#ifndef GSC_CORE_RUN_WORKER_H
#define GSC_CORE_RUN_WORKER_H

#include "core/base/error.h"
#include "core/read/spec.h"
#include "core/run/sink.h"
#include "kernels/pool.h"

#include <stddef.h>

/* A lab: what runs a spec whose key "lab" is name. */
typedef struct gsc_lab {
    const char *name;
    gsc_status (*run)(const gsc_spec *spec, gsc_pool *pool, gsc_sink *sink, gsc_error *error);
} gsc_lab;

/* The whole life of a worker process; argv[0] is "worker". Returns its exit code: 0 after a last
 * word to the supervisor, whatever that was, 2 where it was not started by one. */
int gsc_worker_main(int argc, char **argv, const gsc_lab *labs, size_t n_labs);

#endif

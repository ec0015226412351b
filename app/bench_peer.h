/* SPDX-License-Identifier: MIT
 *
 * The Python side of a benchmark: a folder to hand it a problem in, and its run.
 *
 * Layer: app.
 */
#ifndef GSC_APP_BENCH_PEER_H
#define GSC_APP_BENCH_PEER_H

#include "core/base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Makes a folder of its own under TMPDIR (or /tmp); size at least 200. The caller removes it. */
gsc_status gsc_bench_folder_new(char *ret_folder, size_t size, gsc_error *error);

/* Runs tests/bench/SCRIPT on FOLDER/problem.json with the interpreter of GATESCOPE_PYTHON, else
 * /usr/bin/python3, its BLAS on one thread where asked; its stdout goes to ret_text (at most size - 1 bytes,
 * ended by 0). Returns its exit code, or -1 where it could not be run. */
int gsc_bench_peer_run(const char *script, const char *folder, bool one_blas_thread, char *ret_text,
                       size_t size);

#endif

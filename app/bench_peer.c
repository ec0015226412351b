/* SPDX-License-Identifier: MIT
 *
 * See bench_peer.h. Layer: app.
 */
#include "app/bench_peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

gsc_status gsc_bench_folder_new(char *ret_folder, size_t size, gsc_error *error) {
    const char *temporary = getenv("TMPDIR");
    snprintf(ret_folder, size, "%.150s/gatescope-bench-XXXXXX",
             temporary != NULL && temporary[0] != '\0' ? temporary : "/tmp");
    return mkdtemp(ret_folder) != NULL
               ? GSC_OK
               : gsc_fail(error, GSC_ERR_IO, "no temporary folder could be made: %s",
                          strerror(errno));
}

int gsc_bench_peer_run(const char *script, const char *folder, bool one_blas_thread, char *ret_text,
                       size_t size) {
    const char *python = getenv("GATESCOPE_PYTHON");
    char problem[256], path[4096];
    int ends[2];
    snprintf(problem, sizeof problem, "%s/problem.json", folder);
    snprintf(path, sizeof path, "%s/%s", GSC_BENCH_FOLDER, script);
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    pid_t child = fork();
    if (child == 0) {
        const int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(ends[1], STDOUT_FILENO);
        dup2(quiet, STDERR_FILENO);
        if (one_blas_thread) {
            setenv("OPENBLAS_NUM_THREADS", "1", 1);
            setenv("OMP_NUM_THREADS", "1", 1);
        }
        python = python != NULL && python[0] != '\0' ? python : "/usr/bin/python3";
        execl(python, python, path, problem, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    size_t used = 0;
    ssize_t got;
    while (child > 0 && used + 1 < size &&
           ((got = read(ends[0], ret_text + used, size - 1 - used)) > 0 ||
            (got < 0 && errno == EINTR))) {
        used += got > 0 ? (size_t)got : 0;
    }
    ret_text[used] = '\0';
    close(ends[0]);
    int status = -1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

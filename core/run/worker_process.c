/* SPDX-License-Identifier: MIT
 *
 * Starting and ending a worker: see worker_process.h.
 */
#include "core/run/worker_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_WORDS = 16
};

/* In the child, between fork and exec: only what is safe there. */
static void become_worker(const char *file, char **words, pid_t supervisor, int socket, int page) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != supervisor) {
        _exit(127);
    }
    for (int number = 1; number < NSIG; number++) {
        signal(number, number == SIGPIPE ? SIG_IGN : SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int empty = open("/dev/null", O_RDONLY);
    dup2(empty, STDIN_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    fcntl(socket, F_SETFD, 0);
    fcntl(page, F_SETFD, 0);
    execv(file, words);
    _exit(127);
}

gsc_status gsc_worker_process_start(const char *const *argv, gsc_worker_process *ret_worker,
                                    gsc_error *error) {
    static const char *const self[] = {"gatescope", "worker", NULL};
    const char *file = argv == NULL ? "/proc/self/exe" : argv[0];
    argv = argv == NULL ? self : argv;
    int sockets[2] = {-1, -1};
    void *page = MAP_FAILED;
    int memory = memfd_create("gatescope-worker", MFD_CLOEXEC);
    if (memory >= 0 && ftruncate(memory, sizeof(gsc_worker_page)) == 0) {
        page = mmap(NULL, sizeof(gsc_worker_page), PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    }
    pid_t pid = -1, supervisor = getpid();
    if (page != MAP_FAILED && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0) {
        char numbers[2][16];
        char *words[MAX_WORDS + 3] = {0};
        int n = 0;
        for (; argv[n] != NULL && n < MAX_WORDS; n++) {
            words[n] = (char *)argv[n];
        }
        snprintf(numbers[0], sizeof numbers[0], "%d", sockets[1]);
        snprintf(numbers[1], sizeof numbers[1], "%d", memory);
        words[n] = numbers[0];
        words[n + 1] = numbers[1];
        setenv("OPENBLAS_NUM_THREADS", "1", 1); /* the threads are our pool's */
        pid = fork();
        if (pid == 0) {
            become_worker(file, words, supervisor, sockets[1], memory);
        }
    }
    int reason = errno;
    if (memory >= 0) {
        close(memory);
    }
    if (sockets[1] >= 0) {
        close(sockets[1]);
    }
    if (pid < 0) {
        if (sockets[0] >= 0) {
            close(sockets[0]);
        }
        if (page != MAP_FAILED) {
            munmap(page, sizeof(gsc_worker_page));
        }
        return gsc_fail(error, GSC_ERR_SYSTEM, "cannot start the worker: %s", strerror(reason));
    }
    setpgid(pid, pid);
    *ret_worker = (gsc_worker_process){.pid = pid, .socket = sockets[0], .page = page};
    return GSC_OK;
}

bool gsc_worker_process_ended(gsc_worker_process *worker, int wait_ms) {
    static const struct timespec step = {.tv_nsec = 5000000};
    for (int waited = 0; !worker->ended; waited += 5) {
        int state;
        pid_t pid = waitpid(worker->pid, &state, WNOHANG);
        if (pid == worker->pid) {
            worker->ended = true;
            worker->end = WIFSIGNALED(state) ? GSC_WORKER_KILLED : GSC_WORKER_EXITED;
            worker->number = WIFSIGNALED(state) ? WTERMSIG(state) : WEXITSTATUS(state);
        } else if (waited >= wait_ms) {
            break;
        } else {
            nanosleep(&step, NULL);
        }
    }
    return worker->ended;
}

void gsc_worker_process_clear(gsc_worker_process *worker) {
    if (worker->pid > 0) {
        kill(-worker->pid, SIGKILL);
        if (!worker->ended) {
            kill(worker->pid, SIGKILL);
            waitpid(worker->pid, NULL, 0);
        }
        close(worker->socket);
        munmap(worker->page, sizeof(gsc_worker_page));
    }
    *worker = (gsc_worker_process){0};
}

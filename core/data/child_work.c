/* SPDX-License-Identifier: MIT
 *
 * See child_work.h. The child writes its gsc_error and, where that is good, its bytes.
 */
#include "core/data/child_work.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    LOOK_MS = 100,
    BLOCK = 65536
};

/* ---- The child -------------------------------------------------------------------------------- */

static void write_whole(int end, const void *bytes, size_t size) {
    for (size_t done = 0; done < size;) {
        const ssize_t n = write(end, (const char *)bytes + done, size - done);
        if (n < 0 && errno != EINTR) {
            _exit(1);
        }
        done += n > 0 ? (size_t)n : 0;
    }
}

/* Dies with its parent, and of signals as anybody does: handlers were made for the parent. */
static void become_child(pid_t parent) {
    sigset_t none;
    for (int number = 1; number < NSIG; number++) {
        signal(number, SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(1);
    }
}

/* ---- The parent ------------------------------------------------------------------------------- */

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Until the child closes its end; false: it is to stop. */
static bool listen_to(int end, const char *what, const gsc_data_watch *watch, gsc_text *heard) {
    static const int shown_from_s = 2;
    const double begun_s = now_s();
    char block[BLOCK], text[160];
    for (;;) {
        struct pollfd wait = {.fd = end, .events = POLLIN};
        const int ready = poll(&wait, 1, LOOK_MS), seconds = (int)(now_s() - begun_s);
        snprintf(text, sizeof text, seconds < shown_from_s ? "%.120s" : "%.120s, %d s", what,
                 seconds);
        if (!gsc_data_watch_report(watch, text, -1)) {
            return false;
        }
        if (ready > 0) {
            const ssize_t n = read(end, block, sizeof block);
            if (n == 0 || (n < 0 && errno != EINTR)) {
                return true;
            }
            gsc_text_append(heard, block, n > 0 ? (size_t)n : 0);
        }
    }
}

/* What the child said, or how it ended. */
static gsc_status judge(const char *what, const gsc_text *heard, int state, gsc_text *ret_bytes,
                        gsc_error *error) {
    gsc_error said;
    if (heard->failed) {
        return gsc_text_check(heard, what, error);
    }
    if (WIFSIGNALED(state)) {
        return gsc_fail(error, GSC_ERR_SYSTEM, "%s was ended by signal %d (%s)", what,
                        WTERMSIG(state), strsignal(WTERMSIG(state)));
    }
    if (heard->size < sizeof said) {
        return gsc_fail(error, GSC_ERR_SYSTEM, "%s ended without a result (exit code %d)", what,
                        WEXITSTATUS(state));
    }
    memcpy(&said, heard->bytes, sizeof said);
    if (said.status != GSC_OK) {
        return gsc_fail(error, said.status, "%s", said.message);
    }
    gsc_text_append(ret_bytes, heard->bytes + sizeof said, heard->size - sizeof said);
    return gsc_text_check(ret_bytes, what, error);
}

gsc_status gsc_child_work(const char *what,
                          gsc_status (*work)(void *context, gsc_text *ret_bytes, gsc_error *error),
                          void *context, const gsc_data_watch *watch, gsc_text *ret_bytes,
                          gsc_error *error) {
    int ends[2], state = 0;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return gsc_fail(error, GSC_ERR_SYSTEM, "%s has no pipe: %s", what, strerror(errno));
    }
    const pid_t parent = getpid(), child = fork();
    if (child == 0) {
        gsc_error said = {0};
        gsc_text bytes = {0};
        become_child(parent);
        said.status = work(context, &bytes, &said);
        write_whole(ends[1], &said, sizeof said);
        write_whole(ends[1], bytes.bytes, said.status == GSC_OK ? bytes.size : 0);
        _exit(0);
    }
    const int why = errno;
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return gsc_fail(error, GSC_ERR_SYSTEM, "%s has no process: %s", what, strerror(why));
    }
    gsc_text heard = {0};
    const bool go_on = listen_to(ends[0], what, watch, &heard);
    close(ends[0]);
    if (!go_on) {
        kill(child, SIGKILL);
    }
    while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
    }
    const gsc_status status = go_on ? judge(what, &heard, state, ret_bytes, error)
                                    : gsc_fail(error, GSC_ERR_STOPPED, "%s was stopped", what);
    gsc_text_clear(&heard);
    return status;
}

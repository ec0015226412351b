/* SPDX-License-Identifier: MIT
 *
 * The parent's side of a scan: see scan.h. A child writes lines to a pipe: "#phase" before each risky
 * step, then one JSON object. What is not that is a failed scan.
 */
#include "core/plugin/scan.h"

#include "core/plugin/describe.h"
#include "core/plugin/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_OUTPUT = 1 << 20
};

/* A child at work. */
typedef struct scan_child {
    pid_t pid;
    int ended; /* a pidfd: readable once the process has ended */
    int pipe;
    gsc_scan_job *job;
    double deadline_s;
    bool timed_out;
    char *output;
    size_t size;
} scan_child;

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int seconds_allowed(void) {
    const char *text = getenv("GATESCOPE_SCAN_SECONDS");
    int seconds = text != NULL ? atoi(text) : 0;
    return seconds >= 1 && seconds <= GSC_SCAN_SECONDS_MOST ? seconds : GSC_SCAN_SECONDS;
}

static void limit(int resource, rlim_t most) {
    struct rlimit limits = {most, most};
    setrlimit(resource, &limits);
}

/* In the child, after fork: own process group, no input, the pipe as output, limits; then the scan. */
static void run_child(const char *copy_path, int pipe_write, pid_t parent) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(1);
    }
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(pipe_write, 1);
    dup2(null, 2);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, (rlim_t)seconds_allowed() + 1);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    limit(RLIMIT_AS, (rlim_t)GSC_SCAN_MEMORY_GIB << 30);
#endif
    for (int number = 1; number < NSIG; number++) {
        signal(number, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    self[length > 0 ? length : 0] = '\0';
    const char *slash = strrchr(self, '/');
    if (slash != NULL && strcmp(slash, "/gatescope") == 0) {
        setenv("OPENBLAS_NUM_THREADS", "1", 1);
        execl(self, "gatescope", "plugin-scan", copy_path, (char *)NULL);
        _exit(127);
    }
    _exit(gsc_registry_scan_child(copy_path));
}

static gsc_status start(scan_child *child, gsc_scan_job *job, gsc_error *error) {
    int ends[2];
    char *output = malloc(MAX_OUTPUT + 1);
    if (output == NULL || pipe2(ends, O_CLOEXEC) != 0) {
        free(output);
        return gsc_fail(error, GSC_ERR_SYSTEM, "no pipe to scan a plugin (%s)", strerror(errno));
    }
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        run_child(job->copy_path, ends[1], parent);
    }
    int why = errno, ended = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    close(ends[1]);
    if (ended < 0) {
        why = pid > 0 ? errno : why;
        if (pid > 0) {
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
        }
        close(ends[0]);
        free(output);
        return gsc_fail(error, GSC_ERR_SYSTEM, "no process to scan a plugin (%s)", strerror(why));
    }
    setpgid(pid, pid);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *child = (scan_child){.pid = pid,
                          .ended = ended,
                          .pipe = ends[0],
                          .job = job,
                          .deadline_s = now_s() + seconds_allowed(),
                          .output = output};
    return GSC_OK;
}

/* Reads what is there. Returns false when the pipe has ended or no more is wanted. */
static bool take_output(scan_child *child) {
    while (child->size < MAX_OUTPUT) {
        ssize_t n = read(child->pipe, child->output + child->size, MAX_OUTPUT - child->size);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 && errno == EAGAIN;
        }
        child->size += (size_t)n;
    }
    return false;
}

/* The last line's JSON object and the last phase before it. */
static json_t *parse_output(const scan_child *child, char *ret_phase, size_t size) {
    json_t *row = NULL;
    snprintf(ret_phase, size, "starting");
    child->output[child->size] = '\0';
    for (char *line = child->output; *line != '\0';) {
        char *end = line + strcspn(line, "\n");
        bool whole = *end == '\n';
        *end = '\0';
        if (whole && line[0] == '#') {
            snprintf(ret_phase, size, "%s", line + 1);
        } else {
            json_decref(row);
            row = whole ? json_loads(line, JSON_REJECT_DUPLICATES, NULL) : NULL;
        }
        line = whole ? end + 1 : end;
    }
    if (json_string_value(json_object_get(row, "status")) == NULL) {
        json_decref(row);
        return NULL;
    }
    return row;
}

static const char *signal_name(int number) {
    const char *name = sigabbrev_np(number);
    return name != NULL ? name : "?";
}

/* The child's end as a row: its own words, or how it died. NULL where it died before it came to the
 * plugin, which is then not to blame. */
static json_t *judge(const scan_child *child, int wait_status) {
    char phase[64], refusal[256];
    json_t *row = parse_output(child, phase, sizeof phase);
    bool signaled = WIFSIGNALED(wait_status);
    if (row != NULL && !child->timed_out && !signaled) {
        return row;
    }
    if (row == NULL && strcmp(phase, "starting") == 0) {
        return NULL;
    }
    const char *at = row != NULL ? "its end" : phase;
    json_decref(row);
    if (child->timed_out || (signaled && WTERMSIG(wait_status) == SIGXCPU)) {
        snprintf(refusal, sizeof refusal,
                 "did not come back within %d seconds while it was scanned (at %s)",
                 seconds_allowed(), at);
    } else if (signaled) {
        snprintf(refusal, sizeof refusal, "crashed with SIG%s while it was scanned (at %s)",
                 signal_name(WTERMSIG(wait_status)), at);
    } else if (child->size == MAX_OUTPUT) {
        snprintf(refusal, sizeof refusal, "left more than %d bytes of output while it was scanned",
                 (int)MAX_OUTPUT);
    } else {
        snprintf(refusal, sizeof refusal,
                 "ended the process (exit code %d) while it was scanned (at %s)",
                 WEXITSTATUS(wait_status), at);
    }
    return gsc_plugin_describe_refused(NULL, refusal);
}

/* Ends the child and whatever it started, judges it and closes. */
static gsc_status finish(scan_child *child, gsc_error *error) {
    kill(-child->pid, SIGKILL);
    kill(child->pid, SIGKILL);
    int wait_status = 0;
    while (waitpid(child->pid, &wait_status, 0) < 0 && errno == EINTR) {
    }
    child->job->ret_row = judge(child, wait_status);
    gsc_status status = GSC_OK;
    if (child->job->ret_row == NULL) {
        status = gsc_fail(error, GSC_ERR_SYSTEM,
                          "the process that scans plugins did not start (wait status 0x%x); try "
                          "`gatescope plugin-scan %s`",
                          wait_status, child->job->copy_path);
    }
    close(child->ended);
    if (child->pipe >= 0) {
        close(child->pipe);
    }
    free(child->output);
    *child = (scan_child){0};
    return status;
}

/* Waits for output or the end of any child until the nearest deadline; takes leave of those that are done
 * or late. */
static gsc_status step(scan_child children[GSC_SCAN_AT_ONCE], gsc_error *error) {
    struct pollfd polls[2 * GSC_SCAN_AT_ONCE];
    double now = now_s(), wait_s = GSC_SCAN_SECONDS_MOST;
    for (size_t i = 0; i < GSC_SCAN_AT_ONCE; i++) {
        bool busy = children[i].pid != 0;
        polls[2 * i] = (struct pollfd){busy ? children[i].pipe : -1, POLLIN, 0};
        polls[2 * i + 1] = (struct pollfd){busy ? children[i].ended : -1, POLLIN, 0};
        if (busy && children[i].deadline_s - now < wait_s) {
            wait_s = children[i].deadline_s - now;
        }
    }
    poll(polls, 2 * GSC_SCAN_AT_ONCE, wait_s > 0 ? (int)(wait_s * 1000) + 1 : 0);
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < GSC_SCAN_AT_ONCE && status == GSC_OK; i++) {
        scan_child *child = &children[i];
        if (child->pid == 0) {
            continue;
        }
        bool ended = polls[2 * i + 1].revents != 0;
        if (child->pipe >= 0 && (polls[2 * i].revents != 0 || ended) && !take_output(child)) {
            close(child->pipe);
            child->pipe = -1;
        }
        child->timed_out = !ended && now_s() >= child->deadline_s;
        if (ended || child->timed_out) {
            status = finish(child, error);
        }
    }
    return status;
}

gsc_status gsc_scan(gsc_scan_job *jobs, size_t count, gsc_error *error) {
    scan_child children[GSC_SCAN_AT_ONCE] = {0};
    gsc_status status = GSC_OK;
    size_t next = 0, done = 0;
    while (done < count && status == GSC_OK) {
        for (size_t i = 0; i < GSC_SCAN_AT_ONCE && next < count && status == GSC_OK; i++) {
            if (children[i].pid == 0) {
                status = start(&children[i], &jobs[next], error);
                next += status == GSC_OK;
            }
        }
        if (status == GSC_OK) {
            status = step(children, error);
        }
        done = next;
        for (size_t i = 0; i < GSC_SCAN_AT_ONCE; i++) {
            done -= children[i].pid != 0;
        }
    }
    for (size_t i = 0; i < GSC_SCAN_AT_ONCE; i++) {
        if (children[i].pid != 0) {
            finish(&children[i], NULL);
        }
    }
    return status;
}

/* SPDX-License-Identifier: MIT
 *
 * One run of a sweep as a process: see child.h. Layer: core/sweep.
 */
#include "core/sweep/child.h"

#include "core/base/session.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PATH_SIZE = 4096
};

static void log_path(const gsc_sweep_folder *folder, const gsc_sweep_entry *entry, char *ret_path) {
    snprintf(ret_path, PATH_SIZE, "%.3800s/runs/%s.log", folder->path, entry->run.name);
}

/* In the child: a session of its own, so that a terminal's Ctrl-C reaches the scheduler alone. */
static void become(const char *program, char *const *argv, const char *log) {
    gsc_background_session();
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    const int in = open("/dev/null", O_RDONLY);
    const int out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) {
        _exit(127);
    }
    execv(program, argv);
    _exit(127);
}

gsc_status sweep_child_start(const gsc_sweep_folder *folder, const gsc_sweep_entry *entry,
                             const char *program, size_t threads, bool resume,
                             sweep_child *ret_child, gsc_error *error) {
    char spec[PATH_SIZE], run[PATH_SIZE], log[PATH_SIZE], number[24];
    struct timespec now;
    snprintf(spec, sizeof spec, "%.3800s/running/%s", folder->path, entry->file);
    gsc_sweep_run_path(folder->path, &entry->run, run, sizeof run);
    log_path(folder, entry, log);
    snprintf(number, sizeof number, "%zu", threads);
    const char *fresh[] = {program, "run", spec, "-o", run, "--force", "--quiet"};
    const char *further[] = {program, "resume", run, "--quiet"};
    const char *argv[12] = {0};
    size_t n = resume ? sizeof further / sizeof further[0] : sizeof fresh / sizeof fresh[0];
    memcpy(argv, resume ? further : fresh, n * sizeof *argv);
    if (threads > 0) {
        argv[n++] = "--threads";
        argv[n++] = number;
    }
    const pid_t pid = fork();
    if (pid < 0) {
        return gsc_fail(error, GSC_ERR_SYSTEM, "the run %s cannot be begun: %s", entry->run.name,
                        strerror(errno));
    }
    if (pid == 0) {
        become(program, (char *const *)argv, log);
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    *ret_child = (sweep_child){
        .pid = pid, .entry = *entry, .began_s = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec};
    return GSC_OK;
}

bool sweep_child_ended(sweep_child *child, int *ret_code) {
    int state = 0;
    const pid_t got = waitpid(child->pid, &state, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR)) {
        return false;
    }
    *ret_code = got < 0              ? 1
                : WIFEXITED(state)   ? WEXITSTATUS(state)
                : WIFSIGNALED(state) ? 128 + WTERMSIG(state)
                                     : 1;
    child->pid = 0;
    return true;
}

void sweep_child_last_words(const gsc_sweep_folder *folder, const gsc_sweep_entry *entry,
                            char *ret_text, size_t size) {
    char path[PATH_SIZE], line[600];
    ret_text[0] = '\0';
    log_path(folder, entry, path);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '\0') {
            snprintf(ret_text, size, "%s", line);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

static bool is_checkpoint(const char *name) {
    const size_t n = strlen(name), end = strlen(".safetensors");
    return strncmp(name, "step-", 5) == 0 && n > end && strcmp(name + n - end, ".safetensors") == 0;
}

void sweep_child_drop_checkpoints(const gsc_sweep_folder *folder, const gsc_sweep_entry *entry) {
    char path[PATH_SIZE], last[256] = "";
    snprintf(path, sizeof path, "%.3800s/runs/%s.ckpt", folder->path, entry->run.name);
    for (int pass = 0; pass < 2; pass++) {
        DIR *dir = opendir(path);
        const struct dirent *file;
        while (dir != NULL && (file = readdir(dir)) != NULL) {
            const char *name = file->d_name;
            if (is_checkpoint(name) && pass == 0 && strcmp(name, last) > 0) {
                snprintf(last, sizeof last, "%s", name);
            } else if (is_checkpoint(name) && pass == 1 && strcmp(name, last) != 0) {
                unlinkat(dirfd(dir), name, 0);
            }
        }
        if (dir != NULL) {
            closedir(dir);
        }
    }
}

bool sweep_child_can_resume(const gsc_sweep_folder *folder, const gsc_sweep_entry *entry) {
    char path[PATH_SIZE], checkpoints[PATH_SIZE];
    gsc_run *run = NULL;
    bool broken = false, kept = false;
    gsc_sweep_run_path(folder->path, &entry->run, path, sizeof path);
    if (access(path, R_OK) == 0 && gsc_run_open(path, &run, NULL) == GSC_OK) {
        const gsc_run_status status = gsc_run_get_info(run)->status;
        broken = status == GSC_RUN_STOPPED || status == GSC_RUN_LOST;
        gsc_run_close(run);
    }
    snprintf(checkpoints, sizeof checkpoints, "%.3800s/runs/%s.ckpt", folder->path,
             entry->run.name);
    DIR *dir = broken ? opendir(checkpoints) : NULL;
    const struct dirent *file;
    while (dir != NULL && !kept && (file = readdir(dir)) != NULL) {
        kept = is_checkpoint(file->d_name);
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return kept;
}

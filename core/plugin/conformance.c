/* SPDX-License-Identifier: MIT
 *
 * The parent's side of the conformance suite: a process for each test, its limits and its verdict. See
 * conformance.h. A child writes its verdict, and the function that it is in, into a page that both see.
 */
#include "core/plugin/conformance.h"

#include "core/plugin/conformance_private.h"
#include "core/plugin/copy.h"
#include "core/plugin/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    AT_ONCE = 2,
    MAX_TESTS = 64,
    MAX_NAME = 64
};

/* What child and parent share. */
typedef struct shared_page {
    gsc_verdict verdict;
    char message[GSC_ERROR_MESSAGE_SIZE];
    char function[MAX_NAME]; /* the one that is being called */
    char id[MAX_NAME], kind[16], version[MAX_NAME], title[256];
    gsc_kind kind_number;
} shared_page;

/* One test and its outcome. */
typedef struct suite_entry {
    const gsc_conformance_test *test;
    gsc_verdict verdict;
    char message[GSC_ERROR_MESSAGE_SIZE];
    shared_page *page;
    pid_t pid;
    int ended;
    double deadline_s;
} suite_entry;

typedef struct suite {
    gsc_plugin_copy copy;
    gsc_conformance_options options;
    suite_entry entries[MAX_TESTS];
    size_t count;
    shared_page about; /* as "loads" found it */
} suite;

static shared_page *page_now; /* of this process's test */

/* ---- The child's side ---- */

gsc_verdict gsc_trial_fail(gsc_trial *trial, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(trial->message, sizeof trial->message, format, args);
    va_end(args);
    trial->verdict = GSC_VERDICT_FAILED;
    return GSC_VERDICT_FAILED;
}

gsc_verdict gsc_trial_skip(gsc_trial *trial, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(trial->message, sizeof trial->message, format, args);
    va_end(args);
    trial->verdict = GSC_VERDICT_SKIPPED;
    return GSC_VERDICT_SKIPPED;
}

bool gsc_trial_run(gsc_trial *trial, gsc_exercise *exercise, const gsc_plan *plan) {
    gsc_error error = {0};
    if (gsc_exercise_run(exercise, trial->plugin, plan, &error) != GSC_OK) {
        gsc_exercise_clear(exercise);
        gsc_trial_skip(trial, "it %s", error.message);
        return false;
    }
    return true;
}

static void note_function(const char *function) {
    snprintf(page_now->function, sizeof page_now->function, "%s", function);
}

static void describe(shared_page *about, const gsc_plugin *plugin) {
    about->kind_number = plugin->kind;
    snprintf(about->id, sizeof about->id, "%s", plugin->id);
    snprintf(about->kind, sizeof about->kind, "%s", gsc_kind_name(plugin->kind));
    snprintf(about->version, sizeof about->version, "%s", plugin->version);
    snprintf(about->title, sizeof about->title, "%s", plugin->title);
}

/* Runs one test here and leaves its verdict in the page. */
static void run_here(const suite *self, const gsc_conformance_test *test, shared_page *page) {
    page_now = page;
    gsc_exercise_set_watcher(note_function, NULL);
    gsc_trial trial = {.path = self->copy.path, .bytes = self->copy.bytes, .size = self->copy.size};
    gsc_verdict verdict = GSC_VERDICT_OK;
    if (test->run != gsc_test_symbols) {
        verdict = gsc_test_loads(&trial);
        if (verdict == GSC_VERDICT_OK) {
            describe(page, trial.plugin);
        }
    }
    if (verdict == GSC_VERDICT_OK && test->run != gsc_test_loads) {
        trial.message[0] = '\0';
        verdict = test->run(&trial);
    }
    memcpy(page->message, trial.message, sizeof page->message);
    page->verdict = verdict;
}

static void set_limits(int seconds) {
    struct rlimit none = {0, 0}, time = {(rlim_t)seconds + 1, (rlim_t)seconds + 1};
    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_CPU, &time);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    struct rlimit memory = {(rlim_t)GSC_CONFORMANCE_MEMORY_GIB << 30,
                            (rlim_t)GSC_CONFORMANCE_MEMORY_GIB << 30};
    setrlimit(RLIMIT_AS, &memory);
#endif
}

static void run_child(const suite *self, suite_entry *entry, pid_t parent) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(1);
    }
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    set_limits(self->options.seconds);
    for (int number = 1; number < NSIG; number++) {
        signal(number, SIG_DFL);
    }
    run_here(self, entry->test, entry->page);
    _exit(0);
}

/* ---- The parent's side ---- */

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static gsc_status start(const suite *self, suite_entry *entry, gsc_error *error) {
    void *shared =
        mmap(NULL, sizeof *entry->page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t parent = getpid();
    fflush(NULL);
    entry->page = shared != MAP_FAILED ? shared : NULL;
    entry->pid = entry->page != NULL ? fork() : -1;
    if (entry->pid == 0) {
        run_child(self, entry, parent);
    }
    entry->ended = entry->pid > 0 ? (int)syscall(SYS_pidfd_open, entry->pid, 0) : -1;
    entry->deadline_s = now_s() + self->options.seconds;
    if (entry->ended >= 0) {
        return GSC_OK;
    }
    int why = errno;
    if (entry->pid > 0) {
        kill(entry->pid, SIGKILL);
        waitpid(entry->pid, NULL, 0);
    }
    if (entry->page != NULL) {
        munmap(entry->page, sizeof *entry->page);
    }
    entry->pid = 0;
    return gsc_fail(error, GSC_ERR_SYSTEM, "no process to check a plugin in (%s)", strerror(why));
}

/* The child's end in one sentence, where it left no verdict. */
static void judge_end(const suite *self, suite_entry *entry, int state, bool late) {
    const char *at = entry->page->function[0] != '\0' ? entry->page->function : "starting";
    entry->verdict = GSC_VERDICT_FAILED;
    bool out_of_time = WIFSIGNALED(state) && WTERMSIG(state) == SIGXCPU;
    if (late || out_of_time) {
        snprintf(entry->message, sizeof entry->message, "%s did not come back within %d seconds",
                 at, self->options.seconds);
    } else if (WIFSIGNALED(state)) {
        const char *name = sigabbrev_np(WTERMSIG(state));
        snprintf(entry->message, sizeof entry->message, "%s crashed with SIG%s", at,
                 name != NULL ? name : "?");
    } else {
        snprintf(entry->message, sizeof entry->message, "%s ended the process (exit code %d)", at,
                 WEXITSTATUS(state));
    }
}

static void finish(suite *self, suite_entry *entry, bool late) {
    int state = 0;
    kill(-entry->pid, SIGKILL);
    kill(entry->pid, SIGKILL);
    while (waitpid(entry->pid, &state, 0) < 0 && errno == EINTR) {
    }
    close(entry->ended);
    shared_page *page = entry->page;
    if (page->verdict != GSC_VERDICT_NONE && !late) {
        page->message[sizeof page->message - 1] = '\0';
        entry->verdict = page->verdict;
        memcpy(entry->message, page->message, sizeof entry->message);
    } else {
        judge_end(self, entry, state, late);
    }
    if (page->id[0] != '\0' && self->about.id[0] == '\0') {
        self->about = *page;
    }
    munmap(page, sizeof *page);
    entry->page = NULL;
    entry->pid = 0;
}

/* Waits until one of the running ends or is late. */
static void step(suite *self, suite_entry *running[AT_ONCE]) {
    struct pollfd polls[AT_ONCE];
    double wait_s = 3600;
    for (size_t i = 0; i < AT_ONCE; i++) {
        polls[i] = (struct pollfd){running[i] != NULL ? running[i]->ended : -1, POLLIN, 0};
        if (running[i] != NULL) {
            wait_s = fmin(wait_s, running[i]->deadline_s - now_s());
        }
    }
    poll(polls, AT_ONCE, wait_s > 0 ? (int)(wait_s * 1000) + 1 : 0);
    for (size_t i = 0; i < AT_ONCE; i++) {
        bool ended = polls[i].revents != 0;
        bool late = running[i] != NULL && !ended && now_s() >= running[i]->deadline_s;
        if (running[i] != NULL && (ended || late)) {
            finish(self, running[i], late);
            running[i] = NULL;
        }
    }
}

static gsc_status run_range(suite *self, size_t from, size_t to, gsc_error *error) {
    if (self->options.in_process) {
        for (size_t i = from; i < to; i++) {
            shared_page page = {0};
            run_here(self, self->entries[i].test, &page);
            self->entries[i].verdict = page.verdict;
            memcpy(self->entries[i].message, page.message, sizeof page.message);
            self->about = page.id[0] != '\0' ? page : self->about;
        }
        return GSC_OK;
    }
    suite_entry *running[AT_ONCE] = {NULL};
    gsc_status status = GSC_OK;
    size_t next = from, busy = 0;
    do {
        busy = 0;
        for (size_t i = 0; i < AT_ONCE; i++) {
            if (running[i] == NULL && next < to && status == GSC_OK) {
                status = start(self, &self->entries[next], error);
                running[i] = status == GSC_OK ? &self->entries[next++] : NULL;
            }
            busy += running[i] != NULL;
        }
        if (busy > 0) {
            step(self, running);
        }
    } while (busy > 0 || (next < to && status == GSC_OK));
    return status;
}

/* Does the list, ' ' between its words, hold the word? */
static bool holds(const char *list, const char *word) {
    size_t length = strlen(word);
    while (list != NULL && *list != '\0') {
        size_t n = strcspn(list, " ");
        if (n == length && strncmp(list, word, n) == 0) {
            return true;
        }
        list += n + (list[n] == ' ');
    }
    return false;
}

/* What fails only because another failed says so. */
static void settle(suite *self) {
    for (size_t i = 0; i < self->count; i++) {
        suite_entry *entry = &self->entries[i];
        for (size_t k = 0; k < self->count && entry->verdict == GSC_VERDICT_FAILED; k++) {
            if (self->entries[k].verdict == GSC_VERDICT_FAILED &&
                holds(entry->test->after, self->entries[k].test->name)) {
                entry->verdict = GSC_VERDICT_SKIPPED;
                snprintf(entry->message, sizeof entry->message, "follows from %s",
                         self->entries[k].test->name);
            }
        }
    }
}

static void take_entries(suite *self, gsc_kind kind, const char *only) {
    for (const gsc_conformance_test *test = gsc_conformance_tests; test->name != NULL; test++) {
        bool first = test->run == gsc_test_symbols || test->run == gsc_test_loads;
        bool mine = kind != 0 && (test->kinds >> kind & 1) != 0 && !first;
        mine = kind == 0 ? first : mine;
        if (mine && (only == NULL || strcmp(test->name, only) == 0)) {
            self->entries[self->count++] = (suite_entry){.test = test, .ended = -1};
        }
    }
}

static json_t *report(const suite *self, const char *path) {
    static const char *const words[] = {"failed", "ok", "failed", "skipped"};
    json_t *tests = json_array();
    int failed = 0;
    for (size_t i = 0; i < self->count; i++) {
        const suite_entry *entry = &self->entries[i];
        failed += entry->verdict == GSC_VERDICT_FAILED;
        json_t *message = json_string(entry->message);
        json_array_append_new(
            tests, json_pack("{s:s, s:s, s:o, s:s}", "name", entry->test->name, "status",
                             words[entry->verdict], "message",
                             message != NULL ? message : json_string("(a text that is no UTF-8)"),
                             "caught", entry->test->caught));
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:i, s:o}", "path", path, "sha256",
                     self->copy.sha256, "id", self->about.id, "kind", self->about.kind, "version",
                     self->about.version, "title", self->about.title, "ok", failed == 0, "failed",
                     failed, "tests", tests);
}

static bool is_test(const char *name) {
    for (const gsc_conformance_test *test = gsc_conformance_tests; test->name != NULL; test++) {
        if (strcmp(test->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* First whether it loads at all; then, if it does, the rest. */
static gsc_status run_all(suite *self, gsc_error *error) {
    take_entries(self, 0, NULL);
    size_t first = self->count;
    gsc_status status = run_range(self, 0, first, error);
    if (status == GSC_OK && self->about.kind_number != 0) {
        take_entries(self, self->about.kind_number, self->options.test);
        status = run_range(self, first, self->count, error);
    }
    settle(self);
    return status;
}

gsc_status gsc_conformance_check(const char *path, const gsc_conformance_options *options,
                                 json_t **ret_report, gsc_error *error) {
    if (options->test != NULL && !is_test(options->test)) {
        return gsc_fail(error, GSC_ERR_INPUT, "there is no conformance test \"%s\"", options->test);
    }
    suite *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory to check %s", path);
    }
    self->options = *options;
    const char *seconds = getenv("GATESCOPE_SCAN_SECONDS");
    int asked = seconds != NULL ? atoi(seconds) : 0;
    if (self->options.seconds <= 0) {
        self->options.seconds = asked > 0 ? asked : GSC_CONFORMANCE_SECONDS;
    }
    gsc_error why = {0};
    gsc_status status = gsc_plugin_copy_init(&self->copy, path, &why);
    if (status == GSC_OK) {
        status = gsc_plugin_copy_write(&self->copy, &why);
    }
    if (status != GSC_OK) {
        gsc_fail(error, status, "%s%s%s", status == GSC_ERR_SYSTEM ? "" : path,
                 status == GSC_ERR_SYSTEM ? "" : " ", why.message);
    } else {
        status = run_all(self, error);
    }
    if (status == GSC_OK) {
        *ret_report = report(self, path);
    }
    gsc_plugin_copy_clear(&self->copy);
    free(self);
    return status;
}

const char *gsc_conformance_test_name(size_t index) {
    return gsc_conformance_tests[index].name;
}

const char *gsc_conformance_test_caught(size_t index) {
    return gsc_conformance_tests[index].caught;
}

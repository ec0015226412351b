/* SPDX-License-Identifier: MIT
 *
 * The supervisor with workers that misbehave: each costs its own run, whose file says what
 * happened. argv[1] is the program bad-worker.
 */
#include "core/run/supervisor.h"

#include "tests/tap.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char folder[] = "/tmp/gsc-supervisor-XXXXXX";
static const char *worker[] = {NULL, "worker", NULL};

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void nap_ms(int ms) {
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

static gsc_spec *new_spec(const char *how, const char *points) {
    char text[200];
    gsc_spec *spec = NULL;
    gsc_error error = {0};
    snprintf(text, sizeof text,
             "{\"title\":\"%s\",\"threads\":2,\"theory.replicates\":%s,\"run.hang_s\":1}", how,
             points);
    if (gsc_spec_parse(text, "test", &spec, &error) != GSC_OK) {
        printf("Bail out! %s\n", error.message);
        exit(1);
    }
    return spec;
}

/* Runs the bad worker to its end; the file is folder/NAME.gsc. */
static gsc_status supervise(const char *how, const char *points, const char *name,
                            gsc_outcome *ret_outcome, gsc_error *error) {
    char path[300];
    gsc_spec *spec = new_spec(how, points);
    json_t *plugins = json_array();
    snprintf(path, sizeof path, "%s/%s.gsc", folder, name);
    gsc_order order = {.spec = spec,
                       .plugins = plugins,
                       .experiment = "",
                       .stem = "x",
                       .path = path,
                       .worker = worker};
    gsc_status status = gsc_supervise(&order, ret_outcome, error);
    gsc_spec_free(spec);
    json_decref(plugins);
    return status;
}

static void expect_failure(const char *how, const char *sentence) {
    gsc_outcome outcome;
    gsc_error error = {0};
    TAP_OK(supervise(how, "50", how, &outcome, &error) == GSC_OK &&
               outcome.status == GSC_RUN_FAILED,
           how);
    TAP_STRING(outcome.failure, sentence, "the sentence");
    gsc_run *run = NULL;
    TAP_OK(gsc_run_open(outcome.path, &run, &error) == GSC_OK &&
               gsc_run_get_info(run)->status == GSC_RUN_FAILED &&
               strcmp(gsc_run_get_info(run)->failure, sentence) == 0 &&
               gsc_run_series_count(run) <= 1,
           "is in the file");
    gsc_run_close(run);
}

static void test_bad_ends(void) {
    expect_failure("crash", "gate bad crashed with SIGSEGV in affinity at step 7");
    expect_failure("abort", "gate bad crashed with SIGABRT in affinity at step 7");
    expect_failure("raise", "gate bad crashed with SIGILL in affinity at step 7");
    expect_failure("exit", "gate bad ended the process (exit code 0) in affinity at step 7");
    expect_failure("_exit", "gate bad ended the process (exit code 3) in affinity at step 7");
    expect_failure("fork", "gate bad ended the process (exit code 5) in affinity at step 7");
    expect_failure("hang", "gate bad at step 7: affinity did not return within 1 s");
    expect_failure("pool", "gate culprit crashed with SIGSEGV in affinity at step 3");
    expect_failure("fails", "gate g at step 7: affinity returned NaN");
    expect_failure("outside", "the worker crashed with SIGSEGV outside any plugin; last activity: "
                              "n = 100, replicate 2");
}

static void test_vague_ends(void) {
    gsc_outcome outcome;
    TAP_OK(supervise("kill", "50", "kill", &outcome, NULL) == GSC_OK &&
               outcome.status == GSC_RUN_FAILED,
           "a killed worker fails its run");
    TAP_CONTAINS(outcome.failure, "SIGKILL", "and the signal is named");
    TAP_CONTAINS(outcome.failure, "memory", "and its likely cause");
    TAP_OK(supervise("closes", "50", "closes", &outcome, NULL) == GSC_OK &&
               outcome.status == GSC_RUN_FAILED,
           "a closed socket fails the run");
    TAP_CONTAINS(outcome.failure, "lost its socket", "and it says so");
    TAP_CONTAINS(outcome.failure, "last plugin call: gate bad, affinity at step 7",
                 "with the last plugin call");
    TAP_OK(supervise("garbles", "50", "garbles", &outcome, NULL) == GSC_OK &&
               outcome.status == GSC_RUN_FAILED,
           "garbled frames fail the run");
    TAP_CONTAINS(outcome.failure, "garbled", "and it says so");
    static const char *const silent[] = {"/bin/true", NULL};
    gsc_spec *spec = new_spec("x", "1");
    json_t *plugins = json_array();
    char path[300];
    snprintf(path, sizeof path, "%s/silent.gsc", folder);
    gsc_order order = {.spec = spec,
                       .plugins = plugins,
                       .experiment = "",
                       .stem = "x",
                       .path = path,
                       .worker = silent};
    TAP_OK(gsc_supervise(&order, &outcome, NULL) == GSC_OK && outcome.status == GSC_RUN_FAILED,
           "a worker that ends at once fails the run");
    TAP_CONTAINS(outcome.failure, "without a word (exit code 0); last activity: starting",
                 "and it says so");
    static const char *const missing[] = {"/nowhere/worker", NULL};
    order.worker = missing;
    order.replace = true;
    TAP_OK(gsc_supervise(&order, &outcome, NULL) == GSC_OK && outcome.status == GSC_RUN_FAILED,
           "a worker that is not there fails the run");
    gsc_spec_free(spec);
    json_decref(plugins);
}

static void test_refusal(void) {
    gsc_outcome outcome;
    gsc_error error = {0};
    char path[300];
    snprintf(path, sizeof path, "%s/refuses.gsc", folder);
    TAP_OK(supervise("refuses", "1", "refuses", &outcome, &error) == GSC_ERR_INPUT,
           "a spec that the lab refuses is bad input");
    TAP_STRING(error.message, "theory.sizes[0] is 3, fewer than the parameters", "in its words");
    TAP_OK(access(path, F_OK) != 0, "and leaves no file");
}

static void test_good_end(void) {
    gsc_outcome outcome;
    gsc_error error = {0};
    double began_s = now_s();
    TAP_OK(supervise("good", "100000", "good", &outcome, &error) == GSC_OK &&
               outcome.status == GSC_RUN_DONE,
           "a good run is done");
    printf("# 100000 points and as many progress reports in %.2f s\n", now_s() - began_s);
    gsc_run *run = NULL;
    gsc_point *points = NULL;
    size_t n = 0, right = 0;
    gsc_run_open(outcome.path, &run, NULL);
    gsc_run_dup_points(run, 0, &points, &n, NULL);
    for (size_t i = 0; i < n; i++) {
        right += points[i].x == (double)i && points[i].y == 1.0 / (double)(i + 1);
    }
    TAP_OK(n == 100000 && right == n, "with every point in order");
    free(points);
    TAP_OK(supervise("good", "10", "good", &outcome, &error) == GSC_ERR_INPUT,
           "its file is not overwritten");
    gsc_run_close(run);
}

typedef struct heard {
    int n;
    char text[4][300];
} heard;

static bool keep_event(void *data, double time_s, gsc_event_level level, const char *source,
                       const char *message) {
    heard *all = data;
    (void)time_s;
    if (strcmp(source, "plugin") == 0 && level == GSC_EVENT_WARNING && all->n < 4) {
        snprintf(all->text[all->n++], sizeof all->text[0], "%s", message);
    }
    return true;
}

/* What a plugin prints is an event, not noise. */
static void test_printing(void) {
    gsc_outcome outcome;
    heard all = {0};
    gsc_run *run = NULL;
    TAP_OK(supervise("prints", "50", "prints", &outcome, NULL) == GSC_OK &&
               outcome.status == GSC_RUN_DONE,
           "a plugin that prints spoils no run");
    gsc_run_open(outcome.path, &run, NULL);
    gsc_run_visit_events(run, keep_event, &all, NULL);
    TAP_OK(all.n == 2, "its printing is two warnings");
    TAP_CONTAINS(all.text[0], "gate bad printed \"first words\" in affinity at step 7",
                 "the first names plugin, function and step");
    TAP_STRING(all.text[1], "gate bad printed 4 lines (44 bytes) in affinity, the first at step 7",
               "the second counts it, with what went past the C library");
    gsc_run_close(run);
}

/* A supervisor in a child process, so that it can be sent signals. */
static pid_t start_child(const char *how, const char *points, const char *name) {
    pid_t pid = fork();
    if (pid == 0) {
        gsc_outcome outcome;
        gsc_status status = supervise(how, points, name, &outcome, NULL);
        _exit(status == GSC_OK ? 10 + (int)outcome.status : 1);
    }
    nap_ms(700);
    return pid;
}

static int wait_for(pid_t pid) {
    int state = 0;
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(state) ? WEXITSTATUS(state) : -WTERMSIG(state);
}

static gsc_run *open_run(const char *name) {
    char path[300];
    gsc_run *run = NULL;
    gsc_error error = {0};
    snprintf(path, sizeof path, "%s/%s.gsc", folder, name);
    if (gsc_run_open(path, &run, &error) != GSC_OK) {
        printf("Bail out! %s\n", error.message);
        exit(1);
    }
    return run;
}

static void test_stop(void) {
    pid_t pid = start_child("slow", "100000", "stopped");
    gsc_run *run = open_run("stopped");
    TAP_OK(gsc_run_get_info(run)->status == GSC_RUN_RUNNING && gsc_run_points_count(run, 0) > 10,
           "points are in the file while it runs");
    kill(pid, SIGINT);
    TAP_OK(wait_for(pid) == 10 + GSC_RUN_STOPPED, "SIGINT stops a run");
    gsc_run_poll(run, &(bool){0}, NULL);
    TAP_OK(gsc_run_get_info(run)->status == GSC_RUN_STOPPED, "and the file says so");
    gsc_run_close(run);
    pid = start_child("deaf", "100", "deaf");
    double began_s = now_s();
    kill(pid, SIGINT);
    nap_ms(200);
    TAP_OK(waitpid(pid, NULL, WNOHANG) == 0, "a worker that does not hear is given time");
    kill(pid, SIGINT);
    TAP_OK(wait_for(pid) == 10 + GSC_RUN_STOPPED && now_s() - began_s < 3,
           "a second SIGINT does not wait");
}

/* Children of a process that is gone: looks for the worker among all processes by its argv. */
static int count_workers(void) {
    char command[400], line[32] = "";
    snprintf(command, sizeof command, "ps -eo args | grep -c '^%s worker'", worker[0]);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL || fgets(line, sizeof line, pipe) == NULL) {
        line[0] = '\0';
    }
    if (pipe != NULL) {
        pclose(pipe);
    }
    return atoi(line);
}

static void test_killed_supervisor(void) {
    pid_t pid = start_child("slow", "100000", "killed");
    TAP_OK(count_workers() == 1, "a worker runs");
    kill(pid, SIGKILL);
    TAP_OK(wait_for(pid) == -SIGKILL, "the supervisor is killed");
    int left = 1;
    for (int i = 0; i < 40 && left > 0; i++) {
        nap_ms(25);
        left = count_workers();
    }
    TAP_OK(left == 0, "the worker is gone with it");
    gsc_run *run = open_run("killed");
    TAP_OK(gsc_run_get_info(run)->status == GSC_RUN_LOST, "the run reads as lost");
    TAP_OK(gsc_run_points_count(run, 0) > 10, "with what it had found");
    gsc_run_close(run);
}

int main(int argc, char **argv) {
    if (argc != 2 || mkdtemp(folder) == NULL) {
        fprintf(stderr, "usage: test-supervisor BAD-WORKER\n");
        return 2;
    }
    worker[0] = argv[1];
    test_bad_ends();
    test_vague_ends();
    test_refusal();
    test_good_end();
    test_printing();
    test_stop();
    test_killed_supervisor();
    char command[400];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return tap_done() + (system(command) != 0);
}

/* SPDX-License-Identifier: MIT
 *
 * The scheduler with a program that stands for `gatescope`: all runs end, no more at once than asked;
 * failures, deaths, refusals, stops, pauses and what a dead scheduler left. argv[1] is that program.
 */
#include "core/sweep/scheduler.h"
#include "tests/tap.h"

#include <jansson.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *program;
static char top[] = "/tmp/gsc-sweep-XXXXXX";
static sig_atomic_t volatile stops;
static char events[2000];
static size_t most_here;

static void must(gsc_status status, const gsc_error *error) {
    if (status != GSC_OK) {
        printf("Bail out! %s\n", error->message);
        exit(1);
    }
}

static gsc_sweep_folder *make(const char *name, const char *seeds) {
    char text[500], path[200];
    gsc_sweep *sweep = NULL;
    gsc_sweep_folder *folder = NULL;
    gsc_error error = {0};
    snprintf(text, sizeof text,
             "{\"base\": {\"lab\": \"lm\"}, \"verdict\": false, \"seeds\": %s, \"axes\": "
             "{\"lm.shared\": [0, 1]}}",
             seeds);
    snprintf(path, sizeof path, "%s/%s", top, name);
    must(gsc_sweep_parse(text, "test", &sweep, &error), &error);
    must(gsc_sweep_create(sweep, path, &error), &error);
    must(gsc_sweep_folder_open(path, &folder, &error), &error);
    gsc_sweep_free(sweep);
    return folder;
}

static void watch(void *data, const gsc_sweep_progress *p) {
    (void)data;
    most_here = p->here > most_here ? p->here : most_here;
    if (p->event != NULL) {
        const size_t used = strlen(events);
        snprintf(events + used, sizeof events - used, "%s; ", p->event);
    }
}

static gsc_status schedule(gsc_sweep_folder *folder, size_t jobs, gsc_error *error) {
    const gsc_sweep_options options = {
        .program = program, .jobs = jobs, .threads = 1, .run_s = 1, .stop = &stops, .watch = watch};
    events[0] = '\0';
    most_here = 0;
    return gsc_sweep_schedule(folder, &options, error);
}

static void test_ends(void) {
    gsc_sweep_folder *folder = make("ends", "[1, 2, 4, 5]");
    gsc_error error = {0};
    double value = 0;
    char path[300];
    TAP_OK(schedule(folder, 2, &error) == GSC_OK, "all runs end");
    TAP_OK(folder->n_state[GSC_SWEEP_DONE] == 8 && most_here == 2, "two at once");
    gsc_sweep_run_path(folder->path, &folder->entries[0].run, path, sizeof path);
    TAP_OK(gsc_sweep_result(path, "validation_loss", &value) && value == 3, "with their results");
    TAP_CONTAINS(events, "shared-0-s4 failed: the loss is nan", "a failure is told");
    TAP_CONTAINS(events, "was lost and goes back to wait", "a run that died is begun again");
    TAP_OK(strstr(events, "given up") == NULL, "and not given up");
    gsc_sweep_folder_free(folder);

    /* Four that rest equally long end in the same look. */
    folder = make("together", "[4, 104, 204, 304]");
    TAP_OK(schedule(folder, 8, &error) == GSC_OK, "all runs end together");
    size_t told = 0;
    for (const char *at = events; (at = strstr(at, " failed: ")) != NULL; at++) {
        told++;
    }
    TAP_OK(told == 8 && folder->n_state[GSC_SWEEP_DONE] == 8, "each failure is told");
    gsc_sweep_folder_free(folder);
}

static void test_refused(void) {
    gsc_sweep_folder *folder = make("refused", "[9]");
    gsc_error error = {0};
    TAP_OK(schedule(folder, 1, &error) == GSC_ERR_INPUT, "a refused spec ends the sweep");
    TAP_CONTAINS(error.message, "the corpus is not there", "with the run's own words");
    must(gsc_sweep_folder_read(folder, false, &error), &error);
    TAP_OK(folder->n_state[GSC_SWEEP_TODO] == 2, "and the run waits again");
    gsc_sweep_folder_free(folder);
}

static void test_pause(void) {
    gsc_sweep_folder *folder = make("pause", "[1]");
    gsc_error error = {0};
    must(gsc_sweep_pause(folder->path, true, &error), &error);
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before); /* before the child's clock runs */
    const pid_t child = fork();
    if (child == 0) {
        nanosleep(&(struct timespec){.tv_nsec = 900000000}, NULL);
        _exit(gsc_sweep_pause(folder->path, false, NULL) == GSC_OK ? 0 : 1);
    }
    TAP_OK(schedule(folder, 2, &error) == GSC_OK, "a paused sweep waits");
    clock_gettime(CLOCK_MONOTONIC, &after);
    const double took =
        (double)(after.tv_sec - before.tv_sec) + 1e-9 * (double)(after.tv_nsec - before.tv_nsec);
    TAP_OK(took > 0.8 && folder->n_state[GSC_SWEEP_DONE] == 2, "and goes on");
    waitpid(child, NULL, 0);
    gsc_sweep_folder_free(folder);
}

/* A scheduler claimed a run and died before it began; another run ended, and nobody moved it. */
static void test_orphans(void) {
    gsc_sweep_folder *folder = make("orphans", "[1, 2]");
    gsc_error error = {0};
    char path[400];
    bool moved;
    gsc_sweep_entry *entry = &folder->entries[0];
    must(gsc_sweep_move(folder, entry, GSC_SWEEP_RUNNING, &moved, &error), &error);
    gsc_process dead;
    gsc_process_self(&dead);
    json_t *owner = json_pack("{s:s, s:s, s:i, s:i}", "host", dead.host, "boot_id", dead.boot_id,
                              "pid", (int)dead.pid, "start_ticks", 1);
    snprintf(path, sizeof path, "%s/running/%.*s.owner", folder->path, (int)strlen(entry->file) - 5,
             entry->file);
    json_dump_file(owner, path, 0);
    json_decref(owner);
    TAP_OK(schedule(folder, 2, &error) == GSC_OK && folder->n_state[GSC_SWEEP_DONE] == 4,
           "what a dead scheduler had claimed is begun again");
    TAP_OK(access(path, F_OK) != 0, "and its claim is gone");
    gsc_sweep_folder_free(folder);
}

/* The plan has another base than the specs that wait. */
static void test_changed_plan(void) {
    gsc_sweep_folder *folder = make("changed", "[1, 2]");
    gsc_error error = {0};
    char plan[400], path[300];
    snprintf(path, sizeof path, "%s", folder->path);
    snprintf(plan, sizeof plan, "%s/sweep.json", path);
    json_t *text = json_load_file(plan, 0, NULL);
    json_object_set_new(json_object_get(json_object_get(text, "base"), "lm"), "steps",
                        json_integer(7));
    TAP_OK(json_dump_file(text, plan, 0) == 0, "a plan is changed");
    json_decref(text);
    gsc_sweep_folder_free(folder);
    must(gsc_sweep_folder_open(path, &folder, &error), &error);
    TAP_OK(schedule(folder, 2, &error) == GSC_ERR_INPUT, "nothing is begun then");
    TAP_CONTAINS(error.message, "lm.steps is 300 here and 7 in the plan", "and why is told");
    must(gsc_sweep_folder_read(folder, false, &error), &error);
    TAP_OK(folder->n_state[GSC_SWEEP_TODO] == 4, "and all runs still wait");
    gsc_sweep_folder_free(folder);
}

static void test_stop(void) {
    gsc_sweep_folder *folder = make("stop", "[1, 2, 3]");
    gsc_error error = {0};
    stops = 1;
    TAP_OK(schedule(folder, 1, &error) == GSC_ERR_STOPPED, "a stop");
    must(gsc_sweep_folder_read(folder, false, &error), &error);
    TAP_OK(folder->n_state[GSC_SWEEP_RUNNING] == 0 && folder->n_state[GSC_SWEEP_TODO] >= 5,
           "leaves the rest to wait");
    stops = 0;
    TAP_OK(schedule(folder, 2, &error) == GSC_OK && folder->n_state[GSC_SWEEP_DONE] == 6,
           "and the sweep goes on later");
    gsc_sweep_folder_free(folder);
}

int main(int argc, char **argv) {
    if (argc < 2 || mkdtemp(top) == NULL) {
        printf("Bail out! no program or no folder\n");
        return 1;
    }
    program = argv[1];
    test_ends();
    test_refused();
    test_pause();
    test_orphans();
    test_changed_plan();
    test_stop();
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", top);
    return system(command) != 0 || tap_done();
}

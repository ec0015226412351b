/* SPDX-License-Identifier: MIT
 *
 * The command line as a user meets it: the built program, its exit codes, its sentences, its files.
 * argv: the program, the folder of misbehaving plugins.
 */
#include "core/read/run_file.h"
#include "tests/tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *program;
static char folder[] = "/tmp/gsc-cli-XXXXXX";
static char out[1 << 16], err[1 << 16];

#define SMALL "run preset:theorem2 --set theory.sizes=[200,400] --set theory.replicates=2 "

static void read_whole(const char *name, char *ret_text, size_t size) {
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    size_t n = file != NULL ? fread(ret_text, 1, size - 1, file) : 0;
    ret_text[n] = '\0';
    if (file != NULL) {
        fclose(file);
    }
}

/* Runs the program with a shell's words in the test's folder; out and err are what it printed. */
static int cli(const char *words) {
    char command[4000];
    snprintf(command, sizeof command, "cd %s && '%s' %s >out.txt 2>err.txt </dev/null", folder,
             program, words);
    int state = system(command);
    read_whole("out.txt", out, sizeof out);
    read_whole("err.txt", err, sizeof err);
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

static void expect(const char *words, int code, const char *sentence) {
    int got = cli(words);
    TAP_OK(got == code, words);
    if (got != code) {
        printf("# exit %d, not %d: %.300s\n", got, code, err);
    }
    TAP_CONTAINS(code == 0 ? out : err, sentence, "and says what to know");
}

static bool exists(const char *name) {
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static gsc_run_status status_of(const char *name, char *ret_failure, size_t size) {
    char path[300];
    gsc_run *run = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (gsc_run_open(path, &run, NULL) != GSC_OK) {
        return GSC_RUN_QUEUED;
    }
    gsc_run_status status = gsc_run_get_info(run)->status;
    snprintf(ret_failure, size, "%s", gsc_run_get_info(run)->failure);
    gsc_run_close(run);
    return status;
}

static void test_words(void) {
    expect("--version", 0, "gatescope 0.");
    expect("--help", 0, "gatescope run");
    expect("help run", 0, "--set KEY=VALUE");
    expect("run --help", 0, "--force");
    expect("data get --help", 0, "--from DIR");
    expect("compare somewhere --help", 0, "verdict");
    expect("reprot", 2, "there is no command \"reprot\"; the nearest is report");
    expect("help wroker", 2, "there is no command");
    expect("worker", 2, "gatescope run");
    expect("presets", 0, "One expert too many");
    expect("plugin list", 0, "softmax");
    expect("bench", 2, "em, kernels, lm or plot");
}

static void test_bad_specs(void) {
    expect("run preset:frist -o x.gsc", 2, "first");
    expect("run nowhere.json -o x.gsc", 2, "nowhere.json");
    expect("run preset:first first.json", 2, "one spec at a time");
    expect("run --st a=b", 2, "there is no option \"--st\"");
    expect("run -o", 2, "-o needs a value");
    expect("run -o x.txt", 2, "ends in .gsc");
    expect("run --device cuda -o x.gsc", 2, "without CUDA");
    expect(SMALL "-o x.gsc --set theory.size=[100]", 2, "the nearest is theory.sizes");
    expect(SMALL "-o x.gsc --set theory.sizes=big", 2, "it should be a list of whole numbers");
    expect(SMALL "-o x.gsc --set theory.sizes=[3]", 2, "theory.sizes");
    expect(SMALL "-o x.gsc --set gate=sofmax", 2,
           "gate \"sofmax\" is not installed; the nearest is softmax");
    expect(SMALL "-o x.gsc --seed one", 2, "seed");
    expect(SMALL "-o nowhere/x.gsc", 1, "cannot make nowhere/x.gsc: No such file or directory");
    TAP_OK(!exists("x.gsc"), "none of these leaves a file");
    FILE *file;
    char path[300];
    snprintf(path, sizeof path, "%s/bad.json", folder);
    file = fopen(path, "w");
    fputs("{\n  \"gate\": \"softmax\",\n  \"theory\": {\"replicate\": 3}\n}\n", file);
    fclose(file);
    expect("run bad.json -o x.gsc", 2, "bad.json:3");
    TAP_CONTAINS(err, "theory.replicates", "with the nearest key");
}

/* A constant x cannot tell slopes: the run says so, and its report in either form. */
static void test_alarms(void) {
    char path[300];
    snprintf(path, sizeof path, "%s/flat.csv", folder);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 60; i++) {
        fprintf(file, "1.5,%d\n", i * i % 17);
    }
    fclose(file);
    expect("run preset:theorem2 --set theory.data=flat.csv --set theory.start=kmeans "
           "--set theory.k_shared=0 --set theory.k_routed=1 -o flat.gsc",
           0, "flat.gsc");
    TAP_CONTAINS(err, "alarm: data: column 1 (x) is 1.5 in every row", "a run tells its alarms");
    expect("report flat.gsc", 0, "its slopes are not identified");
    TAP_OK(cli("report flat.gsc --json") == 0, "and as JSON");
    json_t *report = json_loads(out, 0, NULL);
    const json_t *alarm = json_array_get(json_object_get(json_array_get(report, 0), "alarms"), 0);
    const char *source = json_string_value(json_object_get(alarm, "source"));
    TAP_STRING(source != NULL ? source : "none", "data", "with their source");
    json_decref(report);
}

static void test_run(void) {
    char failure[700];
    TAP_OK(cli(SMALL "-o t2.gsc") == 0, "a small run");
    TAP_STRING(out, "t2.gsc\n", "prints its file on stdout");
    TAP_CONTAINS(err, "done after", "and a summary on stderr");
    TAP_OK(status_of("t2.gsc", failure, sizeof failure) == GSC_RUN_DONE, "it is done");
    TAP_OK(cli("report t2.gsc --json") == 0, "report");
    json_t *report = json_loads(out, 0, NULL);
    json_t *results = json_object_get(json_array_get(report, 0), "results");
    TAP_OK(json_object_size(results) > 0, "has results");
    json_decref(report);
    expect(SMALL "-o t2.gsc", 2, "--force");
    expect(SMALL "-o t2.gsc --force --set theory.sizes=[3]", 2, "theory.sizes");
    TAP_OK(status_of("t2.gsc", failure, sizeof failure) == GSC_RUN_DONE,
           "a refused run does not cost the file it would have replaced");
    expect(SMALL "-o t2.gsc --force --quiet", 0, "t2.gsc");
    TAP_STRING(err, "", "quiet says nothing");
    TAP_OK(cli("report t2.gsc -o told") == 0 && exists("told/rates.csv") &&
               exists("told/results.csv"),
           "a folder for its report");
    expect("export t2.gsc --to csv -o csv", 0, "");
    TAP_OK(exists("csv/points.csv"), "export writes points");
    char command[400];
    snprintf(command, sizeof command, "%s/runs", folder);
    setenv("GATESCOPE_RUNS", command, 1);
    TAP_OK(cli(SMALL) == 0, "a run without -o");
    TAP_CONTAINS(out, "/runs/theorem2-20", "goes into the runs folder, named after its experiment");
}

/* A terminal or a window that is gone costs its messages, not the run. */
static void test_nobody_listens(void) {
    char failure[700], command[4000];
    snprintf(command, sizeof command, "cd %s && '%s' " SMALL "-o deaf.gsc 2>&1 | true", folder,
             program);
    TAP_OK(system(command) == 0 && status_of("deaf.gsc", failure, sizeof failure) == GSC_RUN_DONE,
           "a run whose messages nobody reads is done");
}

/* A gate that misbehaves at some call: the run fails, and its file names gate, function and step. */
static void expect_bad_gate(const char *gate, const char *first, const char *second) {
    char words[600], failure[700] = "", file[64];
    snprintf(file, sizeof file, "%s.gsc", gate);
    snprintf(words, sizeof words, SMALL "--threads 1 --set run.hang_s=1 --set gate=%s -o %s", gate,
             file);
    TAP_OK(cli(words) == 1, gate);
    TAP_OK(status_of(file, failure, sizeof failure) == GSC_RUN_FAILED, "its run failed");
    TAP_CONTAINS(failure, first, "the sentence names gate and fault");
    TAP_CONTAINS(failure, second, "and function");
    TAP_CONTAINS(failure, "at step", "and step");
    TAP_CONTAINS(err, failure, "and is on stderr");
}

static void test_bad_gates(const char *plugins) {
    setenv("GATESCOPE_PLUGIN_PATH", plugins, 1);
    expect_bad_gate("bad_crash_at", "gate bad_crash_at crashed with SIGSEGV", "affinity");
    expect_bad_gate("bad_hang_at", "gate bad_hang_at at step",
                    "affinity did not return within 1 s");
    expect_bad_gate("bad_exit_at", "gate bad_exit_at ended the process (exit code 0)", "affinity");
    expect_bad_gate("bad_nan_at", "bad_nan_at", "affinity");
    unsetenv("GATESCOPE_PLUGIN_PATH");
}

static void test_stop(void) {
    char failure[700] = "", log[300];
    pid_t pid = fork();
    if (pid == 0) {
        snprintf(log, sizeof log, "%s/stop.log", folder);
        int file = open(log, O_CREAT | O_WRONLY, 0666);
        signal(SIGINT, SIG_IGN); /* as a shell's background job is born: Stop works all the same */
        dup2(file, STDOUT_FILENO);
        dup2(file, STDERR_FILENO);
        execl(program, program, "run", "preset:theorem2", "--set", "theory.sizes=[1000,100000]",
              "--set", "theory.replicates=4000", "-o", "stop.gsc", (char *)NULL);
        _exit(127);
    }
    gsc_run_status status = GSC_RUN_QUEUED;
    for (int i = 0; i < 100 && status != GSC_RUN_RUNNING; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        status = status_of("stop.gsc", failure, sizeof failure);
    }
    TAP_OK(status == GSC_RUN_RUNNING, "a long run is going");
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    kill(pid, SIGINT);
    int state = 0;
    waitpid(pid, &state, 0);
    TAP_OK(WIFEXITED(state) && WEXITSTATUS(state) == 130, "SIGINT: exit 130");
    TAP_OK(status_of("stop.gsc", failure, sizeof failure) == GSC_RUN_STOPPED, "its file: stopped");
}

int main(int argc, char **argv) {
    char *plugins = argc == 3 ? realpath(argv[2], NULL) : NULL;
    program = argc == 3 ? realpath(argv[1], NULL) : NULL;
    if (program == NULL || plugins == NULL || mkdtemp(folder) == NULL || chdir(folder) != 0) {
        fprintf(stderr, "usage: test-cli GATESCOPE BAD-PLUGINS-FOLDER\n");
        return 2;
    }
    test_words();
    test_bad_specs();
    test_run();
    test_alarms();
    test_nobody_listens();
    test_bad_gates(plugins);
    test_stop();
    char command[400];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return tap_done() + (system(command) != 0);
}

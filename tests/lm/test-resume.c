/* SPDX-License-Identifier: MIT
 *
 * `gatescope resume`: a run that was stopped, and one whose supervisor was killed, end in the same
 * file with the same series, vectors, results and last checkpoint as one that was left alone; what
 * cannot be resumed is refused in a sentence and keeps its file.
 *
 * argv: the program.
 */
#include "core/base/sha256.h"
#include "core/read/run_file.h"
#include "tests/tap.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *program;
static char folder[] = "/tmp/gatescope-resume-XXXXXX";

static const char *const settings =
    "--set lm.data=corpus.txt --set lm.tokenizer=bytes --set lm.steps=150 --set lm.width=16 "
    "--set lm.layers=2 --set lm.context=32 --set lm.batch=4 --set lm.experts=6 --set lm.top_k=2 "
    "--set lm.expert_width=8 --set lm.validation_positions=2048 --set lm.probe_positions=1024 "
    "--set lm.bias_rate=0.01";

static void write_corpus(void) {
    static const char *const words[] = {"the ", "cat ",  "sat ", "on ",  "a ",       "mat, ",
                                        "and ", "then ", "it ",  "ran ", "home.\n\n"};
    FILE *file = fopen("corpus.txt", "w");
    unsigned state = 1;
    for (size_t i = 0; i < 20000; i++) {
        state = state * 1103515245u + 12345u;
        fputs(words[(state >> 16) % (sizeof words / sizeof words[0])], file);
    }
    fclose(file);
}

/* A shell's words after the program; the exit code, and what went to stderr. */
static int cli(const char *words, char *ret_said, size_t size) {
    char command[2000];
    snprintf(command, sizeof command, "'%s' %s >out.txt 2>err.txt </dev/null", program, words);
    const int state = system(command);
    FILE *file = fopen("err.txt", "r");
    const size_t n = file != NULL ? fread(ret_said, 1, size - 1, file) : 0;
    ret_said[n] = '\0';
    if (file != NULL) {
        fclose(file);
    }
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

static gsc_run *open_run(const char *name) {
    gsc_run *run = NULL;
    gsc_error error = {0};
    if (gsc_run_open(name, &run, &error) != GSC_OK) {
        printf("Bail out! %s\n", error.message);
        exit(1);
    }
    return run;
}

static gsc_run_status status_of(const char *name) {
    gsc_run *run = open_run(name);
    const gsc_run_status status = gsc_run_get_info(run)->status;
    gsc_run_close(run);
    return status;
}

/* Starts a run and sends its supervisor a signal when a checkpoint is there. */
static void interrupt_once(const char *name, const char *checkpoint, int number) {
    char command[2000], path[128];
    const pid_t child = fork();
    if (child == 0) {
        snprintf(command, sizeof command,
                 "exec '%s' run preset:lm-deepseek-v3 %s --quiet --threads 1 -o %s.gsc "
                 ">/dev/null 2>&1 </dev/null",
                 program, settings, name);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    snprintf(path, sizeof path, "%s.ckpt/%s", name, checkpoint);
    const struct timespec moment = {.tv_nsec = 3000000};
    for (int i = 0; i < 20000 && access(path, F_OK) != 0; i++) {
        nanosleep(&moment, NULL);
    }
    kill(child, number);
    waitpid(child, NULL, 0);
}

/* On a busy machine a run may be done before the signal comes: then another one is. */
static void interrupt(const char *name, const char *checkpoint, int number) {
    char file[64], remove_all[160];
    snprintf(file, sizeof file, "%s.gsc", name);
    snprintf(remove_all, sizeof remove_all, "rm -rf %s %s.ckpt", file, name);
    interrupt_once(name, checkpoint, number);
    for (int i = 0; i < 20 && status_of(file) == GSC_RUN_DONE; i++) {
        if (system(remove_all) == 0) {
            interrupt_once(name, checkpoint, number);
        }
    }
}

static bool same_points(gsc_run *a, gsc_run *b, size_t series) {
    gsc_point *x = NULL, *y = NULL;
    size_t n = 0, m = 0;
    gsc_run_dup_points(a, series, &x, &n, NULL);
    gsc_run_dup_points(b, series, &y, &m, NULL);
    bool same = n == m;
    for (size_t i = 0; same && i < n; i++) {
        same = x[i].x == y[i].x && (x[i].y == y[i].y || (isnan(x[i].y) && isnan(y[i].y)));
    }
    free(x);
    free(y);
    return same;
}

static bool same_vectors(gsc_run *a, gsc_run *b, size_t series) {
    gsc_vectors x = {0}, y = {0};
    gsc_run_read_vectors(a, series, 0, &x, NULL);
    gsc_run_read_vectors(b, series, 0, &y, NULL);
    bool same = x.count == y.count;
    for (size_t i = 0; same && i < x.count; i++) {
        same = x.x[i] == y.x[i] && x.start[i + 1] == y.start[i + 1];
    }
    same = same &&
           (x.count == 0 || memcmp(x.values, y.values, x.start[x.count] * sizeof *x.values) == 0);
    gsc_vectors_clear(&x);
    gsc_vectors_clear(&y);
    return same;
}

/* Seconds are never the same twice. */
static bool is_time(const char *name) {
    return strstr(name, "per_second") != NULL || strstr(name, "share_of_step") != NULL;
}

static void compare(const char *whole, const char *resumed, const char *what) {
    gsc_run *a = open_run(whole), *b = open_run(resumed);
    bool same = gsc_run_series_count(a) == gsc_run_series_count(b);
    size_t points = 0;
    for (size_t i = 0; same && i < gsc_run_series_count(a); i++) {
        const gsc_series_info *one = gsc_run_series(a, i), *other = gsc_run_series(b, i);
        const bool here = strcmp(one->name, other->name) == 0 && one->layer == other->layer &&
                          (is_time(one->name) || (same_points(a, b, i) && same_vectors(a, b, i)));
        if (!here) {
            printf("# %s of layer %d differs\n", one->name, (int)one->layer);
        }
        points += (size_t)gsc_run_points_count(a, i);
        same = same && here;
    }
    TAP_OK(same && points > 1000, what);
    same = gsc_run_results_count(a) == gsc_run_results_count(b);
    for (size_t i = 0; same && i < gsc_run_results_count(a); i++) {
        const gsc_result *one = gsc_run_result(a, i), *other = gsc_run_result(b, i);
        same = strcmp(one->name, other->name) == 0 &&
               (one->value == other->value || is_time(one->name));
        if (!same) {
            printf("# result %s: %.17g and %.17g\n", one->name, one->value, other->value);
        }
    }
    TAP_OK(same && gsc_run_results_count(a) > 50, "so are the results");
    gsc_run_close(a);
    gsc_run_close(b);
}

static void hash_of(const char *path, char ret_hex[65]) {
    FILE *file = fopen(path, "r");
    char *bytes = malloc(1 << 22);
    const size_t n = file != NULL ? fread(bytes, 1, 1 << 22, file) : 0;
    gsc_sha256_text(bytes, n, ret_hex);
    if (file != NULL) {
        fclose(file);
    }
    free(bytes);
}

static bool says_resumed(void *data, double time_s, gsc_event_level level, const char *source,
                         const char *message) {
    bool *found = data;
    (void)time_s, (void)level, (void)source;
    *found = *found || strncmp(message, "resumed at step ", 16) == 0;
    return true;
}

static void test_resumed(const char *name, gsc_run_status before, const char *more,
                         const char *what) {
    char words[256], file[64], last[128], said[2000], one[65], other[65];
    bool told = false;
    snprintf(file, sizeof file, "%s.gsc", name);
    TAP_OK(status_of(file) == before, "it was interrupted");
    snprintf(words, sizeof words, "resume %s %s", file, more);
    const int code = cli(words, said, sizeof said);
    TAP_OK(code == 0 && status_of(file) == GSC_RUN_DONE, "and goes on to its end");
    if (code != 0) {
        printf("# %s\n", said);
    }
    compare("whole.gsc", file, what);
    hash_of("whole.ckpt/step-0000150.safetensors", one);
    snprintf(last, sizeof last, "%s.ckpt/step-0000150.safetensors", name);
    hash_of(last, other);
    TAP_STRING(other, one, "and the last checkpoint, byte by byte");
    gsc_run *run = open_run(file);
    gsc_run_visit_events(run, says_resumed, &told, NULL);
    gsc_run_close(run);
    TAP_OK(told, "the file says where it was resumed");
}

static void refuse(const char *words, const char *part) {
    char said[2000];
    TAP_OK(cli(words, said, sizeof said) == 2, words);
    TAP_CONTAINS(said, part, "in a sentence");
}

static void test_refusals(void) {
    char said[2000];
    refuse("resume whole.gsc", "is done");
    refuse("resume", "needs a run file");
    refuse("resume nothing.gsc", "nothing.gsc");
    TAP_OK(cli("run preset:theorem2 --set theory.sizes=[200] --set theory.replicates=2 --quiet "
               "-o theory.gsc",
               said, sizeof said) == 0,
           "a run of the other lab");
    refuse("resume theory.gsc", "keep no checkpoints");
    interrupt("bare", "step-0000003.safetensors", SIGINT);
    refuse("resume bare.gsc --checkpoint 7", "no checkpoint of step 7");
    /* A checkpoint of another run is refused when the worker opens it: nothing is taken back. */
    TAP_OK(system("cp whole.ckpt/step-0000015.safetensors step && rm -r bare.ckpt && "
                  "mkdir bare.ckpt && sed 's/\"identity\":\"seed ./\"identity\":\"seed 9/' step "
                  ">bare.ckpt/step-0000003.safetensors") == 0,
           "a checkpoint of another seed");
    gsc_run *before = open_run("bare.gsc");
    refuse("resume bare.gsc", "of another run");
    gsc_run *after = open_run("bare.gsc");
    TAP_OK(gsc_run_get_info(after)->status == GSC_RUN_STOPPED && same_points(before, after, 0),
           "a refused run is as it was");
    gsc_run_close(before);
    gsc_run_close(after);
    TAP_OK(system("rm -r bare.ckpt") == 0, "no checkpoint is left");
    refuse("resume bare.gsc", "run the spec again");
}

int main(int argc, char **argv) {
    char words[1500], said[2000];
    program = argc > 1 ? realpath(argv[1], NULL) : NULL; /* before the folder changes */
    if (program == NULL || mkdtemp(folder) == NULL || chdir(folder) != 0) {
        return 1;
    }
    write_corpus();
    snprintf(words, sizeof words, "run preset:lm-deepseek-v3 %s --quiet -o whole.gsc", settings);
    TAP_OK(cli(words, said, sizeof said) == 0, "a run that is left alone");
    interrupt("stopped", "step-0000030.safetensors", SIGINT);
    test_resumed("stopped", GSC_RUN_STOPPED, "--threads 2",
                 "a stopped run ends with the same series");
    interrupt("lost", "step-0000075.safetensors", SIGKILL);
    test_resumed("lost", GSC_RUN_LOST, "", "so does a lost one");
    interrupt("back", "step-0000075.safetensors", SIGINT);
    test_resumed("back", GSC_RUN_STOPPED, "--checkpoint 15",
                 "so does one from an earlier checkpoint");
    test_refusals();
    snprintf(words, sizeof words, "rm -r %s", folder);
    TAP_OK(chdir("/") == 0 && system(words) == 0, "all files were in one folder");
    return tap_done();
}

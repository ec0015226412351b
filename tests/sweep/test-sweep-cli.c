/* SPDX-License-Identifier: MIT
 *
 * A sweep as a user meets it: small language models, a scheduler killed in the middle, one that goes on,
 * then a comparison and a score. argv[1] is the program.
 */
#include "tests/tap.h"

#include <jansson.h>
#include <glob.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *program;
static char folder[] = "/tmp/gsc-sweep-cli-XXXXXX";
static char out[1 << 16], err[1 << 16];

static void write_text(const char *name, const char *text) {
    FILE *file = fopen(name, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        printf("Bail out! cannot write %s\n", name);
        exit(1);
    }
}

static void read_whole(const char *name, char *ret_text, size_t size) {
    FILE *file = fopen(name, "r");
    const size_t n = file != NULL ? fread(ret_text, 1, size - 1, file) : 0;
    ret_text[n] = '\0';
    if (file != NULL) {
        fclose(file);
    }
}

static int cli(const char *words) {
    char command[2000];
    snprintf(command, sizeof command, "'%s' %s >out.txt 2>err.txt </dev/null", program, words);
    const int state = system(command);
    read_whole("out.txt", out, sizeof out);
    read_whole("err.txt", err, sizeof err);
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

static void expect(const char *words, int code, const char *sentence) {
    const int got = cli(words);
    if (!TAP_OK(got == code, words)) {
        printf("# exit %d: %.300s\n", got, err);
    }
    TAP_CONTAINS(code == 0 ? out : err, sentence, "and says what to know");
}

/* Documents of few words, enough for a held-out one. */
static void write_corpus(void) {
    static const char *const words[] = {"the ", "cat ",  "sat ", "on ",  "a ",       "mat, ",
                                        "and ", "then ", "it ",  "ran ", "home.\n\n"};
    FILE *file = fopen("corpus.txt", "w");
    unsigned state = 1;
    for (size_t i = 0; file != NULL && i < 20000; i++) {
        state = state * 1103515245u + 12345u;
        fputs(words[(state >> 16) % (sizeof words / sizeof words[0])], file);
    }
    if (file == NULL || fclose(file) != 0) {
        printf("Bail out! cannot write a corpus\n");
        exit(1);
    }
}

static void write_sweep(void) {
    char text[1200];
    snprintf(
        text, sizeof text,
        "{\"base\": {\"lab\": \"lm\", \"gate\": \"softmax\", \"expert\": \"relu\", \"lm\": "
        "{\"data\": \"%s/corpus.txt\", \"tokenizer\": \"bytes\", \"steps\": 80, \"width\": 16, "
        "\"layers\": 2, \"context\": 32, \"batch\": 4, \"experts\": 6, \"top_k\": 2, "
        "\"expert_width\": 8, \"validation_positions\": 512, \"probe_positions\": 512}}, "
        "\"axes\": {\"lm.shared\": [0, 1]}, \"seeds\": 6, \"hypothesis\": \"shared helps\"}",
        folder);
    write_text("sweep.json", text);
}

static int count_of(const char *state) {
    cli("sweep s --status --json");
    json_t *all = json_loads(out, 0, NULL);
    size_t i;
    json_t *run;
    int n = 0;
    json_array_foreach(json_object_get(all, "runs"), i, run) {
        const char *its = json_string_value(json_object_get(run, "state"));
        n += its != NULL && strcmp(its, state) == 0;
    }
    json_decref(all);
    return n;
}

/* Starts the sweep and kills its scheduler, so that it can tidy nothing, once a run is under way. */
static void kill_one(void) {
    const pid_t child = fork();
    if (child == 0) {
        execl(program, program, "sweep", "sweep.json", "-o", "s", "-j", "2", "--quiet",
              (char *)NULL);
        _exit(127);
    }
    glob_t begun;
    bool any = false;
    for (int i = 0; i < 6000 && !any; i++) {
        any = glob("s/running/*.json", 0, NULL, &begun) == 0;
        globfree(&begun);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    TAP_OK(count_of("done") + count_of("running") + count_of("todo") == 12, "all runs are there");
    TAP_OK(count_of("todo") > 0, "and some wait");
}

/* The results of every run as one table, long form; the figure where the program that draws is there. */
static void test_report_files(void) {
    char line[1000] = "";
    size_t rows = 0, losses = 0;
    TAP_OK(cli("report s -o told") == 0, "a sweep's report as files");
    FILE *file = fopen("told/results.csv", "r");
    const bool head = file != NULL && fgets(line, sizeof line, file) != NULL &&
                      strcmp(line, "run,arm,stage,tuned,seed,status,result,of,value,low,high,unit"
                                   "\r\n") == 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        rows++;
        losses += strstr(line, ",done,validation_loss,,") != NULL;
    }
    if (file != NULL) {
        fclose(file);
    }
    TAP_OK(head && losses == 12 && rows > 12 * 50, "has each result of each run");
    TAP_OK(access("told/rates.csv", F_OK) != 0, "and no rates, which are of other runs");
    TAP_OK(cli("report s/runs/shared-1-s3.gsc -o alone") == 0 &&
               access("alone/results.csv", F_OK) == 0 && access("alone/rates.csv", F_OK) != 0,
           "nor has one run of a language model");
}

/* Loads are told as vectors: the shares of a layer's six experts at a step. */
static void test_vectors(void) {
    char line[300] = "";
    double sum = 0;
    int n = 0;
    expect("export s/runs/shared-1-s3.gsc --to csv -o numbers", 0, "numbers\n");
    FILE *file = fopen("numbers/vectors.csv", "r");
    const bool head = file != NULL && fgets(line, sizeof line, file) != NULL &&
                      strcmp(line, "series,arm,layer,x,index,value\r\n") == 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        int index = -1;
        double value = 0;
        if (sscanf(line, "load,,1,80,%d,%lf", &index, &value) == 2 && index == n) {
            sum += value;
            n++;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    TAP_OK(head && n == 6 && fabs(sum - 1) < 1e-6, "vectors are exported, value by value");
}

static void test_verdict(void) {
    TAP_OK(cli("compare s --json") == 0, "compare");
    json_t *all = json_loads(out, 0, NULL);
    json_t *one = json_array_get(all, 0);
    json_t *arm = json_array_get(json_object_get(one, "arms"), 1);
    const char *verdict = json_string_value(json_object_get(arm, "verdict"));
    TAP_OK(json_integer_value(json_object_get(arm, "pairs")) == 6, "six pairs");
    TAP_OK(verdict != NULL && strcmp(verdict, "locked") != 0, "and a verdict");
    const double low = json_number_value(json_array_get(json_object_get(arm, "bootstrap"), 0));
    const double high = json_number_value(json_array_get(json_object_get(arm, "bootstrap"), 1));
    const double mean = json_number_value(json_object_get(arm, "difference"));
    TAP_OK(low < mean && mean < high, "inside the interval over seeds and documents");
    json_decref(all);
}

int main(int argc, char **argv) {
    program = argc > 1 ? realpath(argv[1], NULL) : NULL;
    if (program == NULL || mkdtemp(folder) == NULL || chdir(folder) != 0) {
        printf("Bail out! no program or no folder\n");
        return 1;
    }
    write_corpus();
    write_sweep();
    expect("sweep sweep.json --plan", 0, "12 runs: 2 arms, 6 seeds");
    expect("sweep sweep.json", 2, "-o DIR is missing");
    expect("sweep sweep.json --set lm.top_k=9 -o t", 2, "arm shared=0");
    kill_one();
    expect("sweep s -j 2", 0, "s\n");
    TAP_OK(count_of("done") == 12, "a second scheduler brings it to its end");
    test_verdict();
    expect("compare s --curve validation_loss", 0, "shared=1 - shared=0, validation_loss");
    expect("report s", 0, "12 runs done, 0 under way, 0 to do");
    expect("report s", 0, "difference [95%]");
    test_report_files();
    expect("compare s --baseline shared=2", 2, "the nearest is shared=");
    expect("compare --sd 0.01 --effect 0.005", 0, "8 seeds find a true difference of 0.01153");
    write_text("items.jsonl", "{\"ctx\": \"the cat\", \"endings\": [\"sat on\", \"qzxv jk\"], "
                              "\"label\": 0}\nnonsense\n");
    expect("score s/runs/shared-1-s3.gsc --data items.jsonl", 0, "100.00%");
    TAP_CONTAINS(out, "1 lines are no question", "bad lines are told");
    test_vectors();
    expect("export s/runs/shared-1-s3.gsc --to tokens -o tokens", 0, "tokens\n");
    TAP_OK(access("tokens/train.u16", F_OK) == 0 && access("tokens/order.json", F_OK) == 0,
           "what it was trained on, as files");
    TAP_OK(system("sed -i 's/cat/dog/g' corpus.txt") == 0, "another corpus in its place");
    expect("export s/runs/shared-1-s3.gsc --to tokens -o other", 2, "bring back the corpus");
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) != 0 || tap_done();
}

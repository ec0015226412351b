/* SPDX-License-Identifier: MIT
 *
 * `gatescope score`: multiple choice and last words, from a file of questions, with the language model of
 * a run.
 *
 * Layer: app.
 */
#include "app/commands.h"
#include "app/export_tokens.h"
#include "core/data/tokenizer.h"
#include "core/lm/checkpoint.h"
#include "core/lm/score.h"
#include "core/read/json_text.h"
#include "core/read/run_file.h"
#include "kernels/pool.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    BAD_USAGE = 2,
    STOPPED = 130,
    SEQUENCES = 4
};

typedef struct score_words {
    const char *source, *data;
    int64_t step; /* -1: the last checkpoint */
    size_t limit;
    unsigned threads;
    bool json, each, quiet;
} score_words;

/* The model and what it was made of. */
typedef struct scored {
    char run[PATH_MAX], checkpoint[PATH_MAX];
    int64_t step;
    gsc_spec *spec;
    gsc_tokenizer *tokenizer;
    gsc_run_corpus corpus;
    gsc_pool *pool;
    gsc_queue *queue;
    gsc_lm *model;
    gsc_score_items items;
} scored;

static sig_atomic_t volatile stopped;

static void on_signal(int number) {
    (void)number;
    stopped = 1;
}

static int usage(const char *format, const char *word) {
    fprintf(stderr, "gatescope score: ");
    fprintf(stderr, format, word);
    fprintf(stderr, "; `gatescope help score` tells how it is used\n");
    return BAD_USAGE;
}

static int take_valued(score_words *words, const char *word, const char *value) {
    char *end = NULL;
    if (value == NULL) {
        return usage("%s needs a value", word);
    }
    if (strcmp(word, "--data") == 0) {
        words->data = value;
        return 0;
    }
    const long long number = strtoll(value, &end, 10);
    if (*value == '\0' || *end != '\0' || number < 0 || number > INT32_MAX) {
        fprintf(stderr, "gatescope score: %s is a whole number from 0 on, not \"%s\"\n", word,
                value);
        return BAD_USAGE;
    }
    if (strcmp(word, "--checkpoint") == 0) {
        words->step = number;
    } else if (strcmp(word, "--limit") == 0) {
        words->limit = (size_t)number;
    } else {
        words->threads = (unsigned)number;
    }
    return 0;
}

static bool takes_value(const char *word) {
    return strcmp(word, "--data") == 0 || strcmp(word, "--checkpoint") == 0 ||
           strcmp(word, "--limit") == 0 || strcmp(word, "--threads") == 0;
}

static int parse(int argc, char **argv, score_words *words) {
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        int code = 0;
        if (takes_value(word)) {
            code = take_valued(words, word, i + 1 < argc ? argv[++i] : NULL);
        } else if (strcmp(word, "--json") == 0) {
            words->json = true;
        } else if (strcmp(word, "--each") == 0) {
            words->each = true;
        } else if (strcmp(word, "--quiet") == 0) {
            words->quiet = true;
        } else if (word[0] == '-') {
            code = usage("there is no option \"%s\"", word);
        } else if (words->source != NULL) {
            code = usage("one run at a time: \"%s\" is a second one", word);
        } else {
            words->source = word;
        }
        if (code != 0) {
            return code;
        }
    }
    if (words->source == NULL) {
        return usage("%s is missing: a run file or a checkpoint", "what to score");
    }
    return words->data == NULL ? usage("%s is missing", "--data ITEMS.jsonl") : 0;
}

/* ---- Finding the run and its checkpoint ---- */

static bool ends_in(const char *text, const char *end) {
    const size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

/* NAME.ckpt/step-N.safetensors belongs to NAME.gsc. */
static gsc_status run_of_checkpoint(scored *self, const char *path, gsc_error *error) {
    snprintf(self->checkpoint, sizeof self->checkpoint, "%s", path);
    snprintf(self->run, sizeof self->run, "%s", path);
    char *slash = strrchr(self->run, '/');
    if (slash == NULL) {
        char here[PATH_MAX / 2];
        if (getcwd(here, sizeof here) != NULL) {
            snprintf(self->run, sizeof self->run, "%s/", here);
            slash = strrchr(self->run, '/');
        }
    }
    if (slash != NULL) {
        *slash = '\0';
    }
    if (!ends_in(self->run, ".ckpt")) {
        return gsc_fail(
            error, GSC_ERR_INPUT,
            "%s does not lie in NAME.ckpt beside NAME.gsc, whose spec says what the model "
            "is",
            path);
    }
    strcpy(self->run + strlen(self->run) - strlen(".ckpt"), ".gsc");
    return GSC_OK;
}

static gsc_status last_checkpoint(scored *self, int64_t wanted, gsc_error *error) {
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s.ckpt", (int)(strlen(self->run) - strlen(".gsc")),
             self->run);
    DIR *dir = opendir(folder);
    const struct dirent *file;
    int64_t best = -1;
    while (dir != NULL && (file = readdir(dir)) != NULL) {
        int64_t step = -1;
        if (sscanf(file->d_name, "step-%" SCNd64 ".safetensors", &step) == 1 &&
            ends_in(file->d_name, ".safetensors") && (wanted < 0 ? step > best : step == wanted)) {
            best = step;
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    if (best < 0 && wanted >= 0) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s has no checkpoint of step %" PRId64, folder,
                        wanted);
    }
    if (best < 0) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s has no checkpoint, so there is no model to score",
                        folder);
    }
    snprintf(self->checkpoint, sizeof self->checkpoint, "%.4000s/step-%07" PRId64 ".safetensors",
             folder, best);
    return GSC_OK;
}

static gsc_status read_spec(scored *self, gsc_error *error) {
    gsc_run *run = NULL;
    gsc_status status = gsc_run_open(self->run, &run, error);
    if (status == GSC_OK) {
        status = gsc_spec_parse(gsc_run_get_info(run)->spec, self->run, &self->spec, error);
    }
    if (status == GSC_OK) {
        status = gsc_run_corpus_read(run, &self->corpus, error);
    }
    gsc_run_close(run);
    if (status == GSC_OK && strcmp(gsc_spec_string(self->spec, "lab"), "lm") != 0) {
        status = gsc_fail(error, GSC_ERR_INPUT, "%s is no run of a language model", self->run);
    }
    return status;
}

/* ---- The model ---- */

static gsc_status load_model(scored *self, unsigned threads, gsc_error *error) {
    gsc_lm_shape shape;
    gsc_lm_options options = {.dtype = GSC_F32,
                              .sequences = SEQUENCES,
                              .seed = (uint64_t)gsc_spec_int(self->spec, "seed")};
    gsc_status status =
        gsc_tokenizer_new(gsc_spec_string(self->spec, "lm.tokenizer"),
                          gsc_spec_string(self->spec, "lm.data"), NULL, &self->tokenizer, error);
    if (status == GSC_OK) {
        status = gsc_run_corpus_check(&self->corpus, self->tokenizer, error);
    }
    if (status == GSC_OK) {
        status = gsc_lm_shape_read(self->spec, (size_t)gsc_tokenizer_vocabulary(self->tokenizer),
                                   &shape, error);
    }
    if (status == GSC_OK) {
        status = gsc_pool_new(threads, &self->pool, error);
    }
    if (status == GSC_OK) {
        options.pool = self->pool;
        status = gsc_queue_new(gsc_device_cpu(), self->pool,
                               gsc_lm_workspace_bytes(&shape, gsc_pool_threads(self->pool)),
                               &self->queue, error);
    }
    if (status == GSC_OK) {
        status = gsc_lm_new(self->queue, &shape, &options, &self->model, error);
    }
    return status == GSC_OK ? gsc_lm_load(self->model, self->checkpoint, NULL, &self->step, error)
                            : status;
}

static void clear(scored *self) {
    gsc_score_items_clear(&self->items);
    gsc_lm_free(self->model);
    gsc_queue_free(self->queue);
    gsc_pool_free(self->pool);
    gsc_tokenizer_free(self->tokenizer);
    gsc_spec_free(self->spec);
}

/* ---- Telling ---- */

typedef struct teller {
    bool each, bar;
    double told_s;
} teller;

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void print_answer(const gsc_score_answer *answer) {
    const gsc_score_item *item = answer->item;
    json_t *values = json_array();
    for (size_t i = 0; i < item->n_endings; i++) {
        json_array_append_new(values, gsc_json_number(answer->log_likelihoods[i]));
    }
    json_t *line =
        json_pack("{s:I, s:o}", "line", (json_int_t)item->line, "log_likelihoods", values);
    if (item->last_word) {
        json_object_set_new(line, "greedy", json_boolean(answer->greedy));
    } else {
        json_object_set_new(line, "right", json_integer((json_int_t)item->right));
        json_object_set_new(line, "chosen", json_integer((json_int_t)answer->chosen));
        json_object_set_new(line, "chosen_per_byte",
                            json_integer((json_int_t)answer->chosen_per_byte));
    }
    char *text = gsc_json_dump(line, JSON_COMPACT);
    puts(text != NULL ? text : "{}");
    free(text);
    json_decref(line);
}

static bool tell(void *data, const gsc_score_answer *answer, size_t done, size_t count) {
    teller *self = data;
    if (self->each && answer != NULL) {
        print_answer(answer);
    }
    if (self->bar && (now_s() - self->told_s > 0.2 || done == count)) {
        self->told_s = now_s();
        fprintf(stderr, "\r%zu of %zu questions%s", done, count, done == count ? "\n" : "");
        fflush(stderr);
    }
    return stopped == 0;
}

static void print_share(const char *name, const gsc_score_share *share, const char *chance) {
    if (share->of > 0) {
        printf("  %-22s %.2f%% [%.2f, %.2f]  %zu of %zu%s\n", name, 100 * share->value,
               100 * share->low, 100 * share->high, share->right, share->of, chance);
    }
}

static void print_people(const scored *self, const score_words *words, const gsc_score *score) {
    char chance[64] = "";
    if (isfinite(score->chance)) {
        snprintf(chance, sizeof chance, ", chance %.2f%%", 100 * score->chance);
    }
    printf("%s, step %" PRId64 ", on %s: %zu questions\n", self->run, self->step, words->data,
           self->items.count);
    print_share("accuracy", &score->accuracy, chance);
    print_share("accuracy_per_byte", &score->accuracy_per_byte, chance);
    print_share("last_word_accuracy", &score->last_word, "");
    if (isfinite(score->perplexity)) {
        printf("  %-22s %.4g   mean log-likelihood %.4f nat\n", "last_word_perplexity",
               score->perplexity, score->log_likelihood);
    }
    if (score->truncated > 0) {
        printf("  %zu questions are longer than the window and lost tokens on the left\n",
               score->truncated);
    }
    if (score->too_long > 0) {
        printf("  %zu questions were left out: an ending alone is longer than the window\n",
               score->too_long);
    }
    if (self->items.bad_lines > 0) {
        printf("  %" PRIu64 " lines are no question; the first: %s\n", self->items.bad_lines,
               self->items.first_bad);
    }
}

static json_t *share_json(const gsc_score_share *share) {
    return share->of == 0
               ? json_null()
               : json_pack("{s:o, s:o, s:o, s:i, s:i}", "value", gsc_json_number(share->value),
                           "low", gsc_json_number(share->low), "high", gsc_json_number(share->high),
                           "right", (int)share->right, "of", (int)share->of);
}

static void print_json(const scored *self, const score_words *words, const gsc_score *score) {
    json_t *all = json_pack(
        "{s:s, s:s, s:I, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:i, s:s}", "run",
        self->run, "checkpoint", self->checkpoint, "step", (json_int_t)self->step, "data",
        words->data, "questions", (int)self->items.count, "accuracy", share_json(&score->accuracy),
        "accuracy_per_byte", share_json(&score->accuracy_per_byte), "chance",
        gsc_json_number(score->chance), "last_word_accuracy", share_json(&score->last_word),
        "last_word_log_likelihood", gsc_json_number(score->log_likelihood), "last_word_perplexity",
        gsc_json_number(score->perplexity), "truncated", (int)score->truncated, "too_long",
        (int)score->too_long, "bad_lines", (int)self->items.bad_lines, "first_bad",
        self->items.first_bad);
    char *text = gsc_json_dump(all, words->each ? JSON_COMPACT : JSON_INDENT(2));
    puts(text != NULL ? text : "{}");
    free(text);
    json_decref(all);
}

static gsc_status score_run(const score_words *words, scored *self, gsc_score *ret_score,
                            gsc_error *error) {
    gsc_status status = gsc_score_items_read(words->data, words->limit, &self->items, error);
    if (status == GSC_OK && ends_in(words->source, ".safetensors")) {
        status = run_of_checkpoint(self, words->source, error);
    } else if (status == GSC_OK) {
        snprintf(self->run, sizeof self->run, "%s", words->source);
        status = ends_in(self->run, ".gsc")
                     ? last_checkpoint(self, words->step, error)
                     : gsc_fail(error, GSC_ERR_INPUT,
                                "%s is neither a run file (.gsc) nor a checkpoint (.safetensors)",
                                words->source);
    }
    if (status == GSC_OK) {
        status = read_spec(self, error);
    }
    if (status == GSC_OK) {
        status = load_model(self, words->threads, error);
    }
    if (status == GSC_OK) {
        teller told = {.each = words->each, .bar = !words->quiet && isatty(STDERR_FILENO)};
        const struct sigaction action = {.sa_handler = on_signal};
        sigaction(SIGINT, &action, NULL);
        status = gsc_lm_score(self->model, self->tokenizer, SEQUENCES, &self->items, tell, &told,
                              ret_score, error);
    }
    return status;
}

int gsc_cmd_score(int argc, char **argv) {
    score_words words = {.step = -1};
    const int code = parse(argc, argv, &words);
    if (code != 0) {
        return code;
    }
    scored self = {.step = -1};
    gsc_score score;
    gsc_error error = {0};
    const gsc_status status = score_run(&words, &self, &score, &error);
    if (status != GSC_OK) {
        fprintf(stderr, "gatescope score: %s\n", error.message);
    } else if (words.json || words.each) {
        print_json(&self, &words, &score);
    } else {
        print_people(&self, &words, &score);
    }
    clear(&self);
    return status == GSC_OK            ? 0
           : status == GSC_ERR_INPUT   ? BAD_USAGE
           : status == GSC_ERR_STOPPED ? STOPPED
                                       : 1;
}

/* SPDX-License-Identifier: MIT
 *
 * `gatescope sweep`: makes the folder of a sweep, or goes on with one, and begins its runs until none is
 * left.
 *
 * Layer: app.
 */
#include "app/commands.h"
#include "app/sweep_cost.h"
#include "core/plugin/registry.h"
#include "core/read/json_text.h"
#include "core/run/supervisor.h"
#include "core/sweep/scheduler.h"

#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BAD_USAGE = 2,
    STOPPED = 130,
    MAX_SETTINGS = 64,
    BAR = 24
};

typedef struct sweep_options {
    const char *source, *folder;
    const char *settings[MAX_SETTINGS];
    int n_settings;
    size_t jobs, threads;
    bool plan, status, pause, go_on, json, quiet;
} sweep_options;

static sig_atomic_t volatile stops;

static void on_signal(int number) {
    (void)number;
    stops = stops + 1;
}

static int usage(const char *format, const char *word) {
    fprintf(stderr, "gatescope sweep: ");
    fprintf(stderr, format, word);
    fprintf(stderr, "; `gatescope help sweep` tells how it is used\n");
    return BAD_USAGE;
}

static int complain(gsc_status status, const gsc_error *error) {
    fprintf(stderr, "gatescope sweep: %s\n", error->message);
    return status == GSC_ERR_INPUT ? BAD_USAGE : status == GSC_ERR_STOPPED ? STOPPED : 1;
}

static int take_count(const char *word, const char *value, size_t *ret_count) {
    char *end;
    const long n = strtol(value, &end, 10);
    if (*end != '\0' || n < 1 || n > 256) {
        fprintf(stderr, "gatescope sweep: %s is a number from 1 to 256, not \"%s\"\n", word, value);
        return BAD_USAGE;
    }
    *ret_count = (size_t)n;
    return 0;
}

static int take_valued(sweep_options *options, const char *word, const char *value) {
    if (value == NULL) {
        return usage("%s needs a value", word);
    }
    if (strcmp(word, "-o") == 0) {
        options->folder = value;
    } else if (strcmp(word, "-j") == 0) {
        return take_count(word, value, &options->jobs);
    } else if (strcmp(word, "--threads") == 0) {
        return take_count(word, value, &options->threads);
    } else if (options->n_settings == MAX_SETTINGS) {
        return usage("%s settings are too many", value);
    } else {
        options->settings[options->n_settings++] = value;
    }
    return 0;
}

static int parse(int argc, char **argv, sweep_options *options) {
    const struct {
        const char *word;
        bool *flag;
    } flags[] = {{"--plan", &options->plan},   {"--status", &options->status},
                 {"--pause", &options->pause}, {"--continue", &options->go_on},
                 {"--json", &options->json},   {"--quiet", &options->quiet}};
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        bool found = false;
        for (size_t f = 0; f < sizeof flags / sizeof flags[0]; f++) {
            if (strcmp(word, flags[f].word) == 0) {
                *flags[f].flag = found = true;
            }
        }
        if (found) {
            continue;
        }
        int code = 0;
        if (strcmp(word, "-o") == 0 || strcmp(word, "-j") == 0 || strcmp(word, "--threads") == 0 ||
            strcmp(word, "--set") == 0) {
            code = take_valued(options, word, i + 1 < argc ? argv[++i] : NULL);
        } else if (word[0] == '-') {
            code = usage("there is no option \"%s\"", word);
        } else if (options->source != NULL) {
            code = usage("one sweep at a time: \"%s\" is a second one", word);
        } else {
            options->source = word;
        }
        if (code != 0) {
            return code;
        }
    }
    return options->source == NULL
               ? usage("%s is missing: a sweep's file, preset or folder", "what to run")
               : 0;
}

static bool is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* ---- Reading the plan ---- */

/* --set changes the plan: "seeds", "margin", "hypothesis" ..., or a key of the base. */
static gsc_status change(gsc_sweep **sweep, const sweep_options *options, gsc_error *error) {
    static const char *const own[] = {"seeds",    "margin", "hypothesis", "result",
                                      "baseline", "title",  "verdict"};
    json_t *text = json_deep_copy((*sweep)->text);
    gsc_spec *base = gsc_spec_dup((*sweep)->base);
    gsc_status status = GSC_OK;
    for (int i = 0; i < options->n_settings && status == GSC_OK; i++) {
        const char *word = options->settings[i], *equal = strchr(word, '=');
        bool done = false;
        for (size_t k = 0; equal != NULL && k < sizeof own / sizeof own[0]; k++) {
            if (strlen(own[k]) == (size_t)(equal - word) &&
                strncmp(own[k], word, strlen(own[k])) == 0) {
                json_t *value = json_loads(equal + 1, JSON_DECODE_ANY, NULL);
                json_object_set_new(text, own[k], value != NULL ? value : json_string(equal + 1));
                done = true;
            }
        }
        if (!done) {
            status = gsc_spec_set(base, word, error);
        }
    }
    char *dump = status == GSC_OK ? gsc_spec_dump(base) : NULL;
    json_object_set_new(text, "base", dump != NULL ? json_loads(dump, 0, NULL) : json_null());
    char *whole = gsc_json_dump(text, JSON_INDENT(2));
    if (status == GSC_OK) {
        gsc_sweep_free(*sweep);
        *sweep = NULL;
        status = gsc_sweep_parse(whole != NULL ? whole : "", options->source, sweep, error);
    }
    free(whole);
    free(dump);
    json_decref(text);
    gsc_spec_free(base);
    return status;
}

/* Each arm's plugins are here and fit, before there is a folder. */
static gsc_status check_plugins(const gsc_sweep *sweep, gsc_error *error) {
    json_t *descriptors = NULL;
    gsc_status status = gsc_registry_list(&descriptors, error);
    if (status == GSC_OK) {
        gsc_tell_new_plugins(descriptors);
    }
    for (size_t a = 0; a < sweep->n_arms && status == GSC_OK; a++) {
        const gsc_sweep_run run = {.stage = GSC_SWEEP_MAIN, .arm = a, .seed = sweep->seeds[0]};
        gsc_spec *spec = NULL;
        json_t *plugins = NULL;
        status = gsc_sweep_spec(sweep, &run, &spec, error);
        if (status == GSC_OK) {
            status = gsc_supervisor_check(spec, descriptors, &plugins, error);
            status = status == GSC_OK
                         ? GSC_OK
                         : gsc_fail_prefix(error, status, "arm %s", sweep->arms[a].name);
        }
        json_decref(plugins);
        gsc_spec_free(spec);
    }
    json_decref(descriptors);
    return status;
}

/* ---- Telling ---- */

static void print_time(char *ret_text, size_t size, double seconds) {
    if (!isfinite(seconds)) {
        snprintf(ret_text, size, "unknown");
    } else if (seconds < 90) {
        snprintf(ret_text, size, "%.0f s", seconds);
    } else if (seconds < 5400) {
        snprintf(ret_text, size, "%.0f min", seconds / 60);
    } else {
        snprintf(ret_text, size, "%.1f h", seconds / 3600);
    }
}

static void print_plan(const gsc_sweep *sweep, const gsc_sweep_plan *plan, bool json) {
    char time[32];
    if (json) {
        json_t *arms = json_array();
        for (size_t a = 0; a < sweep->n_arms; a++) {
            json_array_append_new(arms, json_string(sweep->arms[a].name));
        }
        json_t *all = json_pack(
            "{s:s, s:s, s:s, s:o, s:s, s:i, s:i, s:i, s:i, s:o, s:o, s:o}", "title", sweep->title,
            "hypothesis", sweep->hypothesis, "hash", sweep->hash, "arms", arms, "baseline",
            sweep->arms[sweep->baseline].name, "seeds", (int)sweep->n_seeds, "runs",
            (int)plan->runs, "jobs", (int)plan->jobs, "threads", (int)plan->threads, "run_bytes",
            gsc_json_number(plan->run_bytes > 0 ? plan->run_bytes : NAN), "run_s",
            gsc_json_number(plan->run_s), "total_s", gsc_json_number(plan->total_s));
        char *text = gsc_json_dump(all, JSON_INDENT(2));
        puts(text != NULL ? text : "{}");
        free(text);
        json_decref(all);
        return;
    }
    printf("%s\n", sweep->title[0] != '\0' ? sweep->title : "Untitled sweep");
    if (sweep->hypothesis[0] != '\0') {
        printf("Hypothesis: %s.\n", sweep->hypothesis);
    }
    for (size_t a = 0; a < sweep->n_arms; a++) {
        printf("  %s%s\n", sweep->arms[a].name, a == sweep->baseline ? "   (baseline)" : "");
    }
    print_time(time, sizeof time, plan->total_s);
    printf("%s%zu runs: %zu arms, %zu seeds%s; %zu at once, %zu thread%s each",
           sweep->tune_key != NULL ? "At most " : "", plan->runs, sweep->n_arms, sweep->n_seeds,
           sweep->tune_key != NULL ? ", twice, and tuning" : "", plan->jobs, plan->threads,
           plan->threads == 1 ? "" : "s");
    if (plan->run_bytes > 0) {
        printf("; %.0f MB each", plan->run_bytes / (1 << 20));
    }
    printf("; about %s\n", time);
}

typedef struct teller {
    bool quiet, terminal;
    size_t told;
} teller;

static void tell(void *data, const gsc_sweep_progress *p) {
    teller *self = data;
    char time[32];
    if (p->event != NULL) {
        fprintf(stderr, "%s%s\n", self->terminal ? "\r\033[K" : "", p->event);
    }
    print_time(time, sizeof time, p->left_s);
    if (self->quiet) {
        return;
    }
    if (self->terminal) {
        char bar[BAR + 1];
        for (int i = 0; i < BAR; i++) {
            bar[i] = i < (int)(p->fraction * BAR) ? '#' : '.';
        }
        bar[BAR] = '\0';
        fprintf(stderr, "\r\033[K[%s] %zu of %zu runs, %zu under way%s, %s left", bar, p->done,
                p->total, p->folder->n_state[GSC_SWEEP_RUNNING],
                p->folder->paused ? ", paused" : "", time);
        fflush(stderr);
    } else if (p->done > self->told) {
        fprintf(stderr, "%zu of %zu runs, %s left\n", p->done, p->total, time);
    }
    self->told = p->done;
}

static int print_status(const gsc_sweep_folder *folder, bool json) {
    const gsc_sweep *sweep = folder->sweep;
    json_t *runs = json_array();
    for (size_t i = 0; i < folder->count; i++) {
        const gsc_sweep_entry *e = &folder->entries[i];
        json_array_append_new(runs, json_pack("{s:s, s:s, s:s, s:I, s:s}", "name", e->run.name,
                                              "arm", sweep->arms[e->run.arm].name, "stage",
                                              gsc_sweep_stage_name(e->run.stage), "seed",
                                              (json_int_t)e->run.seed, "state",
                                              gsc_sweep_state_name(e->state)));
    }
    if (json) {
        json_t *all = json_pack("{s:s, s:s, s:b, s:O}", "title", sweep->title, "hash", sweep->hash,
                                "paused", folder->paused, "runs", runs);
        char *text = gsc_json_dump(all, JSON_INDENT(2));
        puts(text != NULL ? text : "{}");
        free(text);
        json_decref(all);
    } else {
        printf("%s: %zu done, %zu running, %zu to do%s\n",
               sweep->title[0] != '\0' ? sweep->title : folder->path,
               folder->n_state[GSC_SWEEP_DONE], folder->n_state[GSC_SWEEP_RUNNING],
               folder->n_state[GSC_SWEEP_TODO], folder->paused ? ", paused" : "");
    }
    json_decref(runs);
    return 0;
}

/* ---- Doing ---- */

static gsc_status schedule(const char *path, const sweep_options *options,
                           const gsc_sweep_plan *plan, gsc_error *error) {
    teller told = {.quiet = options->quiet, .terminal = isatty(STDERR_FILENO) != 0};
    char program[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    gsc_sweep_folder *folder = NULL;
    gsc_status status = length <= 0
                            ? gsc_fail(error, GSC_ERR_SYSTEM, "this program does not find itself")
                            : gsc_sweep_folder_open(path, &folder, error);
    if (status == GSC_OK) {
        program[length] = '\0';
        const struct sigaction action = {.sa_handler = on_signal};
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        const gsc_sweep_options how = {.program = program,
                                       .jobs = plan->jobs,
                                       .threads = plan->threads,
                                       .run_bytes = plan->run_bytes,
                                       .run_s = plan->run_s,
                                       .stop = &stops,
                                       .watch = tell,
                                       .data = &told};
        status = gsc_sweep_schedule(folder, &how, error);
        if (told.terminal && !told.quiet) {
            fputc('\n', stderr);
        }
    }
    gsc_sweep_folder_free(folder);
    return status;
}

/* What needs no run: --status, --pause, --continue, all of a folder. */
static int look_after(const sweep_options *options) {
    gsc_error error = {0};
    gsc_sweep_folder *folder = NULL;
    gsc_status status = gsc_sweep_folder_open(options->source, &folder, &error);
    if (status == GSC_OK && (options->pause || options->go_on)) {
        status = gsc_sweep_pause(options->source, options->pause, &error);
    }
    if (status == GSC_OK) {
        status = gsc_sweep_folder_read(folder, false, &error);
    }
    const int code =
        status == GSC_OK ? print_status(folder, options->json) : complain(status, &error);
    gsc_sweep_folder_free(folder);
    return code;
}

static int run_sweep(const sweep_options *options, gsc_sweep **sweep) {
    const char *path = options->folder != NULL ? options->folder : options->source;
    gsc_error error = {0};
    gsc_sweep_plan plan;
    gsc_status status = gsc_sweep_load(options->source, sweep, &error);
    if (status == GSC_OK && options->n_settings > 0) {
        status = change(sweep, options, &error);
    }
    if (status == GSC_OK) {
        status = check_plugins(*sweep, &error);
    }
    if (status == GSC_OK) {
        status = gsc_sweep_plan_of(*sweep, options->jobs, options->threads, true, &plan, &error);
    }
    if (status == GSC_OK && options->plan) {
        print_plan(*sweep, &plan, options->json);
        return 0;
    }
    if (status == GSC_OK && options->folder == NULL && !is_folder(options->source)) {
        return usage("%s is missing: the folder that the sweep is to fill", "-o DIR");
    }
    if (status == GSC_OK) {
        status = gsc_sweep_create(*sweep, path, &error);
    }
    if (status == GSC_OK) {
        status = schedule(path, options, &plan, &error);
    }
    if (status != GSC_OK) {
        return complain(status, &error);
    }
    printf("%s\n", path);
    return 0;
}

int gsc_cmd_sweep(int argc, char **argv) {
    sweep_options options = {0};
    gsc_sweep *sweep = NULL;
    int code = parse(argc, argv, &options);
    if (code == 0) {
        code = options.status || options.pause || options.go_on ? look_after(&options)
                                                                : run_sweep(&options, &sweep);
    }
    gsc_sweep_free(sweep);
    return code;
}

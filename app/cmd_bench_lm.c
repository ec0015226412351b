/* SPDX-License-Identifier: MIT
 *
 * `gatescope bench lm [--json] [--threads N] [--steps N] [--case W,E] [--context N] [--compile]`: training
 * steps of the language model beside PyTorch (tests/bench/lm_torch.py), eager and with
 * --compile compiled as well, from the same step-0 weights and the same tokens, and the time of a step from 8 to 256
 * experts. The best step: wall time, with --threads 1 processor time, which other programs disturb less. A ratio is
 * printed only where the losses of all steps agree within 1e-3.
 *
 * PyTorch is looked for in the interpreter GATESCOPE_PYTHON, else /usr/bin/python3. Without it ours is timed alone
 * and the peers are null.
 *
 * Layer: app.
 */
#include "app/bench_lm_case.h"
#include "app/bench_peer.h"
#include "app/commands.h"

#include "core/read/json_text.h"
#include "core/run/machine.h"
#include "kernels/cpu_info.h"
#include "kernels/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    N_PEERS = 2, /* eager, compiled */
    MOST_RESULTS = 16,
    MOST_ANSWER = 1 << 16
};

static const double agreement = 1e-3;
static const char no_peer[] =
    "PyTorch's side did not run; app/setup --peers installs it, and GATESCOPE_PYTHON names another "
    "interpreter that has it";
static const char *const peer_names[N_PEERS] = {"PyTorch", "torch.compile"};

typedef struct lm_result {
    bench_lm_case c;
    bench_lm_ours ours;
    bool beside;             /* peers are wanted */
    double peer_ms[N_PEERS]; /* NaN: none */
    double gap;              /* of the losses, the larger of the peers'; NaN: no peer */
    double load;             /* of the machine over the last minute, before the case */
    char version[32];
} lm_result;

typedef struct lm_request {
    bool json, compiled;
    unsigned threads;
    size_t steps, width, experts, context;
} lm_request;

/* ---- The peers ---- */

static gsc_status write_problem(const lm_result *r, const char *folder, bool compiled,
                                gsc_error *error) {
    char path[256], checkpoint[256], text[256];
    snprintf(path, sizeof path, "%s/problem.json", folder);
    snprintf(checkpoint, sizeof checkpoint, "%s/step-0.safetensors", folder);
    snprintf(text, sizeof text, "%s/tokens", folder);
    const bench_lm_case *c = &r->c;
    const size_t head = bench_lm_head_size(c), count = c->steps * c->batch * (c->context + 1);
    json_t *problem = json_pack(
        "{s:s, s:s, s:b, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:f, s:f, s:f, s:f}",
        "checkpoint", checkpoint, "tokens", text, "compile", compiled, "threads", (int)c->threads,
        "steps", (int)c->steps, "batch", (int)c->batch, "context", (int)c->context, "layers",
        (int)c->layers, "width", (int)c->width, "heads", (int)(c->width / head), "head_size",
        (int)head, "rotated", (int)(head / 4 * 2), "experts", (int)c->experts, "rate",
        bench_lm_rate, "clip", bench_lm_clip, "decay", bench_lm_decay, "balance", bench_lm_balance);
    bool good = problem != NULL &&
                json_object_set_new(problem, "top_k", json_integer((json_int_t)c->top_k)) == 0 &&
                json_dump_file(problem, path, JSON_REAL_PRECISION(17)) == 0;
    json_decref(problem);
    int32_t *tokens = bench_lm_tokens(c);
    FILE *file = fopen(text, "wb");
    good = good && tokens != NULL && file != NULL &&
           fwrite(tokens, sizeof *tokens, count, file) == count;
    good = (file == NULL || fclose(file) == 0) && good;
    free(tokens);
    return good ? GSC_OK
                : gsc_fail(error, GSC_ERR_IO, "PyTorch's problem could not be written to %s",
                           folder);
}

static void remove_problem(const char *folder) {
    static const char *const names[] = {"problem.json", "step-0.safetensors", "tokens"};
    char path[256];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

/* What a peer answered: its time, and its losses against ours. */
static gsc_status read_answer(lm_result *r, int peer, const json_t *answer, gsc_error *error) {
    const json_t *losses = json_object_get(answer, "losses");
    const char *version = json_string_value(json_object_get(answer, "version"));
    double gap = json_array_size(losses) == r->c.steps ? 0 : NAN;
    for (size_t i = 0; i < r->c.steps; i++) {
        const double off = fabs(json_number_value(json_array_get(losses, i)) - r->ours.losses[i]);
        gap = off <= gap ? gap : off;
    }
    if (!(gap <= agreement)) {
        return gsc_fail(
            error, GSC_ERR_NUMERIC,
            "at width %zu and %zu experts the losses of %s and ours are up to %.3g apart, "
            "which is more than %g: no ratio is given",
            r->c.width, r->c.experts, peer_names[peer], gap, agreement);
    }
    r->gap = isnan(r->gap) ? gap : fmax(r->gap, gap);
    r->peer_ms[peer] = json_number_value(json_object_get(answer, "ms"));
    snprintf(r->version, sizeof r->version, "%s", version != NULL ? version : "");
    return GSC_OK;
}

static gsc_status time_peer(lm_result *r, int peer, const char *folder, gsc_error *error) {
    char *text = malloc(MOST_ANSWER);
    gsc_status status = text != NULL ? write_problem(r, folder, peer > 0, error)
                                     : gsc_fail(error, GSC_ERR_MEMORY, "no memory for an answer");
    if (status == GSC_OK &&
        gsc_bench_peer_run("lm_torch.py", folder, false, text, MOST_ANSWER) == 0) {
        json_t *answer = json_loads(text, 0, NULL);
        if (answer != NULL) {
            status = read_answer(r, peer, answer, error);
        }
        json_decref(answer);
    }
    free(text);
    return status;
}

/* ---- Cases ---- */

static gsc_status run_case(lm_result *r, bool compiled, gsc_error *error) {
    char folder[200], checkpoint[256];
    if (gsc_bench_folder_new(folder, sizeof folder, error) != GSC_OK) {
        return GSC_ERR_IO;
    }
    snprintf(checkpoint, sizeof checkpoint, "%s/step-0.safetensors", folder);
    r->gap = NAN;
    if (getloadavg(&r->load, 1) != 1) {
        r->load = NAN;
    }
    gsc_status status = bench_lm_run(&r->c, r->beside ? checkpoint : NULL, &r->ours, error);
    for (int peer = 0; peer < N_PEERS; peer++) {
        r->peer_ms[peer] = NAN;
        if (status == GSC_OK && r->beside && (peer == 0 || (compiled && !isnan(r->peer_ms[0])))) {
            status = time_peer(r, peer, folder, error);
        }
    }
    remove_problem(folder);
    return status;
}

static lm_result *add(lm_result *results, size_t *count, const lm_request *request) {
    lm_result *r = &results[(*count)++];
    *r = (lm_result){.c = {.top_k = 4,
                           .layers = 2,
                           .context = request->context,
                           .batch = 8,
                           .vocabulary = 1024,
                           .threads = request->threads,
                           .steps = request->steps}};
    return r;
}

/* Widths and experts beside PyTorch, then from 8 to 256 experts at the size of the hour-long presets. */
static size_t list_cases(const lm_request *request, lm_result *results) {
    static const size_t widths[] = {128, 256, 512}, experts[] = {16, 64}, grown[] = {8, 64, 256};
    size_t count = 0;
    for (size_t i = 0; i < 6; i++) {
        lm_result *r = add(results, &count, request);
        r->beside = true;
        r->c.width = request->width > 0 ? request->width : widths[i / 2];
        r->c.experts = request->width > 0 ? request->experts : experts[i % 2];
        r->c.top_k = r->c.experts < 4 ? r->c.experts : 4;
        r->c.expert_width = (r->c.width + 3) / 4;
        if (request->width > 0) {
            return count;
        }
    }
    for (size_t i = 0; i < sizeof grown / sizeof grown[0]; i++) {
        lm_result *r = add(results, &count, request);
        r->c.width = 128;
        r->c.experts = grown[i];
        r->c.expert_width = 32;
        r->c.top_k = 8;
        r->c.batch = 16;
    }
    return count;
}

static double tokens_per_second(const lm_result *r) {
    return 1e3 * (double)(r->c.batch * r->c.context) / r->ours.step_ms;
}

/* Of the rate of dense products. */
static double product_share(const lm_result *r) {
    return r->ours.product_ms / r->ours.step_ms;
}

static double sgemm_share(const lm_result *r) {
    return r->ours.sgemm_ms / r->ours.step_ms;
}

/* The longest of the grown cases over the shortest; NaN where there are none. */
static double growth(const lm_result *results, size_t count) {
    double least = INFINITY, most = NAN;
    for (size_t i = 0; i < count; i++) {
        if (!results[i].beside) {
            least = fmin(least, results[i].ours.step_ms);
            most = fmax(most, results[i].ours.step_ms);
        }
    }
    return most / least;
}

/* ---- Results ---- */

static json_t *describe(const lm_result *r) {
    char name[64];
    snprintf(name, sizeof name, "width %zu, %zu experts", r->c.width, r->c.experts);
    json_t *entry = json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:f, s:o, s:o, s:o, s:o, s:s, s:f, s:f, s:f, s:f, s:f, "
        "s:o, s:o}",
        "name", name, "width", (json_int_t)r->c.width, "experts", (json_int_t)r->c.experts, "top_k",
        (json_int_t)r->c.top_k, "tokens", (json_int_t)(r->c.batch * r->c.context), "steps",
        (json_int_t)r->c.steps, "unit", "ms/step", "ours", r->ours.step_ms, "peer",
        gsc_json_number(r->peer_ms[0]), "ratio", gsc_json_number(r->peer_ms[0] / r->ours.step_ms),
        "peer_compiled", gsc_json_number(r->peer_ms[1]), "ratio_compiled",
        gsc_json_number(r->peer_ms[1] / r->ours.step_ms), "peer_name", peer_names[0],
        "tokens_per_second", tokens_per_second(r), "product_share", product_share(r), "sgemm_share",
        sgemm_share(r), "peak_bytes", r->ours.memory_bytes, "paper_bytes", r->ours.forecast_bytes,
        "loss_gap", gsc_json_number(r->gap), "load", gsc_json_number(r->load));
    if (r->beside && isnan(r->peer_ms[0])) {
        json_object_set_new(entry, "why", json_string(no_peer));
    }
    json_object_set_new(entry, "peer_version",
                        r->version[0] != '\0' ? json_string(r->version) : json_null());
    return entry;
}

static int print_json(const lm_result *results, size_t count, unsigned threads) {
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(array, describe(&results[i]));
    }
    json_t *root =
        json_pack("{s:o, s:o, s:o}", "machine", gsc_machine_describe((int64_t)threads), "cases",
                  array, "growth_8_to_256_experts", gsc_json_number(growth(results, count)));
    char *text = root != NULL ? gsc_json_dump(root, JSON_INDENT(2)) : NULL;
    json_decref(root);
    if (text == NULL) {
        fprintf(stderr, "gatescope bench lm: out of memory\n");
        return 1;
    }
    puts(text);
    free(text);
    return 0;
}

static void print_peer(double peer_ms, double ours_ms) {
    if (isnan(peer_ms)) {
        printf(" %18s", "none");
    } else {
        printf(" %10.1f %6.2fx", peer_ms, peer_ms / ours_ms);
    }
}

static void print_table(const lm_result *results, size_t count) {
    bool any = false;
    char clock_text[64] = "1 thread, processor time";
    if (results[0].c.threads > 1) {
        snprintf(clock_text, sizeof clock_text, "%u threads, wall time", results[0].c.threads);
    }
    printf("%5s %7s %9s %9s %7s %7s %8s %7s %18s %18s %8s %5s\n", "width", "experts", "tokens/s",
           "ms/step", "product", "sgemm", "peak MB", "paper", peer_names[0], peer_names[1],
           "loss gap", "load");
    for (size_t i = 0; i < count; i++) {
        const lm_result *r = &results[i];
        printf("%5zu %7zu %9.0f %9.1f %6.0f%% %6.0f%% %8.1f %6.2fx", r->c.width, r->c.experts,
               tokens_per_second(r), r->ours.step_ms, 100 * product_share(r), 100 * sgemm_share(r),
               1e-6 * r->ours.memory_bytes, r->ours.memory_bytes / r->ours.forecast_bytes);
        print_peer(r->peer_ms[0], r->ours.step_ms);
        print_peer(r->peer_ms[1], r->ours.step_ms);
        if (isnan(r->gap)) {
            printf(" %8s", "none");
        } else {
            printf(" %8.1e", r->gap);
        }
        printf(" %5.1f\n", r->load);
        any = any || !isnan(r->peer_ms[0]);
    }
    printf("best of %zu steps, %s; product: the step's products alone, as dense ones on %s, over "
           "the step; sgemm: the same on vectors alone; paper: peak growth over the count on "
           "paper; loss gap: the largest difference of a step's losses\n",
           results[0].c.steps, clock_text, gsc_cpu_path());
    if (!isnan(growth(results, count))) {
        printf("8 to 256 experts at equal active FLOPs: %.2fx\n", growth(results, count));
    }
    if (any) {
        printf("Every ratio was preceded by agreement of the losses within %g.\n", agreement);
    } else {
        printf("%s\n", no_peer);
    }
}

/* A whole number from lowest to highest at *text, which moves behind it; 0: none. */
static size_t read_number(const char **text, size_t lowest, size_t highest) {
    char *end = NULL;
    const unsigned long long value = strtoull(*text, &end, 10);
    const bool good = end != *text && value >= lowest && value <= highest;
    *text = end;
    return good ? (size_t)value : 0;
}

static bool read_option(lm_request *request, const char *option, const char *text) {
    const char *at = text;
    if (strcmp(option, "--threads") == 0) {
        return (request->threads = (unsigned)read_number(&at, 1, GSC_POOL_MAX_THREADS)) > 0 &&
               *at == '\0';
    }
    if (strcmp(option, "--steps") == 0) {
        return (request->steps = read_number(&at, 1, BENCH_LM_MOST_STEPS)) > 0 && *at == '\0';
    }
    if (strcmp(option, "--context") == 0) {
        return (request->context = read_number(&at, 2, 4096)) > 0 && *at == '\0';
    }
    request->width = read_number(&at, 8, 4096);
    if (request->width % 8 != 0 || request->width % (request->width < 32 ? 1 : 32) != 0 ||
        *at++ != ',') {
        return false;
    }
    request->experts = read_number(&at, 1, 4096);
    return request->width > 0 && request->experts > 0 && *at == '\0';
}

static int read_request(int argc, char **argv, lm_request *ret_request) {
    static const char *const valued[] = {"--threads", "--steps", "--case", "--context"};
    for (int i = 1; i < argc; i++) {
        bool known = false;
        if (strcmp(argv[i], "--json") == 0) {
            known = ret_request->json = true;
        } else if (strcmp(argv[i], "--compile") == 0) {
            known = true;
            ret_request->compiled = true;
        }
        for (size_t k = 0; k < sizeof valued / sizeof valued[0] && !known; k++) {
            if (strcmp(argv[i], valued[k]) == 0) {
                const char *text = i + 1 < argc ? argv[i + 1] : "";
                if (!read_option(ret_request, argv[i++], text)) {
                    fprintf(
                        stderr,
                        "gatescope bench lm: %s is \"%s\"; a whole number is wanted (--case: two, "
                        "as 256,64, width a multiple of 32)\n",
                        argv[i - 1], text);
                    return 2;
                }
                known = true;
            }
        }
        if (!known) {
            fprintf(stderr,
                    "gatescope bench lm: \"%s\" is no option; [--json] [--threads N] [--steps N] "
                    "[--case WIDTH,EXPERTS] [--context N] [--compile] are\n",
                    argv[i]);
            return 2;
        }
    }
    return 0;
}

int gsc_cmd_bench_lm(int argc, char **argv) {
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    lm_request request = {.threads = cores > 0 ? (unsigned)cores : 1, .steps = 10, .context = 256};
    const int bad = read_request(argc, argv, &request);
    lm_result *results = calloc(MOST_RESULTS, sizeof *results);
    if (bad != 0 || results == NULL) {
        free(results);
        return bad != 0 ? bad : 1;
    }
    const size_t count = list_cases(&request, results);
    for (size_t i = 0; i < count; i++) {
        gsc_error error = {0};
        if (run_case(&results[i], request.compiled, &error) != GSC_OK) {
            fprintf(stderr, "gatescope bench lm: %s\n", error.message);
            free(results);
            return 1;
        }
    }
    int code = 0;
    if (request.json) {
        code = print_json(results, count, request.threads);
    } else {
        print_table(results, count);
    }
    free(results);
    return code;
}

/* SPDX-License-Identifier: MIT
 *
 * `gatescope bench em [--json] [--n N] [--iterations K]`: our expectation maximisation beside a
 * vectorised NumPy version of the same algorithm (tests/bench/em_numpy.py), on the truths of
 * theorem1 to theorem4: one thread each, the same data, start and iterations. Processor time, the
 * best of several fits. A ratio is printed only where both end at the same log-likelihood within
 * 1e-8 relative.
 *
 * NumPy is looked for in the interpreter GATESCOPE_PYTHON, else /usr/bin/python3. Without it ours
 * is timed alone and the peer is null.
 *
 * Layer: app.
 */
#include "app/bench_peer.h"
#include "app/commands.h"

#include "core/read/json_text.h"
#include "core/run/machine.h"
#include "core/theory/em.h"
#include "core/theory/sampler.h"
#include "core/theory/start.h"
#include "core/theory/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    N_CASES = 4,
    OUR_REPEATS = 5,
    PEER_REPEATS = 3
};
static const char *const presets[N_CASES] = {"theorem1", "theorem2", "theorem3", "theorem4"};

typedef struct em_bench_case {
    gsc_truth *truth;
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    size_t n, iterations;
    double *data;  /* x [n], y [n] */
    double *start; /* [layout.size] */
} em_bench_case;

typedef struct em_bench_result {
    const char *name;
    double ours_ms, peer_ms; /* an iteration; peer NaN: none */
    double ours_log_likelihood, peer_log_likelihood;
    char why[GSC_ERROR_MESSAGE_SIZE]; /* there is no peer */
} em_bench_result;

static double cpu_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static void clear_case(em_bench_case *c) {
    gsc_truth_free(c->truth);
    free(c->data);
    free(c->start);
}

static gsc_status make_case(em_bench_case *c, const char *preset, size_t n, size_t iterations,
                            gsc_error *error) {
    const double near_truth_noise = 0.05;
    char name[64];
    gsc_spec *spec = NULL;
    snprintf(name, sizeof name, "preset:%s", preset);
    gsc_status status = gsc_spec_load(name, &spec, error);
    if (status == GSC_OK) {
        status = gsc_truth_new(spec, &c->truth, error);
    }
    gsc_spec_free(spec);
    if (status != GSC_OK) {
        return status;
    }
    c->n = n;
    c->iterations = iterations;
    gsc_truth_fit_shape(c->truth, 2, 3, &c->gate, &c->shape);
    c->data = malloc(2 * n * sizeof *c->data);
    c->start = malloc(gsc_mixture_get_layout(&c->shape).size * sizeof *c->start);
    if (c->data == NULL || c->start == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a sample of %zu rows", n);
    }
    status = gsc_sampler_draw(c->truth, 1, n, 0, c->data, c->data + n, error);
    if (status == GSC_OK) {
        status = gsc_start_near_truth(c->truth, &c->shape, near_truth_noise, 1, n, 0, 0, c->start,
                                      error);
    }
    return status;
}

/* ---- Ours ------------------------------------------------------------------------------------ */

static gsc_status time_ours(const em_bench_case *c, em_bench_result *result, gsc_error *error) {
    const gsc_sample sample = {c->n, 1, c->data, c->data + c->n};
    const size_t size = gsc_mixture_get_layout(&c->shape).size;
    gsc_em_options options = gsc_em_options_default();
    options.tolerance = -INFINITY;
    options.max_iterations = c->iterations;
    gsc_em_workspace *workspace = NULL;
    double *mixture = malloc(size * sizeof *mixture);
    gsc_status status = mixture != NULL
                            ? gsc_em_workspace_new(&c->shape, c->n, &workspace, error)
                            : gsc_fail(error, GSC_ERR_MEMORY, "no memory for a mixture");
    result->ours_ms = INFINITY;
    for (int i = 0; i < OUR_REPEATS && status == GSC_OK; i++) {
        gsc_em_info info;
        memcpy(mixture, c->start, size * sizeof *mixture);
        const double before = cpu_ms();
        status = gsc_em_fit(&sample, &options, workspace, mixture, &info, error);
        if (status == GSC_OK) {
            result->ours_ms = fmin(result->ours_ms, (cpu_ms() - before) / (double)c->iterations);
            result->ours_log_likelihood = info.log_likelihood;
        }
    }
    gsc_em_workspace_free(workspace);
    free(mixture);
    return status;
}

/* ---- The peer -------------------------------------------------------------------------------- */

static json_t *describe_expert(const gsc_expert_family *family) {
    bool biased = false;
    for (size_t b = 0; b < family->n_blocks; b++) {
        biased = biased || strcmp(family->blocks[b].name, "bias") == 0;
    }
    return json_pack("{s:s, s:b, s:i}", "form", family->loaded->plugin->id, "biased", biased,
                     "size", (int)family->theta_size);
}

/* The problem and its data as two files in folder. */
static gsc_status write_problem(const em_bench_case *c, const char *folder, gsc_error *error) {
    char data_path[256], problem_path[256];
    snprintf(data_path, sizeof data_path, "%s/data", folder);
    snprintf(problem_path, sizeof problem_path, "%s/problem.json", folder);
    const gsc_em_options options = gsc_em_options_default();
    json_t *mixture = json_array();
    for (size_t i = 0; i < gsc_mixture_get_layout(&c->shape).size; i++) {
        json_array_append_new(mixture, json_real(c->start[i]));
    }
    json_t *problem = json_pack(
        "{s:s, s:I, s:I, s:i, s:i, s:i, s:s, s:f, s:f, s:I, s:I, s:o, s:o, s:o}", "data", data_path,
        "n", (json_int_t)c->n, "iterations", (json_int_t)c->iterations, "repeats", PEER_REPEATS,
        "k_shared", (int)c->shape.k_shared, "k_routed", (int)c->shape.k_routed, "gate",
        c->gate.loaded->plugin->id, "box", c->shape.box, "variance_floor", c->shape.variance_floor,
        "gate_steps", (json_int_t)options.gate_steps, "expert_steps",
        (json_int_t)options.expert_steps, "shared", describe_expert(c->shape.shared), "routed",
        describe_expert(c->shape.routed), "mixture", mixture);
    FILE *file = fopen(data_path, "wb");
    bool good = problem != NULL && file != NULL &&
                fwrite(c->data, sizeof *c->data, 2 * c->n, file) == 2 * c->n;
    good = (file == NULL || fclose(file) == 0) && good;
    good = good && json_dump_file(problem, problem_path, JSON_REAL_PRECISION(17)) == 0;
    json_decref(problem);
    return good ? GSC_OK
                : gsc_fail(error, GSC_ERR_IO, "the peer's problem could not be written to %s",
                           folder);
}

static void remove_problem(const char *folder) {
    char path[256];
    snprintf(path, sizeof path, "%s/data", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/problem.json", folder);
    unlink(path);
    rmdir(folder);
}

static gsc_status time_peer(const em_bench_case *c, em_bench_result *result, gsc_error *error) {
    char folder[200], text[1024];
    if (gsc_bench_folder_new(folder, sizeof folder, error) != GSC_OK) {
        return GSC_ERR_IO;
    }
    gsc_status status = write_problem(c, folder, error);
    const int code =
        status == GSC_OK ? gsc_bench_peer_run("em_numpy.py", folder, true, text, sizeof text) : -1;
    remove_problem(folder);
    json_t *answer = code == 0 ? json_loads(text, 0, NULL) : NULL;
    double log_likelihood, ms;
    if (json_unpack(answer, "{s:F, s:F}", "log_likelihood", &log_likelihood, "ms", &ms) == 0) {
        result->peer_ms = ms;
        result->peer_log_likelihood = log_likelihood;
    } else {
        snprintf(
            result->why, sizeof result->why,
            "the NumPy side did not run; app/setup --peers installs NumPy, and GATESCOPE_PYTHON "
            "names another interpreter that has it");
    }
    json_decref(answer);
    return status;
}

/* ---- Results --------------------------------------------------------------------------------- */

static gsc_status run_case(const char *preset, size_t n, size_t iterations, em_bench_result *result,
                           gsc_error *error) {
    em_bench_case c = {0};
    result->name = preset;
    result->peer_ms = NAN;
    gsc_status status = make_case(&c, preset, n, iterations, error);
    if (status == GSC_OK) {
        status = time_ours(&c, result, error);
    }
    if (status == GSC_OK) {
        status = time_peer(&c, result, error);
    }
    clear_case(&c);
    if (status == GSC_OK && !isnan(result->peer_ms)) {
        const double gap = fabs(result->ours_log_likelihood - result->peer_log_likelihood);
        if (!(gap <= 1e-8 * fabs(result->ours_log_likelihood))) {
            status =
                gsc_fail(error, GSC_ERR_NUMERIC,
                         "the two sides of %s end at log-likelihoods %.10g and %.10g, which do "
                         "not agree within 1e-8: no ratio is given",
                         preset, result->ours_log_likelihood, result->peer_log_likelihood);
        }
    }
    return status;
}

static int print_json(const em_bench_result *results) {
    json_t *array = json_array();
    for (int i = 0; i < N_CASES; i++) {
        const em_bench_result *r = &results[i];
        const bool peer = !isnan(r->peer_ms);
        json_t *entry = json_pack("{s:s, s:f, s:o, s:o, s:s, s:s, s:f}", "name", r->name, "ours",
                                  r->ours_ms, "peer", peer ? json_real(r->peer_ms) : json_null(),
                                  "ratio", peer ? json_real(r->peer_ms / r->ours_ms) : json_null(),
                                  "unit", "ms/iteration", "peer_name", "NumPy", "log_likelihood",
                                  r->ours_log_likelihood);
        if (!peer) {
            json_object_set_new(entry, "why", json_string(r->why));
        }
        json_array_append_new(array, entry);
    }
    json_t *root = json_pack("{s:o, s:o}", "machine", gsc_machine_describe(1), "cases", array);
    char *text = root != NULL ? gsc_json_dump(root, JSON_INDENT(2)) : NULL;
    json_decref(root);
    if (text == NULL) {
        fprintf(stderr, "gatescope bench em: out of memory\n");
        return 1;
    }
    puts(text);
    free(text);
    return 0;
}

static void print_table(const em_bench_result *results, size_t n, size_t iterations) {
    printf("%-10s %14s %14s %8s\n", "fit", "gatescope", "NumPy", "ratio");
    for (int i = 0; i < N_CASES; i++) {
        const em_bench_result *r = &results[i];
        if (isnan(r->peer_ms)) {
            printf("%-10s %11.3f ms %14s %8s\n", r->name, r->ours_ms, "none", "");
        } else {
            printf("%-10s %11.3f ms %11.3f ms %7.1fx\n", r->name, r->ours_ms, r->peer_ms,
                   r->peer_ms / r->ours_ms);
        }
    }
    printf("milliseconds an iteration; n = %zu, %zu iterations, one thread each\n", n, iterations);
    if (isnan(results[0].peer_ms)) {
        printf("%s\n", results[0].why);
    } else {
        printf("Every ratio was preceded by agreement of the two log-likelihoods within 1e-8.\n");
    }
}

/* A whole number from lowest to highest after option i, or 0 with a message. */
static size_t read_count(int argc, char **argv, int i, size_t lowest, size_t highest) {
    char *end = NULL;
    const char *text = i + 1 < argc ? argv[i + 1] : "";
    const unsigned long long value = strtoull(text, &end, 10);
    if (end == text || *end != '\0' || value < lowest || value > highest) {
        fprintf(stderr,
                "gatescope bench em: %s is \"%s\"; a whole number from %zu to %zu is wanted\n",
                argv[i], text, lowest, highest);
        return 0;
    }
    return (size_t)value;
}

int gsc_cmd_bench_em(int argc, char **argv) {
    bool json = false;
    size_t n = 100000, iterations = 20;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (strcmp(argv[i], "--n") == 0) {
            n = read_count(argc, argv, i++, 100, 10000000);
        } else if (strcmp(argv[i], "--iterations") == 0) {
            iterations = read_count(argc, argv, i++, 1, 100000);
        } else {
            fprintf(
                stderr,
                "gatescope bench em: \"%s\" is no option; [--json] [--n N] [--iterations K] are\n",
                argv[i]);
            return 2;
        }
        if (n == 0 || iterations == 0) {
            return 2;
        }
    }
    em_bench_result results[N_CASES] = {0};
    for (int i = 0; i < N_CASES; i++) {
        gsc_error error = {0};
        if (run_case(presets[i], n, iterations, &results[i], &error) != GSC_OK) {
            fprintf(stderr, "gatescope bench em: %s\n", error.message);
            return 1;
        }
    }
    if (json) {
        return print_json(results);
    }
    print_table(results, n, iterations);
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * `gatescope bench em [--json] [--n N] [--iterations K]`: our expectation maximisation beside two
 * vectorised NumPy versions, on the truths of theorem1 to theorem4: one thread each, the same data
 * and start, processor time, the best of several fits.
 *
 *     one-pass      tests/bench/em_numpy.py, which takes the same decisions as ours: the same
 *                   number of iterations, and agreement of the log-likelihoods within 1e-8
 *     exact M-step  tests/bench/em_numpy_exact.py, textbook EM with inner loops to the maximum of
 *                   every M-step: a whole fit each to the same tolerance, and agreement within
 *                   1e-5 a row; ratios for a fit and for an iteration
 *
 * A ratio is printed only after the two sides agreed.
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
    PEER_REPEATS = 3,
    EXACT_REPEATS = 1
};
/* Whole fits stop when an iteration gains less than fit_tolerance a row: tight enough that two ways
 * up end at the same height. */
static const double agreement_relative = 1e-8, agreement_a_row = 1e-5, fit_tolerance = 1e-7;
static const char *const presets[N_CASES] = {"theorem1", "theorem2", "theorem3", "theorem4"};

typedef struct em_bench_case {
    gsc_truth *truth;
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    size_t n, iterations;
    double *data;  /* x [n], y [n] */
    double *start; /* [layout.size] */
} em_bench_case;

/* A whole fit of one side. */
typedef struct em_bench_fit {
    double ms, log_likelihood; /* ms NaN: none */
    size_t iterations, inner;  /* inner: passes inside M-steps, of the peer */
} em_bench_fit;

typedef struct em_bench_result {
    const char *name;
    em_bench_fit fit, exact;
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

/* A whole fit. */
static gsc_status time_fit(const em_bench_case *c, gsc_em_workspace *workspace, double *mixture,
                           em_bench_fit *ret_fit, gsc_error *error) {
    const gsc_sample sample = {c->n, 1, c->data, c->data + c->n};
    const size_t size = gsc_mixture_get_layout(&c->shape).size;
    gsc_em_options options = gsc_em_options_default();
    options.tolerance = fit_tolerance;
    gsc_status status = GSC_OK;
    ret_fit->ms = INFINITY;
    for (int i = 0; i < OUR_REPEATS && status == GSC_OK; i++) {
        gsc_em_info info;
        memcpy(mixture, c->start, size * sizeof *mixture);
        const double before = cpu_ms();
        status = gsc_em_fit(&sample, &options, workspace, mixture, &info, error);
        if (status == GSC_OK) {
            ret_fit->ms = fmin(ret_fit->ms, cpu_ms() - before);
            ret_fit->log_likelihood = info.log_likelihood;
            ret_fit->iterations = info.iterations;
        }
    }
    return status;
}

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
    if (status == GSC_OK) {
        status = time_fit(c, workspace, mixture, &result->fit, error);
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
static gsc_status write_problem(const em_bench_case *c, const char *folder, int repeats,
                                gsc_error *error) {
    char data_path[256], problem_path[256];
    snprintf(data_path, sizeof data_path, "%s/data", folder);
    snprintf(problem_path, sizeof problem_path, "%s/problem.json", folder);
    const gsc_em_options options = gsc_em_options_default();
    json_t *mixture = json_array();
    for (size_t i = 0; i < gsc_mixture_get_layout(&c->shape).size; i++) {
        json_array_append_new(mixture, json_real(c->start[i]));
    }
    json_t *problem = json_pack(
        "{s:s, s:I, s:I, s:i, s:i, s:i, s:s, s:f, s:f, s:I, s:I, s:o, s:o, s:o, s:f, s:I}", "data",
        data_path, "n", (json_int_t)c->n, "iterations", (json_int_t)c->iterations, "repeats",
        repeats, "k_shared", (int)c->shape.k_shared, "k_routed", (int)c->shape.k_routed, "gate",
        c->gate.loaded->plugin->id, "box", c->shape.box, "variance_floor", c->shape.variance_floor,
        "gate_steps", (json_int_t)options.gate_steps, "expert_steps",
        (json_int_t)options.expert_steps, "shared", describe_expert(c->shape.shared), "routed",
        describe_expert(c->shape.routed), "mixture", mixture, "tolerance", fit_tolerance,
        "max_iterations", (json_int_t)options.max_iterations);
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

/* What a script answers to the problem; NULL where it does not run. */
static gsc_status ask_peer(const em_bench_case *c, const char *script, int repeats,
                           json_t **ret_answer, gsc_error *error) {
    char folder[200], text[1024];
    *ret_answer = NULL;
    if (gsc_bench_folder_new(folder, sizeof folder, error) != GSC_OK) {
        return GSC_ERR_IO;
    }
    gsc_status status = write_problem(c, folder, repeats, error);
    const int code =
        status == GSC_OK ? gsc_bench_peer_run(script, folder, true, text, sizeof text) : -1;
    remove_problem(folder);
    if (code == 0) {
        *ret_answer = json_loads(text, 0, NULL);
    }
    return status;
}

static gsc_status time_peer(const em_bench_case *c, em_bench_result *result, gsc_error *error) {
    json_t *answer;
    gsc_status status = ask_peer(c, "em_numpy.py", PEER_REPEATS, &answer, error);
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
    if (status != GSC_OK || isnan(result->peer_ms)) {
        return status;
    }
    status = ask_peer(c, "em_numpy_exact.py", EXACT_REPEATS, &answer, error);
    json_int_t iterations, inner;
    if (json_unpack(answer, "{s:F, s:F, s:I, s:I}", "log_likelihood", &log_likelihood, "ms", &ms,
                    "iterations", &iterations, "inner", &inner) == 0) {
        result->exact = (em_bench_fit){.ms = ms,
                                       .log_likelihood = log_likelihood,
                                       .iterations = (size_t)iterations,
                                       .inner = (size_t)inner};
    }
    json_decref(answer);
    return status;
}

/* ---- Results --------------------------------------------------------------------------------- */

static gsc_status run_case(const char *preset, size_t n, size_t iterations, em_bench_result *result,
                           gsc_error *error) {
    em_bench_case c = {0};
    result->name = preset;
    result->peer_ms = result->exact.ms = NAN;
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
        if (!(gap <= agreement_relative * fabs(result->ours_log_likelihood))) {
            status =
                gsc_fail(error, GSC_ERR_NUMERIC,
                         "the two sides of %s end at log-likelihoods %.10g and %.10g, which do "
                         "not agree within 1e-8: no ratio is given",
                         preset, result->ours_log_likelihood, result->peer_log_likelihood);
        }
    }
    const double apart =
        fabs(result->fit.log_likelihood - result->exact.log_likelihood) / (double)n;
    if (status == GSC_OK && !isnan(result->exact.ms) && !(apart <= agreement_a_row)) {
        status = gsc_fail(error, GSC_ERR_NUMERIC,
                          "the whole fits of %s end %.3g a row apart, ours at %.8g a row, which is "
                          "more than %g: no ratio is given",
                          preset, apart, result->fit.log_likelihood / (double)n, agreement_a_row);
    }
    return status;
}

/* Whole fits beside the exact M-steps: for a fit, then for an iteration. */
static void add_fits(json_t *array, const em_bench_result *r, size_t n) {
    static const char *const units[] = {"ms/fit", "ms/iteration"};
    for (int i = 0; i < 2 && !isnan(r->exact.ms); i++) {
        char name[64];
        const double ours = r->fit.ms / (i ? (double)r->fit.iterations : 1);
        const double peer = r->exact.ms / (i ? (double)r->exact.iterations : 1);
        snprintf(name, sizeof name, "%s exact M-steps%s", r->name, i ? ", an iteration" : "");
        json_array_append_new(
            array, json_pack("{s:s, s:f, s:f, s:f, s:s, s:s, s:I, s:I, s:I, s:f, s:f}", "name",
                             name, "ours", ours, "peer", peer, "ratio", peer / ours, "unit",
                             units[i], "peer_name", "NumPy, exact M-steps", "iterations",
                             (json_int_t)r->fit.iterations, "peer_iterations",
                             (json_int_t)r->exact.iterations, "peer_inner_passes",
                             (json_int_t)r->exact.inner, "log_likelihood_a_row",
                             r->fit.log_likelihood / (double)n, "peer_log_likelihood_a_row",
                             r->exact.log_likelihood / (double)n));
    }
}

static int print_json(const em_bench_result *results, size_t n) {
    json_t *array = json_array();
    for (int i = 0; i < N_CASES; i++) {
        const em_bench_result *r = &results[i];
        const bool peer = !isnan(r->peer_ms);
        json_t *entry = json_pack("{s:s, s:f, s:o, s:o, s:s, s:s, s:f}", "name", r->name, "ours",
                                  r->ours_ms, "peer", peer ? json_real(r->peer_ms) : json_null(),
                                  "ratio", peer ? json_real(r->peer_ms / r->ours_ms) : json_null(),
                                  "unit", "ms/iteration", "peer_name", "NumPy, one pass",
                                  "log_likelihood", r->ours_log_likelihood);
        if (!peer) {
            json_object_set_new(entry, "why", json_string(r->why));
        }
        json_array_append_new(array, entry);
        add_fits(array, r, n);
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

static void print_fits(const em_bench_result *results, size_t n) {
    printf("\n%-10s %-12s %10s %11s %13s %14s\n", "whole fit", "side", "ms", "iterations",
           "inner passes", "log-lik. a row");
    for (int i = 0; i < N_CASES; i++) {
        const em_bench_result *r = &results[i];
        printf("%-10s %-12s %10.1f %11zu %13s %14.7f\n", r->name, "gatescope", r->fit.ms,
               r->fit.iterations, "", r->fit.log_likelihood / (double)n);
        printf("%-10s %-12s %10.1f %11zu %13zu %14.7f   %.1fx a fit, %.1fx an iteration\n", "",
               "NumPy exact", r->exact.ms, r->exact.iterations, r->exact.inner,
               r->exact.log_likelihood / (double)n, r->exact.ms / r->fit.ms,
               r->exact.ms / (double)r->exact.iterations / (r->fit.ms / (double)r->fit.iterations));
    }
    printf("exact M-steps: inner loops until a step gains less than 1e-8 a row; both sides stop "
           "when an iteration gains less than 1e-7 a row\n"
           "and agree within %g a row\n",
           agreement_a_row);
}

static void print_table(const em_bench_result *results, size_t n, size_t iterations) {
    printf("%-10s %14s %14s %8s\n", "one pass", "gatescope", "NumPy", "ratio");
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
        return;
    }
    printf("Every ratio was preceded by agreement of the two log-likelihoods within 1e-8.\n");
    if (!isnan(results[0].exact.ms)) {
        print_fits(results, n);
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
        return print_json(results, n);
    }
    print_table(results, n, iterations);
    return 0;
}

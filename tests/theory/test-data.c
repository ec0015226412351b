/* SPDX-License-Identifier: MIT
 *
 * The user's own data: files that are read and files that are refused, fits from given starts against an independent
 * program (tests/golden/mixture_likelihood.py), starts from the sample, degenerate samples, what a sink is told.
 */
#include "core/theory/csv_data.h"
#include "core/theory/lab.h"
#include "core/theory/start.h"

#include "tests/tap.h"
#include "tests/theory/memory_sink.h"
#include "tests/theory/support.h"

#include <jansson.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/gatescope-data-XXXXXX";
static char path[128];

static const char *write_file(const char *text) {
    snprintf(path, sizeof path, "%s/data.csv", folder);
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0) {
        printf("Bail out! %s\n", path);
        exit(1);
    }
    fclose(file);
    return path;
}

/* ---- Files ----------------------------------------------------------------------------------- */

static void check_reads(const char *text, size_t n, size_t inputs, const char *last_name,
                        const char *what) {
    gsc_csv_data data = {0};
    gsc_error error = {0};
    const gsc_status status = gsc_csv_data_read(write_file(text), &data, &error);
    TAP_STRING(error.message, "", what);
    TAP_OK(status == GSC_OK && data.n == n && data.inputs == inputs, "its rows and columns");
    if (status == GSC_OK) {
        TAP_STRING(data.names[inputs], last_name, "the name of y");
        TAP_NEAR(data.y[n - 1], -2.5, 0, "the last y");
        TAP_NEAR(data.x[n - 1], 7, 0, "the last x");
    }
    gsc_csv_data_clear(&data);
}

static void check_refused(const char *text, const char *sentence) {
    gsc_csv_data data = {0};
    gsc_error error = {0};
    TAP_OK(gsc_csv_data_read(write_file(text), &data, &error) == GSC_ERR_INPUT, "refused");
    TAP_CONTAINS(error.message, sentence, sentence);
}

static void check_files(void) {
    check_reads("x,y\n1,2\n7,-2.5\n", 2, 1, "y", "a line of names");
    check_reads("1,2\n7,-2.5", 2, 1, "y", "no names, no last newline");
    check_reads("\xef\xbb\xbf\"a\";\"b\";\"out\"\r\n1;1;2\r\n\r\n# note\r\n 7 ;8;-2.5e0\r\n", 2, 2,
                "out", "a mark, quotes, semicolons, blanks, a comment, carriage returns");
    check_reads("1\t2\n3\t4\n7\t-2.5\n", 3, 1, "y", "tabs");
    check_refused("x,y\n1,2\n3,nan\n", "line 3, column 2 (y) is \"nan\"");
    check_refused("1,2\n3,x\n", "line 2, column 2 is \"x\"; it should be a finite number");
    check_refused("x,y\n1,\n", "column 2 (y) is \"\"");
    check_refused("x,y\n1,1e999\n", "should be a finite number");
    check_refused("x,y\n1,-3e160\n", "column 2 (y) is -3e+160, whose square and sums overflow");
    check_refused("a,b,y\n1,2,3\n1,2\n", "line 3 has 2 columns; the first line has 3");
    check_refused("y\n1\n2\n", "line 1 has 1 column; the data need at least one x and a y");
    check_refused("x,y\n", "has no row of data");
    check_refused("", "has no row of data");
    gsc_csv_data data = {0};
    gsc_error error = {0};
    TAP_OK(gsc_csv_data_read("/nowhere.csv", &data, &error) == GSC_ERR_IO, "no such file");
    TAP_CONTAINS(error.message, "/nowhere.csv cannot be read", "is named");
}

/* ---- Fits ------------------------------------------------------------------------------------ */

static gsc_spec *spec_of(const char *text, const char *data) {
    gsc_error error;
    gsc_spec *spec;
    char setting[256];
    need(gsc_spec_parse(text, "test", &spec, &error), &error);
    snprintf(setting, sizeof setting, "theory.data=%s", data);
    need(gsc_spec_set(spec, setting, &error), &error);
    need(gsc_spec_check(spec, NULL, &error), &error);
    return spec;
}

static memory_sink *run(const char *text, const char *data) {
    gsc_error error = {0};
    gsc_spec *spec = spec_of(text, data);
    memory_sink *sink = memory_sink_new();
    need(gsc_theory_run(spec, NULL, &sink->sink, &error), &error);
    gsc_spec_free(spec);
    return sink;
}

static double value_of(const memory_sink *sink, const char *name, const char *arm) {
    const memory_result *result = memory_result_of(sink, name, arm);
    return result != NULL ? result->value : NAN;
}

static void check_golden(void) {
    json_error_t problem;
    json_t *cases = json_load_file(GSC_TEST_GOLDEN "/mixture_likelihood.json", 0, &problem), *one;
    size_t i;
    TAP_OK(json_array_size(cases) == 4, "the cases of the independent program");
    json_array_foreach(cases, i, one) {
        const char *name = json_string_value(json_object_get(one, "name"));
        const json_t *initial = json_object_get(one, "initial");
        /* The likelihood of an expert too many has several maxima: Newton's steps may leave EM's for a better. */
        for (int polish = 0; polish < (i == 0 ? 1 : 2); polish++) {
            char data[512];
            json_t *spec = json_pack(
                "{s:O, s:s, s:{s:s, s:O, s:I, s:I, s:b, s:f, s:i, s:f, s:f}}", "gate",
                json_object_get(one, "gate"), "expert", "linear", "theory", "start", "given",
                "initial", initial, "k_shared",
                (json_int_t)json_array_size(json_object_get(initial, "shared")), "k_routed",
                (json_int_t)json_array_size(json_object_get(initial, "routed")), "polish", polish,
                "tolerance", 0.0, "max_iterations", polish ? 50 : 2000, "variance_floor", 0.05,
                "box", 50.0);
            char *text = json_dumps(spec, 0);
            snprintf(data, sizeof data, "%s/%s", GSC_TEST_GOLDEN,
                     json_string_value(json_object_get(one, "csv")));
            memory_sink *sink = run(text, data);
            TAP_NEAR(value_of(sink, "log_likelihood_per_sample", ""),
                     json_number_value(json_object_get(one, "log_likelihood_per_sample")), 1e-6,
                     name);
            TAP_CONTAINS(sink->last_fit, "\"mode\":\"given\"", "the start is told");
            memory_sink_free(sink);
            free(text);
            json_decref(spec);
        }
    }
    json_decref(cases);
}

static void check_told(void) {
    static const char spec[] = "{\"expert\": \"linear\", \"theory\": {\"start\": \"kmeans\", "
                               "\"starts\": 6, \"polish\": true, \"k_shared\": [0, 1], "
                               "\"k_routed\": 2, \"variance_floor\": 0.01}}";
    memory_sink *sink = run(spec, GSC_TEST_GOLDEN "/mixture_line.csv");
    const memory_series *path_of = memory_find(sink, "log_likelihood", "k_shared=1");
    TAP_OK(sink->fits == 2, "one document for each arm");
    TAP_OK(path_of != NULL && path_of->n > 2, "the likelihood against the iteration");
    bool rises = true;
    for (size_t i = 1; i < path_of->n; i++) {
        rises = rises && path_of->points[i].y >= path_of->points[i - 1].y - 1e-6;
    }
    TAP_OK(rises, "it never falls");
    TAP_NEAR(path_of->points[path_of->n - 1].y, value_of(sink, "log_likelihood", "k_shared=1"), 0,
             "and ends where the fit does");
    TAP_OK(memory_find(sink, "data", "")->n == 500 &&
               memory_find(sink, "routed_2", "k_shared=0")->n == 201,
           "the rows and the fitted lines");
    TAP_NEAR(value_of(sink, "parameters", "k_shared=1"), 13 + 1 - 1, 0, "free parameters");
    TAP_NEAR(value_of(sink, "bic", "k_shared=1"),
             13 * log(500) - 2 * value_of(sink, "log_likelihood", "k_shared=1"), 1e-9, "bic");
    TAP_OK(value_of(sink, "log_likelihood", "k_shared=1") > -1.62 * 500,
           "k-means finds the three lines");
    TAP_CONTAINS(sink->last_fit, "\"certificate\":{\"starts\":6", "the certificate");
    memory_sink_free(sink);
}

static void check_refusals(void) {
    static const struct {
        const char *text, *spec, *sentence;
    } cases[] = {
        {"1,2\n2,3\n3,5\n", "{}", "theory.data has 3 rows, below the 22 free parameters"},
        {"1,2\n2,2\n3,2\n", "{}", "y (column y) is 2 in every row"},
        {"1,2\n2,3\n3,5\n", "{\"theory\": {\"k_shared\": 0, \"k_routed\": 0}}", "are both 0"},
        {"1,2\n2,3\n3,5\n",
         "{\"theory\": {\"k_shared\": 1, \"k_routed\": 0, \"start\": \"given\"}}",
         "theory.initial is missing"},
        {"1,2\n2,3\n3,5\n",
         "{\"theory\": {\"k_shared\": 1, \"k_routed\": 0, \"start\": \"given\", \"initial\": "
         "{\"shared\": []}}}",
         "theory.initial.shared has 0 atoms, but theory.k_shared is 1"},
        {"1,2\n2,3\n3,5\n",
         "{\"theory\": {\"k_shared\": 1, \"k_routed\": 0, \"start\": \"given\", \"initial\": "
         "{\"shared\": [{\"expert\": {\"weight\": [1]}, \"variance\": 1}]}}}",
         "theory.initial.shared[0].expert.bias is missing"},
        {"1,2\n2,3\n3,5\n",
         "{\"theory\": {\"k_shared\": 1, \"k_routed\": 0, \"start\": \"given\", \"initial\": "
         "{\"shared\": [{\"expert\": {\"weight\": [100], \"bias\": [0]}, \"variance\": 1}]}}}",
         "beyond theory.box 20"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gsc_error error = {0};
        gsc_spec *spec = spec_of(cases[i].spec, write_file(cases[i].text));
        memory_sink *sink = memory_sink_new();
        TAP_OK(gsc_theory_run(spec, NULL, &sink->sink, &error) == GSC_ERR_INPUT, "refused");
        TAP_CONTAINS(error.message, cases[i].sentence, cases[i].sentence);
        memory_sink_free(sink);
        gsc_spec_free(spec);
    }
}

/* Data on which a careless fit hangs or divides by 0: a finite likelihood and an alarm. */
static void check_degenerate(const char *data, const char *alarm) {
    static const char *const starts[] = {"kmeans", "random"};
    static const char *const experts[] = {"linear", "gelu", "relu", "constant"};
    for (size_t i = 0; i < 8; i++) {
        char spec[256];
        snprintf(spec, sizeof spec,
                 "{\"expert\": \"%s\", \"theory\": {\"k_shared\": 1, \"k_routed\": 2, \"start\": "
                 "\"%s\", \"starts\": 3, \"polish\": %s}}",
                 experts[i / 2], starts[i % 2], i % 3 == 0 ? "true" : "false");
        memory_sink *sink = run(spec, data);
        bool told = false;
        for (size_t e = 0; e < sink->n_events; e++) {
            told = told || strstr(sink->events[e], alarm) != NULL;
        }
        TAP_OK(isfinite(value_of(sink, "log_likelihood", "")) && told, alarm);
        TAP_OK(strstr(sink->last_fit, "nan") == NULL && strstr(sink->last_fit, "inf") == NULL,
               "no number of the fit is not finite");
        memory_sink_free(sink);
    }
}

static void check_degenerates(void) {
    char text[4096] = "x,y\n";
    size_t used = strlen(text);
    for (int t = 0; t < 60; t++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "1.5,%.6f\n", sin(t));
    }
    check_degenerate(write_file(text), "(x) is 1.5 in every row");
    used = 0;
    for (int t = 0; t < 60; t++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%d,%d\n", t % 3, t % 3);
    }
    check_degenerate(write_file(text), "only 3 of the 60 rows differ");
}

/* ---- Starts ---------------------------------------------------------------------------------- */

static void check_starts(const char *expert, size_t inputs) {
    enum {
        N = 300
    };
    gsc_error error = {0};
    gsc_truth *families;
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    char text[128];
    static double x[3 * N], y[N];
    snprintf(text, sizeof text, "{\"expert\": \"%s\", \"theory\": {\"box\": 8}}", expert);
    gsc_spec *spec;
    need(gsc_spec_parse(text, "test", &spec, &error), &error);
    need(gsc_truth_new_families(spec, inputs, true, true, 0.01, &families, &error), &error);
    gsc_truth_fit_shape(families, 2, 3, &gate, &shape);
    const gsc_mixture_layout at = gsc_mixture_get_layout(&shape);
    for (size_t t = 0; t < N; t++) {
        y[t] = 20 * cos((double)t);
        for (size_t k = 0; k < inputs; k++) {
            x[k * N + t] = 5 * sin((double)(t * (k + 3)));
        }
    }
    const gsc_sample sample = {N, inputs, x, y};
    double mixture[128], again[128], other[128];
    for (int mode = GSC_START_KMEANS; mode <= GSC_START_RANDOM; mode++) {
        bool inside = true, apart = false;
        double total = 0;
        for (size_t start = 0; start < 5; start++) {
            double *into = start == 0 ? mixture : other;
            need(gsc_start_from_data(mode, &shape, &sample, 7, 0, start, into, &error), &error);
            for (size_t i = 0; i < at.size; i++) {
                const bool variance = (i >= at.tau && i < at.beta0) || i >= at.nu;
                inside = inside && isfinite(into[i]) &&
                         (variance ? into[i] >= 0.01 : fabs(into[i]) <= 8);
                apart = apart || (start > 0 && into[i] != mixture[i]);
            }
        }
        need(gsc_start_from_data(mode, &shape, &sample, 7, 0, 0, again, &error), &error);
        for (size_t i = 0; i < 2; i++) {
            total += mixture[at.omega + i];
        }
        TAP_OK(inside, "a start from data is finite, in the box, above the floor");
        TAP_NEAR(total, 1, 1e-12, "omega sums to 1");
        TAP_OK(apart && memcmp(mixture, again, at.size * sizeof(double)) == 0,
               "starts differ by number and repeat by seed");
    }
    gsc_truth_free(families);
    gsc_spec_free(spec);
}

int main(void) {
    if (mkdtemp(folder) == NULL) {
        printf("Bail out! no folder\n");
        return 1;
    }
    check_files();
    check_golden();
    check_told();
    check_refusals();
    check_degenerates();
    check_starts("linear", 1);
    check_starts("linear", 3);
    check_starts("tanh", 2);
    check_starts("polynomial", 2);
    write_file("");
    unlink(path);
    rmdir(folder);
    return tap_done();
}

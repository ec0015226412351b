/* SPDX-License-Identifier: MIT
 *
 * The conformance suite judged: every shipped plugin and template passes it, and each wrong plugin fails the
 * one test that is meant for it and no other.
 *
 * The build gives the folders: GSC_TEST_CHECK_PLUGINS, GSC_TEST_SCAN_PLUGINS.
 */
#include "core/plugin/conformance.h"
#include "core/plugin/registry.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <time.h>

static const char *text_of(const json_t *row, const char *key) {
    const char *text = json_string_value(json_object_get(row, key));
    return text != NULL ? text : "";
}

static json_t *check(const char *path, const char *test, bool in_process) {
    const gsc_conformance_options options = {.test = test, .in_process = in_process};
    json_t *report = NULL;
    gsc_error error = {0};
    if (gsc_conformance_check(path, &options, &report, &error) != GSC_OK) {
        printf("# %s\n", error.message);
    }
    return report;
}

/* The names of the failed tests, ' ' between them; and the last one's message. */
static void failed_of(const json_t *report, char *ret_names, char *ret_message, size_t size) {
    size_t index, used = 0;
    json_t *test;
    ret_names[0] = ret_message[0] = '\0';
    json_array_foreach(json_object_get(report, "tests"), index, test) {
        if (strcmp(text_of(test, "status"), "failed") == 0) {
            int n = snprintf(ret_names + used, size - used, "%s%s", used > 0 ? " " : "",
                             text_of(test, "name"));
            used += n > 0 && used + (size_t)n < size ? (size_t)n : 0;
            snprintf(ret_message, size, "%s", text_of(test, "message"));
        }
    }
}

/* What the sentence of each test says of its wrong plugin. */
static const char *const expected[][2] = {
    {"symbols", "exports gsc_helper beside gatescope_plugin"},
    {"loads", "is built for plugin ABI 7.0 and this program speaks 1."},
    {"finite", "affinity returns inf at -700; it must be finite"},
    {"sum", "p of row 0 sums to 1.01 with 8 experts"},
    {"top_k", "takes 2 experts, and max_chosen promised at most 1 at k = 2"},
    {"bias", "combine returns "},
    {"bias_effect", "a bias of 1e4 for expert 5 leaves every choice as it was"},
    {"order", "probs gives "},
    {"weights", "when the same experts are listed in another order"},
    {"dispatched", "when two scores change places by 1e-11 and the choice given stays"},
    {"causality", "once rows from 6 on are others"},
    {"permutation", "rank of one token"},
    {"relabel", "probs gives an expert "},
    {"split", "in a batch of 12 rows and "},
    {"random", "in a batch of 6 with the same first_row + row"},
    {"validation", "probs returns nan (row 0, column 0) in validation (call.training is 0)"},
    {"score_gradient", "score_backward gives "},
    {"inner_gradient", "inner_slope gives 0 for xx[0], where the difference quotient is "},
    {"affinity_gradient", "affinity_slope gives "},
    {"probs_gradient", "probs_backward gives "},
    {"combine_gradient", "combine_backward gives "},
    {"mix_gradient", "mix_backward gives "},
    {"activation_gradient", "activation_slope gives "},
    {"activation_f32", "activation_f32 returns "},
    {"expert_gradient", "backward overwrites the gradient of bias, which it must add to"},
    {"jacobian", "jacobian gives 1 for weight[0], where the difference quotient is "},
    {"linear", "linear = 1 says that it doubles"},
    {"loss_gradient", "to dp[0], where coefficient * dL/dp is "},
    {"control", "control leaves the busiest expert (load 40) the bias "},
    {"ties", "where all logits are equal"},
    {"one_expert", "with one expert"},
    {"all_experts", "where k = E"},
    {"empty", "affinity writes up to 8 bytes behind the end of the affinities"},
    {"huge", "affinity crashed with SIGSEGV"},
    {"nan", "affinity returns -1e+06 for a NaN"},
    {"deterministic", "affinity returns "},
    {"threads", "on one thread and "},
    {"bounds", "affinity writes up to 8 bytes behind the end of the affinities"},
    {"allocation", "affinity calls malloc"},
    {"statics", "bytes of its static variables changed"},
    {"printing", "its functions print, beginning with \"affinity\""},
    {"parameters", "with temperature at its lowest value, 0"},
    {"state", "where a run goes on and "},
};

static void test_wrong(void) {
    size_t count = sizeof expected / sizeof *expected, tests = 0;
    for (; gsc_conformance_test_name(tests) != NULL; tests++) {
        bool known = strcmp(gsc_conformance_test_name(tests), "gpu") == 0;
        for (size_t i = 0; i < count; i++) {
            known = known || strcmp(expected[i][0], gsc_conformance_test_name(tests)) == 0;
        }
        if (!known) {
            TAP_STRING(gsc_conformance_test_name(tests), "", "has no wrong plugin");
        }
        TAP_OK(strlen(gsc_conformance_test_caught(tests)) > 20, gsc_conformance_test_name(tests));
    }
    for (size_t i = 0; i < count; i++) {
        char path[1024], names[1024], message[1024];
        snprintf(path, sizeof path, "%s/wrong_%s.so", GSC_TEST_CHECK_PLUGINS, expected[i][0]);
        json_t *report = check(path, NULL, false);
        failed_of(report, names, message, sizeof names);
        TAP_STRING(names, expected[i][0], "fails its test and no other");
        TAP_CONTAINS(message, expected[i][1], "and says why");
        json_decref(report);
    }
}

/* Everything on the search path: what is shipped, and the templates. */
static void test_shipped(void) {
    json_t *rows = NULL, *row;
    gsc_error error = {0};
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    TAP_OK(gsc_registry_list(&rows, &error) == GSC_OK && json_array_size(rows) > 10,
           "there are plugins to check");
    size_t index, checked = 0;
    json_array_foreach(rows, index, row) {
        char what[160], names[1024], message[1024];
        json_t *report = check(text_of(row, "path"), NULL, false);
        failed_of(report, names, message, sizeof names);
        snprintf(what, sizeof what, "%s %s passes", text_of(report, "kind"), text_of(report, "id"));
        TAP_STRING(names, "", what);
        if (message[0] != '\0') {
            printf("# %s\n", message);
        }
        checked++;
        json_decref(report);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("# %zu plugins in %.1f s\n", checked,
           (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec));
    json_decref(rows);
}

/* Crashes, hangs and exits are the plugin's, not ours. */
static void test_hostile(void) {
    static const char *const hostile[][2] = {
        {"crash_constructor", "loading crashed with SIGSEGV"},
        {"exit_zero", "gatescope_plugin ended the process (exit code 0)"},
        {"hang", "gatescope_plugin did not come back within 1 seconds"},
    };
    setenv("GATESCOPE_SCAN_SECONDS", "1", 1);
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        char path[1024], names[1024], message[1024];
        snprintf(path, sizeof path, "%s/%s.so", GSC_TEST_SCAN_PLUGINS, hostile[i][0]);
        json_t *report = check(path, NULL, false);
        failed_of(report, names, message, sizeof names);
        TAP_STRING(names, "loads", hostile[i][0]);
        TAP_CONTAINS(message, hostile[i][1], "says what it did where");
        json_decref(report);
    }
    unsetenv("GATESCOPE_SCAN_SECONDS");
}

static void test_words(void) {
    char path[1024], names[1024], message[1024];
    gsc_error error = {0};
    json_t *report = NULL;
    const gsc_conformance_options no_test = {.test = "sun"};
    snprintf(path, sizeof path, "%s/wrong_sum.so", GSC_TEST_CHECK_PLUGINS);
    TAP_OK(gsc_conformance_check(path, &no_test, &report, &error) == GSC_ERR_INPUT,
           "a test that there is not");
    TAP_CONTAINS(error.message, "there is no conformance test \"sun\"", "is named");
    report = check(path, "sum", true);
    failed_of(report, names, message, sizeof names);
    TAP_STRING(names, "sum", "one test alone, in this process");
    TAP_OK(json_array_size(json_object_get(report, "tests")) == 3, "with what it needs to load");
    TAP_STRING(text_of(report, "id"), "wrong_sum", "the report names the plugin");
    json_decref(report);
    const gsc_conformance_options all = {0};
    TAP_OK(gsc_conformance_check("/no/such.so", &all, &report, &error) == GSC_ERR_IO,
           "a file that there is not");
    TAP_CONTAINS(error.message, "/no/such.so cannot be read", "is named");
}

int main(void) {
    test_wrong();
    test_shipped();
    test_hostile();
    test_words();
    return tap_done();
}

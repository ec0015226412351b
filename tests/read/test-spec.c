/* SPDX-License-Identifier: MIT
 *
 * Specs: both spellings of keys, values and initial values, one sentence for each mistake, presets.
 */
#include "core/read/json_text.h"
#include "core/read/spec.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>

static void refuse(const char *text, const json_t *descriptors, const char *part) {
    gsc_spec *spec = NULL;
    gsc_error error = {0};
    gsc_status status = gsc_spec_parse(text, "my.json", &spec, &error);
    if (status == GSC_OK) {
        status = gsc_spec_check(spec, descriptors, &error);
    }
    TAP_OK(status == GSC_ERR_INPUT, part);
    TAP_CONTAINS(error.message, part, part);
    gsc_spec_free(spec);
}

static void test_values(void) {
    gsc_spec *spec = NULL;
    gsc_error error = {0};
    double *values = NULL;
    size_t n = 0;
    TAP_OK(gsc_spec_parse("{\"theory\": {\"sizes\": [10, 1e3], \"k_routed\": 4, \"polish\": true},"
                          " \"theory.box\": 3, \"gate.temperature\": 2.5, \"gate\": \"softmax\","
                          " \"title\": \"x\"}",
                          "a", &spec, &error) == GSC_OK &&
               gsc_spec_check(spec, NULL, &error) == GSC_OK,
           "nested and dotted keys");
    TAP_OK(gsc_spec_list(spec, "theory.sizes", &values, &n, &error) == GSC_OK && n == 2 &&
               values[0] == 10 && values[1] == 1000,
           "a list");
    free(values);
    TAP_OK(gsc_spec_list(spec, "theory.k_routed", &values, &n, &error) == GSC_OK && n == 1 &&
               values[0] == 4,
           "one number is a list of one");
    free(values);
    TAP_OK(gsc_spec_list(spec, "theory.k_shared", &values, &n, &error) == GSC_OK && n == 1 &&
               values[0] == 2,
           "an initial list");
    free(values);
    TAP_NEAR(gsc_spec_real(spec, "theory.box"), 3, 0, "a whole number where a real is wanted");
    TAP_OK(gsc_spec_bool(spec, "theory.polish"), "a bool");
    TAP_OK(gsc_spec_int(spec, "theory.replicates") == 16, "an initial number");
    TAP_STRING(gsc_spec_plugin(spec, "gate"), "softmax", "a plugin whose parameter came first");
    TAP_NEAR(gsc_spec_plugin_param(spec, "gate", "temperature", 1), 2.5, 0, "its parameter");
    TAP_NEAR(gsc_spec_plugin_param(spec, "gate", "other", 9), 9, 0, "the fallback of another");
    TAP_OK(gsc_spec_plugin(spec, "theory.shared_expert") == NULL, "an absent plugin");
    TAP_OK(gsc_spec_json(spec, "theory.truth") == NULL, "an absent object");
    gsc_spec_free(spec);
}

static void test_set(void) {
    gsc_spec *spec = NULL, *copy;
    gsc_error error = {0};
    double *values = NULL;
    size_t n = 0;
    gsc_spec_parse("{}", "a", &spec, &error);
    TAP_OK(gsc_spec_set(spec, "theory.sizes=[20,30]", &error) == GSC_OK, "a list as JSON");
    TAP_OK(gsc_spec_set(spec, "theory.sizes=40,50,60", &error) == GSC_OK, "a list with commas");
    gsc_spec_list(spec, "theory.sizes", &values, &n, &error);
    TAP_OK(n == 3 && values[2] == 60, "replaces the first");
    free(values);
    TAP_OK(gsc_spec_set(spec, "title=42", &error) == GSC_OK, "digits where text is wanted");
    TAP_STRING(gsc_spec_string(spec, "title"), "42", "are text");
    TAP_OK(gsc_spec_set(spec, "gate.temperature=3", &error) == GSC_OK, "a parameter alone");
    TAP_STRING(gsc_spec_plugin(spec, "gate"), "softmax", "keeps the initial plugin");
    copy = gsc_spec_dup(spec);
    TAP_OK(gsc_spec_set(spec, "gate=normalized_sigmoid", &error) == GSC_OK, "another gate");
    TAP_NEAR(gsc_spec_plugin_param(spec, "gate", "temperature", -1), -1, 0,
             "drops the old parameters");
    TAP_NEAR(gsc_spec_plugin_param(copy, "gate", "temperature", -1), 3, 0,
             "and leaves a copy alone");
    TAP_OK(gsc_spec_set(spec, "theory.size=[1]", &error) == GSC_ERR_INPUT, "an unknown key");
    TAP_CONTAINS(error.message, "nearest is theory.sizes", "with the nearest");
    TAP_OK(gsc_spec_set(spec, "sizes=[1]", &error) == GSC_ERR_INPUT, "a key without its group");
    TAP_CONTAINS(error.message, "nearest is theory.sizes", "is found");
    TAP_OK(gsc_spec_set(spec, "theory.replicates=many", &error) == GSC_ERR_INPUT, "a wrong type");
    TAP_CONTAINS(error.message,
                 "theory.replicates is \"many\"; it should be a whole number from 1 to 10000",
                 "says what is right");
    TAP_OK(gsc_spec_int(spec, "theory.replicates") == 16, "and changes nothing");
    TAP_OK(gsc_spec_set(spec, "theory.sizes", &error) == GSC_ERR_INPUT, "no value");
    TAP_CONTAINS(error.message, "key=value", "says how");
    gsc_spec_free(copy);
    gsc_spec_free(spec);
}

static void test_mistakes(void) {
    refuse("{\n \"seed\": 1,\n}", NULL, "my.json:3: this is not JSON");
    refuse("[1]", NULL, "a spec is a JSON object");
    refuse("{\"seed\": 1, \"seed\": 2}", NULL, "duplicate");
    refuse("{\n\"theory\": {\n\"replicate\": 3}}", NULL,
           "my.json:3: theory.replicate is not a key of a spec; the nearest is theory.replicates");
    refuse("{\"theory\": 3}", NULL, "theory is a group of keys");
    refuse("{\n\"a\\\"b\": [1, {\"seed\": 2}],\n\n\"seed\": \"x\"}", NULL, "a\"b is not a key");
    refuse("{\"title\": \"a } , \\\" {\",\n\n\"seed\": \"x\"}", NULL, "my.json:3: seed is \"x\"");
    refuse("{\"seed\": -1}", NULL, "whole number from 0");
    refuse("{\"seed\": 1.5}", NULL, "seed is 1.5");
    refuse("{\"theory.sizes\": []}", NULL, "theory.sizes is []");
    refuse("{\"theory.sizes\": [100, \"a\"]}", NULL, "a list of whole numbers");
    refuse("{\"theory.loss\": \"D9\"}", NULL, "one of D1, D2, D3, D4");
    refuse("{\"theory.polish\": 1}", NULL, "true or false");
    refuse("{\"gate\": 3}", NULL, "the id of a plugin of kind gate");
    refuse("{\"gate\": {\"id\": \"softmax\", \"a\": \"b\"}}", NULL,
           "the id of a plugin of kind gate");
    refuse("{\"theory.truth\": 3}", NULL, "it should be an object");
}

static void test_plugins(void) {
    json_t *descriptors = json_loads(
        "[{\"id\":\"softmax\",\"kind\":\"gate\",\"status\":\"ok\",\"theory\":\"\",\"params\":["
        "{\"name\":\"temperature\",\"type\":\"real\",\"lowest\":0.1,\"highest\":10}]},"
        " {\"id\":\"linear\",\"kind\":\"expert\",\"status\":\"ok\",\"theory\":\"\",\"params\":[]},"
        " {\"id\":\"relu\",\"kind\":\"expert\",\"status\":\"ok\",\"theory\":\"\",\"params\":["
        "{\"name\":\"bias\",\"type\":\"bool\",\"lowest\":0,\"highest\":1}]},"
        " {\"id\":\"sigmoid\",\"kind\":\"gate\",\"status\":\"ok\",\"theory\":\"gate sigmoid has no sum\"},"
        " {\"id\":\"bad\",\"kind\":\"gate\",\"status\":\"its magic is wrong\"}]",
        0, NULL);
    gsc_spec *spec = NULL;
    gsc_error error = {0};
    gsc_spec_parse(
        "{\"gate\": {\"id\": \"softmax\", \"temperature\": 2}, \"expert\": {\"id\": \"relu\","
        " \"bias\": true}}",
        "a", &spec, &error);
    TAP_OK(gsc_spec_check(spec, descriptors, &error) == GSC_OK, "good plugins pass");
    gsc_spec_free(spec);
    refuse("{\n\"gate\": \"softmx\"}", descriptors,
           "my.json:2: gate \"softmx\" is not installed; the nearest is softmax");
    refuse("{\"gate\": \"linear\"}", descriptors, "gate \"linear\" is not installed");
    refuse("{\"gate\": \"bad\"}", descriptors, "gate \"bad\" was refused: its magic is wrong");
    refuse("{\"gate\": \"sigmoid\"}", descriptors, "gate sigmoid has no sum");
    refuse("{\"gate.temperature\": 11}", descriptors,
           "gate.temperature is 11; gate \"softmax\" takes a number");
    refuse("{\"gate\": {\"id\": \"softmax\",\n\"temperature\": 0}}", descriptors,
           "my.json:2: gate.temperature is 0");
    refuse("{\"gate.temperatur\": 1}", descriptors, "the nearest is temperature");
    refuse("{\"expert.weight\": 1}", descriptors,
           "expert \"linear\" has no parameter \"weight\"; it has none");
    refuse("{\"expert\": {\"id\": \"relu\", \"bias\": 0.5}}", descriptors,
           "takes a whole number from 0 to 1");
    json_decref(descriptors);
}

static void test_presets(void) {
    size_t n;
    const gsc_preset *presets = gsc_presets(&n);
    TAP_OK(n >= 5 && strcmp(presets[0].name, "first") == 0, "presets, first is the first");
    for (size_t i = 0; i < n; i++) {
        char name[64];
        gsc_spec *spec = NULL, *again = NULL;
        gsc_error error = {0};
        snprintf(name, sizeof(name), "preset:%s", presets[i].name);
        TAP_OK(gsc_spec_load(name, &spec, &error) == GSC_OK &&
                   gsc_spec_check(spec, NULL, &error) == GSC_OK,
               name);
        TAP_OK(strlen(presets[i].title) > 5 && strlen(presets[i].summary) > 20,
               "title and summary");
        TAP_STRING(gsc_spec_string(spec, "title"), presets[i].title, "the spec carries the title");
        char *text = gsc_spec_dump(spec);
        TAP_OK(gsc_spec_parse(text, "dump", &again, &error) == GSC_OK &&
                   gsc_spec_check(again, NULL, &error) == GSC_OK,
               "its dump is a spec");
        char *twice = gsc_spec_dump(again);
        TAP_STRING(twice, text, "that dumps the same");
        free(text);
        free(twice);
        gsc_spec_free(again);
        gsc_spec_free(spec);
    }
    gsc_spec *spec = NULL;
    gsc_error error = {0};
    TAP_OK(gsc_spec_load("preset:theorm2", &spec, &error) == GSC_ERR_INPUT, "an unknown preset");
    TAP_CONTAINS(error.message, "nearest is preset:theorem2", "with the nearest");
    TAP_OK(gsc_spec_load("theorem2", &spec, &error) == GSC_ERR_INPUT,
           "a preset without its prefix");
    TAP_CONTAINS(error.message, "preset:theorem2", "is told");
    TAP_OK(gsc_spec_load("/nowhere.json", &spec, &error) == GSC_ERR_INPUT,
           "a file that is not there");
    TAP_CONTAINS(error.message, "/nowhere.json", "is named");
}

static void test_nearest(void) {
    const char *const names[] = {"softmax", "sigmoid", "normalized_sigmoid", "relu", "gelu"};
    TAP_STRING(gsc_nearest("sofmtax", names, 5), "softmax", "a swap");
    TAP_STRING(gsc_nearest("RELU", names, 5), "relu", "another case");
    TAP_STRING(gsc_nearest("normalized", names, 5), "normalized_sigmoid", "a beginning");
    TAP_OK(gsc_nearest("banana", names, 5) == NULL, "nothing near");
    TAP_OK(gsc_nearest("x", names, 0) == NULL, "nothing to choose from");
}

static void test_table(void) {
    size_t n;
    const gsc_spec_key *keys = gsc_spec_keys(&n);
    int good = 1;
    for (size_t i = 0; i < n; i++) {
        json_t *initial =
            keys[i].initial != NULL ? json_loads(keys[i].initial, JSON_DECODE_ANY, NULL) : NULL;
        size_t length = strlen(keys[i].doc);
        good = good && (keys[i].initial == NULL || initial != NULL) && length > 10 &&
               keys[i].doc[length - 1] != '.';
        json_decref(initial);
    }
    TAP_OK(good, "every key has a line of documentation and an initial value that parses");
    gsc_spec *spec = NULL;
    char *text = NULL;
    gsc_error error = {0};
    gsc_spec_parse("{}", "a", &spec, &error);
    text = gsc_spec_dump(spec);
    gsc_spec_free(spec);
    TAP_OK(gsc_spec_parse(text, "b", &spec, &error) == GSC_OK &&
               gsc_spec_check(spec, NULL, &error) == GSC_OK,
           "the initial values pass their own checks");
    free(text);
    gsc_spec_free(spec);
}

static void test_json_text(void) {
    json_t *number = json_pack("[f, f, f]", 0.05, 1.0 / 3, 1e-6);
    char *text = gsc_json_dump(number, JSON_COMPACT);
    json_t *again = json_loads(text, 0, NULL);
    TAP_OK(json_equal(number, again), "numbers keep their bits");
    free(text);
    json_decref(again);
    json_decref(number);
    number = json_pack("[f]", 0.05);
    text = gsc_json_dump(number, JSON_COMPACT);
    TAP_STRING(text, "[0.05]", "in the fewest digits");
    free(text);
    json_decref(number);
}

/* Lists of experts and balancers, and parameters with a course. */
static void test_lists(void) {
    gsc_spec *spec = NULL;
    gsc_error error = {0};
    gsc_spec_schedule course;
    TAP_OK(gsc_spec_parse("{\"lab\": \"lm\", \"lm\": {\"experts\": 32}, \"gate\": {\"id\": "
                          "\"softmax\", \"temperature\": {\"from\": 2, \"to\": 0.5, \"steps\": "
                          "200}}, \"expert\": [{\"id\": \"gelu\", \"count\": 28}, {\"id\": "
                          "\"zero\", \"count\": 4}], \"balancer\": [\"switch\", {\"id\": \"z\", "
                          "\"coefficient\": 0.5}]}",
                          "a", &spec, &error) == GSC_OK &&
               gsc_spec_check(spec, NULL, &error) == GSC_OK,
           "lists and a schedule");
    TAP_OK(gsc_spec_plugin_count(spec, "expert") == 2 &&
               strcmp(gsc_spec_plugin_at(spec, "expert", 1), "zero") == 0 &&
               gsc_spec_plugin_number(spec, "expert", 1, "count", 0) == 4 &&
               strcmp(gsc_spec_plugin(spec, "expert"), "gelu") == 0,
           "experts with counts");
    TAP_OK(gsc_spec_plugin_number(spec, "balancer", 0, "coefficient", 7) == 7 &&
               gsc_spec_plugin_number(spec, "balancer", 1, "coefficient", 7) == 0.5,
           "balancers with coefficients");
    TAP_OK(gsc_spec_plugin_schedule(spec, "gate", 0, "temperature", &course) &&
               gsc_spec_plugin_param(spec, "gate", "temperature", 9) == 2,
           "a schedule begins at its first value");
    TAP_OK(gsc_spec_schedule_at(&course, 0) == 2 && gsc_spec_schedule_at(&course, 100) == 1.25 &&
               gsc_spec_schedule_at(&course, 1000) == 0.5,
           "goes straight to its last, and stays there");
    course.shape = GSC_SPEC_EXPONENTIAL;
    TAP_NEAR(gsc_spec_schedule_at(&course, 100), 1, 1e-15, "or by equal factors");
    course.shape = GSC_SPEC_COSINE;
    TAP_NEAR(gsc_spec_schedule_at(&course, 50), 2 - 1.5 * (1 - sqrt(0.5)) / 2, 1e-12,
             "or by a cosine");
    TAP_OK(gsc_spec_set(spec, "gate.temperature={\"from\": 1, \"to\": 3, \"steps\": 10}", &error) ==
                   GSC_OK &&
               gsc_spec_plugin_schedule(spec, "gate", 0, "temperature", &course) && course.to == 3,
           "on the command line too");
    TAP_OK(gsc_spec_set(spec, "expert.count=3", &error) == GSC_ERR_INPUT,
           "a list has no parameter");
    gsc_spec_free(spec);
    refuse("{\"lab\": \"lm\", \"lm\": {\"experts\": 32}, \"expert\": [{\"id\": \"gelu\", "
           "\"count\": 31}]}",
           NULL, "sum to 31 and lm.experts is 32");
    refuse("{\"lab\": \"lm\", \"expert\": [\"gelu\", {\"id\": \"zero\", \"count\": 2}]}", NULL,
           "expert \"gelu\" has the count 0");
    refuse("{\"expert\": [{\"id\": \"gelu\", \"count\": 33}]}", NULL, "expert is a list");
    refuse("{\"gate\": [\"softmax\"]}", NULL, "gate is [\"softmax\"]");
    refuse("{\"gate\": {\"id\": \"softmax\", \"t\": {\"from\": 1, \"to\": 2}}}", NULL, "gate is {");
}

int main(void) {
    test_values();
    test_set();
    test_mistakes();
    test_plugins();
    test_presets();
    test_nearest();
    test_table();
    test_json_text();
    test_lists();
    return tap_done();
}

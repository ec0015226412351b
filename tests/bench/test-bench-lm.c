/* SPDX-License-Identifier: MIT
 *
 * `gatescope bench lm` at a tiny size: it measures, it says where PyTorch is missing, and it gives no ratio where
 * the other side's losses are not ours. No times are checked.
 */
#include "tests/tap.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TINY " bench lm --case 16,4 --context 16 --steps 3 --threads 2 "

static const char *program;
static char folder[] = "/tmp/gatescope-bench-test-XXXXXX";

/* The exit code; stdout and stderr in ret_text. */
static int run(const char *python, const char *arguments, char *ret_text, size_t size) {
    char command[1024];
    snprintf(command, sizeof command, "GATESCOPE_PYTHON=%s '%s'%s 2>&1", python, program,
             arguments);
    FILE *pipe = popen(command, "r");
    const size_t got = pipe != NULL ? fread(ret_text, 1, size - 1, pipe) : 0;
    ret_text[got] = '\0';
    return pipe != NULL ? WEXITSTATUS(pclose(pipe)) : -1;
}

static double number(const json_t *entry, const char *key) {
    return json_number_value(json_object_get(entry, key));
}

static void test_alone(void) {
    char text[8192];
    TAP_OK(run("/nonexistent", TINY "--json", text, sizeof text) == 0, "it runs without PyTorch");
    json_t *root = json_loads(text, 0, NULL);
    const json_t *entry = json_array_get(json_object_get(root, "cases"), 0);
    TAP_OK(number(entry, "ours") > 0 && number(entry, "tokens_per_second") > 0,
           "a step has a time and a rate");
    TAP_OK(number(entry, "sgemm_share") > 0 && number(entry, "peak_bytes") > 0 &&
               number(entry, "paper_bytes") > 0,
           "and a share of sgemm, a peak and a count on paper");
    TAP_OK(json_is_null(json_object_get(entry, "ratio")) &&
               json_string_value(json_object_get(entry, "why")) != NULL,
           "there is no ratio, and it says why");
    json_decref(root);
}

/* An interpreter that answers at once, whatever it is asked. */
static void test_disagreement(void) {
    char text[8192], path[256];
    snprintf(path, sizeof path, "%s/python", folder);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        printf("Bail out! no script could be written\n");
        exit(1);
    }
    fputs("#!/bin/sh\necho '{\"losses\": [1, 1, 1], \"ms\": 1, \"version\": \"0\"}'\n", file);
    fclose(file);
    chmod(path, 0700);
    TAP_OK(run(path, TINY, text, sizeof text) == 1, "other losses than ours fail the benchmark");
    TAP_CONTAINS(text, "no ratio is given", "and it says that no ratio is given");
    unlink(path);
}

static void test_usage(void) {
    char text[8192];
    TAP_OK(run("", " bench lm --case 33,4", text, sizeof text) == 2,
           "a width must fit heads of 32");
    TAP_OK(run("", " bench lm --steps 0", text, sizeof text) == 2, "no steps are refused");
    TAP_OK(run("", " bench lm --fast", text, sizeof text) == 2, "so is an unknown option");
}

int main(int argc, char **argv) {
    program = argc > 1 ? argv[1] : "gatescope";
    if (mkdtemp(folder) == NULL) {
        printf("Bail out! no folder could be made\n");
        return 1;
    }
    test_alone();
    test_disagreement();
    test_usage();
    rmdir(folder);
    return tap_done();
}

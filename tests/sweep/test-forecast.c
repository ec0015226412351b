/* SPDX-License-Identifier: MIT
 *
 * What a run of a sweep will cost: the memory of a language model with what training its tokenizer takes, the
 * time of a study of the theory lab by its replicates, and the lab's own words for what it refuses.
 */
#include "core/data/tokenizer.h"
#include "core/sweep/forecast.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gsc_spec *spec_of(const char *preset, const char *const *settings) {
    gsc_error error = {0};
    gsc_spec *spec = NULL;
    gsc_status status = gsc_spec_load(preset, &spec, &error);
    for (; status == GSC_OK && *settings != NULL; settings++) {
        status = gsc_spec_set(spec, *settings, &error);
    }
    if (status != GSC_OK) {
        printf("Bail out! %s\n", error.message);
        exit(1);
    }
    return spec;
}

static gsc_sweep_cost cost_of(const char *preset, const char *const *settings, bool timed) {
    gsc_error error = {0};
    gsc_sweep_cost cost = {0};
    gsc_spec *spec = spec_of(preset, settings);
    TAP_OK(gsc_sweep_forecast(spec, 1, timed, &cost, &error) == GSC_OK, preset);
    gsc_spec_free(spec);
    return cost;
}

static void test_theory(void) {
    const char *few[] = {"theory.sizes=[100,300]", "theory.replicates=2", NULL};
    const char *many[] = {"theory.sizes=[100,300]", "theory.replicates=400", NULL};
    const double one = cost_of("preset:theorem2", few, true).seconds;
    const double other = cost_of("preset:theorem2", many, true).seconds;
    TAP_OK(one > 0 && other > one, "more replicates take more time");
    TAP_OK(isnan(cost_of("preset:theorem2", few, false).seconds),
           "which is told where it is asked");
    const char *curves[] = {"theory.sizes=[100]", NULL};
    TAP_OK(cost_of("preset:fingerprint", curves, true).seconds > 0, "a fingerprint has a time too");

    gsc_error error = {0};
    gsc_sweep_cost cost;
    const char *wrong[] = {"theory.k_shared=[9]", "gate=expert_choice", NULL};
    gsc_spec *spec = spec_of("preset:theorem2", wrong);
    TAP_OK(gsc_sweep_forecast(spec, 1, true, &cost, &error) != GSC_OK && error.message[0] != '\0',
           "what the lab refuses is said beforehand");
    gsc_spec_free(spec);
}

/* 2 MB of text take 56 MB for their tokenizer, more than this model does. */
static void test_tokenizer(void) {
    char folder[] = "/tmp/gatescope-forecast-XXXXXX", data[160], command[160];
    if (mkdtemp(folder) == NULL || setenv("GATESCOPE_DATA", folder, 1) != 0) {
        printf("Bail out! no folder\n");
        exit(1);
    }
    snprintf(data, sizeof data, "%s/text.txt", folder);
    FILE *file = fopen(data, "w");
    for (int i = 0; i < 200000; i++) {
        fputs(i % 10 == 9 ? "\n\n" : "some words ", file);
    }
    fclose(file);
    snprintf(data, sizeof data, "lm.data=%s/text.txt", folder);
    const char *bytes[] = {data,         "lm.tokenizer=bytes", "lm.probe_positions=1024",
                           "lm.batch=1", "lm.context=16",      NULL};
    const char *pieces[] = {data,
                            "lm.tokenizer=sentencepiece:400",
                            "lm.probe_positions=1024",
                            "lm.batch=1",
                            "lm.context=16",
                            NULL};
    const double least = cost_of("preset:lm-smoe", bytes, false).bytes;
    const double most = cost_of("preset:lm-smoe", pieces, false).bytes;
    TAP_OK(least > 16 << 20 && most > least + (16 << 20),
           "the peak of a tokenizer's training counts");
    snprintf(command, sizeof command, "rm -r %s", folder);
    TAP_OK(system(command) == 0, "all files were in one folder");
}

int main(void) {
    test_theory();
    if (gsc_tokenizer_has_sentencepiece()) {
        test_tokenizer();
    }
    return tap_done();
}

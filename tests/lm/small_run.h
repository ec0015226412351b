/* SPDX-License-Identifier: MIT
 *
 * Small runs of the language-model lab in this process: a corpus of few words, a sink in memory that
 * can stop the run, results to compare.
 *
 * Layer: tests.
 */
#ifndef GSC_TESTS_LM_SMALL_RUN_H
#define GSC_TESTS_LM_SMALL_RUN_H

#include "core/lm/lab.h"
#include "tests/lm/small_lm.h"
#include "tests/theory/memory_sink.h"

#include <math.h>
#include <unistd.h>

static char folder[] = "/tmp/gatescope-lm-lab-XXXXXX";

/* A language of few words, 80 kB of it: enough for a held-out document. */
static inline void write_corpus(const char *path) {
    static const char *const words[] = {"the ", "cat ",  "sat ", "on ",  "a ",       "mat, ",
                                        "and ", "then ", "it ",  "ran ", "home.\n\n"};
    FILE *file = fopen(path, "w");
    unsigned state = 1;
    for (size_t i = 0; i < 20000; i++) {
        state = state * 1103515245u + 12345u;
        fputs(words[(state >> 16) % (sizeof words / sizeof words[0])], file);
    }
    fclose(file);
}

static inline gsc_spec *spec_of(const char *const *settings) {
    static const char *const small[] = {"lm.tokenizer=bytes",
                                        "lm.steps=20",
                                        "lm.width=16",
                                        "lm.layers=2",
                                        "lm.context=32",
                                        "lm.batch=4",
                                        "lm.experts=6",
                                        "lm.top_k=2",
                                        "lm.expert_width=8",
                                        "lm.validation_positions=512",
                                        NULL};
    gsc_error error = {0};
    gsc_spec *spec;
    char data[128];
    must(gsc_spec_load("preset:lm-deepseek-v3", &spec, &error), &error);
    for (size_t i = 0; small[i] != NULL; i++) {
        must(gsc_spec_set(spec, small[i], &error), &error);
    }
    snprintf(data, sizeof data, "lm.data=%s/corpus.txt", folder);
    must(gsc_spec_set(spec, data, &error), &error);
    for (; settings != NULL && *settings != NULL; settings++) {
        must(gsc_spec_set(spec, *settings, &error), &error);
    }
    return spec;
}

/* ---- A sink that also takes vectors of loads, and stops at the first point of a step where asked ---- */

static size_t vectors;
static double stop_at;
static bool stop_first; /* before anything is told */
static double clear_at; /* step at which what stands in the checkpoints' place is removed */

static inline gsc_status add_vector(gsc_sink *sink, int32_t series, double x, const float *values,
                                    size_t n, gsc_error *error) {
    float sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += values[i];
    }
    const char *name = ((memory_sink *)sink)->series[series].name;
    vectors += strcmp(name, "load") == 0 && fabsf(sum - 1) < 1e-5f;
    return GSC_OK;
}

static inline gsc_status add_points(gsc_sink *sink, int32_t series, const gsc_point *points,
                                    size_t n, gsc_error *error) {
    if (stop_at > 0 && points[0].x >= stop_at) {
        ((memory_sink *)sink)->stop = true;
    }
    if (clear_at > 0 && points[0].x >= clear_at) {
        unlink(getenv("GATESCOPE_CHECKPOINTS"));
        clear_at = 0;
    }
    return memory_add_points(sink, series, points, n, error);
}

static inline gsc_status run(const char *const *settings, unsigned threads, memory_sink **ret_sink,
                             gsc_error *error) {
    gsc_pool *pool;
    gsc_spec *spec = spec_of(settings);
    memory_sink *sink = memory_sink_new();
    sink->stop = stop_first;
    sink->sink.vector = add_vector;
    sink->sink.points = add_points;
    must(gsc_pool_new(threads, &pool, error), error);
    vectors = 0;
    const gsc_status status = gsc_lm_run(spec, pool, &sink->sink, error);
    gsc_pool_free(pool);
    gsc_spec_free(spec);
    *ret_sink = sink;
    return status;
}

/* The folder with its corpus; GATESCOPE_DATA and GATESCOPE_CHECKPOINTS lie in it. */
static inline void begin_runs(void) {
    char path[128];
    if (mkdtemp(folder) == NULL) {
        printf("Bail out! %s\n", folder);
        exit(1);
    }
    snprintf(path, sizeof path, "%s/corpus.txt", folder);
    write_corpus(path);
    snprintf(path, sizeof path, "%s/data", folder);
    setenv("GATESCOPE_DATA", path, 1);
    snprintf(path, sizeof path, "%s/ckpt", folder);
    setenv("GATESCOPE_CHECKPOINTS", path, 1);
}

/* True where nothing is left. */
static inline bool end_runs(void) {
    char command[160];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) == 0;
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * What several theory tests need: a truth from a preset with settings, a sample from it, and bailing out.
 */
#ifndef GSC_TESTS_THEORY_SUPPORT_H
#define GSC_TESTS_THEORY_SUPPORT_H

#include "core/theory/sampler.h"
#include "core/theory/truth.h"

#include <stdio.h>
#include <stdlib.h>

static inline void need(gsc_status status, const gsc_error *error) {
    if (status != GSC_OK) {
        printf("Bail out! %s\n", error->message);
        exit(1);
    }
}

/* settings ends with NULL. */
static inline gsc_truth *truth_from(const char *preset, const char *const *settings) {
    gsc_error error;
    gsc_spec *spec;
    gsc_truth *truth;
    char name[64];
    snprintf(name, sizeof name, "preset:%s", preset);
    need(gsc_spec_load(name, &spec, &error), &error);
    for (; settings != NULL && *settings != NULL; settings++) {
        need(gsc_spec_set(spec, *settings, &error), &error);
    }
    need(gsc_truth_new(spec, &truth, &error), &error);
    gsc_spec_free(spec);
    return truth;
}

/* The caller frees x and y of the sample. */
static inline gsc_sample sample_from(const gsc_truth *truth, size_t n, size_t replicate) {
    gsc_error error;
    double *x = malloc(n * truth->shape.inputs * sizeof(double)), *y = malloc(n * sizeof(double));
    need(gsc_sampler_draw(truth, 1, n, replicate, x, y, &error), &error);
    return (gsc_sample){.n = n, .inputs = truth->shape.inputs, .x = x, .y = y};
}

#endif

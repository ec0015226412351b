/* SPDX-License-Identifier: MIT
 *
 * A run file as the preset "first" leaves it, with values from known power laws, for tests of
 * figures.
 */
#ifndef GSC_TESTS_PLOT_SAMPLE_RUN_H
#define GSC_TESTS_PLOT_SAMPLE_RUN_H

#include "core/read/run_file.h"

typedef struct gsc_sample {
    int n_sizes; /* of 100 200 500 1000 2000 5000 10000 */
    int replicates;
    int arms;     /* 1..3; true slopes -1/2, -1/4, -1/6 */
    double noise; /* standard deviation of log error */
    int n_bad;    /* values at or below zero put into the first series */
    gsc_run_status status;
    const char *measure; /* y title of the error; NULL: "Error of τ" */
} gsc_sample;

gsc_status gsc_sample_run_write(const char *path, const gsc_sample *sample, gsc_error *error);

#endif

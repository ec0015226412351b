/* SPDX-License-Identifier: MIT
 *
 * What the parts of the study of the user's own data share: data_run.c (set-up, fits) and data_tell.c (what the sink is
 * told). Private to them.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_DATA_INTERNAL_H
#define GSC_CORE_THEORY_DATA_INTERNAL_H

#include "core/theory/csv_data.h"
#include "core/theory/data_run.h"
#include "core/theory/fit.h"

#include <pthread.h>

enum {
    DATA_MAX_ARMS = 64
};

/* Log-likelihoods of the start under way and of the best one so far, by iteration. */
typedef struct data_trace {
    double *now, *best;
    size_t n_now, n_best, capacity; /* capacity of either */
} data_trace;

typedef struct data_arm {
    char name[96];
    size_t k_shared, k_routed;
    gsc_truth *truth; /* families alone where nobody knows it */
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_mixture_layout layout;
    gsc_fit_options options;
    double *initial; /* theory.start given; else NULL */
    double *mixture; /* the fit */
    gsc_fit fit;
    data_trace trace;
    int32_t likelihood; /* series */
    int32_t lines[2 * GSC_MAX_ATOMS];
} data_arm;

typedef struct data_study {
    const gsc_spec *spec;
    gsc_sink *sink;
    gsc_csv_data data;
    data_arm *arms;
    size_t n_arms, n_done;
    int32_t points; /* series of the rows, where there is one input; else -1 */
    atomic_bool stop;
    pthread_mutex_t lock;
    gsc_status status; /* the first failure */
    gsc_error error;
} data_study;

/* What the file holds, and what is odd in it: events. */
gsc_status data_tell_sample(data_study *self, gsc_error *error);
gsc_status data_declare_series(data_study *self, gsc_error *error);
/* One arm's fit: series, document, results, alarms. Any thread. */
gsc_status data_tell_fit(data_study *self, const data_arm *arm, gsc_error *error);

#endif

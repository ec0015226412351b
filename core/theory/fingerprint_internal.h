/* SPDX-License-Identifier: MIT
 *
 * What the parts of the study "fingerprint" share: fingerprint_run.c (arms and tasks), fingerprint_tell.c (what the run
 * file gets). Private to these files. Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_FINGERPRINT_INTERNAL_H
#define GSC_CORE_THEORY_FINGERPRINT_INTERNAL_H

#include "core/theory/fingerprint.h"

#include <pthread.h>

enum {
    FINGERPRINT_MAX_ARMS = 64
};

typedef struct fingerprint_arm {
    char name[96];
    gsc_truth *truth; /* owned */
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_quadrature *quadrature;
    gsc_fingerprint_options options;
    gsc_error_block blocks[GSC_MAX_ERROR_BLOCKS];
    size_t n_blocks;
    gsc_loss_kind loss;
    bool theorem;
    int32_t series[GSC_MAX_ERROR_BLOCKS];
    gsc_fingerprint curve[GSC_MAX_ERROR_BLOCKS]; /* of both signs, once done */
    gsc_fingerprint half[GSC_MAX_ERROR_BLOCKS];  /* of the sign that was done first */
    bool done[GSC_MAX_ERROR_BLOCKS], half_done[GSC_MAX_ERROR_BLOCKS];
    bool crossed;    /* the fitted gate is not the true one */
    double *nearest; /* then: the family's mixture nearest to the truth */
    double seconds[GSC_MAX_ERROR_BLOCKS];
} fingerprint_arm;

typedef struct fingerprint_study {
    gsc_sink *sink;
    fingerprint_arm *arms;
    size_t n_arms, n_tasks, n_done;
    struct {
        size_t arm, block;
        int sign;
    } tasks[2 * FINGERPRINT_MAX_ARMS * GSC_MAX_ERROR_BLOCKS];
    atomic_bool stop;
    pthread_mutex_t lock;
    gsc_status status; /* the first failure */
    gsc_error error;
} fingerprint_study;

/* Declares the series of a block of an arm; tells its finished curve; tells what an arm's curves say together. */
gsc_status fingerprint_declare(fingerprint_study *self, size_t arm, size_t block, gsc_error *error);
gsc_status fingerprint_tell_curve(fingerprint_study *self, size_t arm, size_t block,
                                  gsc_error *error);
gsc_status fingerprint_tell_arm(fingerprint_study *self, fingerprint_arm *one, gsc_error *error);

#endif

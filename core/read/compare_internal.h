/* SPDX-License-Identifier: MIT
 *
 * What the files of the comparison share. Layer: core/read, private.
 */
#ifndef GSC_CORE_READ_COMPARE_INTERNAL_H
#define GSC_CORE_READ_COMPARE_INTERNAL_H

#include "core/read/compare.h"

#include <jansson.h>

/* A run while it is read: what its spec says. */
typedef struct compare_seen {
    json_t *flat; /* full key -> value, without what never makes an arm */
    json_t *mark; /* the spec's "sweep"; borrowed of spec */
    json_t *spec;
} compare_seen;

typedef struct compare_reader {
    gsc_comparison *self;
    const gsc_compare_options *options;
    compare_seen *seen; /* [n_runs] */
    const char *set_baseline;
    bool marked, mixed;             /* some runs are of a sweep; of more than one, or of none */
    size_t n_changed, n_other_hash; /* runs of a folder that are not what its plan says */
    char changed[GSC_ERROR_MESSAGE_SIZE]; /* what the first of them has */
} compare_reader;

/* What was set beforehand, of the runs that were read; and a warning of what differs from it. */
gsc_status compare_find_plan(compare_reader *reader, gsc_error *error);
/* Whether the run read last is the one that its folder's plan makes. */
void compare_check_run(compare_reader *reader, const gsc_sweep *sweep, const gsc_sweep_run *run);

/* Reads the runs of paths, finds arms, and what was set beforehand; then options say the rest. */
gsc_status compare_read(gsc_comparison *self, const char *const *paths, size_t n_paths,
                        const gsc_compare_options *options, gsc_error *error);

/* Adds a sentence to the warnings. */
gsc_status compare_warn(gsc_comparison *self, gsc_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Arms that Holm is over: those of the plan, with or without runs, and the baseline. */
size_t compare_count_arms(const gsc_comparison *self);

/* The run of an arm and a seed in the stage that is compared; -1 where there is none. */
long compare_find(const gsc_comparison *self, size_t arm, uint64_t seed);

/* The last value of a result or, with a layer, of a series; NAN where a run has none. */
double compare_value(gsc_run *run, const char *name, int32_t layer);

/* GSC_ERR_INPUT for a result or series that arms with other experts or choices must not be compared by. */
gsc_status compare_check_chance(const gsc_comparison *self, const char *name, gsc_error *error);

/* 95% interval of the difference of validation loss by resampling seeds and documents with replacement;
 * NAN where a run of a pair kept no losses of documents. */
gsc_status compare_bootstrap(const gsc_comparison *self, size_t arm, size_t draws, double *ret_low,
                             double *ret_high, gsc_error *error);

#endif

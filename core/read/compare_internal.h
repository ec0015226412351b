/* SPDX-License-Identifier: MIT
 *
 * What the files of the comparison share. Layer: core/read, private.
 */
#ifndef GSC_CORE_READ_COMPARE_INTERNAL_H
#define GSC_CORE_READ_COMPARE_INTERNAL_H

#include "core/read/compare.h"

/* Reads the runs of paths, finds arms, and what was set beforehand; then options say the rest. */
gsc_status compare_read(gsc_comparison *self, const char *const *paths, size_t n_paths,
                        const gsc_compare_options *options, gsc_error *error);

/* Adds a sentence to the warnings. */
gsc_status compare_warn(gsc_comparison *self, gsc_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The run of an arm and a seed in the stage that is compared; -1 where there is none. */
long compare_find(const gsc_comparison *self, size_t arm, uint64_t seed);

/* The last value of a result or, with a layer, of a series; NAN where a run has none. */
double compare_value(gsc_run *run, const char *name, int32_t layer);

/* 95% interval of the difference of validation loss by resampling seeds and documents with replacement;
 * NAN where a run of a pair kept no losses of documents. */
gsc_status compare_bootstrap(const gsc_comparison *self, size_t arm, size_t draws, double *ret_low,
                             double *ret_high, gsc_error *error);

#endif

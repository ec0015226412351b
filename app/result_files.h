/* SPDX-License-Identifier: MIT
 *
 * What `gatescope report -o` leaves of the results of runs and sweeps: a table with one row for each result of
 * each run, and a sweep's comparison as a figure.
 *
 * Layer: app.
 */
#ifndef GSC_APP_RESULT_FILES_H
#define GSC_APP_RESULT_FILES_H

#include "core/base/error.h"

#include <stdbool.h>

bool gsc_is_sweep(const char *path); /* or any other folder */

/* Writes folder/results.csv, which is there, from run files and sweeps' folders: run, arm, stage, tuned (the
 * value of the key that is tuned), seed, status, result, of (an arm of the run itself), value, low, high, unit. */
gsc_status gsc_result_files_table(char *const *paths, int n_paths, const char *folder,
                                  gsc_error *error);

/* folder/compare.png of a sweep by gatescope-plot; nothing where that program or any run is missing. */
gsc_status gsc_result_files_compare(const char *path, const char *folder, gsc_error *error);

#endif

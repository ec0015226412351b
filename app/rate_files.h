/* SPDX-License-Identifier: MIT
 *
 * What a finished study leaves in a folder: its rate table as rates.csv and one figure for each
 * claim, that is for each part of a suite, else for the run.
 *
 * Layer: app.
 */
#ifndef GSC_APP_RATE_FILES_H
#define GSC_APP_RATE_FILES_H

#include "core/base/error.h"

/* Makes the folder and writes rates.csv from the runs. */
gsc_status gsc_rate_files_table(char *const *paths, int n_paths, const char *folder,
                                gsc_error *error);

/* PART-rate.png and PART-components.png, PART-fingerprint.png, or of a language model loss.png and
 * router.png, of a run by gatescope-plot.
 * Without that program nothing is written. *ret_written counts the files. */
gsc_status gsc_rate_files_figures(const char *path, const char *folder, int *ret_written,
                                  gsc_error *error);

#endif

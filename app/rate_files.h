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

#include <stdbool.h>

/* Makes the folder and writes rates.csv from the runs; where none has a rate there is no such file. */
gsc_status gsc_rate_files_table(char *const *paths, int n_paths, const char *folder,
                                gsc_error *error);

/* PART-rate.png and PART-components.png, PART-fingerprint.png, or of a language model loss.png,
 * router.png and its maps, of a run by gatescope-plot; named: with the run's name in front.
 * Without that program nothing is written. *ret_written counts the files. */
gsc_status gsc_rate_files_figures(const char *path, const char *folder, bool named,
                                  int *ret_written, gsc_error *error);

#endif

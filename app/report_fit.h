/* SPDX-License-Identifier: MIT
 *
 * The part of `gatescope report` that tells fits of the user's own data (theory.data): documents of kind "fit" that
 * name a file.
 *
 * Layer: app.
 */
#ifndef GSC_APP_REPORT_FIT_H
#define GSC_APP_REPORT_FIT_H

#include "core/read/run_file.h"

#include <jansson.h>

/* The documents as a list, empty where the run has none; the caller owns it. */
gsc_status gsc_report_fits(gsc_run *run, json_t **ret_list, gsc_error *error);

/* For people, on standard output: start, certificate, stopping reason, parameters by name. */
void gsc_report_print_fits(const json_t *list);

#endif

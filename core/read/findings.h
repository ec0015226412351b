/* SPDX-License-Identifier: MIT
 *
 * What a run found: the results its lab wrote, and, for a run that has not finished, the slopes of what is
 * there so far.
 *
 * Names. The slope of series "loss" is "slope_log_n" (and "slope_log_n_over_n" on the paper's axis,
 * log(log n / n)); of any other series, "slope_log_n[tau_p1]". A run with several arms tells them apart by
 * gsc_result.arm; as one word that is "slope_log_n[tau_p1,k_shared=1]" or "loss[k_shared=1]".
 *
 * Layer: core/read.
 */
#ifndef GSC_CORE_READ_FINDINGS_H
#define GSC_CORE_READ_FINDINGS_H

#include "core/read/run_file.h"
#include "core/read/stats.h"

typedef struct gsc_findings {
    gsc_result *results; /* strings belong to the run until its next poll, or to names */
    size_t count;
    char **names;
    size_t n_names;
} gsc_findings;

/* The name of a slope's result, for labs and readers alike. */
void gsc_slope_name(gsc_slope_axis axis, const char *series, char *ret_name, size_t size);
/* "slope_last_decade" of the loss, "slope_last_decade[tau_p1]" of another series. */
void gsc_last_decade_name(const char *series, char *ret_name, size_t size);
/* name and arm as one word. */
void gsc_finding_key(const gsc_result *result, char *ret_key, size_t size);

/* The run's own results, then a slope on both axes and of the last decade for each drawn series over sample sizes that
 * has none. */
gsc_status gsc_findings_init(gsc_findings *findings, gsc_run *run, gsc_error *error);
void gsc_findings_clear(gsc_findings *findings);
/* NULL where there is none of that name and arm. */
const gsc_result *gsc_findings_get(const gsc_findings *findings, const char *name, const char *arm);

#endif

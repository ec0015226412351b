/* SPDX-License-Identifier: MIT
 *
 * What the files of the forecast share. Layer: core/sweep, private.
 */
#ifndef GSC_CORE_SWEEP_FORECAST_INTERNAL_H
#define GSC_CORE_SWEEP_FORECAST_INTERNAL_H

#include "core/sweep/forecast.h"

double gsc_forecast_now_s(void); /* monotonic */

/* Seconds of a run of the theory lab, from its first moments. Errors: the lab's. */
gsc_status gsc_forecast_theory(const gsc_spec *spec, unsigned threads, double *ret_seconds,
                               gsc_error *error);

#endif

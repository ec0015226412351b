/* SPDX-License-Identifier: MIT
 *
 * What one run of a sweep will cost: memory as counted on paper, and time from a few training steps on
 * made-up tokens, or from the first moments of a study of the theory lab. It loads the plugins that the spec names, so it belongs in a process of its own.
 *
 * Layer: core/sweep.
 */
#ifndef GSC_CORE_SWEEP_FORECAST_H
#define GSC_CORE_SWEEP_FORECAST_H

#include "core/base/error.h"
#include "core/read/spec.h"

#include <stdbool.h>

typedef struct gsc_sweep_cost {
    double bytes;   /* 0: not known beforehand, as for the theory lab */
    double seconds; /* NAN: not known beforehand */
} gsc_sweep_cost;

/* timed: take a second to measure. Errors: those of the lab, for a spec that it refuses. */
gsc_status gsc_sweep_forecast(const gsc_spec *spec, unsigned threads, bool timed,
                              gsc_sweep_cost *ret_cost, gsc_error *error);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Where a lab's findings go. The worker implements it by framing records to the supervisor, a test by
 * keeping them in memory; a lab knows only this.
 *
 * Every function may be called from any thread; implementations lock. Strings and arrays are borrowed for
 * the call. GSC_ERR_STOPPED from any of them means the user asked to stop: the lab winds up and returns
 * GSC_ERR_STOPPED.
 */
#ifndef GSC_CORE_RUN_SINK_H
#define GSC_CORE_RUN_SINK_H

#include "core/base/error.h"
#include "core/read/series.h"

#include <stddef.h>
#include <stdint.h>

typedef struct gsc_sink gsc_sink;
struct gsc_sink {
    /* Declares a series; *ret_series is its handle for points and vectors. */
    gsc_status (*series)(gsc_sink *self, const gsc_series_info *info, int32_t *ret_series,
                         gsc_error *error);
    /* Appends points to a series, in order. */
    gsc_status (*points)(gsc_sink *self, int32_t series, const gsc_point *points, size_t n,
                         gsc_error *error);
    /* Appends one vector of n values at x (the loads of all experts at one step). */
    gsc_status (*vector)(gsc_sink *self, int32_t series, double x, const float *values, size_t n,
                         gsc_error *error);
    /* Keeps one JSON object of a kind ("fit": parameters, start, stopping reason). */
    gsc_status (*document)(gsc_sink *self, const char *kind, const char *arm, double x,
                           int32_t replicate, const char *json, gsc_error *error);
    gsc_status (*event)(gsc_sink *self, gsc_event_level level, const char *source,
                        const char *message, gsc_error *error);
    gsc_status (*result)(gsc_sink *self, const gsc_result *result, gsc_error *error);
    /* fraction in [0,1] of the whole work; text says what is being done, "" keeps the last one. */
    gsc_status (*progress)(gsc_sink *self, double fraction, const char *text, gsc_error *error);
};

#endif

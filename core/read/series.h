/* SPDX-License-Identifier: MIT
 *
 * A series carries its meaning: what it is, in which unit, of which arm and layer, beside which proven
 * bound. Labs declare series, run files keep them, figures and exports print them.
 *
 * Layer: core/read; data only.
 */
#ifndef GSC_CORE_READ_SERIES_H
#define GSC_CORE_READ_SERIES_H

#include <math.h>
#include <stdint.h>

/* Strings are borrowed. A zero-initialised member means "none"; use GSC_SERIES_INIT for the numbers. */
typedef struct gsc_series_info {
    const char *name;        /* part of the interface: "loss", "tau_p2", "log_likelihood" */
    const char *arm;         /* which arm of the run: "k_shared=2"; "" where there is one */
    const char *title;       /* for legends: "2 experts fitted to 1" */
    const char *unit;        /* "nat"; "" for none */
    const char *definition;  /* one sentence with the formula */
    const char *x_name;      /* "n", "step" */
    const char *x_title;     /* "Sample size n" */
    const char *panel;       /* figures group series by panel: "error", "divergence" */
    const char *y_title;     /* axis title of the panel: "Error of tau" */
    int32_t layer;           /* -1: no layer */
    double bound;            /* proven exponent of x, e.g. -0.25; NAN: none */
    const char *bound_title; /* "n^{-1/4}" as written on the line; "" for none */
} gsc_series_info;

#define GSC_SERIES_INIT                                                                            \
    {                                                                                              \
        .name = "", .arm = "", .title = "", .unit = "", .definition = "", .x_name = "",            \
        .x_title = "", .panel = "", .y_title = "", .layer = -1, .bound = NAN, .bound_title = ""    \
    }

/* One value of a series. Several points may share x: one for each replicate. */
typedef struct gsc_point {
    double x, y;
    int32_t replicate; /* 0-based; -1 where there are none */
} gsc_point;

/* A figure of merit of a finished run. low and high: 95% interval, NAN where there is none. */
typedef struct gsc_result {
    const char *name; /* part of the interface: "slope_log_n", "loss"; slopes: gsc_slope_name */
    const char *arm;
    const char *unit;
    const char *definition;
    double value, low, high;
} gsc_result;

typedef enum gsc_event_level {
    GSC_EVENT_INFO = 0,
    GSC_EVENT_WARNING = 1, /* an alarm: the result stands, but the reader should know */
    GSC_EVENT_ERROR = 2,
} gsc_event_level;

#endif

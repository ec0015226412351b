/* SPDX-License-Identifier: MIT
 *
 * The rate table of a run: for every error over sample sizes the proven exponent, the one that a
 * paper reports, the measured one with its interval, that of the last decade of n, that of the worst
 * atom, and a verdict; for every fingerprint the exponent of n that it implies, without an interval.
 *
 * Layer: core/read.
 */
#ifndef GSC_CORE_READ_RATE_TABLE_H
#define GSC_CORE_READ_RATE_TABLE_H

#include "core/read/findings.h"

#include <jansson.h>
#include <stdbool.h>

/* Strings belong to the run until its next poll. Exponents of n are negative where an error falls;
 * those of log n / n (the axis of the theorems) are then positive. */
typedef struct gsc_rate_row {
    const char *series, *arm, *title, *bound_title;
    bool drawn;         /* in the figure "rate" */
    double proven;      /* exponent of n: -0.25; NAN: none */
    double reported;    /* exponent of log n / n in a paper; NAN: none */
    gsc_slope slope;    /* on log n */
    gsc_slope exponent; /* on log(log n / n) */
    gsc_slope last;     /* on log n, sizes of the last decade */
    gsc_slope worst;    /* on log n, of the worst atom of over-specified cells; NAN: none */
    bool by_quadrature; /* a fingerprint's: slope is -1 / its exponent, no sample was drawn */
    char power[24];     /* what bound_title is, where it is of by_quadrature */
    const char *
        verdict; /* gsc_rate_verdict; "" where nothing is proven, "no bound applies" where a paper reports */
} gsc_rate_row;

typedef struct gsc_rate_table {
    gsc_rate_row *rows;
    size_t count;
} gsc_rate_table;

/* One row for each series over n that is drawn or has a bound, and has a slope, and one for each
 * fingerprint with an exponent; in the run's order. The verdict of a fingerprint is "consistent"
 * where its exponent of n is at most 5% short of the proven one, else "slower than proven". */
gsc_status gsc_rate_table_init(gsc_rate_table *table, gsc_run *run, const gsc_findings *findings,
                               gsc_error *error);
void gsc_rate_table_clear(gsc_rate_table *table);

/* Caller frees. A JSON array of objects, or CSV with a header line; run is written into each CSV
 * row. */
json_t *gsc_rate_table_json(const gsc_rate_table *table);
char *gsc_rate_table_csv(const gsc_rate_table *table, const char *run);

#endif

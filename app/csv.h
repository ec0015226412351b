/* SPDX-License-Identifier: MIT
 *
 * Comma-separated values after RFC 4180: fields quoted where they hold a comma, a quote or a line break;
 * quotes doubled; rows end with CR LF. Numbers have 17 digits, so that they read back as the same bits.
 *
 * Layer: app; libc.
 */
#ifndef GSC_APP_CSV_H
#define GSC_APP_CSV_H

#include <stdio.h>

/* One row of texts. */
void gsc_csv_row(FILE *file, const char *const *fields, size_t n);
/* The parts of a row: a field is followed by a comma, the last one by gsc_csv_end. */
void gsc_csv_text(FILE *file, const char *text);
void gsc_csv_number(FILE *file, double value); /* not a number: empty; infinities: inf, -inf */
void gsc_csv_comma(FILE *file);
void gsc_csv_end(FILE *file);

#endif

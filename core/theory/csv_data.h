/* SPDX-License-Identifier: MIT
 *
 * The user's own data: a CSV file of columns x..., y, with a line of names or without. Fields are separated by commas
 * (or semicolons or tabs, whichever the first line has); spaces and double quotes around a field do not count, empty
 * lines are skipped, a line that begins with # is a comment.
 *
 * Layer: core/theory; libc.
 */
#ifndef GSC_CORE_THEORY_CSV_DATA_H
#define GSC_CORE_THEORY_CSV_DATA_H

#include "core/theory/model.h"

enum {
    GSC_CSV_NAME_SIZE = 48
};

typedef struct gsc_csv_data {
    size_t n, inputs;
    double *x, *y; /* [inputs][n]; [n] */
    char names[GSC_MAX_INPUTS + 1]
              [GSC_CSV_NAME_SIZE]; /* of the inputs, then y; "x1", "y" where none */
} gsc_csv_data;

/* GSC_ERR_IO where the file cannot be read. GSC_ERR_INPUT, naming file, line and column: a field that is no number or
 * not finite, a line with more or fewer fields than the first; and no second column, or no row. */
gsc_status gsc_csv_data_read(const char *path, gsc_csv_data *ret_data, gsc_error *error);
void gsc_csv_data_clear(gsc_csv_data *data);

/* The input, counted from 0, that has one value only from input first on; inputs where there is none. */
size_t gsc_csv_data_constant(const gsc_csv_data *data, size_t first);

#endif

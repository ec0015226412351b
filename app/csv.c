/* SPDX-License-Identifier: MIT
 *
 * Writing CSV.
 *
 * Layer: app.
 */
#include "app/csv.h"

#include <math.h>
#include <string.h>

void gsc_csv_text(FILE *file, const char *text) {
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, file);
        return;
    }
    putc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            putc('"', file);
        }
        putc(*text, file);
    }
    putc('"', file);
}

void gsc_csv_number(FILE *file, double value) {
    if (!isnan(value)) {
        fprintf(file, "%.17g", value);
    }
}

void gsc_csv_comma(FILE *file) {
    putc(',', file);
}

void gsc_csv_end(FILE *file) {
    fputs("\r\n", file);
}

void gsc_csv_row(FILE *file, const char *const *fields, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            gsc_csv_comma(file);
        }
        gsc_csv_text(file, fields[i]);
    }
    gsc_csv_end(file);
}

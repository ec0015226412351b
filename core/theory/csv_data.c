/* SPDX-License-Identifier: MIT
 *
 * One pass over the lines; rows are kept as they come and turned into columns at the end.
 */
#include "core/theory/csv_data.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_FIELDS = GSC_MAX_INPUTS + 1,
    MAX_ROWS = 100000000
};

static const double MOST_VALUE = 1e50; /* powers up to the sixth of it are numbers still */

typedef struct reader {
    const char *path;
    char separator;
    size_t line, fields; /* fields of the first line; 0 before it */
    double *rows;        /* [n][fields] */
    size_t n, capacity;
    bool named;
} reader;

/* The field without the blanks and the one pair of quotes around it, in place. */
static char *trim(char *field) {
    while (isspace((unsigned char)*field)) {
        field++;
    }
    size_t length = strlen(field);
    while (length > 0 && isspace((unsigned char)field[length - 1])) {
        field[--length] = '\0';
    }
    if (length >= 2 && field[0] == '"' && field[length - 1] == '"') {
        field[length - 1] = '\0';
        field++;
    }
    return field;
}

/* Cuts a line into at most MAX_FIELDS + 1 fields. */
static size_t split(char *line, char separator, char **ret_fields) {
    size_t count = 0;
    for (char *at = line; at != NULL && count <= MAX_FIELDS; count++) {
        char *end = strchr(at, separator);
        if (end != NULL) {
            *end++ = '\0';
        }
        ret_fields[count] = trim(at);
        at = end;
    }
    return count;
}

static bool is_number(const char *field, double *ret_value) {
    char *end;
    *ret_value = strtod(field, &end);
    return end != field && *end == '\0';
}

static void column_name(const gsc_csv_data *data, const reader *from, size_t column, char *ret_name,
                        size_t size) {
    if (from->named) {
        snprintf(ret_name, size, "%zu (%s)", column + 1, data->names[column]);
    } else {
        snprintf(ret_name, size, "%zu", column + 1);
    }
}

/* The first line: a line of names where no field of it is a number. */
static gsc_status read_first(reader *self, gsc_csv_data *data, char **fields, size_t count,
                             bool *ret_names, gsc_error *error) {
    if (count < 2 || count > MAX_FIELDS) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "%s: line %zu has %zu column%s; the data need at least one x and a y, at "
                        "most %d columns, separated by commas",
                        self->path, self->line, count, count == 1 ? "" : "s", MAX_FIELDS);
    }
    self->fields = count;
    bool any = false;
    double value;
    for (size_t i = 0; i < count; i++) {
        any |= is_number(fields[i], &value);
    }
    self->named = *ret_names = !any;
    for (size_t i = 0; i < count; i++) {
        char *name = data->names[i];
        if (!any && fields[i][0] != '\0') {
            snprintf(name, GSC_CSV_NAME_SIZE, "%.*s", GSC_CSV_NAME_SIZE - 1, fields[i]);
        } else if (i + 1 == count) {
            snprintf(name, GSC_CSV_NAME_SIZE, "y");
        } else {
            snprintf(name, GSC_CSV_NAME_SIZE, count == 2 ? "x" : "x%zu", i + 1);
        }
    }
    return GSC_OK;
}

static gsc_status read_row(reader *self, const gsc_csv_data *data, char **fields, size_t count,
                           gsc_error *error) {
    if (count != self->fields) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "%s: line %zu has %zu column%s; the first line has %zu", self->path,
                        self->line, count, count == 1 ? "" : "s", self->fields);
    }
    if (self->n == self->capacity) {
        const size_t capacity = 2 * self->capacity + 1024;
        double *rows = realloc(self->rows, capacity * self->fields * sizeof *rows);
        if (rows == NULL || self->n >= MAX_ROWS) {
            self->rows = rows != NULL ? rows : self->rows;
            return gsc_fail(error, GSC_ERR_MEMORY, "%s: no memory for more than %zu rows",
                            self->path, self->n);
        }
        self->rows = rows;
        self->capacity = capacity;
    }
    double *row = self->rows + self->n * self->fields;
    for (size_t i = 0; i < count; i++) {
        if (!is_number(fields[i], &row[i]) || !isfinite(row[i])) {
            char column[GSC_CSV_NAME_SIZE + 24];
            column_name(data, self, i, column, sizeof column);
            return gsc_fail(error, GSC_ERR_INPUT,
                            "%s: line %zu, column %s is \"%.40s\"; it should be a finite number",
                            self->path, self->line, column, fields[i]);
        }
        if (fabs(row[i]) > MOST_VALUE) {
            char column[GSC_CSV_NAME_SIZE + 24];
            column_name(data, self, i, column, sizeof column);
            return gsc_fail(error, GSC_ERR_INPUT,
                            "%s: line %zu, column %s is %g, whose square and sums overflow; choose "
                            "units in which it is within %g",
                            self->path, self->line, column, row[i], MOST_VALUE);
        }
    }
    self->n++;
    return GSC_OK;
}

static gsc_status read_line(reader *self, gsc_csv_data *data, char *line, gsc_error *error) {
    char *fields[MAX_FIELDS + 1];
    const char *text = line;
    if (self->line == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0) {
        line += 3;
        text = line;
    }
    while (isspace((unsigned char)*text)) {
        text++;
    }
    if (*text == '\0' || *text == '#') {
        return GSC_OK;
    }
    if (self->fields == 0) {
        self->separator = strchr(line, ',') != NULL    ? ','
                          : strchr(line, ';') != NULL  ? ';'
                          : strchr(line, '\t') != NULL ? '\t'
                                                       : ',';
    }
    const size_t count = split(line, self->separator, fields);
    if (self->fields == 0) {
        bool names = false;
        const gsc_status status = read_first(self, data, fields, count, &names, error);
        if (status != GSC_OK || names) {
            return status;
        }
    }
    return read_row(self, data, fields, count, error);
}

static gsc_status to_columns(const reader *self, gsc_csv_data *data, gsc_error *error) {
    const size_t n = self->n, d = self->fields > 0 ? self->fields - 1 : 0;
    if (n == 0) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s has no row of data", self->path);
    }
    data->x = malloc(n * d * sizeof *data->x);
    data->y = malloc(n * sizeof *data->y);
    if (data->x == NULL || data->y == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "%s: no memory for %zu rows", self->path, n);
    }
    data->n = n;
    data->inputs = d;
    for (size_t t = 0; t < n; t++) {
        for (size_t k = 0; k < d; k++) {
            data->x[k * n + t] = self->rows[t * self->fields + k];
        }
        data->y[t] = self->rows[t * self->fields + d];
    }
    return GSC_OK;
}

gsc_status gsc_csv_data_read(const char *path, gsc_csv_data *ret_data, gsc_error *error) {
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return gsc_fail(error, GSC_ERR_IO, "theory.data: %s cannot be read: %s", path,
                        strerror(errno));
    }
    gsc_csv_data data = {0};
    reader self = {.path = path};
    char *line = NULL;
    size_t size = 0;
    gsc_status status = GSC_OK;
    ssize_t length;
    errno = 0;
    while (status == GSC_OK && (length = getline(&line, &size, file)) >= 0) {
        self.line++;
        if (strlen(line) != (size_t)length) {
            status =
                gsc_fail(error, GSC_ERR_INPUT, "%s: line %zu holds a zero byte; a CSV file is text",
                         path, self.line);
        } else {
            status = read_line(&self, &data, line, error);
        }
    }
    if (status == GSC_OK && ferror(file)) {
        status = gsc_fail(error, GSC_ERR_IO, "theory.data: %s cannot be read: %s", path,
                          strerror(errno));
    }
    if (status == GSC_OK) {
        status = to_columns(&self, &data, error);
    }
    free(line);
    free(self.rows);
    fclose(file);
    if (status != GSC_OK) {
        gsc_csv_data_clear(&data);
        return status;
    }
    *ret_data = data;
    return GSC_OK;
}

void gsc_csv_data_clear(gsc_csv_data *data) {
    free(data->x);
    free(data->y);
    data->x = data->y = NULL;
    data->n = 0;
}

size_t gsc_csv_data_constant(const gsc_csv_data *data, size_t first) {
    for (size_t k = first; k < data->inputs; k++) {
        const double *x = data->x + k * data->n;
        size_t t = 1;
        while (t < data->n && x[t] == x[0]) {
            t++;
        }
        if (t == data->n) {
            return k;
        }
    }
    return data->inputs;
}

/* SPDX-License-Identifier: MIT
 *
 * Rows from series and findings; as JSON and CSV.
 */
#include "core/read/rate_table.h"

#include "core/read/json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gsc_slope slope_of(const gsc_findings *findings, const gsc_series_info *info,
                          const char *name, size_t sizes) {
    gsc_slope slope = {.slope = NAN, .intercept = NAN, .low = NAN, .high = NAN, .sizes = sizes};
    const gsc_result *result = gsc_findings_get(findings, name, info->arm);
    if (result != NULL) {
        slope.slope = result->value;
        slope.low = result->low;
        slope.high = result->high;
    }
    return slope;
}

/* How many x have points; 0 on failure. */
static size_t count_sizes(gsc_run *run, size_t series) {
    gsc_point *points = NULL;
    size_t n = 0, skipped = 0;
    if (gsc_run_dup_points(run, series, &points, &n, NULL) != GSC_OK) {
        return 0;
    }
    gsc_group *groups = malloc((n + 1) * sizeof *groups);
    const size_t count = groups != NULL ? gsc_group_points(points, n, groups, n, &skipped) : 0;
    free(groups);
    free(points);
    return count;
}

static bool make_row(gsc_run *run, size_t series, const gsc_findings *findings, gsc_rate_row *row) {
    const gsc_series_info *info = gsc_run_series(run, series);
    const bool drawn = info->panel[0] != '\0';
    if (strcmp(info->x_name, "n") != 0 || (!drawn && isnan(info->bound))) {
        return false;
    }
    char name[160];
    const size_t sizes = count_sizes(run, series);
    *row = (gsc_rate_row){.series = info->name,
                          .arm = info->arm,
                          .title = info->title,
                          .bound_title = info->bound_title,
                          .drawn = drawn,
                          .proven = info->bound,
                          .reported = NAN,
                          .verdict = ""};
    gsc_slope_name(GSC_SLOPE_LOG_N, info->name, name, sizeof name);
    row->slope = slope_of(findings, info, name, sizes);
    gsc_slope_name(GSC_SLOPE_LOG_N_OVER_LOG_N, info->name, name, sizeof name);
    row->exponent = slope_of(findings, info, name, sizes);
    gsc_last_decade_name(info->name, name, sizeof name);
    row->last = slope_of(findings, info, name, sizes);
    const gsc_result *reported = gsc_findings_get(findings, "reported_exponent", info->arm);
    if (reported != NULL && strcmp(info->name, "loss") == 0) {
        row->reported = reported->value;
    }
    if (!isnan(info->bound)) {
        row->verdict = gsc_rate_verdict(&row->exponent, &row->last, info->bound);
    }
    return isfinite(row->slope.slope);
}

gsc_status gsc_rate_table_init(gsc_rate_table *table, gsc_run *run, const gsc_findings *findings,
                               gsc_error *error) {
    const size_t n = gsc_run_series_count(run);
    *table = (gsc_rate_table){.rows = calloc(n + 1, sizeof *table->rows)};
    if (table->rows == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the rate table of %s",
                        gsc_run_get_info(run)->path);
    }
    for (size_t i = 0; i < n; i++) {
        table->count += make_row(run, i, findings, &table->rows[table->count]);
    }
    return GSC_OK;
}

void gsc_rate_table_clear(gsc_rate_table *table) {
    free(table->rows);
    *table = (gsc_rate_table){0};
}

static json_t *interval(const gsc_slope *slope) {
    return json_pack("{s:o, s:o, s:o}", "value", gsc_json_number(slope->slope), "low",
                     gsc_json_number(slope->low), "high", gsc_json_number(slope->high));
}

json_t *gsc_rate_table_json(const gsc_rate_table *table) {
    json_t *list = json_array();
    for (size_t i = 0; i < table->count; i++) {
        const gsc_rate_row *row = &table->rows[i];
        json_array_append_new(
            list,
            json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:s}", "quantity", row->series,
                      "arm", row->arm, "title", row->title, "proven", gsc_json_number(row->proven),
                      "reported", gsc_json_number(row->reported), "slope_log_n",
                      interval(&row->slope), "slope_log_n_over_n", interval(&row->exponent),
                      "last_decade", interval(&row->last), "sizes", (json_int_t)row->slope.sizes,
                      "verdict", row->verdict));
    }
    return list;
}

/* One cell: quoted, quotes doubled; a comma after it. */
static void put_text(FILE *out, const char *text) {
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            fputc('"', out);
        }
        fputc(*text, out);
    }
    fputs("\",", out);
}

/* Empty where it is not a number. */
static void put_number(FILE *out, double value) {
    if (isfinite(value)) {
        fprintf(out, "%.6g", value);
    }
    fputc(',', out);
}

char *gsc_rate_table_csv(const gsc_rate_table *table, const char *run) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        return NULL;
    }
    fputs("run,arm,quantity,title,proven,reported_log_n_over_n,slope_log_n,low,high,"
          "slope_log_n_over_n,low_over_n,high_over_n,last_decade,last_low,last_high,sizes,"
          "verdict\n",
          out);
    for (size_t i = 0; i < table->count; i++) {
        const gsc_rate_row *row = &table->rows[i];
        const gsc_slope *slopes[] = {&row->slope, &row->exponent, &row->last};
        put_text(out, run);
        put_text(out, row->arm);
        put_text(out, row->series);
        put_text(out, row->title);
        put_number(out, row->proven);
        put_number(out, row->reported);
        for (int s = 0; s < 3; s++) {
            put_number(out, slopes[s]->slope);
            put_number(out, slopes[s]->low);
            put_number(out, slopes[s]->high);
        }
        fprintf(out, "%zu,%s\n", row->slope.sizes, row->verdict);
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

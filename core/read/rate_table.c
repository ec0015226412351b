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

/* The worst atom's slope beside that of an over-specified block: "tau_worst" beside "tau_p2", "mass_over". */
static gsc_slope worst_of(const gsc_findings *findings, const gsc_series_info *info) {
    static const gsc_slope none = {.slope = NAN, .intercept = NAN, .low = NAN, .high = NAN};
    const char *end = strrchr(info->name, '_');
    if (end == NULL || (strcmp(end, "_over") != 0 && (end[1] != 'p' || strcmp(end, "_p1") == 0))) {
        return none;
    }
    char worst[96], name[160];
    snprintf(worst, sizeof worst, "%.*s_worst", (int)(end - info->name), info->name);
    gsc_slope_name(GSC_SLOPE_LOG_N, worst, name, sizeof name);
    return slope_of(findings, info, name, 0);
}

/* From a curve over delta: its result "rate[nu]" beside series "kl_nu". */
static bool make_fingerprint_row(const gsc_series_info *info, const gsc_findings *findings,
                                 gsc_rate_row *row) {
    static const gsc_slope none = {.slope = NAN, .intercept = NAN, .low = NAN, .high = NAN};
    const bool has_block = strncmp(info->name, "kl_", 3) == 0;
    char name[160];
    snprintf(name, sizeof name, "rate[%s]", info->name + (has_block ? 3 : 0));
    *row = (gsc_rate_row){.series = info->name,
                          .arm = info->arm,
                          .title = info->title,
                          .bound_title = row->power,
                          .drawn = true,
                          .by_quadrature = true,
                          .proven = -1 / info->bound,
                          .reported = NAN,
                          .slope = slope_of(findings, info, name, 0),
                          .exponent = none,
                          .last = none,
                          .worst = none,
                          .verdict = ""};
    if (isfinite(info->bound)) {
        snprintf(row->power, sizeof row->power, "n^{-1/%g}", info->bound);
        row->verdict = row->slope.slope <= 0.95 * row->proven ? "consistent" : "slower than proven";
    }
    return isfinite(row->slope.slope);
}

static bool make_row(gsc_run *run, size_t series, const gsc_findings *findings, gsc_rate_row *row) {
    const gsc_series_info *info = gsc_run_series(run, series);
    const bool drawn = info->panel[0] != '\0';
    if (drawn && strcmp(info->x_name, "delta") == 0) {
        return make_fingerprint_row(info, findings, row);
    }
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
    row->worst = worst_of(findings, info);
    const gsc_result *reported = gsc_findings_get(findings, "reported_exponent", info->arm);
    if (reported != NULL && strcmp(info->name, "loss") == 0) {
        row->reported = reported->value;
        row->verdict = "no bound applies";
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
            json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:s, s:s}", "quantity",
                      row->series, "arm", row->arm, "title", row->title, "proven",
                      gsc_json_number(row->proven), "reported", gsc_json_number(row->reported),
                      "slope_log_n", interval(&row->slope), "slope_log_n_over_n",
                      interval(&row->exponent), "last_decade", interval(&row->last), "worst_atom",
                      interval(&row->worst), "sizes", (json_int_t)row->slope.sizes, "source",
                      row->by_quadrature ? "quadrature" : "samples", "verdict", row->verdict));
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
    fputs(
        "run,arm,quantity,title,proven,reported_log_n_over_n,slope_log_n,low,high,"
        "slope_log_n_over_n,low_over_n,high_over_n,last_decade,last_low,last_high,worst_atom,worst_low,worst_high,"
        "sizes,source,verdict\n",
        out);
    for (size_t i = 0; i < table->count; i++) {
        const gsc_rate_row *row = &table->rows[i];
        const gsc_slope *slopes[] = {&row->slope, &row->exponent, &row->last, &row->worst};
        put_text(out, run);
        put_text(out, row->arm);
        put_text(out, row->series);
        put_text(out, row->title);
        put_number(out, row->proven);
        put_number(out, row->reported);
        for (size_t s = 0; s < sizeof slopes / sizeof slopes[0]; s++) {
            put_number(out, slopes[s]->slope);
            put_number(out, slopes[s]->low);
            put_number(out, slopes[s]->high);
        }
        fprintf(out, "%zu,%s,%s\n", row->slope.sizes, row->by_quadrature ? "quadrature" : "samples",
                row->verdict);
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* SPDX-License-Identifier: MIT
 *
 * The rate table: rows of errors with their worst atom, rows of fingerprints, as JSON and CSV.
 */
#include "core/read/rate_table.h"
#include "tests/read/run_fixture.h"
#include "tests/tap.h"

static void add_result(sqlite3 *db, const char *name, double value) {
    char *sql = sqlite3_mprintf("INSERT INTO results(name, arm, unit, definition, value, low, high)"
                                " VALUES(%Q, '', '', '', %.17g, NULL, NULL)",
                                name, value);
    fixture_exec(db, sql);
    sqlite3_free(sql);
}

static void add_curve(sqlite3 *db, int id, const char *name, double bound) {
    char *sql = sqlite3_mprintf(
        "INSERT INTO series VALUES(%d, %Q, '', 'title', 'nat', '', 'delta', 'Parameter error',"
        " 'fingerprint', 'Least KL', -1, %.17g, '')",
        id, name, bound);
    fixture_exec(db, sql);
    sqlite3_free(sql);
}

/* A loss over n without a bound, of which a paper reports a rate. */
static void add_reported(sqlite3 *db) {
    fixture_exec(db, "INSERT INTO series VALUES(7, 'loss', '', 'loss', '', '', 'n', 'n', 'error',"
                     " 'Loss', -1, NULL, '')");
    for (int i = 0; i < 8; i++) {
        fixture_point(db, 7, i, (gsc_point){100 * pow(2, i), 3, 0});
    }
    add_result(db, "reported_exponent", 0.552);
}

static const gsc_rate_row *row_of(const gsc_rate_table *table, const char *series) {
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->rows[i].series, series) == 0) {
            return &table->rows[i];
        }
    }
    printf("Bail out! the table has no row of %s\n", series);
    exit(1);
}

static void check_rows(const gsc_rate_table *table) {
    const gsc_rate_row *over = row_of(table, "tau_p2"), *exact = row_of(table, "tau_p1");
    TAP_OK(table->count == 6,
           "three errors and three fingerprints; a curve of no exponent has no row");
    TAP_NEAR(over->worst.slope, -0.01, 0, "the worst atom beside the average of its cells");
    TAP_OK(isnan(exact->worst.slope) && !exact->by_quadrature, "exact cells have none");
    const gsc_rate_row *sharp = row_of(table, "kl_nu"), *slow = row_of(table, "kl_beta1");
    TAP_OK(sharp->by_quadrature && strcmp(sharp->bound_title, "n^{-1/6}") == 0,
           "a fingerprint's bound as a power of n");
    TAP_NEAR(sharp->slope.slope, -1 / 6.02, 1e-15, "and what its exponent implies");
    TAP_STRING(sharp->verdict, "consistent", "a little beyond 6 is numerical");
    TAP_STRING(slow->verdict, "slower than proven", "8 where 4 is proven is not");
    TAP_STRING(row_of(table, "loss")->verdict, "no bound applies", "what a paper reports is told");
    TAP_STRING(row_of(table, "kl_eta")->verdict, "consistent", "4 where 6 is proven is faster");
}

static void check_texts(const gsc_rate_table *table) {
    json_t *json = gsc_rate_table_json(table);
    bool found = false;
    for (size_t i = 0; i < json_array_size(json); i++) {
        const json_t *row = json_array_get(json, i);
        const bool nu = strcmp(json_string_value(json_object_get(row, "quantity")), "kl_nu") == 0;
        found =
            found ||
            (nu && strcmp(json_string_value(json_object_get(row, "source")), "quadrature") == 0 &&
             json_is_null(json_object_get(json_object_get(row, "worst_atom"), "value")));
    }
    TAP_OK(found, "JSON tells where a rate is from, and null where there is no worst atom");
    json_decref(json);
    char *csv = gsc_rate_table_csv(table, "a run");
    size_t first = 0, commas[2] = {0};
    for (int line = 0; csv != NULL && line < 2; line++) {
        for (bool quoted = false; csv[first] != '\n'; first++) {
            quoted ^= csv[first] == '"';
            commas[line] += csv[first] == ',' && !quoted;
        }
        first++;
    }
    TAP_OK(commas[0] > 0 && commas[0] == commas[1], "CSV has as many names as values");
    TAP_CONTAINS(csv, ",quadrature,slower than proven\n", "and the source before the verdict");
    free(csv);
}

int main(void) {
    char path[256];
    gsc_run *run = NULL;
    gsc_findings findings;
    gsc_rate_table table;
    gsc_error error = {0};
    sqlite3 *db = fixture_create("rates.gsc", path, sizeof(path));
    fixture_series(db, 1, "tau_p1", "");
    fixture_series(db, 2, "tau_p2", "");
    for (int i = 0; i < 8; i++) {
        const double n = 100 * pow(2, i);
        fixture_point(db, 1, i, (gsc_point){n, pow(n, -0.5), 0});
        fixture_point(db, 2, i, (gsc_point){n, pow(n, -0.25), 0});
    }
    add_reported(db);
    add_curve(db, 3, "kl_nu", 6);
    add_curve(db, 4, "kl_beta1", 4);
    add_curve(db, 5, "kl_eta", 6);
    add_curve(db, 6, "kl_tau", 6);
    add_result(db, "slope_log_n[tau_worst]", -0.01);
    add_result(db, "rate[nu]", -1 / 6.02);
    add_result(db, "rate[beta1]", -1 / 8.0);
    add_result(db, "rate[eta]", -1 / 4.0);
    TAP_OK(gsc_run_open(path, &run, &error) == GSC_OK &&
               gsc_findings_init(&findings, run, &error) == GSC_OK &&
               gsc_rate_table_init(&table, run, &findings, &error) == GSC_OK,
           "a run has a rate table");
    check_rows(&table);
    check_texts(&table);
    gsc_rate_table_clear(&table);
    gsc_findings_clear(&findings);
    gsc_run_close(run);
    sqlite3_close(db);
    remove(path);
    rmdir(fixture_folder());
    return tap_done();
}

/* SPDX-License-Identifier: MIT
 *
 * Findings: names, and slopes of a run that has not finished.
 */
#include "core/read/findings.h"
#include "tests/read/run_fixture.h"
#include "tests/tap.h"

int main(void) {
    char path[256], name[64];
    gsc_run *run = NULL;
    gsc_findings findings;
    gsc_error error = {0};
    gsc_slope_name(GSC_SLOPE_LOG_N, "loss", name, sizeof(name));
    TAP_STRING(name, "slope_log_n", "the slope of the loss has the plain name");
    gsc_slope_name(GSC_SLOPE_LOG_N_OVER_LOG_N, "tau_p1", name, sizeof(name));
    TAP_STRING(name, "slope_log_n_over_n[tau_p1]", "any other names its series");
    gsc_result result = {.name = "slope_log_n[tau_p1]", .arm = "k_shared=1"};
    gsc_finding_key(&result, name, sizeof(name));
    TAP_STRING(name, "slope_log_n[tau_p1,k_shared=1]", "one word for series and arm");
    result.name = "loss";
    gsc_finding_key(&result, name, sizeof(name));
    TAP_STRING(name, "loss[k_shared=1]", "one word for result and arm");
    result.arm = "";
    gsc_finding_key(&result, name, sizeof(name));
    TAP_STRING(name, "loss", "and for a run of one arm");

    sqlite3 *db = fixture_create("findings.gsc", path, sizeof(path));
    fixture_series(db, 1, "loss", "");
    for (int i = 0; i < 6; i++) {
        double n = 100 * pow(2, i / 2);
        fixture_point(db, 1, i, (gsc_point){n, pow(n, -0.5), i % 2});
    }
    TAP_OK(gsc_run_open(path, &run, &error) == GSC_OK &&
               gsc_findings_init(&findings, run, &error) == GSC_OK,
           "a running run has findings");
    const gsc_result *slope = gsc_findings_get(&findings, "slope_log_n", "");
    TAP_OK(slope != NULL && findings.count == 3, "both slopes and that of the last decade");
    TAP_NEAR(slope != NULL ? slope->value : 0, -0.5, 1e-9, "with the right value");
    gsc_findings_clear(&findings);
    fixture_exec(
        db,
        "INSERT INTO results(name, arm, unit, definition, value) VALUES('slope_log_n', '', '', '', -7)");
    bool changed;
    gsc_run_poll(run, &changed, &error);
    TAP_OK(gsc_findings_init(&findings, run, &error) == GSC_OK && findings.count == 3,
           "the lab's own result");
    TAP_NEAR(gsc_findings_get(&findings, "slope_log_n", "")->value, -7, 0, "is not computed again");
    gsc_findings_clear(&findings);
    gsc_run_close(run);
    sqlite3_close(db);
    remove(path);
    rmdir(fixture_folder());
    return tap_done();
}

/* SPDX-License-Identifier: MIT
 *
 * Results of a run, completed by slopes computed from its points.
 *
 * Layer: core/read.
 */
#include "core/read/findings.h"

#include "core/read/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DRAWS = 1000,
    SEED = 1,
    NAME_SIZE = 160
};

void gsc_slope_name(gsc_slope_axis axis, const char *series, char *ret_name, size_t size) {
    const char *base = axis == GSC_SLOPE_LOG_N ? "slope_log_n" : "slope_log_n_over_n";
    if (strcmp(series, "loss") == 0) {
        snprintf(ret_name, size, "%s", base);
    } else {
        snprintf(ret_name, size, "%s[%s]", base, series);
    }
}

void gsc_last_decade_name(const char *series, char *ret_name, size_t size) {
    if (strcmp(series, "loss") == 0) {
        snprintf(ret_name, size, "slope_last_decade");
    } else {
        snprintf(ret_name, size, "slope_last_decade[%s]", series);
    }
}

void gsc_finding_key(const gsc_result *result, char *ret_key, size_t size) {
    size_t length = strlen(result->name);
    if (result->arm[0] == '\0') {
        snprintf(ret_key, size, "%s", result->name);
    } else if (length > 0 && result->name[length - 1] == ']') {
        snprintf(ret_key, size, "%.*s,%s]", (int)(length - 1), result->name, result->arm);
    } else {
        snprintf(ret_key, size, "%s[%s]", result->name, result->arm);
    }
}

const gsc_result *gsc_findings_get(const gsc_findings *findings, const char *name,
                                   const char *arm) {
    for (size_t i = 0; i < findings->count; i++) {
        const gsc_result *result = &findings->results[i];
        if (strcmp(result->name, name) == 0 && strcmp(result->arm, arm) == 0) {
            return result;
        }
    }
    return NULL;
}

void gsc_findings_clear(gsc_findings *findings) {
    for (size_t i = 0; i < findings->n_names; i++) {
        free(findings->names[i]);
    }
    free(findings->names);
    free(findings->results);
    memset(findings, 0, sizeof(*findings));
}

/* How many draws from which seed: what the run's own spec says. */
static void read_bootstrap(const gsc_run_info *info, size_t *ret_draws, uint64_t *ret_seed) {
    gsc_spec *spec = NULL;
    *ret_draws = DRAWS;
    *ret_seed = SEED;
    if (gsc_spec_parse(info->spec, info->name, &spec, NULL) == GSC_OK &&
        gsc_spec_check(spec, NULL, NULL) == GSC_OK) {
        *ret_draws = (size_t)gsc_spec_int(spec, "theory.slope_draws");
        *ret_seed = (uint64_t)gsc_spec_int(spec, "seed");
    }
    gsc_spec_free(spec);
}

static gsc_status add_slopes(gsc_findings *findings, gsc_run *run, size_t series, size_t draws,
                             uint64_t seed, gsc_error *error) {
    static const char *const definitions[] = {
        "least-squares slope of log median on log n; interval: 95% bootstrap over replicates",
        "least-squares slope of log median on log(log n / n); interval: 95% bootstrap over replicates",
        "as slope_log_n, over the last decade of n",
    };
    const gsc_series_info *info = gsc_run_series(run, series);
    gsc_point *points = NULL;
    size_t n = 0;
    for (int kind = 0; kind < 3; kind++) {
        const gsc_slope_axis axis = kind == 1 ? GSC_SLOPE_LOG_N_OVER_LOG_N : GSC_SLOPE_LOG_N;
        char name[NAME_SIZE];
        if (kind < 2) {
            gsc_slope_name(axis, info->name, name, sizeof(name));
        } else {
            gsc_last_decade_name(info->name, name, sizeof(name));
        }
        if (gsc_findings_get(findings, name, info->arm) != NULL) {
            continue;
        }
        gsc_status status =
            points != NULL ? GSC_OK : gsc_run_dup_points(run, series, &points, &n, error);
        if (status != GSC_OK) {
            return status;
        }
        gsc_slope slope = kind < 2 ? gsc_fit_slope(points, n, axis, draws, seed)
                                   : gsc_fit_last_decade(points, n, axis, draws, seed);
        char *kept = slope.sizes >= 2 ? strdup(name) : NULL;
        if (kept != NULL) {
            findings->names[findings->n_names++] = kept;
            findings->results[findings->count++] = (gsc_result){
                .name = kept,
                .arm = info->arm,
                .unit = "",
                .definition = definitions[kind],
                .value = slope.slope,
                .low = slope.low,
                .high = slope.high,
            };
        }
    }
    free(points);
    return GSC_OK;
}

gsc_status gsc_findings_init(gsc_findings *findings, gsc_run *run, gsc_error *error) {
    size_t n = gsc_run_results_count(run), n_series = gsc_run_series_count(run), draws;
    uint64_t seed;
    memset(findings, 0, sizeof(*findings));
    findings->results = calloc(n + 3 * n_series + 1, sizeof(*findings->results));
    findings->names = calloc(3 * n_series + 1, sizeof(*findings->names));
    if (findings->results == NULL || findings->names == NULL) {
        gsc_findings_clear(findings);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the results of %s",
                        gsc_run_get_info(run)->path);
    }
    for (size_t i = 0; i < n; i++) {
        findings->results[findings->count++] = *gsc_run_result(run, i);
    }
    read_bootstrap(gsc_run_get_info(run), &draws, &seed);
    for (size_t i = 0; i < n_series; i++) {
        const gsc_series_info *info = gsc_run_series(run, i);
        if (info->panel[0] == '\0' || strcmp(info->x_name, "n") != 0) {
            continue;
        }
        gsc_status status = add_slopes(findings, run, i, draws, seed, error);
        if (status != GSC_OK) {
            gsc_findings_clear(findings);
            return status;
        }
    }
    return GSC_OK;
}

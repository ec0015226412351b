/* SPDX-License-Identifier: MIT
 *
 * gatescope report FILE.gsc... [--json]: the final figures of merit of runs; of a run that has not finished,
 * the slopes so far. Names of results: core/read/findings.h.
 *
 * Layer: app.
 */
#include "app/commands.h"
#include "core/read/findings.h"
#include "core/read/json_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- JSON ---- */

static json_t *findings_json(const gsc_findings *findings) {
    json_t *object = json_object();
    for (size_t i = 0; i < findings->count; i++) {
        const gsc_result *result = &findings->results[i];
        char key[256];
        gsc_finding_key(result, key, sizeof(key));
        json_object_set_new(object, key,
                            json_pack("{s:o, s:s, s:o, s:o}", "value",
                                      gsc_json_number(result->value), "unit", result->unit, "low",
                                      gsc_json_number(result->low), "high",
                                      gsc_json_number(result->high)));
    }
    return object;
}

static json_t *run_json(const gsc_run_info *info, const gsc_findings *findings) {
    json_t *spec = json_loads(info->spec, 0, NULL);
    json_t *object = json_pack(
        "{s:s, s:s, s:o, s:o}", "run", info->path, "status", gsc_run_status_name(info->status),
        "spec", spec != NULL ? spec : json_object(), "results", findings_json(findings));
    if (object != NULL && info->failure[0] != '\0') {
        json_object_set_new(object, "failure", json_string(info->failure));
    }
    return object;
}

/* ---- For people ---- */

static void format_interval(const gsc_result *result, char *text, size_t size) {
    if (result == NULL || !isfinite(result->value)) {
        snprintf(text, size, "-");
    } else if (isfinite(result->low) && isfinite(result->high)) {
        snprintf(text, size, "%.3f [%.3f, %.3f]", result->value, result->low, result->high);
    } else {
        snprintf(text, size, "%.3f", result->value);
    }
}

static bool is_slope(const gsc_result *result) {
    return strncmp(result->name, "slope_log_n", strlen("slope_log_n")) == 0;
}

static bool is_rate(const gsc_series_info *info) {
    return info->panel[0] != '\0' && strcmp(info->x_name, "n") == 0;
}

/* The widest series name and arm, for the columns. */
static void measure_columns(const gsc_run *run, int *ret_name, int *ret_arm) {
    for (size_t i = 0; i < gsc_run_series_count(run); i++) {
        const gsc_series_info *info = gsc_run_series(run, i);
        int name = (int)strnlen(info->name, 60), arm = (int)strnlen(info->arm, 60);
        if (is_rate(info)) {
            *ret_name = name > *ret_name ? name : *ret_name;
            *ret_arm = arm > *ret_arm ? arm : *ret_arm;
        }
    }
}

static void print_slopes(const gsc_run *run, const gsc_findings *findings) {
    int name_width = 6, arm_width = 3;
    bool headed = false;
    measure_columns(run, &name_width, &arm_width);
    for (size_t i = 0; i < gsc_run_series_count(run); i++) {
        const gsc_series_info *info = gsc_run_series(run, i);
        if (!is_rate(info)) {
            continue;
        }
        if (!headed) {
            printf("\n  %-*s  %-*s  %-24s  %-24s  %s\n", name_width, "series", arm_width, "arm",
                   "slope in log n", "exponent of log n / n", "proven");
            headed = true;
        }
        char name[160], slope[64], exponent[64];
        gsc_slope_name(GSC_SLOPE_LOG_N, info->name, name, sizeof(name));
        format_interval(gsc_findings_get(findings, name, info->arm), slope, sizeof(slope));
        gsc_slope_name(GSC_SLOPE_LOG_N_OVER_LOG_N, info->name, name, sizeof(name));
        format_interval(gsc_findings_get(findings, name, info->arm), exponent, sizeof(exponent));
        printf("  %-*s  %-*s  %-24s  %-24s  %s\n", name_width, info->name, arm_width,
               info->arm[0] != '\0' ? info->arm : "-", slope, exponent,
               info->bound_title[0] != '\0' ? info->bound_title : "-");
    }
}

static void print_results(const gsc_findings *findings) {
    bool headed = false;
    for (size_t i = 0; i < findings->count; i++) {
        const gsc_result *result = &findings->results[i];
        if (is_slope(result)) {
            continue;
        }
        char key[256];
        gsc_finding_key(result, key, sizeof(key));
        printf("%s  %-38s %.6g", headed ? "" : "\n", key, result->value);
        if (isfinite(result->low) && isfinite(result->high)) {
            printf(" [%.6g, %.6g]", result->low, result->high);
        }
        printf("%s%s\n", result->unit[0] != '\0' ? " " : "", result->unit);
        headed = true;
    }
}

/* What the series measure: each definition once. */
static void print_definitions(const gsc_run *run) {
    bool headed = false;
    for (size_t i = 0; i < gsc_run_series_count(run); i++) {
        const gsc_series_info *info = gsc_run_series(run, i);
        bool told = !is_rate(info) || info->definition[0] == '\0';
        for (size_t k = 0; k < i && !told; k++) {
            const gsc_series_info *before = gsc_run_series(run, k);
            told = is_rate(before) && strcmp(before->name, info->name) == 0 &&
                   strcmp(before->definition, info->definition) == 0;
        }
        if (!told) {
            printf("%s  %s: %s%s%s%s\n", headed ? "" : "\n", info->name, info->definition,
                   info->unit[0] != '\0' ? " (" : "", info->unit, info->unit[0] != '\0' ? ")" : "");
            headed = true;
        }
    }
}

typedef struct warnings {
    size_t count;
} warnings;

enum {
    MOST_WARNINGS = 5
};

static bool print_warning(void *data, double time_s, gsc_event_level level, const char *source,
                          const char *message) {
    warnings *seen = data;
    if (level >= GSC_EVENT_WARNING && seen->count++ < MOST_WARNINGS) {
        printf("%s  %s: %s%s%s\n", seen->count == 1 ? "\n" : "",
               level == GSC_EVENT_WARNING ? "warning" : "error", source,
               source[0] != '\0' ? ": " : "", message);
    }
    return true;
}

static void print_head(const gsc_run_info *info) {
    printf("%s: %s%s%s\n", info->name, gsc_run_status_name(info->status),
           info->title[0] != '\0' ? ", " : "", info->title);
    if (info->status == GSC_RUN_RUNNING || info->status == GSC_RUN_STOPPED) {
        printf("  %.0f%% of the work%s%s\n", 100 * info->progress,
               info->activity[0] != '\0' ? ": " : "", info->activity);
    } else if (info->status == GSC_RUN_DONE && info->ended_s > info->started_s) {
        printf("  took %.1f s, seed %llu\n", info->ended_s - info->started_s,
               (unsigned long long)info->seed);
    }
    if (info->failure[0] != '\0') {
        printf("  %s\n", info->failure);
    }
}

static gsc_status print_run(gsc_run *run, const gsc_findings *findings, gsc_error *error) {
    warnings seen = {0};
    print_head(gsc_run_get_info(run));
    print_slopes(run, findings);
    print_results(findings);
    print_definitions(run);
    gsc_status status = gsc_run_visit_events(run, print_warning, &seen, error);
    if (seen.count > MOST_WARNINGS) {
        printf("  and %zu more; gatescope export shows them all\n", seen.count - MOST_WARNINGS);
    }
    return status;
}

/* Reports one file; array is NULL for people. */
static gsc_status report_file(const char *path, json_t *array, gsc_error *error) {
    gsc_run *run = NULL;
    gsc_findings findings = {0};
    gsc_status status = gsc_run_open(path, &run, error);
    if (status == GSC_OK) {
        status = gsc_findings_init(&findings, run, error);
    }
    if (status == GSC_OK && array != NULL) {
        json_array_append_new(array, run_json(gsc_run_get_info(run), &findings));
    } else if (status == GSC_OK) {
        status = print_run(run, &findings, error);
    }
    gsc_findings_clear(&findings);
    gsc_run_close(run);
    return status;
}

int gsc_cmd_report(int argc, char **argv) {
    bool as_json = false;
    int files = 0, code = 0;
    for (int i = 1; i < argc; i++) {
        as_json = as_json || strcmp(argv[i], "--json") == 0;
        files += argv[i][0] != '-';
        if (argv[i][0] == '-' && strcmp(argv[i], "--json") != 0) {
            fprintf(stderr, "gatescope report: unknown option %s; it takes --json\n", argv[i]);
            return 2;
        }
    }
    if (files == 0) {
        fprintf(stderr, "gatescope report: name at least one run file\n");
        return 2;
    }
    json_t *array = as_json ? json_array() : NULL;
    for (int i = 1, told = 0; i < argc; i++) {
        gsc_error error = {0};
        if (argv[i][0] == '-') {
            continue;
        }
        if (!as_json && told++ > 0) {
            putchar('\n');
        }
        if (report_file(argv[i], array, &error) != GSC_OK) {
            fprintf(stderr, "gatescope report: %s\n", error.message);
            code = 1;
        }
    }
    if (as_json) {
        char *text = gsc_json_dump(array, JSON_INDENT(2));
        puts(text != NULL ? text : "[]");
        code = text != NULL ? code : 1;
        free(text);
        json_decref(array);
    }
    return code;
}

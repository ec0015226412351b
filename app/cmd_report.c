/* SPDX-License-Identifier: MIT
 *
 * gatescope report FILE.gsc|DIR... [--json] [-o FOLDER]: the final figures of merit of runs with their
 * rate table; of a run that has not finished, the slopes so far. With -o tables and figures go to a
 * folder too (rate_files.h, result_files.h). Names of results: core/read/findings.h.
 *
 * Layer: app.
 */
#include "app/commands.h"
#include "app/rate_files.h"
#include "app/report_fit.h"
#include "app/result_files.h"
#include "core/read/findings.h"
#include "core/read/json_text.h"
#include "core/read/rate_table.h"
#include "core/read/sweep_folder.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- JSON ---- */

static json_t *findings_json(const gsc_findings *findings) {
    json_t *object = json_object();
    for (size_t i = 0; i < findings->count; i++) {
        const gsc_result *result = &findings->results[i];
        char key[256];
        gsc_finding_key(result, key, sizeof(key));
        json_object_set_new(
            object, key,
            json_pack("{s:o, s:s, s:o, s:o, s:s}", "value", gsc_json_number(result->value), "unit",
                      result->unit, "low", gsc_json_number(result->low), "high",
                      gsc_json_number(result->high), "definition", result->definition));
    }
    return object;
}

static bool keep_alarm(void *data, double time_s, gsc_event_level level, const char *source,
                       const char *message) {
    (void)time_s;
    if (level >= GSC_EVENT_WARNING) {
        json_array_append_new(data, json_pack("{s:s, s:s, s:s}", "level",
                                              level == GSC_EVENT_WARNING ? "warning" : "error",
                                              "source", source, "message", message));
    }
    return true;
}

/* Takes alarms over. */
static json_t *run_json(const gsc_run_info *info, const gsc_findings *findings,
                        const gsc_rate_table *table, json_t *fits, json_t *alarms) {
    json_t *spec = json_loads(info->spec, 0, NULL);
    json_t *object = json_pack(
        "{s:s, s:s, s:o, s:o}", "run", info->path, "status", gsc_run_status_name(info->status),
        "spec", spec != NULL ? spec : json_object(), "results", findings_json(findings));
    if (object != NULL) {
        json_object_set_new(object, "rates", gsc_rate_table_json(table));
    }
    if (object != NULL && json_array_size(fits) > 0) {
        json_object_set(object, "fits", fits);
    }
    if (object != NULL && info->failure[0] != '\0') {
        json_object_set_new(object, "failure", json_string(info->failure));
    }
    if (object != NULL) {
        json_object_set(object, "alarms", alarms);
    }
    json_decref(alarms);
    return object;
}

/* ---- For people ---- */

static void format_interval(const gsc_slope *slope, char *text, size_t size) {
    if (!isfinite(slope->slope)) {
        snprintf(text, size, "-");
    } else if (isfinite(slope->low) && isfinite(slope->high)) {
        snprintf(text, size, "%.3f [%.3f, %.3f]", slope->slope, slope->low, slope->high);
    } else {
        snprintf(text, size, "%.3f", slope->slope);
    }
}

static bool is_slope(const gsc_result *result) {
    return strncmp(result->name, "slope_log_n", strlen("slope_log_n")) == 0 ||
           strncmp(result->name, "slope_last_decade", strlen("slope_last_decade")) == 0 ||
           strcmp(result->name, "reported_exponent") == 0;
}

static bool is_rate(const gsc_series_info *info) {
    return info->panel[0] != '\0' && strcmp(info->x_name, "n") == 0;
}

/* Bytes of text that take no column of their own: all of a UTF-8 character but its first. */
static int silent_bytes(const char *text) {
    int count = 0;
    for (; *text != '\0'; text++) {
        count += (*text & 0xc0) == 0x80;
    }
    return count;
}

static int at_least(int width, const char *text) {
    const int length = (int)strnlen(text, 60) - silent_bytes(text);
    return length > width ? length : width;
}

/* Rows that are drawn, then those that are only measured: one for each with a bound. */
static void print_rates(const gsc_rate_table *table) {
    int quantity = 8, arm = 3;
    for (size_t i = 0; i < table->count; i++) {
        quantity = at_least(quantity, table->rows[i].series);
        arm = at_least(arm, table->rows[i].arm);
    }
    if (table->count > 0) {
        printf("\n  %-*s  %-*s  %-9s  %-24s  %-24s  %-6s  %-24s  %-10s  %s\n", quantity, "quantity",
               arm, "arm", "proven", "slope in log n", "exponent of log n / n", "paper",
               "last decade", "worst atom", "verdict");
    }
    for (int drawn = 1; drawn >= 0; drawn--) {
        for (size_t i = 0; i < table->count; i++) {
            const gsc_rate_row *row = &table->rows[i];
            char slope[64], exponent[64], last[64], reported[16] = "-", worst[16] = "-";
            if (row->drawn != (drawn == 1)) {
                continue;
            }
            format_interval(&row->slope, slope, sizeof slope);
            format_interval(&row->exponent, exponent, sizeof exponent);
            format_interval(&row->last, last, sizeof last);
            if (isfinite(row->reported)) {
                snprintf(reported, sizeof reported, "%.3f", row->reported);
            }
            if (isfinite(row->worst.slope)) {
                snprintf(worst, sizeof worst, "%.3f", row->worst.slope);
            }
            printf("  %-*s  %-*s  %-9s  %-24s  %-24s  %-6s  %-24s  %-10s  %s\n", quantity,
                   row->series, arm + silent_bytes(row->arm), row->arm[0] != '\0' ? row->arm : "-",
                   row->bound_title[0] != '\0' ? row->bound_title : "-", slope, exponent, reported,
                   last, worst, row->verdict);
        }
    }
}

/* The result NAME + ending of the same arm; NULL: none. */
static const gsc_result *kin(const gsc_findings *findings, const gsc_result *result,
                             const char *ending) {
    char name[160];
    snprintf(name, sizeof name, "%.120s%s", result->name, ending);
    return gsc_findings_get(findings, name, result->arm);
}

/* Whether it is the least or greatest layer of a result that has both: it stands on that one's line. */
static bool is_extreme(const gsc_findings *findings, const gsc_result *result) {
    const size_t length = strlen(result->name);
    const char *ending = length > 4 ? result->name + length - 4 : "";
    if (length >= 120 || (strcmp(ending, "_min") != 0 && strcmp(ending, "_max") != 0)) {
        return false;
    }
    char name[120];
    snprintf(name, sizeof name, "%.*s", (int)(length - 4), result->name);
    const gsc_result *base = gsc_findings_get(findings, name, result->arm);
    return base != NULL && kin(findings, base, "_min") != NULL &&
           kin(findings, base, "_max") != NULL;
}

static void print_results(const gsc_findings *findings) {
    bool headed = false;
    for (size_t i = 0; i < findings->count; i++) {
        const gsc_result *result = &findings->results[i];
        if (is_slope(result) || is_extreme(findings, result)) {
            continue;
        }
        const gsc_result *least = kin(findings, result, "_min");
        const gsc_result *greatest = kin(findings, result, "_max");
        char key[256];
        gsc_finding_key(result, key, sizeof(key));
        printf("%s  %-38s %.6g", headed ? "" : "\n", key, result->value);
        if (isfinite(result->low) && isfinite(result->high)) {
            printf(" [%.6g, %.6g]", result->low, result->high);
        }
        printf("%s%s", result->unit[0] != '\0' ? " " : "", result->unit);
        if (least != NULL && greatest != NULL) {
            printf("   layers %.6g to %.6g", least->value, greatest->value);
        }
        printf("\n");
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

static gsc_status print_run(gsc_run *run, const gsc_findings *findings, const gsc_rate_table *table,
                            const json_t *fits, gsc_error *error) {
    warnings seen = {0};
    print_head(gsc_run_get_info(run));
    print_rates(table);
    gsc_report_print_fits(fits);
    print_results(findings);
    print_definitions(run);
    gsc_status status = gsc_run_visit_events(run, print_warning, &seen, error);
    if (seen.count > MOST_WARNINGS) {
        printf("  and %zu more; gatescope export shows them all\n", seen.count - MOST_WARNINGS);
    }
    return status;
}

/* ---- A sweep ---- */

/* One line of a run of a sweep: what arms are usually told apart by. */
static gsc_status print_line(const char *path, const char *arm, const gsc_sweep_run *which,
                             gsc_error *error) {
    static const char *const names[] = {"validation_loss", "perplexity", "saturation_kappa",
                                        "change_rate", "jain"};
    gsc_run *run = NULL;
    const gsc_status status = gsc_run_open(path, &run, error);
    if (status != GSC_OK) {
        return status;
    }
    char stage[48];
    if (which->stage == GSC_SWEEP_MAIN) {
        snprintf(stage, sizeof stage, "main");
    } else {
        snprintf(stage, sizeof stage, "%s %.4g", gsc_sweep_stage_name(which->stage), which->value);
    }
    printf("  %-28s %-12s %6llu  %-8s", arm, stage, (unsigned long long)which->seed,
           gsc_run_status_name(gsc_run_get_info(run)->status));
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        double value = NAN;
        for (size_t i = 0; i < gsc_run_results_count(run); i++) {
            const gsc_result *result = gsc_run_result(run, i);
            value = strcmp(result->name, names[n]) == 0 ? result->value : value;
        }
        if (isfinite(value)) {
            printf(" %16.5g", value);
        } else {
            printf(" %16s", "-");
        }
    }
    printf("\n");
    gsc_run_close(run);
    return GSC_OK;
}

static gsc_status report_file(const char *path, json_t *array, gsc_error *error);

/* A sweep for people: its runs a line each, then the verdicts; as JSON its runs one by one. */
static gsc_status report_sweep(const char *path, json_t *array, gsc_error *error) {
    gsc_sweep_folder *folder = NULL;
    gsc_status status = gsc_sweep_folder_open(path, &folder, error);
    if (status == GSC_OK) {
        status = gsc_sweep_folder_read(folder, false, error);
    }
    if (status == GSC_OK && array == NULL) {
        printf("%s: %zu runs done, %zu under way, %zu to do\n\n  %-28s %-12s %6s  %-8s %16s %16s "
               "%16s %16s %16s\n",
               folder->sweep->title[0] != '\0' ? folder->sweep->title : path,
               folder->n_state[GSC_SWEEP_DONE], folder->n_state[GSC_SWEEP_RUNNING],
               folder->n_state[GSC_SWEEP_TODO], "arm", "stage", "seed", "status", "validation_loss",
               "perplexity", "saturation_kappa", "change_rate", "jain");
    }
    for (size_t i = 0; status == GSC_OK && i < folder->count; i++) {
        const gsc_sweep_run *which = &folder->entries[i].run;
        char run[4096];
        gsc_sweep_run_path(path, which, run, sizeof run);
        if (access(run, R_OK) == 0) {
            status = array != NULL
                         ? report_file(run, array, error)
                         : print_line(run, folder->sweep->arms[which->arm].name, which, error);
        }
    }
    gsc_sweep_folder_free(folder);
    if (status == GSC_OK && array == NULL) {
        printf("\n");
        fflush(stdout);
        char compare[] = "compare";
        gsc_cmd_compare(2, (char *[]){compare, (char *)path, NULL});
    }
    return status;
}

/* Reports one file; array is NULL for people. */
static gsc_status report_file(const char *path, json_t *array, gsc_error *error) {
    gsc_run *run = NULL;
    gsc_findings findings = {0};
    gsc_rate_table table = {0};
    gsc_status status = gsc_run_open(path, &run, error);
    if (status == GSC_OK) {
        status = gsc_findings_init(&findings, run, error);
    }
    if (status == GSC_OK) {
        status = gsc_rate_table_init(&table, run, &findings, error);
    }
    json_t *fits = NULL;
    if (status == GSC_OK) {
        status = gsc_report_fits(run, &fits, error);
    }
    if (status == GSC_OK && array != NULL) {
        json_t *alarms = json_array();
        status = gsc_run_visit_events(run, keep_alarm, alarms, error);
        json_array_append_new(array,
                              run_json(gsc_run_get_info(run), &findings, &table, fits, alarms));
    } else if (status == GSC_OK) {
        status = print_run(run, &findings, &table, fits, error);
    }
    json_decref(fits);
    gsc_rate_table_clear(&table);
    gsc_findings_clear(&findings);
    gsc_run_close(run);
    return status;
}

typedef struct report_options {
    bool as_json;
    const char *folder; /* NULL: no table, no figures */
    char **files;
    int n_files;
} report_options;

/* Files are moved to the front of argv. */
static int parse(int argc, char **argv, report_options *options) {
    options->files = argv + 1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            options->as_json = true;
        } else if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) {
            options->folder = argv[++i];
        } else if (argv[i][0] == '-') {
            fprintf(stderr, "gatescope report: unknown option %s; it takes --json and -o FOLDER\n",
                    argv[i]);
            return 2;
        } else {
            options->files[options->n_files++] = argv[i];
        }
    }
    if (options->n_files == 0) {
        fprintf(stderr, "gatescope report: name at least one run file, or a sweep's folder\n");
        return 2;
    }
    return 0;
}

/* The tables and the figures; rates are of runs that stand by themselves. */
static gsc_status write_folder(const report_options *options, gsc_error *error) {
    char **runs = calloc((size_t)options->n_files + 1, sizeof *runs);
    int n_runs = 0, written;
    if (runs == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a list of runs");
    }
    for (int i = 0; i < options->n_files; i++) {
        if (!gsc_is_sweep(options->files[i])) {
            runs[n_runs++] = options->files[i];
        }
    }
    gsc_status status = GSC_OK;
    if (mkdir(options->folder, 0777) != 0 && errno != EEXIST) {
        status = gsc_fail(error, GSC_ERR_IO, "the folder %s cannot be made: %s", options->folder,
                          strerror(errno));
    }
    if (status == GSC_OK && n_runs > 0) {
        status = gsc_rate_files_table(runs, n_runs, options->folder, error);
    }
    if (status == GSC_OK) {
        status = gsc_result_files_table(options->files, options->n_files, options->folder, error);
    }
    for (int i = 0; i < options->n_files && status == GSC_OK; i++) {
        status = gsc_is_sweep(options->files[i])
                     ? gsc_result_files_compare(options->files[i], options->folder, error)
                     : gsc_rate_files_figures(options->files[i], options->folder, n_runs > 1,
                                              &written, error);
    }
    free(runs);
    return status;
}

static int print_json(json_t *array) {
    char *text = gsc_json_dump(array, JSON_INDENT(2));
    puts(text != NULL ? text : "[]");
    const int code = text != NULL ? 0 : 1;
    free(text);
    return code;
}

int gsc_cmd_report(int argc, char **argv) {
    report_options options = {0};
    int code = parse(argc, argv, &options);
    if (code != 0) {
        return code;
    }
    json_t *array = options.as_json ? json_array() : NULL;
    for (int i = 0; i < options.n_files; i++) {
        gsc_error error = {0};
        if (!options.as_json && i > 0) {
            putchar('\n');
        }
        const gsc_status status = gsc_is_sweep(options.files[i])
                                      ? report_sweep(options.files[i], array, &error)
                                      : report_file(options.files[i], array, &error);
        if (status != GSC_OK) {
            fprintf(stderr, "gatescope report: %s\n", error.message);
            code = 1;
        }
    }
    if (array != NULL) {
        code = print_json(array) == 0 ? code : 1;
        json_decref(array);
    }
    gsc_error error = {0};
    if (options.folder != NULL && write_folder(&options, &error) != GSC_OK) {
        fprintf(stderr, "gatescope report: %s\n", error.message);
        code = 1;
    }
    return code;
}

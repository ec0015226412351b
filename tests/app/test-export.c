/* SPDX-License-Identifier: MIT
 *
 * Report and export as functions: the CSV reads back to the same bits, texts survive their quotes, JSON has
 * the promised shape, and mistakes have their exit codes.
 */
#include "app/commands.h"
#include "app/csv.h"
#include "tests/read/run_fixture.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <jansson.h>

enum {
    N = 1500
};

static gsc_point point_of(int i) {
    double y = i == 7 ? NAN : i == 8 ? -0.0 : i == 9 ? 5e-324 : exp(sin(i)) / 3;
    return (gsc_point){100 + i / 3.0, y, i % 16};
}

/* Runs a command with stdout in a file and stderr away; returns its exit code. */
static int run_command(int (*command)(int, char **), char **argv, const char *out) {
    int argc = 0;
    while (argv[argc] != NULL) {
        argc++;
    }
    fflush(stdout);
    int kept = dup(1), kept_error = dup(2), file = open(out, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    int nowhere = open("/dev/null", O_WRONLY);
    dup2(file, 1);
    dup2(nowhere, 2);
    int code = command(argc, argv);
    fflush(stdout);
    dup2(kept, 1);
    dup2(kept_error, 2);
    close(kept);
    close(kept_error);
    close(file);
    close(nowhere);
    return code;
}

static char *slurp(const char *folder, const char *name) {
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 1 << 20);
    if (file != NULL) {
        text[fread(text, 1, (1 << 20) - 1, file)] = '\0';
        fclose(file);
    }
    return text;
}

static void check_points(const char *folder) {
    char *text = slurp(folder, "points.csv"), *line = strstr(text, "\r\n");
    int same = line != NULL && strncmp(text, "series,arm,layer,x,y,replicate\r\n", 32) == 0,
        rows = 0;
    while (same && line[2] != '\0') {
        char *at = line + 2, *end;
        gsc_point expected = point_of(rows), got = {0};
        same = strncmp(at, "loss,\"a,b\",-1,", 14) == 0;
        got.x = strtod(at + 14, &end);
        got.y = end[1] == ',' ? NAN : strtod(end + 1, NULL);
        end = strchr(end + 1, ',');
        got.replicate = end != NULL ? atoi(end + 1) : -7;
        same = same && memcmp(&got.x, &expected.x, 8) == 0 && got.replicate == expected.replicate &&
               (isnan(expected.y) ? isnan(got.y) : memcmp(&got.y, &expected.y, 8) == 0);
        line = strstr(at, "\r\n");
        rows += same;
    }
    TAP_OK(same && rows == N, "every point reads back from CSV with its bits");
    free(text);
}

static void check_jsonl(const char *folder) {
    char *text = slurp(folder, "points.jsonl");
    int rows = 0, same = 1;
    for (char *line = strtok(text, "\n"); line != NULL && same; line = strtok(NULL, "\n")) {
        json_t *row = json_loads(line, 0, NULL);
        gsc_point expected = point_of(rows++);
        json_t *y = json_object_get(row, "y");
        double number = json_number_value(y);
        same = json_number_value(json_object_get(row, "x")) == expected.x &&
               (isnan(expected.y) ? json_is_null(y) : memcmp(&number, &expected.y, 8) == 0);
        json_decref(row);
    }
    TAP_OK(same && rows == N, "and from JSON lines");
    free(text);
}

static void check_report(const char *folder, const char *name) {
    char *text = slurp(folder, name);
    json_t *array = json_loads(text, 0, NULL), *run = json_array_get(array, 0);
    TAP_OK(json_array_size(array) == 1, "an array with one object for the run");
    TAP_STRING(json_string_value(json_object_get(run, "status")), "running", "its status");
    TAP_OK(json_integer_value(json_object_get(json_object_get(run, "spec"), "seed")) == 7,
           "its spec");
    json_t *results = json_object_get(run, "results");
    json_t *slope = json_object_get(results, "slope_log_n[a,b]");
    TAP_OK(json_is_number(json_object_get(slope, "value")) &&
               json_is_string(json_object_get(slope, "unit")) &&
               json_object_get(slope, "low") != NULL && json_object_get(slope, "high") != NULL,
           "a slope so far, with value, unit, low and high");
    TAP_OK(json_number_value(json_object_get(json_object_get(results, "wall"), "value")) == 2.5,
           "a result");
    json_decref(array);
    free(text);
}

static void check_csv_quotes(const char *folder) {
    char path[512];
    snprintf(path, sizeof(path), "%s/quotes.csv", folder);
    const char *const fields[] = {"plain", "a,b", "say \"hm\"", "two\nlines", ""};
    FILE *file = fopen(path, "w");
    gsc_csv_row(file, fields, 5);
    fclose(file);
    char *text = slurp(folder, "quotes.csv");
    TAP_STRING(text, "plain,\"a,b\",\"say \"\"hm\"\"\",\"two\nlines\",\r\n",
               "fields are quoted as RFC 4180 says");
    free(text);
}

int main(void) {
    char path[256], folder[300], out[300], command[600];
    sqlite3 *db = fixture_create("export.gsc", path, sizeof(path));
    fixture_series(db, 1, "loss", "a,b");
    fixture_exec(db, "BEGIN");
    gsc_point all[N];
    for (int i = 0; i < N; i++) {
        all[i] = point_of(i);
        fixture_point(db, 1, i, all[i]);
    }
    fixture_exec(db, "COMMIT");
    fixture_seal(db, 1, 0, all, GSC_BLOCK_POINTS);
    fixture_exec(
        db,
        "INSERT INTO results(name, arm, unit, definition, value) VALUES('wall', '', 's', '', 2.5)");
    fixture_exec(
        db,
        "INSERT INTO documents(kind, arm, x, replicate, body) VALUES('fit', 'a,b', 100, 0, '{\"a\": 1}')");
    snprintf(folder, sizeof(folder), "%s/out", fixture_folder());
    snprintf(out, sizeof(out), "%s/stdout", fixture_folder());

    TAP_OK(run_command(gsc_cmd_export,
                       (char *[]){"export", path, "--to", "csv", "-o", folder, NULL}, out) == 0,
           "export to CSV");
    check_points(folder);
    TAP_OK(run_command(gsc_cmd_export,
                       (char *[]){"export", path, "--to", "jsonl", "-o", folder, NULL}, out) == 0,
           "export to JSON lines");
    check_jsonl(folder);
    char *text = slurp(folder, "documents.jsonl");
    TAP_STRING(
        text, "{\"kind\":\"fit\",\"arm\":\"a,b\",\"x\":100.0,\"replicate\":0,\"body\":{\"a\":1}}\n",
        "documents are JSON");
    free(text);
    text = slurp(folder, "series.csv");
    TAP_CONTAINS(text, "\"two, fitted\",nat,\"the \"\"loss\"\"\"", "series carry their meaning");
    free(text);
    check_csv_quotes(folder);
    TAP_OK(run_command(gsc_cmd_report, (char *[]){"report", path, "--json", NULL}, out) == 0,
           "report --json");
    check_report(fixture_folder(), "stdout");
    TAP_OK(run_command(gsc_cmd_report, (char *[]){"report", path, NULL}, out) == 0,
           "report for people");
    text = slurp(fixture_folder(), "stdout");
    TAP_CONTAINS(text, "n^{-1/2}", "shows the proven bound");
    free(text);
    TAP_OK(run_command(gsc_cmd_report, (char *[]){"report", out, NULL}, "/dev/null") == 1,
           "not a run file: 1");
    TAP_OK(run_command(gsc_cmd_report, (char *[]){"report", NULL}, "/dev/null") == 2, "no file: 2");
    TAP_OK(run_command(gsc_cmd_export, (char *[]){"export", path, NULL}, "/dev/null") == 2,
           "no folder: 2");
    TAP_OK(run_command(gsc_cmd_export,
                       (char *[]){"export", path, "--to", "xml", "-o", folder, NULL},
                       "/dev/null") == 2,
           "unknown format: 2");
    TAP_OK(run_command(gsc_cmd_export, (char *[]){"export", path, "-o", "/proc/no", NULL},
                       "/dev/null") == 1,
           "a folder that cannot be made: 1");
    TAP_OK(run_command(gsc_cmd_presets, (char *[]){"presets", "--json", NULL}, out) == 0,
           "presets --json");
    text = slurp(fixture_folder(), "stdout");
    json_t *presets = json_loads(text, 0, NULL), *preset;
    size_t i, wanted = 0;
    json_array_foreach(presets, i, preset) {
        const char *name = json_string_value(json_object_get(preset, "name"));
        wanted += name != NULL && (strcmp(name, "first") == 0 || strcmp(name, "theorem4") == 0 ||
                                   strcmp(name, "lm-deepseek-v3-679m") == 0);
    }
    TAP_OK(wanted == 3, "lists the experiments of both labs");
    json_decref(presets);
    free(text);
    sqlite3_close(db);
    snprintf(command, sizeof(command), "rm -rf %s", fixture_folder());
    TAP_OK(system(command) == 0, "the folder is removed");
    return tap_done();
}

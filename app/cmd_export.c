/* SPDX-License-Identifier: MIT
 *
 * gatescope export FILE.gsc --to csv|jsonl|tokens -o DIR: a run as plain files, or what a language model
 * reads in it (export_tokens.h).
 *
 *     points.*     every point: series, arm, layer, x, y, replicate
 *     vectors.*    every vector (loads of experts, overlaps of checkpoints): series, arm, layer, x, index, value
 *     series.*     what each series is: unit, definition, proven bound
 *     results.*    the figures of merit, as `report` gives them
 *     events.*     alarms and messages
 *     documents.jsonl  one JSON object for each fit
 *     run.json     status, spec, plugins, machine
 *
 * CSV is RFC 4180 with 17 digits; what is not a number is an empty field, or null in JSON lines, where
 * infinities are null too. Files of these names in DIR are replaced; nothing else there is touched.
 *
 * Layer: app.
 */
#include "app/commands.h"
#include "app/csv.h"
#include "app/export_tokens.h"
#include "core/read/findings.h"
#include "core/read/json_text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    SLICE = 8192
};

/* One table on its way out: rows of named fields, as CSV or as JSON lines. */
typedef struct table {
    FILE *file;
    bool csv;
    const char *const *names; /* ends with NULL */
    json_t *row;
    int next;
} table;

static void table_begin(table *self, FILE *file, bool csv, const char *const *names) {
    size_t n = 0;
    while (names[n] != NULL) {
        n++;
    }
    *self = (table){.file = file, .csv = csv, .names = names};
    if (csv) {
        gsc_csv_row(file, names, n);
    }
}

static void put_json(table *self, json_t *value) {
    if (self->row == NULL) {
        self->row = json_object();
    }
    json_object_set_new(self->row, self->names[self->next], value);
}

static void end_field(table *self) {
    self->next++;
    if (self->names[self->next] != NULL) {
        if (self->csv) {
            gsc_csv_comma(self->file);
        }
        return;
    }
    self->next = 0;
    if (self->csv) {
        gsc_csv_end(self->file);
        return;
    }
    json_dumpf(self->row, self->file, JSON_COMPACT | JSON_REAL_PRECISION(17));
    putc('\n', self->file);
    json_decref(self->row);
    self->row = NULL;
}

static void put_text(table *self, const char *text) {
    if (self->csv) {
        gsc_csv_text(self->file, text);
    } else {
        put_json(self, json_string(text));
    }
    end_field(self);
}

static void put_number(table *self, double value) {
    if (self->csv) {
        gsc_csv_number(self->file, value);
    } else {
        put_json(self, gsc_json_number(value));
    }
    end_field(self);
}

static void put_integer(table *self, long value) {
    if (self->csv) {
        fprintf(self->file, "%ld", value);
    } else {
        put_json(self, json_integer(value));
    }
    end_field(self);
}

/* ---- The tables ---- */

static gsc_status write_points(gsc_run *run, table *out, gsc_error *error) {
    gsc_point *points = malloc(SLICE * sizeof(*points));
    gsc_status status =
        points != NULL ? GSC_OK : gsc_fail(error, GSC_ERR_MEMORY, "no memory to export points");
    for (size_t s = 0; status == GSC_OK && s < gsc_run_series_count(run); s++) {
        const gsc_series_info *info = gsc_run_series(run, s);
        size_t n = SLICE;
        for (int64_t first = 0; status == GSC_OK && n > 0; first += (int64_t)n) {
            n = 0;
            status = gsc_run_read_points(run, s, first, points, SLICE, &n, error);
            for (size_t i = 0; i < n; i++) {
                put_text(out, info->name);
                put_text(out, info->arm);
                put_integer(out, info->layer);
                put_number(out, points[i].x);
                put_number(out, points[i].y);
                put_integer(out, points[i].replicate);
            }
        }
    }
    free(points);
    return status;
}

static gsc_status write_vectors(gsc_run *run, table *out, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t s = 0; status == GSC_OK && s < gsc_run_series_count(run); s++) {
        const gsc_series_info *info = gsc_run_series(run, s);
        gsc_vectors vectors = {0};
        status = gsc_run_read_vectors(run, s, 0, &vectors, error);
        for (size_t i = 0; status == GSC_OK && i < vectors.count; i++) {
            for (size_t k = vectors.start[i]; k < vectors.start[i + 1]; k++) {
                put_text(out, info->name);
                put_text(out, info->arm);
                put_integer(out, info->layer);
                put_number(out, vectors.x[i]);
                put_integer(out, (long)(k - vectors.start[i]));
                put_number(out, (double)vectors.values[k]);
            }
        }
        gsc_vectors_clear(&vectors);
    }
    return status;
}

static gsc_status write_series(gsc_run *run, table *out, gsc_error *error) {
    for (size_t s = 0; s < gsc_run_series_count(run); s++) {
        const gsc_series_info *info = gsc_run_series(run, s);
        const char *const texts[] = {info->name,    info->arm,        info->title,
                                     info->unit,    info->definition, info->x_name,
                                     info->x_title, info->panel,      info->y_title};
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
            put_text(out, texts[i]);
        }
        put_integer(out, info->layer);
        put_number(out, info->bound);
        put_text(out, info->bound_title);
        put_integer(out, (long)gsc_run_points_count(run, s));
    }
    return GSC_OK;
}

static gsc_status write_results(gsc_run *run, table *out, gsc_error *error) {
    gsc_findings findings;
    gsc_status status = gsc_findings_init(&findings, run, error);
    if (status != GSC_OK) {
        return status;
    }
    for (size_t i = 0; i < findings.count; i++) {
        const gsc_result *result = &findings.results[i];
        put_text(out, result->name);
        put_text(out, result->arm);
        put_text(out, result->unit);
        put_text(out, result->definition);
        put_number(out, result->value);
        put_number(out, result->low);
        put_number(out, result->high);
    }
    gsc_findings_clear(&findings);
    return GSC_OK;
}

static bool write_event(void *data, double time_s, gsc_event_level level, const char *source,
                        const char *message) {
    static const char *const levels[] = {"info", "warning", "error"};
    put_number(data, time_s);
    put_text(data, levels[level]);
    put_text(data, source);
    put_text(data, message);
    return true;
}

static gsc_status write_events(gsc_run *run, table *out, gsc_error *error) {
    return gsc_run_visit_events(run, write_event, out, error);
}

static bool write_document(void *data, const char *kind, const char *arm, double x,
                           int32_t replicate, const char *json) {
    table *out = data;
    json_t *body = json_loads(json, JSON_DECODE_ANY, NULL);
    put_text(out, kind);
    put_text(out, arm);
    put_number(out, x);
    put_integer(out, replicate);
    put_json(out, body != NULL ? body : json_string(json));
    end_field(out);
    return true;
}

static gsc_status write_documents(gsc_run *run, table *out, gsc_error *error) {
    return gsc_run_visit_documents(run, NULL, write_document, out, error);
}

/* ---- The files ---- */

static FILE *open_file(const char *folder, const char *name, char *ret_path, size_t size,
                       gsc_error *error) {
    int length = snprintf(ret_path, size, "%s/%s", folder, name);
    FILE *file = length > 0 && (size_t)length < size ? fopen(ret_path, "we") : NULL;
    if (file == NULL) {
        gsc_fail(error, GSC_ERR_IO, "%s/%s cannot be written: %s", folder, name, strerror(errno));
    }
    return file;
}

static gsc_status close_file(FILE *file, const char *path, gsc_error *error) {
    int failed = ferror(file);
    if (fclose(file) != 0 || failed) {
        return gsc_fail(error, GSC_ERR_IO, "%s cannot be written: %s", path, strerror(errno));
    }
    return GSC_OK;
}

static const char *const point_names[] = {"series", "arm", "layer", "x", "y", "replicate", NULL};
static const char *const vector_names[] = {"series", "arm", "layer", "x", "index", "value", NULL};
static const char *const series_names[] = {
    "name",  "arm",     "title", "unit",  "definition",  "x_name", "x_title",
    "panel", "y_title", "layer", "bound", "bound_title", "points", NULL};
static const char *const result_names[] = {"name",  "arm", "unit", "definition",
                                           "value", "low", "high", NULL};
static const char *const event_names[] = {"time", "level", "source", "message", NULL};
static const char *const document_names[] = {"kind", "arm", "x", "replicate", "body", NULL};

static const struct {
    const char *csv, *jsonl; /* file names */
    const char *const *names;
    gsc_status (*write)(gsc_run *run, table *out, gsc_error *error);
} tables[] = {
    {"points.csv", "points.jsonl", point_names, write_points},
    {"vectors.csv", "vectors.jsonl", vector_names, write_vectors},
    {"series.csv", "series.jsonl", series_names, write_series},
    {"results.csv", "results.jsonl", result_names, write_results},
    {"events.csv", "events.jsonl", event_names, write_events},
    {NULL, "documents.jsonl", document_names, write_documents},
};

static gsc_status write_tables(gsc_run *run, bool csv, const char *folder, gsc_error *error) {
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        bool as_csv = csv && tables[i].csv != NULL;
        char path[4096];
        FILE *file =
            open_file(folder, as_csv ? tables[i].csv : tables[i].jsonl, path, sizeof(path), error);
        if (file == NULL) {
            return GSC_ERR_IO;
        }
        table out;
        table_begin(&out, file, as_csv, tables[i].names);
        gsc_status status = tables[i].write(run, &out, error);
        json_decref(out.row);
        if (status != GSC_OK) {
            fclose(file);
            return status;
        }
        status = close_file(file, path, error);
        if (status != GSC_OK) {
            return status;
        }
    }
    return GSC_OK;
}

static json_t *parsed(const char *text) {
    json_t *value = json_loads(text, 0, NULL);
    return value != NULL ? value : json_null();
}

static gsc_status write_run(gsc_run *run, const char *folder, gsc_error *error) {
    const gsc_run_info *info = gsc_run_get_info(run);
    char path[4096];
    FILE *file = open_file(folder, "run.json", path, sizeof(path), error);
    if (file == NULL) {
        return GSC_ERR_IO;
    }
    json_t *root = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:o}", "run", info->path, "status",
        gsc_run_status_name(info->status), "failure", info->failure, "experiment", info->experiment,
        "title", info->title, "seed", (json_int_t)info->seed, "started",
        gsc_json_number(info->started_s), "ended", gsc_json_number(info->ended_s), "plugins",
        parsed(info->plugins), "machine", parsed(info->machine), "spec", parsed(info->spec));
    char *text = gsc_json_dump(root, JSON_INDENT(2));
    fprintf(file, "%s\n", text != NULL ? text : "{}");
    free(text);
    json_decref(root);
    return close_file(file, path, error);
}

static gsc_status make_folder(const char *folder, gsc_error *error) {
    struct stat info;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return gsc_fail(error, GSC_ERR_IO, "the folder %s cannot be made: %s", folder,
                        strerror(errno));
    }
    if (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode)) {
        return gsc_fail(error, GSC_ERR_IO, "%s is not a folder", folder);
    }
    return GSC_OK;
}

static gsc_status export_run(const char *path, const char *format, const char *folder,
                             gsc_error *error) {
    gsc_run *run = NULL;
    gsc_status status = gsc_run_open(path, &run, error);
    if (status == GSC_OK) {
        status = make_folder(folder, error);
    }
    if (status == GSC_OK && strcmp(format, "tokens") == 0) {
        status = gsc_export_tokens(run, folder, error);
    } else if (status == GSC_OK) {
        status = write_tables(run, strcmp(format, "csv") == 0, folder, error);
        status = status == GSC_OK ? write_run(run, folder, error) : status;
    }
    gsc_run_close(run);
    return status;
}

static int bad_usage(const char *what) {
    fprintf(stderr,
            "gatescope export: %s; usage: gatescope export FILE.gsc --to csv|jsonl|tokens -o DIR\n",
            what);
    return 2;
}

int gsc_cmd_export(int argc, char **argv) {
    const char *path = NULL, *format = "csv", *folder = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--to") == 0 || strcmp(argv[i], "-o") == 0) {
            if (i + 1 == argc) {
                return bad_usage("an option lacks its value");
            }
            const char **place = strcmp(argv[i], "-o") == 0 ? &folder : &format;
            *place = argv[++i];
        } else if (argv[i][0] == '-') {
            return bad_usage("unknown option");
        } else if (path != NULL) {
            return bad_usage("one run file at a time");
        } else {
            path = argv[i];
        }
    }
    if (path == NULL || folder == NULL) {
        return bad_usage(path == NULL ? "name a run file" : "say where to with -o DIR");
    }
    if (strcmp(format, "csv") != 0 && strcmp(format, "jsonl") != 0 &&
        strcmp(format, "tokens") != 0) {
        return bad_usage("--to is csv, jsonl or tokens");
    }
    gsc_error error = {0};
    const gsc_status status = export_run(path, format, folder, &error);
    if (status != GSC_OK) {
        fprintf(stderr, "gatescope export: %s\n", error.message);
        return status == GSC_ERR_INPUT ? 2 : 1;
    }
    printf("%s\n", folder);
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * A run as one line of the library: its summary as text, and that text as cells.
 *
 * A record is lines of words separated by tabs; control characters within a word become spaces.
 *     s  status, progress, started, ended        t  title     x  experiment     f  why it failed
 *     p  parameter, value                        r  result, unit, value         u  why it is unreadable
 *     c  how its spec differs from its preset's
 *
 * Layer: core/read.
 */
#include "core/read/findings.h"
#include "core/read/library_internal.h"
#include "core/read/run_schema.h"
#include "core/read/spec.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MOST_WORDS = 6,
    MOST_COLUMNS = 4000,
    LONGEST_VALUE = 400,
    DEEPEST = 4,
    RECORDS = 2 /* the version of what is described above */
};

/* ---- Writing ---- */

typedef struct writer {
    char *text;
    size_t length, room;
    bool failed;
} writer;

static void put_bytes(writer *self, const char *bytes, size_t n) {
    if (self->length + n + 1 > self->room) {
        size_t room = 2 * (self->length + n + 1) + 256;
        char *text = self->failed ? NULL : realloc(self->text, room);
        if (text == NULL) {
            self->failed = true;
            return;
        }
        self->text = text;
        self->room = room;
    }
    memcpy(self->text + self->length, bytes, n);
    self->length += n;
    self->text[self->length] = '\0';
}

static void put_word(writer *self, const char *word) {
    size_t from = self->length;
    put_bytes(self, "\t", 1);
    put_bytes(self, word, strlen(word));
    for (size_t i = from + 1; !self->failed && i < self->length; i++) {
        if ((unsigned char)self->text[i] < ' ') {
            self->text[i] = ' ';
        }
    }
}

static void put_line(writer *self, const char *kind, ...) {
    va_list words;
    put_bytes(self, kind, 1);
    va_start(words, kind);
    for (const char *word = va_arg(words, const char *); word != NULL;
         word = va_arg(words, const char *)) {
        put_word(self, word);
    }
    va_end(words);
    put_bytes(self, "\n", 1);
}

/* The fewest digits that read back the same. */
static void print_number(double value, char *ret_text, size_t size) {
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(ret_text, size, "%.*g", digits, value);
        if (strtod(ret_text, NULL) == value) {
            return;
        }
    }
}

/* ---- The spec, flat ---- */

/* A value without names: "softmax", "100 200 500", "switch + z_loss"; else JSON. */
static void print_value(const json_t *value, char *ret_text, size_t size) {
    const json_t *id = json_is_object(value) ? json_object_get(value, "id") : NULL;
    if (json_is_string(value) || json_is_string(id)) {
        snprintf(ret_text, size, "%s", json_string_value(id != NULL ? id : value));
    } else if (json_is_number(value)) {
        print_number(json_number_value(value), ret_text, size);
    } else if (json_is_boolean(value)) {
        snprintf(ret_text, size, "%s", json_is_true(value) ? "yes" : "no");
    } else if (json_is_array(value)) {
        bool of_plugins =
            json_is_object(json_array_get(value, 0)) || json_is_string(json_array_get(value, 0));
        size_t length = 0;
        ret_text[0] = '\0';
        for (size_t i = 0; i < json_array_size(value) && length + 8 < size; i++) {
            if (i > 0) {
                length +=
                    (size_t)snprintf(ret_text + length, size - length, of_plugins ? " + " : " ");
            }
            print_value(json_array_get(value, i), ret_text + length, size - length);
            length += strlen(ret_text + length);
        }
    } else {
        char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
        snprintf(ret_text, size, "%s", text != NULL ? text : "");
        free(text);
    }
}

static bool is_prose(const char *name) {
    return strcmp(name, "title") == 0 || strcmp(name, "summary") == 0 || strcmp(name, "lab") == 0;
}

static void put_parameters(writer *self, const json_t *object, const char *prefix, int depth) {
    const char *key;
    json_t *value;
    char name[256], text[LONGEST_VALUE];
    json_object_foreach((json_t *)object, key, value) {
        if ((depth == 0 && is_prose(key)) || (depth > 0 && strcmp(key, "id") == 0)) {
            continue;
        }
        int length = snprintf(name, sizeof(name), "%s%s%s", prefix, depth > 0 ? "." : "", key);
        if (length < 0 || (size_t)length >= sizeof(name)) {
            continue;
        }
        bool plugin = json_is_string(json_object_get(value, "id"));
        if (!json_is_object(value) || plugin || depth >= DEEPEST) {
            print_value(value, text, sizeof(text));
            put_line(self, "p", name, text, NULL);
        }
        if (json_is_object(value) && depth < DEEPEST) {
            put_parameters(self, value, name, depth + 1);
        }
    }
}

char *gsc_library_record_of(gsc_run *run) {
    const gsc_run_info *info = gsc_run_get_info(run);
    writer out = {0};
    char status[16], progress[32], started[32], ended[32], key[512], value[32];
    snprintf(status, sizeof(status), "%d", (int)info->status);
    snprintf(progress, sizeof(progress), "%.4f", info->progress);
    snprintf(started, sizeof(started), "%.6f", info->started_s);
    snprintf(ended, sizeof(ended), "%.6f", info->ended_s);
    put_line(&out, "s", status, progress, started, ended, NULL);
    put_line(&out, "t", info->title, NULL);
    put_line(&out, "x", info->experiment, NULL);
    put_line(&out, "f", info->failure, NULL);
    json_t *spec = json_loads(info->spec, 0, NULL);
    char *changes = gsc_spec_dup_changes(spec, info->experiment);
    if (changes != NULL && *changes != '\0') {
        put_line(&out, "c", changes, NULL);
    }
    free(changes);
    put_parameters(&out, spec, "", 0);
    json_decref(spec);
    for (size_t i = 0; i < gsc_run_results_count(run); i++) {
        const gsc_result *result = gsc_run_result(run, i);
        if (isfinite(result->value)) {
            gsc_finding_key(result, key, sizeof(key));
            print_number(result->value, value, sizeof(value));
            put_line(&out, "r", key, result->unit, value, NULL);
        }
    }
    if (out.failed) {
        free(out.text);
        return NULL;
    }
    return out.text;
}

char *gsc_library_record_of_failure(const char *message) {
    writer out = {0};
    put_line(&out, "u", message, NULL);
    if (out.failed) {
        free(out.text);
        return NULL;
    }
    return out.text;
}

bool gsc_library_record_is_active(const char *record) {
    const int status = strncmp(record, "s\t", 2) == 0 ? atoi(record + 2) : GSC_RUN_DONE;
    return status == GSC_RUN_RUNNING || status == GSC_RUN_QUEUED;
}

uint64_t gsc_library_record_version(void) {
    uint64_t hash = 14695981039346656037u + RECORDS; /* FNV-1a */
    size_t n;
    const gsc_preset *presets = gsc_presets(&n);
    for (size_t i = 0; i < n; i++) {
        for (const char *c = presets[i].text; *c != '\0'; c++) {
            hash = (hash ^ (unsigned char)*c) * 1099511628211u;
        }
    }
    return hash ^ GSC_RUN_FORMAT;
}

/* ---- Reading ---- */

/* The column of that name, made if there is none; -1: no memory, or too many. */
static ptrdiff_t need_column(gsc_library *self, const char *name, const char *unit,
                             gsc_library_kind kind) {
    ptrdiff_t at = gsc_library_index_get(&self->by_name, name);
    if (at >= 0 || self->n_columns >= MOST_COLUMNS) {
        return at;
    }
    size_t room = self->n_columns;
    if ((room & (room - 1)) == 0) {
        room = room == 0 ? 16 : 2 * room;
        gsc_library_column *columns = realloc(self->columns, room * sizeof(*columns));
        self->columns = columns != NULL ? columns : self->columns;
        char **texts = realloc(self->column_texts, room * sizeof(*texts));
        self->column_texts = texts != NULL ? texts : self->column_texts;
        if (columns == NULL || texts == NULL) {
            return -1;
        }
    }
    size_t length = strlen(name) + 1;
    char *text = malloc(length + strlen(unit) + 1);
    if (text == NULL) {
        return -1;
    }
    memcpy(text, name, length);
    memcpy(text + length, unit, strlen(unit) + 1);
    if (!gsc_library_index_put(&self->by_name, text, self->n_columns)) {
        free(text);
        return -1;
    }
    self->column_texts[self->n_columns] = text;
    self->columns[self->n_columns] = (gsc_library_column){text, text + length, kind};
    return (ptrdiff_t)self->n_columns++;
}

bool gsc_library_make_facts(gsc_library *self) {
    static const struct {
        const char *name, *unit;
    } facts[GSC_LIBRARY_FACTS] = {
        [GSC_LIBRARY_NAME] = {"name", ""},
        [GSC_LIBRARY_STATUS] = {"status", ""},
        [GSC_LIBRARY_EXPERIMENT] = {"experiment", ""},
        [GSC_LIBRARY_TITLE] = {"title", ""},
        [GSC_LIBRARY_STARTED] = {"started", ""},
        [GSC_LIBRARY_TOOK] = {"took", "s"},
        [GSC_LIBRARY_TAGS] = {"tags", ""},
        [GSC_LIBRARY_NOTES] = {"notes", ""},
        [GSC_LIBRARY_PROBLEM] = {"problem", ""},
        [GSC_LIBRARY_FOLDER] = {"folder", ""},
    };
    for (size_t i = 0; i < GSC_LIBRARY_FACTS; i++) {
        if (need_column(self, facts[i].name, facts[i].unit, GSC_LIBRARY_FACT) != (ptrdiff_t)i) {
            return false;
        }
    }
    return true;
}

static bool set_cell(gsc_library_entry *entry, size_t column, const char *text, double number) {
    if (column >= entry->n_cells) {
        size_t n = column + 16;
        gsc_library_cell *cells = realloc(entry->cells, n * sizeof(*cells));
        if (cells == NULL) {
            return false;
        }
        for (size_t i = entry->n_cells; i < n; i++) {
            cells[i] = (gsc_library_cell){.text = NULL, .number = NAN};
        }
        entry->cells = cells;
        entry->n_cells = n;
    }
    bool empty = text == NULL || *text == '\0';
    entry->cells[column] = (gsc_library_cell){empty ? NULL : text, empty ? NAN : number};
    return true;
}

/* The number that the whole text is, or NAN. */
static double number_of(const char *text) {
    char *end;
    if ((*text < '0' || *text > '9') && *text != '-' && *text != '.') {
        return NAN;
    }
    double value = strtod(text, &end);
    return *end == '\0' ? value : NAN;
}

static bool take_status(gsc_library_entry *entry, char *const *words, size_t n) {
    if (n < 5) {
        return false;
    }
    double started_s = strtod(words[3], NULL), ended_s = strtod(words[4], NULL);
    struct tm local;
    time_t seconds = (time_t)started_s;
    int status = atoi(words[1]);
    if (status < 0 || status > GSC_RUN_LOST) {
        return false;
    }
    entry->run.status = (gsc_run_status)status;
    entry->run.progress = strtod(words[2], NULL);
    entry->run.started_s = started_s;
    entry->run.ended_s = ended_s;
    entry->run.readable = true;
    localtime_r(&seconds, &local);
    strftime(entry->started, sizeof(entry->started), "%Y-%m-%d %H:%M:%S", &local);
    snprintf(entry->took, sizeof(entry->took), "%.2f", ended_s - started_s);
    bool over = ended_s > 0 && status != GSC_RUN_RUNNING && status != GSC_RUN_QUEUED;
    return set_cell(entry, GSC_LIBRARY_STATUS, gsc_run_status_name(entry->run.status), NAN) &&
           set_cell(entry, GSC_LIBRARY_STARTED, started_s > 0 ? entry->started : NULL, started_s) &&
           set_cell(entry, GSC_LIBRARY_TOOK, over ? entry->took : NULL, ended_s - started_s);
}

static bool take_line(gsc_library *self, gsc_library_entry *entry, char *const *words, size_t n) {
    const char *value = n > 1 ? words[1] : "";
    ptrdiff_t column;
    switch (*words[0]) {
    case 's':
        return take_status(entry, words, n);
    case 't':
        return set_cell(entry, GSC_LIBRARY_TITLE, value, NAN);
    case 'x':
        return set_cell(entry, GSC_LIBRARY_EXPERIMENT, value, NAN);
    case 'c':
        entry->run.changes = value;
        return true;
    case 'f':
        return set_cell(entry, GSC_LIBRARY_PROBLEM, value, NAN);
    case 'u':
        return set_cell(entry, GSC_LIBRARY_STATUS, "unreadable", NAN) &&
               set_cell(entry, GSC_LIBRARY_PROBLEM, value, NAN);
    case 'p':
        column = n == 3 ? need_column(self, words[1], "", GSC_LIBRARY_PARAMETER) : -1;
        return column < 0 || set_cell(entry, (size_t)column, words[2], number_of(words[2]));
    case 'r':
        column = n == 4 ? need_column(self, words[1], words[2], GSC_LIBRARY_RESULT) : -1;
        return column < 0 || set_cell(entry, (size_t)column, words[3], number_of(words[3]));
    default:
        return false;
    }
}

void gsc_library_refresh_marks(gsc_library_entry *entry) {
    set_cell(entry, GSC_LIBRARY_NAME, entry->name, NAN);
    set_cell(entry, GSC_LIBRARY_FOLDER, entry->folder, NAN);
    set_cell(entry, GSC_LIBRARY_TAGS, entry->tags, NAN);
    set_cell(entry, GSC_LIBRARY_NOTES, entry->notes, NAN);
    free(entry->found);
    entry->found = NULL;
    entry->run.revision++;
}

bool gsc_library_take_record(gsc_library *self, gsc_library_entry *entry, char *record) {
    char *words[MOST_WORDS], *line = record;
    bool good = true;
    for (size_t i = 0; i < entry->n_cells; i++) {
        entry->cells[i] = (gsc_library_cell){.text = NULL, .number = NAN};
    }
    free(entry->record);
    entry->record = record;
    entry->run.readable = false;
    entry->run.known = true;
    entry->run.started_s = entry->run.ended_s = entry->run.progress = 0;
    entry->run.changes = "";
    while (good && *line != '\0') {
        size_t n = 0;
        char *end = strchrnul(line, '\n'), *next = *end == '\0' ? end : end + 1;
        *end = '\0';
        while (line != NULL && n < MOST_WORDS) {
            words[n++] = line;
            line = strchr(line, '\t');
            if (line != NULL) {
                *line++ = '\0';
            }
        }
        good = take_line(self, entry, words, n);
        line = next;
    }
    gsc_library_refresh_marks(entry);
    return good;
}

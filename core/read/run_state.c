/* SPDX-License-Identifier: MIT
 *
 * One consistent picture of a run file: meta, series with their counts, results; and the verdict whether the
 * writer still lives.
 *
 * Layer: core/read.
 */
#include "core/read/run_internal.h"

#include "core/read/run_schema.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MAX_SERIES = 100000,
    MAX_RESULTS = 100000
};

static const char *const status_names[] = {"queued", "running", "done",
                                           "failed", "stopped", "lost"};

const char *gsc_run_status_name(gsc_run_status status) {
    return status_names[status];
}

/* Keeps a copy of text in the state; "" where there is no memory or no text. */
static const char *keep(run_state *state, const char *text) {
    if (text == NULL || *text == '\0') {
        return "";
    }
    if ((state->n_strings & (state->n_strings - 1)) == 0) {
        size_t room = state->n_strings == 0 ? 1 : 2 * state->n_strings;
        char **more = realloc(state->strings, room * sizeof(*more));
        if (more == NULL) {
            return "";
        }
        state->strings = more;
    }
    char *copy = strdup(text);
    if (copy == NULL) {
        return "";
    }
    state->strings[state->n_strings++] = copy;
    return copy;
}

static const char *keep_column(run_state *state, sqlite3_stmt *row, int column) {
    return keep(state, (const char *)sqlite3_column_text(row, column));
}

static double number_column(sqlite3_stmt *row, int column) {
    return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN
                                                           : sqlite3_column_double(row, column);
}

void gsc_run_state_clear(run_state *state) {
    for (size_t i = 0; i < state->n_strings; i++) {
        free(state->strings[i]);
    }
    free(state->strings);
    free(state->series);
    free(state->results);
    memset(state, 0, sizeof(*state));
}

/* ---- Meta ---- */

static void take_status(run_state *state, const char *text) {
    enum {
        N = sizeof(status_names) / sizeof(status_names[0])
    };
    for (size_t i = 0; i < N; i++) {
        if (strcmp(text, status_names[i]) == 0) {
            state->info.status = (gsc_run_status)i;
            return;
        }
    }
    char failure[128];
    snprintf(failure, sizeof(failure), "the run file says status \"%.40s\", which is unknown here",
             text);
    state->info.status = GSC_RUN_FAILED;
    state->info.failure = keep(state, failure);
}

static void copy_text(char *ret_text, size_t size, const char *text) {
    snprintf(ret_text, size, "%s", text);
}

static void take_meta(run_state *state, const char *key, sqlite3_stmt *row) {
    gsc_run_info *info = &state->info;
    const struct {
        const char *key, **place;
    } texts[] = {
        {GSC_META_FAILURE, &info->failure},   {GSC_META_EXPERIMENT, &info->experiment},
        {GSC_META_TITLE, &info->title},       {GSC_META_SPEC, &info->spec},
        {GSC_META_PLUGINS, &info->plugins},   {GSC_META_MACHINE, &info->machine},
        {GSC_META_ACTIVITY, &info->activity},
    };
    const struct {
        const char *key;
        double *place;
    } numbers[] = {
        {GSC_META_PROGRESS, &info->progress},
        {GSC_META_STARTED, &info->started_s},
        {GSC_META_ENDED, &info->ended_s},
        {GSC_META_HEARTBEAT, &state->heartbeat_s},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(key, texts[i].key) == 0) {
            *texts[i].place = keep_column(state, row, 1);
        }
    }
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (strcmp(key, numbers[i].key) == 0) {
            *numbers[i].place = sqlite3_column_double(row, 1);
        }
    }
    const char *text = (const char *)sqlite3_column_text(row, 1);
    text = text != NULL ? text : "";
    if (strcmp(key, GSC_META_STATUS) == 0) {
        take_status(state, text);
    } else if (strcmp(key, GSC_META_SEED) == 0) {
        info->seed = (uint64_t)sqlite3_column_int64(row, 1);
    } else if (strcmp(key, GSC_META_HOST) == 0) {
        copy_text(state->info.process.host, sizeof(state->info.process.host), text);
    } else if (strcmp(key, GSC_META_BOOT_ID) == 0) {
        copy_text(state->info.process.boot_id, sizeof(state->info.process.boot_id), text);
    } else if (strcmp(key, GSC_META_PID) == 0) {
        state->info.process.pid = sqlite3_column_int64(row, 1);
    } else if (strcmp(key, GSC_META_PID_START) == 0) {
        state->info.process.start_ticks = sqlite3_column_int64(row, 1);
    }
}

/* ---- Tables ---- */

/* Takes one row into the state; false: no memory, or too many rows. */
typedef bool take_row(run_state *state, sqlite3_stmt *row);

static bool take_meta_row(run_state *state, sqlite3_stmt *row) {
    const char *key = (const char *)sqlite3_column_text(row, 0);
    take_meta(state, key != NULL ? key : "", row);
    return true;
}

/* One more member of an array that grows by powers of two. */
static void *grow(void *array, size_t n, size_t size) {
    return n != 0 && (n & (n - 1)) != 0 ? array : realloc(array, (n == 0 ? 1 : 2 * n) * size);
}

static bool take_series(run_state *state, sqlite3_stmt *row) {
    run_series *all = grow(state->series, state->n_series, sizeof(*all));
    if (all == NULL || state->n_series >= MAX_SERIES) {
        return false;
    }
    state->series = all;
    all[state->n_series++] = (run_series){
        .id = sqlite3_column_int64(row, 0),
        .info = {.name = keep_column(state, row, 1),
                 .arm = keep_column(state, row, 2),
                 .title = keep_column(state, row, 3),
                 .unit = keep_column(state, row, 4),
                 .definition = keep_column(state, row, 5),
                 .x_name = keep_column(state, row, 6),
                 .x_title = keep_column(state, row, 7),
                 .panel = keep_column(state, row, 8),
                 .y_title = keep_column(state, row, 9),
                 .layer = sqlite3_column_int(row, 10),
                 .bound = number_column(row, 11),
                 .bound_title = keep_column(state, row, 12)},
        .count = sqlite3_column_int64(row, 13),
    };
    return all[state->n_series - 1].count >= 0;
}

static bool take_result(run_state *state, sqlite3_stmt *row) {
    gsc_result *all = grow(state->results, state->n_results, sizeof(*all));
    if (all == NULL || state->n_results >= MAX_RESULTS) {
        return false;
    }
    state->results = all;
    all[state->n_results++] = (gsc_result){
        .name = keep_column(state, row, 0),
        .arm = keep_column(state, row, 1),
        .unit = keep_column(state, row, 2),
        .definition = keep_column(state, row, 3),
        .value = number_column(row, 4),
        .low = number_column(row, 5),
        .high = number_column(row, 6),
    };
    return true;
}

static bool take_last_ids(run_state *state, sqlite3_stmt *row) {
    state->last_document = sqlite3_column_int64(row, 0);
    state->last_event = sqlite3_column_int64(row, 1);
    return true;
}

static gsc_status read_rows(gsc_run *run, run_state *state, const char *sql, take_row *take,
                            gsc_error *error) {
    sqlite3_stmt *row;
    gsc_status status = gsc_run_prepare(run, sql, &row, error);
    if (status != GSC_OK) {
        return status;
    }
    int code;
    while ((code = sqlite3_step(row)) == SQLITE_ROW) {
        if (!take(state, row)) {
            sqlite3_finalize(row);
            return gsc_fail(error, GSC_ERR_IO, "%s holds more than can be read", run->path);
        }
    }
    if (code != SQLITE_DONE) {
        status = gsc_run_fail(run, error);
    }
    sqlite3_finalize(row);
    return status;
}

static gsc_status read_tables(gsc_run *run, run_state *state, gsc_error *error) {
    static const struct {
        const char *sql;
        take_row *take;
    } tables[] = {
        {"SELECT key, value FROM meta", take_meta_row},
        {"SELECT id, name, arm, title, unit, definition, x_name, x_title, panel, y_title, layer, bound,"
         " bound_title, max(ifnull((SELECT max(seq) + 1 FROM points p WHERE p.series = s.id), 0),"
         " ifnull((SELECT first_seq + n FROM blocks b WHERE b.series = s.id"
         " ORDER BY first_seq DESC LIMIT 1), 0)) FROM series s ORDER BY id",
         take_series},
        {"SELECT name, arm, unit, definition, value, low, high FROM results ORDER BY id",
         take_result},
        {"SELECT ifnull((SELECT max(id) FROM documents), 0), ifnull((SELECT max(id) FROM events), 0)",
         take_last_ids},
    };
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        gsc_status status = read_rows(run, state, tables[i].sql, tables[i].take, error);
        if (status != GSC_OK) {
            return status;
        }
    }
    return GSC_OK;
}

gsc_status gsc_run_state_load(gsc_run *run, run_state *ret_state, gsc_error *error) {
    run_state state = {.info = {.status = GSC_RUN_QUEUED,
                                .path = run->path,
                                .name = run->name,
                                .experiment = "",
                                .title = "",
                                .spec = "",
                                .failure = "",
                                .plugins = "",
                                .machine = "",
                                .activity = ""}};
    if (sqlite3_exec(run->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK) {
        return gsc_run_fail(run, error);
    }
    gsc_status status = read_tables(run, &state, error);
    sqlite3_exec(run->db, "COMMIT", NULL, NULL, NULL);
    if (status != GSC_OK) {
        gsc_run_state_clear(&state);
        return status;
    }
    *ret_state = state;
    return GSC_OK;
}

/* ---- Comparing, and looking at the writer ---- */

static bool same_number(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

bool gsc_run_state_differs(const run_state *a, const run_state *b) {
    const gsc_run_info *p = &a->info, *q = &b->info;
    if (p->status != q->status || p->progress != q->progress || p->started_s != q->started_s ||
        p->ended_s != q->ended_s || strcmp(p->activity, q->activity) != 0 ||
        strcmp(p->failure, q->failure) != 0 || strcmp(p->title, q->title) != 0 ||
        strcmp(p->plugins, q->plugins) != 0 || strcmp(p->machine, q->machine) != 0 ||
        strcmp(p->spec, q->spec) != 0 || a->n_series != b->n_series ||
        a->n_results != b->n_results || a->last_document != b->last_document ||
        a->last_event != b->last_event) {
        return true;
    }
    for (size_t i = 0; i < a->n_series; i++) {
        if (a->series[i].count != b->series[i].count) {
            return true;
        }
    }
    for (size_t i = 0; i < a->n_results; i++) {
        if (!same_number(a->results[i].value, b->results[i].value)) {
            return true;
        }
    }
    return false;
}

void gsc_run_state_look(run_state *state) {
    char failure[512];
    if (state->info.status != GSC_RUN_RUNNING) {
        return;
    }
    if (gsc_process_is_here(&state->info.process)) {
        if (gsc_process_is_alive(&state->info.process)) {
            return;
        }
        snprintf(failure, sizeof(failure),
                 "process %" PRId64 ", which ran it, is gone without a last word",
                 state->info.process.pid);
    } else {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        double silent_s = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec - state->heartbeat_s;
        if (silent_s <= GSC_RUN_HEARTBEAT_LOST_S) {
            return;
        }
        snprintf(failure, sizeof(failure), "no sign of life from %s for %.0f s",
                 state->info.process.host[0] != '\0' ? state->info.process.host : "its machine",
                 silent_s);
    }
    state->info.status = GSC_RUN_LOST;
    state->info.failure = keep(state, failure);
}

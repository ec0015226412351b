/* SPDX-License-Identifier: MIT
 *
 * Progress and summary of a run on stderr: see run_view.h.
 *
 * Layer: app.
 */
#include "app/run_view.h"

#include "core/read/run_file.h"
#include "core/read/stats.h"

#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    BAR_CELLS = 28
};

static double monotonic_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void format_time(double seconds, char *ret_text, size_t size) {
    if (seconds < 9.95) {
        snprintf(ret_text, size, "%.1f s", seconds);
    } else if (seconds < 100) {
        snprintf(ret_text, size, "%.0f s", seconds);
    } else if (seconds < 6000) {
        snprintf(ret_text, size, "%.0f min", seconds / 60);
    } else {
        snprintf(ret_text, size, "%.1f h", seconds / 3600);
    }
}

/* Time left, once enough is done to tell; "" before. What came before the first progress, as a tokenizer's
 * training, comes once and tells nothing. */
static void format_left(const gsc_run_view *view, double now_s, char *ret_text, size_t size) {
    const double spent_s = now_s - view->moved_s, done = view->fraction - view->moved_from;
    ret_text[0] = '\0';
    if (view->moved && done >= 0.02 && view->fraction < 1 && spent_s > 1) {
        char left[32];
        format_time(spent_s * (1 - view->fraction) / done, left, sizeof left);
        snprintf(ret_text, size, ", about %s left", left);
    }
}

static void draw_bar(gsc_run_view *view, double now_s) {
    char left[64];
    int cells = (int)lround(view->fraction * BAR_CELLS);
    format_left(view, now_s, left, sizeof left);
    fprintf(stderr, "\r");
    for (int i = 0; i < BAR_CELLS; i++) {
        fputs(view->unicode ? i < cells ? "━" : "─" : i < cells ? "#" : ".", stderr);
    }
    fprintf(stderr, " %3.0f%%  %.80s%s\033[K", 100 * view->fraction, view->activity, left);
    fflush(stderr);
    view->drawn_s = now_s;
}

void gsc_run_view_clear_bar(gsc_run_view *view) {
    if (view->drawn_s > 0) {
        fprintf(stderr, "\r\033[K");
        view->drawn_s = 0;
    }
}

static gsc_status show_progress(gsc_sink *self, double fraction, const char *text,
                                gsc_error *error) {
    gsc_run_view *view = (gsc_run_view *)self;
    double now_s = monotonic_s();
    if (!view->moved && fraction > 0) {
        view->moved = true;
        view->moved_s = now_s;
        view->moved_from = fraction;
    }
    view->fraction = fraction;
    if (text[0] != '\0') {
        snprintf(view->activity, sizeof view->activity, "%s", text);
    }
    if (view->quiet) {
        return GSC_OK;
    }
    if (view->terminal) {
        if (now_s - view->drawn_s > 0.1) {
            draw_bar(view, now_s);
        }
    } else if ((int)(10 * fraction) > view->told_tenths) {
        char left[64];
        view->told_tenths = (int)(10 * fraction);
        format_left(view, now_s, left, sizeof left);
        fprintf(stderr, "%3.0f%%  %s%s\n", 100 * fraction, view->activity, left);
    }
    return GSC_OK;
}

static gsc_status show_event(gsc_sink *self, gsc_event_level level, const char *source,
                             const char *message, gsc_error *error) {
    gsc_run_view *view = (gsc_run_view *)self;
    /* The file keeps the rest; a person wants alarms, and what a long run will cost. */
    const bool cost =
        strcmp(source, "lm") == 0 || strcmp(source, "gate") == 0 || strcmp(source, "data") == 0;
    if (level == GSC_EVENT_INFO && (view->quiet || !cost)) {
        return GSC_OK;
    }
    gsc_run_view_clear_bar(view);
    if (level == GSC_EVENT_INFO) {
        fprintf(stderr, "%s\n", message);
        return GSC_OK;
    }
    fprintf(stderr, "%s: %s%s%s\n", level == GSC_EVENT_WARNING ? "alarm" : "error", source,
            source[0] != '\0' ? ": " : "", message);
    return GSC_OK;
}

void gsc_run_view_init(gsc_run_view *view, bool quiet) {
    const char *kind = getenv("TERM");
    setlocale(LC_CTYPE, "");
    *view = (gsc_run_view){
        .sink = {.event = show_event, .progress = show_progress},
        .quiet = quiet,
        .terminal = isatty(STDERR_FILENO) && kind != NULL && strcmp(kind, "dumb") != 0,
        .unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
    };
}

/* Pads by characters, not bytes: titles have Greek letters. */
static void print_padded(const char *text, int width) {
    for (const char *c = text; *c != '\0'; c++) {
        width -= (*c & 0xc0) != 0x80;
    }
    fprintf(stderr, "  %s%*s", text, width > 0 ? width : 0, "");
}

/* part: what a suite calls the experiment of this series; "" where the run is one experiment. */
static void print_slope(gsc_run *run, size_t series, const char *part, int width) {
    const gsc_series_info *info = gsc_run_series(run, series);
    char title[256];
    gsc_point *points = NULL;
    size_t n = 0;
    if (gsc_run_dup_points(run, series, &points, &n, NULL) != GSC_OK) {
        return;
    }
    gsc_slope fit = gsc_fit_slope(points, n, GSC_SLOPE_LOG_N, 1000, 1);
    free(points);
    if (isnan(fit.slope)) {
        return;
    }
    snprintf(title, sizeof title, "%s%s%s", part, part[0] != '\0' ? ": " : "", info->title);
    print_padded(title, width);
    fprintf(stderr, " slope in log n %6.3f", fit.slope);
    if (!isnan(fit.low)) {
        fprintf(stderr, " [%.3f, %.3f]", fit.low, fit.high);
    }
    fprintf(stderr, ", proven %.3f\n", info->bound);
}

/* The name of a suite's part is before the panel's: "theorem1: error". */
static void part_of(const gsc_series_info *info, char *ret_part, size_t size) {
    const char *end = strstr(info->panel, ": ");
    snprintf(ret_part, size, "%.*s", end != NULL ? (int)(end - info->panel) : 0, info->panel);
}

/* The first panel that has bounds, of the run or of each of its parts, is the experiment's own; the
 * rest is for `gatescope report`. */
static void print_slopes(gsc_run *run) {
    const char *panel = NULL;
    char part[96] = "", own[96];
    for (size_t i = 0; i < gsc_run_series_count(run); i++) {
        const gsc_series_info *info = gsc_run_series(run, i);
        if (isnan(info->bound) || info->panel[0] == '\0' || strcmp(info->x_name, "n") != 0) {
            continue;
        }
        part_of(info, own, sizeof own);
        if (panel == NULL || strcmp(own, part) != 0) {
            panel = info->panel;
            snprintf(part, sizeof part, "%s", own);
        }
        if (strcmp(panel, info->panel) == 0) {
            print_slope(run, i, part, part[0] != '\0' ? 52 : 34);
        }
    }
}

void gsc_run_view_summary(const char *path) {
    gsc_run *run = NULL;
    if (gsc_run_open(path, &run, NULL) != GSC_OK) {
        return;
    }
    const gsc_run_info *info = gsc_run_get_info(run);
    char spent[32];
    format_time(info->ended_s - info->started_s, spent, sizeof spent);
    fprintf(stderr, "%s: %s after %s\n", info->title[0] != '\0' ? info->title : info->name,
            gsc_run_status_name(info->status), spent);
    print_slopes(run);
    gsc_run_close(run);
}

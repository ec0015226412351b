/* SPDX-License-Identifier: MIT
 *
 * One line of the run table. See run_table_line.h.
 */
#include "ui/run_table_line.h"

#include "ui/plot/ticks.h"
#include "ui/words.h"

#include <math.h>
#include <string.h>

enum {
    DIGITS = 5,
    BAND_DIGITS = 2
};

G_DEFINE_FINAL_TYPE(GscRunTableLine, gsc_run_table_line, G_TYPE_OBJECT)

enum {
    SIGNAL_CHANGED,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

static void gsc_run_table_line_finalize(GObject *object) {
    GscRunTableLine *self = GSC_RUN_TABLE_LINE(object);

    g_free(self->path);
    g_free(self->label);
    g_free(self->members);
    G_OBJECT_CLASS(gsc_run_table_line_parent_class)->finalize(object);
}

static void gsc_run_table_line_class_init(GscRunTableLineClass *klass) {
    G_OBJECT_CLASS(klass)->finalize = gsc_run_table_line_finalize;
    signals[SIGNAL_CHANGED] = g_signal_new("changed", GSC_TYPE_RUN_TABLE_LINE, G_SIGNAL_RUN_LAST, 0,
                                           NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void gsc_run_table_line_init(GscRunTableLine *self) {
}

GscRunTableLine *gsc_run_table_line_new(const gsc_library_run *run) {
    GscRunTableLine *self = g_object_new(GSC_TYPE_RUN_TABLE_LINE, NULL);

    self->run = run;
    self->path = g_strdup(run->path);
    self->revision = run->revision;
    return self;
}

GscRunTableLine *gsc_run_table_line_new_group(const gsc_library_group *group, size_t column) {
    GscRunTableLine *self = g_object_new(GSC_TYPE_RUN_TABLE_LINE, NULL);

    self->label = g_strdup(group->label);
    self->column = column;
    self->members = g_memdup2(group->runs, group->count * sizeof(*group->runs));
    self->n_members = group->count;
    return self;
}

void gsc_run_table_line_changed(GscRunTableLine *self) {
    g_signal_emit(self, signals[SIGNAL_CHANGED], 0);
}

/* ---- Words --------------------------------------------------------------------------------------- */

static char *number_markup(double value, int digits) {
    char text[48];

    gsc_format_value(value, digits, text, sizeof text);
    return gsc_words_markup(text);
}

static char *status_markup(const gsc_library_run *run, const char *status) {
    if (run->readable && run->status == GSC_RUN_RUNNING) {
        return g_strdup_printf("Running %d%%", (int)floor(100 * run->progress));
    }
    g_autofree char *word = g_strdup(status);
    word[0] = g_ascii_toupper(word[0]);
    return g_markup_escape_text(word, -1);
}

static char *run_markup(const gsc_library_run *run, const gsc_library_column *column,
                        size_t index) {
    gsc_library_cell cell = gsc_library_get_cell(run, index);

    if (index == GSC_LIBRARY_STATUS) {
        return status_markup(run, cell.text != NULL ? cell.text : "not read yet");
    }
    if (cell.text == NULL) {
        return g_strdup("");
    }
    if (index == GSC_LIBRARY_STARTED) {
        return gsc_words_when(cell.number);
    }
    if (index == GSC_LIBRARY_TOOK) {
        return gsc_words_duration(cell.number);
    }
    if (column->kind == GSC_LIBRARY_RESULT && isfinite(cell.number)) {
        return number_markup(cell.number, DIGITS);
    }
    if (index == GSC_LIBRARY_PROBLEM) {
        return g_markup_escape_text(gsc_words_behind(cell.text, run->path), -1);
    }
    g_autofree char *text =
        isfinite(cell.number) ? gsc_words_minus(cell.text) : g_strdup(cell.text);
    return g_markup_escape_text(text, -1);
}

static char *group_markup(GscRunTableLine *self, size_t index, gsc_library_band band) {
    gsc_library_summary summary =
        gsc_library_summarize(self->members, self->n_members, index, band);

    if (summary.n == 0) {
        return g_strdup("");
    }
    g_autofree char *mean = number_markup(summary.mean, DIGITS);
    g_autofree char *n =
        summary.n == self->n_members
            ? g_strdup_printf("<small>n %zu</small>", summary.n)
            : g_strdup_printf("<small>n %zu of %zu</small>", summary.n, self->n_members);
    if (isnan(summary.low)) {
        return g_strdup_printf("%s %s", mean, n);
    }
    if (band == GSC_LIBRARY_RANGE) {
        g_autofree char *low = number_markup(summary.low, DIGITS);
        g_autofree char *high = number_markup(summary.high, DIGITS);
        return g_strdup_printf("%s (%s … %s) %s", mean, low, high, n);
    }
    g_autofree char *half = number_markup(summary.high - summary.mean, BAND_DIGITS);
    return g_strdup_printf("%s ± %s %s", mean, half, n);
}

char *gsc_run_table_line_dup_markup(GscRunTableLine *self, const gsc_library_column *column,
                                    size_t index, gsc_library_band band) {
    if (self->run != NULL) {
        return run_markup(self->run, column, index);
    }
    if (self->label == NULL) {
        return g_strdup("");
    }
    if (index == self->column) {
        return *self->label != '\0' ? g_markup_escape_text(self->label, -1)
                                    : g_strdup("<i>without</i>");
    }
    return group_markup(self, index, band);
}

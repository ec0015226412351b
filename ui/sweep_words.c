/* SPDX-License-Identifier: MIT
 *
 * How far a sweep is, in words. See sweep_words.h.
 */
#include "ui/sweep_words.h"

#include "ui/words.h"

#include <math.h>

/* Seconds that are left, from the runs that are done and how many run at once; NAN: nobody knows. */
static double time_left(const gsc_sweep_folder *folder, const GPtrArray *runs) {
    double taken = 0, n = 0, under_way = 0;

    for (guint i = 0; i < runs->len; i++) {
        const gsc_run_info *info = gsc_run_get_info(runs->pdata[i]);
        if (info->status == GSC_RUN_DONE && info->ended_s > info->started_s) {
            taken += info->ended_s - info->started_s;
            n++;
        } else if (info->status == GSC_RUN_RUNNING) {
            under_way += info->progress;
        }
    }
    const double left = (double)(folder->count - folder->n_state[GSC_SWEEP_DONE]) - under_way;
    const double at_once = (double)folder->n_state[GSC_SWEEP_RUNNING];
    return n > 0 && at_once > 0 ? MAX(left, 0) * taken / n / at_once : NAN;
}

char *gsc_sweep_state_words(const gsc_sweep_folder *folder, const GPtrArray *runs) {
    const size_t done = folder->n_state[GSC_SWEEP_DONE],
                 running = folder->n_state[GSC_SWEEP_RUNNING];
    const bool over = folder->count > 0 && done == folder->count;
    const double left = time_left(folder, runs);
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "%zu of %zu %s done", done, folder->count,
                           folder->count == 1 ? "run" : "runs");
    if (running > 0) {
        g_string_append_printf(text, " · %zu under way", running);
    }
    if (over) {
        return g_string_free(text, FALSE);
    }
    if (folder->paused) {
        g_string_append(text, running > 0 ? " · pausing once they end" : " · paused");
    } else if (running == 0) {
        g_string_append(text, " · waiting to be begun");
    } else if (isfinite(left)) {
        g_autofree char *words = gsc_words_duration(left);
        g_string_append_printf(text, " · %s left", words);
    }
    return g_string_free(text, FALSE);
}

char *gsc_sweep_plan_words(const gsc_sweep *sweep) {
    const bool said = *sweep->hypothesis != '\0';

    if (!sweep->verdict) {
        return g_strdup_printf("%s%s%sAn exploration, without verdicts", said ? "Hypothesis: " : "",
                               sweep->hypothesis, said ? ". " : "");
    }
    return g_strdup_printf("%s%s%s%zu seeds and a margin of %g, set beforehand",
                           said ? "Hypothesis: " : "", sweep->hypothesis, said ? ". " : "",
                           sweep->n_seeds, sweep->margin);
}

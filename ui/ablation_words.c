/* SPDX-License-Identifier: MIT
 *
 * What a sweep costs and what it can see, in words. See ablation_words.h.
 */
#include "ui/ablation_words.h"

#include "core/read/sweep.h"
#include "core/read/verdict.h"
#include "ui/words.h"

#include <math.h>

static const double level = 0.05, power = 0.8;

enum {
    MOST_SAID = 1000 /* seeds; more are no advice */
};

static void add_time(GString *text, size_t runs, const gsc_cost *cost, double earlier_s) {
    const size_t jobs = cost != NULL && cost->jobs > 0 ? (size_t)cost->jobs : 1;

    if (cost != NULL && isfinite(cost->total_s)) {
        g_autofree char *time = gsc_words_duration(cost->total_s);
        g_string_append_printf(text, " · about %s", time);
    } else if (cost == NULL) {
        g_string_append(text, " · measuring how long…");
    } else if (isfinite(earlier_s)) {
        g_autofree char *time = gsc_words_duration(earlier_s * (double)runs / (double)jobs);
        g_string_append_printf(text, " · about %s, as earlier runs took", time);
    } else {
        g_string_append(text, " · how long shows with the first run");
    }
}

char *gsc_ablation_cost_words(size_t arms, size_t seeds, const gsc_cost *cost, double earlier_s) {
    const size_t runs = arms * seeds;
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "%zu %s × %zu %s = %zu %s", arms, arms == 1 ? "arm" : "arms",
                           seeds, seeds == 1 ? "seed" : "seeds", runs, runs == 1 ? "run" : "runs");
    add_time(text, runs, cost, earlier_s);
    if (cost != NULL && cost->jobs > 0) {
        g_string_append_printf(text, " · %d at once", cost->jobs);
    }
    if (cost != NULL && isfinite(cost->run_bytes)) {
        const double megabytes = cost->run_bytes / (1 << 20);
        if (megabytes < 1000) {
            g_string_append_printf(text, ", %.0f MB each", MAX(megabytes, 1));
        } else {
            g_string_append_printf(text, ", %.1f GB each", megabytes / 1024);
        }
    }
    return g_string_free(text, FALSE);
}

char *gsc_ablation_power_words(size_t arms, size_t seeds, double sd, const char *from,
                               const char *unit, double margin) {
    const char *space = *unit != '\0' ? " " : "";
    const double each = level / (double)(arms > 2 ? arms - 1 : 1);

    if (seeds < GSC_SWEEP_LEAST_SEEDS) {
        return g_strdup_printf("An exploration: verdicts need at least %d seeds.",
                               GSC_SWEEP_LEAST_SEEDS);
    }
    if (!isfinite(sd)) {
        return g_strdup_printf(
            "In 80%% of cases %zu seeds find a true difference of %.2g times the spread of "
            "pairs. No earlier runs of this experiment tell that spread.",
            seeds, gsc_detectable(1, seeds, each, power));
    }
    const size_t needed = gsc_seeds_for_equivalence(margin, sd, each, power);
    g_autofree char *equal = needed <= MOST_SAID ? g_strdup_printf("%zu seeds", needed)
                                                 : g_strdup_printf("more than %d seeds", MOST_SAID);
    return g_strdup_printf("In 80%% of cases %zu seeds find a true difference of %.2g%s%s, by the "
                           "spread of %s. To show that there is none beyond %.3g%s%s takes %s.",
                           seeds, gsc_detectable(sd, seeds, each, power), space, unit, from, margin,
                           space, unit, equal);
}

/* SPDX-License-Identifier: MIT
 *
 * What a sweep costs and what it can see, in words.
 *
 * Layer: ui; pure functions.
 */
#ifndef GSC_UI_ABLATION_WORDS_H
#define GSC_UI_ABLATION_WORDS_H

#include "ui/forecast.h"

#include <stddef.h>

G_BEGIN_DECLS

/* "2 arms × 8 seeds = 16 runs · about 4 min · 2 at once, 95 MB each". cost NULL: it is being measured.
 * earlier_s: what earlier runs took, for where nothing is measured; NAN: nobody knows. Caller frees. */
char *gsc_ablation_cost_words(size_t arms, size_t seeds, const gsc_cost *cost, double earlier_s);

/* What so many seeds find in 80% of cases at 5% over all arms (Holm's first step), and how many show that there is
 * nothing beyond the margin. arms: with the baseline. sd: the
 * spread of the differences of pairs; NAN: unknown, and then said in its units. from: where it comes from.
 * unit: "nat", or "". Caller frees. */
char *gsc_ablation_power_words(size_t arms, size_t seeds, double sd, const char *from,
                               const char *unit, double margin);

G_END_DECLS

#endif

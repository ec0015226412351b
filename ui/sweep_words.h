/* SPDX-License-Identifier: MIT
 *
 * How far a sweep is, and what it was planned for, in words.
 *
 * Layer: ui; reads open runs.
 */
#ifndef GSC_UI_SWEEP_WORDS_H
#define GSC_UI_SWEEP_WORDS_H

#include "core/read/sweep_folder.h"

#include <glib.h>

G_BEGIN_DECLS

/* "3 of 16 runs done · 2 under way · 40 s left". runs: gsc_run * of those that were begun. Caller frees. */
char *gsc_sweep_state_words(const gsc_sweep_folder *folder, const GPtrArray *runs);

/* "Hypothesis: it helps. 8 seeds and a margin of 0.005, set beforehand". Caller frees. */
char *gsc_sweep_plan_words(const gsc_sweep *sweep);

G_END_DECLS

#endif

/* SPDX-License-Identifier: MIT
 *
 * What a sweep will cost, asked of `gatescope sweep PLAN --plan --json` in a process beside the window, half a
 * second after the last question; a newer question ends an older one.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_FORECAST_H
#define GSC_UI_FORECAST_H

#include <glib.h>
#include <stdbool.h>

G_BEGIN_DECLS

typedef struct gsc_cost {
    double run_bytes, run_s, total_s; /* NAN: not known beforehand */
    int jobs, threads;
} gsc_cost;

/* cost NULL: problem says in one sentence why there is none. */
typedef void gsc_forecast_answer(const gsc_cost *cost, const char *problem, gpointer data);

typedef struct gsc_forecast gsc_forecast;

gsc_forecast *gsc_forecast_new(gsc_forecast_answer *answer, gpointer data);
void gsc_forecast_free(gsc_forecast *self);

/* plan: JSON of a sweep; NULL: nothing is asked any more. false: the same plan is being asked or was answered, and
 * is not asked anew. */
bool gsc_forecast_ask(gsc_forecast *self, const char *plan);

G_END_DECLS

#endif

/* SPDX-License-Identifier: MIT
 *
 * Parts of `gatescope bench plot`. Each appends cases to a JSON array: {"name", "ours", "peer": null, "ratio": null,
 * "unit", "budget"} and what belongs to one; where a number could not be had, "ours" is null and "why" says the reason
 * in a sentence. A part fails only for want of memory.
 *
 * Layer: app.
 */
#ifndef GSC_APP_BENCH_PLOT_H
#define GSC_APP_BENCH_PLOT_H

#include <jansson.h>
#include <stdbool.h>

/* Seconds and counts that the parts are given. */
typedef struct gsc_bench_plot {
    bool quick;
    bool tell;          /* what is being measured, on stderr */
    const char *folder; /* to write in; the caller removes it */
    json_t *cases;
} gsc_bench_plot;

/* A number, with further members (owned by the case now; NULL: none). budget NAN: none. */
void gsc_bench_plot_add(gsc_bench_plot *self, const char *name, const char *unit, double ours,
                        double budget, json_t *more);
/* A case that could not be measured. */
void gsc_bench_plot_miss(gsc_bench_plot *self, const char *name, const char *unit, double budget,
                         const char *why);

/* A program's standard output, read until it ends, as JSON from its first brace on; caller decrefs. NULL: it failed,
 * and ret_why (at least 256 bytes) says how. arguments end with NULL; each of variables ("NAME=value", NULL-terminated or
 * NULL) is added to its environment. */
json_t *gsc_bench_plot_run(const gsc_bench_plot *self, const char *program,
                           const char *const *arguments, const char *const *variables,
                           char ret_why[256]);

/* A thousand runs, and ten thousand, listed from a library that knows them, and filtered. */
void gsc_bench_plot_runs(gsc_bench_plot *self);
/* The real window on a display of its own: frames on the screen, start, latency, rest, memory. */
void gsc_bench_plot_window(gsc_bench_plot *self);

#endif

/* SPDX-License-Identifier: MIT
 *
 * See figure_runs.h.
 */
#include "tests/plot/figure_runs.h"

#include "tests/plot/golden_runs.h"
#include "tests/plot/router_run.h"

#include <string.h>
#include <unistd.h>

static gsc_run *study, *arms, *router, *pairs[GSC_GOLDEN_PAIRS];

void gsc_figure_runs_open(void) {
    char path[] = "/tmp/gsc-golden-XXXXXX";
    study = gsc_golden_study();
    arms = gsc_golden_arms();
    router = gsc_router_run_make(path, true);
    unlink(path);
    gsc_golden_pairs(pairs);
}

void gsc_figure_runs_close(void) {
    gsc_golden_close(study);
    gsc_golden_close(arms);
    gsc_run_close(router);
    for (size_t i = 0; i < GSC_GOLDEN_PAIRS; i++) {
        gsc_golden_close(pairs[i]);
    }
}

gsc_figure *gsc_figure_runs_build(const char *name, bool small_print) {
    gsc_error error = {.status = GSC_OK};
    gsc_figure *figure = NULL;
    static const char *const of_router[] = {"router",  "balance",      "choices",       "load",
                                            "overlap", "coactivation", "specialization"};
    static const char *const of_pairs[] = {"loss", "compare", "robustness", "scatter", "parallel"};
    gsc_run **runs = strcmp(name, "slopes") == 0 ? &arms : &study;
    size_t n = 1;
    for (size_t i = 0; i < sizeof of_router / sizeof *of_router; i++) {
        runs = strcmp(name, of_router[i]) == 0 ? &router : runs;
    }
    for (size_t i = 0; i < sizeof of_pairs / sizeof *of_pairs; i++) {
        if (strcmp(name, of_pairs[i]) == 0) {
            runs = pairs;
            n = i == 0 ? 4 : GSC_GOLDEN_PAIRS;
        }
    }
    gsc_test_need(gsc_figure_build(name, runs, n, NULL, &figure, &error), &error);
    if (!small_print) {
        gsc_test_need(gsc_figure_set_text(&figure->recipe, "") ? GSC_OK : GSC_ERR_MEMORY, &error);
    }
    return figure;
}

/* SPDX-License-Identifier: MIT
 *
 * The table of keys: every key that runs today, in the order the window shows them.
 *
 * Layer: core/read.
 */
#include "core/read/spec.h"

#include <string.h>

static const char *const laboratories[] = {"theory", NULL};
static const char *const gates[] = {"gate", NULL};
static const char *const experts[] = {"expert", NULL};
static const char *const starts[] = {"near_truth", NULL};
static const char *const tolerances[] = {"mean", "relative", "total", NULL};
static const char *const losses[] = {"D1", "D2", "D3", "D4", NULL};
static const char *const measures[] = {"loss", "tau", NULL};

#define MOST_SEED 9007199254740992.0 /* 2^53: every JSON reader keeps it exact */

static const gsc_spec_key keys[] = {
    {.name = "lab",
     .type = GSC_SPEC_CHOICE,
     .initial = "\"theory\"",
     .choices = laboratories,
     .advanced = true,
     .doc = "Which laboratory runs it: theory estimates known mixtures from samples"},
    {.name = "title",
     .type = GSC_SPEC_STRING,
     .initial = "\"\"",
     .doc = "Title of the run, for people",
     .advanced = true},
    {.name = "summary",
     .type = GSC_SPEC_STRING,
     .initial = "\"\"",
     .advanced = true,
     .doc = "One line that says what the run shows"},
    {.name = "gate",
     .type = GSC_SPEC_PLUGIN,
     .initial = "\"softmax\"",
     .choices = gates,
     .doc = "How routed experts are weighted by the input"},
    {.name = "expert",
     .type = GSC_SPEC_PLUGIN,
     .initial = "\"linear\"",
     .choices = experts,
     .doc = "The function of a routed expert"},
    {.name = "theory.shared_expert",
     .type = GSC_SPEC_PLUGIN,
     .choices = experts,
     .doc = "The function of a shared expert; that of a routed one where absent"},
    {.name = "theory.k_shared",
     .type = GSC_SPEC_INT_LIST,
     .lowest = 0,
     .highest = 32,
     .initial = "[2]",
     .doc = "Shared experts fitted; several values are arms drawn together"},
    {.name = "theory.k_routed",
     .type = GSC_SPEC_INT_LIST,
     .lowest = 0,
     .highest = 32,
     .initial = "[3]",
     .doc = "Routed experts fitted; several values are arms drawn together"},
    {.name = "theory.sizes",
     .type = GSC_SPEC_INT_LIST,
     .lowest = 2,
     .highest = 1e7,
     .initial = "[100, 200, 500, 1000, 2000, 5000, 10000]",
     .unit = "observations",
     .doc = "Sample sizes n"},
    {.name = "theory.replicates",
     .type = GSC_SPEC_INT,
     .lowest = 1,
     .highest = 10000,
     .initial = "16",
     .doc = "Independent samples for each size"},
    {.name = "seed",
     .type = GSC_SPEC_INT,
     .lowest = 0,
     .highest = MOST_SEED,
     .initial = "1",
     .doc = "Every random number of the run follows from it"},
    {.name = "theory.truth",
     .type = GSC_SPEC_OBJECT,
     .doc = "The mixture that makes the data: range of x, shared and routed experts",
     .advanced = true},
    {.name = "theory.measure",
     .type = GSC_SPEC_CHOICE,
     .initial = "\"loss\"",
     .choices = measures,
     .doc = "What the figure shows: the loss, or the error of the shared variances tau",
     .advanced = true},
    {.name = "theory.loss",
     .type = GSC_SPEC_CHOICE,
     .initial = "\"D2\"",
     .choices = losses,
     .doc = "Voronoi loss between the fitted and the true mixture",
     .advanced = true},
    {.name = "theory.start",
     .type = GSC_SPEC_CHOICE,
     .initial = "\"near_truth\"",
     .choices = starts,
     .doc = "Where a fit starts: near_truth disturbs the true parameters",
     .advanced = true},
    {.name = "theory.start_noise",
     .type = GSC_SPEC_REAL,
     .lowest = 0,
     .highest = 100,
     .initial = "0.05",
     .advanced = true,
     .doc = "Standard deviation of that disturbance, times n^-0.083"},
    {.name = "theory.starts",
     .type = GSC_SPEC_INT,
     .lowest = 1,
     .highest = 1000,
     .initial = "1",
     .doc = "Starts for each fit; the best likelihood is kept",
     .advanced = true},
    {.name = "theory.polish",
     .type = GSC_SPEC_BOOL,
     .initial = "false",
     .advanced = true,
     .doc = "Go on from where EM stops to the maximum of the likelihood"},
    {.name = "theory.tolerance",
     .type = GSC_SPEC_REAL,
     .lowest = 0,
     .highest = 1,
     .initial = "1e-6",
     .doc = "EM stops when the log-likelihood changes by less",
     .advanced = true},
    {.name = "theory.tolerance_kind",
     .type = GSC_SPEC_CHOICE,
     .initial = "\"mean\"",
     .choices = tolerances,
     .advanced = true,
     .doc = "What that change is: mean per observation, relative, or total"},
    {.name = "theory.max_iterations",
     .type = GSC_SPEC_INT,
     .lowest = 1,
     .highest = 1e6,
     .initial = "1000",
     .doc = "EM iterations at most",
     .advanced = true},
    {.name = "theory.box",
     .type = GSC_SPEC_REAL,
     .lowest = 0.01,
     .highest = 1e6,
     .initial = "20",
     .doc = "Gate and expert parameters stay within plus and minus this",
     .advanced = true},
    {.name = "theory.variance_floor",
     .type = GSC_SPEC_REAL,
     .lowest = 0,
     .highest = 1e6,
     .initial = "0",
     .advanced = true,
     .doc = "Least fitted variance; 0 is a quarter of the smallest true one"},
    {.name = "theory.slope_draws",
     .type = GSC_SPEC_INT,
     .lowest = 0,
     .highest = 100000,
     .initial = "1000",
     .doc = "Bootstrap draws for the interval of a slope",
     .advanced = true},
    {.name = "threads",
     .type = GSC_SPEC_INT,
     .lowest = 0,
     .highest = 1024,
     .initial = "0",
     .doc = "Processor threads; 0 is all of them",
     .advanced = true},
    {.name = "run.hang_s",
     .type = GSC_SPEC_REAL,
     .lowest = 0.1,
     .highest = 86400,
     .initial = "30",
     .unit = "s",
     .doc = "A plugin that does not return for so long ends the run",
     .advanced = true},
};

enum {
    N_KEYS = sizeof(keys) / sizeof(keys[0])
};

const gsc_spec_key *gsc_spec_keys(size_t *ret_count) {
    *ret_count = N_KEYS;
    return keys;
}

const gsc_spec_key *gsc_spec_find_key(const char *name) {
    for (size_t i = 0; i < N_KEYS; i++) {
        if (strcmp(keys[i].name, name) == 0) {
            return &keys[i];
        }
    }
    return NULL;
}

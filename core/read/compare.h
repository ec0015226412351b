/* SPDX-License-Identifier: MIT
 *
 * Arms compared over pairs of runs with the same seed. Runs of a sweep carry their arm, and the number of
 * seeds, margin, baseline and hypothesis that were set before they began; other runs are grouped by
 * their spec without the seed, and then nothing was set beforehand.
 *
 * A verdict is locked until an arm has as many pairs as were set. With options.looks, or where nothing
 * was set, or another number is asked for than was set, it is given at once, at a level corrected for a look
 * after every seed. Over arms, p-values are corrected after Holm; intervals are not. An arm of the plan that
 * is still locked, or has no run yet, counts with p = 1, so that what was found does not vanish when it comes.
 *
 * The plan of a folder is held against its runs: where one was changed afterwards, a warning says which.
 *
 * Layer: core/read. Reads run files; strings of a comparison live as long as it.
 */
#ifndef GSC_CORE_READ_COMPARE_H
#define GSC_CORE_READ_COMPARE_H

#include "core/base/error.h"
#include "core/base/sha256.h"
#include "core/read/run_file.h"
#include "core/read/sweep.h"
#include "core/read/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct gsc_compare_options {
    const char *result;   /* NULL: what was set beforehand, else validation_loss */
    const char *baseline; /* an arm; NULL: what was set, else the first */
    double margin;        /* 0: what was set, else 0.005 */
    size_t seeds;         /* the most pairs that are looked at; 0: what was set, else 20 */
    bool looks;           /* correct for looks instead of locking */
    bool best;            /* every arm at its best tuned value instead of the shared one */
    size_t draws;         /* of the bootstrap over seeds and documents; 0: 2000 */
} gsc_compare_options;

typedef struct gsc_compare_run {
    char *path;
    size_t arm;
    uint64_t seed;
    gsc_sweep_stage stage;
    gsc_run_status status;
    double value;         /* the result; NAN while there is none */
    double learning_rate; /* NAN where the spec has none */
    char *group;          /* spec without seed, rate and names: what else makes it an arm */
} gsc_compare_run;

typedef struct gsc_compare_arm {
    char *name;
    size_t runs, failed;    /* of the stage that is compared */
    double mean, sd;        /* of the result over its seeds */
    double rate;            /* learning rate of those runs; NAN where they differ or have none */
    gsc_paired difference;  /* arm - baseline, 95% */
    double p, p_equivalent; /* after Holm; NAN while the verdict is locked */
    double boot_low, boot_high; /* 95%, seeds x documents resampled; NAN without documents */
    double
        detectable; /* true difference that so many pairs find in 80% of cases, whatever Holm takes */
    gsc_verdict verdict;
    char sentence[320]; /* the verdict in words */
} gsc_compare_arm;

typedef struct gsc_comparison {
    gsc_compare_run *runs;
    size_t n_runs;
    gsc_compare_arm *arms;
    size_t n_arms, baseline;
    char *hypothesis, *result, *unit, *definition; /* "" where there is none */
    char hash[GSC_SHA256_TEXT_SIZE];               /* of the sweep; "" for other runs */
    double margin, alpha; /* alpha: of each test; smaller than 0.05 with looks */
    size_t seeds;         /* set beforehand; 0: nothing was */
    size_t planned;       /* arms that the plan has; 0: it does not say */
    bool lower_is_better, looks, best;
    bool
        mixed_chance; /* arms differ in experts or choices, so that of saturation kappa alone is compared */
    bool tuned;      /* runs of tuning or at best values are among them */
    char **warnings; /* sentences on what weakens the comparison */
    size_t n_warnings;
} gsc_comparison;

/* paths: run files, or folders of a sweep. Errors: GSC_ERR_INPUT for runs of different sweeps, an unknown
 * baseline, fewer than two arms, no run with that result; those of opening a run. */
gsc_status gsc_compare_open(const char *const *paths, size_t n_paths,
                            const gsc_compare_options *options, gsc_comparison **ret_comparison,
                            gsc_error *error);
void gsc_comparison_free(gsc_comparison *comparison);

/* Whether a smaller value of a result is the better one: a loss is, an accuracy is not. */
bool gsc_lower_is_better(const char *result);

/* Whether a result or series is an overlap of choices that chance alone raises where fewer experts or more
 * choices are: "saturation" and its kin, but for kappa. */
bool gsc_grows_with_chance(const char *name);

/* The runs of an arm and of the baseline with the same seed, in the stage that is compared: indices into
 * runs. Returns how many; ret_arm and ret_baseline have room for n_runs. done: those with a result. */
size_t gsc_compare_pairs(const gsc_comparison *comparison, size_t arm, bool done, size_t *ret_arm,
                         size_t *ret_baseline);

/* The difference over steps: at each x that all pairs of an arm share. */
typedef struct gsc_compare_point {
    double x;
    gsc_paired difference;
} gsc_compare_point;
/* series: "validation_loss" (at checkpoints), "loss" (each step; the same tokens in both runs of a pair);
 * layer -1 for series without layers. Pairs whose runs still go count as far as they are. Caller frees. */
gsc_status gsc_compare_curve(const gsc_comparison *comparison, size_t arm, const char *series,
                             int32_t layer, gsc_compare_point **ret_points, size_t *ret_count,
                             gsc_error *error);

/* Over what a claim stands: one row for each definition of a metric, learning rate and layer. */
typedef struct gsc_claim_row {
    char definition[64]; /* name of result and series: "jain_count" */
    int32_t layer;       /* -1: mean over layers, or no layers */
    double rate;         /* learning rate; NAN: each arm's best */
    gsc_paired difference;
    gsc_verdict
        verdict; /* by a test at the comparison's alpha over its arms, not corrected for the other
                            rows; locked while there are fewer pairs than were set */
} gsc_claim_row;

typedef struct gsc_claim {
    char arm[160], baseline[160];
    gsc_claim_row *rows;
    size_t count;
    gsc_verdict verdict; /* of the first row */
    /* Shares of the rows that are not locked with that verdict, and with the opposite one; NAN: it is locked. */
    double stands, contradicted;
} gsc_claim;

/* metric: a definition, or the first part of several: "jain" takes jain_count, jain_mass ...; NULL: the
 * comparison's result. Rows need 3 pairs. margin 0: the comparison's for its own result, and no equivalence
 * for others, whose units are not the margin's. */
gsc_status gsc_claim_read(const gsc_comparison *comparison, size_t arm, const char *metric,
                          double margin, gsc_claim *ret_claim, gsc_error *error);
void gsc_claim_clear(gsc_claim *claim);

/* What claims can be about in a run: first, and then every result, those of several definitions by the word that
 * they share. Returns how many; at most room. */
size_t gsc_claim_metrics(const gsc_run *run, const char *first, char (*ret_names)[64], size_t room);

#endif

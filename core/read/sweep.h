/* SPDX-License-Identifier: MIT
 *
 * A sweep says which runs answer one question: a base spec, arms over it, the same seeds for every arm, and,
 * set before the first run, a hypothesis, the number of seeds and the margin below which a difference does
 * not matter. It is a JSON object:
 *
 *   base        "preset:NAME", a path beside the file, or a spec
 *   axes        {KEY: [VALUE, ...]} for any key of a spec or parameter of a plugin, and
 *               {WORD: {NAME: {KEY: VALUE, ...}, ...}} for values that set several keys at once;
 *               arms are the product of the axes, in the order of the file. "seed": [1, 2] sets the seeds
 *   seeds       how many (8), at least 6; or which, as a list
 *   hypothesis  one sentence, said beforehand
 *   baseline    the arm that the others are compared with; the first
 *   result      what is compared: "validation_loss"
 *   margin      differences smaller than this are equivalent (0.005)
 *   verdict     false: an exploration, which may have fewer seeds and gives no verdict
 *   tune        {"key": KEY, "values": [...], "seeds": [...]}: first, on other seeds, the best value of one
 *               key for each arm; then every arm runs at the shared value and, where another, at its best
 *   keep        checkpoints that stay once a run is done: "last" (the default) or "all"
 *
 * gsc_sweep.hash is the SHA-256 of all that decides on the answer; each run's spec carries it.
 *
 * Layer: core/read.
 */
#ifndef GSC_CORE_READ_SWEEP_H
#define GSC_CORE_READ_SWEEP_H

#include "core/base/error.h"
#include "core/base/sha256.h"
#include "core/read/spec.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GSC_SWEEP_LEAST_SEEDS = 6, /* for a verdict */
    GSC_SWEEP_SEEDS = 8,
    GSC_SWEEP_MOST_SEEDS = 1000,
    GSC_SWEEP_MOST_ARMS = 256,
    GSC_SWEEP_MOST_RUNS = 20000,
    GSC_SWEEP_NAME_SIZE = 128 /* of a run: file name without number and ending */
};

typedef enum gsc_sweep_stage {
    GSC_SWEEP_TUNE, /* on the tuning seeds */
    GSC_SWEEP_MAIN, /* every arm with what base and arm say */
    GSC_SWEEP_BEST, /* arms whose best value is not the shared one */
    GSC_SWEEP_STAGES
} gsc_sweep_stage;

const char *gsc_sweep_stage_name(gsc_sweep_stage stage); /* "tune", "main", "best" */

typedef struct gsc_sweep_arm {
    char *name;  /* "softmax, shared=2" */
    char *slug;  /* the same as part of a file name */
    json_t *set; /* full key -> value */
} gsc_sweep_arm;

typedef struct gsc_sweep {
    char *title, *summary, *hypothesis, *result;
    double margin;
    bool verdict, keep_all;
    size_t baseline; /* of arms */
    gsc_sweep_arm *arms;
    size_t n_arms;
    uint64_t *seeds;
    size_t n_seeds;
    char *tune_key; /* NULL: nothing is tuned */
    double *tune_values;
    size_t n_tune_values;
    uint64_t *tune_seeds;
    size_t n_tune_seeds;
    char hash[GSC_SHA256_TEXT_SIZE];
    json_t *text; /* the whole plan, base written out: what sweep.json holds */
    gsc_spec *base;
} gsc_sweep;

/* source: "preset:NAME", a file, or a folder that holds a sweep.json. */
gsc_status gsc_sweep_load(const char *source, gsc_sweep **ret_sweep, gsc_error *error);
gsc_status gsc_sweep_parse(const char *text, const char *name, gsc_sweep **ret_sweep,
                           gsc_error *error);
void gsc_sweep_free(gsc_sweep *sweep);

/* One run of a sweep. */
typedef struct gsc_sweep_run {
    gsc_sweep_stage stage;
    size_t arm;
    uint64_t seed;
    double value;                   /* of the tuned key, in the stages tune and best */
    char name[GSC_SWEEP_NAME_SIZE]; /* "softmax-s3"; unique in the sweep */
} gsc_sweep_run;

/* The runs of a stage in their order: all arms of a seed, then the next seed, so that pairs are complete
 * early. best: [n_arms] the best value of each arm, for GSC_SWEEP_BEST alone; arms at NAN or at the shared
 * value have no run. Caller frees *ret_runs. */
gsc_status gsc_sweep_runs(const gsc_sweep *sweep, gsc_sweep_stage stage, const double *best,
                          gsc_sweep_run **ret_runs, size_t *ret_count, gsc_error *error);

/* What `gatescope run` runs: base, arm, seed, tuned value, and the keys sweep.*. */
gsc_status gsc_sweep_spec(const gsc_sweep *sweep, const gsc_sweep_run *run, gsc_spec **ret_spec,
                          gsc_error *error);

/* Whether a spec is the one that the plan makes of a run, whatever its title, threads and hash. GSC_ERR_INPUT
 * names the first key that is another; GSC_ERR_MEMORY. */
gsc_status gsc_sweep_check_spec(const gsc_sweep *sweep, const gsc_sweep_run *run,
                                const json_t *spec, gsc_error *error);

/* The value of the tuned key that an arm has without tuning. */
double gsc_sweep_shared_value(const gsc_sweep *sweep, size_t arm);

/* Sweeps compiled into the program. */
typedef struct gsc_sweep_preset {
    const char *name, *title, *summary, *text;
} gsc_sweep_preset;
const gsc_sweep_preset *gsc_sweep_presets(size_t *ret_count);

#endif

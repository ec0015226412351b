/* SPDX-License-Identifier: MIT
 *
 * Pairs, intervals and verdicts of a comparison: see compare.h.
 *
 * Layer: core/read.
 */
#include "core/read/compare_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DRAWS = 2000,
    LOOKS_EXPECTED = 20, /* where nothing was set: looks from 3 pairs to so many */
    LEAST_LOOK = 3
};

static const double power = 0.8, level = 0.05;

bool gsc_lower_is_better(const char *result) {
    static const char *const higher[] = {
        "tokens_per_second", "accuracy", "log_likelihood",    "jain",
        "saturation",        "margin",   "mutual_information"};
    for (size_t i = 0; i < sizeof higher / sizeof higher[0]; i++) {
        if (strncmp(result, higher[i], strlen(higher[i])) == 0) {
            return false;
        }
    }
    return true;
}

void gsc_comparison_free(gsc_comparison *self) {
    if (self == NULL) {
        return;
    }
    for (size_t i = 0; i < self->n_runs; i++) {
        free(self->runs[i].path);
        free(self->runs[i].group);
    }
    for (size_t a = 0; a < self->n_arms; a++) {
        free(self->arms[a].name);
    }
    for (size_t i = 0; i < self->n_warnings; i++) {
        free(self->warnings[i]);
    }
    free(self->runs);
    free(self->arms);
    free(self->warnings);
    free(self->hypothesis);
    free(self->result);
    free(self->unit);
    free(self->definition);
    free(self);
}

/* ---- Pairs ---- */

bool gsc_grows_with_chance(const char *name) {
    return strncmp(name, "saturation", strlen("saturation")) == 0 && strstr(name, "kappa") == NULL;
}

/* A run at the arm's best value goes before one at the shared value, where best values are compared. */
long compare_find(const gsc_comparison *self, size_t arm, uint64_t seed) {
    long found = -1;
    for (size_t i = 0; i < self->n_runs; i++) {
        const gsc_compare_run *run = &self->runs[i];
        const bool fits =
            run->stage == GSC_SWEEP_MAIN || (self->best && run->stage == GSC_SWEEP_BEST);
        if (run->arm != arm || run->seed != seed || !fits) {
            continue;
        }
        const bool better = found < 0 || (run->stage == GSC_SWEEP_BEST &&
                                          self->runs[found].stage != GSC_SWEEP_BEST);
        const bool later = found >= 0 && run->stage == self->runs[found].stage &&
                           isfinite(run->value) && !isfinite(self->runs[found].value);
        found = better || later ? (long)i : found;
    }
    return found;
}

size_t gsc_compare_pairs(const gsc_comparison *self, size_t arm, bool done, size_t *ret_arm,
                         size_t *ret_baseline) {
    size_t n = 0;
    for (size_t i = 0; i < self->n_runs; i++) {
        const uint64_t seed = self->runs[i].seed;
        const long mine = compare_find(self, arm, seed);
        if (self->runs[i].arm != arm || mine != (long)i) {
            continue;
        }
        const long other = compare_find(self, self->baseline, seed);
        if (other < 0 ||
            (done && (!isfinite(self->runs[mine].value) || !isfinite(self->runs[other].value)))) {
            continue;
        }
        ret_arm[n] = (size_t)mine;
        ret_baseline[n++] = (size_t)other;
    }
    return n;
}

/* ---- Arms ---- */

static void describe_arm(const gsc_comparison *self, size_t a) {
    gsc_compare_arm *arm = &self->arms[a];
    double sum = 0, squares = 0;
    size_t n = 0;
    arm->rate = NAN;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < self->n_runs; i++) {
            const gsc_compare_run *run = &self->runs[i];
            if (run->arm != a || compare_find(self, a, run->seed) != (long)i) {
                continue;
            }
            if (pass == 0) {
                arm->rate =
                    arm->runs == 0 || arm->rate == run->learning_rate ? run->learning_rate : NAN;
                arm->runs++;
                arm->failed += run->status == GSC_RUN_FAILED;
                n += isfinite(run->value);
                sum += isfinite(run->value) ? run->value : 0;
            } else if (isfinite(run->value)) {
                squares += (run->value - sum / (double)n) * (run->value - sum / (double)n);
            }
        }
    }
    arm->mean = n > 0 ? sum / (double)n : NAN;
    arm->sd = n > 1 ? sqrt(squares / (double)(n - 1)) : NAN;
}

static gsc_status compare_arm(gsc_comparison *self, size_t a, size_t draws, gsc_error *error) {
    gsc_compare_arm *arm = &self->arms[a];
    size_t *mine = malloc(2 * self->n_runs * sizeof *mine), *other = mine + self->n_runs;
    double *differences = malloc(self->n_runs * sizeof *differences);
    if (mine == NULL || differences == NULL) {
        free(mine);
        free(differences);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the pairs of %s", arm->name);
    }
    const size_t n = gsc_compare_pairs(self, a, true, mine, other);
    for (size_t i = 0; i < n; i++) {
        differences[i] = self->runs[mine[i]].value - self->runs[other[i]].value;
    }
    arm->difference = gsc_paired_t(differences, n, 0.95);
    arm->p = arm->difference.p;
    arm->p_equivalent = gsc_equivalence_p(&arm->difference, self->margin);
    arm->boot_low = arm->boot_high = NAN;
    free(mine);
    free(differences);
    return strcmp(self->result, "validation_loss") == 0 && n > 1
               ? compare_bootstrap(self, a, draws, &arm->boot_low, &arm->boot_high, error)
               : GSC_OK;
}

/* Pairs before an arm has a verdict. */
static size_t least_pairs(const gsc_comparison *self) {
    return self->looks ? (size_t)LEAST_LOOK : self->seeds > 2 ? self->seeds : 2;
}

size_t compare_count_arms(const gsc_comparison *self) {
    return self->planned > self->n_arms ? self->planned : self->n_arms;
}

/* Holm over the arms, for both questions: those that are locked or not there yet count with p = 1. */
static gsc_status correct(gsc_comparison *self, gsc_error *error) {
    const size_t all = compare_count_arms(self);
    double *p = malloc(2 * all * sizeof *p), *adjusted = p + all;
    if (p == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu arms", all);
    }
    for (int which = 0; which < 2; which++) {
        for (size_t a = 0; a < all; a++) {
            const gsc_compare_arm *arm = a < self->n_arms ? &self->arms[a] : NULL;
            const bool judged = arm != NULL && arm->difference.n >= least_pairs(self);
            p[a] = a == self->baseline ? NAN
                   : !judged           ? 1
                   : which == 0        ? arm->p
                                       : arm->p_equivalent;
        }
        gsc_holm(p, all, adjusted);
        for (size_t a = 0; a < self->n_arms; a++) {
            const bool judged = self->arms[a].difference.n >= least_pairs(self);
            *(which == 0 ? &self->arms[a].p : &self->arms[a].p_equivalent) =
                judged ? adjusted[a] : NAN;
        }
    }
    free(p);
    return GSC_OK;
}

/* ---- Verdicts ---- */

static void say(const gsc_comparison *self, gsc_compare_arm *arm) {
    const gsc_paired *d = &arm->difference;
    const char *unit = self->unit[0] != '\0' ? " " : "";
    switch (arm->verdict) {
    case GSC_VERDICT_LOCKED:
        snprintf(arm->sentence, sizeof arm->sentence, "%zu of %zu seeds: locked%s", d->n,
                 self->seeds > 0 ? self->seeds : (size_t)LEAST_LOOK,
                 arm->failed > 0 ? ", and a run failed" : "");
        break;
    case GSC_VERDICT_BETTER:
    case GSC_VERDICT_WORSE:
        snprintf(arm->sentence, sizeof arm->sentence, "%s by %.4g%s%s [%.4g, %.4g]",
                 gsc_verdict_name(arm->verdict), fabs(d->mean), unit, self->unit,
                 d->mean < 0 ? -d->high : d->low, d->mean < 0 ? -d->low : d->high);
        break;
    case GSC_VERDICT_EQUIVALENT:
        snprintf(arm->sentence, sizeof arm->sentence, "equivalent within %.4g%s%s", self->margin,
                 unit, self->unit);
        break;
    case GSC_VERDICT_UNDECIDED:
        snprintf(arm->sentence, sizeof arm->sentence, "undecided: %zu seeds see %.4g%s%s or more",
                 d->n, arm->detectable, unit, self->unit);
        break;
    }
}

static void judge(gsc_comparison *self, size_t a) {
    gsc_compare_arm *arm = &self->arms[a];
    const size_t n = arm->difference.n;
    /* at the level of Holm's first step, the strictest */
    const double strictest = self->alpha / (double)(compare_count_arms(self) - 1);
    arm->detectable = gsc_detectable(arm->difference.sd, n, strictest, power);
    arm->verdict = n < least_pairs(self)
                       ? GSC_VERDICT_LOCKED
                       : gsc_judge(arm->difference.mean, arm->p, arm->p_equivalent, self->alpha,
                                   self->lower_is_better);
    say(self, arm);
}

/* Looks: where they are asked for, or where nothing was set and so nobody knows when one stops, or where one
 * stops elsewhere than was set. */
static gsc_status choose_level(gsc_comparison *self, const gsc_compare_options *options,
                               gsc_error *error) {
    const size_t most = options->seeds > self->seeds ? options->seeds : self->seeds;
    self->looks =
        options->looks || self->seeds == 0 || (options->seeds > 0 && options->seeds != self->seeds);
    self->alpha = level;
    if (!self->looks) {
        return GSC_OK;
    }
    const size_t last = most > LEAST_LOOK ? most : LOOKS_EXPECTED;
    self->alpha = gsc_look_level(last);
    return compare_warn(self, error,
                        "%severy test is at %.3g, which allows a look after each seed from %d to "
                        "%zu",
                        self->seeds == 0 ? "no number of seeds was set beforehand: " : "",
                        self->alpha, LEAST_LOOK, last);
}

static gsc_status warn_of_failures(gsc_comparison *self, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t a = 0; a < self->n_arms && status == GSC_OK; a++) {
        if (self->arms[a].failed > 0) {
            status = compare_warn(self, error,
                                  "%zu of %zu runs of %s failed; the others alone are compared",
                                  self->arms[a].failed, self->arms[a].runs, self->arms[a].name);
        }
    }
    return status;
}

static gsc_status compare_all(gsc_comparison *self, const gsc_compare_options *options,
                              gsc_error *error) {
    self->best = options->best;
    self->lower_is_better = gsc_lower_is_better(self->result);
    if (self->n_arms < 2) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "all runs are of one arm, \"%.100s\"; a comparison takes two or more",
                        self->arms[0].name);
    }
    gsc_status status = choose_level(self, options, error);
    for (size_t a = 0; a < self->n_arms && status == GSC_OK; a++) {
        describe_arm(self, a);
        status = a == self->baseline
                     ? GSC_OK
                     : compare_arm(self, a, options->draws > 0 ? options->draws : DRAWS, error);
    }
    if (status == GSC_OK) {
        status = correct(self, error);
    }
    for (size_t a = 0; a < self->n_arms && status == GSC_OK; a++) {
        if (a != self->baseline) {
            judge(self, a);
        }
    }
    return status == GSC_OK ? warn_of_failures(self, error) : status;
}

gsc_status gsc_compare_open(const char *const *paths, size_t n_paths,
                            const gsc_compare_options *options, gsc_comparison **ret_comparison,
                            gsc_error *error) {
    gsc_comparison *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a comparison");
    }
    gsc_status status = compare_read(self, paths, n_paths, options, error);
    if (status == GSC_OK) {
        status = compare_all(self, options, error);
    }
    if (status != GSC_OK) {
        gsc_comparison_free(self);
        return status;
    }
    *ret_comparison = self;
    return GSC_OK;
}

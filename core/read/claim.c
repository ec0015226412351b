/* SPDX-License-Identifier: MIT
 *
 * Over which definitions, learning rates and layers a claim stands: see compare.h.
 *
 * Layer: core/read.
 */
#include "core/read/compare_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_DEFINITIONS = 64,
    MOST_RATES = 32,
    MOST_LAYERS = 64,
    LEAST_PAIRS = 3
};

typedef struct claimant {
    const gsc_comparison *comparison;
    size_t arm;
    double margin;
    gsc_run **files;            /* [n_runs], open; NULL where not needed */
    bool *of_arm, *of_baseline; /* [n_runs] whether a run is of that arm but for the rate */
    char definitions[MOST_DEFINITIONS][64];
    size_t n_definitions;
    double rates[MOST_RATES]; /* NAN: each arm's best */
    size_t n_rates;
    int32_t layers; /* the most that a run has */
    gsc_claim *claim;
} claimant;

void gsc_claim_clear(gsc_claim *claim) {
    free(claim->rows);
    *claim = (gsc_claim){0};
}

/* ---- What there is ---- */

static bool same_group(const gsc_comparison *c, size_t run, size_t arm) {
    for (size_t i = 0; i < c->n_runs; i++) {
        if (c->runs[i].arm == arm && strcmp(c->runs[i].group, c->runs[run].group) == 0) {
            return true;
        }
    }
    return false;
}

/* What a run has that is no version of the metric but its yardstick: "saturation_chance_20". */
static bool is_yardstick(const char *name) {
    const char *at = strstr(name, "_chance");
    return at != NULL && (at[7] == '\0' || at[7] == '_');
}

/* The least and the greatest over layers, "jain_mass_min": layers are looked at one by one. */
static bool is_extreme(const gsc_run *run, const char *name) {
    const size_t n = strlen(name);
    if (n < 5 || (strcmp(name + n - 4, "_min") != 0 && strcmp(name + n - 4, "_max") != 0)) {
        return false;
    }
    for (size_t i = 0; i < gsc_run_results_count(run); i++) {
        const char *whole = gsc_run_result(run, i)->name;
        if (strlen(whole) == n - 4 && strncmp(whole, name, n - 4) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_of(const char *name, const char *metric, size_t length) {
    return strncmp(name, metric, length) == 0 && (name[length] == '\0' || name[length] == '_');
}

static void add_definition(claimant *self, const gsc_run *run, const char *name,
                           const char *metric) {
    const bool fits = is_of(name, metric, strlen(metric));
    const bool by_chance = self->comparison->mixed_chance && gsc_grows_with_chance(name);
    bool known = !fits || by_chance || is_yardstick(name) || is_extreme(run, name) ||
                 strlen(name) >= sizeof self->definitions[0] ||
                 self->n_definitions == MOST_DEFINITIONS;
    for (size_t i = 0; i < self->n_definitions && !known; i++) {
        known = strcmp(self->definitions[i], name) == 0;
    }
    if (!known) {
        snprintf(self->definitions[self->n_definitions++], sizeof self->definitions[0], "%.63s",
                 name);
    }
}

static void add_rate(claimant *self, double rate) {
    bool known = self->n_rates == MOST_RATES;
    for (size_t i = 0; i < self->n_rates && !known; i++) {
        known = self->rates[i] == rate || (isnan(rate) && isnan(self->rates[i]));
    }
    if (!known) {
        self->rates[self->n_rates++] = rate;
    }
}

static gsc_status open_files(claimant *self, const char *metric, gsc_error *error) {
    const gsc_comparison *c = self->comparison;
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < c->n_runs && status == GSC_OK; i++) {
        self->of_arm[i] = same_group(c, i, self->arm);
        self->of_baseline[i] = same_group(c, i, c->baseline);
        if (c->runs[i].status != GSC_RUN_DONE || !(self->of_arm[i] || self->of_baseline[i])) {
            continue;
        }
        status = gsc_run_open(c->runs[i].path, &self->files[i], error);
        for (size_t r = 0; status == GSC_OK && r < gsc_run_results_count(self->files[i]); r++) {
            const gsc_result *result = gsc_run_result(self->files[i], r);
            if (result->arm[0] == '\0') {
                add_definition(self, self->files[i], result->name, metric);
            }
        }
        for (size_t s = 0; status == GSC_OK && s < gsc_run_series_count(self->files[i]); s++) {
            const int32_t layer = gsc_run_series(self->files[i], s)->layer;
            self->layers = layer >= self->layers && layer < MOST_LAYERS ? layer + 1 : self->layers;
        }
        if (c->runs[i].stage == GSC_SWEEP_MAIN && isfinite(c->runs[i].learning_rate)) {
            add_rate(self, c->runs[i].learning_rate);
        }
    }
    for (size_t i = 0; i < c->n_runs; i++) {
        if (c->runs[i].stage == GSC_SWEEP_BEST) {
            add_rate(self, NAN);
        }
    }
    if (self->n_rates == 0) {
        add_rate(self, INFINITY); /* of a lab without learning rates: any run */
    }
    return status;
}

/* ---- Rows ---- */

/* A run of the group of an arm, at a rate and a seed. */
static long find_at(const claimant *self, bool baseline, double rate, uint64_t seed) {
    const gsc_comparison *c = self->comparison;
    const bool *belongs = baseline ? self->of_baseline : self->of_arm;
    if (isnan(rate)) {
        gsc_comparison best = *c;
        best.best = true;
        return compare_find(&best, baseline ? c->baseline : self->arm, seed);
    }
    for (size_t i = 0; i < c->n_runs; i++) {
        const gsc_compare_run *run = &c->runs[i];
        if (self->files[i] != NULL && run->seed == seed && run->stage != GSC_SWEEP_TUNE &&
            (isinf(rate) || run->learning_rate == rate) && belongs[i]) {
            return (long)i;
        }
    }
    return -1;
}

/* A second name for numbers that are there already, as "jain" for jain_mass, is no other definition. */
static bool is_alias(const gsc_claim *claim, const gsc_claim_row *row) {
    for (size_t i = 0; i < claim->count; i++) {
        const gsc_claim_row *other = &claim->rows[i];
        const bool same_rate = other->rate == row->rate || (isnan(other->rate) && isnan(row->rate));
        if (other->layer == row->layer && same_rate && other->difference.n == row->difference.n &&
            other->difference.mean == row->difference.mean &&
            other->difference.sd == row->difference.sd) {
            return true;
        }
    }
    return false;
}

/* The comparison's own verdict where the row is what it compared; else by tests for as many arms. */
static gsc_verdict judge(const claimant *self, const gsc_claim_row *row, double rate) {
    const gsc_comparison *c = self->comparison;
    const gsc_compare_arm *arm = &c->arms[self->arm];
    const double alpha = c->alpha / (double)(compare_count_arms(c) - 1);
    if (row->layer < 0 && strcmp(row->definition, c->result) == 0 && !c->best &&
        self->margin == c->margin && (isinf(rate) || rate == arm->rate) &&
        row->difference.mean == arm->difference.mean) {
        return arm->verdict;
    }
    if (row->difference.n < c->seeds && !c->looks) {
        return GSC_VERDICT_LOCKED;
    }
    const double within =
        self->margin > 0 ? gsc_equivalence_p(&row->difference, self->margin) : NAN;
    return gsc_judge(row->difference.mean, row->difference.p, within, alpha,
                     gsc_lower_is_better(row->definition));
}

static void add_row(claimant *self, const char *definition, double rate, int32_t layer,
                    double *differences) {
    const gsc_comparison *c = self->comparison;
    size_t n = 0;
    for (size_t i = 0; i < c->n_runs; i++) {
        const uint64_t seed = c->runs[i].seed;
        const long mine = find_at(self, false, rate, seed);
        const long other = find_at(self, true, rate, seed);
        if (mine != (long)i || other < 0 || self->files[mine] == NULL ||
            self->files[other] == NULL) {
            continue;
        }
        const double d = compare_value(self->files[mine], definition, layer) -
                         compare_value(self->files[other], definition, layer);
        n += isfinite(d);
        differences[isfinite(d) ? n - 1 : n] = d;
    }
    if (n < LEAST_PAIRS) {
        return;
    }
    gsc_claim_row row = {.layer = layer,
                         .rate = isinf(rate) ? NAN : rate,
                         .difference = gsc_paired_t(differences, n, 0.95)};
    snprintf(row.definition, sizeof row.definition, "%s", definition);
    row.verdict = judge(self, &row, rate);
    if (!is_alias(self->claim, &row)) {
        self->claim->rows[self->claim->count++] = row;
    }
}

static gsc_status add_rows(claimant *self, gsc_error *error) {
    const size_t layers = (size_t)self->layers + 1;
    const size_t most = self->n_definitions * self->n_rates * layers;
    double *differences = calloc(self->comparison->n_runs + 1, sizeof *differences);
    self->claim->rows = calloc(most > 0 ? most : 1, sizeof *self->claim->rows);
    if (self->claim->rows == NULL || differences == NULL) {
        free(differences);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu rows of a claim", most);
    }
    for (size_t d = 0; d < self->n_definitions; d++) {
        for (size_t r = 0; r < self->n_rates; r++) {
            for (int32_t layer = -1; layer < self->layers; layer++) {
                add_row(self, self->definitions[d], self->rates[r], layer, differences);
            }
        }
    }
    free(differences);
    return GSC_OK;
}

static void count_shares(gsc_claim *claim) {
    size_t stands = 0, against = 0, open = 0;
    claim->verdict = claim->rows[0].verdict;
    const gsc_verdict opposite = claim->verdict == GSC_VERDICT_BETTER  ? GSC_VERDICT_WORSE
                                 : claim->verdict == GSC_VERDICT_WORSE ? GSC_VERDICT_BETTER
                                                                       : GSC_VERDICT_LOCKED;
    for (size_t i = 0; i < claim->count; i++) {
        open += claim->rows[i].verdict != GSC_VERDICT_LOCKED;
        stands += claim->rows[i].verdict == claim->verdict;
        against += opposite != GSC_VERDICT_LOCKED && claim->rows[i].verdict == opposite;
    }
    const bool locked = claim->verdict == GSC_VERDICT_LOCKED;
    claim->stands = locked ? NAN : (double)stands / (double)open;
    claim->contradicted = locked ? NAN : (double)against / (double)open;
}

gsc_status gsc_claim_read(const gsc_comparison *comparison, size_t arm, const char *metric,
                          double margin, gsc_claim *ret_claim, gsc_error *error) {
    gsc_claim claim = {0};
    const char *name = metric != NULL ? metric : comparison->result;
    const bool own = margin <= 0 && strcmp(name, comparison->result) == 0;
    claimant self = {.comparison = comparison,
                     .arm = arm,
                     .margin = own ? comparison->margin : margin,
                     .claim = &claim};
    snprintf(claim.arm, sizeof claim.arm, "%.150s", comparison->arms[arm].name);
    snprintf(claim.baseline, sizeof claim.baseline, "%.150s",
             comparison->arms[comparison->baseline].name);
    self.files = calloc(comparison->n_runs, sizeof *self.files);
    self.of_arm = calloc(2 * comparison->n_runs, sizeof *self.of_arm);
    self.of_baseline = self.of_arm + comparison->n_runs;
    gsc_status status =
        self.files == NULL || self.of_arm == NULL
            ? gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu runs", comparison->n_runs)
            : open_files(&self, name, error);
    if (status == GSC_OK) {
        status = add_rows(&self, error);
    }
    for (size_t i = 0; self.files != NULL && i < comparison->n_runs; i++) {
        gsc_run_close(self.files[i]);
    }
    free(self.files);
    free(self.of_arm);
    if (status == GSC_OK && claim.count == 0) {
        status =
            gsc_fail(error, GSC_ERR_INPUT,
                     "no result %s has %d pairs of %s and %s; `gatescope report` lists results",
                     name, LEAST_PAIRS, claim.arm, claim.baseline);
    }
    if (status != GSC_OK) {
        gsc_claim_clear(&claim);
        return status;
    }
    count_shares(&claim);
    *ret_claim = claim;
    return GSC_OK;
}

/* ---- Metrics ---- */

static bool has_name(char (*names)[64], size_t n, const char *name) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Results of a family: those that "jain" begins. */
static size_t count_family(const gsc_run *run, const char *family) {
    size_t n = 0;
    for (size_t i = 0; i < gsc_run_results_count(run); i++) {
        const gsc_result *result = gsc_run_result(run, i);
        n += result->arm[0] == '\0' && is_of(result->name, family, strlen(family)) &&
             !is_yardstick(result->name) && !is_extreme(run, result->name);
    }
    return n;
}

size_t gsc_claim_metrics(const gsc_run *run, const char *first, char (*ret_names)[64],
                         size_t room) {
    size_t n = 0;
    if (room > 0) {
        snprintf(ret_names[n++], sizeof *ret_names, "%s", first);
    }
    for (size_t i = 0; i < gsc_run_results_count(run) && n < room; i++) {
        const gsc_result *result = gsc_run_result(run, i);
        char family[64];
        const size_t head = strcspn(result->name, "_");
        snprintf(family, sizeof family, "%.*s", (int)head, result->name);
        const bool many = count_family(run, family) > 1;
        const char *name = many ? family : result->name;
        if (result->arm[0] == '\0' && strlen(name) < sizeof *ret_names &&
            !is_yardstick(result->name) && !is_extreme(run, result->name) &&
            !has_name(ret_names, n, name)) {
            snprintf(ret_names[n++], sizeof *ret_names, "%s", name);
        }
    }
    return n;
}

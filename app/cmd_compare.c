/* SPDX-License-Identifier: MIT
 *
 * `gatescope compare`: arms over pairs of runs with the same seed, and a verdict for each.
 *
 * Layer: app.
 */
#include "app/commands.h"
#include "core/read/compare.h"
#include "core/read/json_text.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BAD_USAGE = 2,
    MOST_PATHS = 20000
};

typedef struct compare_words {
    gsc_compare_options options;
    const char **paths;
    size_t n_paths;
    const char *claim, *curve; /* metric, series; NULL: not asked for */
    double effect, sd;         /* of the planner; 0: not asked for */
    bool json;
} compare_words;

static int usage(const char *format, const char *word) {
    fprintf(stderr, "gatescope compare: ");
    fprintf(stderr, format, word);
    fprintf(stderr, "; `gatescope help compare` tells how it is used\n");
    return BAD_USAGE;
}

static int complain(gsc_status status, const gsc_error *error) {
    fprintf(stderr, "gatescope compare: %s\n", error->message);
    return status == GSC_ERR_INPUT ? BAD_USAGE : 1;
}

static int take_number(const char *word, const char *value, double *ret_number) {
    char *end;
    const double number = strtod(value, &end);
    if (*end != '\0' || end == value || !(number > 0) || !isfinite(number)) {
        fprintf(stderr, "gatescope compare: %s is a number above 0, not \"%s\"\n", word, value);
        return BAD_USAGE;
    }
    *ret_number = number;
    return 0;
}

static int take_valued(compare_words *words, const char *word, const char *value) {
    double seeds = 0;
    int code = 0;
    const struct {
        const char *word, **text;
    } texts[] = {{"--result", &words->options.result},
                 {"--baseline", &words->options.baseline},
                 {"--claim", &words->claim},
                 {"--curve", &words->curve}};
    const struct {
        const char *word;
        double *number;
    } numbers[] = {{"--margin", &words->options.margin},
                   {"--seeds", &seeds},
                   {"--effect", &words->effect},
                   {"--sd", &words->sd}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(word, texts[i].word) == 0) {
            *texts[i].text = value;
            return 0;
        }
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && code == 0; i++) {
        if (strcmp(word, numbers[i].word) == 0) {
            code = take_number(word, value, numbers[i].number);
        }
    }
    words->options.seeds = seeds > 0 ? (size_t)seeds : words->options.seeds;
    return code;
}

static bool takes_value(const char *word) {
    static const char *const all[] = {"--result", "--baseline", "--claim",  "--curve",
                                      "--margin", "--seeds",    "--effect", "--sd"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(word, all[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int parse(int argc, char **argv, compare_words *words) {
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        int code = 0;
        if (takes_value(word)) {
            const char *value = i + 1 < argc ? argv[++i] : NULL;
            code =
                value == NULL ? usage("%s needs a value", word) : take_valued(words, word, value);
        } else if (strcmp(word, "--json") == 0) {
            words->json = true;
        } else if (strcmp(word, "--look") == 0) {
            words->options.looks = true;
        } else if (word[0] == '-') {
            code = usage("there is no option \"%s\"", word);
        } else if (words->n_paths == MOST_PATHS) {
            code = usage("%s is one file too many", word);
        } else {
            words->paths[words->n_paths++] = word;
        }
        if (code != 0) {
            return code;
        }
    }
    return words->n_paths == 0 && words->sd == 0
               ? usage("%s is missing: a sweep's folder, or run files", "what to compare")
               : 0;
}

/* ---- Planner ---- */

/* What n pairs can see at a spread, and the n that an effect and the margin need. */
static int print_power(double sd, double effect, double margin, size_t seeds, bool json) {
    const double sees = gsc_detectable(sd, seeds, 0.05, 0.8);
    const size_t for_margin = gsc_seeds_for_equivalence(margin, sd, 0.05, 0.8);
    const size_t for_effect = effect > 0 ? gsc_seeds_for_effect(effect, sd, 0.05, 0.8) : 0;
    if (json) {
        json_t *all =
            json_pack("{s:o, s:i, s:o, s:o, s:o, s:i}", "sd", gsc_json_number(sd), "seeds",
                      (int)seeds, "sees", gsc_json_number(sees), "effect",
                      effect > 0 ? gsc_json_number(effect) : json_null(), "seeds_for_effect",
                      for_effect > 0 ? json_integer((json_int_t)for_effect) : json_null(),
                      "seeds_for_equivalence", (int)for_margin);
        char *text = gsc_json_dump(all, JSON_INDENT(2));
        puts(text != NULL ? text : "{}");
        free(text);
        json_decref(all);
        return 0;
    }
    printf(
        "Where differences of a seed spread by %.4g, %zu seeds find a true difference of %.4g in "
        "80%% of cases;\n",
        sd, seeds, sees);
    if (for_effect > 0) {
        printf("to find %.4g takes %zu seeds; ", effect, for_effect);
    }
    printf("to show that there is none beyond %.4g takes %zu.\n", margin, for_margin);
    return 0;
}

/* ---- Table ---- */

static void print_arm(const gsc_comparison *c, size_t a) {
    const gsc_compare_arm *arm = &c->arms[a];
    char interval[64] = "", documents[64] = "";
    if (a == c->baseline) {
        printf("%-28s %4zu  %9.4f  %8.4f  baseline\n", arm->name, arm->runs, arm->mean, arm->sd);
        return;
    }
    if (arm->difference.n > 1) {
        snprintf(interval, sizeof interval, "%+.4f [%+.4f, %+.4f]", arm->difference.mean,
                 arm->difference.low, arm->difference.high);
    }
    if (isfinite(arm->boot_low)) {
        snprintf(documents, sizeof documents, "[%+.4f, %+.4f]", arm->boot_low, arm->boot_high);
    }
    printf("%-28s %4zu  %9.4f  %8.4f  %-28s  %-18s  %s\n", arm->name, arm->runs, arm->mean, arm->sd,
           interval, documents, arm->sentence);
}

static void print_comparison(const gsc_comparison *c) {
    if (c->best) {
        printf("\nEach arm at its best value of tuning:\n");
    } else if (c->tuned) {
        printf("\nAll arms at the shared value:\n");
    }
    printf("%-28s %4s  %9s  %8s  %-28s  %-18s  %s\n", "arm", "runs", c->result, "sd",
           "difference [95%]", "seeds x documents", "verdict");
    for (size_t a = 0; a < c->n_arms; a++) {
        print_arm(c, a);
        if (c->best && isfinite(c->arms[a].rate)) {
            printf("%-28s learning rate %.4g\n", "", c->arms[a].rate);
        }
    }
}

static json_t *interval_json(double low, double high) {
    return json_pack("[o, o]", gsc_json_number(low), gsc_json_number(high));
}

static json_t *comparison_json(const gsc_comparison *c) {
    json_t *arms = json_array(), *warnings = json_array();
    for (size_t a = 0; a < c->n_arms; a++) {
        const gsc_compare_arm *arm = &c->arms[a];
        json_t *one =
            json_pack("{s:s, s:i, s:i, s:o, s:o, s:o}", "name", arm->name, "runs", (int)arm->runs,
                      "failed", (int)arm->failed, "mean", gsc_json_number(arm->mean), "sd",
                      gsc_json_number(arm->sd), "learning_rate", gsc_json_number(arm->rate));
        if (a != c->baseline) {
            json_object_set_new(one, "pairs", json_integer((json_int_t)arm->difference.n));
            json_object_set_new(one, "difference", gsc_json_number(arm->difference.mean));
            json_object_set_new(one, "difference_sd", gsc_json_number(arm->difference.sd));
            json_object_set_new(one, "interval",
                                interval_json(arm->difference.low, arm->difference.high));
            json_object_set_new(one, "bootstrap", interval_json(arm->boot_low, arm->boot_high));
            json_object_set_new(one, "p_holm", gsc_json_number(arm->p));
            json_object_set_new(one, "p_equivalent_holm", gsc_json_number(arm->p_equivalent));
            json_object_set_new(one, "detectable", gsc_json_number(arm->detectable));
            json_object_set_new(one, "verdict", json_string(gsc_verdict_name(arm->verdict)));
            json_object_set_new(one, "sentence", json_string(arm->sentence));
        }
        json_array_append_new(arms, one);
    }
    for (size_t i = 0; i < c->n_warnings; i++) {
        json_array_append_new(warnings, json_string(c->warnings[i]));
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:i, s:s, s:s, s:b, s:o, s:o}", "result",
                     c->result, "unit", c->unit, "definition", c->definition, "baseline",
                     c->arms[c->baseline].name, "margin", gsc_json_number(c->margin), "alpha",
                     gsc_json_number(c->alpha), "seeds", (int)c->seeds, "hypothesis", c->hypothesis,
                     "hash", c->hash, "best", c->best, "warnings", warnings, "arms", arms);
}

/* ---- Claims and curves ---- */

static void print_shares(const gsc_claim *claim) {
    if (claim->verdict == GSC_VERDICT_LOCKED) {
        printf("\n%s against %s: locked before the last seed\n", claim->arm, claim->baseline);
    } else {
        printf("\n%s: %s against %s in %.0f%% of %zu %s to look, contradicted in %.0f%%\n",
               claim->arm, gsc_verdict_name(claim->verdict), claim->baseline, 100 * claim->stands,
               claim->count, claim->count == 1 ? "way" : "ways", 100 * claim->contradicted);
    }
}

static gsc_status print_claims(const gsc_comparison *c, const char *metric, double margin,
                               json_t *ret_json, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t a = 0; a < c->n_arms && status == GSC_OK; a++) {
        gsc_claim claim = {0};
        status = a == c->baseline ? GSC_OK : gsc_claim_read(c, a, metric, margin, &claim, error);
        if (a == c->baseline || status != GSC_OK) {
            continue;
        }
        json_t *rows = json_array();
        if (ret_json == NULL) {
            print_shares(&claim);
        }
        for (size_t i = 0; i < claim.count; i++) {
            const gsc_claim_row *row = &claim.rows[i];
            char rate[32] = "", layer[16] = "all";
            if (isfinite(row->rate)) {
                snprintf(rate, sizeof rate, "%.4g", row->rate);
            }
            if (row->layer >= 0) {
                snprintf(layer, sizeof layer, "%d", (int)row->layer);
            }
            if (ret_json == NULL) {
                printf("  %-24s layer %-4s rate %-8s %+.4g [%+.4g, %+.4g]  n %zu  %s\n",
                       row->definition, layer, rate[0] != '\0' ? rate : "best",
                       row->difference.mean, row->difference.low, row->difference.high,
                       row->difference.n, gsc_verdict_name(row->verdict));
            }
            json_array_append_new(
                rows, json_pack("{s:s, s:i, s:o, s:i, s:o, s:o, s:s}", "definition",
                                row->definition, "layer", (int)row->layer, "learning_rate",
                                gsc_json_number(row->rate), "pairs", (int)row->difference.n,
                                "difference", gsc_json_number(row->difference.mean), "interval",
                                interval_json(row->difference.low, row->difference.high), "verdict",
                                gsc_verdict_name(row->verdict)));
        }
        json_t *one =
            json_pack("{s:s, s:s, s:o, s:o, s:o}", "arm", claim.arm, "verdict",
                      gsc_verdict_name(claim.verdict), "stands", gsc_json_number(claim.stands),
                      "contradicted", gsc_json_number(claim.contradicted), "rows", rows);
        if (ret_json != NULL) {
            json_array_append(ret_json, one);
        }
        json_decref(one);
        gsc_claim_clear(&claim);
    }
    return status;
}

static gsc_status print_curves(const gsc_comparison *c, const char *series, json_t *ret_json,
                               gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t a = 0; a < c->n_arms && status == GSC_OK; a++) {
        gsc_compare_point *points = NULL;
        size_t n = 0;
        if (a == c->baseline) {
            continue;
        }
        status = gsc_compare_curve(c, a, series, -1, &points, &n, error);
        json_t *rows = json_array();
        if (ret_json == NULL && status == GSC_OK) {
            printf("\n%s - %s, %s\n%10s %12s %12s %12s %5s\n", c->arms[a].name,
                   c->arms[c->baseline].name, series, "step", "difference", "low", "high", "n");
        }
        for (size_t i = 0; i < n && status == GSC_OK; i++) {
            const gsc_paired *d = &points[i].difference;
            if (ret_json == NULL) {
                printf("%10.0f %+12.5f %+12.5f %+12.5f %5zu\n", points[i].x, d->mean, d->low,
                       d->high, d->n);
            }
            json_array_append_new(rows, json_pack("[o, o, o, o]", gsc_json_number(points[i].x),
                                                  gsc_json_number(d->mean), gsc_json_number(d->low),
                                                  gsc_json_number(d->high)));
        }
        json_t *one =
            json_pack("{s:s, s:s, s:o}", "arm", c->arms[a].name, "series", series, "points", rows);
        if (ret_json != NULL) {
            json_array_append(ret_json, one);
        }
        json_decref(one);
        free(points);
    }
    return status;
}

/* ---- The command ---- */

static double typical_sd(const gsc_comparison *c) {
    double sum = 0;
    size_t n = 0;
    for (size_t a = 0; a < c->n_arms; a++) {
        if (a != c->baseline && isfinite(c->arms[a].difference.sd)) {
            sum += c->arms[a].difference.sd * c->arms[a].difference.sd;
            n++;
        }
    }
    return n > 0 ? sqrt(sum / (double)n) : NAN;
}

static void print_head(const gsc_comparison *c) {
    if (c->hypothesis[0] != '\0') {
        printf("Hypothesis, set beforehand: %s.\n", c->hypothesis);
    }
    if (c->seeds > 0) {
        printf("%zu seeds, margin %.4g %s. ", c->seeds, c->margin, c->unit);
    }
    printf("%s: %s.\n", c->result, c->definition[0] != '\0' ? c->definition : "no run has it yet");
    for (size_t i = 0; i < c->n_warnings; i++) {
        printf("Note: %s.\n", c->warnings[i]);
    }
}

/* One comparison: at the shared value, or at the best ones. */
static gsc_status compare_once(const compare_words *words, bool best, bool *ret_tuned, json_t *all,
                               gsc_error *error) {
    gsc_compare_options options = words->options;
    gsc_comparison *c = NULL;
    json_t *claims = words->json && words->claim != NULL ? json_array() : NULL;
    json_t *curves = words->json && words->curve != NULL ? json_array() : NULL;
    options.best = best;
    gsc_status status = gsc_compare_open(words->paths, words->n_paths, &options, &c, error);
    if (status == GSC_OK && !words->json) {
        if (!best) {
            print_head(c);
        }
        print_comparison(c);
    }
    if (status == GSC_OK && words->claim != NULL && !best) {
        status = print_claims(c, words->claim, options.margin, claims, error);
    }
    if (status == GSC_OK && words->curve != NULL) {
        status = print_curves(c, words->curve, curves, error);
    }
    if (status == GSC_OK && words->json) {
        json_t *one = comparison_json(c);
        if (claims != NULL) {
            json_object_set(one, "claims", claims);
        }
        if (curves != NULL) {
            json_object_set(one, "curves", curves);
        }
        json_array_append_new(all, one);
    }
    if (status == GSC_OK && !best && words->effect > 0 && !words->json) {
        print_power(typical_sd(c), words->effect, c->margin, c->seeds > 0 ? c->seeds : 8, false);
    }
    if (status == GSC_OK) {
        *ret_tuned = c->tuned;
    }
    json_decref(claims);
    json_decref(curves);
    gsc_comparison_free(c);
    return status;
}

static int compare(const compare_words *words) {
    gsc_error error = {0};
    bool tuned = false;
    json_t *all = json_array();
    gsc_status status = compare_once(words, false, &tuned, all, &error);
    if (status == GSC_OK && tuned) {
        status = compare_once(words, true, &tuned, all, &error);
    }
    if (status == GSC_OK && words->json) {
        char *text = gsc_json_dump(all, JSON_INDENT(2));
        puts(text != NULL ? text : "[]");
        free(text);
    }
    json_decref(all);
    return status == GSC_OK ? 0 : complain(status, &error);
}

int gsc_cmd_compare(int argc, char **argv) {
    compare_words words = {0};
    words.paths = calloc(MOST_PATHS, sizeof *words.paths);
    if (words.paths == NULL) {
        fprintf(stderr, "gatescope compare: no memory\n");
        return 1;
    }
    int code = parse(argc, argv, &words);
    if (code == 0 && words.n_paths == 0) {
        code = print_power(words.sd, words.effect,
                           words.options.margin > 0 ? words.options.margin : 0.005,
                           words.options.seeds > 0 ? words.options.seeds : 8, words.json);
    } else if (code == 0) {
        code = compare(&words);
    }
    free(words.paths);
    return code;
}

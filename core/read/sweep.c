/* SPDX-License-Identifier: MIT
 *
 * Sweeps: which runs there are, and the spec of each. sweep_parse.c reads the plan.
 *
 * Layer: core/read.
 */
#include "core/read/sweep.h"

#include "core/read/json_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const stage_names[GSC_SWEEP_STAGES] = {"tune", "main", "best"};

const char *gsc_sweep_stage_name(gsc_sweep_stage stage) {
    return stage_names[stage];
}

void gsc_sweep_free(gsc_sweep *sweep) {
    if (sweep == NULL) {
        return;
    }
    for (size_t i = 0; i < sweep->n_arms; i++) {
        free(sweep->arms[i].name);
        free(sweep->arms[i].slug);
        json_decref(sweep->arms[i].set);
    }
    free(sweep->arms);
    free(sweep->title);
    free(sweep->summary);
    free(sweep->hypothesis);
    free(sweep->result);
    free(sweep->seeds);
    free(sweep->tune_key);
    free(sweep->tune_values);
    free(sweep->tune_seeds);
    json_decref(sweep->text);
    gsc_spec_free(sweep->base);
    free(sweep);
}

double gsc_sweep_shared_value(const gsc_sweep *sweep, size_t arm) {
    const json_t *set = json_object_get(sweep->arms[arm].set, sweep->tune_key);
    return json_number_value(set != NULL ? set : gsc_spec_json(sweep->base, sweep->tune_key));
}

/* ---- The runs of a stage ---- */

static void name_run(const gsc_sweep *sweep, gsc_sweep_run *run) {
    const char *slug = sweep->arms[run->arm].slug;
    char value[32] = "";
    if (run->stage != GSC_SWEEP_MAIN) {
        snprintf(value, sizeof value, "-%s-%.6g", gsc_sweep_stage_name(run->stage), run->value);
    }
    snprintf(run->name, sizeof run->name, "%.64s-s%llu%s", slug, (unsigned long long)run->seed,
             value);
}

static void add_run(const gsc_sweep *sweep, gsc_sweep_run *runs, size_t *n, gsc_sweep_run run) {
    name_run(sweep, &run);
    runs[(*n)++] = run;
}

static void add_seed(const gsc_sweep *sweep, gsc_sweep_stage stage, uint64_t seed,
                     const double *best, gsc_sweep_run *runs, size_t *n) {
    for (size_t a = 0; a < sweep->n_arms; a++) {
        if (stage == GSC_SWEEP_MAIN) {
            add_run(sweep, runs, n, (gsc_sweep_run){.stage = stage, .arm = a, .seed = seed});
        } else if (stage == GSC_SWEEP_BEST) {
            if (isfinite(best[a]) && best[a] != gsc_sweep_shared_value(sweep, a)) {
                add_run(sweep, runs, n,
                        (gsc_sweep_run){.stage = stage, .arm = a, .seed = seed, .value = best[a]});
            }
        } else {
            for (size_t v = 0; v < sweep->n_tune_values; v++) {
                add_run(
                    sweep, runs, n,
                    (gsc_sweep_run){
                        .stage = stage, .arm = a, .seed = seed, .value = sweep->tune_values[v]});
            }
        }
    }
}

gsc_status gsc_sweep_runs(const gsc_sweep *sweep, gsc_sweep_stage stage, const double *best,
                          gsc_sweep_run **ret_runs, size_t *ret_count, gsc_error *error) {
    const bool tune = stage == GSC_SWEEP_TUNE;
    const size_t n_seeds = tune ? sweep->n_tune_seeds : sweep->n_seeds;
    const size_t most = n_seeds * sweep->n_arms * (tune ? sweep->n_tune_values : 1);
    gsc_sweep_run *runs = calloc(most > 0 ? most : 1, sizeof *runs);
    if (runs == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the %zu runs of a sweep", most);
    }
    size_t n = 0;
    for (size_t s = 0; s < n_seeds; s++) {
        add_seed(sweep, stage, tune ? sweep->tune_seeds[s] : sweep->seeds[s], best, runs, &n);
    }
    *ret_runs = runs;
    *ret_count = n;
    return GSC_OK;
}

/* ---- The spec of a run ---- */

static gsc_status set_number(gsc_spec *spec, const char *key, double value, gsc_error *error) {
    const gsc_spec_key *known = gsc_spec_find_key(key);
    const bool whole =
        known != NULL && (known->type == GSC_SPEC_INT || known->type == GSC_SPEC_INT_LIST);
    json_t *number = whole ? json_integer((json_int_t)value) : json_real(value);
    gsc_status status = gsc_spec_set_json(spec, key, number, error);
    json_decref(number);
    return status;
}

static gsc_status set_text(gsc_spec *spec, const char *key, const char *value, gsc_error *error) {
    json_t *text = json_string(value);
    gsc_status status = gsc_spec_set_json(spec, key, text, error);
    json_decref(text);
    return status;
}

static gsc_status fill_spec(const gsc_sweep *sweep, const gsc_sweep_run *run, gsc_spec *spec,
                            gsc_error *error) {
    const gsc_sweep_arm *arm = &sweep->arms[run->arm];
    char title[300];
    const char *key;
    json_t *value;
    gsc_status status = GSC_OK;
    /* Plugins first: their parameters, set one by one, are of the plugin that the arm names. */
    for (int params = 0; params < 2; params++) {
        json_object_foreach(arm->set, key, value) {
            const bool is_param = gsc_spec_find_key(key) == NULL;
            if (status == GSC_OK && is_param == (params == 1)) {
                status = gsc_spec_set_json(spec, key, value, error);
            }
        }
    }
    if (status == GSC_OK) {
        status = set_number(spec, "seed", (double)run->seed, error);
    }
    if (status == GSC_OK && run->stage != GSC_SWEEP_MAIN) {
        status = set_number(spec, sweep->tune_key, run->value, error);
    }
    int used = snprintf(title, sizeof title, "%.200s, seed %llu", arm->name,
                        (unsigned long long)run->seed);
    if (run->stage != GSC_SWEEP_MAIN && used > 0 && (size_t)used < sizeof title) {
        const char *dot = strrchr(sweep->tune_key, '.');
        snprintf(title + used, sizeof title - (size_t)used, ", %.60s %.6g",
                 dot != NULL ? dot + 1 : sweep->tune_key, run->value);
    }
    if (status == GSC_OK) {
        status = set_text(spec, "title", title, error);
    }
    json_t *mark = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:i, s:i}", "hash", sweep->hash, "arm", arm->name,
        "stage", gsc_sweep_stage_name(run->stage), "hypothesis", sweep->hypothesis, "baseline",
        sweep->arms[sweep->baseline].name, "result", sweep->result, "margin", sweep->margin,
        "seeds", sweep->verdict ? (int)sweep->n_seeds : 0, "arms", (int)sweep->n_arms);
    if (status == GSC_OK) {
        status = gsc_spec_set_json(spec, "sweep", mark, error);
    }
    json_decref(mark);
    return status;
}

gsc_status gsc_sweep_spec(const gsc_sweep *sweep, const gsc_sweep_run *run, gsc_spec **ret_spec,
                          gsc_error *error) {
    gsc_spec *spec = gsc_spec_dup(sweep->base);
    if (spec == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the spec of %s", run->name);
    }
    gsc_status status = fill_spec(sweep, run, spec, error);
    if (status == GSC_OK) {
        status = gsc_spec_check(spec, NULL, error);
    }
    if (status != GSC_OK) {
        gsc_spec_free(spec);
        return gsc_fail_prefix(error, status, "arm %s", sweep->arms[run->arm].name);
    }
    *ret_spec = spec;
    return GSC_OK;
}

/* ---- A spec against the plan ---- */

/* A spec as JSON with every default written out; NULL where it is none. */
static json_t *written_out(const json_t *spec) {
    char *text = gsc_json_dump(spec, JSON_COMPACT);
    gsc_spec *parsed = NULL;
    const bool good = text != NULL && gsc_spec_parse(text, "spec", &parsed, NULL) == GSC_OK;
    char *whole = good ? gsc_spec_dump(parsed) : NULL;
    json_t *made = whole != NULL ? json_loads(whole, 0, NULL) : NULL;
    gsc_spec_free(parsed);
    free(whole);
    free(text);
    return made;
}

/* Says in which key of has two objects differ first. What has does not know is no difference: a plan that was
 * made before a member of "sweep" existed. */
static bool find_difference(const char *prefix, const json_t *has, const json_t *should,
                            gsc_error *error) {
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)has, name, value) {
        char key[200];
        const json_t *other = json_object_get(should, name);
        const bool aside = strcmp(name, "threads") == 0 || strcmp(name, "hash") == 0 ||
                           strcmp(name, "title") == 0 || strcmp(name, "summary") == 0;
        snprintf(key, sizeof key, "%s%s%.90s", prefix, prefix[0] != '\0' ? "." : "", name);
        if (aside || json_equal(value, other)) {
            continue;
        }
        if (json_is_object(value) && json_is_object(other)) {
            if (find_difference(key, value, other, error)) {
                return true;
            }
            continue;
        }
        char *is = gsc_json_dump(value, JSON_ENCODE_ANY | JSON_COMPACT);
        char *was = other != NULL ? gsc_json_dump(other, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
        gsc_fail(error, GSC_ERR_INPUT, "%s is %.80s here and %.80s in the plan", key,
                 is != NULL ? is : "?", was != NULL ? was : "absent");
        free(is);
        free(was);
        return true;
    }
    return false;
}

gsc_status gsc_sweep_check_spec(const gsc_sweep *sweep, const gsc_sweep_run *run,
                                const json_t *spec, gsc_error *error) {
    gsc_spec *wanted = NULL;
    gsc_status status = gsc_sweep_spec(sweep, run, &wanted, error);
    if (status != GSC_OK) {
        return status;
    }
    char *text = gsc_spec_dump(wanted);
    json_t *should = text != NULL ? json_loads(text, 0, NULL) : NULL, *has = written_out(spec);
    if (should == NULL) {
        status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for the spec of %s", run->name);
    } else if (has == NULL) {
        status = gsc_fail(error, GSC_ERR_INPUT, "the spec of %s is none", run->name);
    } else if (find_difference("", has, should, error)) {
        status = gsc_fail_prefix(error, GSC_ERR_INPUT, "%s", run->name);
    }
    json_decref(should);
    json_decref(has);
    gsc_spec_free(wanted);
    free(text);
    return status;
}

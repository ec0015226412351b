/* SPDX-License-Identifier: MIT
 *
 * What earlier runs tell of runs to come. See spread.h.
 */
#include "ui/spread.h"

#include "core/read/compare.h"

#include <math.h>
#include <string.h>

enum {
    MOST_SWEEPS = 4,
    MOST_RUNS = 48,
    LEAST_PAIRS = 3
};

/* ---- Sweeps -------------------------------------------------------------------------------------- */

static int newest_first(gconstpointer a, gconstpointer b) {
    return strcmp(*(char *const *)b, *(char *const *)a);
}

/* Folders of sweeps, each behind the time that its plan was written, newest first. */
static GPtrArray *list_sweeps(const char *folder) {
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, "sweep.json", NULL);
        g_autoptr(GFile) file = g_file_new_for_path(path);
        g_autoptr(GFileInfo) info =
            g_file_query_info(file, G_FILE_ATTRIBUTE_TIME_MODIFIED, 0, NULL, NULL);
        if (info != NULL) {
            g_ptr_array_add(found, g_strdup_printf("%020" G_GUINT64_FORMAT "%s",
                                                   g_file_info_get_attribute_uint64(
                                                       info, G_FILE_ATTRIBUTE_TIME_MODIFIED),
                                                   name));
        }
    }
    g_ptr_array_sort(found, newest_first);
    return found;
}

/* The pooled spread of an earlier sweep's differences; NAN where its pairs do not have the result. */
static double sd_of_sweep(const char *folder, const char *title, const char *result) {
    gsc_sweep *sweep = NULL;
    gsc_comparison *comparison = NULL;
    const gsc_compare_options options = {.result = result, .draws = 1};
    double sum = 0, freedom = 0;

    if (gsc_sweep_load(folder, &sweep, NULL) != GSC_OK) {
        return NAN;
    }
    const char *base = gsc_spec_string(sweep->base, "title");
    const bool same = base != NULL && strcmp(base, title) == 0;
    gsc_sweep_free(sweep);
    if (!same || gsc_compare_open(&folder, 1, &options, &comparison, NULL) != GSC_OK) {
        return NAN;
    }
    for (size_t a = 0; a < comparison->n_arms; a++) {
        const gsc_paired *difference = &comparison->arms[a].difference;
        if (a != comparison->baseline && difference->n >= LEAST_PAIRS && isfinite(difference->sd)) {
            sum += (double)(difference->n - 1) * difference->sd * difference->sd;
            freedom += (double)(difference->n - 1);
        }
    }
    gsc_comparison_free(comparison);
    return freedom > 0 && sum > 0 ? sqrt(sum / freedom) : NAN;
}

static void look_at_sweeps(gsc_spread *self, const char *folder, const char *title,
                           const char *result) {
    g_autoptr(GPtrArray) sweeps = list_sweeps(folder);

    for (guint i = 0; i < sweeps->len && i < MOST_SWEEPS && isnan(self->sd); i++) {
        const char *name = (const char *)sweeps->pdata[i] + 20;
        g_autofree char *path = g_build_filename(folder, name, NULL);
        self->sd = sd_of_sweep(path, title, result);
        if (isfinite(self->sd)) {
            g_free(self->from);
            self->from = g_strdup_printf("the sweep %s", name);
        }
    }
}

/* ---- Runs ---------------------------------------------------------------------------------------- */

/* Runs that differ in their seed alone. */
typedef struct seeds {
    double n, mean, squares; /* Welford */
} seeds;

static double value_of(gsc_run *run, const char *result) {
    for (size_t i = 0; i < gsc_run_results_count(run); i++) {
        const gsc_result *one = gsc_run_result(run, i);
        if (strcmp(one->name, result) == 0 && one->arm[0] == '\0') {
            return one->value;
        }
    }
    return NAN;
}

static double list_sum(const json_t *value, bool count) {
    double sum = 0;

    if (!json_is_array(value)) {
        return count ? 1 : json_number_value(value);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        sum += count ? 1 : json_number_value(json_array_get(value, i));
    }
    return MAX(sum, 1);
}

/* Samples that a run of the theory lab fits, all arms together. */
static double count_samples(const gsc_spec *spec) {
    return list_sum(gsc_spec_json(spec, "theory.sizes"), false) *
           (double)gsc_spec_int(spec, "theory.replicates") *
           list_sum(gsc_spec_json(spec, "theory.k_shared"), true) *
           list_sum(gsc_spec_json(spec, "theory.k_routed"), true);
}

static char *key_without_seed(const char *text) {
    json_t *spec = json_loads(text, 0, NULL);

    json_object_del(spec, "seed");
    char *dump = json_dumps(spec, JSON_SORT_KEYS | JSON_COMPACT), *copy = g_strdup(dump);
    free(dump);
    json_decref(spec);
    return copy;
}

static void look_at_run(gsc_spread *self, gsc_run *run, const gsc_spec *spec, const char *result,
                        GHashTable *groups) {
    const gsc_run_info *info = gsc_run_get_info(run);
    const double value = value_of(run, result);
    gsc_spec *its = NULL;

    if (info->status != GSC_RUN_DONE) {
        return;
    }
    if (isnan(self->run_s) && info->ended_s > info->started_s &&
        g_strcmp0(gsc_spec_string(spec, "lab"), "lm") != 0 &&
        gsc_spec_parse(info->spec, info->name, &its, NULL) == GSC_OK) {
        self->run_s = (info->ended_s - info->started_s) * count_samples(spec) / count_samples(its);
        gsc_spec_free(its);
    }
    char *key = key_without_seed(info->spec);
    seeds *group = g_hash_table_lookup(groups, key);
    if (group == NULL) {
        group = g_new0(seeds, 1);
        g_hash_table_insert(groups, key, group);
    } else {
        g_free(key);
    }
    if (isfinite(value)) {
        const double before = value - group->mean;
        group->n++;
        group->mean += before / group->n;
        group->squares += before * (value - group->mean);
    }
}

static void look_at_runs(gsc_spread *self, GscRunStore *runs, const char *experiment,
                         const gsc_spec *spec, const char *result) {
    GListModel *model = gsc_run_store_get_model(runs);
    g_autoptr(GHashTable) groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    GHashTableIter each;
    gpointer group;
    double sum = 0, freedom = 0;
    int looked = 0;

    for (guint i = 0; i < g_list_model_get_n_items(model) && looked < MOST_RUNS; i++) {
        g_autoptr(GscRunItem) item = g_list_model_get_item(model, i);
        gsc_run *run = NULL;
        if (strcmp(gsc_run_item_get_experiment(item), experiment) == 0 &&
            gsc_run_open(gsc_run_item_get_path(item), &run, NULL) == GSC_OK) {
            look_at_run(self, run, spec, result, groups);
            gsc_run_close(run);
            looked++;
        }
    }
    g_hash_table_iter_init(&each, groups);
    while (g_hash_table_iter_next(&each, NULL, &group)) {
        const seeds *one = group;
        sum += one->n > 1 ? one->squares : 0;
        freedom += one->n > 1 ? one->n - 1 : 0;
    }
    if (isnan(self->sd) && freedom >= LEAST_PAIRS - 1 && sum > 0) {
        self->sd = sqrt(2 * sum / freedom);
        g_free(self->from);
        self->from = g_strdup("earlier runs that differ in their seed");
    }
}

/* ---- Both ---------------------------------------------------------------------------------------- */

void gsc_spread_read(gsc_spread *self, GscRunStore *runs, GscExperiment *experiment,
                     const gsc_spec *spec, const char *result) {
    const char *folder = gsc_run_store_get_folder(runs, NULL);
    const char *title = gsc_spec_string(gsc_experiment_get_spec(experiment), "title");

    *self = (gsc_spread){.sd = NAN, .from = g_strdup(""), .run_s = NAN};
    if (folder != NULL && title != NULL) {
        look_at_sweeps(self, folder, title, result);
    }
    look_at_runs(self, runs, gsc_experiment_get_name(experiment), spec, result);
}

void gsc_spread_clear(gsc_spread *self) {
    g_free(self->from);
    *self = (gsc_spread){.sd = NAN, .run_s = NAN};
}

/* SPDX-License-Identifier: MIT
 *
 * Reads the spec, checks it, runs the fits over the pool.
 */
#include "core/theory/lab_internal.h"

#include "core/theory/data_run.h"
#include "core/theory/fingerprint.h"
#include "core/theory/fit_check.h"
#include "core/theory/mass_floor.h"
#include "core/theory/mixture_read.h"
#include "core/theory/suite.h"
#include "core/theory/top_k.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int compare_numbers(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A list of the spec as whole numbers, ascending, each once; the caller frees. */
static gsc_status read_list(const gsc_spec *spec, const char *key, size_t **ret_values,
                            size_t *ret_count, gsc_error *error) {
    double *values;
    size_t n, kept = 0;
    const gsc_status status = gsc_spec_list(spec, key, &values, &n, error);
    if (status != GSC_OK) {
        return status;
    }
    size_t *list = malloc((n + 1) * sizeof *list);
    if (list == NULL || n == 0) {
        free(values);
        free(list);
        return n == 0 ? gsc_fail(error, GSC_ERR_INPUT, "%s is empty; give at least one number", key)
                      : gsc_fail(error, GSC_ERR_MEMORY, "no memory for %s", key);
    }
    qsort(values, n, sizeof *values, compare_numbers);
    for (size_t i = 0; i < n; i++) {
        const size_t value = (size_t)values[i];
        if (kept == 0 || list[kept - 1] != value) {
            list[kept++] = value;
        }
    }
    free(values);
    *ret_values = list;
    *ret_count = kept;
    return GSC_OK;
}

/* "ENTRY k_shared=2 k_routed=3": the entry's name, then the numbers that vary within it. */
static void name_arm(lab_arm *arm, bool vary_shared, bool vary_routed) {
    char numbers[64] = "";
    if (vary_shared && vary_routed) {
        snprintf(numbers, sizeof numbers, "k_shared=%zu k_routed=%zu", arm->k_shared,
                 arm->k_routed);
    } else if (vary_shared) {
        snprintf(numbers, sizeof numbers, "k_shared=%zu", arm->k_shared);
    } else if (vary_routed) {
        snprintf(numbers, sizeof numbers, "k_routed=%zu", arm->k_routed);
    }
    const char *name = arm->plan->name;
    snprintf(arm->name, sizeof arm->name, "%.40s%s%.22s", name,
             name[0] != '\0' && numbers[0] != '\0' ? " " : "", numbers);
}

/* theory.initial of an arm whose fits start there. */
static gsc_status read_initial(lab_arm *arm, gsc_error *error) {
    const lab_plan *plan = arm->plan;
    if (plan->truth->classes > 0 && plan->fit.start != GSC_START_NEAR_TRUTH) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "theory.start is %s, but fits of a categorical response start near_truth",
                        gsc_start_mode_name(plan->fit.start));
    }
    if (plan->fit.start != GSC_START_GIVEN) {
        return GSC_OK;
    }
    arm->initial = calloc(arm->layout.size, sizeof *arm->initial);
    return arm->initial != NULL
               ? gsc_mixture_read_initial(&arm->shape, gsc_spec_json(plan->spec, "theory.initial"),
                                          false, arm->initial, error)
               : gsc_fail(error, GSC_ERR_MEMORY, "no memory for theory.initial");
}

/* The arms of one entry: its theory.k_shared times its theory.k_routed. */
static gsc_status read_arms(lab *self, const lab_plan *plan, gsc_error *error) {
    size_t *shared = NULL, *routed = NULL, n_shared = 0, n_routed = 0;
    gsc_status status = read_list(plan->spec, "theory.k_shared", &shared, &n_shared, error);
    if (status == GSC_OK) {
        status = read_list(plan->spec, "theory.k_routed", &routed, &n_routed, error);
    }
    if (status == GSC_OK && self->n_arms + n_shared * n_routed > LAB_MAX_ARMS) {
        status = gsc_fail(error, GSC_ERR_INPUT,
                          "theory.arms x theory.k_shared x theory.k_routed make %zu arms or more; "
                          "at most %d are drawn together",
                          self->n_arms + n_shared * n_routed, LAB_MAX_ARMS);
    }
    for (size_t i = 0; i < n_shared * n_routed && status == GSC_OK; i++) {
        lab_arm *arm = &self->arms[self->n_arms++];
        arm->plan = plan;
        arm->k_shared = shared[i / n_routed];
        arm->k_routed = routed[i % n_routed];
        status = gsc_fit_check(plan->truth, arm->k_shared, arm->k_routed, error);
        if (status == GSC_OK) {
            name_arm(arm, n_shared > 1, n_routed > 1);
            gsc_truth_fit_shape(plan->truth, arm->k_shared, arm->k_routed, &arm->gate, &arm->shape);
            status = gsc_mass_floor_check(&arm->shape, error);
        }
        if (status == GSC_OK) {
            arm->layout = gsc_mixture_get_layout(&arm->shape);
            arm->reference = plan->truth;
            status = read_initial(arm, error);
        }
    }
    free(shared);
    free(routed);
    return status;
}

static gsc_status check_sizes(const lab *self, gsc_error *error) {
    size_t most = 0;
    const lab_arm *largest = &self->arms[0];
    for (size_t a = 0; a < self->n_arms; a++) {
        const size_t parameters = gsc_shape_free_parameters(&self->arms[a].shape);
        if (parameters > most) {
            most = parameters;
            largest = &self->arms[a];
        }
    }
    if (self->sizes[0] < most) {
        return gsc_fail(
            error, GSC_ERR_INPUT,
            "theory.sizes has %zu, below the %zu free parameters of %zu shared and %zu routed "
            "experts; give at least %zu observations",
            self->sizes[0], most, largest->k_shared, largest->k_routed, most);
    }
    return GSC_OK;
}

static gsc_status allocate(lab *self, gsc_error *error) {
    const size_t cells = self->n_arms * self->n_sizes;
    const size_t values = cells * LAB_MAX_SERIES * self->replicates;
    const size_t most = self->sizes[self->n_sizes - 1];
    size_t d = 1;
    for (size_t p = 0; p < self->n_plans; p++) {
        const size_t inputs = self->plans[p].truth->shape.inputs;
        d = inputs > d ? inputs : d;
    }
    self->threads = gsc_pool_threads(self->pool);
    self->values = malloc(values * sizeof *self->values);
    self->hits = malloc(cells * self->replicates * sizeof *self->hits);
    self->done = calloc(cells, sizeof *self->done);
    self->alarms = calloc(cells, sizeof *self->alarms);
    self->workers = calloc(self->threads, sizeof *self->workers);
    bool good = self->values != NULL && self->hits != NULL && self->done != NULL &&
                self->alarms != NULL && self->workers != NULL;
    for (size_t w = 0; w < self->threads && good; w++) {
        self->workers[w].x = malloc(most * d * sizeof(double));
        self->workers[w].y = malloc(most * sizeof(double));
        good = self->workers[w].x != NULL && self->workers[w].y != NULL;
    }
    if (!good) {
        return gsc_fail(error, GSC_ERR_MEMORY,
                        "no memory for %zu threads with samples of %zu observations", self->threads,
                        most);
    }
    for (size_t i = 0; i < values; i++) {
        self->values[i] = NAN;
    }
    for (size_t i = 0; i < cells * self->replicates; i++) {
        self->hits[i] = NAN;
    }
    return GSC_OK;
}

/* A plan without a loss: errors by block with the exponents of D1, of which the variances' are
 * drawn where the loss would be. */
static gsc_status leave_out_loss(lab *self, lab_plan *plan, gsc_error *error) {
    const gsc_truth *truth = plan->truth;
    if (gsc_spec_int(plan->spec, "theory.trace") > 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "theory.trace keeps losses by iteration, but this arm has no loss; set "
                        "theory.trace to 0");
    }
    plan->no_loss = true;
    plan->loss = GSC_LOSS_D1;
    if (strcmp(plan->measure, "loss") == 0) {
        plan->measure = truth->shape.k_routed > 0 ? "nu" : "tau";
    }
    if (strcmp(plan->loss_name, "none") == 0) {
        return GSC_OK;
    }
    char message[256];
    snprintf(message, sizeof message,
             "theory.loss %s compares masses a(beta0), which %s does not have; errors by block, "
             "whose masses are mean gate probabilities, are measured instead",
             plan->loss_name, truth->gate.general ? truth->gate.name : truth->fit_gate.name);
    return self->sink->event(self->sink, GSC_EVENT_INFO, "theory", message, error);
}

/* One entry of theory.arms, or the spec itself: its truth, its loss, its arms. */
static gsc_status set_up_plan(lab *self, const gsc_spec_arm *entry, gsc_error *error) {
    lab_plan *plan = &self->plans[self->n_plans++];
    *plan = (lab_plan){.spec = entry->spec, .name = entry->name};
    plan->loss_name = gsc_spec_string(entry->spec, "theory.loss");
    plan->measure = gsc_spec_string(entry->spec, "theory.measure");
    gsc_status status = GSC_OK;
    if (strcmp(plan->loss_name, "none") != 0) {
        status = gsc_loss_parse(plan->loss_name, &plan->loss, error);
    }
    if (status == GSC_OK) {
        status = gsc_truth_new(entry->spec, &plan->truth, error);
    }
    if (status == GSC_OK && plan->truth->mean_masses) {
        status = leave_out_loss(self, plan, error);
    }
    if (status == GSC_OK) {
        plan->trace = (size_t)gsc_spec_int(plan->spec, "theory.trace");
        plan->crossed = plan->truth->fit_gate.loaded != plan->truth->gate.loaded;
        plan->theorem = gsc_loss_theorem_applies(plan->loss, plan->truth);
        plan->fit = gsc_fit_options_read(plan->spec, &self->stop);
        status = read_arms(self, plan, error);
    }
    if (status == GSC_OK && (plan->truth->shape.inputs == 1 || plan->truth->classes == 0)) {
        status = gsc_kl_new(plan->truth, &plan->kl, error);
    }
    return status != GSC_OK && entry->name[0] != '\0'
               ? gsc_fail_prefix(error, status, "arm %s", entry->name)
               : status;
}

/* A fit that activates too few experts does not converge in density (paper, proposition 6); it runs
 * all the same. */
static gsc_status warn_top_k(lab *self, const lab_arm *arm, gsc_error *error) {
    const gsc_mixture_shape *truth = &arm->plan->truth->shape;
    if (truth->top_k == 0 || arm->shape.top_k == 0) {
        return GSC_OK;
    }
    const size_t needed = gsc_top_k_needed(truth->top_k, truth->k_routed, arm->k_routed);
    char message[256];
    if (arm->shape.top_k >= needed) {
        return GSC_OK;
    }
    snprintf(message, sizeof message,
             "%s%stheory.top_k is %zu; a fit of %zu experts to %zu of which %zu answer needs %zu "
             "to converge to the truth's density",
             arm->name, arm->name[0] != '\0' ? ": " : "", arm->shape.top_k, arm->k_routed,
             truth->k_routed, truth->top_k, needed);
    return self->sink->event(self->sink, GSC_EVENT_WARNING, "theory", message, error);
}

static gsc_status set_up(lab *self, gsc_error *error) {
    size_t n_entries = 0;
    gsc_status status = gsc_arms_new(self->spec, &self->entries, &n_entries, error);
    self->n_entries = status == GSC_OK ? n_entries : 0;
    for (size_t i = 0; i < self->n_entries && status == GSC_OK; i++) {
        status = set_up_plan(self, &self->entries[i], error);
    }
    if (status == GSC_OK) {
        status = read_list(self->spec, "theory.sizes", &self->sizes, &self->n_sizes, error);
    }
    if (status == GSC_OK) {
        status = check_sizes(self, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    self->replicates = (size_t)gsc_spec_int(self->spec, "theory.replicates");
    status = allocate(self, error);
    bool no_kl = false;
    for (size_t p = 0; p < self->n_plans; p++) {
        no_kl |= self->plans[p].kl == NULL;
    }
    if (status == GSC_OK && no_kl) {
        status = self->sink->event(self->sink, GSC_EVENT_INFO, "theory",
                                   "n x KL is left out: its quadrature is for one input", error);
    }
    for (size_t a = 0; a < self->n_arms && status == GSC_OK; a++) {
        status = warn_top_k(self, &self->arms[a], error);
        if (status == GSC_OK) {
            status = lab_find_reference(self, &self->arms[a], error);
        }
        if (status == GSC_OK) {
            status = lab_declare_series(self, &self->arms[a], error);
        }
    }
    if (status == GSC_OK) {
        status = lab_declare_traces(self, error);
    }
    return status;
}

/* Tasks in ascending size, arms innermost: the figure grows from left to right. */
static void locate(const lab *self, size_t task, size_t *ret_arm, size_t *ret_size,
                   size_t *ret_replicate) {
    *ret_arm = task % self->n_arms;
    *ret_replicate = task / self->n_arms % self->replicates;
    *ret_size = task / self->n_arms / self->replicates;
}

static void fail(lab *self, gsc_status status, const gsc_error *error) {
    pthread_mutex_lock(&self->lock);
    if (self->status == GSC_OK) {
        self->status = status;
        self->error = *error;
    }
    pthread_mutex_unlock(&self->lock);
    atomic_store(&self->stop, true);
}

/* What a fit is expected to cost, for the time left. A polished fit is linear in n. One that stops
 * where the gain per observation is small needs the fewer iterations the larger n: theorem2 took
 * 223 at n = 658, 42 at 15199 and 4 at 1e5, which this follows within a factor of two. */
static double work_of(const lab *self, size_t arm, size_t size) {
    const double n = (double)self->sizes[size];
    const double atoms = (double)(self->arms[arm].k_shared + self->arms[arm].k_routed);
    return atoms * (self->arms[arm].plan->fit.polish ? n : n / (1 + n / 3000));
}

/* Counts a finished fit; tells progress, and the alarms of its arm and size when it was their last.
 */
static gsc_status count_fit(lab *self, size_t arm, size_t size, const bool *alarms,
                            gsc_error *error) {
    char text[96];
    const size_t cell = arm * self->n_sizes + size;
    pthread_mutex_lock(&self->lock);
    for (size_t i = 0; i < LAB_ALARMS; i++) {
        self->alarms[cell][i] += alarms[i];
    }
    self->done[cell]++;
    self->work_done += work_of(self, arm, size);
    size_t done = 0;
    for (size_t a = 0; a < self->n_arms; a++) {
        done += self->done[a * self->n_sizes + size];
    }
    const bool last = self->done[cell] == self->replicates;
    snprintf(text, sizeof text, "n = %zu: %zu of %zu fits", self->sizes[size], done,
             self->n_arms * self->replicates);
    const double fraction = 0.99 * self->work_done / self->work_total;
    gsc_status status = self->sink->progress(self->sink, fraction, text, error);
    pthread_mutex_unlock(&self->lock);
    if (status == GSC_OK && last) {
        status = lab_tell_alarms(self, arm, size, error);
    }
    return status;
}

static void run_task(void *data, size_t task, size_t worker) {
    lab *self = data;
    if (atomic_load_explicit(&self->stop, memory_order_relaxed)) {
        return;
    }
    size_t arm, size, replicate;
    bool alarms[LAB_ALARMS] = {false};
    gsc_error error = {0};
    locate(self, task, &arm, &size, &replicate);
    gsc_status status = lab_run_fit(self, arm, size, replicate, worker, alarms, &error);
    if (status != GSC_OK && status != GSC_ERR_STOPPED) {
        gsc_fail_prefix(&error, status, "n = %zu, replicate %zu", self->sizes[size], replicate);
    }
    if (status == GSC_OK) {
        status = count_fit(self, arm, size, alarms, &error);
    }
    if (status != GSC_OK) {
        fail(self, status, &error);
    }
}

static void tear_down(lab *self) {
    for (size_t w = 0; w < self->threads && self->workers != NULL; w++) {
        for (size_t a = 0; a < self->n_arms; a++) {
            gsc_fitter_free(self->workers[w].fitter[a]);
        }
        free(self->workers[w].x);
        free(self->workers[w].y);
    }
    free(self->workers);
    free(self->values);
    free(self->hits);
    free(self->trace);
    free(self->by_noise);
    free(self->done);
    free(self->alarms);
    free(self->sizes);
    for (size_t a = 0; a < self->n_arms; a++) {
        lab_clear_reference(&self->arms[a]);
        free(self->arms[a].initial);
    }
    for (size_t p = 0; p < self->n_plans; p++) {
        gsc_kl_free(self->plans[p].kl);
        gsc_truth_free(self->plans[p].truth);
    }
    gsc_arms_free(self->entries, self->n_entries);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static gsc_status run_fits(lab *self, gsc_error *error) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    self->started_s = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    for (size_t a = 0; a < self->n_arms; a++) {
        for (size_t size = 0; size < self->n_sizes; size++) {
            self->work_total += (double)self->replicates * work_of(self, a, size);
        }
    }
    gsc_pool_run(self->pool, self->n_arms * self->replicates * self->n_sizes, run_task, self);
    if (self->status != GSC_OK) {
        return gsc_fail(error, self->status, "%s", self->error.message);
    }
    gsc_status status = self->sink->progress(self->sink, 0.99, "slopes", error);
    if (status == GSC_OK) {
        status = lab_tell_results(self, error);
    }
    if (status == GSC_OK) {
        status = self->sink->progress(self->sink, 1, "done", error);
    }
    return status;
}

gsc_status gsc_theory_run(const gsc_spec *spec, gsc_pool *pool, gsc_sink *sink, gsc_error *error) {
    if (gsc_suite_has(spec)) {
        return gsc_suite_run(spec, pool, sink, error);
    }
    const char *data = gsc_spec_string(spec, "theory.data");
    if (data != NULL && data[0] != '\0') {
        return gsc_data_run(spec, pool, sink, error);
    }
    if (strcmp(gsc_spec_string(spec, "theory.study"), "fingerprint") == 0) {
        if (gsc_spec_int(spec, "theory.top_k") > 0 ||
            json_object_get(gsc_spec_json(spec, "theory.truth"), "top_k") != NULL) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "theory.study is fingerprint, which is for dense gates; leave "
                            "theory.top_k and theory.truth.top_k out");
        }
        return gsc_fingerprint_run(spec, pool, sink, error);
    }
    lab *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the theory lab");
    }
    self->spec = spec;
    self->pool = pool;
    self->sink = sink;
    pthread_mutex_init(&self->lock, NULL);
    gsc_status status = set_up(self, error);
    if (status == GSC_OK) {
        status = run_fits(self, error);
    }
    tear_down(self);
    return status;
}

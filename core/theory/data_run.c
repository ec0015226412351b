/* SPDX-License-Identifier: MIT
 *
 * Reads file and spec, checks them, runs one fit for each arm over the pool.
 */
#include "core/theory/data_internal.h"

#include "core/theory/arms.h"
#include "core/theory/fit_check.h"
#include "core/theory/mixture_read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- Set-up ---------------------------------------------------------------------------------- */

static double variance_of(const double *y, size_t n) {
    double mean = 0, total = 0;
    for (size_t t = 0; t < n; t++) {
        mean += y[t] / (double)n;
    }
    for (size_t t = 0; t < n; t++) {
        total += (y[t] - mean) * (y[t] - mean) / (double)n;
    }
    return total;
}

/* A list of the spec as whole numbers, in its order; the caller frees. */
static gsc_status read_list(const gsc_spec *spec, const char *key, size_t **ret_values,
                            size_t *ret_count, gsc_error *error) {
    double *values;
    gsc_status status = gsc_spec_list(spec, key, &values, ret_count, error);
    if (status != GSC_OK) {
        return status;
    }
    *ret_values = malloc((*ret_count + 1) * sizeof **ret_values);
    if (*ret_values == NULL) {
        status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for %s", key);
    }
    for (size_t i = 0; i < *ret_count && status == GSC_OK; i++) {
        (*ret_values)[i] = (size_t)values[i];
    }
    free(values);
    return status;
}

/* The families of an arm: those of the truth where its fits start near it, else those of the spec alone. */
static gsc_status read_truth(const data_study *self, const gsc_spec *spec, data_arm *arm,
                             gsc_error *error) {
    const bool known = gsc_spec_json(spec, "theory.truth") != NULL;
    if (arm->options.start == GSC_START_NEAR_TRUTH && known) {
        gsc_status status = gsc_truth_new(spec, &arm->truth, error);
        if (status == GSC_OK && arm->truth->shape.inputs != self->data.inputs) {
            status = gsc_fail(error, GSC_ERR_INPUT,
                              "theory.data has %zu input columns, but theory.truth has %zu inputs; "
                              "start from kmeans, random or given",
                              self->data.inputs, arm->truth->shape.inputs);
        }
        return status == GSC_OK ? gsc_fit_check(arm->truth, arm->k_shared, arm->k_routed, error)
                                : status;
    }
    if (arm->options.start == GSC_START_NEAR_TRUTH) {
        arm->options.start = GSC_START_KMEANS;
    }
    return gsc_truth_new_families(spec, self->data.inputs, arm->k_shared > 0, arm->k_routed > 0,
                                  1e-4 * variance_of(self->data.y, self->data.n), &arm->truth,
                                  error);
}

static gsc_status check_arm(const data_study *self, const data_arm *arm, gsc_error *error) {
    const size_t parameters = gsc_shape_free_parameters(&arm->shape);
    if (self->data.n < parameters) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "theory.data has %zu rows, below the %zu free parameters of %zu shared and "
                        "%zu routed experts; give more rows or fewer experts",
                        self->data.n, parameters, arm->k_shared, arm->k_routed);
    }
    return GSC_OK;
}

static gsc_status set_up_arm(data_study *self, const gsc_spec *spec, data_arm *arm,
                             gsc_error *error) {
    if (strcmp(gsc_spec_string(spec, "theory.response"), "gaussian") != 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "theory.data is fitted with a gaussian response; theory.response is %s",
                        gsc_spec_string(spec, "theory.response"));
    }
    if (arm->k_shared + arm->k_routed == 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "theory.k_shared and theory.k_routed are both 0; fit at least one expert");
    }
    arm->options = gsc_fit_options_read(spec, &self->stop);
    gsc_status status = read_truth(self, spec, arm, error);
    if (status != GSC_OK) {
        return status;
    }
    gsc_truth_fit_shape(arm->truth, arm->k_shared, arm->k_routed, &arm->gate, &arm->shape);
    arm->layout = gsc_mixture_get_layout(&arm->shape);
    arm->mixture = calloc(2 * arm->layout.size, sizeof *arm->mixture);
    if (arm->mixture == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a fit");
    }
    status = check_arm(self, arm, error);
    if (status == GSC_OK && arm->options.start == GSC_START_GIVEN) {
        arm->initial = arm->mixture + arm->layout.size;
        arm->options.initial = arm->initial;
        status = gsc_mixture_read_initial(&arm->shape, gsc_spec_json(spec, "theory.initial"), false,
                                          arm->initial, error);
    }
    return status;
}

static void name_arm(data_arm *arm, const char *entry, bool vary_shared, bool vary_routed) {
    char numbers[64] = "";
    if (vary_shared && vary_routed) {
        snprintf(numbers, sizeof numbers, "k_shared=%zu k_routed=%zu", arm->k_shared,
                 arm->k_routed);
    } else if (vary_shared) {
        snprintf(numbers, sizeof numbers, "k_shared=%zu", arm->k_shared);
    } else if (vary_routed) {
        snprintf(numbers, sizeof numbers, "k_routed=%zu", arm->k_routed);
    }
    snprintf(arm->name, sizeof arm->name, "%.40s%s%.40s", entry,
             entry[0] != '\0' && numbers[0] != '\0' ? " " : "", numbers);
}

/* The arms of one entry of theory.arms. */
static gsc_status set_up_entry(data_study *self, const gsc_spec_arm *entry, gsc_error *error) {
    size_t *shared = NULL, *routed = NULL, n_shared = 0, n_routed = 0;
    gsc_status status = read_list(entry->spec, "theory.k_shared", &shared, &n_shared, error);
    if (status == GSC_OK) {
        status = read_list(entry->spec, "theory.k_routed", &routed, &n_routed, error);
    }
    if (status == GSC_OK && self->n_arms + n_shared * n_routed > DATA_MAX_ARMS) {
        status = gsc_fail(error, GSC_ERR_INPUT,
                          "theory.arms x theory.k_shared x theory.k_routed make %zu arms or more; "
                          "at most %d are fitted together",
                          self->n_arms + n_shared * n_routed, DATA_MAX_ARMS);
    }
    for (size_t i = 0; i < n_shared * n_routed && status == GSC_OK; i++) {
        data_arm *arm = &self->arms[self->n_arms++];
        arm->k_shared = shared[i / n_routed];
        arm->k_routed = routed[i % n_routed];
        name_arm(arm, entry->name, n_shared > 1, n_routed > 1);
        status = set_up_arm(self, entry->spec, arm, error);
    }
    free(shared);
    free(routed);
    return status != GSC_OK && entry->name[0] != '\0'
               ? gsc_fail_prefix(error, status, "arm %s", entry->name)
               : status;
}

static gsc_status set_up(data_study *self, gsc_error *error) {
    gsc_spec_arm *entries = NULL;
    size_t n_entries = 0;
    gsc_status status =
        gsc_csv_data_read(gsc_spec_string(self->spec, "theory.data"), &self->data, error);
    if (status == GSC_OK && !(variance_of(self->data.y, self->data.n) > 0)) {
        status = gsc_fail(error, GSC_ERR_INPUT,
                          "theory.data: y (column %s) is %g in every row; there is nothing to fit",
                          self->data.names[self->data.inputs], self->data.y[0]);
    }
    if (status == GSC_OK) {
        status = gsc_arms_new(self->spec, &entries, &n_entries, error);
    }
    self->arms = calloc(DATA_MAX_ARMS, sizeof *self->arms);
    if (status == GSC_OK && self->arms == NULL) {
        status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for the arms");
    }
    for (size_t i = 0; i < n_entries && status == GSC_OK; i++) {
        status = set_up_entry(self, &entries[i], error);
    }
    gsc_arms_free(entries, n_entries);
    return status;
}

/* ---- Fits ------------------------------------------------------------------------------------ */

/* Iteration 0 begins a start; the one before it is kept where it ended higher. */
static void keep_best(data_trace *trace) {
    if (trace->n_now > 0 &&
        (trace->n_best == 0 || trace->now[trace->n_now - 1] > trace->best[trace->n_best - 1])) {
        double *kept = trace->best;
        trace->best = trace->now;
        trace->n_best = trace->n_now;
        trace->now = kept;
    }
    trace->n_now = 0;
}

static void note_iteration(void *data, size_t iteration, double log_likelihood) {
    data_trace *trace = data;
    if (iteration == 0) {
        keep_best(trace);
    }
    if (trace->n_now < trace->capacity) {
        trace->now[trace->n_now++] = log_likelihood;
    }
}

static gsc_status fit_arm(data_study *self, data_arm *arm, gsc_error *error) {
    const gsc_sample sample = {self->data.n, self->data.inputs, self->data.x, self->data.y};
    gsc_fitter *fitter = NULL;
    arm->trace.capacity = arm->options.em.max_iterations + 1;
    arm->trace.now = malloc(arm->trace.capacity * sizeof(double));
    arm->trace.best = malloc(arm->trace.capacity * sizeof(double));
    if (arm->trace.now == NULL || arm->trace.best == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu iterations", arm->trace.capacity);
    }
    arm->options.em.trace = note_iteration;
    arm->options.em.trace_data = &arm->trace;
    gsc_status status = gsc_fitter_new(arm->truth, &arm->shape, sample.n, &fitter, error);
    if (status == GSC_OK) {
        status =
            gsc_fitter_run(fitter, &sample, 0, &arm->options, arm->mixture, NULL, &arm->fit, error);
    }
    gsc_fitter_free(fitter);
    keep_best(&arm->trace);
    return status;
}

static void run_task(void *data, size_t task, size_t worker) {
    data_study *self = data;
    data_arm *arm = &self->arms[task];
    gsc_error error = {0};
    (void)worker;
    if (atomic_load(&self->stop)) {
        return;
    }
    gsc_status status = fit_arm(self, arm, &error);
    if (status != GSC_OK && status != GSC_ERR_STOPPED && arm->name[0] != '\0') {
        gsc_fail_prefix(&error, status, "arm %s", arm->name);
    }
    if (status == GSC_OK) {
        status = data_tell_fit(self, arm, &error);
    }
    pthread_mutex_lock(&self->lock);
    if (status == GSC_OK) {
        char text[128];
        self->n_done++;
        snprintf(text, sizeof text, "%zu of %zu fits", self->n_done, self->n_arms);
        status = self->sink->progress(
            self->sink, 0.99 * (double)self->n_done / (double)self->n_arms, text, &error);
    }
    if (status != GSC_OK && self->status == GSC_OK) {
        self->status = status;
        self->error = error;
        atomic_store(&self->stop, true);
    }
    pthread_mutex_unlock(&self->lock);
}

static gsc_status run_fits(data_study *self, gsc_pool *pool, gsc_error *error) {
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    gsc_pool_run(pool, self->n_arms, run_task, self);
    if (self->status != GSC_OK) {
        return gsc_fail(error, self->status, "%s", self->error.message);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    const gsc_result wall = {.name = "wall_time",
                             .arm = "",
                             .unit = "s",
                             .definition = "time from the first fit to the last",
                             .value = (double)(end.tv_sec - start.tv_sec) +
                                      1e-9 * (double)(end.tv_nsec - start.tv_nsec),
                             .low = NAN,
                             .high = NAN};
    const gsc_status status = self->sink->result(self->sink, &wall, error);
    return status == GSC_OK ? self->sink->progress(self->sink, 1, "done", error) : status;
}

static void tear_down(data_study *self) {
    for (size_t a = 0; a < self->n_arms; a++) {
        gsc_truth_free(self->arms[a].truth);
        free(self->arms[a].mixture);
        free(self->arms[a].trace.now);
        free(self->arms[a].trace.best);
    }
    free(self->arms);
    gsc_csv_data_clear(&self->data);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

gsc_status gsc_data_run(const gsc_spec *spec, gsc_pool *pool, gsc_sink *sink, gsc_error *error) {
    data_study *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the theory lab");
    }
    self->spec = spec;
    self->sink = sink;
    self->points = -1;
    pthread_mutex_init(&self->lock, NULL);
    gsc_status status = set_up(self, error);
    if (status == GSC_OK) {
        status = data_tell_sample(self, error);
    }
    if (status == GSC_OK) {
        status = data_declare_series(self, error);
    }
    if (status == GSC_OK) {
        status = run_fits(self, pool, error);
    }
    tear_down(self);
    return status;
}

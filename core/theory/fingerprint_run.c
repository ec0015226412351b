/* SPDX-License-Identifier: MIT
 *
 * The study "fingerprint": arms from the spec, one task of the pool for each arm and block.
 */
#include "core/theory/fingerprint_internal.h"

#include "core/theory/arms.h"
#include "core/theory/fit_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_s(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* ---- Set-up ---- */

/* Whether a block is named in theory.blocks ("nu,eta_bias"; "": all). */
static bool is_wanted(const char *list, const char *name) {
    const size_t length = strlen(name);
    if (list[0] == '\0') {
        return true;
    }
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        at += strspn(at, " ");
        if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static gsc_status choose_blocks(fingerprint_arm *self, const gsc_spec *spec, gsc_error *error) {
    gsc_error_block all[GSC_MAX_ERROR_BLOCKS];
    const size_t n = gsc_fingerprint_blocks(self->truth, all);
    const char *list = gsc_spec_string(spec, "theory.blocks");
    char names[512] = "";
    for (size_t b = 0; b < n; b++) {
        if (strlen(names) + strlen(all[b].name) + 3 < sizeof names) {
            strcat(strcat(names, b > 0 ? ", " : ""), all[b].name);
        }
        if (is_wanted(list, all[b].name)) {
            self->blocks[self->n_blocks++] = all[b];
        }
    }
    return self->n_blocks > 0 ? GSC_OK
                              : gsc_fail(error, GSC_ERR_INPUT,
                                         "theory.blocks is \"%s\", which names no block; there "
                                         "are %s",
                                         list, names);
}

static gsc_status read_options(fingerprint_arm *self, const gsc_spec *spec, gsc_error *error) {
    double *deltas;
    size_t n;
    gsc_status status = gsc_spec_list(spec, "theory.deltas", &deltas, &n, error);
    if (status != GSC_OK) {
        return status;
    }
    self->options = gsc_fingerprint_options_default(&self->shape);
    self->options.n_deltas = n;
    if (self->truth->classes > 0) {
        self->options.starts *= 2; /* longer valleys (fingerprint.c) */
    }
    if (n < 2 || n > GSC_FINGERPRINT_MAX_DELTAS) {
        status = gsc_fail(error, GSC_ERR_INPUT, "theory.deltas has %zu values; give 2 to %d", n,
                          GSC_FINGERPRINT_MAX_DELTAS);
    }
    for (size_t i = 0; i < n && status == GSC_OK; i++) {
        self->options.deltas[i] = deltas[i];
        if (i > 0 && deltas[i] <= deltas[i - 1]) {
            status = gsc_fail(error, GSC_ERR_INPUT,
                              "theory.deltas[%zu] is %g after %g; the list should ascend", i,
                              deltas[i], deltas[i - 1]);
        }
    }
    free(deltas);
    const double box = gsc_spec_real(spec, "theory.gate_box");
    self->options.gate_box = box > 0 ? box : self->shape.box;
    const double floor = gsc_spec_real(spec, "theory.mass_floor");
    self->options.mass_floor = floor > 0 ? floor : self->options.mass_floor;
    self->options.seed = (uint64_t)gsc_spec_int(spec, "seed");
    return status;
}

static gsc_status check_gate_box(const fingerprint_arm *self, gsc_error *error) {
    const gsc_mixture_layout *at = &self->truth->layout;
    for (size_t q = at->beta0; q < at->eta; q++) {
        if (fabs(self->truth->mixture[q]) > self->options.gate_box) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "theory.gate_box is %g, but theory.truth has a gate parameter of %g; "
                            "make the box larger",
                            self->options.gate_box, self->truth->mixture[q]);
        }
    }
    return GSC_OK;
}

static gsc_status add_arm(fingerprint_study *self, const gsc_spec_arm *from, size_t k_shared,
                          size_t k_routed, bool vary, gsc_error *error) {
    if (self->n_arms == FINGERPRINT_MAX_ARMS) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "the spec makes more than %d arms; fewer are drawn together",
                        FINGERPRINT_MAX_ARMS);
    }
    fingerprint_arm *one = &self->arms[self->n_arms++];
    snprintf(one->name, sizeof one->name, "%s", from->name);
    if (vary) {
        snprintf(one->name, sizeof one->name, "%.48s%sk_shared=%zu k_routed=%zu", from->name,
                 from->name[0] != '\0' ? " " : "", k_shared, k_routed);
    }
    const char *loss = gsc_spec_string(from->spec, "theory.loss");
    const bool no_loss = strcmp(loss, "none") == 0;
    gsc_status status = no_loss ? GSC_OK : gsc_loss_parse(loss, &one->loss, error);
    if (status == GSC_OK) {
        status = gsc_truth_new(from->spec, &one->truth, error);
    }
    if (status == GSC_OK) {
        status = gsc_fit_check(one->truth, k_shared, k_routed, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    gsc_truth_fit_shape(one->truth, k_shared, k_routed, &one->gate, &one->shape);
    one->crossed = k_routed > 0 && (one->truth->gate.loaded != one->truth->fit_gate.loaded ||
                                    memcmp(one->truth->gate.params, one->truth->fit_gate.params,
                                           sizeof one->truth->gate.params) != 0);
    one->theorem = !no_loss && !one->crossed && gsc_loss_theorem_applies(one->loss, one->truth);
    status = read_options(one, from->spec, error);
    if (status == GSC_OK && !one->crossed) {
        status = check_gate_box(one, error);
    }
    if (status == GSC_OK) {
        status = choose_blocks(one, from->spec, error);
    }
    if (status == GSC_OK) {
        status = gsc_quadrature_new(one->truth, &gsc_quadrature_quick, &one->quadrature, error);
    }
    one->options.stop = &self->stop;
    return status;
}

static gsc_status add_arms(fingerprint_study *self, const gsc_spec_arm *from, gsc_error *error) {
    double *shared = NULL, *routed = NULL;
    size_t n_shared = 0, n_routed = 0;
    gsc_status status = gsc_spec_list(from->spec, "theory.k_shared", &shared, &n_shared, error);
    if (status == GSC_OK) {
        status = gsc_spec_list(from->spec, "theory.k_routed", &routed, &n_routed, error);
    }
    for (size_t i = 0; i < n_shared * n_routed && status == GSC_OK; i++) {
        status = add_arm(self, from, (size_t)shared[i / n_routed], (size_t)routed[i % n_routed],
                         n_shared * n_routed > 1, error);
    }
    free(shared);
    free(routed);
    return status;
}

/* ---- Tasks ---- */

/* Notes what a task found. */
static void finish_task(fingerprint_study *self, gsc_status status, const gsc_error *error) {
    pthread_mutex_lock(&self->lock);
    gsc_error own = *error;
    self->n_done++;
    if (status == GSC_OK) {
        char text[96];
        snprintf(text, sizeof text, "%zu of %zu half curves", self->n_done, self->n_tasks);
        status = self->sink->progress(
            self->sink, 0.99 * (double)self->n_done / (double)self->n_tasks, text, &own);
    }
    if (status != GSC_OK && self->status == GSC_OK) {
        self->status = status;
        self->error = own;
    }
    pthread_mutex_unlock(&self->lock);
    if (status != GSC_OK) {
        atomic_store(&self->stop, true);
    }
}

/* The half curve is the first of its two, and waits, or completes the curve. */
static bool join(fingerprint_study *self, fingerprint_arm *one, size_t b, gsc_fingerprint *half) {
    pthread_mutex_lock(&self->lock);
    const bool second = one->half_done[b];
    if (second) {
        /* In the order of signs, so that ties are broken in the same way whichever was first. */
        gsc_fingerprint *low = one->half[b].sign_of < half->sign_of ? &one->half[b] : half;
        gsc_fingerprint *high = low == half ? &one->half[b] : half;
        gsc_fingerprint_merge(low, high, gsc_mixture_get_layout(&one->shape).size);
        one->curve[b] = *low;
        one->half_done[b] = false;
        one->done[b] = true;
    } else {
        one->half[b] = *half;
        one->half_done[b] = true;
    }
    pthread_mutex_unlock(&self->lock);
    return second;
}

static void run_task(void *data, size_t task, size_t worker) {
    fingerprint_study *self = data;
    (void)worker;
    if (atomic_load_explicit(&self->stop, memory_order_relaxed)) {
        return;
    }
    const size_t a = self->tasks[task].arm, b = self->tasks[task].block;
    fingerprint_arm *one = &self->arms[a];
    gsc_fingerprint_options options = one->options;
    gsc_fingerprint half;
    gsc_error error = {0};
    const double started = now_s(CLOCK_THREAD_CPUTIME_ID);
    options.sign = self->tasks[task].sign;
    gsc_status status = gsc_fingerprint_init(&half, one->truth, &one->shape, one->quadrature,
                                             &one->blocks[b], &options, &error);
    const double seconds = now_s(CLOCK_THREAD_CPUTIME_ID) - started;
    pthread_mutex_lock(&self->lock);
    one->seconds[b] += seconds;
    pthread_mutex_unlock(&self->lock);
    if (status == GSC_OK && join(self, one, b, &half)) {
        status = fingerprint_tell_curve(self, a, b, &error);
    } else if (status != GSC_OK && status != GSC_ERR_STOPPED) {
        gsc_fail_prefix(&error, status, "%s%s%s", one->name, one->name[0] != '\0' ? ", " : "",
                        one->blocks[b].name);
    }
    finish_task(self, status, &error);
}

/* What the errors of a crossed arm are from. */
static void run_nearest(void *data, size_t a, size_t worker) {
    fingerprint_study *self = data;
    fingerprint_arm *one = &self->arms[a];
    gsc_error error = {0};
    (void)worker;
    if (!one->crossed || atomic_load_explicit(&self->stop, memory_order_relaxed)) {
        return;
    }
    const double started = now_s(CLOCK_THREAD_CPUTIME_ID);
    one->nearest = calloc(gsc_mixture_get_layout(&one->shape).size, sizeof *one->nearest);
    gsc_status status =
        one->nearest != NULL
            ? gsc_fingerprint_nearest(one->truth, &one->shape, one->quadrature, &one->options,
                                      one->nearest, &one->options.nearest_kl, &error)
            : gsc_fail(&error, GSC_ERR_MEMORY, "no memory for a nearest mixture");
    one->options.nearest = one->nearest;
    one->seconds[0] += now_s(CLOCK_THREAD_CPUTIME_ID) - started;
    if (status != GSC_OK) {
        pthread_mutex_lock(&self->lock);
        if (self->status == GSC_OK) {
            self->status = status;
            self->error = error;
        }
        pthread_mutex_unlock(&self->lock);
        atomic_store(&self->stop, true);
    }
}

static gsc_status run(fingerprint_study *self, gsc_pool *pool, gsc_error *error) {
    const double started = now_s(CLOCK_MONOTONIC);
    gsc_status status = GSC_OK;
    for (size_t a = 0; a < self->n_arms; a++) {
        for (size_t b = 0; b < self->arms[a].n_blocks && status == GSC_OK; b++) {
            for (int sign = -1; sign <= 1; sign += 2) {
                self->tasks[self->n_tasks].arm = a;
                self->tasks[self->n_tasks].sign = sign;
                self->tasks[self->n_tasks++].block = b;
            }
            status = fingerprint_declare(self, a, b, error);
        }
    }
    if (status != GSC_OK) {
        return status;
    }
    gsc_pool_run(pool, self->n_arms, run_nearest, self);
    if (self->status == GSC_OK) {
        gsc_pool_run(pool, self->n_tasks, run_task, self);
    }
    if (self->status != GSC_OK) {
        return gsc_fail(error, self->status, "%s", self->error.message);
    }
    for (size_t a = 0; a < self->n_arms && status == GSC_OK; a++) {
        status = fingerprint_tell_arm(self, &self->arms[a], error);
    }
    const gsc_result wall = {.name = "wall_time",
                             .arm = "",
                             .unit = "s",
                             .definition = "time from the first curve to the last result",
                             .value = now_s(CLOCK_MONOTONIC) - started,
                             .low = NAN,
                             .high = NAN};
    if (status == GSC_OK) {
        status = self->sink->result(self->sink, &wall, error);
    }
    return status == GSC_OK ? self->sink->progress(self->sink, 1, "done", error) : status;
}

static void tear_down(fingerprint_study *self) {
    for (size_t a = 0; a < self->n_arms; a++) {
        fingerprint_arm *one = &self->arms[a];
        for (size_t b = 0; b < one->n_blocks; b++) {
            if (one->done[b]) {
                gsc_fingerprint_clear(&one->curve[b]);
            }
            if (one->half_done[b]) {
                gsc_fingerprint_clear(&one->half[b]);
            }
        }
        free(one->nearest);
        gsc_quadrature_free(one->quadrature);
        gsc_truth_free(one->truth);
    }
    pthread_mutex_destroy(&self->lock);
    free(self->arms);
    free(self);
}

gsc_status gsc_fingerprint_run(const gsc_spec *spec, gsc_pool *pool, gsc_sink *sink,
                               gsc_error *error) {
    gsc_spec_arm *specs = NULL;
    size_t n_specs = 0;
    fingerprint_study *self = calloc(1, sizeof *self);
    fingerprint_arm *arms = calloc(FINGERPRINT_MAX_ARMS, sizeof *arms);
    if (self == NULL || arms == NULL) {
        free(self);
        free(arms);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the fingerprint");
    }
    self->sink = sink;
    self->arms = arms;
    pthread_mutex_init(&self->lock, NULL);
    gsc_status status = gsc_arms_new(spec, &specs, &n_specs, error);
    for (size_t s = 0; s < n_specs && status == GSC_OK; s++) {
        status = add_arms(self, &specs[s], error);
    }
    if (status == GSC_OK) {
        status = run(self, pool, error);
    }
    gsc_arms_free(specs, n_specs);
    tear_down(self);
    return status;
}

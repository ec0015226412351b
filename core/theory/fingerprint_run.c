/* SPDX-License-Identifier: MIT
 *
 * The study "fingerprint": arms from the spec, one task of the pool for each arm and block.
 */
#include "core/theory/fingerprint.h"

#include "core/theory/arms.h"
#include "core/theory/fit_check.h"
#include "core/theory/mixture_json.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MAX_ARMS = 64
};

typedef struct arm {
    char name[96];
    gsc_truth *truth; /* owned */
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_quadrature *quadrature;
    gsc_fingerprint_options options;
    gsc_error_block blocks[GSC_MAX_ERROR_BLOCKS];
    size_t n_blocks;
    gsc_loss_kind loss;
    bool theorem;
    int32_t series[GSC_MAX_ERROR_BLOCKS];
    gsc_fingerprint curve[GSC_MAX_ERROR_BLOCKS];
    bool done[GSC_MAX_ERROR_BLOCKS];
    double seconds[GSC_MAX_ERROR_BLOCKS];
} arm;

typedef struct study {
    gsc_sink *sink;
    arm *arms;
    size_t n_arms, n_tasks, n_done;
    struct {
        size_t arm, block;
    } tasks[MAX_ARMS * GSC_MAX_ERROR_BLOCKS];
    atomic_bool stop;
    pthread_mutex_t lock;
    gsc_status status; /* the first failure */
    gsc_error error;
} study;

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

static gsc_status choose_blocks(arm *self, const gsc_spec *spec, gsc_error *error) {
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

static gsc_status read_options(arm *self, const gsc_spec *spec, gsc_error *error) {
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

static gsc_status check_gate_box(const arm *self, gsc_error *error) {
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

static gsc_status add_arm(study *self, const gsc_spec_arm *from, size_t k_shared, size_t k_routed,
                          bool vary, gsc_error *error) {
    if (self->n_arms == MAX_ARMS) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "the spec makes more than %d arms; fewer are drawn together", MAX_ARMS);
    }
    arm *one = &self->arms[self->n_arms++];
    snprintf(one->name, sizeof one->name, "%s", from->name);
    if (vary) {
        snprintf(one->name, sizeof one->name, "%.48s%sk_shared=%zu k_routed=%zu", from->name,
                 from->name[0] != '\0' ? " " : "", k_shared, k_routed);
    }
    gsc_status status =
        gsc_loss_parse(gsc_spec_string(from->spec, "theory.loss"), &one->loss, error);
    if (status == GSC_OK) {
        status = gsc_truth_new(from->spec, &one->truth, error);
    }
    if (status == GSC_OK && (one->truth->gate.general || one->truth->fit_gate.general)) {
        status =
            gsc_fail(error, GSC_ERR_INPUT,
                     "%s is no affinity a(z) on linear scores, which fingerprints need; study "
                     "its rates, or fit it to theory.data",
                     one->truth->gate.general ? one->truth->gate.name : one->truth->fit_gate.name);
    }
    if (status == GSC_OK) {
        status = gsc_fit_check(one->truth, k_shared, k_routed, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    gsc_truth_fit_shape(one->truth, k_shared, k_routed, &one->gate, &one->shape);
    one->theorem = gsc_loss_theorem_applies(one->loss, one->truth);
    status = read_options(one, from->spec, error);
    if (status == GSC_OK) {
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

static gsc_status add_arms(study *self, const gsc_spec_arm *from, gsc_error *error) {
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

/* ---- What is told ---- */

/* 2 r: what the theorem of the loss allows, KL >= c delta^(2r). */
static double bound_of(const arm *self, size_t b) {
    const gsc_error_block *block = &self->blocks[b];
    const size_t k = block->routed ? self->shape.k_routed : self->shape.k_shared;
    const size_t true_k = block->routed ? self->truth->shape.k_routed : self->truth->shape.k_shared;
    if (!self->theorem || (self->loss == GSC_LOSS_D4 && block->routed)) {
        return NAN;
    }
    return 2 * gsc_error_exponent(self->loss, block, k - true_k + 1);
}

static gsc_status declare(study *self, size_t a, size_t b, gsc_error *error) {
    arm *one = &self->arms[a];
    const gsc_error_block *block = &one->blocks[b];
    char name[64], title[160], definition[320], bound[32] = "";
    const double exponent = bound_of(one, b);
    snprintf(name, sizeof name, "kl_%s", block->name);
    snprintf(title, sizeof title, "%s", self->n_arms > 1 ? one->name : block->symbol);
    snprintf(definition, sizeof definition,
             "least KL(truth || fit), by quadrature, over %zu + %zu fitted atoms of which one has "
             "|error of %s| = delta, every share of a cell's mass at least %g, gate box %g",
             one->shape.k_shared, one->shape.k_routed, block->name, one->options.mass_floor,
             one->options.gate_box);
    if (isfinite(exponent)) {
        snprintf(bound, sizeof bound, "δ^{%g}", exponent);
    }
    gsc_series_info info = GSC_SERIES_INIT;
    info.name = name;
    info.arm = one->name;
    info.title = title;
    info.unit = "nat";
    info.definition = definition;
    info.x_name = "delta";
    info.x_title = "Parameter error δ";
    info.panel = self->n_arms > 1 ? block->symbol : "fingerprint";
    info.y_title = "Least KL to the truth";
    info.bound = exponent;
    info.bound_title = bound;
    return self->sink->series(self->sink, &info, &one->series[b], error);
}

static gsc_status tell_curve(study *self, size_t a, size_t b, gsc_error *error) {
    const arm *one = &self->arms[a];
    const gsc_fingerprint *curve = &one->curve[b];
    const size_t size = gsc_mixture_get_layout(&one->shape).size;
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < curve->n && status == GSC_OK; i++) {
        if (!isfinite(curve->kl[i])) {
            continue;
        }
        const gsc_point point = {curve->delta[i], curve->kl[i], -1};
        status = self->sink->points(self->sink, one->series[b], &point, 1, error);
        json_t *json = json_pack(
            "{s:s, s:f, s:f, s:f, s:I, s:o}", "block", curve->block.name, "delta", curve->delta[i],
            "sign", curve->sign[i], "kl", curve->kl[i], "cell_size", (json_int_t)curve->cell_size,
            "parameters", gsc_mixture_json(&one->shape, curve->mixtures + i * size));
        char *text = json_dumps(json, JSON_COMPACT);
        json_decref(json);
        if (status == GSC_OK && text != NULL) {
            status = self->sink->document(self->sink, "fingerprint", one->name, curve->delta[i], -1,
                                          text, error);
        }
        free(text);
    }
    return status;
}

static gsc_status tell_result(study *self, const arm *one, const char *kind, const char *block,
                              const char *unit, const char *definition, double value,
                              gsc_error *error) {
    char name[96];
    snprintf(name, sizeof name, block != NULL ? "%s[%s]" : "%s", kind, block);
    const gsc_result result = {.name = name,
                               .arm = one->name,
                               .unit = unit,
                               .definition = definition,
                               .value = value,
                               .low = NAN,
                               .high = NAN};
    return self->sink->result(self->sink, &result, error);
}

/* The largest KL of a curve. */
static double most_kl(const gsc_fingerprint *curve) {
    double most = 0;
    for (size_t i = 0; i < curve->n; i++) {
        most = isfinite(curve->kl[i]) ? fmax(most, curve->kl[i]) : most;
    }
    return most;
}

static gsc_status tell_block(study *self, const arm *one, const gsc_fingerprint *curve,
                             gsc_error *error) {
    char definition[320];
    if (!isfinite(curve->exponent)) {
        char text[256];
        const double most = most_kl(curve);
        if (most < GSC_FINGERPRINT_ZERO) {
            snprintf(
                text, sizeof text,
                "%s%s%s is not identifiable: an error up to %g costs nothing (KL %.2g at most)",
                one->name, one->name[0] != '\0' ? ": " : "", curve->block.name,
                curve->delta[curve->n - 1], most);
            return self->sink->event(self->sink, GSC_EVENT_WARNING, "fingerprint", text, error);
        }
        snprintf(text, sizeof text,
                 "%s%s%s has no exponent: its KL is nowhere 5 times that of the nearest fit, %.2g",
                 one->name, one->name[0] != '\0' ? ": " : "", curve->block.name, curve->least_kl);
        return self->sink->event(self->sink, GSC_EVENT_WARNING, "fingerprint", text, error);
    }
    snprintf(definition, sizeof definition,
             "slope of log least KL against log error of %s from delta = %.3g to the next, the "
             "smallest whose KL is above %.1g and 5 times the KL of the nearest fit; cell of %zu",
             curve->block.name, curve->exponent_delta, curve->floor, curve->cell_size);
    gsc_status status = tell_result(self, one, "exponent", curve->block.name, "", definition,
                                    curve->exponent, error);
    if (status == GSC_OK) {
        status = tell_result(self, one, "rate", curve->block.name, "",
                             "exponent of n that this implies for the error: -1 / exponent",
                             -1 / curve->exponent, error);
    }
    return status;
}

static gsc_status tell_arm(study *self, arm *one, gsc_error *error) {
    double least = INFINITY, seconds = 0;
    gsc_status status = GSC_OK;
    for (size_t b = 0; b < one->n_blocks; b++) {
        least = fmin(least, one->curve[b].least_kl);
        seconds += one->seconds[b];
    }
    for (size_t b = 0; b < one->n_blocks && status == GSC_OK; b++) {
        gsc_fingerprint_set_least(&one->curve[b], least);
        status = tell_block(self, one, &one->curve[b], error);
    }
    if (status == GSC_OK) {
        status = tell_result(self, one, "least_kl", NULL, "nat",
                             "least KL(truth || fit) with no error held; above 0 where the family "
                             "does not hold the truth under its mass floor and box",
                             least, error);
    }
    if (status == GSC_OK) {
        status = tell_result(self, one, "fingerprint_time", NULL, "s",
                             "processor time of the arm's curves", seconds, error);
    }
    return status;
}

/* ---- Tasks ---- */

static void run_task(void *data, size_t task, size_t worker) {
    study *self = data;
    (void)worker;
    if (atomic_load_explicit(&self->stop, memory_order_relaxed)) {
        return;
    }
    const size_t a = self->tasks[task].arm, b = self->tasks[task].block;
    arm *one = &self->arms[a];
    gsc_error error = {0};
    const double started = now_s(CLOCK_THREAD_CPUTIME_ID);
    gsc_status status =
        gsc_fingerprint_init(&one->curve[b], one->truth, &one->shape, one->quadrature,
                             &one->blocks[b], &one->options, &error);
    one->seconds[b] = now_s(CLOCK_THREAD_CPUTIME_ID) - started;
    one->done[b] = status == GSC_OK;
    if (status == GSC_OK) {
        status = tell_curve(self, a, b, &error);
    } else if (status != GSC_ERR_STOPPED) {
        gsc_fail_prefix(&error, status, "%s%s%s", one->name, one->name[0] != '\0' ? ", " : "",
                        one->blocks[b].name);
    }
    pthread_mutex_lock(&self->lock);
    self->n_done++;
    if (status == GSC_OK) {
        char text[96];
        snprintf(text, sizeof text, "%zu of %zu curves", self->n_done, self->n_tasks);
        status = self->sink->progress(
            self->sink, 0.99 * (double)self->n_done / (double)self->n_tasks, text, &error);
    }
    if (status != GSC_OK && self->status == GSC_OK) {
        self->status = status;
        self->error = error;
    }
    pthread_mutex_unlock(&self->lock);
    if (status != GSC_OK) {
        atomic_store(&self->stop, true);
    }
}

static gsc_status run(study *self, gsc_pool *pool, gsc_error *error) {
    const double started = now_s(CLOCK_MONOTONIC);
    gsc_status status = GSC_OK;
    for (size_t a = 0; a < self->n_arms; a++) {
        for (size_t b = 0; b < self->arms[a].n_blocks && status == GSC_OK; b++) {
            self->tasks[self->n_tasks].arm = a;
            self->tasks[self->n_tasks++].block = b;
            status = declare(self, a, b, error);
        }
    }
    if (status != GSC_OK) {
        return status;
    }
    gsc_pool_run(pool, self->n_tasks, run_task, self);
    if (self->status != GSC_OK) {
        return gsc_fail(error, self->status, "%s", self->error.message);
    }
    for (size_t a = 0; a < self->n_arms && status == GSC_OK; a++) {
        status = tell_arm(self, &self->arms[a], error);
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

static void tear_down(study *self) {
    for (size_t a = 0; a < self->n_arms; a++) {
        arm *one = &self->arms[a];
        for (size_t b = 0; b < one->n_blocks; b++) {
            if (one->done[b]) {
                gsc_fingerprint_clear(&one->curve[b]);
            }
        }
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
    study *self = calloc(1, sizeof *self);
    arm *arms = calloc(MAX_ARMS, sizeof *arms);
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

/* SPDX-License-Identifier: MIT
 *
 * What a sink is told of the user's data and of the fits to them.
 */
#include "core/theory/data_internal.h"

#include "core/theory/mixture_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE_POINTS = 201,
    MOST_POINTS = 2000 /* rows that are drawn */
};

/* ---- The sample ------------------------------------------------------------------------------ */

typedef struct keyed_row {
    const gsc_csv_data *data;
    size_t row;
} keyed_row;

static int compare_rows(const void *a, const void *b) {
    const keyed_row *p = a, *q = b;
    const gsc_csv_data *data = p->data;
    for (size_t k = 0; k < data->inputs; k++) {
        const double u = data->x[k * data->n + p->row], v = data->x[k * data->n + q->row];
        if (u != v) {
            return u < v ? -1 : 1;
        }
    }
    const double u = data->y[p->row], v = data->y[q->row];
    return (u > v) - (u < v);
}

/* Different rows of the file; 0 without memory for the count. */
static size_t count_distinct(const gsc_csv_data *data) {
    keyed_row *rows = malloc(data->n * sizeof *rows);
    size_t count = rows != NULL;
    for (size_t t = 0; rows != NULL && t < data->n; t++) {
        rows[t] = (keyed_row){data, t};
    }
    if (rows != NULL) {
        qsort(rows, data->n, sizeof *rows, compare_rows);
    }
    for (size_t t = 1; rows != NULL && t < data->n; t++) {
        count += compare_rows(&rows[t - 1], &rows[t]) != 0;
    }
    free(rows);
    return count;
}

gsc_status data_tell_sample(data_study *self, gsc_error *error) {
    const gsc_csv_data *data = &self->data;
    const size_t distinct = count_distinct(data);
    char text[512];
    size_t most = 0;
    for (size_t a = 0; a < self->n_arms; a++) {
        const size_t parameters = gsc_shape_free_parameters(&self->arms[a].shape);
        most = parameters > most ? parameters : most;
    }
    snprintf(text, sizeof text, "%zu rows of %zu input%s (%s%s) and %s", data->n, data->inputs,
             data->inputs == 1 ? "" : "s", data->names[0], data->inputs > 1 ? ", ..." : "",
             data->names[data->inputs]);
    gsc_status status = self->sink->event(self->sink, GSC_EVENT_INFO, "data", text, error);
    for (size_t k = gsc_csv_data_constant(data, 0); k < data->inputs && status == GSC_OK;
         k = gsc_csv_data_constant(data, k + 1)) {
        snprintf(text, sizeof text,
                 "column %zu (%s) is %g in every row: its slopes are not identified", k + 1,
                 data->names[k], data->x[k * data->n]);
        status = self->sink->event(self->sink, GSC_EVENT_WARNING, "data", text, error);
    }
    if (status == GSC_OK && distinct > 0 && distinct < most) {
        snprintf(text, sizeof text,
                 "only %zu of the %zu rows differ, fewer than the %zu free parameters of a fit: it "
                 "is not identified",
                 distinct, data->n, most);
        status = self->sink->event(self->sink, GSC_EVENT_WARNING, "data", text, error);
    }
    return status;
}

/* ---- Series ---------------------------------------------------------------------------------- */

static gsc_status declare_fit(data_study *self, data_arm *arm, gsc_error *error) {
    gsc_series_info info = GSC_SERIES_INIT;
    char title[160], name[64];
    snprintf(title, sizeof title, "%s", arm->name[0] != '\0' ? arm->name : "fit");
    info.name = "log_likelihood";
    info.arm = arm->name;
    info.title = title;
    info.unit = "nat";
    info.definition = "sum over the data of log f(y|x) after an EM iteration of the start that is "
                      "kept; the last point is where the fit ended";
    info.x_name = "em_iteration";
    info.x_title = "EM iteration";
    info.panel = "likelihood";
    info.y_title = "Log-likelihood (nat)";
    gsc_status status = self->sink->series(self->sink, &info, &arm->likelihood, error);
    for (size_t c = 0; c < arm->k_shared + arm->k_routed && status == GSC_OK; c++) {
        const bool shared = c < arm->k_shared;
        if (self->data.inputs != 1) {
            break;
        }
        snprintf(name, sizeof name, "%s_%zu", shared ? "shared" : "routed",
                 shared ? c + 1 : c - arm->k_shared + 1);
        snprintf(title, sizeof title, "%s expert %zu%s%s", shared ? "shared" : "routed",
                 shared ? c + 1 : c - arm->k_shared + 1, arm->name[0] != '\0' ? ", " : "",
                 arm->name);
        info = (gsc_series_info)GSC_SERIES_INIT;
        info.name = name;
        info.arm = arm->name;
        info.title = title;
        info.definition = "the fitted expert's mean h(x)";
        info.x_name = "x";
        info.x_title = self->data.names[0];
        info.panel = "fit";
        info.y_title = self->data.names[1];
        status = self->sink->series(self->sink, &info, &arm->lines[c], error);
    }
    return status;
}

static gsc_status tell_rows(data_study *self, gsc_error *error) {
    const gsc_csv_data *data = &self->data;
    const size_t m = data->n < MOST_POINTS ? data->n : MOST_POINTS;
    gsc_series_info info = GSC_SERIES_INIT;
    info.name = "data";
    info.title = m < data->n ? "data (a part of the rows)" : "data";
    info.definition = "the rows of theory.data, evenly thinned to 2000";
    info.x_name = "x";
    info.x_title = data->names[0];
    info.panel = "fit";
    info.y_title = data->names[1];
    gsc_status status = self->sink->series(self->sink, &info, &self->points, error);
    for (size_t i = 0; i < m && status == GSC_OK; i++) {
        const size_t t = i * data->n / m;
        const gsc_point point = {data->x[t], data->y[t], -1};
        status = self->sink->points(self->sink, self->points, &point, 1, error);
    }
    return status;
}

gsc_status data_declare_series(data_study *self, gsc_error *error) {
    gsc_status status = self->data.inputs == 1 ? tell_rows(self, error) : GSC_OK;
    for (size_t a = 0; a < self->n_arms && status == GSC_OK; a++) {
        status = declare_fit(self, &self->arms[a], error);
    }
    return status;
}

/* Each expert's mean over the range of x. */
static gsc_status tell_lines(data_study *self, const data_arm *arm, gsc_error *error) {
    const gsc_csv_data *data = &self->data;
    const gsc_mixture_layout *at = &arm->layout;
    double low = data->x[0], high = data->x[0], x[LINE_POINTS], h[LINE_POINTS];
    for (size_t t = 1; t < data->n; t++) {
        low = fmin(low, data->x[t]);
        high = fmax(high, data->x[t]);
    }
    for (size_t i = 0; i < LINE_POINTS; i++) {
        x[i] = low + (high - low) * (double)i / (LINE_POINTS - 1);
    }
    gsc_status status = GSC_OK;
    for (size_t c = 0; c < arm->k_shared + arm->k_routed && status == GSC_OK; c++) {
        const bool shared = c < arm->k_shared;
        const gsc_expert_family *family = shared ? arm->shape.shared : arm->shape.routed;
        const double *theta =
            arm->mixture + (shared ? at->kappa + c * family->theta_size
                                   : at->eta + (c - arm->k_shared) * family->theta_size);
        double *scratch = malloc(gsc_expert_scratch(family, LINE_POINTS) * sizeof *scratch);
        status = scratch != NULL
                     ? gsc_expert_evaluate(family, theta, LINE_POINTS, x, LINE_POINTS, h, NULL,
                                           scratch, error)
                     : gsc_fail(error, GSC_ERR_MEMORY, "no memory for the fitted lines");
        free(scratch);
        for (size_t i = 0; i < LINE_POINTS && status == GSC_OK; i++) {
            const gsc_point point = {x[i], h[i], -1};
            status = self->sink->points(self->sink, arm->lines[c], &point, 1, error);
        }
    }
    return status;
}

static gsc_status tell_likelihoods(data_study *self, const data_arm *arm, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < arm->trace.n_best && status == GSC_OK; i++) {
        const gsc_point point = {(double)i, arm->trace.best[i], -1};
        status = self->sink->points(self->sink, arm->likelihood, &point, 1, error);
    }
    if (status == GSC_OK && arm->options.polish) {
        const double at = (double)arm->fit.em_iterations + (double)arm->fit.polish.iterations;
        const gsc_point point = {at, arm->fit.log_likelihood, -1};
        status = self->sink->points(self->sink, arm->likelihood, &point, 1, error);
    }
    return status;
}

/* ---- The fit --------------------------------------------------------------------------------- */

static size_t list_alarms(const data_arm *arm, const char **ret_alarms) {
    const gsc_fit *fit = &arm->fit;
    const bool converged = arm->options.polish ? fit->polish.stop == GSC_POLISH_CONVERGED
                                               : fit->em_reason == GSC_EM_CONVERGED;
    size_t n = 0;
    if (fit->likelihood_fell) {
        ret_alarms[n++] = "the likelihood fell in EM";
    }
    if (fit->empty_component) {
        ret_alarms[n++] = "a component lost all its observations";
    }
    if (fit->at_floor > 0) {
        ret_alarms[n++] = "a variance is at its floor, without which the likelihood is unbounded";
    }
    if (fit->at_box > 0) {
        ret_alarms[n++] = "a parameter is at the box";
    }
    if (fit->at_mass_floor > 0) {
        ret_alarms[n++] = "an atom's mass is at its floor";
    }
    if (fit->floored > 0) {
        ret_alarms[n++] =
            "a gate probability is below 2.2e-308 in some rows; its logarithm is floored";
    }
    if (!converged) {
        ret_alarms[n++] = "no convergence";
    }
    return n;
}

static gsc_status tell_document(data_study *self, const data_arm *arm, gsc_error *error) {
    const gsc_fit *fit = &arm->fit;
    const char *alarms[8];
    const size_t n_alarms = list_alarms(arm, alarms);
    json_t *list = json_array(), *columns = json_array();
    for (size_t i = 0; i < n_alarms; i++) {
        json_array_append_new(list, json_string(alarms[i]));
    }
    for (size_t k = 0; k <= self->data.inputs; k++) {
        json_array_append_new(columns, json_string(self->data.names[k]));
    }
    json_t *json =
        json_pack("{s:s, s:o, s:I, s:s, s:I, s:I, s:f, s:f}", "data",
                  gsc_spec_string(self->spec, "theory.data"), "columns", columns, "n",
                  (json_int_t)self->data.n, "arm", arm->name, "k_shared", (json_int_t)arm->k_shared,
                  "k_routed", (json_int_t)arm->k_routed, "log_likelihood", fit->log_likelihood,
                  "log_likelihood_stopped", fit->log_likelihood_stopped);
    if (isfinite(fit->log_likelihood_truth)) {
        json_object_set_new(json, "log_likelihood_truth", json_real(fit->log_likelihood_truth));
    }
    json_object_set_new(json, "variance_floor", json_real(arm->shape.variance_floor));
    json_object_set_new(json, "em",
                        json_pack("{s:I, s:s}", "iterations", (json_int_t)fit->em_iterations,
                                  "stop", gsc_em_reason_name(fit->em_reason)));
    if (arm->options.polish) {
        json_object_set_new(json, "polish",
                            json_pack("{s:I, s:s, s:f}", "iterations",
                                      (json_int_t)fit->polish.iterations, "stop",
                                      gsc_polish_stop_name(fit->polish.stop), "predicted_gain",
                                      fit->polish.predicted_gain));
    }
    json_object_set_new(json, "start",
                        json_pack("{s:s, s:I}", "mode", gsc_start_mode_name(arm->options.start),
                                  "number", (json_int_t)fit->start));
    json_object_set_new(json, "certificate",
                        json_pack("{s:I, s:I, s:f}", "starts", (json_int_t)fit->starts,
                                  "within_0.1_nat", (json_int_t)fit->hits, "share",
                                  (double)fit->hits / (double)fit->starts));
    json_object_set_new(json, "parameters", gsc_mixture_json(&arm->shape, arm->mixture));
    json_object_set_new(json, "alarms", list);
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (text == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the document of a fit");
    }
    const gsc_status status =
        self->sink->document(self->sink, "fit", arm->name, (double)self->data.n, 0, text, error);
    free(text);
    return status;
}

static gsc_status tell_results(data_study *self, const data_arm *arm, gsc_error *error) {
    const gsc_fit *fit = &arm->fit;
    const double n = (double)self->data.n;
    const double parameters = (double)gsc_shape_free_parameters(&arm->shape);
    const struct {
        const char *name, *unit, *definition;
        double value;
    } results[] = {
        {"log_likelihood", "nat", "sum over the data of log f(y|x) at the fit",
         fit->log_likelihood},
        {"log_likelihood_per_sample", "nat", "log_likelihood / n", fit->log_likelihood / n},
        {"iterations", "", "EM iterations and Newton steps of the start that is kept",
         (double)fit->em_iterations + (double)fit->polish.iterations},
        {"parameters", "", "free parameters: every number but one omega", parameters},
        {"bic", "nat", "parameters log n - 2 log_likelihood; smaller is better",
         parameters * log(n) - 2 * fit->log_likelihood},
        {"starts_within_0.1_nat", "", "starts that came within 0.1 nat of the best",
         (double)fit->hits},
    };
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < sizeof results / sizeof results[0] && status == GSC_OK; i++) {
        const gsc_result result = {.name = results[i].name,
                                   .arm = arm->name,
                                   .unit = results[i].unit,
                                   .definition = results[i].definition,
                                   .value = results[i].value,
                                   .low = NAN,
                                   .high = NAN};
        status = self->sink->result(self->sink, &result, error);
    }
    return status;
}

static gsc_status tell_alarms(data_study *self, const data_arm *arm, gsc_error *error) {
    const char *alarms[8];
    const size_t n = list_alarms(arm, alarms);
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < n && status == GSC_OK; i++) {
        char text[256];
        snprintf(text, sizeof text, "%s%s%s", arm->name, arm->name[0] != '\0' ? ", " : "",
                 alarms[i]);
        status = self->sink->event(self->sink, GSC_EVENT_WARNING, "theory", text, error);
    }
    return status;
}

gsc_status data_tell_fit(data_study *self, const data_arm *arm, gsc_error *error) {
    gsc_status status = tell_likelihoods(self, arm, error);
    if (status == GSC_OK && self->data.inputs == 1) {
        status = tell_lines(self, arm, error);
    }
    if (status == GSC_OK) {
        status = tell_document(self, arm, error);
    }
    if (status == GSC_OK) {
        status = tell_results(self, arm, error);
    }
    return status == GSC_OK ? tell_alarms(self, arm, error) : status;
}

/* SPDX-License-Identifier: MIT
 *
 * What a start does to a loss: the loss at every EM iteration of the first start, up to
 * theory.trace, the last one carried on after EM has stopped, and the losses against the noise of
 * the starts.
 */
#include "core/theory/lab_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gsc_status declare(lab *self, const char *name, const char *arm, const char *title,
                          const char *definition, bool by_noise, size_t n, const char *y_title,
                          int32_t *ret_handle, gsc_error *error) {
    char panel[64];
    snprintf(panel, sizeof panel, by_noise ? "against start noise" : "by iteration, n = %zu", n);
    gsc_series_info info = GSC_SERIES_INIT;
    info.name = name;
    info.arm = arm;
    info.title = title;
    info.definition = definition;
    info.x_name = by_noise ? "noise" : "iteration";
    info.x_title = by_noise ? "Start noise" : "EM iteration";
    info.panel = panel;
    info.y_title = y_title;
    return self->sink->series(self->sink, &info, ret_handle, error);
}

static gsc_status declare_by_noise(lab *self, size_t size, const char *y_title, gsc_error *error) {
    static const char *const names[] = {"loss_by_noise", "loss_stopped_by_noise"};
    static const char *const words[] = {"maximum likelihood", "as EM stops"};
    static const char *const definitions[] = {
        "loss of the best polished start against start noise, a standard deviation times n^0.083",
        "loss where EM from the first start stops against start noise, as before"};
    for (int stopped = 0; stopped < 2; stopped++) {
        char arm[32], title[64];
        snprintf(arm, sizeof arm, "n=%zu", self->sizes[size]);
        snprintf(title, sizeof title, "%s, n = %zu", words[stopped], self->sizes[size]);
        const gsc_status status =
            declare(self, names[stopped], arm, title, definitions[stopped], true, 0, y_title,
                    &self->by_noise[2 * size + (size_t)stopped], error);
        if (status != GSC_OK) {
            return status;
        }
    }
    return GSC_OK;
}

gsc_status lab_declare_traces(lab *self, gsc_error *error) {
    gsc_status status = GSC_OK;
    bool traced = false;
    self->trace = malloc(self->n_arms * self->n_sizes * sizeof *self->trace);
    self->by_noise = malloc(2 * self->n_sizes * sizeof *self->by_noise);
    if (self->trace == NULL || self->by_noise == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the traces");
    }
    for (size_t a = 0; a < self->n_arms && status == GSC_OK; a++) {
        const lab_arm *arm = &self->arms[a];
        char name[64], y_title[64];
        snprintf(y_title, sizeof y_title, "Loss %s", arm->plan->loss_name);
        for (size_t size = 0; size < self->n_sizes && arm->plan->trace > 0 && status == GSC_OK;
             size++) {
            snprintf(name, sizeof name, "loss_by_iteration_n%zu", self->sizes[size]);
            status = declare(
                self, name, arm->name, arm->name,
                "loss after each EM iteration of the first start, the last one carried on", false,
                self->sizes[size], y_title, &self->trace[a * self->n_sizes + size], error);
            if (status == GSC_OK && !traced) {
                status = declare_by_noise(self, size, y_title, error);
            }
        }
        traced = traced || arm->plan->trace > 0;
    }
    return status;
}

gsc_status lab_trace_init(lab_trace *trace, const lab_arm *arm, gsc_error *error) {
    *trace = (lab_trace){.arm = arm};
    if (arm->plan->trace > 0) {
        trace->points = malloc((arm->plan->trace + 1) * sizeof *trace->points);
        trace->aligned = malloc(arm->layout.size * sizeof *trace->aligned);
        if (trace->points == NULL || trace->aligned == NULL) {
            lab_trace_clear(trace);
            return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a trace");
        }
    }
    return GSC_OK;
}

void lab_trace_clear(lab_trace *trace) {
    free(trace->points);
    free(trace->aligned);
    *trace = (lab_trace){0};
}

void lab_trace_observe(void *data, size_t iteration, const double *mixture) {
    lab_trace *trace = data;
    gsc_loss loss;
    if (trace->points == NULL || iteration != trace->count ||
        trace->count > trace->arm->plan->trace ||
        lab_measure_loss(trace->arm, mixture, trace->aligned, NULL, NULL, &loss, NULL) != GSC_OK) {
        return;
    }
    trace->points[trace->count++] = (gsc_point){(double)iteration, loss.total, 0};
}

gsc_status lab_tell_trace(lab *self, size_t a, size_t size, size_t replicate, lab_trace *trace,
                          double loss, double loss_stopped, gsc_error *error) {
    const lab_plan *plan = self->arms[a].plan;
    if (trace->points == NULL || trace->count == 0) {
        return GSC_OK;
    }
    for (size_t i = trace->count; i <= plan->trace; i++) {
        trace->points[i] = (gsc_point){(double)i, trace->points[trace->count - 1].y, 0};
    }
    for (size_t i = 0; i <= plan->trace; i++) {
        trace->points[i].replicate = (int32_t)replicate;
    }
    gsc_status status = self->sink->points(self->sink, self->trace[a * self->n_sizes + size],
                                           trace->points, plan->trace + 1, error);
    const double values[] = {loss, loss_stopped};
    for (int stopped = 0; stopped < 2 && status == GSC_OK; stopped++) {
        const gsc_point point = {plan->fit.start_noise, values[stopped], (int32_t)replicate};
        if (isfinite(point.y)) {
            status = self->sink->points(self->sink, self->by_noise[2 * size + (size_t)stopped],
                                        &point, 1, error);
        }
    }
    return status;
}

/* SPDX-License-Identifier: MIT
 *
 * What a run tells of its plugins: the course of scheduled parameters, and what a gate's numeric
 * derivatives cost. Layer: core/lm.
 */
#include "core/lm/lab_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Courses ---- */

typedef gsc_status visit_course(void *data, lab *self, const gsc_lm_plugin *plugin,
                                const gsc_lm_course *course, size_t number, gsc_error *error);

/* Every scheduled parameter, in an order that the spec alone decides. */
static gsc_status visit_courses(lab *self, visit_course *visit, void *data, gsc_error *error) {
    const gsc_lm_shape *s = &self->shape;
    gsc_status status = GSC_OK;
    size_t number = 0;
    for (size_t i = 0; i < 1 + gsc_lm_kinds(s) + s->n_balancers; i++) {
        const gsc_lm_plugin *plugin = i == 0 ? &s->gate
                                      : i <= gsc_lm_kinds(s)
                                          ? gsc_lm_kind(s, i - 1)
                                          : &s->balancers[i - 1 - gsc_lm_kinds(s)];
        for (size_t k = 0; k < plugin->n_courses && status == GSC_OK; k++) {
            status = visit(data, self, plugin, &plugin->courses[k], number++, error);
        }
    }
    return status;
}

static gsc_status count_one(void *data, lab *self, const gsc_lm_plugin *plugin,
                            const gsc_lm_course *course, size_t number, gsc_error *error) {
    size_t *count = data;
    (void)self, (void)plugin, (void)course, (void)error;
    *count = number + 1;
    return GSC_OK;
}

static gsc_status declare_one(void *data, lab *self, const gsc_lm_plugin *plugin,
                              const gsc_lm_course *course, size_t number, gsc_error *error) {
    const gsc_plugin *of = plugin->loaded->plugin;
    const gsc_param *param = &of->params[course->param];
    const char *kind = gsc_kind_name(of->kind);
    char name[160], definition[320];
    const bool alone =
        of->kind == GSC_KIND_GATE || (of->kind == GSC_KIND_EXPERT ? gsc_lm_kinds(&self->shape) == 1
                                                                  : self->shape.n_balancers == 1);
    (void)data;
    if (alone) {
        snprintf(name, sizeof name, "%s.%.60s", kind, param->name);
    } else {
        snprintf(name, sizeof name, "%s.%.60s.%.60s", kind, of->id, param->name);
    }
    snprintf(definition, sizeof definition,
             "value in the step of the parameter %.60s of %s %.60s: %s", param->name, kind, of->id,
             param->doc != NULL ? param->doc : "");
    gsc_series_info info = GSC_SERIES_INIT;
    info.name = name;
    info.title = param->name;
    info.unit = param->unit != NULL ? param->unit : "";
    info.definition = definition;
    info.panel = "schedule";
    info.y_title = "Scheduled parameter";
    info.x_name = "step";
    info.x_title = "Step";
    return self->sink->series(self->sink, &info, &self->course_series[number], error);
}

static gsc_status tell_one(void *data, lab *self, const gsc_lm_plugin *plugin,
                           const gsc_lm_course *course, size_t number, gsc_error *error) {
    const gsc_point point = {.x = (double)self->trainer.step,
                             .y = gsc_lm_course_at(plugin, course, self->trainer.step - 1),
                             .replicate = -1};
    (void)data;
    return self->sink->points(self->sink, self->course_series[number], &point, 1, error);
}

gsc_status lm_lab_declare_courses(lab *self, gsc_error *error) {
    size_t count = 0;
    visit_courses(self, count_one, &count, NULL);
    self->course_series = calloc(count + 1, sizeof *self->course_series);
    if (self->course_series == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu schedules", count);
    }
    return visit_courses(self, declare_one, NULL, error);
}

gsc_status lm_lab_tell_courses(lab *self, gsc_error *error) {
    return visit_courses(self, tell_one, NULL, error);
}

/* ---- Numeric derivatives ---- */

enum {
    STEPS_TO_TELL = 10, /* steps after which their share is told */
    MANY_EXPERTS = 32
};

/* What the gate could give instead, cheapest first. */
static const char *way_out(const gsc_lm_shape *s) {
    const gsc_gate *gate = s->gate.loaded->gate;
    const bool row = gate->probs != NULL && gate->probs_backward == NULL;
    if (row && s->experts > MANY_EXPERTS) {
        return "; the cheapest way out is the affinity form, 2 evaluations for all experts instead "
               "of one for each logit, else probs_backward";
    }
    if (row) {
        return "; probs_backward, or the affinity form, would spare it";
    }
    if (gate->combine_form == GSC_COMBINE_OWN && gate->combine_backward == NULL &&
        gate->estimate == NULL) {
        return "; combine_backward would spare it";
    }
    if (gate->score_form == GSC_SCORE_INNER && gate->inner_slope == NULL) {
        return "; inner_slope would spare it";
    }
    if (gate->affinity != NULL && gate->affinity_slope == NULL) {
        return "; affinity_slope would spare it";
    }
    return "; its trained tensors are read where only numbers tell the derivative: a score of its own "
           "with score_backward would spare it";
}

static double share_of(const lab *self) {
    return self->trained_s > 0 ? fmin(1, gsc_lm_numeric_work(self->model).seconds / self->trained_s)
                               : 0;
}

gsc_status lm_lab_tell_numeric(lab *self, gsc_error *error) {
    const gsc_lm_gate_work work = gsc_lm_numeric_work(self->model);
    const int64_t steps = self->trainer.step - self->first_step;
    if (work.evaluations == 0 || steps != STEPS_TO_TELL) {
        return GSC_OK;
    }
    char text[480];
    snprintf(text, sizeof text,
             "gate %.60s is differentiated numerically, %" PRId64
             " evaluations of a row in a step, %.1f%% of the step's time%s",
             self->shape.gate.loaded->plugin->id, work.evaluations / steps, 100 * share_of(self),
             way_out(&self->shape));
    const bool much = self->shape.experts > MANY_EXPERTS && share_of(self) > 0.1;
    return self->sink->event(self->sink, much ? GSC_EVENT_WARNING : GSC_EVENT_INFO, "gate", text,
                             error);
}

gsc_status lm_lab_tell_numeric_result(lab *self, gsc_error *error) {
    if (gsc_lm_numeric_work(self->model).evaluations == 0) {
        return GSC_OK;
    }
    const gsc_result result = {.name = "numeric_backward_share_of_step",
                               .arm = "",
                               .unit = "",
                               .definition =
                                   "time in the backward of a gate that is differentiated "
                                   "numerically, by the time in steps",
                               .value = share_of(self),
                               .low = NAN,
                               .high = NAN};
    return self->sink->result(self->sink, &result, error);
}

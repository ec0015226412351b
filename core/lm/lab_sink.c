/* SPDX-License-Identifier: MIT
 *
 * The sink that the lab tells: it passes everything on and remembers a wish to stop instead of
 * answering it, so that what belongs to one step is told whole before the run winds up. Layer:
 * core/lm.
 */
#include "core/lm/lab_internal.h"

/* What goes on, and what is remembered of the answer. */
static gsc_status answer(gsc_sink *self, gsc_status status) {
    lab_sink *sink = (lab_sink *)self;
    sink->stop = sink->stop || status == GSC_ERR_STOPPED;
    return status == GSC_ERR_STOPPED ? GSC_OK : status;
}

static gsc_sink *onward(gsc_sink *self) {
    return ((lab_sink *)self)->to;
}

static gsc_status pass_series(gsc_sink *self, const gsc_series_info *info, int32_t *ret_series,
                              gsc_error *error) {
    return answer(self, onward(self)->series(onward(self), info, ret_series, error));
}

static gsc_status pass_points(gsc_sink *self, int32_t series, const gsc_point *points, size_t n,
                              gsc_error *error) {
    return answer(self, onward(self)->points(onward(self), series, points, n, error));
}

static gsc_status pass_vector(gsc_sink *self, int32_t series, double x, const float *values,
                              size_t n, gsc_error *error) {
    return answer(self, onward(self)->vector(onward(self), series, x, values, n, error));
}

static gsc_status pass_document(gsc_sink *self, const char *kind, const char *arm, double x,
                                int32_t replicate, const char *json, gsc_error *error) {
    return answer(self, onward(self)->document(onward(self), kind, arm, x, replicate, json, error));
}

static gsc_status pass_event(gsc_sink *self, gsc_event_level level, const char *source,
                             const char *message, gsc_error *error) {
    return answer(self, onward(self)->event(onward(self), level, source, message, error));
}

static gsc_status pass_result(gsc_sink *self, const gsc_result *result, gsc_error *error) {
    return answer(self, onward(self)->result(onward(self), result, error));
}

static gsc_status pass_progress(gsc_sink *self, double fraction, const char *text,
                                gsc_error *error) {
    return answer(self, onward(self)->progress(onward(self), fraction, text, error));
}

void lm_lab_sink_init(lab_sink *self, gsc_sink *to) {
    *self = (lab_sink){.sink = {.series = pass_series,
                                .points = pass_points,
                                .vector = pass_vector,
                                .document = pass_document,
                                .event = pass_event,
                                .result = pass_result,
                                .progress = pass_progress},
                       .to = to};
}

gsc_status lm_lab_heed_stop(const lab *self, gsc_error *error) {
    return self->tee.stop ? gsc_fail(error, GSC_ERR_STOPPED, "the run was stopped") : GSC_OK;
}

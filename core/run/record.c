/* SPDX-License-Identifier: MIT
 *
 * Records as frames: see record.h. A point travels as x f64, y f64, replicate i32.
 */
#include "core/run/record.h"

#include <stdlib.h>
#include <string.h>

enum {
    POINT_SIZE = 2 * sizeof(double) + sizeof(int32_t),
    POINTS_PER_FRAME = 65536,
};

gsc_status gsc_record_series(gsc_pack *pack, const gsc_series_info *info, gsc_error *error) {
    size_t begun = gsc_frame_begin(pack, GSC_FRAME_SERIES);
    gsc_pack_string(pack, info->name);
    gsc_pack_string(pack, info->arm);
    gsc_pack_string(pack, info->title);
    gsc_pack_string(pack, info->unit);
    gsc_pack_string(pack, info->definition);
    gsc_pack_string(pack, info->x_name);
    gsc_pack_string(pack, info->x_title);
    gsc_pack_string(pack, info->panel);
    gsc_pack_string(pack, info->y_title);
    gsc_pack_i32(pack, info->layer);
    gsc_pack_f64(pack, info->bound);
    gsc_pack_string(pack, info->bound_title);
    return gsc_frame_end(pack, begun, error);
}

gsc_status gsc_record_points(gsc_pack *pack, int32_t series, const gsc_point *points, size_t n,
                             gsc_error *error) {
    for (size_t first = 0; first < n; first += POINTS_PER_FRAME) {
        size_t count = n - first < POINTS_PER_FRAME ? n - first : POINTS_PER_FRAME;
        size_t begun = gsc_frame_begin(pack, GSC_FRAME_POINTS);
        gsc_pack_i32(pack, series);
        for (size_t i = first; i < first + count; i++) {
            gsc_pack_f64(pack, points[i].x);
            gsc_pack_f64(pack, points[i].y);
            gsc_pack_i32(pack, points[i].replicate);
        }
        gsc_status status = gsc_frame_end(pack, begun, error);
        if (status != GSC_OK) {
            return status;
        }
    }
    return GSC_OK;
}

gsc_status gsc_record_vector(gsc_pack *pack, int32_t series, double x, const float *values,
                             size_t n, gsc_error *error) {
    size_t begun = gsc_frame_begin(pack, GSC_FRAME_VECTOR);
    gsc_pack_i32(pack, series);
    gsc_pack_f64(pack, x);
    gsc_pack_bytes(pack, values, n * sizeof *values);
    return gsc_frame_end(pack, begun, error);
}

gsc_status gsc_record_document(gsc_pack *pack, const char *kind, const char *arm, double x,
                               int32_t replicate, const char *json, gsc_error *error) {
    size_t begun = gsc_frame_begin(pack, GSC_FRAME_DOCUMENT);
    gsc_pack_string(pack, kind);
    gsc_pack_string(pack, arm);
    gsc_pack_f64(pack, x);
    gsc_pack_i32(pack, replicate);
    gsc_pack_string(pack, json);
    return gsc_frame_end(pack, begun, error);
}

gsc_status gsc_record_event(gsc_pack *pack, gsc_event_level level, const char *source,
                            const char *message, gsc_error *error) {
    size_t begun = gsc_frame_begin(pack, GSC_FRAME_EVENT);
    gsc_pack_i32(pack, (int32_t)level);
    gsc_pack_string(pack, source);
    gsc_pack_string(pack, message);
    return gsc_frame_end(pack, begun, error);
}

gsc_status gsc_record_result(gsc_pack *pack, const gsc_result *result, gsc_error *error) {
    size_t begun = gsc_frame_begin(pack, GSC_FRAME_RESULT);
    gsc_pack_string(pack, result->name);
    gsc_pack_string(pack, result->arm);
    gsc_pack_string(pack, result->unit);
    gsc_pack_string(pack, result->definition);
    gsc_pack_f64(pack, result->value);
    gsc_pack_f64(pack, result->low);
    gsc_pack_f64(pack, result->high);
    return gsc_frame_end(pack, begun, error);
}

gsc_status gsc_record_progress(gsc_pack *pack, double fraction, const char *text,
                               gsc_error *error) {
    size_t begun = gsc_frame_begin(pack, GSC_FRAME_PROGRESS);
    gsc_pack_f64(pack, fraction);
    gsc_pack_string(pack, text);
    return gsc_frame_end(pack, begun, error);
}

static gsc_status garbled(const char *what, gsc_error *error) {
    return gsc_fail(
        error, GSC_ERR_SYSTEM,
        "the worker sent a garbled %s record; a plugin may have written over its memory", what);
}

static gsc_status deliver_series(gsc_unpack *in, gsc_sink *sink, gsc_error *error) {
    gsc_series_info info = GSC_SERIES_INIT;
    info.name = gsc_unpack_string(in);
    info.arm = gsc_unpack_string(in);
    info.title = gsc_unpack_string(in);
    info.unit = gsc_unpack_string(in);
    info.definition = gsc_unpack_string(in);
    info.x_name = gsc_unpack_string(in);
    info.x_title = gsc_unpack_string(in);
    info.panel = gsc_unpack_string(in);
    info.y_title = gsc_unpack_string(in);
    info.layer = gsc_unpack_i32(in);
    info.bound = gsc_unpack_f64(in);
    info.bound_title = gsc_unpack_string(in);
    int32_t series = 0;
    return gsc_unpack_complete(in) ? sink->series(sink, &info, &series, error)
                                   : garbled("series", error);
}

static gsc_status deliver_points(gsc_unpack *in, gsc_sink *sink, gsc_error *error) {
    int32_t series = gsc_unpack_i32(in);
    size_t left = in->size - in->at, n = left / POINT_SIZE;
    if (in->failed || left % POINT_SIZE != 0) {
        return garbled("points", error);
    }
    gsc_point *points = malloc((n + 1) * sizeof *points);
    if (points == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "out of memory for %zu points", n);
    }
    for (size_t i = 0; i < n; i++) {
        points[i].x = gsc_unpack_f64(in);
        points[i].y = gsc_unpack_f64(in);
        points[i].replicate = gsc_unpack_i32(in);
    }
    gsc_status status = sink->points(sink, series, points, n, error);
    free(points);
    return status;
}

static gsc_status deliver_vector(gsc_unpack *in, gsc_sink *sink, gsc_error *error) {
    int32_t series = gsc_unpack_i32(in);
    double x = gsc_unpack_f64(in);
    size_t left = in->size - in->at, n = left / sizeof(float);
    if (in->failed || left % sizeof(float) != 0) {
        return garbled("vector", error);
    }
    float *values = malloc(left + sizeof(float));
    if (values == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "out of memory for a vector of %zu numbers", n);
    }
    memcpy(values, in->data + in->at, left);
    gsc_status status = sink->vector(sink, series, x, values, n, error);
    free(values);
    return status;
}

static gsc_status deliver_document(gsc_unpack *in, gsc_sink *sink, gsc_error *error) {
    const char *kind = gsc_unpack_string(in);
    const char *arm = gsc_unpack_string(in);
    double x = gsc_unpack_f64(in);
    int32_t replicate = gsc_unpack_i32(in);
    const char *json = gsc_unpack_string(in);
    return gsc_unpack_complete(in) ? sink->document(sink, kind, arm, x, replicate, json, error)
                                   : garbled("document", error);
}

static gsc_status deliver_event(gsc_unpack *in, gsc_sink *sink, gsc_error *error) {
    int32_t level = gsc_unpack_i32(in);
    const char *source = gsc_unpack_string(in);
    const char *message = gsc_unpack_string(in);
    if (!gsc_unpack_complete(in) || level < GSC_EVENT_INFO || level > GSC_EVENT_ERROR) {
        return garbled("event", error);
    }
    return sink->event(sink, (gsc_event_level)level, source, message, error);
}

static gsc_status deliver_result(gsc_unpack *in, gsc_sink *sink, gsc_error *error) {
    gsc_result result = {0};
    result.name = gsc_unpack_string(in);
    result.arm = gsc_unpack_string(in);
    result.unit = gsc_unpack_string(in);
    result.definition = gsc_unpack_string(in);
    result.value = gsc_unpack_f64(in);
    result.low = gsc_unpack_f64(in);
    result.high = gsc_unpack_f64(in);
    return gsc_unpack_complete(in) ? sink->result(sink, &result, error) : garbled("result", error);
}

static gsc_status deliver_progress(gsc_unpack *in, gsc_sink *sink, gsc_error *error) {
    double fraction = gsc_unpack_f64(in);
    const char *text = gsc_unpack_string(in);
    if (!gsc_unpack_complete(in) || !(fraction >= 0 && fraction <= 1)) {
        return garbled("progress", error);
    }
    return sink->progress(sink, fraction, text, error);
}

gsc_status gsc_record_deliver(const gsc_frame *frame, gsc_sink *sink, gsc_error *error) {
    static gsc_status (*const deliver[])(gsc_unpack *, gsc_sink *, gsc_error *) = {
        [GSC_FRAME_SERIES] = deliver_series,     [GSC_FRAME_POINTS] = deliver_points,
        [GSC_FRAME_VECTOR] = deliver_vector,     [GSC_FRAME_DOCUMENT] = deliver_document,
        [GSC_FRAME_EVENT] = deliver_event,       [GSC_FRAME_RESULT] = deliver_result,
        [GSC_FRAME_PROGRESS] = deliver_progress,
    };
    if (frame->type < GSC_FRAME_SERIES || frame->type > GSC_FRAME_PROGRESS) {
        return gsc_fail(error, GSC_ERR_SYSTEM, "a frame of type %d is no record of a run",
                        (int)frame->type);
    }
    gsc_unpack in = gsc_unpack_init(frame->payload, frame->size);
    gsc_status status = deliver[frame->type](&in, sink, error);
    gsc_unpack_clear(&in);
    return status;
}

/* SPDX-License-Identifier: MIT
 *
 * What a sink takes, as frames and back: the worker packs, the supervisor delivers to its writer.
 *
 * Layer: core/run.
 */
#ifndef GSC_CORE_RUN_RECORD_H
#define GSC_CORE_RUN_RECORD_H

#include "core/run/frame.h"
#include "core/run/sink.h"

/* Each appends one frame (points: as many as needed). */
gsc_status gsc_record_series(gsc_pack *pack, const gsc_series_info *info, gsc_error *error);
gsc_status gsc_record_points(gsc_pack *pack, int32_t series, const gsc_point *points, size_t n,
                             gsc_error *error);
gsc_status gsc_record_vector(gsc_pack *pack, int32_t series, double x, const float *values,
                             size_t n, gsc_error *error);
gsc_status gsc_record_document(gsc_pack *pack, const char *kind, const char *arm, double x,
                               int32_t replicate, const char *json, gsc_error *error);
gsc_status gsc_record_event(gsc_pack *pack, gsc_event_level level, const char *source,
                            const char *message, gsc_error *error);
gsc_status gsc_record_result(gsc_pack *pack, const gsc_result *result, gsc_error *error);
gsc_status gsc_record_progress(gsc_pack *pack, double fraction, const char *text, gsc_error *error);

/* Calls the sink function that the frame stands for. Fails with GSC_ERR_SYSTEM on a payload that is
 * not what its type says, and with what the sink returns. */
gsc_status gsc_record_deliver(const gsc_frame *frame, gsc_sink *sink, gsc_error *error);

#endif

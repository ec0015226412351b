/* SPDX-License-Identifier: MIT
 *
 * Frames and records: what is packed comes back; what is garbled is refused and never read past its
 * end.
 */
#include "core/run/record.h"

#include "tests/tap.h"

#include <stdlib.h>

typedef struct seen {
    gsc_sink sink;
    int series, points, vectors, documents, events, results, progress;
    char text[256];
    double sum;
} seen;

static gsc_status see_series(gsc_sink *self, const gsc_series_info *info, int32_t *ret_series,
                             gsc_error *error) {
    seen *saw = (seen *)self;
    snprintf(saw->text, sizeof saw->text, "%s|%s|%s|%d|%g", info->name, info->arm,
             info->bound_title, info->layer, info->bound);
    *ret_series = saw->series++;
    return GSC_OK;
}

static gsc_status see_points(gsc_sink *self, int32_t series, const gsc_point *points, size_t n,
                             gsc_error *error) {
    seen *saw = (seen *)self;
    saw->points += (int)n;
    for (size_t i = 0; i < n; i++) {
        saw->sum += points[i].x + points[i].y + points[i].replicate;
    }
    return GSC_OK;
}

static gsc_status see_vector(gsc_sink *self, int32_t series, double x, const float *values,
                             size_t n, gsc_error *error) {
    seen *saw = (seen *)self;
    saw->vectors++;
    for (size_t i = 0; i < n; i++) {
        saw->sum += (double)values[i];
    }
    return GSC_OK;
}

static gsc_status see_document(gsc_sink *self, const char *kind, const char *arm, double x,
                               int32_t replicate, const char *json, gsc_error *error) {
    seen *saw = (seen *)self;
    saw->documents++;
    snprintf(saw->text, sizeof saw->text, "%s|%s|%g|%d|%s", kind, arm, x, (int)replicate, json);
    return GSC_OK;
}

static gsc_status see_event(gsc_sink *self, gsc_event_level level, const char *source,
                            const char *message, gsc_error *error) {
    seen *saw = (seen *)self;
    saw->events++;
    snprintf(saw->text, sizeof saw->text, "%d|%s|%s", (int)level, source, message);
    return GSC_OK;
}

static gsc_status see_result(gsc_sink *self, const gsc_result *result, gsc_error *error) {
    seen *saw = (seen *)self;
    saw->results++;
    snprintf(saw->text, sizeof saw->text, "%s|%g|%d", result->name, result->value,
             isnan(result->low) ? 1 : 0);
    return GSC_OK;
}

static gsc_status see_progress(gsc_sink *self, double fraction, const char *text,
                               gsc_error *error) {
    seen *saw = (seen *)self;
    saw->progress++;
    snprintf(saw->text, sizeof saw->text, "%g|%s", fraction, text);
    return GSC_OK;
}

static seen new_seen(void) {
    return (seen){.sink = {see_series, see_points, see_vector, see_document, see_event, see_result,
                           see_progress}};
}

/* Feeds bytes in pieces of at most piece; stops at the first failure. */
static gsc_status deliver(const gsc_pack *pack, size_t piece, seen *saw, gsc_error *error) {
    gsc_frame_reader reader = {0};
    gsc_status status = GSC_OK;
    for (size_t at = 0; status == GSC_OK && at < pack->size; at += piece) {
        gsc_frame frame;
        bool found = true;
        gsc_frame_reader_feed(&reader, pack->data + at,
                              at + piece < pack->size ? piece : pack->size - at);
        while (status == GSC_OK && found) {
            status = gsc_frame_reader_next(&reader, &frame, &found, error);
            if (status == GSC_OK && found) {
                status = gsc_record_deliver(&frame, &saw->sink, error);
            }
        }
    }
    gsc_frame_reader_clear(&reader);
    return status;
}

static void pack_all(gsc_pack *pack) {
    gsc_series_info info = GSC_SERIES_INIT;
    info.name = "loss";
    info.arm = "k_shared=2";
    info.bound = -0.25;
    info.bound_title = "n^{-1/4}";
    gsc_point points[3] = {{1, 2, 3}, {4, 5, 6}, {7, 8, -1}};
    float values[2] = {0.5f, 1.5f};
    gsc_result result = {.name = "slope",
                         .arm = "",
                         .unit = "",
                         .definition = "",
                         .value = -0.5,
                         .low = NAN,
                         .high = NAN};
    gsc_record_series(pack, &info, NULL);
    gsc_record_points(pack, 0, points, 3, NULL);
    gsc_record_vector(pack, 0, 10, values, 2, NULL);
    gsc_record_document(pack, "fit", "a", 100, 2, "{}", NULL);
    gsc_record_result(pack, &result, NULL);
    gsc_record_progress(pack, 0.5, "half", NULL);
    gsc_record_event(pack, GSC_EVENT_WARNING, "gate g", "p was floored", NULL);
}

static void test_round_trip(size_t piece) {
    gsc_pack pack = {0};
    seen saw = new_seen();
    pack_all(&pack);
    TAP_OK(deliver(&pack, piece, &saw, NULL) == GSC_OK, "all records are taken");
    TAP_OK(saw.series == 1 && saw.points == 3 && saw.vectors == 1 && saw.documents == 1 &&
               saw.results == 1 && saw.progress == 1 && saw.events == 1,
           "each arrives once");
    TAP_NEAR(saw.sum, 35 + 2, 0, "numbers keep their bits");
    TAP_STRING(saw.text, "1|gate g|p was floored", "strings too");
    gsc_pack_clear(&pack);
}

static gsc_status one(gsc_frame_type type, const void *payload, size_t size, gsc_error *error) {
    gsc_frame frame = {.type = type, .size = size, .payload = payload};
    seen saw = new_seen();
    return gsc_record_deliver(&frame, &saw.sink, error);
}

static void test_refusals(void) {
    gsc_error error = {0};
    gsc_pack pack = {0};
    unsigned char header[GSC_FRAME_HEADER_SIZE] = "GSCF";
    seen saw = new_seen();
    gsc_pack_bytes(&pack, "printed by a plugin", 19);
    TAP_OK(deliver(&pack, 64, &saw, &error) == GSC_ERR_SYSTEM, "rubbish is refused");
    TAP_CONTAINS(error.message, "garbled", "and says so");
    pack.size = 0;
    uint32_t huge = 0x7fffffff;
    memcpy(header + 4, &huge, sizeof huge);
    header[8] = GSC_FRAME_POINTS;
    gsc_pack_bytes(&pack, header, sizeof header);
    TAP_OK(deliver(&pack, 64, &saw, &error) == GSC_ERR_SYSTEM, "a huge length is refused at once");
    TAP_CONTAINS(error.message, "limit", "and says so");
    uint32_t lying[2] = {1, 0xffffffff}; /* a string longer than the payload */
    TAP_OK(one(GSC_FRAME_EVENT, lying, sizeof lying, &error) == GSC_ERR_SYSTEM,
           "a string past the end is refused");
    TAP_OK(one(GSC_FRAME_POINTS, lying, 7, &error) == GSC_ERR_SYSTEM, "half a point is refused");
    TAP_OK(one(GSC_FRAME_DONE, NULL, 0, &error) == GSC_ERR_SYSTEM, "a last word is no record");
    pack.size = 0;
    gsc_record_progress(&pack, 1.5, "too far", NULL);
    TAP_OK(deliver(&pack, 64, &saw, &error) == GSC_ERR_SYSTEM, "progress past 1 is refused");
    pack.size = 0;
    gsc_record_event(&pack, GSC_EVENT_INFO, "s", "a\xff\xc3\xa4z\xed\xa0\x80", NULL);
    TAP_OK(deliver(&pack, 64, &saw, &error) == GSC_OK, "bytes that are no UTF-8 are taken");
    TAP_STRING(saw.text, "0|s|a?\xc3\xa4z???", "as question marks");
    char *big = calloc(1, GSC_FRAME_MAX_PAYLOAD + 1);
    memset(big, 'x', GSC_FRAME_MAX_PAYLOAD);
    pack.size = 0;
    TAP_OK(gsc_record_event(&pack, GSC_EVENT_INFO, "s", big, &error) == GSC_ERR_INPUT &&
               pack.size == 0,
           "a record over the limit is refused by its sender and leaves nothing");
    free(big);
    gsc_pack_clear(&pack);
}

/* A small generator with a fixed seed: the same bytes in every run. */
static uint64_t state = 42;
static uint32_t draw(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

static void test_fuzz(void) {
    int refused = 0, taken = 0, rounds = 20000;
    for (int i = 0; i < rounds; i++) {
        gsc_pack pack = {0};
        seen saw = new_seen();
        pack_all(&pack);
        for (uint32_t changes = draw() % 6; changes > 0; changes--) {
            pack.data[draw() % pack.size] = (unsigned char)draw();
        }
        /* An exact allocation: a read past the end is seen by valgrind and the sanitizers. */
        size_t size = draw() % (pack.size + 1);
        gsc_pack cut = {.data = malloc(size + 1), .size = size};
        memcpy(cut.data, pack.data, size);
        gsc_status status = deliver(&cut, 1 + draw() % 100, &saw, NULL);
        refused += status != GSC_OK;
        taken += status == GSC_OK;
        free(cut.data);
        gsc_pack_clear(&pack);
    }
    TAP_OK(refused + taken == rounds && refused > rounds / 10 && taken > rounds / 10,
           "20000 damaged streams end in a refusal or are taken");
}

int main(void) {
    test_round_trip(1 << 20);
    test_round_trip(1);
    test_refusals();
    test_fuzz();
    return tap_done();
}

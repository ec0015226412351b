/* SPDX-License-Identifier: MIT
 *
 * Training batches and validation contexts: see sampler.h.
 */
#include "core/data/sampler.h"

#include <stdlib.h>
#include <string.h>

/* splitmix64 (Steele, Lea and Flood 2014), the n-th number of a seed's sequence: order is a
 * function of the seed that ten lines in any language reproduce. */
static uint64_t random_bits(uint64_t seed, uint64_t n) {
    uint64_t z = seed + (n + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* Fisher-Yates from the top: i = n - 1 ... 1 changes places with the high 64 bits of bits * (i +
 * 1). */
static void shuffle(uint64_t *order, uint64_t n, uint64_t seed) {
    for (uint64_t i = 0; i < n; i++) {
        order[i] = i;
    }
    for (uint64_t i = n; i-- > 1;) {
        unsigned __int128 wide = (unsigned __int128)random_bits(seed, n - 1 - i) * (i + 1);
        uint64_t j = (uint64_t)(wide >> 64), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

static gsc_status refuse_short(const char *which, const gsc_token_stream *stream, size_t context,
                               gsc_error *error) {
    return gsc_fail(
        error, GSC_ERR_INPUT,
        "the %s text has %llu tokens and one context needs %zu; take a shorter lm.context or a "
        "larger corpus",
        which, (unsigned long long)stream->count, context + 1);
}

gsc_status gsc_sampler_init(gsc_sampler *self, const gsc_tokens *tokens, size_t context,
                            uint64_t seed, gsc_error *error) {
    const gsc_token_stream *stream = &tokens->train;
    if (context == 0 || stream->count < context + 1) {
        return refuse_short("training", stream, context, error);
    }
    uint64_t documents = stream->documents;
    gsc_sampler made = {.stream = stream,
                        .context = context,
                        .contexts = (stream->count - 1) / context,
                        .order = malloc(documents * sizeof *made.order),
                        .starts = malloc((documents + 1) * sizeof *made.starts)};
    if (made.order == NULL || made.starts == NULL) {
        gsc_sampler_clear(&made);
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory for the order of %llu documents",
                        (unsigned long long)documents);
    }
    shuffle(made.order, documents, seed);
    uint64_t at = 0;
    for (uint64_t i = 0; i < documents; i++) {
        made.starts[i] = at;
        at += stream->starts[made.order[i] + 1] - stream->starts[made.order[i]];
    }
    made.starts[documents] = at;
    *self = made;
    return GSC_OK;
}

void gsc_sampler_clear(gsc_sampler *self) {
    free(self->order);
    free(self->starts);
    *self = (gsc_sampler){0};
}

static uint64_t place_of(const gsc_sampler *self, uint64_t at) {
    gsc_token_stream shuffled = {.starts = self->starts, .documents = self->stream->documents};
    return gsc_token_stream_document(&shuffled, at);
}

void gsc_sampler_batch(const gsc_sampler *self, uint64_t step, size_t batch, int32_t *ret_tokens,
                       gsc_batch_sources sources) {
    const gsc_token_stream *stream = self->stream;
    size_t length = self->context;
    for (size_t b = 0; b < batch; b++) {
        unsigned __int128 row = (unsigned __int128)step * batch + b;
        uint64_t at = (uint64_t)(row % self->contexts) * length;
        uint64_t place = place_of(self, at);
        for (size_t t = 0; t <= length; t++, at++) {
            while (at >= self->starts[place + 1]) {
                place++;
            }
            uint64_t document = self->order[place];
            ret_tokens[b * (length + 1) + t] =
                stream->ids[stream->starts[document] + (at - self->starts[place])];
            if (t < length && sources.documents != NULL) {
                sources.documents[b * length + t] = (int32_t)document;
            }
            if (t < length && sources.domains != NULL) {
                sources.domains[b * length + t] = stream->domains[document];
            }
        }
    }
}

/* How many documents the inputs of rows contexts at even distances touch. */
static uint64_t documents_touched(const gsc_token_stream *stream, size_t context, uint64_t contexts,
                                  uint64_t rows) {
    uint64_t touched = 0, next = 0; /* documents below next are counted or passed over */
    for (uint64_t w = 0; w < rows; w++) {
        uint64_t at = w * contexts / rows * context;
        uint64_t first = gsc_token_stream_document(stream, at);
        uint64_t last = gsc_token_stream_document(stream, at + context - 1);
        first = first > next ? first : next;
        if (last + 1 > first) {
            touched += last + 1 - first;
            next = last + 1;
        }
    }
    return touched;
}

static gsc_status allocate_probe(gsc_probe *self, gsc_error *error) {
    size_t inputs = self->rows * self->context;
    self->tokens = malloc((inputs + self->rows) * sizeof *self->tokens);
    self->document = malloc(inputs * sizeof *self->document);
    self->domain = malloc(inputs);
    if (self->tokens == NULL || self->document == NULL || self->domain == NULL) {
        gsc_probe_clear(self);
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory for %zu validation positions",
                        inputs);
    }
    return GSC_OK;
}

static void fill_probe(gsc_probe *self, const gsc_tokens *tokens, uint64_t contexts) {
    const gsc_token_stream *stream = &tokens->held_out;
    bool seen[GSC_MAX_DOMAINS] = {false};
    for (size_t w = 0; w < self->rows; w++) {
        uint64_t at = (uint64_t)w * contexts / self->rows * self->context;
        uint64_t document = gsc_token_stream_document(stream, at);
        self->bytes += gsc_tokens_bytes(tokens, stream->ids + at + 1, self->context);
        for (size_t t = 0; t <= self->context; t++, at++) {
            self->tokens[w * (self->context + 1) + t] = stream->ids[at];
            if (t == self->context) {
                break;
            }
            while (at >= stream->starts[document + 1]) {
                document++;
            }
            uint8_t domain = stream->domains[document];
            self->document[w * self->context + t] = (int32_t)document;
            self->domain[w * self->context + t] = domain;
            self->domains += !seen[domain];
            seen[domain] = true;
        }
    }
}

gsc_status gsc_probe_init(gsc_probe *self, const gsc_tokens *tokens, size_t context,
                          uint64_t positions, uint64_t documents, gsc_error *error) {
    const gsc_token_stream *stream = &tokens->held_out;
    if (context == 0 || stream->count < context + 1) {
        return refuse_short("held-out", stream, context, error);
    }
    uint64_t contexts = (stream->count - 1) / context;
    uint64_t rows = (positions + context - 1) / context;
    rows = rows < 1 ? 1 : rows < contexts ? rows : contexts;
    uint64_t touched = documents_touched(stream, context, contexts, rows);
    while (touched < documents && rows < contexts) {
        rows++;
        touched = documents_touched(stream, context, contexts, rows);
    }
    gsc_probe made = {.rows = (size_t)rows,
                      .context = context,
                      .positions = rows * context,
                      .documents = touched};
    gsc_status status = allocate_probe(&made, error);
    if (status == GSC_OK) {
        fill_probe(&made, tokens, contexts);
        *self = made;
    }
    return status;
}

void gsc_probe_clear(gsc_probe *self) {
    free(self->tokens);
    free(self->document);
    free(self->domain);
    *self = (gsc_probe){0};
}

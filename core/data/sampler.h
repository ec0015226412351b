/* SPDX-License-Identifier: MIT
 *
 * Training batches as a function of (seed, step), and the fixed positions of validation.
 *
 * Training: the documents in an order drawn once from the seed, one after another; the stream so
 * made is cut into C = floor((count - 1) / T) contexts of T + 1 tokens, neighbours sharing one
 * (the last target is the next one's first input). Row b of step s is context (s B + b) mod C:
 * every context once in C rows, and nothing to save for an exact resume. Another program replays
 * it from the seed and the rule alone.
 *
 * Validation: the held-out documents in the corpus' order, cut in the same way; W contexts at even
 * distances.
 *
 * Layer: core/data.
 */
#ifndef GSC_CORE_DATA_SAMPLER_H
#define GSC_CORE_DATA_SAMPLER_H

#include "core/data/tokens.h"

typedef struct gsc_sampler {
    const gsc_token_stream *stream; /* borrowed */
    size_t context;                 /* T */
    uint64_t contexts;              /* C */
    uint64_t *order;                /* [documents]: order[i] is the i-th document */
    uint64_t *starts;               /* [documents + 1]: where it begins in the shuffled stream */
} gsc_sampler;

/* Where the tokens of a batch come from; any may be NULL. [rows, T], of the inputs. */
typedef struct gsc_batch_sources {
    int32_t *documents;
    uint8_t *domains;
} gsc_batch_sources;

/* tokens stay the caller's and must outlive the sampler. Errors: GSC_ERR_INPUT where the training
 * text is shorter than one context. */
gsc_status gsc_sampler_init(gsc_sampler *self, const gsc_tokens *tokens, size_t context,
                            uint64_t seed, gsc_error *error);
void gsc_sampler_clear(gsc_sampler *self);

/* The batch of a step: ret_tokens [batch, T + 1]; inputs are the first T of a row, targets the
 * last T. Any thread; allocates nothing. */
void gsc_sampler_batch(const gsc_sampler *self, uint64_t step, size_t batch, int32_t *ret_tokens,
                       gsc_batch_sources sources);

enum {
    GSC_PROBE_POSITIONS = 32768, /* of router metrics: at least these many positions */
    GSC_PROBE_DOCUMENTS = 100,   /* from at least these many documents */
    GSC_VALIDATION_POSITIONS = 131072
};

/* Fixed validation contexts. */
typedef struct gsc_probe {
    size_t rows, context; /* W, T */
    uint64_t positions;   /* W T */
    uint64_t documents;   /* that the inputs touch */
    uint64_t domains;     /* likewise */
    double bytes;         /* of text behind the targets */
    int32_t *tokens;      /* [W, T + 1] */
    int32_t *document;    /* [W, T], of the held-out stream */
    uint8_t *domain;      /* [W, T] */
} gsc_probe;

/* The least W with W T >= positions and contexts that touch at least documents documents; every
 * context there is where the held-out text has not so many (then probe.positions or
 * probe.documents is smaller). Errors: GSC_ERR_INPUT where the held-out text is shorter than one
 * context; no memory. */
gsc_status gsc_probe_init(gsc_probe *self, const gsc_tokens *tokens, size_t context,
                          uint64_t positions, uint64_t documents, gsc_error *error);
void gsc_probe_clear(gsc_probe *self);

#endif

/* SPDX-License-Identifier: MIT
 *
 * What the files of the language-model lab share. Layer: core/lm, private.
 */
#ifndef GSC_CORE_LM_LAB_INTERNAL_H
#define GSC_CORE_LM_LAB_INTERNAL_H

#include "core/data/sampler.h"
#include "core/lm/checkpoint.h"
#include "core/lm/lab.h"
#include "core/lm/trainer.h"
#include "core/routing/report.h"

typedef enum lab_series {
    LAB_LOSS,
    LAB_VALIDATION,
    LAB_BALANCE,
    LAB_NORM,
    LAB_RATE,
    LAB_SPEED,
    LAB_DOCUMENTS, /* vectors, once: loss and tokens of each held-out document */
    LAB_DOCUMENT_TOKENS,
    LAB_SERIES
} lab_series;

/* lab_sink.c */
typedef struct lab_sink {
    gsc_sink sink; /* first */
    gsc_sink *to;
    bool stop; /* somebody asked for it */
} lab_sink;

typedef struct lab {
    const gsc_spec *spec;
    gsc_pool *pool;
    lab_sink tee;
    gsc_sink *sink;     /* that of tee */
    const char *folder; /* of checkpoints; NULL: none */
    char identity[GSC_LM_IDENTITY_SIZE];

    gsc_tokenizer *tokenizer;
    gsc_tokens tokens;
    gsc_sampler sampler;
    gsc_probe validation, interim; /* interim: at every checkpoint, and the router's probe */
    gsc_router_report *router;

    gsc_lm_shape shape;
    gsc_lm_recipe recipe;
    gsc_lm_options options;
    gsc_queue *queue;
    gsc_lm *model;
    gsc_lm_trainer trainer;

    int32_t *batch; /* [batch, context + 1] */
    float *load;    /* [experts] */
    int64_t *stops; /* steps with a checkpoint, ascending */
    size_t n_stops;
    int32_t series[LAB_SERIES], *load_series; /* [layers] */
    int32_t *course_series;
    int64_t first_step, told_step;     /* where this process began; of the last speed */
    double begun_s, told_s, trained_s; /* clocks: begin, last speed; seconds in steps */
    double validation_loss;            /* the last one */
    double *tails;      /* [2, layers] of the router's report, as checkpoints keep it */
    int64_t saved_step; /* of the last checkpoint; -1: none */
    size_t lost_saves;  /* checkpoints in a row that could not be written */
    bool in_step;       /* a training step is under way, or failed */
    bool told_wait;     /* that the tokenizer is being made */
    gsc_tokenizer_needs making;
} lab;

double lm_lab_now(void);

void lm_lab_sink_init(lab_sink *self, gsc_sink *to);
/* GSC_ERR_STOPPED where somebody asked for it. */
gsc_status lm_lab_heed_stop(const lab *self, gsc_error *error);

/* lab_setup.c */
int64_t lm_lab_spacing(const lab *self); /* steps between checkpoints that change rates compare */
gsc_status lm_lab_set_up(lab *self, gsc_error *error);
void lm_lab_tear_down(lab *self);

/* lab_tell.c */
gsc_status lm_lab_declare_series(lab *self, gsc_error *error);
gsc_status lm_lab_tell_step(lab *self, const gsc_lm_step *step, gsc_error *error);
gsc_status lm_lab_tell_loads(lab *self, gsc_error *error);
gsc_status lm_lab_tell_point(lab *self, lab_series series, double y, gsc_error *error);
double lm_lab_fraction(const lab *self); /* of the whole run */
gsc_status lm_lab_tell_results(lab *self, gsc_error *error);
gsc_status lm_lab_tell_corpus(lab *self, gsc_error *error);
/* losses: [rows, context] of the last validation. */
gsc_status lm_lab_tell_documents(lab *self, const double *losses, gsc_error *error);

/* lab_gate.c: scheduled parameters; after some steps, and at the end, what numeric derivatives cost. */
gsc_status lm_lab_declare_courses(lab *self, gsc_error *error);
gsc_status lm_lab_tell_courses(lab *self, gsc_error *error);
gsc_status lm_lab_tell_numeric(lab *self, gsc_error *error);
gsc_status lm_lab_tell_numeric_result(lab *self, gsc_error *error);

/* lab_router.c: the series of the router; the probe at this step, with its mean cross-entropy; a
 * step's loads; the checkpoints before the one that the run goes on from, as far as they are there.
 */
gsc_status lm_lab_watch_router(lab *self, gsc_error *error);
gsc_status lm_lab_probe(lab *self, bool quiet, double *ret_loss, gsc_error *error);
gsc_status lm_lab_tell_step_loads(lab *self, gsc_error *error);
gsc_status lm_lab_probe_earlier(lab *self, gsc_error *error);
/* What the report must remember of steps that are done, from or into a checkpoint's numbers. */
void lm_lab_keep_tails(lab *self);
void lm_lab_restore_tails(lab *self);

#endif

/* SPDX-License-Identifier: MIT
 *
 * A language model with a mixture of experts in every layer, on a device: forward, and backward
 * written out. Tensors are reached through the table of ops and the device's buffers alone; only
 * the gate's five stages run on the host, in double: logits go there, choices and weights come
 * back.
 *
 * One call works on one micro-batch of `sequences` whole sequences. What backward needs is kept,
 * but for the gathered rows and the experts' hidden values, which are cheap to make again.
 *
 * Loss: mean cross-entropy over the targets of a step, plus coefficient * balancer's loss of each
 * layer. Everything is the same bits at any number of threads.
 *
 * Layer: core/lm. A model belongs to one thread at a time.
 */
#ifndef GSC_CORE_LM_MODEL_H
#define GSC_CORE_LM_MODEL_H

#include "core/base/error.h"
#include "core/lm/shape.h"
#include "kernels/queue.h"
#include "kernels/view.h"

typedef struct gsc_lm gsc_lm;

typedef struct gsc_lm_options {
    gsc_dtype dtype;  /* GSC_F32; GSC_F64 for checks */
    size_t sequences; /* of a micro-batch */
    uint64_t seed;    /* of the first weights, and of gates that draw */
    bool training;    /* room for gradients and AdamW's moments */
    gsc_pool *pool;   /* borrowed, for gates' stages; NULL: one thread */
} gsc_lm_options;

/* Draws the weights. shape is copied; queue is borrowed and must have gsc_lm_workspace_bytes(). */
gsc_status gsc_lm_new(gsc_queue *queue, const gsc_lm_shape *shape, const gsc_lm_options *options,
                      gsc_lm **ret_model, gsc_error *error);
void gsc_lm_free(gsc_lm *self); /* NULL is fine */

size_t gsc_lm_workspace_bytes(const gsc_lm_shape *shape, unsigned threads);

const gsc_lm_shape *gsc_lm_get_shape(const gsc_lm *self);
const gsc_lm_parameters *gsc_lm_get_parameters(const gsc_lm *self);

/* Bytes that a model of this shape takes on its device and on the host, counted on paper:
 * parameters (times 4 with training: values, gradients, two moments), what is kept for backward,
 * scratch; host: with what a queue of gsc_device_cpu() with options' pool needs. */
typedef struct gsc_lm_forecast {
    size_t parameters, activations, host;
    size_t total;
} gsc_lm_forecast;
gsc_status gsc_lm_forecast_of(const gsc_lm_shape *shape, const gsc_lm_options *options,
                              gsc_lm_forecast *ret_forecast, gsc_error *error);

/* How a layer routed a micro-batch: for the router's metrics. Borrowed for the call. */
typedef struct gsc_lm_routing {
    size_t layer, rows, experts, logits;
    const double *z;          /* [rows, logits] */
    const double *p;          /* [rows, experts] */
    const gsc_choice *choice; /* row t chose chosen[start[t] ... start[t + 1]) */
    const double *bias;       /* [experts] selection bias */
} gsc_lm_routing;
typedef gsc_status gsc_lm_visit(void *data, const gsc_lm_routing *routing, gsc_error *error);

typedef struct gsc_lm_batch {
    const int32_t *tokens;  /* [sequences, context] on the host */
    const int32_t *targets; /* the same; negative ones count nothing */
    int64_t step;           /* of the optimiser, for gates that see it */
    int64_t first_row;      /* index of row 0 in the whole step's batch */
    double loss_scale;      /* of the cross-entropy's gradient: 1 / targets of the whole step */
    double balance_scale; /* of the balancers': 1 / micro-batches of the step; 0: none are asked */
    bool as_training;     /* gsc_lm_forward routes as gsc_lm_gradient does, with jitter and drops */
    gsc_lm_visit *visit;  /* called for each layer, in order; NULL: nobody looks */
    void *visit_data;
    double *ret_losses; /* [n_losses] cross-entropies of the first rows, 0 for targets that count
                         * nothing; NULL: nobody asks */
    size_t n_losses;
} gsc_lm_batch;

typedef struct gsc_lm_loss {
    double sum;     /* of cross-entropies, nats */
    double balance; /* sum over layers and balancers of coefficient * loss, for this micro-batch */
    size_t targets; /* that count */
} gsc_lm_loss;

/* The losses alone. Errors: those of the queue and of the plugins, naming the layer. */
gsc_status gsc_lm_forward(gsc_lm *self, const gsc_lm_batch *batch, gsc_lm_loss *ret_loss,
                          gsc_error *error);
/* The next gsc_lm_gradient starts from gradients of 0; until then those of matrices are stale. */
void gsc_lm_forget_gradients(gsc_lm *self);
/* The losses, and adds the gradient of loss_scale * sum + balance_scale * balance; gates observe,
 * loads are counted. With training only. */
gsc_status gsc_lm_gradient(gsc_lm *self, const gsc_lm_batch *batch, gsc_lm_loss *ret_loss,
                           gsc_error *error);

/* Logits [rows, vocabulary] of rows first ... of the last micro-batch. */
gsc_status gsc_lm_logits(gsc_lm *self, size_t first, size_t rows, double *ret_logits,
                         gsc_error *error);

/* At the end of an optimiser step: gates and balancers see the step's loads, which begin anew. */
void gsc_lm_end_step(gsc_lm *self, int64_t step);
/* Choices of each expert since the last end of a step, [experts]. */
const double *gsc_lm_loads(const gsc_lm *self, size_t layer);

/* Those of them that full experts dropped. */
double gsc_lm_dropped(const gsc_lm *self, size_t layer);

/* What the gate's numeric derivatives have cost since birth: evaluations of one row, seconds. */
typedef struct gsc_lm_gate_work {
    int64_t evaluations;
    double seconds;
} gsc_lm_gate_work;
gsc_lm_gate_work gsc_lm_numeric_work(const gsc_lm *self);

/* The arenas, all of gsc_lm_parameters.elements numbers of the model's type. */
typedef enum gsc_lm_arena {
    GSC_LM_VALUES,
    GSC_LM_GRADIENTS,
    GSC_LM_MOMENT_1,
    GSC_LM_MOMENT_2,
    GSC_LM_ARENAS
} gsc_lm_arena;

/* A parameter in an arena, [rows, last size]; and a whole arena. */
gsc_view gsc_lm_view(const gsc_lm *self, gsc_lm_arena arena, const gsc_lm_parameter *parameter);
gsc_view gsc_lm_arena_view(const gsc_lm *self, gsc_lm_arena arena);
/* count numbers of a parameter as doubles, from number first. */
gsc_status gsc_lm_read(gsc_lm *self, gsc_lm_arena arena, const gsc_lm_parameter *parameter,
                       size_t first, size_t count, double *ret_values, gsc_error *error);
gsc_status gsc_lm_write(gsc_lm *self, gsc_lm_arena arena, const gsc_lm_parameter *parameter,
                        size_t first, size_t count, const double *values, gsc_error *error);

/* What the host keeps beside the arenas and checkpoints must hold: selection biases and the states
 * of gates. */
typedef struct gsc_lm_state {
    char name[GSC_LM_NAME_SIZE]; /* "layers.0.gate.selection_bias" */
    double *values;
    size_t count;
} gsc_lm_state;
const gsc_lm_state *gsc_lm_states(const gsc_lm *self, size_t *ret_count);
/* Numbers of the run, not of the model, that checkpoints are to hold too, as run.NAME; borrowed.
 * A checkpoint without them loads all the same. At most GSC_LM_MOST_KEPT. */
enum {
    GSC_LM_MOST_KEPT = 4
};
void gsc_lm_keep(gsc_lm *self, const char *name, double *values, size_t count);

#endif

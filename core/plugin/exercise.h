/* SPDX-License-Identifier: MIT
 *
 * One exercise of a plugin: every function of its table is called once, in the host's order, over memory that
 * is watched; what came out is kept. A plan says sizes, inputs and what is done to them, so that two exercises
 * can be compared: rows in another order, a later row changed, another bias.
 *
 * An exercise judges nothing: numbers that are not finite, sums and choices are kept as they came.
 *
 * Layer: core/plugin, for conformance.c; kernels (the host's services). [any thread; one exercise, one thread]
 */
#ifndef GSC_CORE_PLUGIN_EXERCISE_H
#define GSC_CORE_PLUGIN_EXERCISE_H

#include "core/base/error.h"
#include "core/plugin/check.h"

#include <stdbool.h>

enum {
    GSC_EXERCISE_OUTPUTS = 48,
    GSC_EXERCISE_BLOCKS = 128,
    GSC_EXERCISE_MAX_NUMBERS = 1 << 22 /* of one tensor */
};

typedef enum gsc_inputs {
    GSC_INPUTS_ORDINARY = 0,
    GSC_INPUTS_EQUAL, /* every logit the same: ties */
    GSC_INPUTS_HUGE,  /* 1e18, 1e300, infinity, either sign */
    GSC_INPUTS_NAN,   /* one NaN in each row of logits, every other row of an expert */
} gsc_inputs;

typedef struct gsc_plan {
    int64_t rows, inputs, experts, hidden, outputs, top_k, first_row;
    uint64_t seed, random_key;
    gsc_inputs kind;
    double scale;       /* of x and of an expression's arguments */
    double bias_scale;  /* of the selection bias; 0: it is NULL */
    int64_t favoured;   /* an expert whose bias is 1e4; -1: none */
    int64_t changed;    /* x and tokens of rows from here on are others; -1: none */
    unsigned char fill; /* what outputs hold before they are written */
    bool judged;        /* call.training is 0 */
    bool watch;         /* look for writes outside the outputs after each call */
    const int64_t *row_order, *expert_order; /* [rows], [experts]; NULL: as they come */
    const int32_t *forced; /* [rows, top_k]: the choice, whatever the gate says; NULL: its own */
    double params[GSC_MAX_DESCRIPTOR_PARAMS];
} gsc_plan;

/* 12 rows, 5 inputs, 8 experts, k = 2, and the parameters' initial values. */
void gsc_plan_init(gsc_plan *plan, const gsc_plugin *plugin);

/* What a function returned: rows x per_row numbers, or count of no rows (per_row 0). */
typedef struct gsc_output {
    const char *function;
    const double *values;
    size_t count, per_row;
    bool forward; /* of the forward pass: a row of it belongs to a row of x */
} gsc_output;

/* Memory with bands around it. kept: what it must still hold, NULL for outputs. */
typedef struct gsc_block {
    const char *name;
    unsigned char *bytes;
    size_t size;
    unsigned char *kept;
} gsc_block;

typedef struct gsc_exercise {
    const gsc_plugin *plugin;
    gsc_plan plan;
    gsc_call call;
    gsc_block blocks[GSC_EXERCISE_BLOCKS];
    size_t n_blocks;
    gsc_output outputs[GSC_EXERCISE_OUTPUTS];
    size_t n_outputs;
    double *tensors[GSC_MAX_DESCRIPTOR_TENSORS], *gradients[GSC_MAX_DESCRIPTOR_TENSORS];
    size_t sizes[GSC_MAX_DESCRIPTOR_TENSORS];
    double *bias, *loads;
    int64_t *tokens, *sequences;

    /* Gate and balancer: x [T,D], w [M,D], z [T,M], a and p and rank [T,E], dense choice and weights [T,E]. */
    double *x, *w, *z, *affinity, *p, *rank, *chosen, *weights;
    gsc_choice choice;
    int32_t *order;
    /* Expert: arguments u, v or x [T,D]; y. */
    double *u, *v, *y, *dy;
    double loss;

    char trespass[GSC_ERROR_MESSAGE_SIZE]; /* the first write outside an output; "": none */
    char choice_error[GSC_ERROR_MESSAGE_SIZE];
    bool failed; /* no memory, or sizes that are too many */
    char why[GSC_ERROR_MESSAGE_SIZE];
} gsc_exercise;

/* Makes the memory, fills the inputs and runs all functions. GSC_ERR_MEMORY: the sizes are too many (a
 * predicate). Clear it in any case. */
gsc_status gsc_exercise_run(gsc_exercise *self, const gsc_plugin *plugin, const gsc_plan *plan,
                            gsc_error *error);
/* The first half of it: inputs only, nothing is called but logits and the like. */
gsc_status gsc_exercise_init(gsc_exercise *self, const gsc_plugin *plugin, const gsc_plan *plan,
                             gsc_error *error);
void gsc_exercise_clear(gsc_exercise *self);

/* Told before and after each call into the plugin, by the thread that makes it; NULL: nobody. */
void gsc_exercise_set_watcher(void (*enter)(const char *function), void (*leave)(void));
void (*gsc_exercise_get_watcher(void))(const char *function);
void gsc_exercise_enter(const char *function);
void gsc_exercise_leave(gsc_exercise *self, const char *function);

/* Room for count numbers, or for bytes, between bands; filled with plan.fill. */
double *gsc_exercise_numbers(gsc_exercise *self, const char *name, size_t count);
void *gsc_exercise_room(gsc_exercise *self, const char *name, size_t bytes);
/* From now on the block is an input: nobody may write it; or an output again. */
void gsc_exercise_keep(gsc_exercise *self, const void *block);
void gsc_exercise_release(gsc_exercise *self, const void *block);
void gsc_exercise_record(gsc_exercise *self, const char *function, const double *values,
                         size_t count, size_t per_row, bool forward);
const gsc_output *gsc_exercise_find(const gsc_exercise *self, const char *function);

/* In (-1, 1), a function of seed and index alone. */
double gsc_exercise_noise(uint64_t seed, uint64_t index);

/* The functions of one kind: parts of gsc_exercise_run. */
void gsc_exercise_gate_inputs(gsc_exercise *self);
void gsc_exercise_gate(gsc_exercise *self);
void gsc_exercise_expert_inputs(gsc_exercise *self);
void gsc_exercise_expert(gsc_exercise *self);
void gsc_exercise_balancer_inputs(gsc_exercise *self);
void gsc_exercise_balancer(gsc_exercise *self);

/* Parts of the gate's, for tests that move one number. */
void gsc_exercise_score(gsc_exercise *self);
void gsc_exercise_probs(gsc_exercise *self);
void gsc_exercise_mix(gsc_exercise *self); /* nothing where the gate does not mix */

/* The gate's gate.mix/1, filled with zeros; mix NULL where it has none. And the slots of all its experts. */
gsc_gate_mix gsc_exercise_find_mix(const gsc_plugin *plugin);
int64_t gsc_exercise_mix_slots(const gsc_exercise *self, const gsc_gate_mix *mix);

#endif

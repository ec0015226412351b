/* SPDX-License-Identifier: MIT
 *
 * What the parts of the theory lab share: lab.c (set-up and tasks), lab_series.c (what is
 * measured), lab_fit.c (one fit's findings), lab_results.c (slopes, verdicts, alarms). Private to
 * lab*.c.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_LAB_INTERNAL_H
#define GSC_CORE_THEORY_LAB_INTERNAL_H

#include "core/theory/align.h"
#include "core/theory/arms.h"
#include "core/theory/fit.h"
#include "core/theory/function_error.h"
#include "core/theory/lab.h"
#include "core/theory/pseudo_truth.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    LAB_MAX_ARMS = 64,
    LAB_MAX_SERIES = 20 + 3 * (GSC_MAX_ERROR_BLOCKS + 1)
};

typedef enum lab_quantity {
    LAB_LOSS,
    LAB_LOSS_SHARED,
    LAB_LOSS_ROUTED,
    LAB_LOSS_SPARSE,  /* D3 of fits whose over-specified cells have true slopes 0: theorem 3 */
    LAB_LOSS_STOPPED, /* as LAB_LOSS where EM stops; only where a polish follows */
    LAB_LOG_LIKELIHOOD,
    LAB_GAIN,
    LAB_ITERATIONS,
    LAB_ITERATIONS_STOPPED,
    LAB_N_KL,
    LAB_GATE_ERROR, /* function_error.h */
    LAB_EXPERT_ERROR,
    LAB_BLOCK_ERROR, /* p_r of a block, over exact or over-specified cells */
    LAB_BLOCK_WORST,
} lab_quantity;

typedef struct lab_series {
    lab_quantity quantity;
    size_t block; /* of lab.blocks */
    bool exact;
    double r;
    bool drawn;   /* in a panel */
    double bound; /* proven exponent of n, NAN */
    int32_t handle;
    char name[64], title[128];
} lab_series;

typedef enum lab_alarm {
    LAB_ALARM_FELL,
    LAB_ALARM_EMPTY,
    LAB_ALARM_BOX,
    LAB_ALARM_UNCONVERGED,
    LAB_ALARM_CLIPPED,
    LAB_ALARM_MASS, /* an atom at theory.mass_floor */
    LAB_ALARM_FLOOR,
    LAB_ALARMS,
} lab_alarm;

/* What the arms of one entry of theory.arms share. */
typedef struct lab_plan {
    const gsc_spec *spec;
    const char *name; /* of the entry; "" */
    gsc_truth *truth;
    gsc_kl *kl; /* NULL where d > 1 */
    gsc_loss_kind loss;
    const char *loss_name, *measure; /* theory.measure */
    bool no_loss; /* theory.loss is none, or a gate in general form has no masses a(beta0) */
    bool theorem; /* the loss's theorem speaks of this gate and these experts */
    bool crossed; /* the fitted gate is not the true one */
    gsc_fit_options fit;
    size_t trace; /* theory.trace: EM iterations whose loss is kept */
} lab_plan;

typedef struct lab_arm {
    const lab_plan *plan;
    size_t k_shared, k_routed;
    char name[64];
    /* What errors are measured from: the plan's truth, or the truth with the pseudo-true routed
     * atoms of this arm's family in place of its own. pseudo: those atoms with the whole fit's
     * layout; NULL where there are none. */
    const gsc_truth *reference;
    gsc_truth *own_reference;
    double *pseudo;
    bool felt;       /* n KL(truth || pseudo-truth) is above 1 at the largest n */
    double *initial; /* theory.start given: theory.initial; else NULL */
    gsc_error_block blocks[GSC_MAX_ERROR_BLOCKS + 1];
    size_t n_blocks;
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_mixture_layout layout;
    lab_series series[LAB_MAX_SERIES];
    size_t n_series;
} lab_arm;

typedef struct lab {
    const gsc_spec *spec;
    gsc_pool *pool;
    gsc_sink *sink;
    gsc_spec_arm *entries; /* of theory.arms; the spec itself where it has none */
    size_t n_entries;
    lab_plan plans[LAB_MAX_ARMS];
    size_t n_plans;
    size_t *sizes, n_sizes, replicates;
    lab_arm arms[LAB_MAX_ARMS];
    size_t n_arms;
    int32_t *trace;    /* handles [arm][size] of losses by iteration, of arms that keep them */
    int32_t *by_noise; /* handles [size][2]: polished, stopped */
    double *hits; /* [arm][size][replicate]: starts within 0.1 nat of the fit's best, NAN before */
    double *values; /* [arm][LAB_MAX_SERIES][size][replicate], NAN where there is none */
    size_t threads;
    struct lab_worker {
        double *x, *y;
        gsc_fitter *fitter[LAB_MAX_ARMS]; /* made when first needed */
    } * workers;
    double started_s;

    atomic_bool stop;
    pthread_mutex_t lock; /* guards all below and the order of progress */
    gsc_status status;    /* the first failure */
    gsc_error error;
    double work_done, work_total;
    size_t *done;                 /* [arm][size] fits */
    size_t (*alarms)[LAB_ALARMS]; /* [arm][size] fits that raised it */
} lab;

static inline double *lab_value(const lab *self, size_t arm, size_t series, size_t size,
                                size_t replicate) {
    return &self->values[((arm * LAB_MAX_SERIES + series) * self->n_sizes + size) *
                             self->replicates +
                         replicate];
}

/* lab_reference.c: what an arm's errors are measured from. Loss D4 with theory.d4_reference
 * pseudo_truth, and crossed gates: the pseudo-truth of the arm's family in its box, by quadrature;
 * told as a document "pseudo_truth". */
gsc_status lab_find_reference(lab *self, lab_arm *arm, gsc_error *error);
void lab_clear_reference(lab_arm *arm);

/* lab_trace.c: the losses of one fit's first start by iteration. observe is gsc_em_options.observe.
 */
typedef struct lab_trace {
    const lab_arm *arm;
    gsc_point *points; /* [theory.trace + 1]; NULL: none are kept */
    double *aligned;
    size_t count;
} lab_trace;
gsc_status lab_declare_traces(lab *self, gsc_error *error);
gsc_status lab_trace_init(lab_trace *trace, const lab_arm *arm, gsc_error *error);
void lab_trace_clear(lab_trace *trace);
void lab_trace_observe(void *data, size_t iteration, const double *mixture);
gsc_status lab_tell_trace(lab *self, size_t a, size_t size, size_t replicate, lab_trace *trace,
                          double loss, double loss_stopped, gsc_error *error);

/* lab_compare.c: results of arms beside each other. */
gsc_status lab_tell_comparison(lab *self, gsc_error *error);

/* lab_series.c: lists and declares an arm's series. */
gsc_status lab_declare_series(lab *self, lab_arm *arm, gsc_error *error);

/* lab_fit.c: the loss of a mixture, which goes aligned into aligned; ret_align and ret_cells may be
 * NULL. */
gsc_status lab_measure_loss(const lab_arm *arm, const double *mixture, double *aligned,
                            gsc_align_info *ret_align, gsc_voronoi *ret_cells, gsc_loss *ret_loss,
                            gsc_error *error);

/* lab_fit.c: one fit, told to the sink. alarms [LAB_ALARMS] says which it raised. */
gsc_status lab_run_fit(lab *self, size_t arm, size_t size, size_t replicate, size_t worker,
                       bool *ret_alarms, gsc_error *error);

/* lab_results.c: the alarms of one arm and size when its last fit is done; what the whole run
 * found. */
gsc_status lab_tell_alarms(lab *self, size_t arm, size_t size, gsc_error *error);
gsc_status lab_tell_results(lab *self, gsc_error *error);

#endif

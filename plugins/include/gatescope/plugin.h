/* SPDX-License-Identifier: MIT
 *
 * gatescope/plugin.h: the plugin contract, ABI 1. The one header that a gate, an expert or a balancer
 * includes. It needs libc and libm only and reads the same in C and C++.
 *
 * A plugin is functions over the host's memory. It creates, destroys and allocates nothing and keeps no
 * changing statics: its parameters, tensors and state are declared below as data, and the host allocates,
 * draws, optimises, checkpoints and places them. Each call gets one gsc_call with everything in it.
 *
 * Numbers are `real`: double on the host; the same file compiled with GSC_REAL=float is its device build.
 * Write no compound literals, variable-length arrays or `restrict`: C++ refuses them.
 *
 * Thread and state tags, on every function:
 *   [load]  while the plugin is read; any thread, once
 *   [row]   pure: reads the call, writes its outputs; any thread, any order, any split of the rows
 *   [batch] pure, but sees a whole batch in one call
 *   [step]  once per optimiser step, in training only, never when a pass is recomputed
 *
 * Outputs never overlap inputs. Sizes may be 0. A function cannot fail: what it cannot do it refuses by
 * what it declares, and the host checks that outputs are finite.
 */
#ifndef GATESCOPE_PLUGIN_H
#define GATESCOPE_PLUGIN_H

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* Members left out of a table are zero: that is the contract, and only g++ warns of it. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__cplusplus)
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define GSC_PLUGIN_MAGIC 0x47534350u /* "GSCP" */
#define GSC_ABI_MAJOR    1
/* A plugin that uses a later minor says so before the include; without it, it runs on every 1.x host.
 * 1.1 added call.training. */
#ifndef GSC_ABI_MINOR
#define GSC_ABI_MINOR 0
#endif

#ifndef GSC_REAL
#define GSC_REAL double
#endif
typedef GSC_REAL real;

/* ---- Vectorisable mathematics ------------------------------------------------------------------------
 * Loops over exp, log, tanh and erf become vector code (glibc's libmvec, 4 ulp) under the kit's flags. */
#if defined(__GNUC__) && !defined(__clang__) && !defined(__CUDACC__) && !defined(__cplusplus) &&   \
    defined(__x86_64__) && defined(__linux__)
#define GSC_VECTOR __attribute__((simd("notinbranch")))
extern GSC_VECTOR double exp(double);
extern GSC_VECTOR double log(double);
extern GSC_VECTOR double tanh(double);
extern GSC_VECTOR double erf(double);
extern GSC_VECTOR double log1p(double);
extern GSC_VECTOR float expf(float);
extern GSC_VECTOR float logf(float);
extern GSC_VECTOR float tanhf(float);
extern GSC_VECTOR float erff(float);
extern GSC_VECTOR float log1pf(float);
#endif
/* The hot loops of a plugin are built for several instruction sets and picked when it is loaded. */
#if defined(__GNUC__) && !defined(__clang__) && !defined(__CUDACC__) && defined(__x86_64__) &&     \
    defined(__linux__) && !defined(GSC_NO_CLONES)
#define GSC_HOT __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define GSC_HOT
#endif

/* ---- Kinds, capabilities ------------------------------------------------------------------------- */
typedef uint32_t gsc_kind;
enum {
    GSC_KIND_GATE = 1,
    GSC_KIND_EXPERT = 2,
    GSC_KIND_BALANCER = 3
};

/* What a plugin needs or is. An undeclared input is NULL, 0 or -1 in the call. */
typedef uint64_t gsc_capabilities;
#define GSC_CAP_WHOLE_BATCH    (1u << 0) /* select sees all rows at once */
#define GSC_CAP_TOKENS         (1u << 1) /* call.tokens */
#define GSC_CAP_STEP           (1u << 2) /* call.step */
#define GSC_CAP_RANDOM         (1u << 3) /* call.random_key, with gsc_uniform and gsc_normal */
#define GSC_CAP_NOT_CAUSAL     (1u << 4) /* a row's choice depends on later rows */
#define GSC_CAP_NO_SUM         (1u << 5) /* p is no distribution: rows need not sum to 1 */
#define GSC_CAP_CHOICE_DEFINED (1u << 6) /* what the gate is lies in its choice, not in p */
#define GSC_CAP_IGNORES_BIAS                                                                       \
    (1u << 7) /* the selection bias has no effect: bias balancers are refused */
#define GSC_CAP_ESTIMATOR                                                                          \
    (1u << 8) /* combine's gradient is an estimator: finite differences differ */

/* ---- Parameters and tensors: data ---------------------------------------------------------------- */
typedef uint32_t gsc_param_type;
enum {
    GSC_PARAM_REAL = 0,
    GSC_PARAM_INT = 1,
    GSC_PARAM_BOOL = 2
};

/* One control in the window, one axis of a sweep. lowest and highest are inclusive. */
typedef struct gsc_param {
    const char *name; /* lower_case; a spec key is KIND.name */
    const char *doc;  /* one line, no full stop */
    const char *unit; /* NULL: none */
    gsc_param_type type;
    uint32_t schedulable; /* 1: may change between steps */
    double lowest, highest, initial;
} gsc_param;

/* A size is a number >= 1 or one of these symbols; GSC_SIZE_PARAM(i) is the value of parameter i. */
#define GSC_SIZE_EXPERTS  ((int64_t)-1) /* E */
#define GSC_SIZE_INPUTS   ((int64_t)-2) /* D */
#define GSC_SIZE_LOGITS   ((int64_t)-3) /* M */
#define GSC_SIZE_HIDDEN   ((int64_t)-4) /* H */
#define GSC_SIZE_OUTPUTS  ((int64_t)-5) /* O */
#define GSC_SIZE_PARAM(i) ((int64_t)-16 - (i))

typedef uint32_t gsc_tensor_role;
enum {
    GSC_TENSOR_TRAINED = 0,
    GSC_TENSOR_FROZEN = 1,
    GSC_TENSOR_STATE = 2
};
typedef uint32_t gsc_tensor_init;
enum {
    GSC_INIT_ZERO = 0,
    GSC_INIT_CONSTANT = 1, /* scale */
    GSC_INIT_NORMAL = 2,   /* normal, standard deviation scale */
    GSC_INIT_FAN_IN = 3,   /* normal, standard deviation scale / sqrt(last size) */
    GSC_INIT_PARAM = 4,    /* constant, the value of parameter number (int) scale */
};

enum {
    GSC_MAX_DIMS = 4
};

typedef struct gsc_tensor {
    const char *name;
    gsc_tensor_role role;
    gsc_tensor_init init;
    double scale;
    uint32_t no_decay; /* 1: weight decay leaves it alone */
    uint32_t dims;
    int64_t size[GSC_MAX_DIMS]; /* row-major */
} gsc_tensor;

/* ---- The call ------------------------------------------------------------------------------------ */
/* Services of the host, over plain arrays; for [batch] and [step] functions and own scores. [row] */
typedef struct gsc_host {
    uint32_t struct_size;
    /* c [m,n] = a [m,k] b [k,n] (+ c where accumulate); a is read as its transpose [k,m], b as [n,k],
     * where asked; row-major. */
    void (*matmul)(real *c, const real *a, const real *b, int64_t m, int64_t n, int64_t k,
                   int transpose_a, int transpose_b, int accumulate);
    /* The k largest of value[0..n), largest first, ties to the smaller index; k <= n. */
    void (*top_k)(int32_t *ret_index, const real *value, int64_t n, int64_t k);
} gsc_host;

typedef struct gsc_call {
    uint32_t struct_size;
    int32_t layer;
    int64_t rows;         /* T: rows in this call */
    int64_t inputs;       /* D */
    int64_t experts;      /* E */
    int64_t logits;       /* M */
    int64_t hidden;       /* H, for experts */
    int64_t outputs;      /* O, for experts */
    int64_t top_k;        /* k of the spec; E where the lab is dense */
    const double *params; /* current values, in declared order */
    real *const
        *tensors; /* in declared order; written only by [step] functions, and then only state */
    real *const
        *gradients;   /* same shapes, to be added to; backward functions only; NULL for state */
    const real *bias; /* [E] selection bias of the host, or NULL */
    const int64_t *tokens; /* [T] token ids, with GSC_CAP_TOKENS */
    const int64_t
        *sequences; /* [n_sequences + 1] first row of each sequence, then T; NULL: one sequence */
    int64_t n_sequences;
    int64_t first_row;   /* index of row 0 in the whole step's batch */
    int64_t step;        /* with GSC_CAP_STEP; else -1 */
    uint64_t random_key; /* with GSC_CAP_RANDOM; depends on seed, layer and step */
    const gsc_host *host;
    /* Since 1.1, so GSC_ABI_MINOR must be 1 to read it: 1 while the router learns; 0 where it is judged
     * or used (validation, probes, scores, the theory lab). What is noise for learning alone stops at 0. */
    uint32_t training;
} gsc_call;

/* A choice: row t uses chosen[start[t] .. start[t+1]), each expert at most once (compressed rows). */
typedef struct gsc_choice {
    int64_t *start;  /* [T + 1] */
    int32_t *chosen; /* [capacity] expert indices */
    real *weight;    /* [capacity] combine weights, parallel to chosen */
    int64_t capacity;
} gsc_choice;

/* ---- Gate ---------------------------------------------------------------------------------------- */
/* Five stages; most gates write one or two functions and leave the rest to the defaults.
 *
 *   score    x [T,D] -> z [T,M]         default: linear, z_j = x.w_j (+ b_j, as the lab says); host owns w
 *   probs    z -> p [T,E]               none: this is the gate
 *   select   -> which experts           default: the top k of p + bias
 *   combine  p of the chosen -> weight  default: renormalise to sum 1
 *   update   state, no gradient         default: nothing
 */
typedef uint32_t gsc_score_form;
enum {
    GSC_SCORE_LINEAR = 0, /* z_j = x.w_j */
    GSC_SCORE_INNER = 1,  /* z_j = f(x.w_j, |x|^2, |w_j|^2): the inner functions below */
    GSC_SCORE_OWN = 2,    /* the score functions below */
    GSC_SCORE_NONE = 3,   /* no logits: M = 0 */
};
typedef uint32_t gsc_affinity_form;
enum {
    GSC_AFFINITY_NONE = 0,  /* the probs functions below */
    GSC_AFFINITY_VALUE = 1, /* affinity returns a_j = f(z_j) >= 0 */
    GSC_AFFINITY_LOG = 2,   /* affinity returns log a_j: p never overflows, log p is exact */
};
typedef uint32_t gsc_combine_form;
enum {
    GSC_COMBINE_RENORMALISE = 0, /* w_j = p_j / sum of the chosen p */
    GSC_COMBINE_KEEP = 1,        /* w_j = p_j */
    GSC_COMBINE_OWN = 2,         /* the combine functions below */
};

typedef struct gsc_gate {
    uint32_t struct_size;
    gsc_score_form score_form;
    gsc_affinity_form affinity_form;
    gsc_combine_form combine_form;

    /* M for E experts; NULL: M = E. [load] */
    int64_t (*logits)(int64_t experts, const double *params);

    /* Inner form, pointwise over n values: z = f(dot, xx, ww). Without the slope the host differentiates
     * numerically. ret_* of the slope are dz/d dot, dz/d xx, dz/d ww. [row] */
    void (*inner)(const gsc_call *call, int64_t n, const real *dot, const real *xx, const real *ww,
                  real *ret_z);
    void (*inner_slope)(const gsc_call *call, int64_t n, const real *dot, const real *xx,
                        const real *ww, real *ret_dot, real *ret_xx, real *ret_ww);

    /* Own score: x [T,D] -> z [T,M]. Backward: dz [T,M] -> dx [T,D], and adds to call.gradients.
     * Without it the gate runs in the theory lab only. [row] */
    void (*score)(const gsc_call *call, const real *x, real *ret_z);
    void (*score_backward)(const gsc_call *call, const real *x, const real *z, const real *dz,
                           real *ret_dx);

    /* Affinity, pointwise over n logits, n any number: a_j = f(z_j), or log a_j, as affinity_form says.
     * The host divides a by its row sum, unless GSC_CAP_NO_SUM, where p = a.
     * ret_slope is d(what affinity returns)/dz; without it: 2 more evaluations. [row] */
    void (*affinity)(const gsc_call *call, int64_t n, const real *z, real *ret_a);
    void (*affinity_slope)(const gsc_call *call, int64_t n, const real *z, real *ret_slope);

    /* Row form, for gates that are no affinity: one row z [M] -> p [E]; dp [E] -> dz [M]. [row] */
    void (*probs)(const gsc_call *call, int64_t row, const real *z, real *ret_p);
    void (*probs_backward)(const gsc_call *call, int64_t row, const real *z, const real *p,
                           const real *dp, real *ret_dz);

    /* What is compared, one row: z [M], p [E] -> rank [E]. -INFINITY: never chosen. Default: p_j + bias_j.
     * (DeepSeek-V3 compares sigma(z_j) + bias_j, which is not p_j + bias_j.) [row] */
    void (*rank)(const gsc_call *call, int64_t row, const real *z, const real *p, real *ret_rank);
    /* How many of the ranked experts this row takes; order [E] lists them best first. Default: k. [row] */
    int64_t (*count)(const gsc_call *call, int64_t row, const real *p, const int32_t *order);
    /* All rows at once: fills start and chosen. scratch is select_scratch(call) bytes. [batch] */
    void (*select)(const gsc_call *call, const real *z, const real *p, gsc_choice *ret_choice,
                   void *scratch);
    size_t (*select_scratch)(const gsc_call *call);
    /* The most experts a row can take, for the memory forecast. Default: k. [load] */
    int64_t (*max_chosen)(const gsc_call *call);

    /* Own weights of one row's chosen: p [E], chosen [n] -> weight [n]. Backward: dw [n] adds to dp [E].
     * An estimator (GSC_CAP_ESTIMATOR) maps dw to dz [M] instead. [row] */
    void (*combine)(const gsc_call *call, int64_t row, const real *z, const real *p, int64_t n,
                    const int32_t *chosen, real *ret_weight);
    void (*combine_backward)(const gsc_call *call, int64_t row, const real *z, const real *p,
                             int64_t n, const int32_t *chosen, const real *dweight, real *dp);
    void (*estimate)(const gsc_call *call, int64_t row, const real *z, const real *p, int64_t n,
                     const int32_t *chosen, const real *dweight, real *dz);

    /* State: sees each micro-batch, then moves once per optimiser step by the whole step's loads [E]
     * (counted before any drop). [step] */
    void (*observe)(const gsc_call *call, const real *z, const real *p, const gsc_choice *choice);
    void (*update)(const gsc_call *call, const real *loads);
} gsc_gate;

/* ---- Extension gate.mix/1: token mixing ---------------------------------------------------------- */
/* A gate that feeds experts mixtures of a sequence's tokens instead of choosing experts (Soft MoE). Per
 * sequence of T rows with S = E slots(call) slots, expert j owning the slots j S/E ... (j + 1) S/E - 1:
 *
 *     u_s = sum_t dispatch[t,s] x_t       what slot s is fed
 *     y_t = sum_s combine[t,s] expert(u_s)
 *
 * gsc_plugin.extension("gate.mix/1") returns a constant gsc_gate_mix. Such a gate declares
 * GSC_CAP_NOT_CAUSAL, for a slot sees the whole sequence, and GSC_CAP_CHOICE_DEFINED, and names the
 * extension in gsc_plugin.needs. Its score is any of the forms above. Its p [E] says what a token hears:
 * p_j = sum of combine over expert j's slots is usual; the router's metrics take the top k of p for a
 * token's choice, and nothing is trained through it. There are no drops, and balancers are refused: every
 * expert gets the same number of slots. Appended to only at the end, as everything here. */
#define GSC_EXTENSION_MIX "gate.mix/1"

typedef struct gsc_gate_mix {
    uint32_t struct_size;
    /* Slots of one expert, at least 1. Of call, experts, top_k and params count. NULL: 1. [load] */
    int64_t (*slots)(const gsc_call *call);
    /* One sequence, call.rows = T, call.first_row its first: z [T,M] -> dispatch [T,S], combine [T,S].
     * Rows and columns need not sum to 1. Pure; sequences come on any thread in any order. [batch] */
    void (*mix)(const gsc_call *call, const real *z, real *ret_dispatch, real *ret_combine);
    /* What mix returned and its gradients [T,S] -> dz [T,M], written; adds to call.gradients. [batch] */
    void (*mix_backward)(const gsc_call *call, const real *z, const real *dispatch,
                         const real *combine, const real *ddispatch, const real *dcombine,
                         real *ret_dz);
} gsc_gate_mix;

/* ---- Extension closed_form/1: functions that the host knows ------------------------------------------ */
/* A promise that a gate's affinity, a feed-forward expert's expression or a whole expert is, for all numbers, one
 * of the functions below. gsc_plugin.extension("closed_form/1") returns a constant gsc_closed_form. The theory lab then
 * computes it in its own loops instead of calling the plugin, after asking the plugin at a few points. */
#define GSC_EXTENSION_CLOSED_FORM "closed_form/1"

typedef uint32_t gsc_closed_function;
enum {
    GSC_CLOSED_EXP = 1,     /* gate: a = exp(z - offset) */
    GSC_CLOSED_SIGMOID = 2, /* gate: a = 1 / (1 + exp(-(z - offset))) */
    GSC_CLOSED_RELU = 3,    /* expert: f(u) = max(u, 0), slope 0 at 0 */
    GSC_CLOSED_AFFINE = 4,  /* linear expert: h = weight x + bias, its tensors in this order */
};

typedef struct gsc_closed_form {
    uint32_t struct_size;
    gsc_closed_function function;
    int32_t offset_param; /* which parameter the offset is; -1: it is 0 */
} gsc_closed_form;

/* ---- Expert -------------------------------------------------------------------------------------- */
typedef uint32_t gsc_expert_form;
enum {
    GSC_EXPERT_FFN = 0, /* y = out . f(in x + b): two matrices, one expression */
    GSC_EXPERT_GATED_FFN =
        1,              /* y = out . f(in x + b, gate x + c): three matrices, one expression */
    GSC_EXPERT_OWN = 2, /* the forward functions below and the declared tensors */
};

/* Feed-forward experts own no tensors: the host owns in [H,D], gate [H,D], out [O,H] and, where
 * biased(params) says 1, b [H] and c [H], and calls the expression pointwise. GSC_ACTIVATION writes all
 * four functions from one line. */
typedef struct gsc_expert {
    uint32_t struct_size;
    gsc_expert_form form;

    /* 1: the host adds a bias inside the expression. NULL: 0. [load] */
    int (*biased)(const double *params);

    /* f(u) or f(u,v) over n values, v NULL for GSC_EXPERT_FFN. slope: df/du and, where v, df/dv. [row] */
    void (*activation)(const gsc_call *call, int64_t n, const double *u, const double *v,
                       double *ret_f);
    void (*activation_slope)(const gsc_call *call, int64_t n, const double *u, const double *v,
                             double *ret_du, double *ret_dv);
    void (*activation_f32)(const gsc_call *call, int64_t n, const float *u, const float *v,
                           float *ret_f);
    void (*activation_slope_f32)(const gsc_call *call, int64_t n, const float *u, const float *v,
                                 float *ret_du, float *ret_dv);

    /* Own form, over the rows of one expert: x [T,D] -> y [T,O]; dy -> dx [T,D], and adds to
     * call.gradients. [row] */
    void (*forward)(const gsc_call *call, const real *x, real *ret_y);
    void (*backward)(const gsc_call *call, const real *x, const real *dy, real *ret_dx);
    /* Optional, O = 1, for the theory lab: dy/dtheta [T,P], theta the trained tensors one after another.
     * Without it: numeric. [row] */
    void (*jacobian)(const gsc_call *call, const real *x, real *ret_jacobian);
    /* 1: y is linear in theta, so that one weighted least squares is exact. */
    uint32_t linear;
} gsc_expert;

/* ---- Balancer ------------------------------------------------------------------------------------ */
typedef struct gsc_balancer {
    uint32_t struct_size;
    /* 1: control moves the selection bias; refused with gates that ignore it. */
    uint32_t moves_bias;
    /* Adds coefficient * dL/dp to dp [T,E] and to dz [T,M], returns L without the coefficient. p is the
     * full score divided by its row sum; loads are those of the choice. [batch] */
    double (*loss)(const gsc_call *call, const real *z, const real *p, const gsc_choice *choice,
                   double coefficient, real *dp, real *dz);
    /* Moves bias [E], and the balancer's own state, once per optimiser step by the step's loads [E],
     * counted before drops; call.rows is the number of rows of the whole step. [step] */
    void (*control)(const gsc_call *call, const real *loads, double coefficient, real *bias);
} gsc_balancer;

/* ---- The descriptor ------------------------------------------------------------------------------ */
/* Structs grow at the end only. A host fills a shorter one with zeros and takes a longer one only if its
 * unknown tail is zero. The first four members never move. */
typedef struct gsc_plugin {
    uint32_t magic;       /* GSC_PLUGIN_MAGIC */
    uint32_t struct_size; /* sizeof(gsc_plugin) */
    uint16_t abi_major, abi_minor;
    gsc_kind kind;
    const char *id;                 /* lower_case, unique within its kind */
    const char *version;            /* "1.0.0" */
    const char *title;              /* for people: "Normalized sigmoid" */
    const char *formula;            /* one line: "p_j = sigma(z_j) / sum_l sigma(z_l)" */
    const char *doc;                /* one sentence */
    const char *const *papers;      /* ends with NULL; NULL: none */
    const char *const *recommended; /* "key=value" of the spec, ends with NULL; NULL: none */
    const gsc_param *params;
    uint32_t n_params, param_size; /* sizeof(gsc_param) */
    const gsc_tensor *tensors;
    uint32_t n_tensors, tensor_size; /* sizeof(gsc_tensor) */
    gsc_capabilities capabilities;
    const char *source; /* the plugin's own text; GSC_SOURCE */
    const char *source_end;
    const gsc_gate *gate; /* the one of its kind; the others NULL */
    const gsc_expert *expert;
    const gsc_balancer *balancer;
    /* Optional features by id with revision ("gate.mix/1"); NULL for an unknown id. [load] */
    const void *(*extension)(const char *id);
    const char *const *needs; /* extensions the host must have, ends with NULL; NULL: none */
} gsc_plugin;

/* The one symbol a plugin exports. The descriptor and all it points to are constant. [load] */
#if defined(__GNUC__)
#define GSC_EXPORT __attribute__((visibility("default")))
#else
#define GSC_EXPORT
#endif
GSC_EXPORT const gsc_plugin *gatescope_plugin(void);

#define GSC_COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

/* The members every descriptor starts with. */
#define GSC_PLUGIN_HEAD(kind_)                                                                     \
    .magic = GSC_PLUGIN_MAGIC, .struct_size = (uint32_t)sizeof(gsc_plugin),                        \
    .abi_major = GSC_ABI_MAJOR, .abi_minor = GSC_ABI_MINOR, .kind = (kind_)
#define GSC_PARAMS(array)                                                                          \
    .params = (array), .n_params = GSC_COUNT(array), .param_size = (uint32_t)sizeof(gsc_param)
#define GSC_TENSORS(array)                                                                         \
    .tensors = (array), .n_tensors = GSC_COUNT(array), .tensor_size = (uint32_t)sizeof(gsc_tensor)

/* GSC_OWN_SOURCE; at file scope carries this file's text into the .so, for .source and .source_end. */
#if defined(__CUDACC__) || defined(__CUDACC_RTC__)
#define GSC_OWN_SOURCE                                                                             \
    static const char *const gsc_source_begin = NULL, *const gsc_source_finish = NULL
#else
#define GSC_OWN_SOURCE                                                                             \
    __asm__(".pushsection .rodata\n"                                                               \
            "gsc_source_begin:\n.incbin \"" __FILE__ "\"\n"                                        \
            "gsc_source_finish:\n.byte 0\n.popsection\n");                                         \
    extern __attribute__((visibility("hidden"))) const char gsc_source_begin[];                    \
    extern __attribute__((visibility("hidden"))) const char gsc_source_finish[]
#endif
#define GSC_SOURCE .source = gsc_source_begin, .source_end = gsc_source_finish

/* ---- Mathematics of either width ----------------------------------------------------------------------
 * gsc_exp(x), gsc_log, gsc_log1p, gsc_tanh, gsc_erf, gsc_sqrt, gsc_abs: float for a float, else double. Write
 * these, and constants as (real)0.5, and the same line serves the host, fast experts and the device. */
#define GSC_EITHER_WIDTH(name, function)                                                           \
    static inline float gsc_##name##_f32(float x) {                                                \
        return function##f(x);                                                                     \
    }                                                                                              \
    static inline double gsc_##name##_f64(double x) {                                              \
        return function(x);                                                                        \
    }
GSC_EITHER_WIDTH(exp, exp)
GSC_EITHER_WIDTH(log, log)
GSC_EITHER_WIDTH(log1p, log1p)
GSC_EITHER_WIDTH(tanh, tanh)
GSC_EITHER_WIDTH(erf, erf)
GSC_EITHER_WIDTH(sqrt, sqrt)
GSC_EITHER_WIDTH(abs, fabs)
#undef GSC_EITHER_WIDTH

#ifdef __cplusplus
} /* extern "C": overloads are C++ */
#define GSC_OVERLOAD(name)                                                                         \
    static inline float gsc_##name(float x) {                                                      \
        return gsc_##name##_f32(x);                                                                \
    }                                                                                              \
    static inline double gsc_##name(double x) {                                                    \
        return gsc_##name##_f64(x);                                                                \
    }
GSC_OVERLOAD(exp)
GSC_OVERLOAD(log)
GSC_OVERLOAD(log1p)
GSC_OVERLOAD(tanh)
GSC_OVERLOAD(erf)
GSC_OVERLOAD(sqrt)
GSC_OVERLOAD(abs)
#undef GSC_OVERLOAD
extern "C" {
#else
#define gsc_exp(x)   _Generic((x), float : gsc_exp_f32, default : gsc_exp_f64)(x)
#define gsc_log(x)   _Generic((x), float : gsc_log_f32, default : gsc_log_f64)(x)
#define gsc_log1p(x) _Generic((x), float : gsc_log1p_f32, default : gsc_log1p_f64)(x)
#define gsc_tanh(x)  _Generic((x), float : gsc_tanh_f32, default : gsc_tanh_f64)(x)
#define gsc_erf(x)   _Generic((x), float : gsc_erf_f32, default : gsc_erf_f64)(x)
#define gsc_sqrt(x)  _Generic((x), float : gsc_sqrt_f32, default : gsc_sqrt_f64)(x)
#define gsc_abs(x)   _Generic((x), float : gsc_abs_f32, default : gsc_abs_f64)(x)
#endif

/* ---- Activations --------------------------------------------------------------------------------- */
/* The four functions of an activation f(u) from f and df/du, expressions in u of type `number`
 * (write constants as (number)0.5). Then GSC_ACTIVATION_MEMBERS(name) in the gsc_expert. */
#define GSC_ACTIVATION(name, f, slope)                                                             \
    GSC_ACTIVATION_TYPED(name##_f64, double, f, slope)                                             \
    GSC_ACTIVATION_TYPED(name##_f32, float, f, slope)
#define GSC_ACTIVATION_TYPED(name, type, f, slope)                                                 \
    GSC_HOT static void name(const gsc_call *call, int64_t n, const type *u_, const type *v_,      \
                             type *ret_f) {                                                        \
        typedef type number;                                                                       \
        (void)call, (void)v_;                                                                      \
        for (int64_t i_ = 0; i_ < n; i_++) {                                                       \
            const number u = u_[i_];                                                               \
            ret_f[i_] = (f);                                                                       \
        }                                                                                          \
    }                                                                                              \
    GSC_HOT static void name##_slope(const gsc_call *call, int64_t n, const type *u_,              \
                                     const type *v_, type *ret_du, type *ret_dv) {                 \
        typedef type number;                                                                       \
        (void)call, (void)v_, (void)ret_dv;                                                        \
        for (int64_t i_ = 0; i_ < n; i_++) {                                                       \
            const number u = u_[i_];                                                               \
            ret_du[i_] = (slope);                                                                  \
        }                                                                                          \
    }
/* The same for f(u, v) of GSC_EXPERT_GATED_FFN, from f, df/du and df/dv. */
#define GSC_GATED_ACTIVATION(name, f, slope_u, slope_v)                                            \
    GSC_GATED_ACTIVATION_TYPED(name##_f64, double, f, slope_u, slope_v)                            \
    GSC_GATED_ACTIVATION_TYPED(name##_f32, float, f, slope_u, slope_v)
#define GSC_GATED_ACTIVATION_TYPED(name, type, f, slope_u, slope_v)                                \
    GSC_HOT static void name(const gsc_call *call, int64_t n, const type *u_, const type *v_,      \
                             type *ret_f) {                                                        \
        typedef type number;                                                                       \
        (void)call;                                                                                \
        for (int64_t i_ = 0; i_ < n; i_++) {                                                       \
            const number u = u_[i_], v = v_[i_];                                                   \
            ret_f[i_] = (f);                                                                       \
        }                                                                                          \
    }                                                                                              \
    GSC_HOT static void name##_slope(const gsc_call *call, int64_t n, const type *u_,              \
                                     const type *v_, type *ret_du, type *ret_dv) {                 \
        typedef type number;                                                                       \
        (void)call;                                                                                \
        for (int64_t i_ = 0; i_ < n; i_++) {                                                       \
            const number u = u_[i_], v = v_[i_];                                                   \
            ret_du[i_] = (slope_u);                                                                \
            ret_dv[i_] = (slope_v);                                                                \
        }                                                                                          \
    }
#define GSC_ACTIVATION_MEMBERS(name)                                                               \
    .activation = name##_f64, .activation_slope = name##_f64_slope, .activation_f32 = name##_f32,  \
    .activation_slope_f32 = name##_f32_slope

/* ---- Random numbers ------------------------------------------------------------------------------ */
/* A function of (random_key, row of the whole step, draw): backward, recompute, threads and devices draw
 * the same. 23 bits, so that float and double agree and no uniform rounds to 1. Frozen for ABI 1. */
static inline uint64_t gsc_random_bits(uint64_t key, uint64_t row, uint64_t draw) {
    uint64_t x = key ^ (row * 0x9e3779b97f4a7c15u) ^ (draw * 0xc2b2ae3d27d4eb4fu);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    x ^= x >> 31;
    x = (x + row) * 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 29)) * 0xbf58476d1ce4e5b9u;
    return x ^ (x >> 32);
}
/* Uniform in (0, 1): (k + 1/2) / 2^23. */
static inline real gsc_uniform(const gsc_call *call, int64_t row, int64_t draw) {
    uint64_t bits =
        gsc_random_bits(call->random_key, (uint64_t)(call->first_row + row), (uint64_t)draw);
    return ((real)(bits >> 41) + (real)0.5) * (real)(1.0 / 8388608.0);
}
/* Standard normal, by Box and Muller from draws 2 draw and 2 draw + 1. */
static inline real gsc_normal(const gsc_call *call, int64_t row, int64_t draw) {
    real r = (real)sqrt(-2 * log((double)gsc_uniform(call, row, 2 * draw)));
    return r * (real)cos(6.283185307179586 * (double)gsc_uniform(call, row, 2 * draw + 1));
}

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT
 *
 * What the tests of the conformance suite share. Layer: core/plugin, private.
 */
#ifndef GSC_CORE_PLUGIN_CONFORMANCE_PRIVATE_H
#define GSC_CORE_PLUGIN_CONFORMANCE_PRIVATE_H

#include "core/plugin/exercise.h"

/* Kinds as bits. */
#define GSC_FOR_GATES     (1u << GSC_KIND_GATE)
#define GSC_FOR_EXPERTS   (1u << GSC_KIND_EXPERT)
#define GSC_FOR_BALANCERS (1u << GSC_KIND_BALANCER)
#define GSC_FOR_ALL       (GSC_FOR_GATES | GSC_FOR_EXPERTS | GSC_FOR_BALANCERS)

typedef enum gsc_verdict {
    GSC_VERDICT_NONE = 0, /* the test did not come to an end */
    GSC_VERDICT_OK,
    GSC_VERDICT_FAILED,
    GSC_VERDICT_SKIPPED
} gsc_verdict;

/* One test at work, and where its verdict goes. */
typedef struct gsc_trial {
    const char *path;
    const void *bytes; /* the file */
    size_t size;
    void *handle;
    const gsc_plugin *plugin; /* complete; NULL before the test "loads" */
    gsc_verdict verdict;
    char message[GSC_ERROR_MESSAGE_SIZE];
} gsc_trial;

/* Each returns the verdict, with its sentence in trial->message. */
gsc_verdict gsc_trial_fail(gsc_trial *trial, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
gsc_verdict gsc_trial_skip(gsc_trial *trial, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

typedef struct gsc_conformance_test {
    const char *name;
    unsigned kinds;
    /* Tests without which this one says nothing of its own, ' ' between them; NULL: none but "loads". */
    const char *after;
    const char *caught; /* the bug it is there for */
    gsc_verdict (*run)(gsc_trial *trial);
} gsc_conformance_test;

extern const gsc_conformance_test gsc_conformance_tests[]; /* ends with a NULL name */

/* Runs an exercise; false, with the verdict given (skipped), where it cannot. */
bool gsc_trial_run(gsc_trial *trial, gsc_exercise *exercise, const gsc_plan *plan);

/* The first output of a that has other bits in b, among rows [from, to) of forward outputs where forward_only,
 * else anywhere. Writes "FUNCTION returns A (row 3, column 1), and B ..."-ready parts. */
typedef struct gsc_difference {
    const char *function;
    size_t row, column;
    double a, b;
} gsc_difference;
bool gsc_outputs_differ(const gsc_exercise *a, const gsc_exercise *b, bool forward_only,
                        gsc_difference *ret_difference);
/* Row `row_a` of forward outputs of a against row_b of b, columns of b taken in the order given (NULL: as they
 * are), within tolerance relative to 1 + |a|; 0: the same bits. */
bool gsc_rows_differ(const gsc_exercise *a, size_t row_a, const gsc_exercise *b, size_t row_b,
                     double tolerance, gsc_difference *ret_difference);
bool gsc_same_number(double a, double b, double tolerance);

/* The parts of the table. */
gsc_verdict gsc_test_symbols(gsc_trial *trial);
gsc_verdict gsc_test_loads(gsc_trial *trial);
gsc_verdict gsc_test_finite(gsc_trial *trial);
gsc_verdict gsc_test_validation(gsc_trial *trial);
gsc_verdict gsc_test_sum(gsc_trial *trial);
gsc_verdict gsc_test_top_k(gsc_trial *trial);
gsc_verdict gsc_test_bias(gsc_trial *trial);
gsc_verdict gsc_test_bias_effect(gsc_trial *trial);
gsc_verdict gsc_test_order(gsc_trial *trial);
gsc_verdict gsc_test_weights(gsc_trial *trial);
gsc_verdict gsc_test_dispatched(gsc_trial *trial);
gsc_verdict gsc_test_causality(gsc_trial *trial);
gsc_verdict gsc_test_permutation(gsc_trial *trial);
gsc_verdict gsc_test_relabel(gsc_trial *trial);
gsc_verdict gsc_test_split(gsc_trial *trial);
gsc_verdict gsc_test_random(gsc_trial *trial);
gsc_verdict gsc_test_score_gradient(gsc_trial *trial);
gsc_verdict gsc_test_inner_gradient(gsc_trial *trial);
gsc_verdict gsc_test_affinity_gradient(gsc_trial *trial);
gsc_verdict gsc_test_probs_gradient(gsc_trial *trial);
gsc_verdict gsc_test_combine_gradient(gsc_trial *trial);
gsc_verdict gsc_test_mix_gradient(gsc_trial *trial);
gsc_verdict gsc_test_activation_gradient(gsc_trial *trial);
gsc_verdict gsc_test_activation_f32(gsc_trial *trial);
gsc_verdict gsc_test_expert_gradient(gsc_trial *trial);
gsc_verdict gsc_test_jacobian(gsc_trial *trial);
gsc_verdict gsc_test_linear(gsc_trial *trial);
gsc_verdict gsc_test_loss_gradient(gsc_trial *trial);
gsc_verdict gsc_test_control(gsc_trial *trial);
gsc_verdict gsc_test_ties(gsc_trial *trial);
gsc_verdict gsc_test_one_expert(gsc_trial *trial);
gsc_verdict gsc_test_all_experts(gsc_trial *trial);
gsc_verdict gsc_test_empty(gsc_trial *trial);
gsc_verdict gsc_test_huge(gsc_trial *trial);
gsc_verdict gsc_test_nan(gsc_trial *trial);
gsc_verdict gsc_test_deterministic(gsc_trial *trial);
gsc_verdict gsc_test_threads(gsc_trial *trial);
gsc_verdict gsc_test_bounds(gsc_trial *trial);
gsc_verdict gsc_test_allocation(gsc_trial *trial);
gsc_verdict gsc_test_statics(gsc_trial *trial);
gsc_verdict gsc_test_printing(gsc_trial *trial);
gsc_verdict gsc_test_parameters(gsc_trial *trial);
gsc_verdict gsc_test_state(gsc_trial *trial);
gsc_verdict gsc_test_gpu(gsc_trial *trial);

#endif

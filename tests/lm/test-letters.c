/* SPDX-License-Identifier: MIT
 *
 * What the contract lets a gate be, in whole runs with shipped plugins: whole batches, variable
 * choice, state, token ids, a bias apart from the weights, an estimator, schedules, random numbers,
 * mixtures, p without a sum. Each: it trains, and a run that goes on from a checkpoint, on other
 * threads, gives the same bits. And what numeric derivatives cost is told.
 */
#include "tests/lm/small_run.h"
#include "tests/tap.h"

typedef struct letter {
    const char *what;
    const char *settings[5]; /* ends with NULL */
} letter;

/* The first has the schedule that test_schedule looks at. */
static const letter letters[] = {
    {"a schedule that changes how many are chosen",
     {"gate={\"id\": \"dense_to_sparse\", \"temperature\": {\"from\": 2, \"to\": 0.1, \"steps\": "
      "8, \"shape\": \"exponential\"}}",
      "lm.balance=0", NULL}},
    {"whole batch, not causal: expert choice",
     {"gate=expert_choice", "lm.allow_not_causal=true", "lm.balance=0", NULL}},
    {"variable choice: top-p", {"gate=top_p", NULL}},
    {"state that sees micro-batches: expert threshold",
     {"gate=expert_threshold", "lm.accumulate=2", "lm.balance=0", NULL}},
    {"token ids, no logits: hash", {"gate=hash", "lm.balance=0", NULL}},
    {"bias apart from weights: sigmoid with bias balancing",
     {"gate=normalized_sigmoid", "lm.bias_rate=0.01", NULL}},
    {"an estimator: SparseMixer", {"gate=sparsemixer", NULL}},
    {"random numbers: noisy top-k", {"gate=noisy_top_k", "lm.accumulate=2", NULL}},
    {"p without a sum: ReLU router", {"gate=relu", NULL}},
    {"a controller's own state: bias by PID",
     {"gate=normalized_sigmoid", "balancer=[{\"id\": \"bias_pid\", \"coefficient\": 1}]", NULL}},
    {"a loss's own state: adaptive L1",
     {"gate=relu", "balancer=[{\"id\": \"l1_adaptive\", \"coefficient\": 1}]", NULL}},
    {"mixtures: soft MoE", {"gate=soft_moe", "lm.allow_not_causal=true", "lm.balance=0", NULL}},
    {"kinds of experts, two balancers, jitter and drops",
     {"expert=[{\"id\": \"gelu\", \"count\": 3}, {\"id\": \"zero\", \"count\": 1}, {\"id\": "
      "\"copy\", \"count\": 1}, {\"id\": \"constant\", \"count\": 1}]",
      "balancer=[{\"id\": \"switch\", \"coefficient\": 0.01}, {\"id\": \"bias_sign\", "
      "\"coefficient\": 0.001}]",
      "lm.router_jitter=0.1", "lm.capacity_factor=1.1", NULL}},
};

/* The settings of a letter and more. */
static memory_sink *run_letter(const letter *one_letter, unsigned threads, const char *more) {
    const char *settings[12];
    size_t n = 0;
    gsc_error error = {0};
    memory_sink *sink;
    while (one_letter->settings[n] != NULL) {
        settings[n] = one_letter->settings[n];
        n++;
    }
    settings[n++] = "lm.steps=10";
    settings[n++] = "lm.shared=0";
    settings[n++] = "lm.probe_positions=512";
    settings[n++] = "lm.checkpoint_every=5";
    settings[n++] = more;
    settings[n] = NULL;
    must(run(settings, threads, &sink, &error), &error);
    return sink;
}

/* The last n losses are the same. */
static bool same_losses(memory_sink *a, memory_sink *b, size_t n) {
    const memory_series *x = memory_find(a, "loss", ""), *y = memory_find(b, "loss", "");
    bool same = x->n >= n && y->n >= n;
    for (size_t i = 1; same && i <= n; i++) {
        same = x->points[x->n - i].y == y->points[y->n - i].y;
    }
    return same && memory_result_of(a, "validation_loss", "")->value ==
                       memory_result_of(b, "validation_loss", "")->value;
}

static void test_letter(const letter *one_letter) {
    char from[160];
    memory_sink *one = run_letter(one_letter, 1, NULL);
    const memory_series *loss = memory_find(one, "loss", "");
    TAP_OK(loss->n == 10 && loss->points[9].y < loss->points[0].y, one_letter->what);
    snprintf(from, sizeof from, "lm.resume=%s/ckpt/step-0000005.safetensors", folder);
    memory_sink *resumed = run_letter(one_letter, 3, from);
    TAP_OK(same_losses(one, resumed, 5),
           "a run that goes on, on three threads, gives the same bits");
    memory_sink_free(resumed);
    memory_sink_free(one);
}

static void test_schedule(void) {
    memory_sink *sink = run_letter(&letters[0], 1, NULL);
    const memory_series *course = memory_find(sink, "gate.temperature", "");
    TAP_OK(course->n == 10 && course->points[0].x == 1 && course->points[0].y == 2,
           "a scheduled parameter is a series");
    TAP_NEAR(course->points[4].y, 2 * sqrt(0.05), 1e-12, "that holds the step's value");
    TAP_OK(course->points[9].y == 0.1, "to the last");
    memory_sink_free(sink);
}

/* The cosine gate trains a temperature that its inner form reads: that is differentiated numerically. */
static void test_numeric(void) {
    static const letter cosine = {"cosine", {"gate=cosine", NULL}};
    static const letter plain = {"softmax", {"gate=softmax", NULL}};
    memory_sink *sink = run_letter(&cosine, 1, NULL);
    const memory_result *share = memory_result_of(sink, "numeric_backward_share_of_step", "");
    bool told = false;
    for (size_t i = 0; i < sink->n_events; i++) {
        told = told || (strstr(sink->events[i], "differentiated numerically") != NULL &&
                        strstr(sink->events[i], "% of the step's time; ") != NULL);
    }
    TAP_OK(told, "what numeric derivatives cost is told, with a way out");
    TAP_OK(share != NULL && share->value > 0 && share->value <= 1, "and is a result");
    memory_sink_free(sink);
    sink = run_letter(&plain, 1, NULL);
    TAP_OK(memory_result_of(sink, "numeric_backward_share_of_step", "") == NULL,
           "where there are none, nothing is said");
    memory_sink_free(sink);
}

static void refuse(const char *const *settings, const char *part) {
    gsc_error error = {0};
    memory_sink *sink;
    TAP_OK(run(settings, 1, &sink, &error) == GSC_ERR_INPUT, part);
    TAP_CONTAINS(error.message, part, "in these words");
    memory_sink_free(sink);
}

static void test_refusals(void) {
    refuse((const char *const[]){"gate=expert_choice", NULL}, "lm.allow_not_causal=true");
    refuse((const char *const[]){"gate=soft_moe", "lm.allow_not_causal=true", NULL},
           "set lm.balance=0");
    refuse((const char *const[]){"balancer=[\"bias_sign\", \"bias_pid\"]", NULL},
           "both move the selection bias");
    refuse((const char *const[]){"lm.capacity_factor=1", "lm.drop=score", NULL},
           "take \"position\"");
}

int main(void) {
    begin_runs();
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        test_letter(&letters[i]);
    }
    test_schedule();
    test_numeric();
    test_refusals();
    TAP_OK(end_runs(), "all files were in one folder");
    return tap_done();
}

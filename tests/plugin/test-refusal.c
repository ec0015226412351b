/* SPDX-License-Identifier: MIT
 *
 * What each lab refuses, told from descriptors alone: plugin, lab, reason and way out in one sentence.
 */
#include "core/plugin/registry.h"
#include "tests/tap.h"

static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call, (void)n, (void)z, (void)ret_a;
}

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    (void)call, (void)row, (void)z, (void)ret_p;
}

static void select_all(const gsc_call *call, const real *z, const real *p, gsc_choice *ret_choice,
                       void *scratch) {
    (void)call, (void)z, (void)p, (void)ret_choice, (void)scratch;
}

static void check(const gsc_plugin *plugin, const char *theory, const char *lm, const char *what) {
    char text[640];
    gsc_plugin_theory_refusal(plugin, text, sizeof text);
    if (theory[0] == '\0') {
        TAP_STRING(text, "", what);
    } else {
        TAP_CONTAINS(text, theory, what);
        TAP_CONTAINS(text, " x is not for the theory lab: ", "in the form of a refusal");
        TAP_OK(strchr(text, ';') != NULL, "with a way out");
    }
    gsc_plugin_lm_refusal(plugin, text, sizeof text);
    if (lm[0] == '\0') {
        TAP_STRING(text, "", "the language-model lab takes it");
    } else {
        TAP_CONTAINS(text, lm, "the language-model lab refuses it");
    }
}

static void check_gate(gsc_gate gate, gsc_capabilities capabilities, const char *theory,
                       const char *lm, const char *what) {
    gsc_plugin plugin = {
        .kind = GSC_KIND_GATE, .id = "x", .capabilities = capabilities, .gate = &gate};
    check(&plugin, theory, lm, what);
}

static void check_expert(gsc_expert expert, const gsc_tensor *tensor, const char *theory,
                         const char *lm, const char *what) {
    gsc_plugin plugin = {.kind = GSC_KIND_EXPERT,
                         .id = "x",
                         .tensors = tensor,
                         .n_tensors = tensor != NULL,
                         .expert = &expert};
    check(&plugin, theory, lm, what);
}

static void backward(const gsc_call *call, const real *x, const real *dy, real *ret_dx) {
    (void)call, (void)x, (void)dy, (void)ret_dx;
}

int main(void) {
    const gsc_gate plain = {.affinity_form = GSC_AFFINITY_LOG, .affinity = affinity};
    check_gate(plain, 0, "", "", "an affinity over linear scores is for both labs");
    check_gate(plain, GSC_CAP_NO_SUM, "does not sum to 1", "", "no sum");
    check_gate(plain, GSC_CAP_TOKENS, "reads token ids", "", "tokens");
    check_gate(plain, GSC_CAP_CHOICE_DEFINED, "lies in its choice", "", "choice-defined");
    check_gate(plain, GSC_CAP_NOT_CAUSAL, "lies in its choice", "", "not causal");
    check_gate(plain, GSC_CAP_ESTIMATOR, "is an estimator", "", "estimator");
    gsc_gate gate = plain;
    gate.select = select_all;
    check_gate(gate, 0, "lies in its choice", "", "own select");
    gate = plain;
    gate.score_form = GSC_SCORE_INNER;
    check_gate(gate, 0, "", "", "inner score");
    gate.score_form = GSC_SCORE_OWN;
    check_gate(gate, 0, "", "has no score_backward", "own score without backward");
    gate.score_form = GSC_SCORE_NONE;
    check_gate(gate, 0, "has no score", "", "no score");
    check_gate((gsc_gate){.probs = probs}, 0, "", "", "row probs");
    check_gate((gsc_gate){0}, 0, "neither affinity nor probs", "", "no probabilities");

    const gsc_tensor weight = {.name = "w", .dims = 1, .size = {GSC_SIZE_INPUTS}};
    gsc_tensor other = weight;
    const gsc_expert own = {.form = GSC_EXPERT_OWN, .backward = backward};
    check_expert((gsc_expert){.form = GSC_EXPERT_FFN}, NULL, "", "", "feed-forward");
    check_expert((gsc_expert){.form = GSC_EXPERT_GATED_FFN}, NULL, "f(u, v)", "", "gated");
    check_expert(own, &weight, "", "", "own form");
    check_expert((gsc_expert){.form = GSC_EXPERT_OWN}, &weight, "", "without backward",
                 "own form without backward");
    other.role = GSC_TENSOR_STATE;
    check_expert(own, &other, "frozen tensors or state", "keeps a state", "state");
    other = weight;
    other.size[0] = GSC_SIZE_EXPERTS;
    check_expert(own, &other, "the size E or M", "", "a tensor over experts");

    const gsc_tensor kept = {
        .name = "w", .role = GSC_TENSOR_STATE, .dims = 1, .size = {GSC_SIZE_INPUTS}};
    gsc_plugin stateful = {.kind = GSC_KIND_GATE, .id = "x", .tensors = &kept, .n_tensors = 1};
    stateful.gate = &plain;
    check(&stateful, "frozen tensors or state", "", "a gate with state");
    stateful.tensors = &weight;
    check(&stateful, "", "", "a gate with a trained tensor");

    const gsc_balancer balancer = {.struct_size = sizeof balancer};
    const gsc_plugin plugin = {.kind = GSC_KIND_BALANCER, .id = "x", .balancer = &balancer};
    check(&plugin, "a likelihood has none", "", "a balancer");
    return tap_done();
}

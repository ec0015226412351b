/* SPDX-License-Identifier: MIT
 *
 * Which lab takes which plugin, told from its descriptor alone: see registry.h. A lab may refuse more
 * when it knows the sizes of a run.
 */
#include "core/plugin/registry.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

/* "gate hash is not for the theory lab: REASON; WAY OUT" */
static void refuse(const gsc_plugin *plugin, const char *lab, char *ret_text, size_t size,
                   const char *reason, ...) __attribute__((format(printf, 5, 6)));
static void refuse(const gsc_plugin *plugin, const char *lab, char *ret_text, size_t size,
                   const char *reason, ...) {
    int used =
        snprintf(ret_text, size, "%s %s is not for the %s lab: ", gsc_kind_name(plugin->kind),
                 plugin->id, lab);
    if (used >= 0 && (size_t)used < size) {
        va_list args;
        va_start(args, reason);
        vsnprintf(ret_text + used, size - (size_t)used, reason, args);
        va_end(args);
    }
}

/* Why a gate's p is no mixture weight pi_j(x) of the theory lab; NULL where it is one. */
static const char *gate_reason(const gsc_plugin *plugin) {
    const gsc_gate *gate = plugin->gate;
    gsc_capabilities has = plugin->capabilities;
    if ((has & GSC_CAP_NO_SUM) != 0) {
        return "its p does not sum to 1, so it is no mixture weight; take a gate that normalises, "
               "such as normalized_sigmoid";
    }
    if ((has & GSC_CAP_TOKENS) != 0) {
        return "it reads token ids and the theory lab has none; use it in the language-model lab";
    }
    if ((has & (GSC_CAP_CHOICE_DEFINED | GSC_CAP_NOT_CAUSAL | GSC_CAP_WHOLE_BATCH)) != 0 ||
        gate->select != NULL) {
        return "what it is lies in its choice among the rows of a batch and the theory lab uses p "
               "alone; use it in the language-model lab";
    }
    if ((has & GSC_CAP_ESTIMATOR) != 0) {
        return "its gradient is an estimator and the theory lab maximises a likelihood; use it in "
               "the language-model lab";
    }
    if ((has & GSC_CAP_RANDOM) != 0) {
        return "its p is drawn at random and a likelihood needs a function of x; use it in the "
               "language-model lab";
    }
    if (gate->score_form == GSC_SCORE_NONE) {
        return "it has no score, so that its p does not depend on x; use it in the language-model "
               "lab";
    }
    if (gate->affinity == NULL && gate->probs == NULL) {
        return "it has neither affinity nor probs, so that it gives no mixture weight; write one of "
               "them";
    }
    if (plugin->n_tensors > 8) {
        return "it has more than 8 tensors; put them together";
    }
    for (size_t i = 0; i < plugin->n_tensors; i++) {
        if (plugin->tensors[i].role != GSC_TENSOR_TRAINED) {
            return "it has frozen tensors or state, and the theory lab fits every number of a gate; "
                   "make them parameters";
        }
    }
    return NULL;
}

static const char *expert_reason(const gsc_plugin *plugin) {
    if (plugin->expert->form == GSC_EXPERT_GATED_FFN) {
        return "its expression has two inputs f(u, v) and the theory lab fits h = out f(in x + b); "
               "use it in the language-model lab";
    }
    if (plugin->n_tensors > 8) {
        return "it has more than 8 tensors; put them together";
    }
    for (size_t i = 0; i < plugin->n_tensors; i++) {
        const gsc_tensor *tensor = &plugin->tensors[i];
        if (tensor->role != GSC_TENSOR_TRAINED) {
            return "it has frozen tensors or state, and the theory lab fits every number of an "
                   "expert; make them parameters";
        }
        for (uint32_t k = 0; k < tensor->dims; k++) {
            if (tensor->size[k] == GSC_SIZE_EXPERTS || tensor->size[k] == GSC_SIZE_LOGITS) {
                return "a tensor of it has the size E or M, and one expert of the theory lab "
                       "stands alone; use D, H, O or numbers";
            }
        }
    }
    return NULL;
}

void gsc_plugin_theory_refusal(const gsc_plugin *plugin, char *ret_text, size_t size) {
    const char *reason = plugin->kind == GSC_KIND_GATE ? gate_reason(plugin)
                         : plugin->kind == GSC_KIND_EXPERT
                             ? expert_reason(plugin)
                             : "it levels the loads of experts and a likelihood has "
                               "none; use it in the language-model lab";
    ret_text[0] = '\0';
    if (reason != NULL) {
        refuse(plugin, "theory", ret_text, size, "%s", reason);
    }
}

void gsc_plugin_lm_refusal(const gsc_plugin *plugin, char *ret_text, size_t size) {
    const char *reason = NULL;
    if (plugin->kind == GSC_KIND_GATE && plugin->gate->score_form == GSC_SCORE_OWN &&
        plugin->gate->score_backward == NULL) {
        reason = "its own score has no score_backward, and differentiating it numerically would "
                 "cost one evaluation per weight; write score_backward or use an inner form";
    }
    const bool own = plugin->kind == GSC_KIND_EXPERT && plugin->expert->form == GSC_EXPERT_OWN;
    if (own && plugin->expert->backward == NULL) {
        reason = "it has a form of its own without backward, and models are trained by gradients; "
                 "write backward, or take a feed-forward expert such as relu";
    }
    for (uint32_t i = 0; own && i < plugin->n_tensors; i++) {
        if (plugin->tensors[i].role == GSC_TENSOR_STATE) {
            reason = "it keeps a state, and nothing would ever move it; make it a trained or a "
                     "frozen tensor";
        }
    }
    ret_text[0] = '\0';
    if (reason != NULL) {
        refuse(plugin, "language-model", ret_text, size, "%s", reason);
    }
}

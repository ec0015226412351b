/* SPDX-License-Identifier: MIT
 *
 * Sizes, and the conditions of theorems 1 to 4.
 */
#include "core/theory/fit_check.h"

#include <string.h>

gsc_status gsc_fit_check(const gsc_truth *truth, size_t k_shared, size_t k_routed,
                         gsc_error *error) {
    const gsc_mixture_shape *shape = &truth->shape;
    const struct {
        const char *key;
        size_t k, true_k;
    } groups[] = {{"theory.k_shared", k_shared, shape->k_shared},
                  {"theory.k_routed", k_routed, shape->k_routed}};
    for (int g = 0; g < 2; g++) {
        if (groups[g].k < groups[g].true_k) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "%s is %zu, but theory.truth has %zu; the losses compare fits with at "
                            "least as many experts as the truth",
                            groups[g].key, groups[g].k, groups[g].true_k);
        }
        if (groups[g].k > 0 && groups[g].true_k == 0) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "%s is %zu, but theory.truth has none of them; it should be 0",
                            groups[g].key, groups[g].k);
        }
        if (groups[g].k > GSC_MAX_ATOMS) {
            return gsc_fail(error, GSC_ERR_INPUT, "%s is %zu; at most %d are fitted", groups[g].key,
                            groups[g].k, GSC_MAX_ATOMS);
        }
    }
    return GSC_OK;
}

bool gsc_loss_theorem_applies(gsc_loss_kind kind, const gsc_truth *truth) {
    if (truth->shape.k_shared == 0 || truth->shape.k_routed == 0 || truth->classes > 0 ||
        truth->mean_masses) {
        return false;
    }
    const char *gate = truth->gate.loaded->plugin->id;
    const bool softmax = strcmp(gate, "softmax") == 0;
    const bool sigmoid = strcmp(gate, "normalized_sigmoid") == 0;
    bool sparse = true;
    for (size_t i = truth->layout.beta1; i < truth->layout.eta; i++) {
        sparse &= truth->mixture[i] == 0;
    }
    switch (kind) {
    case GSC_LOSS_D1:
    case GSC_LOSS_D5:
        return softmax && (truth->shape.top_k > 0) == (kind == GSC_LOSS_D5) &&
               !truth->shared.linear && !truth->routed.linear;
    case GSC_LOSS_D2:
        return softmax && truth->shared.linear && truth->routed.linear;
    case GSC_LOSS_D3:
        return sigmoid && sparse && !truth->shared.linear && !truth->routed.linear;
    case GSC_LOSS_D4:
        return sigmoid && !sparse && !truth->shared.linear;
    }
    return false;
}

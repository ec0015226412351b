/* SPDX-License-Identifier: MIT
 *
 * Laplace: z_j = -temperature |x - w_j| by the inner form, softmax of it as an affinity; temperature is trained, no
 * derivative is given.
 */
#include "tests/plugins/theory/forms.h"

static void inner(const gsc_call *call, int64_t n, const real *dot, const real *xx, const real *ww,
                  real *ret_z) {
    for (int64_t i = 0; i < n; i++) {
        const real square = xx[i] + ww[i] - 2 * dot[i];
        ret_z[i] = -call->tensors[0][0] * gsc_sqrt((square > 0 ? square : 0) + (real)1e-3);
    }
}

static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = z[i];
    }
}

static const gsc_tensor tensors[] = {
    {"temperature", GSC_TENSOR_TRAINED, GSC_INIT_CONSTANT, 1, 1, 1, {1}},
};

static const gsc_gate gate = {.struct_size = sizeof(gsc_gate),
                              .score_form = GSC_SCORE_INNER,
                              .affinity_form = GSC_AFFINITY_LOG,
                              .inner = inner,
                              .affinity = affinity};

static const gsc_plugin plugin = {FORM_PLUGIN("laplace", "z_j = -t |x - w_j|"),
                                  GSC_TENSORS(tensors), .gate = &gate};

FORM_ENTRY

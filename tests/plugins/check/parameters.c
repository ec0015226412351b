/* SPDX-License-Identifier: MIT
 *
 * A temperature whose range begins at 0.
 */
#include "tests/plugins/fixture.h"

static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = z[i] / call->params[0];
    }
}

static const gsc_param params[] = {
    {"temperature", "divides the logits", NULL, GSC_PARAM_REAL, 0, 0, 10, 1},
};

static const gsc_gate gate = {FIXTURE_GATE, .affinity = affinity};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_parameters"),
                                  GSC_PARAMS(params), .gate = &gate};

FIXTURE_ENTRY(plugin)

/* SPDX-License-Identifier: MIT
 *
 * Softmax with temperature: p_j = exp(z_j / T) / sum_l exp(z_l / T). T is a parameter that a
 * schedule may move.
 *
 * log a_j = z_j / T with slope 1 / T. As T falls to 0 the gate becomes the best expert alone; the
 * theory of T learned with the rest (slow rates for linear experts) is in the second source.
 * Sources: Nie et al. 2021, arXiv 2112.14397; Nguyen, Akbarian and Ho 2024, arXiv 2401.13875.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    TEMPERATURE
};

GSC_HOT static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    const real inverse = 1 / (real)call->params[TEMPERATURE];
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = z[i] * inverse;
    }
}

GSC_HOT static void affinity_slope(const gsc_call *call, int64_t n, const real *z,
                                   real *ret_slope) {
    (void)z;
    const real inverse = 1 / (real)call->params[TEMPERATURE];
    for (int64_t i = 0; i < n; i++) {
        ret_slope[i] = inverse;
    }
}

static const gsc_param params[] = {
    {"temperature", "divides the logits", NULL, GSC_PARAM_REAL, 1, 0.01, 100, 1},
};

static const char *const papers[] = {"arXiv:2112.14397", "arXiv:2401.13875", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .affinity_form = GSC_AFFINITY_LOG,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "temperature",
    .version = "1.0.0",
    .title = "Softmax with temperature",
    .formula = "p_j = exp(z_j / temperature) / sum_l exp(z_l / temperature)",
    .doc = "Softmax whose temperature is a schedule, from level to sharp.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

/* SPDX-License-Identifier: MIT
 *
 * Softmax gate: p_j = exp(z_j) / sum_l exp(z_l).
 *
 * As an affinity it is a_j = exp(z_j), declared by its logarithm, log a_j = z_j, whose slope is 1:
 * p never overflows and log p is exact.
 * Source: Jacobs, Jordan, Nowlan and Hinton 1991; Shazeer et al. 2017, arXiv 1701.06538.
 */
#include <gatescope/plugin.h>

#include <string.h>

GSC_OWN_SOURCE;

GSC_HOT static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = z[i];
    }
}

GSC_HOT static void affinity_slope(const gsc_call *call, int64_t n, const real *z,
                                   real *ret_slope) {
    (void)call, (void)z;
    for (int64_t i = 0; i < n; i++) {
        ret_slope[i] = 1;
    }
}

static const char *const papers[] = {"10.1162/neco.1991.3.1.79", "arXiv:1701.06538", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .affinity_form = GSC_AFFINITY_LOG,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
};

static const gsc_closed_form closed_form = {sizeof(gsc_closed_form), GSC_CLOSED_EXP, -1};

static const void *extension(const char *id) {
    return strcmp(id, GSC_EXTENSION_CLOSED_FORM) == 0 ? &closed_form : NULL;
}

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "softmax",
    .version = "1.0.0",
    .title = "Softmax",
    .formula = "p_j = exp(z_j) / sum_l exp(z_l)",
    .doc = "The classic gate: experts compete through exponentials of their logits.",
    .papers = papers,
    GSC_SOURCE,
    .gate = &gate,
    .extension = extension,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

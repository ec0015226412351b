/* SPDX-License-Identifier: MIT
 *
 * What the plugins of this folder share: a gate that is right, for each of them to spoil in one place.
 */
#ifndef GSC_TESTS_PLUGINS_FIXTURE_H
#define GSC_TESTS_PLUGINS_FIXTURE_H

#include <gatescope/plugin.h>

/* log a = z: softmax. */
static inline void fixture_affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = z[i];
    }
}

/* The members of a good gate's table and of a good descriptor. */
#define FIXTURE_GATE        .struct_size = sizeof(gsc_gate), .affinity_form = GSC_AFFINITY_LOG
#define FIXTURE_PLUGIN(id_) FIXTURE_HEAD(GSC_KIND_GATE, id_)
#define FIXTURE_HEAD(kind_, id_)                                                                   \
    GSC_PLUGIN_HEAD(kind_), .id = (id_), .version = "1.0.0", .title = "A fixture",                 \
                            .formula = "p = softmax(z)", .doc = "A plugin of the tests."

/* The one exported function. */
#define FIXTURE_ENTRY(descriptor)                                                                  \
    const gsc_plugin *gatescope_plugin(void) {                                                     \
        return &(descriptor);                                                                      \
    }

#endif

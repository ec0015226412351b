/* SPDX-License-Identifier: MIT
 *
 * Loss-free balancing by a PID controller in its incremental form: once per optimiser step, with
 * the relative load error e_j = 1 - load_j / mean load of this step, e1 of the last and e2 of the
 * one before,
 *
 *     bias_j += coefficient * (p (e - e1) + i e + d (e - 2 e1 + e2))
 *
 * i alone is bias_proportional; p reacts to a change of the error and d damps it. The errors are
 * its state. No gradient. Nothing happens while no load was counted.
 * Source: the expert-bias controller of LongCat-Flash is a PID (technical report, 2025); the gains
 * here are our own.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    P,
    I,
    D
};

static void control(const gsc_call *call, const real *loads, double coefficient, real *bias) {
    const int64_t experts = call->experts;
    const real p = (real)call->params[P], i = (real)call->params[I], d = (real)call->params[D];
    real *last = call->tensors[0], *before = call->tensors[0] + experts;
    real mean = 0;
    for (int64_t j = 0; j < experts; j++) {
        mean += loads[j] / (real)experts;
    }
    for (int64_t j = 0; j < experts && mean > 0; j++) {
        const real e = 1 - loads[j] / mean;
        bias[j] +=
            (real)coefficient * (p * (e - last[j]) + i * e + d * (e - 2 * last[j] + before[j]));
        before[j] = last[j];
        last[j] = e;
    }
}

static const gsc_param params[] = {
    {"p", "gain of the error's change", NULL, GSC_PARAM_REAL, 1, 0, 100, 1},
    {"i", "gain of the error", NULL, GSC_PARAM_REAL, 1, 0, 100, 1},
    {"d", "gain of the change's change", NULL, GSC_PARAM_REAL, 1, 0, 100, 0.25},
};

static const gsc_tensor tensors[] = {
    {"errors", GSC_TENSOR_STATE, GSC_INIT_ZERO, 0, 0, 2, {2, GSC_SIZE_EXPERTS}},
};

static const gsc_balancer balancer = {
    .struct_size = sizeof(gsc_balancer),
    .moves_bias = 1,
    .control = control,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_BALANCER),
    .id = "bias_pid",
    .version = "1.0.0",
    .title = "Bias by PID",
    .formula =
        "bias_j += coefficient (p (e - e1) + i e + d (e - 2 e1 + e2)), e = 1 - load_j / mean "
        "load",
    .doc = "A PID controller on the load error: as by load error, damped against overshoot.",
    GSC_PARAMS(params),
    GSC_TENSORS(tensors),
    GSC_SOURCE,
    .balancer = &balancer,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

/* SPDX-License-Identifier: MIT
 *
 * A gate of ABI 1.0, as it was once built and given away: softmax of z / temperature plus a trained offset for
 * each expert, with a rank, a parameter and a tensor. It uses what the first header had and nothing else.
 *
 * old_gate.so, beside this file, is that old binary (x86-64, GNU C 12.2, Debian 12), made once in this folder with
 *
 *     cc -std=gnu17 -O2 -fPIC -shared -fvisibility=hidden -ffp-contract=off -DGSC_NO_CLONES -DOLD_ID='"old_gate"'
 *         -Igatescope-1.0 -Wl,-z,defs -s -o old_gate.so old_gate.c -lm
 *
 * It is never made again: that it still loads is the promise. The tests also build this file at test time from
 * the frozen header, for machines of other kinds.
 */
#include <gatescope/plugin.h>

enum {
    TEMPERATURE
};
enum {
    OFFSET
};

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    const real t = call->params[TEMPERATURE];
    const real *offset = call->tensors[OFFSET];
    real top = -INFINITY, sum = 0;
    (void)row;
    for (int64_t j = 0; j < call->experts; j++) {
        const real u = z[j] / t + offset[j];
        top = u > top ? u : top;
    }
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] = exp(z[j] / t + offset[j] - top);
        sum += ret_p[j];
    }
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] /= sum;
    }
}

static void rank(const gsc_call *call, int64_t row, const real *z, const real *p, real *ret_rank) {
    (void)row, (void)z;
    for (int64_t j = 0; j < call->experts; j++) {
        ret_rank[j] = log(p[j]) + (call->bias != NULL ? call->bias[j] : 0);
    }
}

static const gsc_param params[] = {
    {"temperature", "divides the logits", NULL, GSC_PARAM_REAL, 1, 0.1, 10, 1},
};

static const gsc_tensor tensors[] = {
    {"offset", GSC_TENSOR_TRAINED, GSC_INIT_ZERO, 0, 1, 1, {GSC_SIZE_EXPERTS}},
};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .probs = probs,
    .rank = rank,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = OLD_ID,
    .version = "1.0.0",
    .title = "A gate of ABI 1.0",
    .formula = "p_j = exp(z_j / temperature + offset_j) / sum_l exp(z_l / temperature + offset_l)",
    .doc = "Built when the contract was new.",
    GSC_PARAMS(params),
    GSC_TENSORS(tensors),
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

/* SPDX-License-Identifier: MIT
 *
 * All-to-one gate: p_j = 1 for the one expert of the parameter (the last where there are fewer),
 * else 0, in every row. A control: the collapsed router, with the worst load that a balance metric
 * can show. No logits, no gradient.
 * Source: none, a control.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    EXPERT
};

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    (void)row, (void)z;
    const int64_t asked = (int64_t)call->params[EXPERT], last = call->experts - 1;
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] = j == (asked < last ? asked : last);
    }
}

static int64_t count(const gsc_call *call, int64_t row, const real *p, const int32_t *order) {
    (void)call, (void)row, (void)p, (void)order;
    return 1;
}

static int64_t max_chosen(const gsc_call *call) {
    (void)call;
    return 1;
}

static const gsc_param params[] = {
    {"expert", "the one, from 0", NULL, GSC_PARAM_INT, 0, 0, 100000, 0},
};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .score_form = GSC_SCORE_NONE,
    .combine_form = GSC_COMBINE_KEEP,
    .probs = probs,
    .count = count,
    .max_chosen = max_chosen,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "one_expert",
    .version = "1.0.0",
    .title = "One expert",
    .formula = "p_j = 1 for one expert, else 0",
    .doc = "A control: all tokens to one expert, the worst load there is; no score, so not for "
           "the theory lab.",
    GSC_PARAMS(params),
    .capabilities = GSC_CAP_IGNORES_BIAS,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}

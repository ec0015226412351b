/* SPDX-License-Identifier: MIT
 *
 * Sizes and plugins of a model, from a spec, checked. Layer: core/lm.
 */
#include "core/lm/shape.h"

#include "core/plugin/stages.h"

#include <inttypes.h>
#include <string.h>

gsc_status gsc_lm_plugin_load(gsc_kind kind, const char *id, gsc_lm_plugin *ret_plugin,
                              gsc_error *error) {
    gsc_lm_plugin made = {0};
    gsc_status status = gsc_registry_load(kind, id, &made.loaded, error);
    if (status != GSC_OK) {
        return status;
    }
    const gsc_plugin *plugin = made.loaded->plugin;
    char refusal[256];
    gsc_plugin_lm_refusal(plugin, refusal, sizeof refusal);
    if (refusal[0] != '\0') {
        return gsc_fail(error, GSC_ERR_PLUGIN, "%s", refusal);
    }
    if (plugin->n_params > GSC_LM_MOST_PARAMS) {
        return gsc_fail(error, GSC_ERR_PLUGIN,
                        "%s %s has %" PRIu32 " parameters; at most %d can be", gsc_kind_name(kind),
                        id, plugin->n_params, GSC_LM_MOST_PARAMS);
    }
    if (kind == GSC_KIND_EXPERT && (made.loaded->expert->activation_f32 == NULL ||
                                    made.loaded->expert->activation_slope_f32 == NULL)) {
        return gsc_fail(error, GSC_ERR_PLUGIN,
                        "expert %s has no activation_f32 or no activation_slope_f32, which the "
                        "language-model lab needs; GSC_ACTIVATION writes both",
                        id);
    }
    for (uint32_t i = 0; i < plugin->n_params; i++) {
        made.params[i] = plugin->params[i].initial;
    }
    *ret_plugin = made;
    return GSC_OK;
}

static gsc_status read_plugin(const gsc_spec *spec, gsc_kind kind, const char *key,
                              gsc_lm_plugin *ret_plugin, gsc_error *error) {
    const gsc_status status =
        gsc_lm_plugin_load(kind, gsc_spec_plugin(spec, key), ret_plugin, error);
    if (status == GSC_OK) {
        const gsc_plugin *plugin = ret_plugin->loaded->plugin;
        for (uint32_t i = 0; i < plugin->n_params; i++) {
            ret_plugin->params[i] =
                gsc_spec_plugin_param(spec, key, plugin->params[i].name, plugin->params[i].initial);
        }
    }
    return status;
}

static gsc_status read_balancers(const gsc_spec *spec, gsc_lm_shape *shape, gsc_error *error) {
    const double balance = gsc_spec_real(spec, "lm.balance");
    const double bias_rate = gsc_spec_real(spec, "lm.bias_rate");
    gsc_status status = GSC_OK;
    if (gsc_spec_plugin(spec, "balancer") != NULL && balance > 0) {
        gsc_lm_plugin *balancer = &shape->balancers[shape->n_balancers++];
        status = read_plugin(spec, GSC_KIND_BALANCER, "balancer", balancer, error);
        balancer->coefficient = balance;
    }
    if (status == GSC_OK && bias_rate > 0) {
        gsc_lm_plugin *balancer = &shape->balancers[shape->n_balancers++];
        status = gsc_lm_plugin_load(GSC_KIND_BALANCER, "bias_sign", balancer, error);
        balancer->coefficient = bias_rate;
    }
    return status;
}

gsc_status gsc_lm_shape_read(const gsc_spec *spec, size_t vocabulary, gsc_lm_shape *ret_shape,
                             gsc_error *error) {
    gsc_lm_shape s = {.layers = (size_t)gsc_spec_int(spec, "lm.layers"),
                      .width = (size_t)gsc_spec_int(spec, "lm.width"),
                      .heads = (size_t)gsc_spec_int(spec, "lm.heads"),
                      .head_size = (size_t)gsc_spec_int(spec, "lm.head_size"),
                      .context = (size_t)gsc_spec_int(spec, "lm.context"),
                      .vocabulary = vocabulary,
                      .experts = (size_t)gsc_spec_int(spec, "lm.experts"),
                      .top_k = (size_t)gsc_spec_int(spec, "lm.top_k"),
                      .shared = (size_t)gsc_spec_int(spec, "lm.shared"),
                      .expert_width = (size_t)gsc_spec_int(spec, "lm.expert_width"),
                      .rms_norm = strcmp(gsc_spec_string(spec, "lm.norm"), "rms_norm") == 0,
                      .tied = gsc_spec_bool(spec, "lm.tied"),
                      .output_bias = gsc_spec_bool(spec, "lm.output_bias"),
                      .scaled_embedding = gsc_spec_bool(spec, "lm.embedding_scaled"),
                      .norm_epsilon = 1e-5,
                      .rope_base = 1e4,
                      .routed_scale = gsc_spec_real(spec, "lm.routed_scale"),
                      .logit_sd = gsc_spec_real(spec, "lm.logit_sd")};
    if (s.head_size == 0) {
        if (s.width % s.heads != 0) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "lm.width is %zu, which %zu heads do not divide; choose a multiple, or "
                            "set lm.head_size",
                            s.width, s.heads);
        }
        s.head_size = s.width / s.heads;
    }
    /* An even number of those that turn. */
    s.rotated =
        2 * (size_t)(gsc_spec_real(spec, "lm.rope_fraction") * (double)s.head_size / 2 + 0.5);
    s.rotated = s.rotated > s.head_size ? s.head_size / 2 * 2 : s.rotated;
    gsc_status status = read_plugin(spec, GSC_KIND_GATE, "gate", &s.gate, error);
    if (status == GSC_OK) {
        status = read_plugin(spec, GSC_KIND_EXPERT, "expert", &s.expert, error);
    }
    if (status == GSC_OK) {
        status = read_balancers(spec, &s, error);
    }
    if (status == GSC_OK) {
        status = gsc_lm_shape_check(&s, error);
    }
    if (status == GSC_OK) {
        *ret_shape = s;
    }
    return status;
}

static gsc_status check_plugins(const gsc_lm_shape *s, gsc_error *error) {
    const gsc_plugin *gate = s->gate.loaded->plugin;
    for (size_t i = 0; i < s->n_balancers; i++) {
        const gsc_loaded *balancer = s->balancers[i].loaded;
        if (balancer->balancer->moves_bias != 0 && (gate->capabilities & GSC_CAP_IGNORES_BIAS)) {
            return gsc_fail(error, GSC_ERR_PLUGIN,
                            "balancer %s moves the selection bias, which gate %s ignores; choose "
                            "a balancer with a loss",
                            balancer->plugin->id, gate->id);
        }
    }
    if (gate->capabilities & GSC_CAP_NOT_CAUSAL) {
        return gsc_fail(error, GSC_ERR_PLUGIN,
                        "gate %s lets a token's experts depend on later tokens, and a language "
                        "model may not see them; choose a causal gate",
                        gate->id);
    }
    return GSC_OK;
}

gsc_status gsc_lm_shape_check(gsc_lm_shape *shape, gsc_error *error) {
    const gsc_lm_shape *s = shape;
    if (s->layers == 0 || s->width == 0 || s->heads == 0 || s->head_size == 0 || s->context == 0 ||
        s->vocabulary == 0 || s->experts == 0 || s->expert_width == 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "a language model has a size of 0: layers %zu, width %zu, heads %zu, "
                        "context %zu, vocabulary %zu, experts %zu, expert width %zu",
                        s->layers, s->width, s->heads, s->context, s->vocabulary, s->experts,
                        s->expert_width);
    }
    if (s->top_k == 0 || s->top_k > s->experts) {
        return gsc_fail(
            error, GSC_ERR_INPUT,
            "lm.top_k is %zu with lm.experts %zu; it must be 1 to the number of experts", s->top_k,
            s->experts);
    }
    if (s->rotated % 2 != 0 || s->rotated > s->head_size) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "%zu numbers of a head of %zu cannot be turned in pairs", s->rotated,
                        s->head_size);
    }
    int64_t logits = 0;
    gsc_status status =
        gsc_gate_logits(s->gate.loaded, (int64_t)s->experts, s->gate.params, &logits, error);
    if (status == GSC_OK) {
        status = check_plugins(s, error);
    }
    shape->logits = status == GSC_OK ? (size_t)logits : 0;
    return status;
}

/* SPDX-License-Identifier: MIT
 *
 * Sizes and plugins of a model, from a spec, checked. Layer: core/lm.
 */
#include "core/lm/shape.h"

#include "core/plugin/stages.h"
#include "core/plugin/stages_mix.h"

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
    if (kind == GSC_KIND_EXPERT && made.loaded->expert->form != GSC_EXPERT_OWN &&
        (made.loaded->expert->activation_f32 == NULL ||
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

/* The plugin at a place of its key's list, with parameters and their courses. */
static gsc_status read_plugin(const gsc_spec *spec, gsc_kind kind, const char *key, size_t at,
                              gsc_lm_plugin *ret_plugin, gsc_error *error) {
    gsc_status status =
        gsc_lm_plugin_load(kind, gsc_spec_plugin_at(spec, key, at), ret_plugin, error);
    if (status != GSC_OK) {
        return status;
    }
    const gsc_plugin *plugin = ret_plugin->loaded->plugin;
    for (uint32_t i = 0; i < plugin->n_params && status == GSC_OK; i++) {
        const gsc_param *param = &plugin->params[i];
        gsc_lm_course course = {.param = i};
        ret_plugin->params[i] = gsc_spec_plugin_number(spec, key, at, param->name, param->initial);
        if (!gsc_spec_plugin_schedule(spec, key, at, param->name, &course.schedule)) {
            continue;
        }
        if (param->schedulable == 0 || ret_plugin->n_courses == GSC_LM_MOST_COURSES) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "%s.%s has a schedule, and %s %s takes %s; give one number", key,
                            param->name, gsc_kind_name(kind), plugin->id,
                            param->schedulable == 0 ? "none for it" : "at most four");
        }
        ret_plugin->courses[ret_plugin->n_courses++] = course;
    }
    return status;
}

static gsc_status read_experts(const gsc_spec *spec, gsc_lm_shape *shape, gsc_error *error) {
    const size_t n = gsc_spec_plugin_count(spec, "expert");
    if (n > GSC_LM_MOST_KINDS) {
        return gsc_fail(error, GSC_ERR_INPUT, "expert lists %zu kinds; at most %d can be", n,
                        GSC_LM_MOST_KINDS);
    }
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < n && status == GSC_OK; i++) {
        gsc_lm_plugin *kind = i == 0 ? &shape->expert : &shape->more_experts[i - 1];
        status = read_plugin(spec, GSC_KIND_EXPERT, "expert", i, kind, error);
        kind->count = (size_t)gsc_spec_plugin_number(spec, "expert", i, "count",
                                                     n == 1 ? (double)shape->experts : 0);
    }
    shape->n_more_experts = n > 0 ? n - 1 : 0;
    return status;
}

static gsc_status read_balancers(const gsc_spec *spec, gsc_lm_shape *shape, gsc_error *error) {
    const double balance = gsc_spec_real(spec, "lm.balance");
    const double bias_rate = gsc_spec_real(spec, "lm.bias_rate");
    const size_t n = gsc_spec_plugin_count(spec, "balancer");
    gsc_status status = GSC_OK;
    if (n + 1 > GSC_LM_MOST_BALANCERS) {
        return gsc_fail(error, GSC_ERR_INPUT, "balancer lists %zu of them; at most %d can be", n,
                        GSC_LM_MOST_BALANCERS - 1);
    }
    for (size_t i = 0; i < n && status == GSC_OK; i++) {
        const double coefficient =
            gsc_spec_plugin_number(spec, "balancer", i, "coefficient", balance);
        if (coefficient < 0) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "balancer \"%s\" has the coefficient %g; it must not be negative",
                            gsc_spec_plugin_at(spec, "balancer", i), coefficient);
        }
        if (coefficient > 0) {
            gsc_lm_plugin *balancer = &shape->balancers[shape->n_balancers++];
            status = read_plugin(spec, GSC_KIND_BALANCER, "balancer", i, balancer, error);
            balancer->coefficient = coefficient;
        }
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
                      .logit_sd = gsc_spec_real(spec, "lm.logit_sd"),
                      .capacity_factor = gsc_spec_real(spec, "lm.capacity_factor"),
                      .drop_by_score = strcmp(gsc_spec_string(spec, "lm.drop"), "score") == 0,
                      .jitter = gsc_spec_real(spec, "lm.router_jitter"),
                      .allow_not_causal = gsc_spec_bool(spec, "lm.allow_not_causal")};
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
    gsc_status status = read_plugin(spec, GSC_KIND_GATE, "gate", 0, &s.gate, error);
    if (status == GSC_OK) {
        status = read_experts(spec, &s, error);
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

/* What moves the selection bias moves it alone, and with a gate that looks at it. */
static gsc_status check_balancers(const gsc_lm_shape *s, gsc_error *error) {
    const gsc_plugin *gate = s->gate.loaded->plugin, *mover = NULL;
    for (size_t i = 0; i < s->n_balancers; i++) {
        const gsc_loaded *balancer = s->balancers[i].loaded;
        const char *id = balancer->plugin->id;
        for (size_t k = 0; k < i; k++) {
            if (strcmp(s->balancers[k].loaded->plugin->id, id) == 0) {
                return gsc_fail(error, GSC_ERR_INPUT,
                                "balancer %s is there twice; name it once (lm.bias_rate is "
                                "bias_sign's coefficient)",
                                id);
            }
        }
        if (balancer->balancer->moves_bias == 0) {
            continue;
        }
        if (mover != NULL) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "balancers %s and %s both move the selection bias, which has one "
                            "owner; leave one out",
                            mover->id, id);
        }
        mover = balancer->plugin;
        if (gate->capabilities & GSC_CAP_IGNORES_BIAS) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "balancer %s moves the selection bias, which gate %s ignores; choose "
                            "a balancer with a loss",
                            id, gate->id);
        }
    }
    return GSC_OK;
}

size_t gsc_lm_shared_kind(const gsc_lm_shape *shape) {
    size_t kind = 0;
    while (kind < gsc_lm_kinds(shape) &&
           gsc_lm_kind(shape, kind)->loaded->expert->form == GSC_EXPERT_OWN) {
        kind++;
    }
    return kind;
}

static gsc_status check_experts(const gsc_lm_shape *s, gsc_error *error) {
    size_t sum = 0;
    for (size_t k = 0; k < gsc_lm_kinds(s); k++) {
        sum += gsc_lm_kind_count(s, k);
    }
    if (sum != s->experts) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "the counts of expert sum to %zu and lm.experts is %zu; make them equal",
                        sum, s->experts);
    }
    if (s->shared > 0 && gsc_lm_shared_kind(s) == gsc_lm_kinds(s)) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "lm.shared is %zu, and expert %s has a form of its own, of which there is "
                        "no shared net; set lm.shared=0, or list a feed-forward expert too",
                        s->shared, s->expert.loaded->plugin->id);
    }
    return GSC_OK;
}

static gsc_status check_plugins(const gsc_lm_shape *s, gsc_error *error) {
    const gsc_plugin *gate = s->gate.loaded->plugin;
    if ((gate->capabilities & GSC_CAP_NOT_CAUSAL) && !s->allow_not_causal) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "gate %s lets a token's experts depend on later tokens, so that its loss "
                        "is no forecast; choose a causal gate, or set lm.allow_not_causal=true",
                        gate->id);
    }
    if (s->capacity_factor > 0 && s->drop_by_score && !s->allow_not_causal) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "lm.drop is \"score\", so that later tokens may push out earlier ones in "
                        "training; take \"position\", or set lm.allow_not_causal=true");
    }
    gsc_status status = check_balancers(s, error);
    return status == GSC_OK ? check_experts(s, error) : status;
}

/* A gate that mixes: its slots, and what has no meaning with it. */
static gsc_status check_mix(gsc_lm_shape *shape, gsc_error *error) {
    const gsc_lm_shape *s = shape;
    const char *id = s->gate.loaded->plugin->id;
    gsc_status status = gsc_gate_mix_find(s->gate.loaded, &shape->mix, error);
    if (status != GSC_OK || s->mix.mix == NULL) {
        return status;
    }
    if (s->n_balancers > 0 || s->capacity_factor > 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "gate %s gives every expert the same number of slots, so that there is "
                        "nothing to %s; set %s=0",
                        id, s->n_balancers > 0 ? "balance" : "drop",
                        s->n_balancers > 0 ? "lm.balance" : "lm.capacity_factor");
    }
    const gsc_call call = {.struct_size = sizeof call,
                           .rows = (int64_t)s->context,
                           .inputs = (int64_t)s->width,
                           .experts = (int64_t)s->experts,
                           .logits = (int64_t)s->logits,
                           .top_k = (int64_t)s->top_k,
                           .params = s->gate.params,
                           .step = -1};
    return gsc_gate_mix_slots(s->gate.loaded, &s->mix, &call, &shape->slots, error);
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
    status = status == GSC_OK ? check_mix(shape, error) : status;
    return status;
}

/* SPDX-License-Identifier: MIT
 *
 * Descriptors as JSON: see describe.h.
 */
#include "core/plugin/describe.h"

#include "core/plugin/registry.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

enum {
    MOST_SOURCE = 256 << 10
};

static const struct {
    gsc_capabilities bit;
    const char *name;
} capability_names[] = {
    {GSC_CAP_WHOLE_BATCH, "whole_batch"},
    {GSC_CAP_TOKENS, "tokens"},
    {GSC_CAP_STEP, "step"},
    {GSC_CAP_RANDOM, "random"},
    {GSC_CAP_NOT_CAUSAL, "not_causal"},
    {GSC_CAP_NO_SUM, "no_sum"},
    {GSC_CAP_CHOICE_DEFINED, "choice_defined"},
    {GSC_CAP_IGNORES_BIAS, "ignores_bias"},
    {GSC_CAP_ESTIMATOR, "estimator"},
};

static const char *const param_types[] = {"real", "int", "bool"};
static const char *const tensor_roles[] = {"trained", "frozen", "state"};
static const char *const tensor_inits[] = {"zero", "constant", "normal", "fan_in", "param"};

static json_t *text_list(const char *const *list) {
    json_t *array = json_array();
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        json_array_append_new(array, json_string(list[i]));
    }
    return array;
}

static json_t *capability_list(gsc_capabilities capabilities) {
    json_t *array = json_array();
    for (size_t i = 0; i < GSC_COUNT(capability_names); i++) {
        if ((capabilities & capability_names[i].bit) != 0) {
            json_array_append_new(array, json_string(capability_names[i].name));
        }
    }
    return array;
}

static json_t *describe_param(const gsc_param *param) {
    return json_pack("{s:s, s:s, s:s, s:s, s:f, s:f, s:f, s:b}", "name", param->name, "doc",
                     param->doc, "unit", param->unit != NULL ? param->unit : "", "type",
                     param_types[param->type], "lowest", param->lowest, "highest", param->highest,
                     "initial", param->initial, "schedulable", param->schedulable != 0);
}

/* A size in words: "E", "D", a number, or the parameter's name. */
static json_t *describe_size(const gsc_plugin *plugin, int64_t size) {
    static const char *const symbols[] = {"E", "D", "M", "H", "O"};
    if (size >= 1) {
        return json_integer(size);
    }
    if (size >= GSC_SIZE_OUTPUTS) {
        return json_string(symbols[GSC_SIZE_EXPERTS - size]);
    }
    return json_string(plugin->params[GSC_SIZE_PARAM(0) - size].name);
}

static json_t *describe_tensor(const gsc_plugin *plugin, const gsc_tensor *tensor) {
    json_t *size = json_array();
    for (uint32_t i = 0; i < tensor->dims; i++) {
        json_array_append_new(size, describe_size(plugin, tensor->size[i]));
    }
    return json_pack("{s:s, s:s, s:s, s:f, s:b, s:o}", "name", tensor->name, "role",
                     tensor_roles[tensor->role], "init", tensor_inits[tensor->init], "scale",
                     tensor->scale, "decay", tensor->no_decay == 0, "size", size);
}

/* The plugin's own text, or NULL where it carries none of a file's size. */
static json_t *describe_source(const gsc_plugin *plugin) {
    const char *text = plugin->source, *end = plugin->source_end;
    return text != NULL && end > text && end - text <= MOST_SOURCE
               ? json_stringn(text, (size_t)(end - text))
               : NULL;
}

/* ---- Stages ---- */

static void add_stage(json_t *stages, const char *stage, bool own, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void add_stage(json_t *stages, const char *stage, bool own, const char *format, ...) {
    char text[160];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    json_array_append_new(stages,
                          json_pack("{s:s, s:b, s:s}", "stage", stage, "own", own, "does", text));
}

static const char *derivative(bool given) {
    return given ? "its derivative given" : "its derivative numeric";
}

static void add_select(json_t *stages, const gsc_gate *gate) {
    if (gate->select != NULL) {
        add_stage(stages, "select", true, "its own choice over all rows at once");
    } else {
        bool own = gate->rank != NULL || gate->count != NULL;
        add_stage(stages, "select", own, "%s by %s",
                  gate->count != NULL ? "its own count" : "top k",
                  gate->rank != NULL ? "its own rank" : "p + bias");
    }
}

static json_t *gate_stages(const gsc_gate *gate, gsc_capabilities has) {
    json_t *stages = json_array();
    const char *size = gate->logits != NULL ? ", M logits of its own" : "";
    if (gate->score_form == GSC_SCORE_LINEAR) {
        add_stage(stages, "score", false, "linear, z_j = x.w_j%s", size);
    } else if (gate->score_form == GSC_SCORE_INNER) {
        add_stage(stages, "score", true, "z_j = f(x.w_j, |x|^2, |w_j|^2)%s, %s", size,
                  derivative(gate->inner_slope != NULL));
    } else if (gate->score_form == GSC_SCORE_OWN) {
        add_stage(stages, "score", true, "its own%s, %s", size,
                  gate->score_backward != NULL ? derivative(true)
                                               : "without a derivative: theory lab only");
    } else {
        add_stage(stages, "score", true, "none: no logits");
    }
    if (gate->affinity != NULL) {
        add_stage(stages, "probs", true, "affinity %s for each logit%s, %s",
                  gate->affinity_form == GSC_AFFINITY_LOG ? "log a_j" : "a_j",
                  (has & GSC_CAP_NO_SUM) != 0 ? ", no sum" : ", divided by the row sum",
                  derivative(gate->affinity_slope != NULL));
    } else {
        add_stage(stages, "probs", true, "a row z -> p%s, %s",
                  (has & GSC_CAP_NO_SUM) != 0 ? ", no sum" : "",
                  derivative(gate->probs_backward != NULL));
    }
    add_select(stages, gate);
    if (gate->combine_form == GSC_COMBINE_OWN) {
        add_stage(stages, "combine", true, "its own weights, %s",
                  gate->estimate != NULL ? "its gradient an estimator"
                                         : derivative(gate->combine_backward != NULL));
    } else {
        add_stage(stages, "combine", false, "%s",
                  gate->combine_form == GSC_COMBINE_KEEP
                      ? "p of the chosen, kept (softmax before top-k)"
                      : "p of the chosen, renormalised (softmax after top-k)");
    }
    bool moves = gate->observe != NULL || gate->update != NULL;
    add_stage(stages, "update", moves, "%s", moves ? "moves its state once a step" : "nothing");
    return stages;
}

/* What the plugin does itself and what the host does, stage by stage: a gate's five, or the one or two of the
 * other kinds. */
static json_t *describe_stages(const gsc_plugin *plugin) {
    if (plugin->kind == GSC_KIND_GATE) {
        return gate_stages(plugin->gate, plugin->capabilities);
    }
    json_t *stages = json_array();
    if (plugin->kind == GSC_KIND_EXPERT) {
        const gsc_expert *expert = plugin->expert;
        if (expert->form == GSC_EXPERT_OWN) {
            add_stage(stages, "expert", true, "its own forward%s, %s",
                      expert->linear != 0 ? ", linear in its tensors" : "",
                      derivative(expert->backward != NULL));
        } else {
            add_stage(stages, "expert", true, "%s, %s%s",
                      expert->form == GSC_EXPERT_FFN ? "out . f(in x + b)"
                                                     : "out . f(in x + b, gate x + c)",
                      derivative(expert->activation_slope != NULL),
                      expert->activation_f32 != NULL ? ", in double and float" : "");
        }
        return stages;
    }
    if (plugin->balancer->loss != NULL) {
        add_stage(stages, "loss", true, "adds to the loss, with its gradient");
    }
    if (plugin->balancer->control != NULL) {
        add_stage(stages, "control", true, "%s once a step",
                  plugin->balancer->moves_bias != 0 ? "moves the selection bias"
                                                    : "moves its state");
    }
    return stages;
}

json_t *gsc_plugin_describe(const gsc_plugin *plugin) {
    json_t *params = json_array(), *tensors = json_array();
    for (size_t i = 0; i < plugin->n_params; i++) {
        json_array_append_new(params, describe_param(&plugin->params[i]));
    }
    for (size_t i = 0; i < plugin->n_tensors; i++) {
        json_array_append_new(tensors, describe_tensor(plugin, &plugin->tensors[i]));
    }
    char theory[640], lm[640];
    gsc_plugin_theory_refusal(plugin, theory, sizeof theory);
    gsc_plugin_lm_refusal(plugin, lm, sizeof lm);
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:o*}", "id",
        plugin->id, "kind", gsc_kind_name(plugin->kind), "version", plugin->version, "title",
        plugin->title, "status", "ok", "formula", plugin->formula, "doc", plugin->doc, "papers",
        text_list(plugin->papers), "recommended", text_list(plugin->recommended), "capabilities",
        capability_list(plugin->capabilities), "params", params, "tensors", tensors, "theory",
        theory, "lm", lm, "stages", describe_stages(plugin), "source", describe_source(plugin));
}

json_t *gsc_plugin_describe_refused(const gsc_plugin *plugin, const char *refusal) {
    const char *kind = plugin != NULL ? gsc_kind_name(plugin->kind) : NULL;
    json_t *row = json_object();
    const char *known[][2] = {
        {"id", plugin != NULL ? plugin->id : NULL},
        {"kind", kind},
        {"version", plugin != NULL ? plugin->version : NULL},
        {"title", plugin != NULL ? plugin->title : NULL},
        {"status", refusal},
    };
    for (size_t i = 0; i < GSC_COUNT(known); i++) {
        json_t *value = known[i][1] != NULL ? json_string(known[i][1]) : NULL;
        json_object_set_new(row, known[i][0], value != NULL ? value : json_string(""));
    }
    return row;
}

/* SPDX-License-Identifier: MIT
 *
 * Descriptors as JSON: see describe.h.
 */
#include "core/plugin/describe.h"

#include "core/plugin/registry.h"

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
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:o*}",
                     "id", plugin->id, "kind", gsc_kind_name(plugin->kind), "version",
                     plugin->version, "title", plugin->title, "status", "ok", "formula",
                     plugin->formula, "doc", plugin->doc, "papers", text_list(plugin->papers),
                     "recommended", text_list(plugin->recommended), "capabilities",
                     capability_list(plugin->capabilities), "params", params, "tensors", tensors,
                     "theory", theory, "lm", lm, "source", describe_source(plugin));
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

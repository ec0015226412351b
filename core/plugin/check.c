/* SPDX-License-Identifier: MIT
 *
 * The checks of a descriptor: see check.h.
 */
#include "core/plugin/check.h"

#include "core/plugin/registry.h"

#include <stdbool.h>
#include <string.h>

enum {
    MAX_TEXT = 2000,
    MAX_STRUCT_SIZE = 4096,
    MAX_LIST = 64
};

static const gsc_capabilities known_capabilities =
    GSC_CAP_WHOLE_BATCH | GSC_CAP_TOKENS | GSC_CAP_STEP | GSC_CAP_RANDOM | GSC_CAP_NOT_CAUSAL |
    GSC_CAP_NO_SUM | GSC_CAP_CHOICE_DEFINED | GSC_CAP_IGNORES_BIAS | GSC_CAP_ESTIMATOR;

#define REFUSE(...) return gsc_fail(error, GSC_ERR_PLUGIN, __VA_ARGS__)
#define TRY(call)                                                                                  \
    do {                                                                                           \
        gsc_status try_status = (call);                                                            \
        if (try_status != GSC_OK) {                                                                \
            return try_status;                                                                     \
        }                                                                                          \
    } while (0)

/* Takes given bytes of a struct whose size here is own: a shorter one is filled with zeros, a longer one
 * must have nothing in its tail. least is the smallest size that makes sense. */
static gsc_status take_struct(void *ret, size_t own, const void *raw, size_t given, size_t least,
                              const char *name, gsc_error *error) {
    if (given < least || given > MAX_STRUCT_SIZE) {
        REFUSE("says that its %s has %zu bytes; at least %zu and at most %d are right", name, given,
               least, (int)MAX_STRUCT_SIZE);
    }
    for (size_t i = own; i < given; i++) {
        if (((const unsigned char *)raw)[i] != 0) {
            REFUSE("has a %s of %zu bytes and this program knows only %zu of them, yet the rest is "
                   "in use: it is built for a newer gatescope",
                   name, given, own);
        }
    }
    memset(ret, 0, own);
    memcpy(ret, raw, given < own ? given : own);
    return GSC_OK;
}

/* Valid UTF-8 without control characters, at most MAX_TEXT bytes. */
static bool is_text(const char *text) {
    const unsigned char *at = (const unsigned char *)text;
    for (size_t left = MAX_TEXT; left > 0; left--) {
        if (*at == 0) {
            return true;
        }
        int more = *at < 0x80 ? 0 : (*at & 0xe0) == 0xc0 ? 1 : (*at & 0xf0) == 0xe0 ? 2 : 3;
        if (*at < 0x20 || *at == 0x7f || (*at >= 0x80 && *at < 0xc2) || *at > 0xf4) {
            return false;
        }
        for (at++; more > 0; more--, at++) {
            if ((*at & 0xc0) != 0x80) {
                return false;
            }
        }
    }
    return false;
}

static gsc_status check_text(const char *text, const char *field, gsc_error *error) {
    if (text == NULL) {
        REFUSE("has no %s: the field is NULL", field);
    }
    if (!is_text(text)) {
        REFUSE("has a %s that is not one line of UTF-8 text of at most %d bytes", field,
               (int)MAX_TEXT);
    }
    return GSC_OK;
}

static gsc_status check_name(const char *name, const char *field, gsc_error *error) {
    TRY(check_text(name, field, error));
    size_t length = strlen(name);
    bool good = length > 0 && length <= GSC_MAX_ID && name[0] >= 'a' && name[0] <= 'z';
    for (size_t i = 0; i < length; i++) {
        char c = name[i];
        good = good && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
    }
    if (!good) {
        REFUSE("has the %s \"%.80s\"; a name is a-z, 0-9 and _, begins with a letter and has at "
               "most %d characters",
               field, name, (int)GSC_MAX_ID);
    }
    return GSC_OK;
}

static gsc_status check_list(const char *const *list, const char *field, gsc_error *error) {
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        if (i == MAX_LIST) {
            REFUSE("has more than %d %s: end the list with NULL", (int)MAX_LIST, field);
        }
        TRY(check_text(list[i], field, error));
    }
    return GSC_OK;
}

static gsc_status check_head(const gsc_plugin *raw, gsc_descriptor *ret, gsc_error *error) {
    if (raw == NULL) {
        REFUSE("returns NULL from gatescope_plugin(), not a descriptor");
    }
    if (raw->magic != GSC_PLUGIN_MAGIC) {
        REFUSE("has magic 0x%08x where 0x%08x is right: what gatescope_plugin() returns is no "
               "gatescope descriptor",
               raw->magic, GSC_PLUGIN_MAGIC);
    }
    if (raw->abi_major != GSC_ABI_MAJOR || raw->abi_minor > GSC_HOST_ABI_MINOR) {
        REFUSE("is built for plugin ABI %u.%u and this program speaks %d.%d: build it again with "
               "this program's gatescope/plugin.h",
               raw->abi_major, raw->abi_minor, GSC_ABI_MAJOR, GSC_HOST_ABI_MINOR);
    }
    gsc_plugin *plugin = &ret->plugin;
    TRY(take_struct(plugin, sizeof *plugin, raw, raw->struct_size, offsetof(gsc_plugin, formula),
                    "gsc_plugin (struct_size)", error));
    if (gsc_kind_name(plugin->kind) == NULL) {
        REFUSE("has kind %u; 1 (gate), 2 (expert) or 3 (balancer) is right", plugin->kind);
    }
    TRY(check_name(plugin->id, "id", error));
    TRY(check_text(plugin->version, "version", error));
    TRY(check_text(plugin->title, "title", error));
    TRY(check_text(plugin->formula, "formula", error));
    TRY(check_text(plugin->doc, "doc", error));
    TRY(check_list(plugin->papers, "papers", error));
    return check_list(plugin->recommended, "recommended keys", error);
}

static gsc_status check_param(const gsc_param *param, gsc_error *error) {
    if (strcmp(param->name, "id") == 0) {
        REFUSE("has a parameter named id, which a spec uses for the plugin's id; rename it");
    }
    TRY(check_text(param->doc, "parameter's doc", error));
    if (param->unit != NULL) {
        TRY(check_text(param->unit, "parameter's unit", error));
    }
    if (param->type > GSC_PARAM_BOOL) {
        REFUSE("has the parameter %s of type %u; 0 (real), 1 (int) or 2 (bool) is right",
               param->name, param->type);
    }
    if (!(isfinite(param->lowest) && isfinite(param->highest) && param->lowest <= param->initial &&
          param->initial <= param->highest)) {
        REFUSE("has the parameter %s with lowest %g, initial %g, highest %g; finite numbers in "
               "that order are right",
               param->name, param->lowest, param->initial, param->highest);
    }
    bool whole = param->lowest == floor(param->lowest) && param->initial == floor(param->initial) &&
                 param->highest == floor(param->highest);
    bool binary = param->lowest == 0 && param->highest == 1;
    if ((param->type != GSC_PARAM_REAL && !whole) || (param->type == GSC_PARAM_BOOL && !binary)) {
        REFUSE("has the parameter %s with lowest %g, initial %g, highest %g; whole numbers are "
               "right for an int, 0 or 1 for a bool",
               param->name, param->lowest, param->initial, param->highest);
    }
    return GSC_OK;
}

static gsc_status take_params(gsc_descriptor *ret, gsc_error *error) {
    const gsc_plugin *plugin = &ret->plugin;
    if (plugin->n_params > GSC_MAX_DESCRIPTOR_PARAMS) {
        REFUSE("has n_params = %u; at most %d are right", plugin->n_params,
               (int)GSC_MAX_DESCRIPTOR_PARAMS);
    }
    if (plugin->n_params > 0 && plugin->params == NULL) {
        REFUSE("has n_params = %u but params is NULL", plugin->n_params);
    }
    const char *raw = (const char *)plugin->params;
    for (size_t i = 0; i < plugin->n_params; i++) {
        gsc_param *param = &ret->params[i];
        TRY(take_struct(param, sizeof *param, raw + i * plugin->param_size, plugin->param_size,
                        sizeof(gsc_param), "gsc_param (param_size)", error));
        TRY(check_name(param->name, "parameter's name", error));
        TRY(check_param(param, error));
        for (size_t k = 0; k < i; k++) {
            if (strcmp(ret->params[k].name, param->name) == 0) {
                REFUSE("has two parameters named %s", param->name);
            }
        }
    }
    ret->plugin.params = ret->params;
    return GSC_OK;
}

static gsc_status check_tensor(const gsc_plugin *plugin, const gsc_tensor *tensor,
                               gsc_error *error) {
    if (tensor->role > GSC_TENSOR_STATE || tensor->init > GSC_INIT_PARAM) {
        REFUSE("has the tensor %s with role %u and init %u; 0 to %d and 0 to %d are right",
               tensor->name, tensor->role, tensor->init, GSC_TENSOR_STATE, GSC_INIT_PARAM);
    }
    bool draws = tensor->init == GSC_INIT_NORMAL || tensor->init == GSC_INIT_FAN_IN;
    if (!isfinite(tensor->scale) || (draws && tensor->scale < 0)) {
        REFUSE("has the tensor %s with scale %g; a finite number is right, and not below 0 for a "
               "standard deviation",
               tensor->name, tensor->scale);
    }
    if (tensor->init == GSC_INIT_PARAM &&
        !(tensor->scale >= 0 && tensor->scale < plugin->n_params)) {
        REFUSE("has the tensor %s initialised from parameter %g; there are %u parameters",
               tensor->name, tensor->scale, plugin->n_params);
    }
    if (tensor->dims < 1 || tensor->dims > GSC_MAX_DIMS) {
        REFUSE("has the tensor %s with %u dimensions; 1 to %d are right", tensor->name,
               tensor->dims, (int)GSC_MAX_DIMS);
    }
    for (uint32_t i = 0; i < tensor->dims; i++) {
        int64_t size = tensor->size[i], param = GSC_SIZE_PARAM(0) - size;
        bool symbol = size <= GSC_SIZE_EXPERTS && size >= GSC_SIZE_OUTPUTS;
        bool of_param = param >= 0 && param < plugin->n_params &&
                        plugin->params[param].type == GSC_PARAM_INT &&
                        plugin->params[param].lowest >= 1;
        if (size < 1 && !symbol && !of_param) {
            REFUSE("has the tensor %s with size[%u] = %lld; a number from 1, a GSC_SIZE symbol, or "
                   "an int parameter whose lowest is at least 1 is right",
                   tensor->name, i, (long long)size);
        }
    }
    return GSC_OK;
}

static gsc_status take_tensors(gsc_descriptor *ret, gsc_error *error) {
    const gsc_plugin *plugin = &ret->plugin;
    if (plugin->n_tensors > GSC_MAX_DESCRIPTOR_TENSORS) {
        REFUSE("has n_tensors = %u; at most %d are right", plugin->n_tensors,
               (int)GSC_MAX_DESCRIPTOR_TENSORS);
    }
    if (plugin->n_tensors > 0 && plugin->tensors == NULL) {
        REFUSE("has n_tensors = %u but tensors is NULL", plugin->n_tensors);
    }
    const char *raw = (const char *)plugin->tensors;
    for (size_t i = 0; i < plugin->n_tensors; i++) {
        gsc_tensor *tensor = &ret->tensors[i];
        TRY(take_struct(tensor, sizeof *tensor, raw + i * plugin->tensor_size, plugin->tensor_size,
                        sizeof(gsc_tensor), "gsc_tensor (tensor_size)", error));
        TRY(check_name(tensor->name, "tensor's name", error));
        TRY(check_tensor(plugin, tensor, error));
        for (size_t k = 0; k < i; k++) {
            if (strcmp(ret->tensors[k].name, tensor->name) == 0) {
                REFUSE("has two tensors named %s", tensor->name);
            }
        }
    }
    ret->plugin.tensors = ret->tensors;
    return GSC_OK;
}

static gsc_status check_gate(const gsc_gate *gate, gsc_capabilities capabilities,
                             gsc_error *error) {
    if (gate->score_form > GSC_SCORE_NONE || gate->affinity_form > GSC_AFFINITY_LOG ||
        gate->combine_form > GSC_COMBINE_OWN) {
        REFUSE("has score_form %u, affinity_form %u, combine_form %u; 0 to %d, 0 to %d and 0 to %d "
               "are right",
               gate->score_form, gate->affinity_form, gate->combine_form, GSC_SCORE_NONE,
               GSC_AFFINITY_LOG, GSC_COMBINE_OWN);
    }
    if ((gate->affinity_form != GSC_AFFINITY_NONE) != (gate->affinity != NULL)) {
        REFUSE("has affinity_form %u and affinity %s; give both or neither", gate->affinity_form,
               gate->affinity != NULL ? "set" : "NULL");
    }
    if (gate->affinity == NULL && gate->probs == NULL) {
        REFUSE("has neither affinity nor probs: a gate gives one of them");
    }
    if (gate->affinity != NULL && (gate->probs != NULL || gate->logits != NULL)) {
        REFUSE("has affinity and also %s; an affinity maps E logits to E scores and needs no other",
               gate->probs != NULL ? "probs" : "logits");
    }
    if (gate->affinity != NULL && gate->score_form == GSC_SCORE_NONE) {
        REFUSE("has affinity but no logits (score_form NONE); use probs");
    }
    if ((gate->affinity_slope != NULL && gate->affinity == NULL) ||
        (gate->probs_backward != NULL && gate->probs == NULL)) {
        REFUSE("has a derivative without its function: %s",
               gate->probs_backward != NULL ? "probs_backward" : "affinity_slope");
    }
    if ((gate->score_form == GSC_SCORE_INNER) != (gate->inner != NULL) ||
        (gate->score_form == GSC_SCORE_OWN) != (gate->score != NULL)) {
        REFUSE(
            "has score_form %u, inner %s and score %s; form 1 goes with inner, form 2 with score",
            gate->score_form, gate->inner != NULL ? "set" : "NULL",
            gate->score != NULL ? "set" : "NULL");
    }
    if ((gate->combine_form == GSC_COMBINE_OWN) != (gate->combine != NULL)) {
        REFUSE("has combine_form %u and combine %s; form 2 goes with combine", gate->combine_form,
               gate->combine != NULL ? "set" : "NULL");
    }
    if (((capabilities & GSC_CAP_ESTIMATOR) != 0) != (gate->estimate != NULL)) {
        REFUSE("has estimate %s and %s GSC_CAP_ESTIMATOR; give both or neither",
               gate->estimate != NULL ? "set" : "NULL",
               (capabilities & GSC_CAP_ESTIMATOR) != 0 ? "declares" : "does not declare");
    }
    return GSC_OK;
}

static gsc_status check_expert(const gsc_expert *expert, const gsc_plugin *plugin,
                               gsc_error *error) {
    if (expert->form > GSC_EXPERT_OWN) {
        REFUSE("has form %u; 0 (feed-forward), 1 (gated) or 2 (own) is right", expert->form);
    }
    if (expert->form == GSC_EXPERT_OWN) {
        if (expert->forward == NULL || expert->activation != NULL) {
            REFUSE("has the own form (2), which needs forward and takes no activation");
        }
        return GSC_OK;
    }
    if (expert->activation == NULL || expert->forward != NULL) {
        REFUSE("has a feed-forward form (%u), which needs activation and takes no forward",
               expert->form);
    }
    if (plugin->n_tensors > 0) {
        REFUSE("has a feed-forward form (%u) and tensors; the host owns the tensors of that form",
               expert->form);
    }
    if (expert->linear != 0) {
        REFUSE("says linear = %u in a feed-forward form; only an own form can be linear",
               expert->linear);
    }
    return GSC_OK;
}

static gsc_status take_table(gsc_descriptor *ret, gsc_error *error) {
    gsc_plugin *plugin = &ret->plugin;
    const void *tables[] = {plugin->gate, plugin->expert, plugin->balancer};
    for (gsc_kind kind = GSC_KIND_GATE; kind <= GSC_KIND_BALANCER; kind++) {
        if ((kind == plugin->kind) != (tables[kind - 1] != NULL)) {
            REFUSE("has kind %s but %s is %s: give the one table of its kind",
                   gsc_kind_name(plugin->kind), gsc_kind_name(kind),
                   tables[kind - 1] != NULL ? "set" : "NULL");
        }
    }
    if (plugin->kind == GSC_KIND_GATE) {
        TRY(take_struct(&ret->gate, sizeof ret->gate, plugin->gate, plugin->gate->struct_size,
                        offsetof(gsc_gate, rank), "gsc_gate (struct_size)", error));
        plugin->gate = &ret->gate;
        return check_gate(plugin->gate, plugin->capabilities, error);
    }
    if (plugin->kind == GSC_KIND_EXPERT) {
        TRY(take_struct(&ret->expert, sizeof ret->expert, plugin->expert,
                        plugin->expert->struct_size, offsetof(gsc_expert, forward),
                        "gsc_expert (struct_size)", error));
        plugin->expert = &ret->expert;
        return check_expert(plugin->expert, plugin, error);
    }
    TRY(take_struct(&ret->balancer, sizeof ret->balancer, plugin->balancer,
                    plugin->balancer->struct_size, offsetof(gsc_balancer, control),
                    "gsc_balancer (struct_size)", error));
    plugin->balancer = &ret->balancer;
    if (plugin->balancer->loss == NULL && plugin->balancer->control == NULL) {
        REFUSE("has neither loss nor control: a balancer gives at least one");
    }
    if (plugin->balancer->moves_bias != 0 && plugin->balancer->control == NULL) {
        REFUSE("says moves_bias but has no control");
    }
    return GSC_OK;
}

gsc_status gsc_descriptor_complete(const gsc_plugin *raw, gsc_descriptor *ret_descriptor,
                                   gsc_error *error) {
    memset(ret_descriptor, 0, sizeof *ret_descriptor);
    TRY(check_head(raw, ret_descriptor, error));
    TRY(take_params(ret_descriptor, error));
    TRY(take_tensors(ret_descriptor, error));
    const gsc_plugin *plugin = &ret_descriptor->plugin;
    gsc_capabilities unknown = plugin->capabilities & ~known_capabilities;
    if (unknown != 0) {
        REFUSE("declares the capabilities 0x%llx, of which this program does not know 0x%llx",
               (unsigned long long)plugin->capabilities, (unsigned long long)unknown);
    }
    TRY(take_table(ret_descriptor, error));
    TRY(check_list(plugin->needs, "needed extensions", error));
    for (size_t i = 0; plugin->needs != NULL && plugin->needs[i] != NULL; i++) {
        if (strcmp(plugin->needs[i], GSC_EXTENSION_MIX) != 0) {
            REFUSE("needs the extension %s, which this program does not have", plugin->needs[i]);
        }
    }
    return GSC_OK;
}

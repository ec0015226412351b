/* SPDX-License-Identifier: MIT
 *
 * The states of balancers, a layer each: allocated, born and checkpointed here. Layer: core/lm.
 */
#include "core/lm/model_internal.h"

#include <stdio.h>
#include <stdlib.h>

size_t lm_balance_states(const gsc_lm *self) {
    size_t count = 0;
    for (size_t i = 0; i < self->shape.n_balancers; i++) {
        count += self->shape.balancers[i].loaded->plugin->n_tensors;
    }
    return count;
}

/* The value of every number of a tensor at birth; false for an init that draws. */
static bool find_birth(const gsc_lm_plugin *balancer, const gsc_tensor *tensor, double *ret_value) {
    *ret_value = tensor->init == GSC_INIT_CONSTANT ? tensor->scale
                 : tensor->init == GSC_INIT_PARAM  ? balancer->params[(int)tensor->scale]
                                                   : 0;
    return tensor->init != GSC_INIT_NORMAL && tensor->init != GSC_INIT_FAN_IN;
}

static gsc_status add_tensor(gsc_lm *self, size_t layer, size_t i, uint32_t k, gsc_error *error) {
    const gsc_lm_plugin *balancer = &self->shape.balancers[i];
    const gsc_plugin *plugin = balancer->loaded->plugin;
    const gsc_tensor *tensor = &plugin->tensors[k];
    gsc_call call = self->layers[layer].gate.pass.call;
    double birth = 0;
    call.params = balancer->params;
    if (tensor->role != GSC_TENSOR_STATE || !find_birth(balancer, tensor, &birth)) {
        return gsc_fail(error, GSC_ERR_PLUGIN,
                        "balancer %s: tensor %s is not a state of constant birth, and a balancer "
                        "has no other",
                        plugin->id, tensor->name);
    }
    const int64_t count = gsc_tensor_count(tensor, &call);
    double *values = count > 0 ? calloc((size_t)count, sizeof(double)) : NULL;
    if (values == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "balancer %s: no memory for tensor %s", plugin->id,
                        tensor->name);
    }
    for (int64_t n = 0; n < count; n++) {
        values[n] = birth;
    }
    self->layers[layer].gate.balance[i][k] = values;
    gsc_lm_state *state = &self->states[self->n_states++];
    *state = (gsc_lm_state){.values = values, .count = (size_t)count};
    snprintf(state->name, sizeof state->name, "layers.%zu.balancer.%.30s.%.30s", layer, plugin->id,
             tensor->name);
    return GSC_OK;
}

gsc_status lm_balance_init(gsc_lm *self, size_t layer, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < self->shape.n_balancers && status == GSC_OK; i++) {
        const uint32_t n = self->shape.balancers[i].loaded->plugin->n_tensors;
        double **tensors = calloc(n + 1, sizeof *tensors);
        self->layers[layer].gate.balance[i] = tensors;
        if (tensors == NULL) {
            return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the balancers of layer %zu",
                            layer);
        }
        for (uint32_t k = 0; k < n && status == GSC_OK; k++) {
            status = add_tensor(self, layer, i, k, error);
        }
    }
    return status;
}

void lm_balance_clear(gsc_lm *self, size_t layer) {
    for (size_t i = 0; i < self->shape.n_balancers; i++) {
        double **tensors = self->layers[layer].gate.balance[i];
        for (uint32_t k = 0;
             tensors != NULL && k < self->shape.balancers[i].loaded->plugin->n_tensors; k++) {
            free(tensors[k]);
        }
        free(tensors);
    }
}

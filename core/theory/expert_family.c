/* SPDX-License-Identifier: MIT
 *
 * Experts of the theory lab (model.h): a loaded plugin as h(x, theta) and its Jacobian, numeric
 * where the plugin has none. One output (O = 1) and one hidden unit (H = 1). Layer: core/theory.
 */
#include "core/theory/family_internal.h"

#include "core/plugin/guard.h"
#include "kernels/mixture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static gsc_status add_block(gsc_expert_family *family, const char *name, size_t size,
                            gsc_error *error) {
    if (family->n_blocks == GSC_MAX_THETA_BLOCKS) {
        return gsc_fail(
            error, GSC_ERR_INPUT,
            "%s declares more than %d trained tensors, the most that the theory lab takes",
            family->name, GSC_MAX_THETA_BLOCKS);
    }
    gsc_theta_block *block = &family->blocks[family->n_blocks++];
    snprintf(block->name, sizeof block->name, "%s", name);
    block->offset = family->theta_size;
    block->size = size;
    family->theta_size += size;
    return GSC_OK;
}

/* The size of a tensor of an own form: D is d, O and H are 1. 0: a size without meaning here. */
static size_t tensor_size(const gsc_expert_family *family, const gsc_tensor *tensor) {
    size_t size = 1;
    for (uint32_t i = 0; i < tensor->dims && i < GSC_MAX_DIMS; i++) {
        int64_t s = tensor->size[i];
        if (s == GSC_SIZE_INPUTS) {
            s = (int64_t)family->inputs;
        } else if (s == GSC_SIZE_OUTPUTS || s == GSC_SIZE_HIDDEN) {
            s = 1;
        } else if (s <= GSC_SIZE_PARAM(0)) {
            uint64_t index = (uint64_t)(GSC_SIZE_PARAM(0) - s);
            s = index < family->loaded->plugin->n_params ? (int64_t)family->params[index] : 0;
        }
        if (s < 1 || s > 4096 || size * (size_t)s > 4096) {
            return 0;
        }
        size *= (size_t)s;
    }
    return size;
}

static gsc_status add_own_blocks(gsc_expert_family *family, gsc_error *error) {
    const gsc_plugin *plugin = family->loaded->plugin;
    if (family->loaded->expert->forward == NULL) {
        return gsc_fail(error, GSC_ERR_PLUGIN, "%s has no forward function", family->name);
    }
    for (uint32_t i = 0; i < plugin->n_tensors; i++) {
        const gsc_tensor *tensor = &plugin->tensors[i];
        if (tensor->role != GSC_TENSOR_TRAINED) {
            return gsc_fail(
                error, GSC_ERR_INPUT,
                "%s keeps a tensor that is not trained (%s), which the theory lab cannot "
                "hold; the language-model lab takes it",
                family->name, tensor->name);
        }
        size_t size = tensor_size(family, tensor);
        if (size == 0) {
            return gsc_fail(
                error, GSC_ERR_INPUT,
                "%s declares tensor %s with a size that has no meaning in the theory lab",
                family->name, tensor->name);
        }
        gsc_status status = add_block(family, tensor->name, size, error);
        if (status != GSC_OK) {
            return status;
        }
    }
    return GSC_OK;
}

static gsc_status add_feed_forward_blocks(gsc_expert_family *family, gsc_error *error) {
    const gsc_expert *expert = family->loaded->expert;
    if (expert->activation == NULL) {
        return gsc_fail(error, GSC_ERR_PLUGIN, "%s has no activation function", family->name);
    }
    bool biased = expert->biased != NULL && expert->biased(family->params) != 0;
    add_block(family, "in", family->inputs, error);
    if (biased) {
        add_block(family, "bias", 1, error);
    }
    if (expert->form == GSC_EXPERT_GATED_FFN) {
        add_block(family, "gate", family->inputs, error);
        if (biased) {
            add_block(family, "gate_bias", 1, error);
        }
    }
    return add_block(family, "out", 1, error);
}

gsc_status gsc_expert_family_init(gsc_expert_family *family, const gsc_loaded *loaded,
                                  const double *params, size_t inputs, gsc_error *error) {
    if (inputs < 1 || inputs > GSC_MAX_INPUTS) {
        return gsc_fail(error, GSC_ERR_INPUT, "the theory lab takes 1 to %d inputs, not %zu",
                        GSC_MAX_INPUTS, inputs);
    }
    gsc_expert_family made = {.loaded = loaded, .inputs = inputs};
    gsc_status status = family_check_plugin(loaded, made.params, params, error);
    if (status != GSC_OK) {
        return status;
    }
    snprintf(made.name, sizeof made.name, "expert %.50s", loaded->plugin->id);
    if (loaded->expert->form == GSC_EXPERT_OWN) {
        made.linear = loaded->expert->linear != 0;
        status = add_own_blocks(&made, error);
    } else {
        status = add_feed_forward_blocks(&made, error);
    }
    if (status == GSC_OK) {
        *family = made;
    }
    return status;
}

size_t gsc_expert_scratch(const gsc_expert_family *family, size_t n) {
    /* Feed-forward: u, v and two slopes. Own: x by row, one Jacobian by row or two h, and theta. */
    size_t own = (family->inputs + family->theta_size + 2) * n + family->theta_size;
    return own > 4 * n ? own : 4 * n;
}

/* Numeric df/du (of_v false) or df/dv. */
static void difference_activation(const gsc_expert_family *family, const gsc_call *call, size_t n,
                                  const double *u, const double *v, bool of_v, double *ret_slope) {
    const gsc_expert *expert = family->loaded->expert;
    enum {
        CHUNK = 64
    };
    for (size_t t = 0; t < n; t += CHUNK) {
        size_t m = n - t < CHUNK ? n - t : CHUNK;
        double low[CHUNK], high[CHUNK], step[CHUNK], f[CHUNK];
        const double *moved = (of_v ? v : u) + t;
        for (size_t i = 0; i < m; i++) {
            step[i] = family_difference_step * fmax(1, fabs(moved[i]));
            low[i] = moved[i] - step[i];
            high[i] = moved[i] + step[i];
        }
        const double *fixed_v = v != NULL ? v + t : NULL;
        expert->activation(call, (int64_t)m, of_v ? u + t : low, of_v ? low : fixed_v, f);
        expert->activation(call, (int64_t)m, of_v ? u + t : high, of_v ? high : fixed_v,
                           ret_slope + t);
        for (size_t i = 0; i < m; i++) {
            ret_slope[t + i] = (ret_slope[t + i] - f[i]) / (2 * step[i]);
        }
    }
}

/* The Jacobian's columns of one affine part: out f'(u) x_k, then out f'(u) where biased. */
static double *affine_jacobian(const gsc_expert_family *family, bool biased, double out, size_t n,
                               const double *x, size_t stride, const double *slope,
                               double *ret_column) {
    const gsc_mixture_kernels *kernels = gsc_mixture_kernels_get();
    for (size_t k = 0; k < family->inputs; k++, ret_column += n) {
        kernels->product(n, out, slope, x + k * stride, ret_column);
    }
    if (biased) {
        kernels->product(n, out, slope, NULL, ret_column);
        ret_column += n;
    }
    return ret_column;
}

static gsc_status feed_forward(const gsc_expert_family *family, const double *theta, size_t n,
                               const double *x, size_t stride, double *ret_h, double *ret_jacobian,
                               double *scratch, gsc_error *error) {
    const gsc_expert *expert = family->loaded->expert;
    const gsc_mixture_kernels *kernels = gsc_mixture_kernels_get();
    const size_t d = family->inputs;
    const bool gated = expert->form == GSC_EXPERT_GATED_FFN;
    const bool biased = strcmp(family->blocks[1].name, "bias") == 0;
    const double out = theta[family->theta_size - 1];
    const gsc_call call = family_call(family->params, n, d, 1);
    double *u = scratch, *v = gated ? scratch + n : NULL, *du = scratch + 2 * n,
           *dv = scratch + 3 * n;
    kernels->combine(n, d, biased ? theta[d] : 0, NULL, theta, x, stride, u);
    if (gated) {
        const double *gate = theta + d + biased;
        kernels->combine(n, d, biased ? gate[d] : 0, NULL, gate, x, stride, v);
    }
    double *f = ret_jacobian != NULL ? ret_jacobian + (family->theta_size - 1) * n : ret_h;
    gsc_guard_enter(family->name, "activation");
    expert->activation(&call, (int64_t)n, u, v, f);
    gsc_guard_leave();
    gsc_status status = family_check_finite(family->name, "activation", n, f, u, "u", error);
    if (status != GSC_OK) {
        return status;
    }
    kernels->product(n, out, f, NULL, ret_h);
    if (ret_jacobian == NULL) {
        return GSC_OK;
    }
    /* The function that is called: the plugin's own slope, or its activation for differences. */
    const char *slope = expert->activation_slope != NULL ? "activation_slope" : "activation";
    gsc_guard_enter(family->name, slope);
    if (expert->activation_slope != NULL) {
        expert->activation_slope(&call, (int64_t)n, u, v, du, dv);
    } else {
        difference_activation(family, &call, n, u, v, false, du);
        if (gated) {
            difference_activation(family, &call, n, u, v, true, dv);
        }
    }
    gsc_guard_leave();
    status = family_check_finite(family->name, slope, n, du, u, "u", error);
    if (status == GSC_OK && gated) {
        status = family_check_finite(family->name, slope, n, dv, v, "v", error);
    }
    if (status != GSC_OK) {
        return status;
    }
    double *column = affine_jacobian(family, biased, out, n, x, stride, du, ret_jacobian);
    if (gated) {
        affine_jacobian(family, biased, out, n, x, stride, dv, column);
    }
    return GSC_OK;
}

static void own_forward(const gsc_expert_family *family, gsc_call *call, double *theta,
                        const double *rows, double *ret_h) {
    real *tensors[GSC_MAX_THETA_BLOCKS];
    for (size_t b = 0; b < family->n_blocks; b++) {
        tensors[b] = theta + family->blocks[b].offset;
    }
    call->tensors = tensors;
    family->loaded->expert->forward(call, rows, ret_h);
    call->tensors = NULL;
}

/* The Jacobian by central differences, or the plugin's own, by row in spare and then by column. */
static void own_jacobian(const gsc_expert_family *family, gsc_call *call, double *theta, size_t n,
                         const double *rows, double *ret_jacobian, double *spare) {
    const size_t size = family->theta_size;
    const gsc_expert *expert = family->loaded->expert;
    if (expert->jacobian != NULL) {
        real *tensors[GSC_MAX_THETA_BLOCKS];
        for (size_t b = 0; b < family->n_blocks; b++) {
            tensors[b] = theta + family->blocks[b].offset;
        }
        call->tensors = tensors;
        expert->jacobian(call, rows, spare);
        call->tensors = NULL;
        for (size_t p = 0; p < size; p++) {
            for (size_t t = 0; t < n; t++) {
                ret_jacobian[p * n + t] = spare[t * size + p];
            }
        }
        return;
    }
    for (size_t p = 0; p < size; p++) {
        const double kept = theta[p], step = family_difference_step * fmax(1, fabs(kept));
        theta[p] = kept + step;
        own_forward(family, call, theta, rows, ret_jacobian + p * n);
        theta[p] = kept - step;
        own_forward(family, call, theta, rows, spare);
        theta[p] = kept;
        for (size_t t = 0; t < n; t++) {
            ret_jacobian[p * n + t] = (ret_jacobian[p * n + t] - spare[t]) / (2 * step);
        }
    }
}

static gsc_status own(const gsc_expert_family *family, const double *theta, size_t n,
                      const double *x, size_t stride, double *ret_h, double *ret_jacobian,
                      double *scratch, gsc_error *error) {
    const size_t d = family->inputs;
    double *theta_copy = scratch, *rows_copy = scratch + family->theta_size;
    double *spare = rows_copy + d * n;
    memcpy(theta_copy, theta, family->theta_size * sizeof *theta);
    const double *rows = x;
    if (d > 1) {
        for (size_t t = 0; t < n; t++) {
            for (size_t k = 0; k < d; k++) {
                rows_copy[t * d + k] = x[k * stride + t];
            }
        }
        rows = rows_copy;
    }
    gsc_call call = family_call(family->params, n, d, 1);
    gsc_guard_enter(family->name, "forward");
    own_forward(family, &call, theta_copy, rows, ret_h);
    gsc_guard_leave();
    gsc_status status = family_check_finite(family->name, "forward", n, ret_h, x, "x", error);
    if (status != GSC_OK || ret_jacobian == NULL) {
        return status;
    }
    gsc_guard_enter(family->name, "jacobian");
    own_jacobian(family, &call, theta_copy, n, rows, ret_jacobian, spare);
    gsc_guard_leave();
    for (size_t p = 0; p < family->theta_size && status == GSC_OK; p++) {
        status =
            family_check_finite(family->name, "jacobian", n, ret_jacobian + p * n, x, "x", error);
    }
    return status;
}

gsc_status gsc_expert_evaluate(const gsc_expert_family *family, const double *theta, size_t n,
                               const double *x, size_t stride, double *ret_h, double *ret_jacobian,
                               double *scratch, gsc_error *error) {
    if (n == 0) {
        return GSC_OK;
    }
    return (family->loaded->expert->form == GSC_EXPERT_OWN ? own : feed_forward)(
        family, theta, n, x, stride, ret_h, ret_jacobian, scratch, error);
}

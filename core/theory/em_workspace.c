/* SPDX-License-Identifier: MIT
 *
 * Birth of the memory of em_workspace.h: one aligned allocation, cut into arrays. Layer:
 * core/theory.
 */
#include "core/theory/em_workspace.h"

#include <stdlib.h>
#include <string.h>

/* Cuts arrays of doubles, each aligned to 64 bytes; first with base NULL to count. */
typedef struct cutter {
    double *base;
    size_t used;
} cutter;

static double *cut(cutter *from, size_t count) {
    double *array = from->base != NULL ? from->base + from->used : NULL;
    from->used += (count + 7) / 8 * 8;
    return array;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static void cut_all(gsc_em_workspace *ws, cutter *from) {
    const gsc_mixture_shape *shape = &ws->shape;
    const size_t d = shape->inputs, experts = shape->k_routed, k = ws->k, blocks = ws->capacity;
    const size_t rows = blocks * EM_STRIDE, pairs = experts * (experts + 1) / 2;
    const size_t fisher = pairs * (d + 1) * (d + 2) / 2;
    const size_t system = larger(ws->gate_size, ws->theta_max);
    size_t expert = 0;
    ws->x = cut(from, rows * (d + 1));
    ws->y = cut(from, rows);
    ws->r = cut(from, rows * k);
    if (shape->shared != NULL) {
        ws->jacobian_shared =
            cut(from, shape->shared->linear ? rows * shape->shared->theta_size : 0);
        expert = larger(expert, gsc_expert_scratch(shape->shared, EM_STRIDE));
    }
    if (shape->routed != NULL) {
        ws->jacobian_routed =
            cut(from, shape->routed->linear ? rows * shape->routed->theta_size : 0);
        expert = larger(expert, gsc_expert_scratch(shape->routed, EM_STRIDE));
    }
    ws->r_block = cut(from, k * EM_STRIDE);
    ws->e = cut(from, k * EM_STRIDE);
    ws->h = cut(from, EM_STRIDE);
    ws->jacobian = cut(from, k * ws->theta_max * EM_STRIDE);
    ws->logit = cut(from, experts * EM_STRIDE);
    ws->log_a = cut(from, experts * EM_STRIDE);
    ws->slope = cut(from, experts * EM_STRIDE);
    ws->q = cut(from, experts * EM_STRIDE);
    ws->two_rows = cut(from, 2 * EM_STRIDE);
    ws->expert = cut(from, expert);
    ws->moments = cut(from, k * ws->moments_size);
    ws->moments_trial = cut(from, k * ws->moments_size);
    ws->gradient = cut(from, ws->gate_size);
    ws->gradient_trial = cut(from, ws->gate_size);
    ws->fisher = cut(from, fisher);
    ws->fisher_trial = cut(from, fisher);
    ws->mixture = cut(from, ws->layout.size);
    ws->mixture_kept = cut(from, ws->layout.size);
    ws->mixture_safe = cut(from, ws->layout.size);
    ws->variance_trial = cut(from, k);
    ws->theta_trial = cut(from, k * ws->theta_max);
    ws->beta = cut(from, ws->gate_size);
    ws->beta_trial = cut(from, ws->gate_size);
    ws->matrix = cut(from, system * system);
    ws->step = cut(from, system);
    ws->solve = cut(from, system * (system + 1));
    ws->closed_sums = cut(from, d == 1 ? em_closed_sums(shape) : 0);
    ws->gate_chart = cut(from, shape->mass_floor > 0 ? 4 * ws->gate_size : 0);
    if (em_gate_is_general(ws)) {
        ws->gate_scratch = cut(from, gsc_gate_scratch(shape->gate, d, EM_BLOCK));
        ws->gate_point = cut(from, 3 * em_gate_general_size(shape));
    }
}

/* The column of ones behind the inputs of each block. */
static void fill_ones(gsc_em_workspace *ws) {
    const size_t d = ws->shape.inputs;
    for (size_t b = 0; b < ws->capacity; b++) {
        for (size_t t = 0; t < EM_STRIDE; t++) {
            ws->x[(b * (d + 1) + d) * EM_STRIDE + t] = 1;
        }
    }
}

static void set_components(gsc_em_workspace *ws) {
    const gsc_mixture_shape *shape = &ws->shape;
    for (size_t c = 0; c < ws->k; c++) {
        const bool shared = c < shape->k_shared;
        const size_t j = shared ? c : c - shape->k_shared;
        em_component *component = &ws->component[c];
        component->family = shared ? shape->shared : shape->routed;
        component->theta = ws->mixture + (shared ? ws->layout.kappa : ws->layout.eta) +
                           j * component->family->theta_size;
        component->variance = ws->mixture + (shared ? ws->layout.tau : ws->layout.nu) + j;
    }
}

gsc_status gsc_em_workspace_new(const gsc_mixture_shape *shape, size_t n,
                                gsc_em_workspace **ret_workspace, gsc_error *error) {
    const size_t k = shape->k_shared + shape->k_routed;
    if (k == 0 || shape->k_shared > GSC_MAX_ATOMS || shape->k_routed > GSC_MAX_ATOMS) {
        return gsc_fail(
            error, GSC_ERR_INPUT,
            "a mixture of %zu shared and %zu routed experts cannot be fitted; each count "
            "must be at most %d and one of them at least 1",
            shape->k_shared, shape->k_routed, GSC_MAX_ATOMS);
    }
    if (n == 0 || n > (size_t)1 << 31) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "a sample of %zu rows cannot be fitted; give 1 to 2^31", n);
    }
    gsc_em_workspace *ws = calloc(1, sizeof *ws);
    if (ws == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a fit");
    }
    ws->shape = *shape;
    ws->layout = gsc_mixture_get_layout(shape);
    ws->k = k;
    ws->capacity = (n + EM_BLOCK - 1) / EM_BLOCK;
    ws->theta_max = larger(shape->shared != NULL ? shape->shared->theta_size : 0,
                           shape->routed != NULL ? shape->routed->theta_size : 0);
    ws->moments_size = GSC_MIXTURE_MOMENTS(ws->theta_max);
    ws->gate_size = shape->k_routed * (1 + shape->inputs);
    cutter count = {NULL, 0};
    cut_all(ws, &count);
    ws->memory = aligned_alloc(64, count.used * sizeof *ws->memory);
    if (ws->memory == NULL) {
        free(ws);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a fit of %zu rows and %zu components",
                        n, k);
    }
    memset(ws->memory, 0, count.used * sizeof *ws->memory);
    cutter from = {ws->memory, 0};
    cut_all(ws, &from);
    fill_ones(ws);
    set_components(ws);
    if (em_gate_is_general(ws)) {
        const gsc_status status = gsc_bfgs_new(em_gate_general_size(shape), &ws->gate_bfgs, error);
        if (status != GSC_OK) {
            gsc_em_workspace_free(ws);
            return status;
        }
    }
    *ret_workspace = ws;
    return GSC_OK;
}

void gsc_em_workspace_free(gsc_em_workspace *workspace) {
    if (workspace != NULL) {
        gsc_bfgs_free(workspace->gate_bfgs);
        free(workspace->memory);
        free(workspace);
    }
}

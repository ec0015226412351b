/* SPDX-License-Identifier: MIT
 *
 * D1 to D4 and block errors. One function adds the terms of a group (shared or routed), so that the four losses
 * differ only in the exponents and weights that rules_of gives.
 */
#include "core/theory/loss.h"

#include "core/theory/gate_rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

gsc_status gsc_loss_parse(const char *name, gsc_loss_kind *ret_kind, gsc_error *error) {
    if (name == NULL || name[0] != 'D' || name[1] < '1' || name[1] > '5' || name[2] != '\0') {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "theory.loss is %s; it should be D1, D2, D3, D4 or D5",
                        name != NULL ? name : "missing");
    }
    *ret_kind = (gsc_loss_kind)(name[1] - '1');
    return GSC_OK;
}

double gsc_loss_r(size_t cell_size) {
    return cell_size < 2 ? 1 : cell_size == 2 ? 4 : cell_size == 3 ? 6 : 7;
}

gsc_status gsc_gate_masses(const gsc_mixture_shape *shape, const double *mixture,
                           double *ret_masses, gsc_error *error) {
    if (shape->k_routed == 0) {
        return GSC_OK;
    }
    const double *beta0 = mixture + gsc_mixture_get_layout(shape).beta0;
    const gsc_status status =
        gsc_gate_log_affinity(shape->gate, shape->k_routed, beta0, ret_masses, NULL, error);
    for (size_t j = 0; j < shape->k_routed && status == GSC_OK; j++) {
        ret_masses[j] = exp(ret_masses[j]);
    }
    return status;
}

gsc_status gsc_true_masses(const gsc_truth *truth, double *ret_masses, gsc_error *error) {
    gsc_mixture_shape shape = truth->shape;
    shape.gate = &truth->fit_gate;
    return gsc_gate_masses(&shape, truth->mixture, ret_masses, error);
}

static double norm(const double *a, const double *b, size_t n) {
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        total += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return sqrt(total);
}

/* The exponent of a theta block of one atom in a cell of m. */
static double theta_exponent(gsc_loss_kind kind, bool routed, const char *block, size_t m) {
    if (m < 2 || (kind == GSC_LOSS_D4 && routed)) {
        return 1;
    }
    if (kind != GSC_LOSS_D2) {
        return 2;
    }
    if (strcmp(block, "bias") == 0) {
        return gsc_loss_r(m);
    }
    return routed ? gsc_loss_r(m) / 2 : 2;
}

static double variance_exponent(gsc_loss_kind kind, bool routed, size_t m) {
    if (m < 2 || (kind == GSC_LOSS_D4 && routed)) {
        return 1;
    }
    return kind == GSC_LOSS_D2 ? gsc_loss_r(m) / 2 : 2;
}

static double beta1_exponent(gsc_loss_kind kind, size_t m) {
    if (m < 2 || kind == GSC_LOSS_D4) {
        return 1;
    }
    return kind == GSC_LOSS_D2 ? gsc_loss_r(m) : 2;
}

/* The expert's part of an atom's term: one norm over theta, or one per block in D2. */
static double theta_term(gsc_loss_kind kind, const gsc_expert_family *family, bool routed,
                         const double *theta, const double *truth, size_t m) {
    if (kind != GSC_LOSS_D2) {
        return pow(norm(theta, truth, family->theta_size), theta_exponent(kind, routed, "", m));
    }
    double total = 0;
    for (size_t b = 0; b < family->n_blocks; b++) {
        const gsc_theta_block *block = &family->blocks[b];
        total += pow(norm(theta + block->offset, truth + block->offset, block->size),
                     theta_exponent(kind, routed, block->name, m));
    }
    return total;
}

static void add_shared(gsc_loss_kind kind, const gsc_truth *truth, const gsc_mixture_shape *shape,
                       const double *mixture, const gsc_voronoi *cells, gsc_loss *loss) {
    const gsc_mixture_layout fit = gsc_mixture_get_layout(shape), *at = &truth->layout;
    const size_t p = truth->shared.theta_size;
    double mass[GSC_MAX_ATOMS] = {0};
    for (size_t i = 0; i < shape->k_shared; i++) {
        const size_t j = cells->shared[i], m = cells->shared_size[j];
        const double omega = mixture[fit.omega + i];
        mass[j] += omega;
        loss->shared +=
            omega * (theta_term(kind, &truth->shared, false, mixture + fit.kappa + i * p,
                                truth->mixture + at->kappa + j * p, m) +
                     pow(fabs(mixture[fit.tau + i] - truth->mixture[at->tau + j]),
                         variance_exponent(kind, false, m)));
    }
    for (size_t j = 0; j < truth->shape.k_shared && shape->k_shared > 0; j++) {
        loss->shared_mass += fabs(mass[j] - truth->mixture[at->omega + j]);
    }
    loss->shared += loss->shared_mass;
}

/* The greatest sum over keep of count values; reorders them. */
static double sum_of_largest(double *values, size_t count, size_t keep) {
    double total = 0;
    for (size_t i = 0; i < keep; i++) {
        size_t best = i;
        for (size_t k = i + 1; k < count; k++) {
            best = values[k] > values[best] ? k : best;
        }
        const double kept = values[best];
        values[best] = values[i];
        values[i] = kept;
        total += kept;
    }
    return total;
}

static void add_routed(gsc_loss_kind kind, const gsc_truth *truth, const gsc_mixture_shape *shape,
                       const double *mixture, const gsc_voronoi *cells, const double *fit_mass,
                       const double *true_mass, gsc_loss *loss) {
    const gsc_mixture_layout fit = gsc_mixture_get_layout(shape), *at = &truth->layout;
    const size_t p = truth->routed.theta_size, d = shape->inputs;
    double mass[GSC_MAX_ATOMS] = {0}, part[GSC_MAX_ATOMS] = {0};
    const bool weighted = kind == GSC_LOSS_D1 || kind == GSC_LOSS_D2 || kind == GSC_LOSS_D5;
    for (size_t i = 0; i < shape->k_routed; i++) {
        const size_t j = cells->routed[i], m = cells->routed_size[j];
        mass[j] += fit_mass[i];
        double term = theta_term(kind, &truth->routed, true, mixture + fit.eta + i * p,
                                 truth->mixture + at->eta + j * p, m) +
                      pow(fabs(mixture[fit.nu + i] - truth->mixture[at->nu + j]),
                          variance_exponent(kind, true, m)) +
                      pow(norm(mixture + fit.beta1 + i * d, truth->mixture + at->beta1 + j * d, d),
                          beta1_exponent(kind, m));
        if (kind == GSC_LOSS_D4 || (kind == GSC_LOSS_D3 && m < 2)) {
            term += fabs(mixture[fit.beta0 + i] - truth->mixture[at->beta0 + j]);
        }
        part[j] += (weighted ? fit_mass[i] : 1) * term;
    }
    for (size_t j = 0; j < truth->shape.k_routed && shape->k_routed > 0; j++) {
        if (weighted || (kind == GSC_LOSS_D3 && cells->routed_size[j] > 1)) {
            loss->routed_mass += fabs(mass[j] - true_mass[j]);
            part[j] += fabs(mass[j] - true_mass[j]);
        }
    }
    const size_t count = shape->k_routed > 0 ? truth->shape.k_routed : 0;
    const size_t top_k = truth->shape.top_k;
    loss->routed = sum_of_largest(part, count, kind == GSC_LOSS_D5 && top_k > 0 ? top_k : count);
}

gsc_status gsc_loss_compute(gsc_loss_kind kind, const gsc_truth *truth,
                            const gsc_mixture_shape *shape, const double *mixture,
                            const gsc_voronoi *cells, gsc_loss *ret_loss, gsc_error *error) {
    double fit_mass[GSC_MAX_ATOMS], true_mass[GSC_MAX_ATOMS];
    gsc_status status = gsc_gate_masses(shape, mixture, fit_mass, error);
    if (status == GSC_OK) {
        status = gsc_true_masses(truth, true_mass, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    gsc_loss loss = {0};
    add_shared(kind, truth, shape, mixture, cells, &loss);
    add_routed(kind, truth, shape, mixture, cells, fit_mass, true_mass, &loss);
    loss.total = loss.shared + loss.routed;
    *ret_loss = loss;
    return GSC_OK;
}

/* ---- Blocks ------------------------------------------------------------------------------------------ */

static size_t add_theta_blocks(const gsc_expert_family *family, bool routed,
                               gsc_error_block *blocks) {
    for (size_t b = 0; b < family->n_blocks; b++) {
        blocks[b] = (gsc_error_block){.routed = routed,
                                      .offset = family->blocks[b].offset,
                                      .size = family->blocks[b].size,
                                      .what = GSC_BLOCK_THETA};
        snprintf(blocks[b].name, sizeof blocks[b].name, "%s_%s", routed ? "eta" : "kappa",
                 family->blocks[b].name);
        snprintf(blocks[b].symbol, sizeof blocks[b].symbol, "%s %.10s", routed ? "η" : "κ",
                 family->blocks[b].name);
    }
    return family->n_blocks;
}

static gsc_error_block simple_block(const char *name, const char *symbol, bool routed, size_t size,
                                    int what) {
    gsc_error_block block = {.routed = routed, .size = size};
    block.what = what;
    snprintf(block.name, sizeof block.name, "%s", name);
    snprintf(block.symbol, sizeof block.symbol, "%s", symbol);
    return block;
}

size_t gsc_error_blocks(const gsc_truth *truth, gsc_error_block *ret_blocks) {
    size_t n = 0;
    if (truth->shape.k_shared > 0) {
        n += add_theta_blocks(&truth->shared, false, ret_blocks + n);
        if (truth->classes == 0) {
            ret_blocks[n++] = simple_block("tau", "τ", false, 1, GSC_BLOCK_VARIANCE);
        }
        ret_blocks[n++] = simple_block("omega", "ω", false, 1, GSC_BLOCK_MASS);
    }
    if (truth->shape.k_routed > 0) {
        n += add_theta_blocks(&truth->routed, true, ret_blocks + n);
        if (truth->classes == 0) {
            ret_blocks[n++] = simple_block("nu", "ν", true, 1, GSC_BLOCK_VARIANCE);
        }
        if (gsc_gate_has_slopes(truth)) {
            ret_blocks[n++] =
                simple_block("beta1", "β1", true, truth->shape.inputs, GSC_BLOCK_BETA1);
        }
        ret_blocks[n++] =
            simple_block("mass", truth->mean_masses ? "E π" : "a(β0)", true, 1, GSC_BLOCK_MASS);
    }
    return n;
}

gsc_error_block gsc_beta0_block(void) {
    return simple_block("beta0", "β0", true, 1, GSC_BLOCK_BETA0);
}

double gsc_error_exponent(gsc_loss_kind kind, const gsc_error_block *block, size_t m) {
    switch (block->what) {
    case GSC_BLOCK_THETA: {
        const char *name = strchr(block->name, '_');
        return theta_exponent(kind, block->routed, name != NULL ? name + 1 : "", m);
    }
    case GSC_BLOCK_VARIANCE:
        return variance_exponent(kind, block->routed, m);
    case GSC_BLOCK_BETA1:
        return beta1_exponent(kind, m);
    case GSC_BLOCK_MASS:
    case GSC_BLOCK_BETA0:
        break;
    }
    return 1;
}

/* Where the block of atom i begins in a flat vector. */
static size_t block_at(const gsc_truth *truth, const gsc_mixture_layout *layout,
                       const gsc_error_block *block, size_t i) {
    switch (block->what) {
    case GSC_BLOCK_THETA:
        return block->offset + (block->routed ? layout->eta + i * truth->routed.theta_size
                                              : layout->kappa + i * truth->shared.theta_size);
    case GSC_BLOCK_VARIANCE:
        return (block->routed ? layout->nu : layout->tau) + i;
    case GSC_BLOCK_BETA1:
        return layout->beta1 + i * truth->shape.inputs;
    case GSC_BLOCK_MASS:
    case GSC_BLOCK_BETA0:
        break;
    }
    return (block->routed ? layout->beta0 : layout->omega) + i;
}

static void mass_error(const gsc_error_block *block, const gsc_voronoi *cells, size_t fitted,
                       size_t count, const double *weight, const double *true_weight, bool exact,
                       gsc_block_error *ret_error) {
    const size_t *cell = block->routed ? cells->routed : cells->shared;
    const size_t *size = block->routed ? cells->routed_size : cells->shared_size;
    double total = 0;
    size_t used = 0;
    for (size_t j = 0; j < count; j++) {
        if (size[j] == 0 || (size[j] == 1) != exact) {
            continue;
        }
        double mass = -true_weight[j];
        for (size_t i = 0; i < fitted; i++) {
            mass += cell[i] == j ? weight[i] : 0;
        }
        total += fabs(mass);
        ret_error->worst = used > 0 ? fmax(ret_error->worst, fabs(mass)) : fabs(mass);
        ret_error->atoms += size[j];
        used++;
    }
    if (used > 0) {
        ret_error->value = total / (double)used;
    }
}

/* Masses of fitted and true routed atoms, as truth->mean_masses says. */
static gsc_status block_masses(const gsc_truth *truth, const gsc_mixture_shape *shape,
                               const double *mixture, double *ret_masses, double *ret_true_masses,
                               gsc_error *error) {
    if (truth->mean_masses) {
        const gsc_status status = gsc_gate_means(truth, shape, mixture, ret_masses, error);
        return status == GSC_OK
                   ? gsc_gate_means(truth, &truth->shape, truth->mixture, ret_true_masses, error)
                   : status;
    }
    const gsc_status status = gsc_gate_masses(shape, mixture, ret_masses, error);
    return status == GSC_OK ? gsc_true_masses(truth, ret_true_masses, error) : status;
}

gsc_status gsc_block_error_compute(const gsc_truth *truth, const gsc_mixture_shape *shape,
                                   const double *mixture, const gsc_voronoi *cells,
                                   const gsc_error_block *block, bool exact, double r,
                                   gsc_block_error *ret_error, gsc_error *error) {
    const gsc_mixture_layout fit = gsc_mixture_get_layout(shape), *at = &truth->layout;
    const size_t fitted = block->routed ? shape->k_routed : shape->k_shared;
    const size_t *cell = block->routed ? cells->routed : cells->shared;
    const size_t *size = block->routed ? cells->routed_size : cells->shared_size;
    double masses[GSC_MAX_ATOMS], true_masses[GSC_MAX_ATOMS];
    const double *weight = mixture + fit.omega, *true_weight = truth->mixture + at->omega;
    gsc_status status = GSC_OK;
    if (block->routed) {
        status = block_masses(truth, shape, mixture, masses, true_masses, error);
        weight = masses;
        true_weight = true_masses;
    }
    if (status != GSC_OK) {
        return status;
    }
    *ret_error = (gsc_block_error){.value = NAN, .worst = NAN};
    if (block->what == GSC_BLOCK_MASS) {
        mass_error(block, cells, fitted,
                   block->routed ? truth->shape.k_routed : truth->shape.k_shared, weight,
                   true_weight, exact, ret_error);
        return GSC_OK;
    }
    double total = 0, weights = 0;
    for (size_t i = 0; i < fitted; i++) {
        const size_t j = cell[i];
        if ((size[j] == 1) != exact) {
            continue;
        }
        const double delta = norm(mixture + block_at(truth, &fit, block, i),
                                  truth->mixture + block_at(truth, at, block, j), block->size);
        total += weight[i] * pow(delta, r);
        weights += weight[i];
        ret_error->worst = ret_error->atoms > 0 ? fmax(ret_error->worst, delta) : delta;
        ret_error->atoms++;
    }
    if (ret_error->atoms > 0 && weights > 0) {
        ret_error->value = pow(total / weights, 1 / r);
    }
    return GSC_OK;
}

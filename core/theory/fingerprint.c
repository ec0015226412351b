/* SPDX-License-Identifier: MIT
 *
 * One curve: for each sign several starts at the largest delta, down from the best by
 * extrapolation in delta, then up again from the smallest where that finds less.
 */
#include "core/theory/fingerprint.h"

#include "core/theory/align.h"
#include "core/theory/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- One curve ---- */

typedef struct tracer {
    const gsc_truth *truth;
    const gsc_mixture_shape *shape;
    const gsc_fingerprint_options *options;
    const gsc_error_block *block;
    gsc_kl_fit *fit;
    size_t atom, slots;
    size_t descent; /* iterations of a long descent; a short one has a fifth */
    double block_truth[GSC_KL_FIT_MAX_BLOCK];
    double *reference; /* [slots]: the truth, split */
    double *best;      /* [n_deltas][slots] */
    double *chain;     /* [n_deltas][slots]: of one sign */
    double *u, *u_other;
    double chain_kl[GSC_FINGERPRINT_MAX_DELTAS];
    bool moved[GSC_FINGERPRINT_MAX_DELTAS]; /* by more than 1 % since it was last followed from */
} tracer;

/* Extra atoms go to one cell of each group: they follow that cell's first atom. */
static void assign_cells(const gsc_truth *truth, const gsc_mixture_shape *shape, size_t cell,
                         size_t *ret_cells) {
    for (int routed = 0; routed < 2; routed++) {
        const size_t k = routed ? shape->k_routed : shape->k_shared;
        const size_t true_k = routed ? truth->shape.k_routed : truth->shape.k_shared;
        const size_t over = cell < true_k ? cell : 0, extra = k - true_k;
        size_t *cells = ret_cells + (routed ? shape->k_shared : 0);
        for (size_t i = 0; i < k; i++) {
            cells[i] = i < over ? i : i <= over + extra ? over : i - extra;
        }
    }
}

/* Where a block of atom j lies in a mixture of this layout. */
static size_t block_at(const gsc_truth *truth, const gsc_mixture_layout *at,
                       const gsc_error_block *block, size_t j) {
    switch (block->what) {
    case GSC_BLOCK_THETA:
        return block->offset + (block->routed ? at->eta + j * truth->routed.theta_size
                                              : at->kappa + j * truth->shared.theta_size);
    case GSC_BLOCK_VARIANCE:
        return (block->routed ? at->nu : at->tau) + j;
    case GSC_BLOCK_BETA1:
        return at->beta1 + j * truth->shape.inputs;
    case GSC_BLOCK_MASS:
    case GSC_BLOCK_BETA0:
        break;
    }
    return (block->routed ? at->beta0 : at->omega) + j;
}

/* What the block's error is from: its numbers at the true atom, or in options->nearest; masses of the whole cell. */
static gsc_status find_block_truth(tracer *self, const size_t *cells, size_t cell,
                                   gsc_error *error) {
    const gsc_error_block *block = self->block;
    const gsc_mixture_layout fit = gsc_mixture_get_layout(self->shape);
    const double *nearest = self->options->nearest;
    const gsc_mixture_layout *at = nearest != NULL ? &fit : &self->truth->layout;
    const double *mixture = nearest != NULL ? nearest : self->truth->mixture;
    memcpy(self->block_truth, mixture + block_at(self->truth, at, block, cell),
           block->size * sizeof(double));
    if (block->what != GSC_BLOCK_MASS) {
        return GSC_OK;
    }
    const size_t k1 = self->shape->k_shared, k = block->routed ? self->shape->k_routed : k1;
    double total = 0;
    for (size_t i = 0; i < (nearest != NULL ? k : 1); i++) {
        const size_t atom = nearest != NULL ? i : cell;
        double mass = mixture[block_at(self->truth, at, block, atom)];
        if (nearest != NULL && cells[(block->routed ? k1 : 0) + i] != cell) {
            continue;
        }
        if (block->routed) {
            const gsc_status status =
                gsc_gate_log_affinity(self->shape->gate, 1, &mass, &mass, NULL, error);
            if (status != GSC_OK) {
                return status;
            }
            mass = exp(mass);
        }
        total += mass;
    }
    self->block_truth[0] = total;
    return GSC_OK;
}

/* A start: every slot of an over-specified cell disturbed by what moves the density by a part of
 * a standard deviation; shares at random, as the direction of a held error of several numbers. */
static void disturb(const tracer *self, const size_t *cell_size, double amount, uint64_t stream,
                    double *u) {
    const gsc_mixture_shape *shape = self->shape;
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    const double reach = fmax(fabs(self->truth->x_low), fabs(self->truth->x_high));
    gsc_rng rng;
    gsc_rng_init(&rng, self->options->seed, 0, 0, stream);
    memcpy(u, self->reference, self->slots * sizeof *u);
    for (size_t c = 0; c < shape->k_shared + shape->k_routed; c++) {
        const bool routed = c >= shape->k_shared;
        const size_t i = routed ? c - shape->k_shared : c;
        const gsc_expert_family *family = routed ? shape->routed : shape->shared;
        if (cell_size[c] < 2) {
            continue;
        }
        const double sd = exp(0.5 * u[(routed ? at.nu : at.tau) + i]);
        double *theta = u + (routed ? at.eta : at.kappa) + i * family->theta_size;
        for (size_t p = 0; p < family->theta_size; p++) {
            const bool weight = strcmp(family->blocks[0].name, "weight") == 0 && p == 0;
            theta[p] += amount * sd * (weight ? 1 / reach : 1) * gsc_rng_normal(&rng);
        }
        u[(routed ? at.nu : at.tau) + i] += amount * gsc_rng_normal(&rng);
        if (routed && shape->gate->general) {
            u[at.beta0 + i] += amount * gsc_rng_normal(&rng);
        } else {
            u[(routed ? at.beta0 : at.omega) + i] *= exp(amount * gsc_rng_normal(&rng));
        }
        if (routed) {
            u[at.beta1 + i] += amount / reach * gsc_rng_normal(&rng);
        }
    }
    for (size_t q = at.gate; q < at.size; q++) {
        u[q] += amount * gsc_rng_normal(&rng);
    }
    size_t held;
    const size_t size = gsc_kl_fit_held(self->fit, &held);
    for (size_t q = held; q < held + size && size > 1; q++) {
        u[q] = gsc_rng_normal(&rng);
    }
}

/* Where the minimiser goes when delta goes from that of `from` to `to`: every slot's
 * displacement continues the power of delta that it had between `before` and `from`. */
static void extrapolate(const tracer *self, const double *before, const double *from,
                        double exponent, double *ret_u) {
    for (size_t q = 0; q < self->slots; q++) {
        const double a = before[q] - self->reference[q], b = from[q] - self->reference[q];
        const double ratio = a != 0 && b / a > 0 ? fmin(fmax(b / a, 0.1), 10) : 1;
        ret_u[q] = self->reference[q] + b * pow(ratio, exponent);
    }
}

/* Descends from u at delta i, at most so many iterations, and keeps it in the chain where that is the least so far.
 * Where there is one already, a short descent says whether the rest is worth it. */
static gsc_status improve(tracer *self, size_t i, double *u, size_t most, size_t *evaluations,
                          gsc_error *error) {
    const bool first = isnan(self->chain_kl[i]);
    const size_t brief = self->descent / 5;
    gsc_kl_fit_info info;
    gsc_kl_fit_limit(self->fit, first ? most : brief);
    gsc_status status = gsc_kl_fit_run(self->fit, u, &info, error);
    *evaluations += status == GSC_OK ? info.evaluations : 0;
    if (status == GSC_OK && !first && !info.converged && info.kl < 3 * self->chain_kl[i]) {
        gsc_kl_fit_limit(self->fit, most - brief);
        status = gsc_kl_fit_run(self->fit, u, &info, error);
        *evaluations += status == GSC_OK ? info.evaluations : 0;
    }
    if (status != GSC_OK) {
        return status == GSC_ERR_NUMERIC ? GSC_OK : status;
    }
    if (first || info.kl < self->chain_kl[i]) {
        self->moved[i] = self->moved[i] || !(info.kl > 0.99 * self->chain_kl[i]);
        self->chain_kl[i] = info.kl;
        memcpy(self->chain + i * self->slots, u, self->slots * sizeof *u);
    }
    return GSC_OK;
}

/* From the neighbours' minimisers to that at delta i, which is next to near; far lies beyond near, or is near where
 * there is none. */
static gsc_status follow(tracer *self, size_t i, size_t near, size_t far, double sign,
                         size_t *evaluations, gsc_error *error) {
    const double *delta = self->options->deltas, *from = self->chain + near * self->slots;
    double kl = INFINITY, kl_other = INFINITY;
    gsc_kl_fit_hold(self->fit, self->block, self->atom, self->block_truth, delta[i], sign);
    memcpy(self->u, from, self->slots * sizeof *self->u);
    gsc_kl_fit_settle(self->fit, self->u);
    gsc_status status = gsc_kl_fit_evaluate(self->fit, self->u, &kl, error);
    if (far != near && (status == GSC_OK || status == GSC_ERR_NUMERIC)) {
        const double exponent = log(delta[i] / delta[near]) / log(delta[near] / delta[far]);
        extrapolate(self, self->chain + far * self->slots, from, exponent, self->u_other);
        gsc_kl_fit_settle(self->fit, self->u_other);
        status = gsc_kl_fit_evaluate(self->fit, self->u_other, &kl_other, error);
    }
    if (status != GSC_OK && status != GSC_ERR_NUMERIC) {
        return status;
    }
    return improve(self, i, kl_other < kl ? self->u_other : self->u, self->descent / 2, evaluations,
                   error);
}

/* One sign's chain: starts at both ends; down, up, and down again, since a valley that was missed on one way is often
 * found on the other. */
static gsc_status trace_sign(tracer *self, const size_t *cell_size, double sign,
                             size_t *evaluations, gsc_error *error) {
    const gsc_fingerprint_options *options = self->options;
    const double *delta = options->deltas;
    const size_t n = options->n_deltas;
    gsc_status status = GSC_OK;
    size_t top = n;
    for (size_t i = 0; i < n; i++) {
        self->chain_kl[i] = NAN;
    }
    while (top > 0 && !gsc_kl_fit_hold(self->fit, self->block, self->atom, self->block_truth,
                                       delta[top - 1], sign)) {
        top--;
    }
    for (size_t s = 0; s < options->starts && top > 0 && status == GSC_OK; s++) {
        disturb(self, cell_size, s == 0 ? 0.1 : 0.3, 1 + s, self->u);
        status = improve(self, top - 1, self->u, self->descent, evaluations, error);
    }
    for (size_t i = top; i-- > 1 && status == GSC_OK;) {
        status = follow(self, i - 1, i, i + 1 < top ? i + 1 : i, sign, evaluations, error);
    }
    gsc_kl_fit_hold(self->fit, self->block, self->atom, self->block_truth, delta[0], sign);
    for (size_t s = 0; s < options->starts && top > 1 && status == GSC_OK; s++) {
        if (s == 0 && options->nearest != NULL) {
            memcpy(self->u, self->reference, self->slots * sizeof *self->u);
        } else {
            disturb(self, cell_size, 0.1, 1 + s, self->u);
        }
        status = improve(self, 0, self->u, self->descent, evaluations, error);
    }
    memset(self->moved, 0, sizeof self->moved);
    for (size_t i = 1; i < top && status == GSC_OK; i++) {
        status = follow(self, i, i - 1, i > 1 ? i - 2 : i - 1, sign, evaluations, error);
    }
    for (size_t i = top; i-- > 1 && status == GSC_OK;) {
        if (self->moved[i] || (i + 1 < top && self->moved[i + 1])) {
            status = follow(self, i - 1, i, i + 1 < top ? i + 1 : i, sign, evaluations, error);
        }
    }
    return status;
}

/* The least KL with nothing held: down from the smallest delta of the best, and from the split
 * truth. */
static gsc_status find_least(tracer *self, gsc_fingerprint *curve, const size_t *cell_size,
                             gsc_error *error) {
    gsc_kl_fit_info info;
    double least = INFINITY;
    gsc_status status = GSC_OK;
    if (curve->excess) {
        gsc_fingerprint_set_least(curve, self->options->nearest_kl);
        return GSC_OK;
    }
    gsc_kl_fit_hold(self->fit, NULL, 0, NULL, 0, 0);
    gsc_kl_fit_limit(self->fit, self->descent);
    for (size_t s = 0; s <= self->options->starts && status == GSC_OK; s++) {
        if (s > 0) {
            disturb(self, cell_size, 0.1, s, self->u);
        } else if (isfinite(curve->kl[0])) {
            memcpy(self->u, self->best, self->slots * sizeof(double));
        } else {
            continue;
        }
        status = gsc_kl_fit_run(self->fit, self->u, &info, error);
        if (status == GSC_OK) {
            curve->evaluations += info.evaluations;
            least = fmin(least, info.kl);
        } else if (status == GSC_ERR_NUMERIC) {
            status = GSC_OK;
        }
        if (least < curve->floor) {
            break;
        }
    }
    gsc_fingerprint_set_least(curve, least);
    return status;
}

static gsc_status trace(tracer *self, gsc_fingerprint *curve, const size_t *cell_size,
                        gsc_error *error) {
    const size_t size = gsc_mixture_get_layout(self->shape).size;
    gsc_status status = GSC_OK;
    const double base = curve->excess ? self->options->nearest_kl : 0;
    for (int sign = -1; sign <= 1 && status == GSC_OK; sign += 2) {
        if (self->options->sign == -sign) {
            continue;
        }
        status = trace_sign(self, cell_size, sign, &curve->evaluations, error);
        for (size_t i = 0; i < curve->n; i++) {
            const double kl = self->chain_kl[i] - base;
            if (kl < curve->kl[i] || (isnan(curve->kl[i]) && isfinite(kl))) {
                curve->kl[i] = kl;
                curve->sign[i] = sign;
                memcpy(self->best + i * self->slots, self->chain + i * self->slots,
                       self->slots * sizeof(double));
            }
        }
    }
    for (size_t i = 0; i < curve->n && status == GSC_OK; i++) {
        if (isfinite(curve->kl[i])) {
            gsc_kl_fit_hold(self->fit, self->block, self->atom, self->block_truth, curve->delta[i],
                            curve->sign[i]);
            status = gsc_kl_fit_to_mixture(self->fit, self->best + i * self->slots,
                                           curve->mixtures + i * size, error);
        }
    }
    return status == GSC_OK ? find_least(self, curve, cell_size, error) : status;
}

static gsc_status prepare(tracer *self, const size_t *cells, double *split,
                          const gsc_quadrature *quadrature, gsc_error *error) {
    /* A class says less than a number: the valleys of a categorical response are longer, and its
     * steps cheaper. */
    const bool categorical = self->truth->classes > 0;
    self->descent = categorical ? 600 : self->options->nearest != NULL ? 200 : 60;
    const gsc_kl_fit_options options = {.gate_box = self->options->gate_box,
                                        .mass_floor = self->options->mass_floor,
                                        .max_iterations = self->descent,
                                        .tolerance = self->options->nearest != NULL ? 1e-9
                                                     : categorical                  ? 1e-6
                                                                                    : 1e-4,
                                        .stop = self->options->stop};
    gsc_status status = gsc_kl_fit_new(quadrature, self->shape, cells, &options, &self->fit, error);
    if (status == GSC_OK) {
        status =
            gsc_kl_fit_split_truth(self->truth, self->shape, cells, options.gate_box, split, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    self->slots = gsc_kl_fit_slots(self->fit);
    self->reference = malloc((2 * self->options->n_deltas + 3) * self->slots * sizeof(double));
    if (self->reference == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a fingerprint");
    }
    self->u = self->reference + self->slots;
    self->u_other = self->u + self->slots;
    self->best = self->u_other + self->slots;
    self->chain = self->best + self->options->n_deltas * self->slots;
    const double *nearest = self->options->nearest;
    return gsc_kl_fit_from_mixture(self->fit, nearest != NULL ? nearest : split, self->reference,
                                   error);
}

gsc_status gsc_fingerprint_init(gsc_fingerprint *self, const gsc_truth *truth,
                                const gsc_mixture_shape *shape, const gsc_quadrature *quadrature,
                                const gsc_error_block *block,
                                const gsc_fingerprint_options *options, gsc_error *error) {
    const size_t k1 = shape->k_shared, k = k1 + shape->k_routed;
    size_t cells[2 * GSC_MAX_ATOMS], cell_size[2 * GSC_MAX_ATOMS] = {0};
    assign_cells(truth, shape, options->cell, cells);
    tracer one = {.truth = truth, .shape = shape, .options = options, .block = block};
    const size_t true_k = block->routed ? truth->shape.k_routed : truth->shape.k_shared;
    const size_t cell = options->cell < true_k ? options->cell : 0;
    for (size_t c = 0; c < k; c++) {
        for (size_t o = c < k1 ? 0 : k1; o < (c < k1 ? k1 : k); o++) {
            cell_size[c] += cells[o] == cells[c];
        }
    }
    *self = (gsc_fingerprint){.block = *block,
                              .n = options->n_deltas,
                              .sign_of = options->sign,
                              .floor = truth->classes > 0 ? GSC_FINGERPRINT_LEAST_KL_CATEGORICAL
                                                          : GSC_FINGERPRINT_LEAST_KL};
    one.atom = cell;
    self->cell_size = cell_size[(block->routed ? k1 : 0) + cell];
    self->excess = options->nearest != NULL;
    if (self->excess) {
        self->floor = fmax(self->floor, 1e-3 * options->nearest_kl);
    }
    for (size_t i = 0; i < self->n; i++) {
        self->delta[i] = options->deltas[i];
        self->kl[i] = self->sign[i] = NAN;
    }
    const size_t size = gsc_mixture_get_layout(shape).size;
    self->mixtures = calloc((self->n + 1) * size, sizeof(double));
    gsc_status status = self->mixtures != NULL
                            ? GSC_OK
                            : gsc_fail(error, GSC_ERR_MEMORY, "no memory for a fingerprint");
    if (status == GSC_OK) {
        status = find_block_truth(&one, cells, cell, error);
    }
    if (status == GSC_OK) {
        status = prepare(&one, cells, self->mixtures + self->n * size, quadrature, error);
    }
    if (status == GSC_OK) {
        status = trace(&one, self, cell_size, error);
    }
    gsc_kl_fit_free(one.fit);
    free(one.reference);
    if (status != GSC_OK) {
        gsc_fingerprint_clear(self);
    }
    return status;
}

/* ---- The nearest mixture ---- */

enum {
    NEAREST_STARTS = 16,
    NEAREST_LONG = 400
};

gsc_status gsc_fingerprint_nearest(const gsc_truth *truth, const gsc_mixture_shape *shape,
                                   const gsc_quadrature *quadrature,
                                   const gsc_fingerprint_options *options, double *ret_mixture,
                                   double *ret_kl, gsc_error *error) {
    const size_t k1 = shape->k_shared, k = k1 + shape->k_routed;
    const size_t size = gsc_mixture_get_layout(shape).size;
    size_t cells[2 * GSC_MAX_ATOMS], cell_size[2 * GSC_MAX_ATOMS];
    const gsc_error_block none = {.size = 0};
    gsc_fingerprint_options own = *options;
    own.nearest = NULL;
    tracer one = {.truth = truth, .shape = shape, .options = &own, .block = &none};
    assign_cells(truth, shape, options->cell, cells);
    for (size_t c = 0; c < k; c++) {
        cell_size[c] = 2; /* every atom is disturbed: none is right as it is */
    }
    double *split = calloc(size, sizeof *split), least = INFINITY;
    gsc_status status = split != NULL
                            ? prepare(&one, cells, split, quadrature, error)
                            : gsc_fail(error, GSC_ERR_MEMORY, "no memory for a nearest mixture");
    for (size_t s = 0; s < NEAREST_STARTS && status == GSC_OK; s++) {
        gsc_kl_fit_info info;
        disturb(&one, cell_size, s % 2 == 0 ? 0.1 : 0.5, 1 + s, one.u);
        gsc_kl_fit_limit(one.fit, one.descent / 2);
        status = gsc_kl_fit_run(one.fit, one.u, &info, error);
        for (int more = 0; more < 2 && status == GSC_OK && info.kl < 1.5 * least; more++) {
            gsc_kl_fit_limit(one.fit, NEAREST_LONG);
            status = gsc_kl_fit_run(one.fit, one.u, &info, error);
        }
        if (status == GSC_OK && info.kl < least) {
            least = info.kl;
            status = gsc_kl_fit_to_mixture(one.fit, one.u, ret_mixture, error);
        }
        status = status == GSC_ERR_NUMERIC ? GSC_OK : status;
    }
    if (status == GSC_OK && !isfinite(least)) {
        status = gsc_fail(error, GSC_ERR_NUMERIC,
                          "no start of the nearest mixture has a finite divergence from the truth");
    }
    *ret_kl = least;
    gsc_kl_fit_free(one.fit);
    free(one.reference);
    free(split);
    return status;
}

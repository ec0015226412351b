/* SPDX-License-Identifier: MIT
 *
 * Many short descents on the quick quadrature, the best few to the end, the best of those on the
 * fine one.
 */
#include "core/theory/pseudo_truth.h"

#include "core/theory/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FINALISTS = 6
};

gsc_pseudo_truth_options gsc_pseudo_truth_options_default(const gsc_mixture_shape *shape) {
    return (gsc_pseudo_truth_options){
        .gate_box = shape->box, .mass_floor = shape->mass_floor, .starts = 48, .seed = 1};
}

/* ---- Starts ---- */

static double uniform(gsc_rng *rng, double low, double high) {
    return low + (high - low) * gsc_rng_uniform(rng);
}

static void disturb_atom(const gsc_truth *truth, const gsc_mixture_shape *shape, bool routed,
                         size_t i, double amount, gsc_rng *rng, double *mixture) {
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    const gsc_expert_family *family = routed ? shape->routed : shape->shared;
    const double reach = fmax(fabs(truth->x_low), fabs(truth->x_high));
    double *variance = mixture + (routed ? at.nu : at.tau) + i;
    double *theta = mixture + (routed ? at.eta : at.kappa) + i * family->theta_size;
    for (size_t p = 0; p < family->theta_size; p++) {
        theta[p] += amount * sqrt(*variance) * gsc_rng_normal(rng);
    }
    *variance *= exp(amount * gsc_rng_normal(rng));
    if (routed) {
        mixture[at.beta0 + i] += amount * gsc_rng_normal(rng);
        mixture[at.beta1 + i] += amount / reach * gsc_rng_normal(rng);
    }
}

/* Start number s: extra atoms at true atoms drawn at random, all disturbed a little; two of
 * three starts throw the gates of the extra ones over the box, one of these their experts too. */
static gsc_status make_start(const gsc_truth *truth, const gsc_mixture_shape *shape,
                             const gsc_pseudo_truth_options *options, size_t s, double *ret_mixture,
                             gsc_error *error) {
    const size_t k1 = shape->k_shared, k2 = shape->k_routed;
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    size_t cells[2 * GSC_MAX_ATOMS];
    gsc_rng rng;
    gsc_rng_init(&rng, options->seed, 0, 0, 1 + s);
    for (size_t c = 0; c < k1 + k2; c++) {
        const size_t i = c < k1 ? c : c - k1;
        const size_t true_k = c < k1 ? truth->shape.k_shared : truth->shape.k_routed;
        cells[c] = i < true_k ? i : gsc_rng_below(&rng, true_k);
    }
    const gsc_status status =
        gsc_kl_fit_split_truth(truth, shape, cells, options->gate_box, ret_mixture, error);
    if (status != GSC_OK) {
        return status;
    }
    const double amount = s % 2 == 0 ? 0.1 : 0.5;
    for (size_t c = 0; c < k1 + k2; c++) {
        disturb_atom(truth, shape, c >= k1, c < k1 ? c : c - k1, amount, &rng, ret_mixture);
    }
    for (size_t j = truth->shape.k_routed; j < k2 && s % 3 > 0; j++) {
        ret_mixture[at.beta0 + j] = uniform(&rng, -options->gate_box, 0.5 * options->gate_box);
        ret_mixture[at.beta1 + j] = uniform(&rng, -options->gate_box, options->gate_box);
        if (s % 3 == 2) {
            disturb_atom(truth, shape, true, j, 1.5, &rng, ret_mixture);
        }
    }
    return GSC_OK;
}

/* ---- The search ---- */

typedef struct search {
    const gsc_truth *truth;
    const gsc_mixture_shape *shape;
    const gsc_pseudo_truth_options *options;
    gsc_quadrature *quick, *fine;
    size_t slots;
    double *u;  /* [starts][slots] */
    double *kl; /* [starts] */
} search;

static gsc_status new_fit(const search *self, const gsc_quadrature *quadrature,
                          size_t max_iterations, double tolerance, gsc_kl_fit **ret_fit,
                          gsc_error *error) {
    size_t groups[2 * GSC_MAX_ATOMS];
    const gsc_kl_fit_options options = {.gate_box = self->options->gate_box,
                                        .mass_floor = self->options->mass_floor,
                                        .max_iterations = max_iterations,
                                        .tolerance = tolerance,
                                        .stop = self->options->stop};
    for (size_t c = 0; c < 2 * GSC_MAX_ATOMS; c++) {
        const size_t atom = c < self->shape->k_shared ? c : c - self->shape->k_shared;
        groups[c] = self->options->mass_floor > 0 ? 0 : atom;
    }
    return gsc_kl_fit_new(quadrature, self->shape, groups, &options, ret_fit, error);
}

static gsc_status scan(search *self, gsc_error *error) {
    gsc_kl_fit *fit = NULL;
    gsc_status status = new_fit(self, self->quick, 40, 1e-2, &fit, error);
    if (status != GSC_OK) {
        return status;
    }
    self->slots = gsc_kl_fit_slots(fit);
    self->u = malloc(self->options->starts * (self->slots + 1) * sizeof(double));
    double *mixture = malloc(gsc_mixture_get_layout(self->shape).size * sizeof(double));
    if (self->u == NULL || mixture == NULL) {
        status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for a pseudo-truth");
    }
    self->kl = self->u != NULL ? self->u + self->options->starts * self->slots : NULL;
    for (size_t s = 0; s < self->options->starts && status == GSC_OK; s++) {
        gsc_kl_fit_info info;
        double *u = self->u + s * self->slots;
        self->kl[s] = INFINITY;
        status = make_start(self->truth, self->shape, self->options, s, mixture, error);
        if (status == GSC_OK) {
            status = gsc_kl_fit_from_mixture(fit, mixture, u, error);
        }
        if (status == GSC_OK) {
            status = gsc_kl_fit_run(fit, u, &info, error);
            if (status == GSC_OK) {
                self->kl[s] = info.kl;
            } else if (status == GSC_ERR_NUMERIC) {
                status = GSC_OK;
            }
        }
    }
    free(mixture);
    gsc_kl_fit_free(fit);
    return status;
}

/* Takes the best of what is left to the end on the fine nodes; their KL is replaced. */
static gsc_status finish(search *self, double *ret_mixture, gsc_pseudo_truth *info,
                         gsc_error *error) {
    gsc_kl_fit *fit = NULL;
    gsc_status status = new_fit(self, self->fine, 400, 1e-6, &fit, error);
    bool done[GSC_KL_FIT_MAX_SLOTS] = {false};
    size_t best = 0;
    double least = INFINITY;
    info->starts = self->options->starts;
    for (size_t f = 0; f < FINALISTS && f < info->starts && status == GSC_OK; f++) {
        gsc_kl_fit_info run = {0};
        size_t s = info->starts;
        for (size_t i = 0; i < info->starts; i++) {
            s = !done[i] && (s == info->starts || self->kl[i] < self->kl[s]) ? i : s;
        }
        done[s] = true;
        if (isfinite(self->kl[s])) {
            status = gsc_kl_fit_run(fit, self->u + s * self->slots, &run, error);
            self->kl[s] = run.kl;
        }
        if (status == GSC_OK && self->kl[s] < least) {
            least = self->kl[s];
            best = s;
        }
    }
    if (status == GSC_OK && !isfinite(least)) {
        status = gsc_fail(error, GSC_ERR_NUMERIC,
                          "no start of the pseudo-truth has a finite divergence from the truth");
    }
    const double *u = self->u + best * self->slots;
    if (status == GSC_OK) {
        status =
            gsc_kl_fit_least_eigenvalue(fit, u, &info->least_eigenvalue, &info->at_bound, error);
    }
    if (status == GSC_OK) {
        status = gsc_kl_fit_to_mixture(fit, u, ret_mixture, error);
    }
    info->kl = least;
    for (size_t i = 0; i < info->starts; i++) {
        info->hits += self->kl[i] <= least * 1.001 + 1e-12;
    }
    gsc_kl_fit_free(fit);
    return status;
}

gsc_status gsc_pseudo_truth_find(const gsc_truth *truth, const gsc_mixture_shape *shape,
                                 const gsc_pseudo_truth_options *options, double *ret_mixture,
                                 gsc_pseudo_truth *ret_info, gsc_error *error) {
    search self = {.truth = truth, .shape = shape, .options = options};
    gsc_pseudo_truth info = {0};
    if (options->starts < 1 || options->starts > GSC_KL_FIT_MAX_SLOTS) {
        return gsc_fail(error, GSC_ERR_INPUT, "a pseudo-truth takes 1 to %d starts, not %zu",
                        GSC_KL_FIT_MAX_SLOTS, options->starts);
    }
    gsc_status status = gsc_quadrature_new(truth, &gsc_quadrature_quick, &self.quick, error);
    if (status == GSC_OK) {
        status = gsc_quadrature_new(truth, &gsc_quadrature_fine, &self.fine, error);
    }
    if (status == GSC_OK) {
        status = scan(&self, error);
    }
    if (status == GSC_OK) {
        status = finish(&self, ret_mixture, &info, error);
    }
    free(self.u);
    gsc_quadrature_free(self.quick);
    gsc_quadrature_free(self.fine);
    if (status == GSC_OK) {
        *ret_info = info;
    }
    return status;
}

/* ---- Pairs ---- */

static double distance(const gsc_mixture_shape *shape, const double *a, size_t i, const double *b,
                       size_t j) {
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    const size_t d = shape->inputs, p = shape->routed->theta_size;
    double sum = pow(a[at.nu + i] - b[at.nu + j], 2);
    for (size_t l = 0; l < d; l++) {
        sum += pow(a[at.beta1 + i * d + l] - b[at.beta1 + j * d + l], 2);
    }
    for (size_t l = 0; l < p; l++) {
        sum += pow(a[at.eta + i * p + l] - b[at.eta + j * p + l], 2);
    }
    return sqrt(sum);
}

/* Greedy, then swaps of two while one helps: k2 is a handful. */
void gsc_pseudo_truth_pair(const gsc_mixture_shape *shape, const double *pseudo,
                           const double *mixture, size_t *ret_pairs) {
    const size_t k = shape->k_routed;
    bool taken[GSC_MAX_ATOMS] = {false};
    for (size_t i = 0; i < k; i++) {
        size_t best = k;
        for (size_t j = 0; j < k; j++) {
            if (!taken[j] && (best == k || distance(shape, mixture, i, pseudo, j) <
                                               distance(shape, mixture, i, pseudo, best))) {
                best = j;
            }
        }
        taken[best] = true;
        ret_pairs[i] = best;
    }
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < k; i++) {
            for (size_t l = i + 1; l < k; l++) {
                const size_t a = ret_pairs[i], b = ret_pairs[l];
                const double now =
                    distance(shape, mixture, i, pseudo, a) + distance(shape, mixture, l, pseudo, b);
                const double then =
                    distance(shape, mixture, i, pseudo, b) + distance(shape, mixture, l, pseudo, a);
                if (then < now - 1e-12 * (1 + now)) {
                    ret_pairs[i] = b;
                    ret_pairs[l] = a;
                    again = true;
                }
            }
        }
    }
}

/* SPDX-License-Identifier: MIT
 *
 * Starts from the sample alone: k-means or random rows, then a regression for each expert.
 */
#include "core/theory/start.h"

#include "core/theory/gate_general.h"
#include "core/theory/kmeans.h"
#include "core/theory/random.h"
#include "core/theory/small_solve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_ROWS = 8192,
    REGRESSION_STARTS = 4, /* of experts that are not linear */
    REGRESSION_STEPS = 15,
    ROUNDS = 8 /* in which rows change their expert after the clustering */
};

/* The rows that are looked at, and memory for one regression. */
typedef struct drawing {
    const gsc_mixture_shape *shape;
    gsc_rng random;
    size_t m, d, theta_max;
    double *memory;
    double *x, *y;                                           /* [d][m]; [m] */
    double mean[GSC_MAX_INPUTS + 1], sd[GSC_MAX_INPUTS + 1]; /* of the inputs, then of y */
    double *points;                                          /* [m][d + 1], standardised */
    double *local_x, *local_y, *h, *jacobian, *scratch;
    double *theta, *trial, *gradient, *normal, *step, *solve;
    size_t *cluster, *rows;
} drawing;

static void drawing_clear(drawing *self) {
    free(self->memory);
    free(self->cluster);
    free(self->rows);
}

static void standardise(drawing *self) {
    for (size_t k = 0; k <= self->d; k++) {
        const double *column = k < self->d ? self->x + k * self->m : self->y;
        double mean = 0, square = 0;
        for (size_t t = 0; t < self->m; t++) {
            mean += column[t] / (double)self->m;
        }
        for (size_t t = 0; t < self->m; t++) {
            square += (column[t] - mean) * (column[t] - mean) / (double)self->m;
        }
        self->mean[k] = mean;
        self->sd[k] = sqrt(square) > 1e-12 * (fabs(mean) + 1e-300) ? sqrt(square) : 0;
        for (size_t t = 0; t < self->m; t++) {
            self->points[t * (self->d + 1) + k] =
                self->sd[k] > 0 ? (column[t] - mean) / self->sd[k] : 0;
        }
    }
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static gsc_status drawing_init(drawing *self, const gsc_mixture_shape *shape,
                               const gsc_sample *sample, gsc_error *error) {
    const size_t n = sample->n, m = n < MOST_ROWS ? n : MOST_ROWS, d = shape->inputs;
    self->shape = shape;
    self->m = m;
    self->d = d;
    size_t scratch = 0;
    const gsc_expert_family *const families[] = {shape->shared, shape->routed};
    for (int g = 0; g < 2; g++) {
        if (families[g] != NULL) {
            self->theta_max = larger(self->theta_max, families[g]->theta_size);
            scratch = larger(scratch, gsc_expert_scratch(families[g], m));
        }
    }
    const size_t p = self->theta_max;
    double **const arrays[] = {&self->x,       &self->y,     &self->points,   &self->local_x,
                               &self->local_y, &self->h,     &self->jacobian, &self->scratch,
                               &self->theta,   &self->trial, &self->gradient, &self->normal,
                               &self->step,    &self->solve};
    const size_t sizes[] = {d * m,   m, m * (d + 1), d * m, m,     m, p * m,
                            scratch, p, p,           p,     p * p, p, p * (p + 1)};
    size_t total = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        total += sizes[i];
    }
    self->memory = calloc(total + 1, sizeof *self->memory);
    self->cluster = calloc(m, sizeof *self->cluster);
    self->rows = calloc(m, sizeof *self->rows);
    if (self->memory == NULL || self->cluster == NULL || self->rows == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory to draw a start from %zu rows", m);
    }
    double *at = self->memory;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; at += sizes[i++]) {
        *arrays[i] = at;
    }
    for (size_t i = 0; i < m; i++) {
        const size_t t = i * n / m;
        for (size_t k = 0; k < d; k++) {
            self->x[k * m + i] = sample->x[k * n + t];
        }
        self->y[i] = sample->y[t];
    }
    standardise(self);
    return GSC_OK;
}

static double clip(double value, double box) {
    return box > 0 ? fmin(fmax(value, -box), box) : value;
}

/* ---- One regression -------------------------------------------------------------------------- */

/* Rows rows[0..count) into local_x and local_y. */
static void gather(drawing *self, size_t count) {
    for (size_t k = 0; k < self->d; k++) {
        for (size_t i = 0; i < count; i++) {
            self->local_x[k * count + i] = self->x[k * self->m + self->rows[i]];
        }
    }
    for (size_t i = 0; i < count; i++) {
        self->local_y[i] = self->y[self->rows[i]];
    }
}

static gsc_status residual(drawing *self, const gsc_expert_family *family, const double *theta,
                           size_t count, bool derivatives, double *ret_rss, gsc_error *error) {
    gsc_status status =
        gsc_expert_evaluate(family, theta, count, self->local_x, count, self->h,
                            derivatives ? self->jacobian : NULL, self->scratch, error);
    *ret_rss = 0;
    for (size_t i = 0; i < count && status == GSC_OK; i++) {
        self->h[i] = self->local_y[i] - self->h[i];
        *ret_rss += self->h[i] * self->h[i];
    }
    return status;
}

/* Levenberg and Marquardt's steps from self->theta; *ret_rss at what it ends with. A linear family is done after one. */
static gsc_status descend(drawing *self, const gsc_expert_family *family, size_t count,
                          double *ret_rss, gsc_error *error) {
    const size_t p = family->theta_size;
    double damping = family->linear ? 1e-10 : 1e-3, rss = 0;
    gsc_status status = GSC_OK;
    for (int step = 0; step < REGRESSION_STEPS && status == GSC_OK; step++) {
        status = residual(self, family, self->theta, count, true, &rss, error);
        double diagonal = 0;
        for (size_t a = 0; a < p && status == GSC_OK; a++) {
            const double *column = self->jacobian + a * count;
            self->gradient[a] = 0;
            for (size_t i = 0; i < count; i++) {
                self->gradient[a] += column[i] * self->h[i];
            }
            for (size_t b = 0; b <= a; b++) {
                double sum = 0;
                for (size_t i = 0; i < count; i++) {
                    sum += column[i] * self->jacobian[b * count + i];
                }
                self->normal[a * p + b] = self->normal[b * p + a] = sum;
            }
            diagonal += self->normal[a * p + a] / (double)p;
        }
        if (status != GSC_OK || !(diagonal > 0) || !isfinite(diagonal)) {
            break;
        }
        gsc_boxed_step(p, self->normal, self->gradient, self->theta, self->shape->box,
                       damping * diagonal, self->step, self->solve);
        for (size_t a = 0; a < p; a++) {
            self->trial[a] = clip(self->theta[a] + self->step[a], self->shape->box);
        }
        double after = 0;
        status = residual(self, family, self->trial, count, false, &after, error);
        const bool better = status == GSC_OK && after <= rss;
        if (better) {
            memcpy(self->theta, self->trial, p * sizeof(double));
            const bool done = rss - after <= 1e-9 * rss;
            rss = after;
            if (family->linear || done) {
                break;
            }
        }
        damping = better ? damping / 5 : damping * 10;
    }
    *ret_rss = rss;
    return status;
}

/* Where the regression of an expert that is not linear starts: weights of inputs in units of their spread, the output
 * scale, which is the last number of feed-forward forms, in that of y. */
static void draw_theta(drawing *self, const gsc_expert_family *family) {
    const size_t p = family->theta_size;
    for (size_t a = 0; a < p; a++) {
        double value = gsc_rng_normal(&self->random);
        if (a < self->d && self->sd[a] > 0) {
            value /= self->sd[a];
        } else if (a + 1 == p && self->sd[self->d] > 0) {
            value *= 2 * self->sd[self->d];
        }
        self->theta[a] = clip(value, self->shape->box);
    }
}

/* The regression of a family on rows[0..count) into ret_theta; *ret_variance is its mean squared residual. warm: from
 * ret_theta on. */
static gsc_status regress(drawing *self, const gsc_expert_family *family, size_t count, bool warm,
                          double *ret_theta, double *ret_variance, gsc_error *error) {
    const size_t p = family->theta_size;
    double best = INFINITY;
    gsc_status status = GSC_OK;
    gather(self, count);
    for (int start = 0;
         start < (family->linear || warm ? 1 : REGRESSION_STARTS) && status == GSC_OK; start++) {
        double rss;
        if (family->linear) {
            memset(self->theta, 0, p * sizeof(double));
        } else if (warm) {
            memcpy(self->theta, ret_theta, p * sizeof(double));
        } else {
            draw_theta(self, family);
        }
        status = descend(self, family, count, &rss, error);
        if (status == GSC_OK && (start == 0 || rss < best)) {
            best = rss;
            memcpy(ret_theta, self->theta, p * sizeof(double));
        }
    }
    *ret_variance = count > 0 && isfinite(best) ? best / (double)count : 0;
    return status;
}

/* ---- Mixtures -------------------------------------------------------------------------------- */

/* A component's numbers from the rows listed; its variance is at least least. */
static gsc_status set_component(drawing *self, size_t c, size_t count, bool warm, double least,
                                double *mixture, gsc_error *error) {
    const gsc_mixture_shape *shape = self->shape;
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    const bool shared = c < shape->k_shared;
    const size_t j = shared ? c : c - shape->k_shared;
    const gsc_expert_family *family = shared ? shape->shared : shape->routed;
    double variance;
    const gsc_status status =
        regress(self, family, count, warm,
                mixture + (shared ? at.kappa : at.eta) + j * family->theta_size, &variance, error);
    mixture[(shared ? at.tau : at.nu) + j] = fmax(fmax(variance, least), shape->variance_floor);
    return status;
}

/* Rows of one cluster into rows; rows drawn at random where it has fewer than least. Returns how many. */
static size_t list_cluster(drawing *self, size_t cluster, size_t least) {
    size_t count = 0;
    for (size_t t = 0; t < self->m; t++) {
        if (self->cluster[t] == cluster) {
            self->rows[count++] = t;
        }
    }
    while (count < least && count < self->m) {
        self->rows[count++] = gsc_rng_below(&self->random, self->m);
    }
    return count;
}

/* order[c] is the cluster of component c: the widest in x first for start 0, the next one first for start 1 and so on,
 * so that each cluster has its turn among the shared experts; any order for starts past k. */
static void share_out(drawing *self, size_t start, size_t k, size_t *order) {
    double spread[2 * GSC_MAX_ATOMS];
    const size_t w = self->d + 1;
    for (size_t c = 0; c < k; c++) {
        order[c] = c;
        spread[c] = 0;
        for (size_t i = 0; i < self->d; i++) {
            double sum = 0, square = 0, count = 0;
            for (size_t t = 0; t < self->m; t++) {
                if (self->cluster[t] == c) {
                    const double value = self->points[t * w + i];
                    sum += value;
                    square += value * value;
                    count++;
                }
            }
            spread[c] += count > 0 ? square / count - sum / count * (sum / count) : 0;
        }
    }
    for (size_t c = 0; c + 1 < k; c++) {
        size_t best = c + gsc_rng_below(&self->random, k - c);
        if (start < k) {
            best = c;
            for (size_t i = c + 1; i < k; i++) {
                best = spread[order[i]] > spread[order[best]] ? i : best;
            }
        }
        const size_t kept = order[c];
        order[c] = order[best];
        order[best] = kept;
    }
    size_t sorted[2 * GSC_MAX_ATOMS];
    memcpy(sorted, order, k * sizeof *order);
    for (size_t c = 0; c < k && start < k; c++) {
        order[c] = sorted[(c + start) % k];
    }
}

/* The linear discriminant of the routed clusters in x, its mean over the experts at 0, within half the box. */
static void discriminant(const drawing *self, const size_t *order, double *mixture) {
    const gsc_mixture_shape *shape = self->shape;
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    const size_t k2 = shape->k_routed, d = self->d, m = self->m;
    double count[GSC_MAX_ATOMS] = {0}, total = 0, most = 0;
    for (size_t j = 0; j < k2; j++) {
        for (size_t t = 0; t < m; t++) {
            count[j] += self->cluster[t] == order[shape->k_shared + j];
        }
        total += count[j];
        mixture[at.beta0 + j] = log(count[j] + 1);
    }
    for (size_t i = 0; i < d; i++) {
        double mean[GSC_MAX_ATOMS] = {0}, within = 0, centre = 0;
        for (size_t j = 0; j < k2; j++) {
            const size_t cluster = order[shape->k_shared + j];
            for (size_t t = 0; t < m; t++) {
                mean[j] += self->cluster[t] == cluster ? self->x[i * m + t] / fmax(count[j], 1) : 0;
            }
            for (size_t t = 0; t < m; t++) {
                const double off = self->x[i * m + t] - mean[j];
                within += self->cluster[t] == cluster ? off * off / fmax(total, 1) : 0;
            }
            mean[j] = count[j] > 0 ? mean[j] : self->mean[i];
        }
        within = fmax(within, 1e-3 * self->sd[i] * self->sd[i]);
        for (size_t j = 0; j < k2; j++) {
            const double slope = within > 0 ? mean[j] / within : 0;
            mixture[at.beta1 + j * d + i] = slope;
            mixture[at.beta0 + j] -= 0.5 * slope * mean[j];
            centre += slope / (double)k2;
        }
        for (size_t j = 0; j < k2; j++) {
            mixture[at.beta1 + j * d + i] -= centre;
            most = fmax(most, fabs(mixture[at.beta1 + j * d + i]));
        }
    }
    double centre = 0;
    for (size_t j = 0; j < k2; j++) {
        centre += mixture[at.beta0 + j] / (double)k2;
    }
    for (size_t j = 0; j < k2; j++) {
        mixture[at.beta0 + j] -= centre;
        most = fmax(most, fabs(mixture[at.beta0 + j]));
    }
    const double scale = shape->box > 0 && most > 0.5 * shape->box ? 0.5 * shape->box / most : 1;
    for (size_t i = at.beta0; i < at.eta; i++) {
        mixture[i] *= scale;
    }
}

/* Each row joins the expert under whose normal density it is likeliest; clusters are then numbered as components. */
static gsc_status join_best(drawing *self, const double *mixture, gsc_error *error) {
    const gsc_mixture_shape *shape = self->shape;
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    double *least = self->local_y; /* free between regressions */
    gsc_status status = GSC_OK;
    for (size_t c = 0; c < shape->k_shared + shape->k_routed && status == GSC_OK; c++) {
        const bool shared = c < shape->k_shared;
        const size_t j = shared ? c : c - shape->k_shared;
        const gsc_expert_family *family = shared ? shape->shared : shape->routed;
        const double *theta = mixture + (shared ? at.kappa : at.eta) + j * family->theta_size;
        const double variance = mixture[(shared ? at.tau : at.nu) + j];
        status = gsc_expert_evaluate(family, theta, self->m, self->x, self->m, self->h, NULL,
                                     self->scratch, error);
        for (size_t t = 0; t < self->m && status == GSC_OK; t++) {
            const double off = self->y[t] - self->h[t];
            const double far = off * off / variance + log(variance);
            if (c == 0 || far < least[t]) {
                least[t] = far;
                self->cluster[t] = c;
            }
        }
    }
    return status;
}

/* A regression for each cluster, and the shares of the shared ones. */
static gsc_status regress_clusters(drawing *self, const size_t *order, bool warm, double *mixture,
                                   gsc_error *error) {
    const gsc_mixture_shape *shape = self->shape;
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    const double least = 1e-4 * self->sd[self->d] * self->sd[self->d];
    double total = 0;
    gsc_status status = GSC_OK;
    for (size_t c = 0; c < shape->k_shared + shape->k_routed && status == GSC_OK; c++) {
        const size_t count = list_cluster(self, order[c], 2 * self->theta_max + 2);
        if (c < shape->k_shared) {
            mixture[at.omega + c] = (double)count;
            total += (double)count;
        }
        status = set_component(self, c, count, warm, least, mixture, error);
    }
    for (size_t i = 0; i < shape->k_shared; i++) {
        mixture[at.omega + i] /= total;
    }
    return status;
}

static gsc_status draw_kmeans(drawing *self, size_t start, double *mixture, gsc_error *error) {
    const size_t k = self->shape->k_shared + self->shape->k_routed;
    size_t order[2 * GSC_MAX_ATOMS] = {0};
    gsc_status status =
        gsc_kmeans(&self->random, self->points, self->m, self->d + 1, k, self->cluster, error);
    if (status != GSC_OK) {
        return status;
    }
    for (size_t c = 0; c < k; c++) {
        order[c] = c;
    }
    status = regress_clusters(self, order, false, mixture, error);
    for (int round = 0; round < ROUNDS && status == GSC_OK; round++) {
        status = join_best(self, mixture, error);
        if (status == GSC_OK) {
            status = regress_clusters(self, order, true, mixture, error);
        }
    }
    share_out(self, start, k, order);
    if (status == GSC_OK) {
        status = regress_clusters(self, order, false, mixture, error);
    }
    if (status == GSC_OK && self->shape->k_routed > 0) {
        discriminant(self, order, mixture);
    }
    return status;
}

static gsc_status draw_random(drawing *self, double *mixture, gsc_error *error) {
    const gsc_mixture_shape *shape = self->shape;
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    const size_t k = shape->k_shared + shape->k_routed, d = self->d;
    const double spread = self->sd[d] * self->sd[d] / (double)k;
    gsc_status status = GSC_OK;
    for (size_t c = 0; c < k && status == GSC_OK; c++) {
        size_t count = self->theta_max + 2;
        count = count < self->m ? count : self->m;
        for (size_t i = 0; i < count; i++) {
            self->rows[i] = gsc_rng_below(&self->random, self->m);
        }
        if (c < shape->k_shared) {
            mixture[at.omega + c] = 1 / (double)shape->k_shared;
        }
        status = set_component(self, c, count, false, spread, mixture, error);
    }
    for (size_t j = 0; j < shape->k_routed; j++) {
        const size_t row = gsc_rng_below(&self->random, self->m);
        double level = 0;
        for (size_t i = 0; i < d; i++) {
            const double slope = self->sd[i] > 0 ? gsc_rng_normal(&self->random) / self->sd[i] : 0;
            mixture[at.beta1 + j * d + i] = clip(slope, shape->box);
            level -= mixture[at.beta1 + j * d + i] * self->x[i * self->m + row];
        }
        mixture[at.beta0 + j] = clip(level, shape->box);
    }
    return status;
}

/* The numbers of a gate in general form beyond beta; beta itself is 0 where an own score does not read it. */
static gsc_status start_gate(drawing *self, double *mixture, gsc_error *error) {
    const gsc_mixture_shape *shape = self->shape;
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    const size_t extra = at.size - at.gate;
    double *noise = calloc(extra + 1, sizeof *noise);
    if (noise == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory to draw a start of a gate");
    }
    for (size_t i = 0; i < extra; i++) {
        noise[i] = gsc_rng_normal(&self->random);
    }
    gsc_gate_initial(shape->gate, self->d, noise, mixture + at.gate);
    free(noise);
    for (size_t i = at.gate; i < at.size; i++) {
        mixture[i] = clip(mixture[i], shape->box);
    }
    if (shape->gate->loaded->gate->score_form == GSC_SCORE_OWN) {
        memset(mixture + at.beta0, 0, (at.eta - at.beta0) * sizeof *mixture);
    }
    return GSC_OK;
}

gsc_status gsc_start_from_data(gsc_start_mode mode, const gsc_mixture_shape *shape,
                               const gsc_sample *sample, uint64_t seed, size_t replicate,
                               size_t start, double *ret_mixture, gsc_error *error) {
    drawing self = {0};
    gsc_status status = drawing_init(&self, shape, sample, error);
    if (status == GSC_OK) {
        gsc_rng_init(&self.random, seed, sample->n, replicate, GSC_STREAM_START + start);
        status = mode == GSC_START_KMEANS ? draw_kmeans(&self, start, ret_mixture, error)
                                          : draw_random(&self, ret_mixture, error);
    }
    if (status == GSC_OK && shape->gate != NULL && shape->gate->general) {
        status = start_gate(&self, ret_mixture, error);
    }
    drawing_clear(&self);
    return status;
}

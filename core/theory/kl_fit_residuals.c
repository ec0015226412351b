/* SPDX-License-Identifier: MIT
 *
 * Residuals and their Jacobian, one x node at a time: a parameter's column is one channel
 * (mean_c, log variance_c, z_j, omega_i) times a number of the x node, so the channels of a node,
 * fewer than its rows and the parameters, are reduced to a triangle first (Householder
 * reflections); the Jacobian is made from that and folded into R.
 */
#include "core/theory/kl_fit_internal.h"

#include <math.h>
#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

enum {
    BATCH = 4 /* x nodes whose Jacobians go into R at once */
};

static const double log_two_pi = 1.8378770664093453;
/* exp of less would leave the range of numbers, of which vector code asks the slow way. Read, not known: of a constant
 * the compiler would take exp beforehand, and that of everything below it too. */
static const volatile double least_log = -700;

/* 2 (r - log(1 + r)) / r^2 near r = 0, by its series. */
static inline double curvature_series(double r) {
    double sum = 2.0 / 13;
    for (int k = 12; k >= 2; k--) {
        sum = 2.0 / k - r * sum;
    }
    return sum;
}

double fit_curvature(double rho) {
    const double r = rho - 1;
    return fabs(r) < 0.03 ? curvature_series(r) : 2 * (r - log(rho)) / (r * r);
}

static size_t padded(size_t rows) {
    return (rows + GSC_QUADRATURE_PAD - 1) / GSC_QUADRATURE_PAD * GSC_QUADRATURE_PAD;
}

/* One node's scratch: k shares rho_c, k residuals y - h_c, a column of work, de / drho, the sum of routed shares, then channels and e;
 * their triangle, by row and by column; the Jacobian of the triangle. */
static size_t node_size(const gsc_kl_fit *self) {
    const size_t k = self->shape.k_shared + self->shape.k_routed;
    return (5 * k + 4) * (padded(self->quadrature->most_rows) + 1);
}

size_t fit_rows_size(const gsc_kl_fit *self) {
    const size_t channels = 3 * (self->shape.k_shared + self->shape.k_routed);
    return node_size(self) + 2 * channels * (channels + 1) + (self->slots + 1) * BATCH * channels;
}

/* rho_c of the rows of node i into share [k][padded rows], y - h_c into gap; e into ret_e, de / drho into ret_pull, both
 * [padded rows], sum w (rho - 1) into *ret_seen. What stands in the padding counts for nothing. */
FIT_CLONES
static double node_residuals(const gsc_kl_fit *self, size_t i, double *share, double *gap,
                             double *ret_e, double *ret_pull, double *ret_seen) {
    const gsc_quadrature *nodes = self->quadrature;
    const size_t k1 = self->shape.k_shared, k = k1 + self->shape.k_routed, t0 = nodes->first[i];
    const size_t rows = nodes->first[i + 1] - t0, all = padded(rows);
    const double *restrict y = nodes->y + t0, *restrict weight = nodes->root_weight + t0;
    const double *restrict log_truth = nodes->log_truth + t0;
    const double least = least_log;
    double total = 0, seen = 0;
    memset(ret_e, 0, all * sizeof *ret_e);
    for (size_t c = 0; c < k; c++) {
        const double variance =
            self->mixture[c < k1 ? self->layout.tau + c : self->layout.nu + c - k1];
        const double constant =
            self->profile.log_weight[c * nodes->n_x + i] - 0.5 * (log(variance) + log_two_pi);
        const double h = self->profile.h[c * nodes->n_x + i], precision = 0.5 / variance;
        double *restrict share_c = share + c * all, *restrict gap_c = gap + c * all;
        for (size_t t = 0; t < all; t++) {
            gap_c[t] = y[t] - h;
            const double log_share = constant - precision * gap_c[t] * gap_c[t] - log_truth[t];
            share_c[t] = exp(log_share > least ? log_share : least);
            ret_e[t] += share_c[t];
        }
    }
    for (size_t t = 0; t < all; t++) {
        const double rho = ret_e[t] > 1e-290 ? ret_e[t] : 1e-290, r = rho - 1;
        const double far = 2 * (r - log(rho)) / (r * r), near = curvature_series(r);
        const double root = sqrt(fabs(r) < 0.03 ? near : far);
        gap[k * all + t] = weight[t] * weight[t] * r;
        ret_e[t] = weight[t] * r * root;
        ret_pull[t] = weight[t] / (root * rho);
    }
#pragma omp simd reduction(+ : total, seen)
    for (size_t t = 0; t < rows; t++) {
        seen += gap[k * all + t];
        total += ret_e[t] * ret_e[t];
    }
    *ret_seen += seen;
    return total;
}

/* The residual of the mass L of f at x node i that no row sees (far from every true component),
 * which KL owes besides the sum over rows: e = L sqrt(2 wx / (|L| + least)), so that e^2 / 2 =
 * wx L where L is large and the quadrature's own error, L about 1e-10, counts as nothing. */
static double lost_mass(double wx, double seen, double *ret_slope) {
    static const double least = 1e-3;
    const double lost = -seen / wx, size = fabs(lost) + least;
    *ret_slope = -sqrt(2 / (wx * size)) * (1 - 0.5 * fabs(lost) / size);
    return lost * sqrt(2 * wx / size);
}

/* Its row of the channels, by the rows above: slope sum_t w_t drho_t. */
static void lost_channels(const gsc_kl_fit *self, size_t i, size_t rows, const double *pull,
                          double slope, size_t count, double *channels) {
    const double *root_weight = self->quadrature->root_weight + self->quadrature->first[i];
    for (size_t c = 0; c < count; c++) {
        double *column = channels + c * (rows + 1), sum = 0;
        for (size_t t = 0; t < rows; t++) {
            sum += root_weight[t] * root_weight[t] / pull[t] * column[t];
        }
        column[rows] = slope * sum;
    }
}

/* Channels: mean_c [k], log variance_c [k], omega_i [k1], z_j [k2], each [rows], stride apart; share and gap as of
 * node_residuals; share becomes de / dlog term. */
FIT_CLONES
static void node_channels(const gsc_kl_fit *self, size_t i, size_t rows, double *share,
                          const double *gap, const double *pull, double *routed, size_t stride,
                          double *ret_channels) {
    const size_t k1 = self->shape.k_shared, k2 = self->shape.k_routed, k = k1 + k2;
    const size_t n_x = self->quadrature->n_x, all = padded(rows);
    memset(routed, 0, rows * sizeof *routed);
    for (size_t c = 0; c < k; c++) {
        const double precision =
            1 / self->mixture[c < k1 ? self->layout.tau + c : self->layout.nu + c - k1];
        double *p = share + c * all, *mean = ret_channels + c * stride;
        double *spread = ret_channels + (k + c) * stride;
        const double *e = gap + c * all;
        for (size_t t = 0; t < rows; t++) {
            p[t] *= pull[t];
            mean[t] = p[t] * e[t] * precision;
            spread[t] = 0.5 * p[t] * (e[t] * e[t] * precision - 1);
        }
        if (c < k1) {
            const double inverse = 1 / self->mixture[self->layout.omega + c];
            double *omega = ret_channels + (2 * k + c) * stride;
            for (size_t t = 0; t < rows; t++) {
                omega[t] = p[t] * inverse;
            }
        } else {
            for (size_t t = 0; t < rows; t++) {
                routed[t] += p[t];
            }
        }
    }
    for (size_t j = 0; j < k2; j++) {
        const double pi = self->profile.pi[j * n_x + i], slope = self->profile.slope[j * n_x + i];
        const double *p = share + (k1 + j) * all;
        double *z = ret_channels + (2 * k + k1 + j) * stride;
        if (self->general) {
            memcpy(z, p, rows * sizeof *z);
            continue;
        }
        for (size_t t = 0; t < rows; t++) {
            z[t] = slope * (p[t] - pi * routed[t]);
        }
    }
}

/* Which number of a gate in general form a flat index is; GATE_NONE where none. */
enum {
    GATE_NONE = -1
};

static long gate_number(const gsc_kl_fit *self, size_t raw) {
    const gsc_mixture_layout *at = &self->layout;
    if (!self->general || raw < at->beta0 || (raw >= at->eta && raw < at->gate)) {
        return GATE_NONE;
    }
    return (long)(raw < at->eta ? raw - at->beta0 : 2 * self->shape.k_routed + raw - at->gate);
}

/* A number of a gate in general form moves every log pi of the node. */
static void add_gate_number(const gsc_kl_fit *self, size_t i, size_t rows, const double *channels,
                            const fit_link *link, size_t number, double *column) {
    const size_t k2 = self->shape.k_routed, k1 = self->shape.k_shared, n_x = self->profile.n;
    for (size_t j = 0; j < k2; j++) {
        const double *share = channels + (2 * (k1 + k2) + k1 + j) * rows;
        const double factor = link->value * self->profile.gate_slopes[(number * k2 + j) * n_x + i];
        for (size_t t = 0; t < rows; t++) {
            column[t] += factor * share[t];
        }
    }
}

/* The channel of a flat index, and the numbers of the x nodes that multiply it; NULL: 1. */
static size_t channel_of(const gsc_kl_fit *self, size_t raw, const double **ret_factors) {
    const gsc_mixture_layout *at = &self->layout;
    const gsc_profile *profile = &self->profile;
    const size_t k1 = self->shape.k_shared, k = k1 + self->shape.k_routed;
    const size_t n_x = self->quadrature->n_x;
    *ret_factors = NULL;
    if (raw < at->kappa) {
        return 2 * k + raw;
    }
    if (raw < at->tau) {
        const size_t size = self->shape.shared->theta_size, c = (raw - at->kappa) / size;
        *ret_factors = profile->jacobian + profile->jacobian_at[c] + (raw - at->kappa) % size * n_x;
        return c;
    }
    if (raw < at->beta0) {
        return k + raw - at->tau;
    }
    if (raw < at->beta1) {
        return 2 * k + k1 + raw - at->beta0;
    }
    if (raw < at->eta) {
        *ret_factors = self->quadrature->x;
        return 2 * k + k1 + raw - at->beta1;
    }
    if (raw < at->nu) {
        const size_t size = self->shape.routed->theta_size, c = k1 + (raw - at->eta) / size;
        *ret_factors = profile->jacobian + profile->jacobian_at[c] + (raw - at->eta) % size * n_x;
        return c;
    }
    return k + k1 + raw - at->nu;
}

/* Where the links of this linearisation find their channels. */
static void place_links(gsc_kl_fit *self) {
    for (size_t l = 0; l < self->n_links; l++) {
        fit_link *link = &self->links[l];
        link->factors = NULL;
        if (gate_number(self, link->raw) == GATE_NONE) {
            link->channel = channel_of(self, link->raw, &link->factors);
        }
    }
}

/* channels: an upper triangle by column, so that channel c ends with row c. */
FIT_CLONES
static void node_jacobian(const gsc_kl_fit *self, size_t i, size_t rows, size_t stride,
                          const double *channels, const size_t *place, double *ret_jacobian) {
    for (size_t c = 0; c < self->n; c++) {
        memset(ret_jacobian + c * stride, 0, rows * sizeof *ret_jacobian);
    }
    for (size_t l = 0; l < self->n_links; l++) {
        const fit_link *link = &self->links[l];
        const long number = self->general ? gate_number(self, link->raw) : GATE_NONE;
        if (number != GATE_NONE) {
            add_gate_number(self, i, rows, channels, link, (size_t)number,
                            ret_jacobian + place[link->slot] * stride);
            continue;
        }
        const double *channel = channels + link->channel * rows;
        double *column = ret_jacobian + place[link->slot] * stride;
        const double factor = link->value * (link->factors != NULL ? link->factors[i] : 1);
        for (size_t t = 0; t <= link->channel; t++) {
            column[t] += factor * channel[t];
        }
    }
}

/* Folds node i into R: its channels [S] and e are reduced to a triangle of S rows, from which the Jacobian is made.
 * Those of BATCH nodes, and of the last ones, go into R together. scratch: the triangle twice, the Jacobian [n + 1]
 * [BATCH S], which is kept between calls. */
static void merge_node(gsc_kl_fit *self, size_t i, size_t rows, const double *channels,
                       double *scratch, const size_t *place) {
    const size_t count = 3 * (self->shape.k_shared + self->shape.k_routed), stride = BATCH * count;
    const bool full = i % BATCH == BATCH - 1 || i + 1 == self->quadrature->n_x;
    double *triangle = scratch, *columns = triangle + count * (count + 1);
    double *block = columns + count * (count + 1), *jacobian = block + i % BATCH * count;
    memset(triangle, 0, count * (count + 1) * sizeof *triangle);
    fit_merge(count, triangle, rows, channels, rows, NULL);
    for (size_t c = 0; c <= count; c++) {
        for (size_t t = 0; t < count; t++) {
            columns[c * count + t] = t <= c ? triangle[t * (count + 1) + c] : 0;
        }
    }
    node_jacobian(self, i, count, stride, columns, place, jacobian);
    memcpy(jacobian + self->n * stride, columns + count * count, count * sizeof *jacobian);
    if (full) {
        fit_merge(self->n, self->r, (i % BATCH + 1) * count, block, stride, NULL);
    }
}

/* The floor of a gate in general form, one residual for each atom below it; merged into R where linearise is set.
 * Returns the sum of squares. */
static double floor_residuals(gsc_kl_fit *self, bool linearise, const size_t *place) {
    const size_t k1 = self->shape.k_shared, k2 = self->shape.k_routed, n_x = self->quadrature->n_x;
    double mass[GSC_MAX_ATOMS] = {0}, row[GSC_KL_FIT_MAX_SLOTS + 1], total = 0;
    for (size_t j = 0; j < k2; j++) {
        for (size_t i = 0; i < n_x; i++) {
            mass[j] += self->quadrature->wx[i] * self->profile.pi[j * n_x + i];
        }
    }
    for (size_t j = 0; j < k2; j++) {
        double cell = 0;
        for (size_t l = 0; l < k2; l++) {
            cell += self->cell_of[k1 + l] == self->cell_of[k1 + j] ? mass[l] : 0;
        }
        const double below = log(self->options.mass_floor * cell / fmax(mass[j], 1e-300));
        if (!(below > 0) || cell == mass[j]) {
            continue;
        }
        total += below * below;
        memset(row, 0, sizeof row);
        for (size_t l = 0; linearise && l < self->n_links; l++) {
            const long number = gate_number(self, self->links[l].raw);
            double slope = 0;
            for (size_t m = 0; m < k2 && number != GATE_NONE; m++) {
                const double weight = self->cell_of[k1 + m] == self->cell_of[k1 + j] ? 1 / cell : 0;
                const double part = weight - (m == j ? 1 / mass[j] : 0);
                for (size_t i = 0; i < n_x && part != 0; i++) {
                    slope += part * self->quadrature->wx[i] * self->profile.pi[m * n_x + i] *
                             self->profile.gate_slopes[((size_t)number * k2 + m) * n_x + i];
                }
            }
            row[place[self->links[l].slot]] += self->links[l].value * slope;
        }
        if (linearise) {
            row[self->n] = below;
            fit_merge(self->n, self->r, 1, row, 1, NULL);
        }
    }
    return total;
}

/* Far from a component its share leaves the range of numbers slowly, through denormal ones, each of which costs as much
 * as a hundred others and counts for nothing here: until keep_denormals they are 0, where the processor can do that. */
static unsigned flush_denormals(void) {
#if defined(__SSE2__)
    const unsigned mode = _mm_getcsr();
    _mm_setcsr(mode | 0x8040);
    return mode;
#else
    return 0;
#endif
}

static void keep_denormals(unsigned mode) {
#if defined(__SSE2__)
    _mm_setcsr(mode);
#else
    (void)mode;
#endif
}

gsc_status fit_evaluate(gsc_kl_fit *self, const double *u, bool linearise, double *ret_kl,
                        gsc_error *error) {
    const gsc_quadrature *nodes = self->quadrature;
    const size_t k = self->shape.k_shared + self->shape.k_routed;
    size_t place[GSC_KL_FIT_MAX_SLOTS];
    gsc_status status = fit_map(self, u, error);
    if (status == GSC_OK && self->discrete == NULL) {
        status = gsc_profile_evaluate(&self->profile, self->mixture, nodes->x, linearise, error);
    }
    if (status == GSC_OK && linearise) {
        status = fit_link_up(self, u, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    if (self->discrete != NULL) {
        return fit_discrete_evaluate(self, linearise, ret_kl, error);
    }
    if (linearise) {
        memset(self->r, 0, self->n * (self->n + 1) * sizeof *self->r);
        for (size_t c = 0; c < self->n; c++) {
            place[self->column[c]] = c;
        }
        place_links(self);
    }
    double total = 0;
    const unsigned mode = flush_denormals();
    for (size_t i = 0; i < nodes->n_x; i++) {
        const size_t rows = nodes->first[i + 1] - nodes->first[i], all = padded(rows);
        double *share = self->rows, *gap = share + k * all, *pull = gap + (k + 1) * all;
        double *routed = pull + all, *channels = routed + all, seen = 0, lost_slope;
        double *e = channels + 3 * k * (rows + 1);
        total += node_residuals(self, i, share, gap, e, pull, &seen);
        e[rows] = lost_mass(nodes->wx[i], seen, &lost_slope);
        total += e[rows] * e[rows];
        if (linearise) {
            node_channels(self, i, rows, share, gap, pull, routed, rows + 1, channels);
            lost_channels(self, i, rows, pull, lost_slope, 3 * k, channels);
            merge_node(self, i, rows + 1, channels, self->rows + node_size(self), place);
        }
    }
    keep_denormals(mode);
    if (self->general && self->options.mass_floor > 0) {
        total += floor_residuals(self, linearise, place);
    }
    *ret_kl = 0.5 * total;
    if (!isfinite(total)) {
        return gsc_fail(error, GSC_ERR_NUMERIC,
                        "the divergence from the truth is not finite at this mixture");
    }
    return GSC_OK;
}

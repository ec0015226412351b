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

/* Loops over rows are compiled for wide registers too, where the linker can choose. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define FIT_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define FIT_CLONES
#endif

static const double log_two_pi = 1.8378770664093453;

double fit_curvature(double rho) {
    const double r = rho - 1;
    if (fabs(r) < 0.03) {
        double sum = 0, power = 1;
        for (int k = 2; k < 14; k++, power *= -r) {
            sum += 2 * power / k;
        }
        return sum;
    }
    return 2 * (r - log(rho)) / (r * r);
}

/* One node's scratch: k shares rho_c, k residuals y - h_c, de / drho, the sum of routed shares, then channels and e;
 * their triangle, by row and by column; the Jacobian of the triangle. */
size_t fit_rows_size(const gsc_kl_fit *self) {
    const size_t k1 = self->shape.k_shared, k = k1 + self->shape.k_routed;
    const size_t columns = 2 * k + 2 + 3 * k + 1, channels = 3 * k;
    return columns * (self->quadrature->most_rows + 1) + 2 * channels * (channels + 1) +
           (self->slots + 1) * channels;
}

/* rho_c of the rows of node i into share [k][rows], y - h_c into gap; e into ret_e,
 * de / drho into ret_pull, sum w (rho - 1) into *ret_seen. */
FIT_CLONES
static double node_residuals(const gsc_kl_fit *self, size_t i, size_t rows, double *share,
                             double *gap, double *ret_e, double *ret_pull, double *ret_seen) {
    const gsc_quadrature *nodes = self->quadrature;
    const size_t k1 = self->shape.k_shared, k = k1 + self->shape.k_routed, t0 = nodes->first[i];
    double total = 0;
    memset(ret_e, 0, rows * sizeof *ret_e);
    for (size_t c = 0; c < k; c++) {
        const double variance =
            self->mixture[c < k1 ? self->layout.tau + c : self->layout.nu + c - k1];
        const double constant =
            self->profile.log_weight[c * nodes->n_x + i] - 0.5 * (log(variance) + log_two_pi);
        const double h = self->profile.h[c * nodes->n_x + i], precision = 0.5 / variance;
        double *share_c = share + c * rows, *gap_c = gap + c * rows;
        for (size_t t = 0; t < rows; t++) {
            gap_c[t] = nodes->y[t0 + t] - h;
            share_c[t] = exp(constant - precision * gap_c[t] * gap_c[t] - nodes->log_truth[t0 + t]);
            ret_e[t] += share_c[t];
        }
    }
    for (size_t t = 0; t < rows; t++) {
        const double rho = fmax(ret_e[t], 1e-290), root = sqrt(fit_curvature(rho));
        const double weight = nodes->root_weight[t0 + t];
        *ret_seen += weight * weight * (rho - 1);
        ret_e[t] = weight * (rho - 1) * root;
        ret_pull[t] = weight / (root * rho);
        total += ret_e[t] * ret_e[t];
    }
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

/* Channels: mean_c [k], log variance_c [k], omega_i [k1], z_j [k2], each [rows], stride apart;
 * share becomes de / dlog term. */
FIT_CLONES
static void node_channels(const gsc_kl_fit *self, size_t i, size_t rows, double *share,
                          const double *gap, const double *pull, double *routed, size_t stride,
                          double *ret_channels) {
    const size_t k1 = self->shape.k_shared, k2 = self->shape.k_routed, k = k1 + k2;
    const size_t n_x = self->quadrature->n_x;
    memset(routed, 0, rows * sizeof *routed);
    for (size_t c = 0; c < k; c++) {
        const double precision =
            1 / self->mixture[c < k1 ? self->layout.tau + c : self->layout.nu + c - k1];
        double *p = share + c * rows, *mean = ret_channels + c * stride;
        double *spread = ret_channels + (k + c) * stride;
        const double *e = gap + c * rows;
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
        const double *p = share + (k1 + j) * rows;
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

/* The channel of a flat index, and the number of x node i that multiplies it. */
static size_t channel_of(const gsc_kl_fit *self, size_t raw, size_t i, double *ret_factor) {
    const gsc_mixture_layout *at = &self->layout;
    const size_t k1 = self->shape.k_shared, k = k1 + self->shape.k_routed;
    const size_t n_x = self->quadrature->n_x;
    *ret_factor = 1;
    if (raw < at->kappa) {
        return 2 * k + raw;
    }
    if (raw < at->tau) {
        const size_t size = self->shape.shared->theta_size, c = (raw - at->kappa) / size;
        *ret_factor =
            self->profile
                .jacobian[self->profile.jacobian_at[c] + (raw - at->kappa) % size * n_x + i];
        return c;
    }
    if (raw < at->beta0) {
        return k + raw - at->tau;
    }
    if (raw < at->beta1) {
        return 2 * k + k1 + raw - at->beta0;
    }
    if (raw < at->eta) {
        *ret_factor = self->quadrature->x[i];
        return 2 * k + k1 + raw - at->beta1;
    }
    if (raw < at->nu) {
        const size_t size = self->shape.routed->theta_size, c = k1 + (raw - at->eta) / size;
        *ret_factor =
            self->profile.jacobian[self->profile.jacobian_at[c] + (raw - at->eta) % size * n_x + i];
        return c;
    }
    return k + k1 + raw - at->nu;
}

FIT_CLONES
static void node_jacobian(const gsc_kl_fit *self, size_t i, size_t rows, size_t stride,
                          const double *channels, const size_t *place, double *ret_jacobian) {
    memset(ret_jacobian, 0, self->n * stride * sizeof *ret_jacobian);
    for (size_t l = 0; l < self->n_links; l++) {
        const fit_link *link = &self->links[l];
        double factor;
        const long number = gate_number(self, link->raw);
        if (number != GATE_NONE) {
            add_gate_number(self, i, rows, channels, link, (size_t)number,
                            ret_jacobian + place[link->slot] * stride);
            continue;
        }
        const double *channel = channels + channel_of(self, link->raw, i, &factor) * rows;
        double *column = ret_jacobian + place[link->slot] * stride;
        factor *= link->value;
        for (size_t t = 0; t < rows; t++) {
            column[t] += factor * channel[t];
        }
    }
}

/* One column's reflection: dot = scale (v'b + head top), top -= dot head, b -= dot v. */
static inline void reflect_one(size_t rows, const double *restrict v, double head, double scale,
                               double *restrict b, double *top) {
    double dot = 0;
#pragma omp simd reduction(+ : dot)
    for (size_t t = 0; t < rows; t++) {
        dot += v[t] * b[t];
    }
    dot = scale * (dot + head * *top);
    *top -= dot * head;
#pragma omp simd
    for (size_t t = 0; t < rows; t++) {
        b[t] -= dot * v[t];
    }
}

/* Four columns at once: a single sum would wait for each addition. */
static inline void reflect_four(size_t rows, const double *restrict v, double head, double scale,
                                double *restrict b, size_t stride, double *top) {
    double *restrict c = b + stride, *restrict d = c + stride, *restrict e = d + stride;
    double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
#pragma omp simd reduction(+ : s0, s1, s2, s3)
    for (size_t t = 0; t < rows; t++) {
        s0 += v[t] * b[t];
        s1 += v[t] * c[t];
        s2 += v[t] * d[t];
        s3 += v[t] * e[t];
    }
    s0 = scale * (s0 + head * top[0]);
    s1 = scale * (s1 + head * top[1]);
    s2 = scale * (s2 + head * top[2]);
    s3 = scale * (s3 + head * top[3]);
    top[0] -= s0 * head;
    top[1] -= s1 * head;
    top[2] -= s2 * head;
    top[3] -= s3 * head;
#pragma omp simd
    for (size_t t = 0; t < rows; t++) {
        b[t] -= s0 * v[t];
        c[t] -= s1 * v[t];
        d[t] -= s2 * v[t];
        e[t] -= s3 * v[t];
    }
}

FIT_CLONES
void fit_merge(size_t n, double *r, size_t rows, double *block, size_t stride) {
    for (size_t k = 0; k < n; k++) {
        double *restrict v = block + k * stride;
        double *diagonal = &r[k * (n + 1) + k];
        double below = 0;
#pragma omp simd reduction(+ : below)
        for (size_t t = 0; t < rows; t++) {
            below += v[t] * v[t];
        }
        if (below == 0) {
            continue;
        }
        const double length = sqrt(*diagonal * *diagonal + below);
        const double end = *diagonal > 0 ? -length : length, head = *diagonal - end;
        const double scale = 2 / (head * head + below);
        *diagonal = end;
        size_t j = k + 1;
        for (; j + 3 <= n; j += 4) {
            reflect_four(rows, v, head, scale, block + j * stride, stride, &r[k * (n + 1) + j]);
        }
        for (; j <= n; j++) {
            reflect_one(rows, v, head, scale, block + j * stride, &r[k * (n + 1) + j]);
        }
    }
}

/* Folds a node into R: its channels [S] and e are reduced to a triangle of S rows, from which the Jacobian is made.
 * scratch: the triangle twice, the Jacobian. */
static void merge_node(gsc_kl_fit *self, size_t i, size_t rows, double *channels, double *scratch,
                       const size_t *place) {
    const size_t count = 3 * (self->shape.k_shared + self->shape.k_routed);
    double *triangle = scratch, *columns = triangle + count * (count + 1);
    double *jacobian = columns + count * (count + 1);
    memset(triangle, 0, count * (count + 1) * sizeof *triangle);
    fit_merge(count, triangle, rows, channels, rows);
    for (size_t c = 0; c <= count; c++) {
        for (size_t t = 0; t < count; t++) {
            columns[c * count + t] = t <= c ? triangle[t * (count + 1) + c] : 0;
        }
    }
    node_jacobian(self, i, count, count, columns, place, jacobian);
    memcpy(jacobian + self->n * count, columns + count * count, count * sizeof *jacobian);
    fit_merge(self->n, self->r, count, jacobian, count);
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
            fit_merge(self->n, self->r, 1, row, 1);
        }
    }
    return total;
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
    }
    double total = 0;
    for (size_t i = 0; i < nodes->n_x; i++) {
        const size_t rows = nodes->first[i + 1] - nodes->first[i];
        double *share = self->rows, *gap = share + k * rows, *pull = gap + k * rows;
        double *routed = pull + rows, *channels = routed + rows, seen = 0, lost_slope;
        double *e = channels + 3 * k * (rows + 1);
        total += node_residuals(self, i, rows, share, gap, e, pull, &seen);
        e[rows] = lost_mass(nodes->wx[i], seen, &lost_slope);
        total += e[rows] * e[rows];
        if (linearise) {
            node_channels(self, i, rows, share, gap, pull, routed, rows + 1, channels);
            lost_channels(self, i, rows, pull, lost_slope, 3 * k, channels);
            merge_node(self, i, rows + 1, channels, e + rows + 1, place);
        }
    }
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

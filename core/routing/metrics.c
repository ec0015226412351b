/* SPDX-License-Identifier: MIT
 *
 * Figures of a router of one routing. Layer: core/routing.
 */
#include "core/routing/metrics.h"

#include <math.h>
#include <string.h>

/* ---- Shares ----------------------------------------------------------------------------------- */
static double sum_of(const double *r, size_t n) {
    double sum = 0;
    for (size_t j = 0; j < n; j++) {
        sum += r[j];
    }
    return sum;
}

double gsc_router_jain(const double *r, size_t experts) {
    double sum = sum_of(r, experts), squares = 0;
    for (size_t j = 0; j < experts; j++) {
        squares += r[j] * r[j];
    }
    return squares > 0 ? sum * sum / ((double)experts * squares) : NAN;
}

double gsc_router_cv(const double *load, size_t experts) {
    double mean = sum_of(load, experts) / (double)experts, squares = 0;
    for (size_t j = 0; j < experts; j++) {
        squares += (load[j] - mean) * (load[j] - mean);
    }
    return mean > 0 ? sqrt(squares / (double)experts) / mean : NAN;
}

double gsc_router_max_violation(const double *load, size_t experts) {
    double mean = sum_of(load, experts) / (double)experts, most = 0;
    for (size_t j = 0; j < experts; j++) {
        most = fmax(most, load[j]);
    }
    return mean > 0 ? most / mean - 1 : NAN;
}

double gsc_router_min_violation(const double *load, size_t experts) {
    double mean = sum_of(load, experts) / (double)experts, least = INFINITY;
    for (size_t j = 0; j < experts; j++) {
        least = fmin(least, load[j]);
    }
    return mean > 0 ? 1 - least / mean : NAN;
}

double gsc_router_mean_violation(const double *load, size_t experts) {
    double mean = sum_of(load, experts) / (double)experts, sum = 0;
    for (size_t j = 0; j < experts; j++) {
        sum += fabs(load[j] / mean - 1);
    }
    return mean > 0 ? sum / (double)experts : NAN;
}

double gsc_router_dead_share(const double *load, size_t experts) {
    double slots = sum_of(load, experts);
    size_t dead = 0;
    for (size_t j = 0; j < experts; j++) {
        dead += load[j] * 10 * (double)experts < slots;
    }
    return slots > 0 ? (double)dead / (double)experts : NAN;
}

double gsc_router_entropy(const double *r, size_t count) {
    double sum = sum_of(r, count), product = 0;
    for (size_t j = 0; j < count; j++) {
        product += r[j] > 0 ? r[j] * log(r[j] / sum) : 0;
    }
    return sum > 0 ? fmax(0, -product / sum) : NAN;
}

double gsc_router_usage_perplexity(const double *load, size_t experts) {
    return exp(gsc_router_entropy(load, experts)) / (double)experts;
}

double gsc_router_drop_rate(double dropped, double slots) {
    return slots > 0 ? dropped / slots : NAN;
}

/* ---- One routing ------------------------------------------------------------------------------ */
static double mean_of(double sum, size_t n) {
    return n > 0 ? sum / (double)n : NAN;
}

double gsc_router_token_entropy(const gsc_routing *self) {
    return self->experts > 1 ? mean_of(self->entropy, self->n_scored) / log((double)self->experts)
                             : NAN;
}

double gsc_router_mutual_information(const gsc_routing *self) {
    return gsc_router_entropy(self->prob, self->experts) - mean_of(self->entropy, self->n_scored);
}

double gsc_router_margin(const gsc_routing *self) {
    return mean_of(self->margin, self->n_margin);
}

double gsc_router_confidence(const gsc_routing *self) {
    return mean_of(self->confidence, self->n_scored);
}

double gsc_router_experts_per_token(const gsc_routing *self) {
    return mean_of(self->start[self->filled], self->filled);
}

void gsc_router_coactivation(const gsc_routing *self, double *ret_share) {
    size_t experts = self->experts;
    memset(ret_share, 0, experts * experts * sizeof(*ret_share));
    for (size_t i = 0; i < self->filled; i++) {
        for (uint32_t a = self->start[i]; a < self->start[i + 1]; a++) {
            double *row = ret_share + self->chosen[a] * experts;
            for (uint32_t b = self->start[i]; b < self->start[i + 1]; b++) {
                row[self->chosen[b]] += 1;
            }
        }
    }
    for (size_t i = 0; i < experts; i++) {
        for (size_t j = 0; j < experts; j++) {
            double *share = &ret_share[i * experts + j];
            *share = self->load[i] > 0 ? *share / self->load[i] : NAN;
        }
    }
}

double gsc_router_strongest_partner(const double *share, size_t experts) {
    double sum = 0;
    size_t used = 0;
    for (size_t i = 0; i < experts; i++) {
        double most = 0;
        for (size_t j = 0; j < experts; j++) {
            most = j != i ? fmax(most, share[i * experts + j]) : most;
        }
        if (!isnan(share[i * experts + i])) {
            sum += most;
            used++;
        }
    }
    return mean_of(sum, used);
}

void gsc_router_label_counts(const gsc_routing *self, const int32_t *label, size_t labels,
                             double *ret_counts) {
    memset(ret_counts, 0, labels * self->experts * sizeof(*ret_counts));
    for (size_t i = 0; i < self->filled; i++) {
        if (label[i] >= 0) {
            double *row = ret_counts + (size_t)label[i] * self->experts;
            for (uint32_t c = self->start[i]; c < self->start[i + 1]; c++) {
                row[self->chosen[c]] += 1;
            }
        }
    }
}

double gsc_router_information(const double *counts, size_t rows, size_t columns) {
    double all = sum_of(counts, rows * columns), joint = 0, of_row = 0, of_column = 0;
    if (!(all > 0)) {
        return NAN;
    }
    /* I = H(row) + H(column) - H(row, column). */
    joint = gsc_router_entropy(counts, rows * columns);
    for (size_t r = 0; r < rows; r++) {
        double share = sum_of(counts + r * columns, columns) / all;
        of_row -= share > 0 ? share * log(share) : 0;
    }
    for (size_t c = 0; c < columns; c++) {
        double sum = 0;
        for (size_t r = 0; r < rows; r++) {
            sum += counts[r * columns + c];
        }
        of_column -= sum > 0 ? sum / all * log(sum / all) : 0;
    }
    return fmax(0, of_row + of_column - joint);
}

double gsc_router_specialization(const double *counts, size_t rows, size_t columns) {
    double shares = 0;
    size_t used = 0;
    for (size_t r = 0; r < rows; r++) {
        double sum = sum_of(counts + r * columns, columns), most = 0;
        for (size_t c = 0; c < columns; c++) {
            most = fmax(most, counts[r * columns + c]);
        }
        if (sum > 0) {
            shares += most / sum;
            used++;
        }
    }
    return mean_of(shares, used);
}

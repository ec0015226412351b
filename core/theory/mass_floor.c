/* SPDX-License-Identifier: MIT
 *
 * Shares, their chart, and its derivative.
 */
#include "core/theory/mass_floor.h"

#include "core/theory/align.h"

#include <math.h>
#include <string.h>

/* An atom this close to the floor, relatively, is at it. */
static const double touch = 1e-9;

gsc_mass_group gsc_mass_group_of(const gsc_mixture_shape *shape, bool routed) {
    const size_t k = routed ? shape->k_routed : shape->k_shared;
    return (gsc_mass_group){.gate = routed ? shape->gate : NULL,
                            .k = k,
                            .floor = k > 1 ? shape->mass_floor : 0,
                            .box = routed && shape->box > 0 ? shape->box : 700};
}

gsc_status gsc_mass_floor_check(const gsc_mixture_shape *shape, gsc_error *error) {
    const size_t most = shape->k_shared > shape->k_routed ? shape->k_shared : shape->k_routed;
    if (!(shape->mass_floor > 0)) {
        return GSC_OK;
    }
    if ((double)most * shape->mass_floor >= 1) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "theory.mass_floor is %g, but %zu atoms share a mass; it should be below "
                        "%.3g",
                        shape->mass_floor, most, 1 / (double)most);
    }
    if (shape->k_routed > 1 && shape->gate->general) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "theory.mass_floor is %g, but %s has no masses a(beta0); it should be 0",
                        shape->mass_floor, shape->gate->name);
    }
    return GSC_OK;
}

void gsc_mass_floor_omega(size_t k, double floor, const double *mass, double *ret_omega) {
    bool held[GSC_MAX_ATOMS] = {false};
    for (;;) {
        double room = 1, total = 0;
        bool again = false;
        for (size_t i = 0; i < k; i++) {
            room -= held[i] ? floor : 0;
            total += held[i] ? 0 : mass[i];
        }
        for (size_t i = 0; i < k; i++) {
            ret_omega[i] = held[i] ? floor : total > 0 ? room * mass[i] / total : floor;
            if (!held[i] && ret_omega[i] < floor) {
                held[i] = again = true;
            }
        }
        if (!again) {
            return;
        }
    }
}

/* log a(b) and its slope. */
static gsc_status log_masses(const gsc_mass_group *group, const double *b, double *ret_log_a,
                             double *ret_slope, gsc_error *error) {
    if (group->gate != NULL) {
        return gsc_gate_log_affinity(group->gate, group->k, b, ret_log_a, ret_slope, error);
    }
    for (size_t j = 0; j < group->k; j++) {
        ret_log_a[j] = b[j];
        ret_slope[j] = 1;
    }
    return GSC_OK;
}

static gsc_status invert(const gsc_mass_group *group, double log_mass, double *ret_b,
                         bool *ret_clipped, gsc_error *error) {
    if (group->gate != NULL) {
        return gsc_gate_invert(group->gate, log_mass, group->box, ret_b, ret_clipped, error);
    }
    *ret_b = log_mass;
    *ret_clipped = false;
    return GSC_OK;
}

static double log_sum(size_t k, const double *log_a, const bool *left_out) {
    double top = -INFINITY, sum = 0;
    for (size_t j = 0; j < k; j++) {
        top = left_out == NULL || !left_out[j] ? fmax(top, log_a[j]) : top;
    }
    for (size_t j = 0; j < k; j++) {
        sum += left_out == NULL || !left_out[j] ? exp(log_a[j] - top) : 0;
    }
    return top + log(sum);
}

gsc_status gsc_mass_settle(const gsc_mass_group *group, double *b, size_t *ret_at_floor,
                           gsc_error *error) {
    double log_a[GSC_MAX_ATOMS], slope[GSC_MAX_ATOMS], share[GSC_MAX_ATOMS], excess = 0;
    bool below = false;
    gsc_status status = log_masses(group, b, log_a, slope, error);
    if (status != GSC_OK) {
        return status;
    }
    const double total = log_sum(group->k, log_a, NULL);
    for (size_t j = 0; j < group->k; j++) {
        share[j] = exp(log_a[j] - total);
        below = below || share[j] < group->floor * (1 - touch);
        excess += fmax(share[j] - group->floor, 0);
    }
    const double room = 1 - (double)group->k * group->floor;
    size_t at_floor = 0;
    for (size_t j = 0; j < group->k && status == GSC_OK; j++) {
        bool clipped;
        if (below) {
            const double wanted =
                group->floor + (excess > 0 ? fmax(share[j] - group->floor, 0) * room / excess
                                           : room / (double)group->k);
            status = invert(group, total + log(wanted), &b[j], &clipped, error);
            share[j] = wanted;
        }
        at_floor += share[j] <= group->floor * (1 + touch);
    }
    if (ret_at_floor != NULL) {
        *ret_at_floor = at_floor;
    }
    return status;
}

gsc_status gsc_mass_floor_settle(const gsc_mixture_shape *shape, double *mixture,
                                 size_t *ret_at_floor, gsc_error *error) {
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    size_t total = 0;
    for (int routed = 0; routed < 2; routed++) {
        const gsc_mass_group group = gsc_mass_group_of(shape, routed);
        double b[GSC_MAX_ATOMS], *from = mixture + (routed ? at.beta0 : at.omega);
        size_t at_floor = 0;
        if (!(group.floor > 0)) {
            continue;
        }
        for (size_t j = 0; j < group.k; j++) {
            b[j] = routed ? from[j] : log(fmax(from[j], 1e-300));
        }
        const gsc_status status = gsc_mass_settle(&group, b, &at_floor, error);
        if (status != GSC_OK) {
            return status;
        }
        const double sum = routed ? 0 : log_sum(group.k, b, NULL);
        for (size_t j = 0; j < group.k; j++) {
            from[j] = routed ? b[j] : exp(b[j] - sum);
        }
        total += at_floor;
    }
    if (ret_at_floor != NULL) {
        *ret_at_floor = total;
    }
    return GSC_OK;
}

gsc_status gsc_mass_chart_init(gsc_mass_chart *self, const gsc_mass_group *group, const double *b,
                               double *ret_v, gsc_error *error) {
    double log_a[GSC_MAX_ATOMS], slope[GSC_MAX_ATOMS];
    const gsc_status status = log_masses(group, b, log_a, slope, error);
    if (status != GSC_OK) {
        return status;
    }
    const double total = log_sum(group->k, log_a, NULL);
    size_t largest = 0;
    self->group = *group;
    for (size_t j = 0; j < group->k; j++) {
        largest = log_a[j] > log_a[largest] ? j : largest;
    }
    for (size_t j = 0; j < group->k; j++) {
        self->small[j] = j != largest && log_a[j] - total < log(2 * group->floor);
        ret_v[j] = self->small[j] ? fmax(log_a[j] - total, log(group->floor)) : b[j];
    }
    return GSC_OK;
}

gsc_status gsc_mass_chart_map(const gsc_mass_chart *self, const double *v, double *ret_b,
                              double *ret_jacobian, bool *ret_inside, gsc_error *error) {
    const gsc_mass_group *group = &self->group;
    const size_t k = group->k;
    double log_a[GSC_MAX_ATOMS], slope[GSC_MAX_ATOMS], b[GSC_MAX_ATOMS] = {0}, small = 0;
    bool clipped[GSC_MAX_ATOMS] = {false};
    for (size_t j = 0; j < k; j++) {
        small += self->small[j] ? exp(v[j]) : 0;
        b[j] = self->small[j] ? 0 : v[j]; /* small ones follow */
    }
    *ret_inside = small < 1;
    if (!*ret_inside) {
        return GSC_OK;
    }
    gsc_status status = log_masses(group, b, log_a, slope, error);
    const double rest = status == GSC_OK ? log_sum(k, log_a, self->small) : 0;
    double weight[GSC_MAX_ATOMS]; /* d rest / d b of atoms that are not small */
    for (size_t l = 0; l < k; l++) {
        weight[l] = self->small[l] ? 0 : exp(log_a[l] - rest) * slope[l];
    }
    for (size_t j = 0; j < k && status == GSC_OK; j++) {
        if (self->small[j]) {
            status = invert(group, v[j] + rest - log1p(-small), &b[j], &clipped[j], error);
        }
    }
    if (status == GSC_OK && ret_jacobian != NULL) {
        status = log_masses(group, b, log_a, slope, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    for (size_t j = 0; j < k && ret_jacobian != NULL; j++) {
        for (size_t l = 0; l < k; l++) {
            double value = j == l;
            if (self->small[j] && (clipped[j] || slope[j] == 0)) {
                value = 0;
            } else if (self->small[j]) {
                const double of_rest = self->small[l] ? exp(v[l]) / (1 - small) : weight[l];
                value = (value + of_rest) / slope[j];
            }
            ret_jacobian[j * k + l] = value;
        }
    }
    memcpy(ret_b, b, k * sizeof *ret_b);
    return GSC_OK;
}

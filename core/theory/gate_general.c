/* SPDX-License-Identifier: MIT
 *
 * Score, probabilities and their derivatives, by row.
 */
#include "core/theory/gate_general.h"

#include "core/plugin/guard.h"
#include "core/theory/family_internal.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_TENSORS = 32,
    MAX_LOGITS = 256
};

/* ---- Shapes ---------------------------------------------------------------------------------- */

static size_t logits_of(const gsc_gate_family *gate) {
    const gsc_gate *table = gate->loaded->gate;
    const int64_t m = table->logits != NULL ? table->logits((int64_t)gate->experts, gate->params)
                                            : (int64_t)gate->experts;
    return m > 0 && m <= MAX_LOGITS ? (size_t)m : gate->experts;
}

static bool has_host_weights(const gsc_gate_family *gate) {
    return gate->loaded->gate->score_form != GSC_SCORE_OWN;
}

/* Numbers of the block "logits". */
static size_t more_logits(const gsc_gate_family *gate, size_t inputs) {
    const size_t m = logits_of(gate);
    return has_host_weights(gate) && m > gate->experts ? (m - gate->experts) * (1 + inputs) : 0;
}

static size_t tensor_size(const gsc_gate_family *gate, size_t inputs, const gsc_tensor *tensor) {
    size_t size = 1;
    for (uint32_t i = 0; i < tensor->dims && i < GSC_MAX_DIMS; i++) {
        int64_t s = tensor->size[i];
        if (s == GSC_SIZE_INPUTS) {
            s = (int64_t)inputs;
        } else if (s == GSC_SIZE_EXPERTS) {
            s = (int64_t)gate->experts;
        } else if (s == GSC_SIZE_LOGITS) {
            s = (int64_t)logits_of(gate);
        } else if (s <= GSC_SIZE_PARAM(0)) {
            const uint64_t index = (uint64_t)(GSC_SIZE_PARAM(0) - s);
            s = index < gate->loaded->plugin->n_params ? (int64_t)gate->params[index] : 0;
        }
        if (s < 1 || s > 4096 || size * (size_t)s > 65536) {
            return 0;
        }
        size *= (size_t)s;
    }
    return size;
}

bool gsc_gate_block(const gsc_gate_family *gate, size_t inputs, size_t i,
                    gsc_theta_block *ret_block) {
    const gsc_plugin *plugin = gate->loaded->plugin;
    const size_t logits = more_logits(gate, inputs);
    size_t offset = 0, index = 0;
    if (logits > 0) {
        if (i == 0) {
            *ret_block = (gsc_theta_block){.name = "logits", .offset = 0, .size = logits};
            return true;
        }
        offset = logits;
        index = 1;
    }
    for (uint32_t k = 0; k < plugin->n_tensors; k++, index++) {
        const size_t size = tensor_size(gate, inputs, &plugin->tensors[k]);
        if (index == i) {
            *ret_block = (gsc_theta_block){.offset = offset, .size = size};
            snprintf(ret_block->name, sizeof ret_block->name, "%.31s", plugin->tensors[k].name);
            return true;
        }
        offset += size;
    }
    return false;
}

size_t gsc_gate_extra(const gsc_gate_family *gate, size_t inputs) {
    gsc_theta_block block;
    size_t total = 0;
    for (size_t i = 0; gsc_gate_block(gate, inputs, i, &block); i++) {
        if (block.size == 0) {
            return SIZE_MAX;
        }
        total += block.size;
    }
    return total;
}

void gsc_gate_initial(const gsc_gate_family *gate, size_t inputs, const double *noise,
                      double *ret_extra) {
    const gsc_plugin *plugin = gate->loaded->plugin;
    size_t at = more_logits(gate, inputs);
    for (size_t i = 0; i < at; i++) {
        ret_extra[i] = 0.1 * noise[i];
    }
    for (uint32_t k = 0; k < plugin->n_tensors; k++) {
        const gsc_tensor *tensor = &plugin->tensors[k];
        const size_t size = tensor_size(gate, inputs, tensor);
        const uint32_t param = (uint32_t)tensor->scale;
        for (size_t i = 0; i < size; i++, at++) {
            const bool normal = tensor->init == GSC_INIT_NORMAL || tensor->init == GSC_INIT_FAN_IN;
            double middle = tensor->init == GSC_INIT_CONSTANT ? tensor->scale : 0;
            if (tensor->init == GSC_INIT_PARAM && param < plugin->n_params) {
                middle = gate->params[param];
            }
            ret_extra[at] = middle + (normal ? fmax(tensor->scale, 0.01) : 0.01) * noise[at];
        }
    }
}

/* ---- One evaluation -------------------------------------------------------------------------- */

/* Arrays of one call, cut from the scratch; rows of x, z, p, dz one after another. */
typedef struct evaluation {
    const gsc_gate_family *gate;
    const gsc_gate *table;
    gsc_gate_point point;
    size_t d, n, e, m, extra, logits_size;
    double *rows, *z, *log_pi, *dz, *dx,
        *slope; /* [n][d], [n][m], [n][e], [n][m], [n][d], [n][m] */
    double *dot, *xx, *ww, *of_dot, *of_xx, *of_ww, *spare; /* [n] each: one logit of all rows */
    double *numbers, *added;                                /* [extra]: copies the plugin may see */
    real *tensors[MAX_TENSORS], *gradients[MAX_TENSORS];
    gsc_call call;
    size_t floored;
} evaluation;

size_t gsc_gate_scratch(const gsc_gate_family *gate, size_t inputs, size_t n) {
    const size_t m = logits_of(gate), extra = gsc_gate_extra(gate, inputs);
    return n * (2 * inputs + 3 * m + gate->experts + 7) + 2 * extra;
}

static void begin(evaluation *self, const gsc_gate_family *gate, const gsc_gate_point *point,
                  size_t inputs, size_t n, const double *x, size_t stride, double *scratch) {
    const size_t m = logits_of(gate);
    *self = (evaluation){.gate = gate,
                         .table = gate->loaded->gate,
                         .point = *point,
                         .d = inputs,
                         .n = n,
                         .e = gate->experts,
                         .m = m,
                         .extra = gsc_gate_extra(gate, inputs),
                         .logits_size = more_logits(gate, inputs)};
    double **const arrays[] = {&self->rows,  &self->dx,      &self->z,     &self->dz,
                               &self->slope, &self->log_pi,  &self->dot,   &self->xx,
                               &self->ww,    &self->of_dot,  &self->of_xx, &self->of_ww,
                               &self->spare, &self->numbers, &self->added};
    const size_t sizes[] = {n * inputs, n * inputs, n * m, n * m, n * m, n * self->e, n,          n,
                            n,          n,          n,     n,     n,     self->extra, self->extra};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; scratch += sizes[i++]) {
        *arrays[i] = scratch;
    }
    for (size_t t = 0; t < n; t++) {
        for (size_t k = 0; k < inputs; k++) {
            self->rows[t * inputs + k] = x[k * stride + t];
        }
    }
    for (size_t i = 0; i < self->extra; i++) {
        self->numbers[i] = point->extra[i];
        self->added[i] = 0;
    }
    size_t at = self->logits_size;
    for (uint32_t k = 0; k < gate->loaded->plugin->n_tensors && k < MAX_TENSORS; k++) {
        self->tensors[k] = self->numbers + at;
        self->gradients[k] = self->added + at;
        at += tensor_size(gate, inputs, &gate->loaded->plugin->tensors[k]);
    }
    self->call = family_call(gate->params, n, inputs, self->e);
    self->call.logits = (int64_t)m;
    self->call.tensors = self->tensors;
    self->call.gradients = self->gradients;
}

/* Weight k of logit j; its intercept is k = d. */
static double weight_of(const evaluation *self, size_t j, size_t k) {
    if (j < self->e) {
        return k == self->d ? self->point.beta0[j] : self->point.beta1[j * self->d + k];
    }
    const double *own = self->numbers + (j - self->e) * (1 + self->d);
    return k == self->d ? own[0] : own[1 + k];
}

/* x.w_j, |x|^2 and |w_j|^2 of every row. */
static void products(evaluation *self, size_t j) {
    double ww = 0;
    for (size_t k = 0; k < self->d; k++) {
        ww += weight_of(self, j, k) * weight_of(self, j, k);
    }
    for (size_t t = 0; t < self->n; t++) {
        const double *row = self->rows + t * self->d;
        self->dot[t] = self->xx[t] = 0;
        self->ww[t] = ww;
        for (size_t k = 0; k < self->d; k++) {
            self->dot[t] += row[k] * weight_of(self, j, k);
            self->xx[t] += row[k] * row[k];
        }
    }
}

static gsc_status score(evaluation *self, gsc_error *error) {
    const char *name = self->gate->name;
    if (self->table->score_form == GSC_SCORE_OWN) {
        gsc_guard_enter(name, "score");
        self->table->score(&self->call, self->rows, self->z);
        gsc_guard_leave();
        return family_check_finite(name, "score", self->n * self->m, self->z, self->z, "score",
                                   error);
    }
    const bool inner = self->table->score_form == GSC_SCORE_INNER;
    gsc_status status = GSC_OK;
    for (size_t j = 0; j < self->m && status == GSC_OK; j++) {
        const double *value = self->dot;
        products(self, j);
        if (inner) {
            gsc_guard_enter(name, "inner");
            self->table->inner(&self->call, (int64_t)self->n, self->dot, self->xx, self->ww,
                               self->spare);
            gsc_guard_leave();
            status =
                family_check_finite(name, "inner", self->n, self->spare, self->dot, "x.w", error);
            value = self->spare;
        }
        for (size_t t = 0; t < self->n; t++) {
            self->z[t * self->m + j] = value[t] + weight_of(self, j, self->d);
        }
    }
    return status;
}

static double log_of(double p) {
    return log(fmax(p, DBL_MIN));
}

static gsc_status probs_by_row(evaluation *self, gsc_error *error) {
    double p[GSC_MAX_ATOMS];
    gsc_status status = GSC_OK;
    gsc_guard_enter(self->gate->name, "probs");
    for (size_t t = 0; t < self->n && status == GSC_OK; t++) {
        double sum = 0, least = INFINITY;
        self->table->probs(&self->call, (int64_t)t, self->z + t * self->m, p);
        for (size_t j = 0; j < self->e; j++) {
            sum += p[j];
            least = fmin(least, p[j]);
        }
        if (!(least >= 0) || !(fabs(sum - 1) <= 1e-6)) {
            status = gsc_fail(error, GSC_ERR_PLUGIN,
                              "%s: probs returned a row with sum %.6g and least value %.6g at step "
                              "%lld; probabilities are not negative and sum to 1",
                              self->gate->name, sum, least, family_step());
        }
        self->floored += least < DBL_MIN;
        for (size_t j = 0; j < self->e; j++) {
            self->log_pi[t * self->e + j] = log_of(p[j]);
        }
    }
    gsc_guard_leave();
    return status;
}

/* slope: also d log a / dz into self->slope. */
static gsc_status probs_by_affinity(evaluation *self, bool slope, gsc_error *error) {
    const gsc_status status =
        family_log_affinity(self->gate, &self->call, self->n * self->m, self->z, self->log_pi,
                            slope ? self->slope : NULL, error);
    for (size_t t = 0; t < self->n && status == GSC_OK; t++) {
        double *row = self->log_pi + t * self->e, top = row[0], sum = 0;
        bool floored = false;
        for (size_t j = 1; j < self->e; j++) {
            top = fmax(top, row[j]);
        }
        for (size_t j = 0; j < self->e; j++) {
            sum += exp(row[j] - top);
        }
        for (size_t j = 0; j < self->e; j++) {
            row[j] -= top + log(sum);
            floored = floored || row[j] < log(DBL_MIN);
            row[j] = fmax(row[j], log(DBL_MIN));
        }
        self->floored += floored;
    }
    return status;
}

static bool is_affinity(const evaluation *self) {
    return self->table->affinity_form != GSC_AFFINITY_NONE && self->m == self->e;
}

static gsc_status forward(evaluation *self, bool slope, gsc_error *error) {
    const gsc_status status = score(self, error);
    return status != GSC_OK    ? status
           : is_affinity(self) ? probs_by_affinity(self, slope, error)
                               : probs_by_row(self, error);
}

gsc_status gsc_gate_log_probs(const gsc_gate_family *gate, const gsc_gate_point *point,
                              size_t inputs, size_t n, const double *x, size_t stride,
                              double *ret_log_pi, size_t ret_stride, size_t *ret_floored,
                              double *scratch, gsc_error *error) {
    evaluation self;
    begin(&self, gate, point, inputs, n, x, stride, scratch);
    const gsc_status status = forward(&self, false, error);
    for (size_t t = 0; t < n && status == GSC_OK; t++) {
        for (size_t j = 0; j < self.e; j++) {
            ret_log_pi[j * ret_stride + t] = self.log_pi[t * self.e + j];
        }
    }
    if (status == GSC_OK && ret_floored != NULL) {
        *ret_floored += self.floored;
    }
    return status;
}

/* ---- Derivatives ----------------------------------------------------------------------------- */

static double q_of(const evaluation *self, const double *r, size_t r_stride) {
    double q = 0;
    for (size_t t = 0; t < self->n; t++) {
        for (size_t j = 0; j < self->e; j++) {
            q += r[j * r_stride + t] * self->log_pi[t * self->e + j];
        }
    }
    return q;
}

/* sum_j r_tj log p_j of one row at moved logits. */
static double row_q(evaluation *self, size_t t, const double *z, const double *r, size_t r_stride) {
    double p[GSC_MAX_ATOMS], q = 0;
    self->table->probs(&self->call, (int64_t)t, z, p);
    for (size_t j = 0; j < self->e; j++) {
        q += r[j * r_stride + t] * log_of(p[j]);
    }
    return q;
}

/* dQ/dz of every row. */
static void slope_of_probs(evaluation *self, const double *r, size_t r_stride) {
    double p[GSC_MAX_ATOMS], dp[GSC_MAX_ATOMS];
    gsc_guard_enter(self->gate->name, "probs_backward");
    for (size_t t = 0; t < self->n; t++) {
        double *z = self->z + t * self->m, *dz = self->dz + t * self->m, s = 0;
        for (size_t j = 0; j < self->e; j++) {
            const double share = r[j * r_stride + t];
            p[j] = exp(self->log_pi[t * self->e + j]);
            dp[j] = p[j] > DBL_MIN ? share / p[j] : 0;
            s += share;
        }
        if (is_affinity(self)) {
            for (size_t j = 0; j < self->e; j++) {
                dz[j] = self->slope[t * self->m + j] * (r[j * r_stride + t] - s * p[j]);
            }
        } else if (self->table->probs_backward != NULL) {
            self->table->probs_backward(&self->call, (int64_t)t, z, p, dp, dz);
        } else {
            for (size_t j = 0; j < self->m; j++) {
                const double kept = z[j], h = family_difference_step * fmax(1, fabs(kept));
                z[j] = kept + h;
                const double above = row_q(self, t, z, r, r_stride);
                z[j] = kept - h;
                dz[j] = (above - row_q(self, t, z, r, r_stride)) / (2 * h);
                z[j] = kept;
            }
        }
    }
    gsc_guard_leave();
}

/* dz/d(x.w), dz/d|w|^2 of logit j into of_dot and of_ww: the plugin's or differences. */
static void slope_of_inner(evaluation *self) {
    const int64_t n = (int64_t)self->n;
    gsc_guard_enter(self->gate->name, "inner_slope");
    if (self->table->inner_slope != NULL) {
        self->table->inner_slope(&self->call, n, self->dot, self->xx, self->ww, self->of_dot,
                                 self->of_xx, self->of_ww);
    } else {
        for (int which = 0; which < 2; which++) {
            double *moved = which == 0 ? self->dot : self->ww;
            double *ret = which == 0 ? self->of_dot : self->of_ww;
            double *h = self->of_xx;
            for (size_t t = 0; t < self->n; t++) {
                h[t] = family_difference_step * fmax(1, fabs(moved[t]));
                moved[t] += h[t];
            }
            self->table->inner(&self->call, n, self->dot, self->xx, self->ww, ret);
            for (size_t t = 0; t < self->n; t++) {
                moved[t] -= 2 * h[t];
            }
            self->table->inner(&self->call, n, self->dot, self->xx, self->ww, self->spare);
            for (size_t t = 0; t < self->n; t++) {
                ret[t] = (ret[t] - self->spare[t]) / (2 * h[t]);
                moved[t] += h[t];
            }
        }
    }
    gsc_guard_leave();
}

/* From dz to the weights that the host owns. */
static void chain_weights(evaluation *self, double *gradient) {
    const bool inner = self->table->score_form == GSC_SCORE_INNER;
    for (size_t j = 0; j < self->m; j++) {
        double total = 0;
        if (inner) {
            products(self, j);
            slope_of_inner(self);
        }
        for (size_t k = 0; k < self->d; k++) {
            const double w = weight_of(self, j, k);
            double sum = 0;
            for (size_t t = 0; t < self->n; t++) {
                const double dz = self->dz[t * self->m + j], x = self->rows[t * self->d + k];
                sum += inner ? dz * (self->of_dot[t] * x + 2 * self->of_ww[t] * w) : dz * x;
            }
            if (j < self->e) {
                gradient[self->e + j * self->d + k] += sum;
            } else {
                gradient[self->e * (1 + self->d) + (j - self->e) * (1 + self->d) + 1 + k] += sum;
            }
        }
        for (size_t t = 0; t < self->n; t++) {
            total += self->dz[t * self->m + j];
        }
        gradient[j < self->e ? j : self->e * (1 + self->d) + (j - self->e) * (1 + self->d)] +=
            total;
    }
}

/* Own tensors by differences of Q. */
static gsc_status difference_tensors(evaluation *self, const double *r, size_t r_stride,
                                     double *ret_gradient, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t i = self->logits_size; i < self->extra && status == GSC_OK; i++) {
        const double kept = self->numbers[i], h = family_difference_step * fmax(1, fabs(kept));
        self->numbers[i] = kept + h;
        status = forward(self, false, error);
        const double above = q_of(self, r, r_stride);
        self->numbers[i] = kept - h;
        if (status == GSC_OK) {
            status = forward(self, false, error);
        }
        ret_gradient[i] += (above - q_of(self, r, r_stride)) / (2 * h);
        self->numbers[i] = kept;
    }
    return status;
}

gsc_status gsc_gate_add_gradient(const gsc_gate_family *gate, const gsc_gate_point *point,
                                 size_t inputs, size_t n, const double *x, size_t stride,
                                 const double *r, size_t r_stride, double *q, double *gradient,
                                 double *scratch, gsc_error *error) {
    evaluation self;
    begin(&self, gate, point, inputs, n, x, stride, scratch);
    gsc_status status = forward(&self, true, error);
    if (status != GSC_OK) {
        return status;
    }
    double *of_extra = gradient + self.e * (1 + self.d);
    *q += q_of(&self, r, r_stride);
    const bool own = self.table->score_form == GSC_SCORE_OWN;
    if (!own || self.table->score_backward != NULL) {
        slope_of_probs(&self, r, r_stride);
        status = family_check_finite(gate->name, "probs_backward", n * self.m, self.dz, self.z,
                                     "logit", error);
    }
    if (status == GSC_OK && !own) {
        chain_weights(&self, gradient);
    }
    if (status == GSC_OK && own && self.table->score_backward != NULL) {
        gsc_guard_enter(gate->name, "score_backward");
        self.table->score_backward(&self.call, self.rows, self.z, self.dz, self.dx);
        gsc_guard_leave();
        for (size_t i = 0; i < self.extra; i++) {
            of_extra[i] += self.added[i];
        }
    } else if (status == GSC_OK) {
        status = difference_tensors(&self, r, r_stride, of_extra, error);
    }
    return status;
}

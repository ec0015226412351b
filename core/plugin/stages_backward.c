/* SPDX-License-Identifier: MIT
 *
 * The stages backward: weights -> p -> affinities -> z -> x and w; the selection is held fixed.
 * What the gate does not differentiate is differentiated numerically here. Layer: core/plugin.
 */
#include "core/plugin/stages.h"

#include "core/plugin/guard.h"
#include "core/plugin/stages_private.h"
#include "kernels/host.h"

#include <math.h>
#include <string.h>

/* ---- Numeric derivatives ---- */

/* Evaluates one stage for one row; out has n_out values. */
typedef void evaluate_row(gsc_gate_pass *pass, size_t row, double *out);

static void evaluate_inner(gsc_gate_pass *pass, size_t row, double *out) {
    gsc_stage_inner_row(pass, row, out);
}

static void evaluate_affinity(gsc_gate_pass *pass, size_t row, double *out) {
    pass->loaded->gate->affinity(&pass->call, (int64_t)pass->experts, pass->z + row * pass->logits,
                                 out);
}

static void evaluate_probs(gsc_gate_pass *pass, size_t row, double *out) {
    pass->loaded->gate->probs(&pass->call, (int64_t)row, pass->z + row * pass->logits, out);
}

static void evaluate_combine(gsc_gate_pass *pass, size_t row, double *out) {
    int64_t from = pass->choice.start[row];
    pass->loaded->gate->combine(&pass->call, (int64_t)row, pass->z + row * pass->logits,
                                pass->p + row * pass->experts, pass->choice.start[row + 1] - from,
                                pass->choice.chosen + from, out);
}

/* The cube root of the spacing at 1 balances truncation against rounding. */
static double step_at(double value) {
    return 6.055454452393343e-6 * fmax(1.0, fabs(value));
}

/* sum_i upstream_i d out_i / d *location, by moving *location. Row scratch 1 and 2 are used. */
static double differentiate(gsc_gate_pass *pass, evaluate_row *evaluate, size_t row, size_t n_out,
                            const double *upstream, double *location) {
    double *above = gsc_stage_row(pass, 1), *below = gsc_stage_row(pass, 2);
    double value = *location, h = step_at(value);
    double high = value + h, low = value - h;
    *location = high;
    evaluate(pass, row, above);
    *location = low;
    evaluate(pass, row, below);
    *location = value;
    pass->numeric_evaluations += 2;
    double sum = 0.0;
    for (size_t i = 0; i < n_out; i++) {
        sum += upstream[i] * (above[i] - below[i]);
    }
    return sum / (high - low);
}

/* A stage as the numeric derivatives see it: evaluation, last forward output, values a row (0: as
 * chosen). */
typedef struct stage {
    evaluate_row *evaluate;
    const double *output;
    size_t per_row;
    uint64_t reads; /* bit i: trained tensor i matters to it */
} stage;

static const double *output_row(const gsc_gate_pass *pass, const stage *s, size_t row,
                                size_t *ret_n) {
    if (s->per_row > 0) {
        *ret_n = s->per_row;
        return s->output + row * s->per_row;
    }
    int64_t from = pass->choice.start[row];
    *ret_n = (size_t)(pass->choice.start[row + 1] - from);
    return s->output + from;
}

/* Whether any row's output is another with the tensor as it stands now. */
static bool output_moved(gsc_gate_pass *pass, const stage *s) {
    double *now = gsc_stage_row(pass, 1);
    for (size_t row = 0; row < pass->rows; row++) {
        size_t n = 0;
        const double *before = output_row(pass, s, row, &n);
        s->evaluate(pass, row, now);
        for (size_t i = 0; i < n; i++) {
            /* Not bits: vector code differs between a row alone and a batch. */
            if (!(fabs(now[i] - before[i]) <= 1e-11 * fmax(1.0, fabs(before[i])))) {
                return true;
            }
        }
    }
    return false;
}

/* Finds the trained tensors that a stage reads, by moving each as a whole: a gate with a large own
 * score must not pay two evaluations per element in stages that never look at it. */
static stage stage_of(gsc_gate_pass *pass, evaluate_row *evaluate, const double *output,
                      size_t per_row) {
    stage s = {.evaluate = evaluate, .output = output, .per_row = per_row};
    const gsc_plugin *plugin = pass->loaded->plugin;
    for (uint32_t i = 0; i < plugin->n_tensors && pass->call.gradients != NULL; i++) {
        if (plugin->tensors[i].role != GSC_TENSOR_TRAINED || pass->call.gradients[i] == NULL) {
            continue;
        }
        double *tensor = pass->call.tensors[i];
        size_t count = (size_t)gsc_tensor_count(&plugin->tensors[i], &pass->call);
        memcpy(pass->saved, tensor, count * sizeof *tensor);
        for (size_t k = 0; k < count; k++) {
            tensor[k] += 0.01 * (1.0 + (double)(k % 7)) * fmax(1.0, fabs(tensor[k]));
        }
        s.reads |= output_moved(pass, &s) ? (uint64_t)1 << i : 0;
        memcpy(tensor, pass->saved, count * sizeof *tensor);
    }
    return s;
}

/* Adds one row's part of the gradient of every trained tensor that the stage reads. */
static void differentiate_tensors(gsc_gate_pass *pass, const stage *s, size_t row, size_t n_out,
                                  const double *upstream) {
    for (uint32_t i = 0; i < pass->loaded->plugin->n_tensors && s->reads >> i != 0; i++) {
        if ((s->reads >> i & 1) == 0) {
            continue;
        }
        int64_t count = gsc_tensor_count(&pass->loaded->plugin->tensors[i], &pass->call);
        for (int64_t k = 0; k < count; k++) {
            pass->call.gradients[i][k] +=
                differentiate(pass, s->evaluate, row, n_out, upstream, &pass->call.tensors[i][k]);
        }
    }
}

/* ---- Combine: dweight -> dp, or dz for an estimator ---- */

static void combine_row(gsc_gate_pass *pass, const stage *numeric, size_t row,
                        const double *dweight, double *ret_dz) {
    const gsc_gate *gate = pass->loaded->gate;
    size_t e = pass->experts;
    int64_t from = pass->choice.start[row], n = pass->choice.start[row + 1] - from;
    const int32_t *chosen = pass->choice.chosen + from;
    const double *z = pass->z + row * pass->logits, *weight = pass->choice.weight + from;
    double *p = pass->p + row * e, *dp = pass->dp + row * e;
    if (gate->combine_form == GSC_COMBINE_KEEP) {
        for (int64_t i = 0; i < n; i++) {
            dp[chosen[i]] += dweight[i];
        }
    } else if (gate->combine_form == GSC_COMBINE_RENORMALISE) {
        double sum = GSC_RENORMALISE_GUARD, mean = 0.0;
        for (int64_t i = 0; i < n; i++) {
            sum += p[chosen[i]];
            mean += dweight[i] * weight[i];
        }
        for (int64_t i = 0; i < n; i++) {
            dp[chosen[i]] += (dweight[i] - mean) / sum;
        }
    } else if (gate->estimate != NULL) {
        gate->estimate(&pass->call, (int64_t)row, z, p, n, chosen, dweight, ret_dz);
    } else if (gate->combine_backward != NULL) {
        gate->combine_backward(&pass->call, (int64_t)row, z, p, n, chosen, dweight, dp);
    } else {
        for (size_t j = 0; j < e; j++) {
            dp[j] += differentiate(pass, evaluate_combine, row, (size_t)n, dweight, &p[j]);
        }
        for (size_t j = 0; j < pass->logits; j++) {
            ret_dz[j] += differentiate(pass, evaluate_combine, row, (size_t)n, dweight,
                                       &pass->z[row * pass->logits + j]);
        }
        differentiate_tensors(pass, numeric, row, (size_t)n, dweight);
    }
}

static gsc_status combine_backward(gsc_gate_pass *pass, const double *dweight, double *ret_dz,
                                   gsc_error *error) {
    const gsc_gate *gate = pass->loaded->gate;
    const char *function = gate->combine_form != GSC_COMBINE_OWN ? "combine"
                           : gate->estimate != NULL              ? "estimate"
                           : gate->combine_backward != NULL      ? "combine_backward"
                                                                 : "combine";
    bool numeric = gate->combine_form == GSC_COMBINE_OWN && gate->estimate == NULL &&
                   gate->combine_backward == NULL;
    gsc_guard_enter(pass->name, function);
    stage s = {0};
    if (numeric) {
        s = stage_of(pass, evaluate_combine, pass->choice.weight, 0);
    }
    for (size_t row = 0; row < pass->rows; row++) {
        combine_row(pass, &s, row, dweight + pass->choice.start[row], ret_dz + row * pass->logits);
    }
    gsc_guard_leave();
    if (gate->combine_form != GSC_COMBINE_OWN) {
        return GSC_OK; /* the host's own sums: what is not finite is seen at the logits */
    }
    gsc_status status = gsc_stage_check(pass, function, pass->dp, pass->rows * pass->experts, 0,
                                        pass->experts, error);
    return status == GSC_OK ? gsc_stage_check(pass, function, ret_dz, pass->rows * pass->logits, 0,
                                              pass->logits, error)
                            : status;
}

/* ---- Probs: dp -> dz ---- */

/* The slope of what affinity returns, for one row; numeric by 2 evaluations of the row where not
 * given. */
static void affinity_slope_row(gsc_gate_pass *pass, size_t row, double *ret_slope) {
    const gsc_gate *gate = pass->loaded->gate;
    size_t e = pass->experts;
    const double *z = pass->z + row * e;
    if (gate->affinity_slope != NULL) {
        gate->affinity_slope(&pass->call, (int64_t)e, z, ret_slope);
        return;
    }
    double *moved = gsc_stage_row(pass, 1), *below = gsc_stage_row(pass, 2);
    for (size_t j = 0; j < e; j++) {
        moved[j] = z[j] - step_at(z[j]);
    }
    gate->affinity(&pass->call, (int64_t)e, moved, below);
    for (size_t j = 0; j < e; j++) {
        moved[j] = z[j] + step_at(z[j]);
    }
    gate->affinity(&pass->call, (int64_t)e, moved, ret_slope);
    pass->numeric_evaluations += 2;
    for (size_t j = 0; j < e; j++) {
        double width = (z[j] + step_at(z[j])) - (z[j] - step_at(z[j]));
        ret_slope[j] = (ret_slope[j] - below[j]) / width;
    }
}

/* dL/d(what affinity returned), for one row. */
static void normalisation_backward(const gsc_gate_pass *pass, size_t row, bool no_sum,
                                   double *ret_da) {
    const size_t e = pass->experts;
    const bool value = pass->loaded->gate->affinity_form == GSC_AFFINITY_VALUE;
    const double scale = no_sum ? 1.0 : 1.0 / pass->affinity_sum[row];
    gsc_host_share_backward(ret_da, pass->p + row * e, pass->dp + row * e, e, !no_sum,
                            value ? &scale : NULL);
}

/* One of the row's dz is not finite, though the gate's slopes are. */
static gsc_status name_gradient(const gsc_gate_pass *pass, size_t row, const double *dz,
                                gsc_error *error) {
    size_t j = 0;
    while (isfinite(dz[j])) {
        j++;
    }
    return gsc_fail(error, GSC_ERR_PLUGIN,
                    "%s: the gradient of its logits is %g (row %zu, expert %zu); what comes back "
                    "to its weights and from balancers must be finite",
                    pass->name, isnan(dz[j]) ? NAN : dz[j], row, j);
}

static gsc_status affinity_backward(gsc_gate_pass *pass, double *ret_dz, gsc_error *error) {
    bool no_sum = (pass->loaded->plugin->capabilities & GSC_CAP_NO_SUM) != 0;
    bool given = pass->loaded->gate->affinity_slope != NULL;
    const char *function = given ? "affinity_slope" : "affinity";
    size_t e = pass->experts;
    double *slope = gsc_stage_row(pass, 3), *da = gsc_stage_row(pass, 4);
    gsc_guard_enter(pass->name, function);
    const stage s = stage_of(pass, evaluate_affinity, pass->affinity, e);
    gsc_status status = GSC_OK;
    for (size_t row = 0; row < pass->rows && status == GSC_OK; row++) {
        normalisation_backward(pass, row, no_sum, da);
        affinity_slope_row(pass, row, slope);
        differentiate_tensors(pass, &s, row, e, da);
        if (!gsc_host_add_product(ret_dz + row * e, da, slope, e)) {
            status = gsc_stage_check(pass, function, slope, e, row, 0, error);
            status = status == GSC_OK ? name_gradient(pass, row, ret_dz + row * e, error) : status;
        }
    }
    gsc_guard_leave();
    return status;
}

/* dL/dz of one row, where probs has no backward. */
static void differentiate_probs(gsc_gate_pass *pass, size_t row, const double *dp, double *ret_dz) {
    const size_t e = pass->experts, m = pass->logits;
    double *z = pass->z + row * m;
    if (!pass->one_sided) {
        for (size_t j = 0; j < m; j++) {
            ret_dz[j] = differentiate(pass, evaluate_probs, row, e, dp, &z[j]);
        }
        return;
    }
    double *moved = gsc_stage_row(pass, 1), *here = gsc_stage_row(pass, 2);
    evaluate_probs(pass, row, here);
    for (size_t j = 0; j < m; j++) {
        const double value = z[j];
        z[j] =
            value + 1.4901161193847656e-8 * fmax(1.0, fabs(value)); /* root of the spacing at 1 */
        const double width = z[j] - value;
        evaluate_probs(pass, row, moved);
        z[j] = value;
        ret_dz[j] = 0;
        for (size_t i = 0; i < e; i++) {
            ret_dz[j] += dp[i] * (moved[i] - here[i]) / width;
        }
    }
    pass->numeric_evaluations += (int64_t)m + 1;
}

static gsc_status probs_backward(gsc_gate_pass *pass, double *ret_dz, gsc_error *error) {
    const gsc_gate *gate = pass->loaded->gate;
    size_t e = pass->experts, m = pass->logits;
    const char *function = gate->probs_backward != NULL ? "probs_backward" : "probs";
    double *dz = gsc_stage_row(pass, 3);
    gsc_guard_enter(pass->name, function);
    gsc_status status = GSC_OK;
    stage s = {0};
    if (gate->probs_backward == NULL) {
        s = stage_of(pass, evaluate_probs, pass->p, e);
    }
    for (size_t row = 0; row < pass->rows && status == GSC_OK; row++) {
        double *z = pass->z + row * m;
        const double *dp = pass->dp + row * e;
        if (gate->probs_backward != NULL) {
            gate->probs_backward(&pass->call, (int64_t)row, z, pass->p + row * e, dp, dz);
        } else {
            differentiate_probs(pass, row, dp, dz);
            differentiate_tensors(pass, &s, row, e, dp);
        }
        status = gsc_stage_check(pass, function, dz, m, row, 0, error);
        for (size_t j = 0; j < m; j++) {
            ret_dz[row * m + j] += dz[j];
        }
    }
    gsc_guard_leave();
    return status;
}

/* ---- Score: dz -> dx, dw, db ---- */

static void linear_backward(const gsc_gate_pass *pass, const gsc_gate_gradient *g) {
    size_t t = pass->rows, m = pass->logits, d = pass->inputs;
    if (g->ret_dx != NULL) {
        gsc_host_matmul(g->ret_dx, g->ret_dz, pass->w, t, d, m, false, false, false);
    }
    if (g->dw != NULL) {
        gsc_host_matmul(g->dw, g->ret_dz, pass->x, m, d, t, true, false, true);
    }
    for (size_t i = 0; g->db != NULL && i < t * m; i++) {
        g->db[i % m] += g->ret_dz[i];
    }
}

/* Slopes of one row of the inner form: scratch rows 3 (dot), 4 (xx), 5 (ww). */
static void inner_slope_row(gsc_gate_pass *pass, size_t row) {
    const gsc_gate *gate = pass->loaded->gate;
    size_t m = pass->logits;
    double *xx = gsc_stage_row(pass, 0), *below = gsc_stage_row(pass, 2);
    const double *x = pass->x + row * pass->inputs;
    double norm = 0.0;
    for (size_t i = 0; i < pass->inputs; i++) {
        norm += x[i] * x[i];
    }
    for (size_t j = 0; j < m; j++) {
        xx[j] = norm;
    }
    double *moved = gsc_stage_row(pass, 1);
    const double *arguments[3] = {pass->dot + row * m, xx, pass->w_norm};
    if (gate->inner_slope != NULL) {
        gate->inner_slope(&pass->call, (int64_t)m, arguments[0], arguments[1], arguments[2],
                          gsc_stage_row(pass, 3), gsc_stage_row(pass, 4), gsc_stage_row(pass, 5));
        return;
    }
    for (size_t which = 0; which < 3; which++) {
        const double *from = arguments[which];
        double *above = gsc_stage_row(pass, 3 + which);
        const double *used[3] = {arguments[0], arguments[1], arguments[2]};
        used[which] = moved;
        for (int sign = -1; sign <= 1; sign += 2) {
            for (size_t j = 0; j < m; j++) {
                moved[j] = from[j] + sign * step_at(from[j]);
            }
            gate->inner(&pass->call, (int64_t)m, used[0], used[1], used[2],
                        sign < 0 ? below : above);
        }
        pass->numeric_evaluations += 2;
        for (size_t j = 0; j < m; j++) {
            double h = step_at(from[j]);
            above[j] = (above[j] - below[j]) / ((from[j] + h) - (from[j] - h));
        }
    }
}

/* dz times the slopes of one row: by x.w to pass->slopes, by |x|^2 and |w|^2 summed up. */
static void inner_row_backward(gsc_gate_pass *pass, size_t row, const gsc_gate_gradient *g) {
    const size_t m = pass->logits, d = pass->inputs;
    const double *dz = g->ret_dz + row * m, *x = pass->x + row * d;
    const double *by_dot = gsc_stage_row(pass, 3), *by_xx = gsc_stage_row(pass, 4);
    const double *by_ww = gsc_stage_row(pass, 5);
    double xx = 0.0;
    for (size_t j = 0; j < m; j++) {
        pass->slopes[row * m + j] = dz[j] * by_dot[j];
        pass->ww[j] += 2.0 * dz[j] * by_ww[j];
        xx += 2.0 * dz[j] * by_xx[j];
    }
    for (size_t i = 0; g->ret_dx != NULL && i < d; i++) {
        g->ret_dx[row * d + i] = xx * x[i];
    }
}

/* z = f(x.w, |x|^2, |w|^2): with s = dz f1, dx = s w + (sum_j 2 dz f2) x, dw += s' x + (sum_t 2 dz f3) w. */
static gsc_status inner_backward(gsc_gate_pass *pass, const gsc_gate_gradient *g,
                                 gsc_error *error) {
    const size_t m = pass->logits, d = pass->inputs, t = pass->rows;
    const char *function = pass->loaded->gate->inner_slope != NULL ? "inner_slope" : "inner";
    memset(pass->ww, 0, m * sizeof *pass->ww);
    gsc_guard_enter(pass->name, function);
    const stage s = stage_of(pass, evaluate_inner, pass->z, m);
    gsc_guard_leave();
    for (size_t row = 0; row < t; row++) {
        gsc_guard_enter(pass->name, function);
        differentiate_tensors(pass, &s, row, m, g->ret_dz + row * m);
        inner_slope_row(pass, row);
        gsc_guard_leave();
        for (size_t i = 3; i < 6; i++) {
            gsc_status status =
                gsc_stage_check(pass, function, gsc_stage_row(pass, i), m, row, 0, error);
            if (status != GSC_OK) {
                return status;
            }
        }
        inner_row_backward(pass, row, g);
    }
    if (g->ret_dx != NULL) {
        gsc_host_matmul(g->ret_dx, pass->slopes, pass->w, t, d, m, false, false, true);
    }
    if (g->dw != NULL) {
        gsc_host_matmul(g->dw, pass->slopes, pass->x, m, d, t, true, false, true);
        for (size_t i = 0; i < m * d; i++) {
            g->dw[i] += pass->ww[i / d] * pass->w[i];
        }
    }
    return GSC_OK;
}

static gsc_status own_backward(gsc_gate_pass *pass, const gsc_gate_gradient *g, gsc_error *error) {
    const gsc_gate *gate = pass->loaded->gate;
    if (gate->score_backward == NULL) {
        return gsc_fail(error, GSC_ERR_PLUGIN,
                        "%s has its own score without score_backward and cannot be trained by "
                        "gradients; write one, or use it in the theory lab",
                        pass->name);
    }
    if (g->ret_dx == NULL) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s: an own score's backward needs room for dx",
                        pass->name);
    }
    gsc_guard_enter(pass->name, "score_backward");
    gate->score_backward(&pass->call, pass->x, pass->z, g->ret_dz, g->ret_dx);
    gsc_guard_leave();
    return gsc_stage_check(pass, "score_backward", g->ret_dx, pass->rows * pass->inputs, 0,
                           pass->inputs, error);
}

static gsc_status score_backward(gsc_gate_pass *pass, const gsc_gate_gradient *g,
                                 gsc_error *error) {
    if (pass->x == NULL) {
        return GSC_OK;
    }
    switch (pass->loaded->gate->score_form) {
    case GSC_SCORE_INNER:
        return inner_backward(pass, g, error);
    case GSC_SCORE_OWN:
        return own_backward(pass, g, error);
    case GSC_SCORE_NONE:
        if (g->ret_dx != NULL) {
            memset(g->ret_dx, 0, pass->rows * pass->inputs * sizeof *g->ret_dx);
        }
        return GSC_OK;
    default:
        linear_backward(pass, g);
        return GSC_OK;
    }
}

/* to = from, which may be it, or 0 where it is NULL. */
static void take(double *to, const double *from, size_t n) {
    if (from == NULL) {
        memset(to, 0, n * sizeof *to);
    } else if (from != to) {
        memcpy(to, from, n * sizeof *to);
    }
}

gsc_status gsc_gate_backward(gsc_gate_pass *pass, const gsc_gate_gradient *gradient,
                             gsc_error *error) {
    size_t n_p = pass->rows * pass->experts, n_z = pass->rows * pass->logits;
    pass->numeric_evaluations = 0;
    take(pass->dp, gradient->dp, n_p);
    take(gradient->ret_dz, gradient->dz, n_z);
    gsc_status status = GSC_OK;
    if (gradient->score_only) {
        return score_backward(pass, gradient, error);
    }
    if (gradient->dweight != NULL) {
        status = combine_backward(pass, gradient->dweight, gradient->ret_dz, error);
    }
    if (status == GSC_OK) {
        status = gsc_stage_has_affinity(pass) ? affinity_backward(pass, gradient->ret_dz, error)
                                              : probs_backward(pass, gradient->ret_dz, error);
    }
    return status == GSC_OK ? score_backward(pass, gradient, error) : status;
}

/* SPDX-License-Identifier: MIT
 *
 * The stages forward: score, probs, select, combine, and the checks of what a gate returned. Layer:
 * core/plugin.
 */
#include "core/plugin/stages.h"

#include "core/plugin/guard.h"
#include "core/plugin/stages_private.h"
#include "kernels/host.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

gsc_status gsc_stage_check(const gsc_gate_pass *pass, const char *function, const double *values,
                           size_t n, size_t first_row, size_t per_row, gsc_error *error) {
    if (gsc_host_finite(values, n)) {
        return GSC_OK;
    }
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) {
            size_t columns = per_row > 0 ? per_row : n;
            return gsc_fail(error, GSC_ERR_PLUGIN,
                            "%s: %s returned %g (row %zu, column %zu); it must be finite",
                            pass->name, function, isnan(values[i]) ? NAN : values[i],
                            first_row + i / columns, i % columns);
        }
    }
    return GSC_OK;
}

/* ---- Score ---- */

void gsc_stage_inner_row(gsc_gate_pass *pass, size_t row, double *ret_z) {
    double *xx = gsc_stage_row(pass, 0);
    const double *x = pass->x + row * pass->inputs;
    double norm = 0.0;
    for (size_t i = 0; i < pass->inputs; i++) {
        norm += x[i] * x[i];
    }
    for (size_t j = 0; j < pass->logits; j++) {
        xx[j] = norm;
    }
    pass->loaded->gate->inner(&pass->call, (int64_t)pass->logits, pass->dot + row * pass->logits,
                              xx, pass->w_norm, ret_z);
}

static gsc_status score_inner(gsc_gate_pass *pass, gsc_error *error) {
    size_t t = pass->rows, m = pass->logits, d = pass->inputs;
    gsc_host_matmul(pass->dot, pass->x, pass->w, t, m, d, false, true, false);
    for (size_t j = 0; j < m; j++) {
        pass->w_norm[j] = 0.0;
        for (size_t i = 0; i < d; i++) {
            pass->w_norm[j] += pass->w[j * d + i] * pass->w[j * d + i];
        }
    }
    gsc_guard_enter(pass->name, "inner");
    for (size_t row = 0; row < t; row++) {
        gsc_stage_inner_row(pass, row, pass->z + row * m);
    }
    gsc_guard_leave();
    return gsc_stage_check(pass, "inner", pass->z, t * m, 0, m, error);
}

static gsc_status run_score(gsc_gate_pass *pass, gsc_error *error) {
    const gsc_gate *gate = pass->loaded->gate;
    size_t t = pass->rows, m = pass->logits;
    if (pass->x == NULL || gate->score_form == GSC_SCORE_NONE) {
        return pass->z_is_finite
                   ? GSC_OK
                   : gsc_stage_check(pass, "the logits given", pass->z, t * m, 0, m, error);
    }
    if (gate->score_form == GSC_SCORE_OWN) {
        gsc_guard_enter(pass->name, "score");
        gate->score(&pass->call, pass->x, pass->z);
        gsc_guard_leave();
        return gsc_stage_check(pass, "score", pass->z, t * m, 0, m, error);
    }
    if (pass->w == NULL) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s: its score needs weights [%zu, %zu] and got none",
                        pass->name, m, pass->inputs);
    }
    if (gate->score_form == GSC_SCORE_INNER) {
        return score_inner(pass, error);
    }
    gsc_host_matmul(pass->z, pass->x, pass->w, t, m, pass->inputs, false, true, false);
    for (size_t i = 0; pass->b != NULL && i < t * m; i++) {
        pass->z[i] += pass->b[i % m];
    }
    return gsc_stage_check(pass, "the linear score", pass->z, t * m, 0, m, error);
}

/* ---- Probs ---- */

/* p of one row from its affinities. False where they sum to 0. */
static bool normalise_row(const gsc_gate_pass *pass, size_t row, const double *a, bool no_sum) {
    const size_t e = pass->experts;
    double *p = pass->p + row * e, *sum = &pass->affinity_sum[row];
    if (pass->loaded->gate->affinity_form == GSC_AFFINITY_VALUE) {
        *sum = gsc_host_share_row(p, a, e, !no_sum);
        return no_sum || *sum > 0.0;
    }
    *sum = gsc_host_exp_row(p, a, e, !no_sum);
    return true;
}

static gsc_status check_affinity(const gsc_gate_pass *pass, const double *a, size_t first_row,
                                 size_t rows, gsc_error *error) {
    const size_t e = pass->experts, n = rows * e;
    const gsc_status status = gsc_stage_check(pass, "affinity", a, n, first_row, e, error);
    if (status != GSC_OK || pass->loaded->gate->affinity_form != GSC_AFFINITY_VALUE ||
        gsc_host_least(a, n) >= 0.0) {
        return status;
    }
    size_t i = 0;
    while (a[i] >= 0.0) {
        i++;
    }
    return gsc_fail(error, GSC_ERR_PLUGIN,
                    "%s: affinity returned %g for z = %g; it must not be negative", pass->name,
                    a[i], pass->z[first_row * e + i]);
}

/* Some rows at a time, which stay in the nearest cache. Shares of finite affinities are finite, not their
 * exponentials. */
static gsc_status probs_from_affinity(gsc_gate_pass *pass, bool no_sum, gsc_error *error) {
    const gsc_gate *gate = pass->loaded->gate;
    const size_t e = pass->experts;
    const bool unbounded = no_sum && gate->affinity_form == GSC_AFFINITY_LOG;
    gsc_status status = GSC_OK;
    for (size_t first = 0; first < pass->rows && status == GSC_OK; first += GSC_STAGE_ROWS) {
        const size_t left = pass->rows - first;
        const size_t rows = left < GSC_STAGE_ROWS ? left : GSC_STAGE_ROWS;
        double *a = pass->affinity != NULL ? pass->affinity + first * e : pass->row;
        gsc_guard_enter(pass->name, "affinity");
        gate->affinity(&pass->call, (int64_t)(rows * e), pass->z + first * e, a);
        gsc_guard_leave();
        status = check_affinity(pass, a, first, rows, error);
        for (size_t row = 0; status == GSC_OK && row < rows; row++) {
            if (!normalise_row(pass, first + row, a + row * e, no_sum)) {
                status = gsc_fail(
                    error, GSC_ERR_PLUGIN,
                    "%s: the affinities of row %zu are all 0 and cannot be divided by their "
                    "sum; declare the logarithm of the affinity, which does not underflow",
                    pass->name, first + row);
            }
        }
        if (status == GSC_OK && unbounded) {
            status =
                gsc_stage_check(pass, "affinity", pass->p + first * e, rows * e, first, e, error);
        }
    }
    return status;
}

static gsc_status probs_by_row(gsc_gate_pass *pass, bool no_sum, gsc_error *error) {
    const gsc_gate *gate = pass->loaded->gate;
    size_t t = pass->rows, e = pass->experts, m = pass->logits;
    gsc_guard_enter(pass->name, "probs");
    for (size_t row = 0; row < t; row++) {
        gate->probs(&pass->call, (int64_t)row, pass->z + row * m, pass->p + row * e);
    }
    gsc_guard_leave();
    gsc_status status = gsc_stage_check(pass, "probs", pass->p, t * e, 0, e, error);
    for (size_t row = 0; status == GSC_OK && !no_sum && row < t; row++) {
        double sum = 0.0, lowest = 0.0;
        for (size_t j = 0; j < e; j++) {
            sum += pass->p[row * e + j];
            lowest = fmin(lowest, pass->p[row * e + j]);
        }
        if (fabs(sum - 1.0) > 1e-6 || lowest < 0.0) {
            status = gsc_fail(error, GSC_ERR_PLUGIN,
                              "%s: probs of row %zu sum to %.9g, the lowest %g; they must be a "
                              "distribution, or the gate must declare GSC_CAP_NO_SUM",
                              pass->name, row, sum, lowest);
        }
    }
    return status;
}

/* ---- Select ---- */

/* What is compared: by default p and the selection's bias. */
static gsc_status find_rank(gsc_gate_pass *pass, size_t row, const double **ret_rank,
                            gsc_error *error) {
    const gsc_gate *gate = pass->loaded->gate;
    const gsc_call *call = &pass->call;
    const size_t e = pass->experts;
    const double *z = pass->z + row * pass->logits, *p = pass->p + row * e;
    double *rank = gsc_stage_row(pass, 0);
    *ret_rank = rank;
    bool finite = true;
    if (gate->rank != NULL) {
        gsc_guard_enter(pass->name, "rank");
        gate->rank(call, (int64_t)row, z, p, rank);
        gsc_guard_leave();
        finite = gsc_host_finite(rank, e);
    } else if (call->bias != NULL) {
        finite = gsc_host_add(rank, p, call->bias, e);
    } else {
        *ret_rank = p;
    }
    for (size_t j = 0; !finite && j < e; j++) {
        if (isnan(rank[j]) || rank[j] == INFINITY) {
            return gsc_fail(error, GSC_ERR_PLUGIN,
                            "%s: rank returned %g (row %zu, expert %zu); it must be a number or "
                            "-INFINITY",
                            pass->name, isnan(rank[j]) ? NAN : rank[j], row, j);
        }
    }
    return GSC_OK;
}

/* The row's experts, best first, to pass->order; *ret_count of them. */
static gsc_status rank_row(gsc_gate_pass *pass, size_t row, size_t *ret_count, gsc_error *error) {
    const gsc_gate *gate = pass->loaded->gate;
    const gsc_call *call = &pass->call;
    const size_t e = pass->experts;
    const double *p = pass->p + row * e, *rank = NULL;
    const gsc_status status = find_rank(pass, row, &rank, error);
    if (status != GSC_OK) {
        return status;
    }
    int64_t count = call->top_k;
    gsc_host_top_k(pass->order, rank, e, gate->count != NULL ? e : (size_t)count);
    if (gate->count != NULL) {
        gsc_guard_enter(pass->name, "count");
        count = gate->count(call, (int64_t)row, p, pass->order);
        gsc_guard_leave();
        if (count < 0 || count > call->experts) {
            return gsc_fail(error, GSC_ERR_PLUGIN,
                            "%s: count returned %" PRId64
                            " (row %zu); it must be 0 to the %zu experts",
                            pass->name, count, row, e);
        }
    }
    while (count > 0 && rank[pass->order[count - 1]] == -INFINITY) {
        count--;
    }
    *ret_count = (size_t)count;
    return GSC_OK;
}

static gsc_status select_by_rank(gsc_gate_pass *pass, gsc_error *error) {
    gsc_choice *choice = &pass->choice;
    choice->start[0] = 0;
    for (size_t row = 0; row < pass->rows; row++) {
        size_t count = 0;
        gsc_status status = rank_row(pass, row, &count, error);
        if (status != GSC_OK) {
            return status;
        }
        int64_t start = choice->start[row];
        if ((int64_t)count > choice->capacity - start) {
            return gsc_fail(error, GSC_ERR_PLUGIN,
                            "%s: row %zu takes %zu experts, more than max_chosen promised",
                            pass->name, row, count);
        }
        memcpy(choice->chosen + start, pass->order, count * sizeof *pass->order);
        choice->start[row + 1] = start + (int64_t)count;
    }
    return GSC_OK;
}

/* A gate's own choice: rows in order, experts that exist, each once a row. */
static gsc_status check_choice(const gsc_gate_pass *pass, gsc_error *error) {
    const gsc_choice *choice = &pass->choice;
    double *seen = gsc_stage_row(pass, 0);
    bool good = choice->start[0] == 0;
    for (size_t row = 0; good && row < pass->rows; row++) {
        int64_t from = choice->start[row], to = choice->start[row + 1];
        good = from <= to && to <= choice->capacity;
        memset(seen, 0, pass->experts * sizeof *seen);
        for (int64_t i = from; good && i < to; i++) {
            int32_t j = choice->chosen[i];
            good = j >= 0 && (size_t)j < pass->experts && seen[j] == 0.0;
            if (good) {
                seen[j] = 1.0;
            } else {
                return gsc_fail(error, GSC_ERR_PLUGIN,
                                "%s: select chose expert %" PRId32
                                " in row %zu; it must be one of %zu, each once a row",
                                pass->name, j, row, pass->experts);
            }
        }
    }
    if (!good) {
        return gsc_fail(error, GSC_ERR_PLUGIN,
                        "%s: select's row starts do not rise from 0 to at most %" PRId64,
                        pass->name, choice->capacity);
    }
    return GSC_OK;
}

static gsc_status run_select(gsc_gate_pass *pass, gsc_error *error) {
    const gsc_gate *gate = pass->loaded->gate;
    if (gate->select == NULL) {
        return select_by_rank(pass, error);
    }
    gsc_choice given = pass->choice; /* pointers stay ours */
    gsc_guard_enter(pass->name, "select");
    gate->select(&pass->call, pass->z, pass->p, &given, pass->select_scratch);
    gsc_guard_leave();
    return check_choice(pass, error);
}

/* ---- Combine ---- */

static gsc_status run_combine(gsc_gate_pass *pass, gsc_error *error) {
    const gsc_gate *gate = pass->loaded->gate;
    const gsc_choice *choice = &pass->choice;
    if (gate->combine_form == GSC_COMBINE_OWN) {
        gsc_guard_enter(pass->name, "combine");
    }
    for (size_t row = 0; row < pass->rows; row++) {
        const double *p = pass->p + row * pass->experts;
        int64_t from = choice->start[row], n = choice->start[row + 1] - from;
        const int32_t *chosen = choice->chosen + from;
        double *weight = choice->weight + from;
        if (gate->combine_form == GSC_COMBINE_OWN) {
            gate->combine(&pass->call, (int64_t)row, pass->z + row * pass->logits, p, n, chosen,
                          weight);
            continue;
        }
        double sum = GSC_RENORMALISE_GUARD;
        for (int64_t i = 0; i < n; i++) {
            sum += p[chosen[i]];
        }
        for (int64_t i = 0; i < n; i++) {
            weight[i] = gate->combine_form == GSC_COMBINE_KEEP ? p[chosen[i]] : p[chosen[i]] / sum;
        }
    }
    if (gate->combine_form == GSC_COMBINE_OWN) {
        gsc_guard_leave();
    }
    return gsc_stage_check(pass, "combine", choice->weight, (size_t)choice->start[pass->rows], 0, 0,
                           error);
}

gsc_status gsc_gate_forward(gsc_gate_pass *pass, const double *x, const double *w, const double *b,
                            gsc_error *error) {
    bool no_sum = (pass->loaded->plugin->capabilities & GSC_CAP_NO_SUM) != 0;
    pass->x = x;
    pass->w = w;
    pass->b = b;
    gsc_status status = run_score(pass, error);
    if (status == GSC_OK) {
        status = gsc_stage_has_affinity(pass) ? probs_from_affinity(pass, no_sum, error)
                                              : probs_by_row(pass, no_sum, error);
    }
    status = status == GSC_OK ? run_select(pass, error) : status;
    return status == GSC_OK ? run_combine(pass, error) : status;
}

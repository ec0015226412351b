/* SPDX-License-Identifier: MIT
 *
 * The experts' M-step (em.h): exact weighted least squares for linear families, damped
 * Gauss-Newton and a closed-form output scale for the others, then the variances. The first normal
 * equations come from the expectation pass; each further step is one pass over the data for all
 * components. Layer: core/theory.
 */
#include "core/theory/em_workspace.h"
#include "core/theory/small_solve.h"

#include <math.h>
#include <string.h>

static const double least_damping = 1e-8, most_damping = 1e6;

gsc_status em_residual(gsc_em_workspace *ws, size_t c, const double *theta, size_t b, double *ret_e,
                       double *jacobian, const double **ret_jacobian, size_t *ret_stride,
                       gsc_error *error) {
    const em_component *component = &ws->component[c];
    const size_t p = component->family->theta_size, rows = em_padded(em_rows(ws, b));
    const double *y = ws->y + b * EM_STRIDE;
    if (component->linear_jacobian != NULL) {
        double negative[EM_BLOCK];
        const double *columns = component->linear_jacobian + b * p * EM_STRIDE;
        for (size_t i = 0; i < p && i < EM_BLOCK; i++) {
            negative[i] = -theta[i];
        }
        ws->kernels->combine(rows, p, 0, y, negative, columns, EM_STRIDE, ret_e);
        *ret_jacobian = columns;
        *ret_stride = EM_STRIDE;
        return GSC_OK;
    }
    const double minus_one = -1;
    gsc_status status = gsc_expert_evaluate(component->family, theta, rows,
                                            ws->x + b * (ws->shape.inputs + 1) * EM_STRIDE,
                                            EM_STRIDE, ws->h, jacobian, ws->expert, error);
    if (status != GSC_OK) {
        return status;
    }
    ws->kernels->combine(rows, 1, 0, y, &minus_one, ws->h, rows, ret_e);
    *ret_jacobian = jacobian;
    *ret_stride = rows;
    return GSC_OK;
}

/* J'WJ [p][p], both triangles, from moments. Returns its mean diagonal. */
static double fill_normal(size_t p, const double *moments, double *ret_matrix) {
    const double *from = moments + 2 + p;
    double trace = 0;
    for (size_t i = 0; i < p; i++) {
        for (size_t j = i; j < p; j++) {
            ret_matrix[i * p + j] = ret_matrix[j * p + i] = *from++;
        }
        trace += ret_matrix[i * p + i];
    }
    return trace / (double)p;
}

/* The new theta's weighted residual sum of squares is exact from the moments: the family is
 * linear. */
static void linear_step(gsc_em_workspace *ws, size_t c) {
    em_component *component = &ws->component[c];
    const size_t p = component->family->theta_size;
    double *moments = ws->moments + c * ws->moments_size;
    fill_normal(p, moments, ws->matrix);
    const double gain = gsc_boxed_step(p, ws->matrix, moments + 2, component->theta, ws->shape.box,
                                       0, ws->step, ws->solve);
    for (size_t i = 0; i < p; i++) {
        component->theta[i] += ws->step[i];
    }
    moments[1] = fmax(moments[1] - 2 * gain, 0);
}

/* The output scale of a feed-forward form, the last of theta, of which the last column is the
 * slope. */
static void output_step(gsc_em_workspace *ws, size_t c) {
    em_component *component = &ws->component[c];
    const size_t p = component->family->theta_size;
    double *moments = ws->moments + c * ws->moments_size;
    const double g = moments[1 + p], h = moments[GSC_MIXTURE_MOMENTS(p) - 1];
    double *out = &component->theta[p - 1];
    if (!(h > 0) || !isfinite(g / h)) {
        return;
    }
    double moved = *out + g / h;
    if (ws->shape.box > 0) {
        moved = fmax(-ws->shape.box, fmin(ws->shape.box, moved));
    }
    const double step = moved - *out;
    moments[1] = fmax(moments[1] - (2 * g - h * step) * step, 0);
    *out = moved;
}

static bool is_open(const gsc_em_workspace *ws, size_t c) {
    return ws->component[c].linear_jacobian == NULL && em_mass(ws, c) >= em_least_mass;
}

/* A damped Gauss-Newton step of component c into theta_trial and variance_trial. */
static void propose(gsc_em_workspace *ws, size_t c) {
    const em_component *component = &ws->component[c];
    const size_t p = component->family->theta_size;
    const double *moments = ws->moments + c * ws->moments_size;
    const double diagonal = fill_normal(p, moments, ws->matrix);
    const double gain = gsc_boxed_step(p, ws->matrix, moments + 2, component->theta, ws->shape.box,
                                       ws->expert_damping[c] * diagonal, ws->step, ws->solve);
    for (size_t i = 0; i < p; i++) {
        ws->theta_trial[c * ws->theta_max + i] = component->theta[i] + ws->step[i];
    }
    ws->expert_gain[c] = gain / *component->variance;
    ws->variance_trial[c] = fmax((moments[1] - 2 * gain) / moments[0], ws->shape.variance_floor);
}

void em_expert_propose(gsc_em_workspace *ws) {
    for (size_t c = 0; c < ws->k; c++) {
        ws->expert_gain[c] = 0;
        if (is_open(ws, c)) {
            propose(ws, c);
        }
    }
}

static void ease(gsc_em_workspace *ws, size_t c) {
    ws->expert_damping[c] = fmax(ws->expert_damping[c] / 10, least_damping);
}

static void stiffen(gsc_em_workspace *ws, size_t c) {
    ws->expert_damping[c] = fmin(fmax(ws->expert_damping[c] * 10, 1e-2), most_damping);
}

/* Moments of the components that promise much, at theta_trial, into moments_trial. Needs r. */
static gsc_status evaluate(gsc_em_workspace *ws, double least, gsc_error *error) {
    memset(ws->moments_trial, 0, ws->k * ws->moments_size * sizeof(double));
    for (size_t c = 0; c < ws->k && ws->is_closed; c++) {
        if (ws->expert_gain[c] > least) {
            em_closed_expert(ws, c, ws->theta_trial + c * ws->theta_max,
                             ws->moments_trial + c * ws->moments_size);
        }
    }
    for (size_t b = 0; b < ws->blocks && !ws->is_closed; b++) {
        for (size_t c = 0; c < ws->k; c++) {
            if (!(ws->expert_gain[c] > least)) {
                continue;
            }
            const double *jacobian;
            size_t stride;
            gsc_status status = em_residual(ws, c, ws->theta_trial + c * ws->theta_max, b, ws->e,
                                            ws->jacobian, &jacobian, &stride, error);
            if (status != GSC_OK) {
                return status;
            }
            ws->kernels->moments(em_rows(ws, b), ws->component[c].family->theta_size,
                                 ws->r + (b * ws->k + c) * EM_STRIDE, ws->e, jacobian, stride,
                                 ws->moments_trial + c * ws->moments_size);
        }
    }
    ws->info.expert_evaluations++;
    return GSC_OK;
}

/* Takes the trial of component c if its residual sum of squares did not rise. */
static void judge(gsc_em_workspace *ws, size_t c) {
    em_component *component = &ws->component[c];
    double *moments = ws->moments + c * ws->moments_size;
    const double *trial = ws->moments_trial + c * ws->moments_size;
    if (!(trial[1] <= moments[1])) {
        stiffen(ws, c);
        return;
    }
    const double gain = 0.5 * (moments[1] - trial[1]) / *component->variance;
    memcpy(component->theta, ws->theta_trial + c * ws->theta_max,
           component->family->theta_size * sizeof(double));
    memcpy(moments, trial, ws->moments_size * sizeof(double));
    if (gain > 0.75 * ws->expert_gain[c]) {
        ease(ws, c);
    } else if (gain < 0.25 * ws->expert_gain[c]) {
        ws->expert_damping[c] = fmin(ws->expert_damping[c] * 4, most_damping);
    }
}

static gsc_status settle_nonlinear(gsc_em_workspace *ws, size_t max_steps, gsc_error *error) {
    const double least = em_trust_gain * (double)ws->n;
    for (size_t step = 0; step + 1 < max_steps; step++) {
        bool any = false;
        for (size_t c = 0; c < ws->k; c++) {
            any = any || ws->expert_gain[c] > least;
        }
        if (!any) {
            break;
        }
        gsc_status status = evaluate(ws, least, error);
        if (status != GSC_OK) {
            return status;
        }
        for (size_t c = 0; c < ws->k; c++) {
            if (ws->expert_gain[c] > least) {
                judge(ws, c);
                propose(ws, c);
            }
        }
    }
    return GSC_OK;
}

gsc_status em_expert_settle(gsc_em_workspace *ws, size_t max_steps, gsc_error *error) {
    gsc_status status = settle_nonlinear(ws, max_steps, error);
    for (size_t c = 0; c < ws->k && status == GSC_OK; c++) {
        const em_component *component = &ws->component[c];
        if (em_mass(ws, c) < em_least_mass) {
            continue;
        }
        if (component->linear_jacobian != NULL) {
            linear_step(ws, c);
        } else if (component->family->loaded->expert->form != GSC_EXPERT_OWN) {
            output_step(ws, c);
        }
        *component->variance =
            fmax(ws->moments[c * ws->moments_size + 1] / em_mass(ws, c), ws->shape.variance_floor);
    }
    return status;
}

bool em_expert_trust(gsc_em_workspace *ws) {
    bool any = false;
    for (size_t c = 0; c < ws->k; c++) {
        const em_component *component = &ws->component[c];
        if (ws->expert_gain[c] > em_idle_gain * (double)ws->n) {
            memcpy(component->theta, ws->theta_trial + c * ws->theta_max,
                   component->family->theta_size * sizeof(double));
            *component->variance = ws->variance_trial[c];
            any = true;
        }
    }
    return any;
}

void em_expert_judged(gsc_em_workspace *ws, bool good) {
    for (size_t c = 0; c < ws->k; c++) {
        if (ws->expert_gain[c] > em_idle_gain * (double)ws->n) {
            if (good) {
                ws->expert_damping[c] = fmax(ws->expert_damping[c] / 2, least_damping);
            } else {
                stiffen(ws, c);
            }
        }
    }
}

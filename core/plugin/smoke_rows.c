/* SPDX-License-Identifier: MIT
 *
 * The trial of functions over tensors and rows: see smoke_rows.h. Sizes are small and all different, so
 * that a mixed-up stride shows.
 */
#include "core/plugin/smoke_rows.h"

#include "core/plugin/check.h"
#include "core/plugin/stages.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 5,
    INPUTS = 3,
    HIDDEN = 2,
    OUTPUTS = 1,
    EXPERTS = 4,
    MAX_LOGITS = 64,
    MAX_NUMBERS = 4096
};

static const double step = 1e-5, tolerance = 1e-5;

/* A call with memory behind it. */
typedef struct trial {
    const gsc_plugin *plugin;
    gsc_call call;
    double *tensors[GSC_MAX_DESCRIPTOR_TENSORS], *gradients[GSC_MAX_DESCRIPTOR_TENSORS];
    size_t sizes[GSC_MAX_DESCRIPTOR_TENSORS];
    double numbers[MAX_NUMBERS], slopes[MAX_NUMBERS];
    int64_t tokens[ROWS];
    double x[ROWS * INPUTS], y[ROWS * OUTPUTS], dy[ROWS * OUTPUTS], dx[ROWS * INPUTS];
} trial;

static int64_t size_of(const trial *self, int64_t size) {
    const gsc_call *call = &self->call;
    const int64_t symbols[] = {call->experts, call->inputs, call->logits, call->hidden,
                               call->outputs};
    if (size >= 1) {
        return size;
    }
    return size >= GSC_SIZE_OUTPUTS ? symbols[GSC_SIZE_EXPERTS - size]
                                    : (int64_t)call->params[GSC_SIZE_PARAM(0) - size];
}

/* Places the tensors and fills them and the inputs with numbers of no pattern. False: too many. */
static bool fill(trial *self) {
    size_t used = 0;
    for (size_t i = 0; i < self->plugin->n_tensors; i++) {
        const gsc_tensor *tensor = &self->plugin->tensors[i];
        size_t size = 1;
        for (uint32_t k = 0; k < tensor->dims; k++) {
            int64_t along = size_of(self, tensor->size[k]);
            if (along > MAX_NUMBERS) {
                return false;
            }
            size *= (size_t)along;
        }
        if (used + size > MAX_NUMBERS) {
            return false;
        }
        self->tensors[i] = self->numbers + used;
        self->gradients[i] = tensor->role == GSC_TENSOR_TRAINED ? self->slopes + used : NULL;
        self->sizes[i] = size;
        used += size;
    }
    for (size_t i = 0; i < used; i++) {
        self->numbers[i] = 0.7 * sin(1.0 + 1.7 * (double)i);
    }
    for (size_t i = 0; i < ROWS * INPUTS; i++) {
        self->x[i] = 1.3 * cos(0.4 + 2.3 * (double)i);
    }
    for (size_t i = 0; i < ROWS * OUTPUTS; i++) {
        self->dy[i] = 1 + 0.5 * sin(3.0 * (double)i);
    }
    return true;
}

/* sum dy y, or y of one row where row >= 0. */
static double forward(trial *self, int row) {
    memset(self->y, 0xff, sizeof self->y);
    self->plugin->expert->forward(&self->call, self->x, self->y);
    double sum = 0;
    for (int i = 0; i < ROWS * OUTPUTS; i++) {
        sum += row < 0 ? self->dy[i] * self->y[i] : 0;
    }
    return row < 0 ? sum : self->y[row];
}

/* Compares a given derivative with the difference quotient in *number; kinks are let pass. */
static gsc_status compare(trial *self, const char *function, const char *of, double *number,
                          int row, double given, gsc_error *error) {
    double kept = *number, middle = forward(self, row);
    *number = kept + step;
    double above = forward(self, row);
    *number = kept - step;
    double below = forward(self, row);
    *number = kept;
    double numeric = (above - below) / (2 * step);
    double bend = fabs(above - 2 * middle + below) / step;
    if (bend > 1e-3 * (1 + fabs(numeric)) ||
        fabs(given - numeric) <= tolerance * (1 + fabs(numeric))) {
        return GSC_OK;
    }
    return gsc_fail(
        error, GSC_ERR_PLUGIN,
        "returns %.8g from %s for %s, where the difference quotient of forward is %.8g; "
        "correct the derivative or leave it out",
        isnan(given) ? NAN : given, function, of, numeric);
}

static gsc_status check_backward(trial *self, void (*phase)(const char *name), gsc_error *error) {
    phase("backward");
    memset(self->dx, 0xff, sizeof self->dx);
    self->plugin->expert->backward(&self->call, self->x, self->dy, self->dx);
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < ROWS * INPUTS && status == GSC_OK; i++) {
        status = compare(self, "backward", "x", &self->x[i], -1, self->dx[i], error);
    }
    for (size_t i = 0; i < self->plugin->n_tensors; i++) {
        for (size_t k = 0; k < self->sizes[i] && status == GSC_OK && self->gradients[i]; k++) {
            status = compare(self, "backward", self->plugin->tensors[i].name, &self->tensors[i][k],
                             -1, self->gradients[i][k], error);
        }
    }
    return status;
}

static gsc_status check_jacobian(trial *self, void (*phase)(const char *name), gsc_error *error) {
    size_t trained = 0, column = 0;
    for (size_t i = 0; i < self->plugin->n_tensors; i++) {
        trained += self->gradients[i] != NULL ? self->sizes[i] : 0;
    }
    double *jacobian = malloc((ROWS * trained + 1) * sizeof *jacobian);
    if (jacobian == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "needs more memory for its Jacobian than there is");
    }
    memset(jacobian, 0xff, (ROWS * trained + 1) * sizeof *jacobian);
    phase("jacobian");
    self->plugin->expert->jacobian(&self->call, self->x, jacobian);
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < self->plugin->n_tensors; i++) {
        for (size_t k = 0; k < self->sizes[i] && self->gradients[i] != NULL; k++, column++) {
            for (int row = 0; row < ROWS && status == GSC_OK; row++) {
                status =
                    compare(self, "jacobian", self->plugin->tensors[i].name, &self->tensors[i][k],
                            row, jacobian[(size_t)row * trained + column], error);
            }
        }
    }
    free(jacobian);
    return status;
}

/* y(2 theta) = 2 y(theta), all else equal. */
static gsc_status check_linear(trial *self, gsc_error *error) {
    double once[ROWS], twice;
    for (int row = 0; row < ROWS; row++) {
        once[row] = forward(self, row);
    }
    for (size_t i = 0; i < MAX_NUMBERS; i++) {
        self->numbers[i] *= 2;
    }
    for (int row = 0; row < ROWS; row++) {
        twice = forward(self, row);
        if (!(fabs(twice - 2 * once[row]) <= 1e-12 * (1 + fabs(twice)))) {
            return gsc_fail(error, GSC_ERR_PLUGIN,
                            "says linear = 1, yet twice its parameters turn y = %g into %g; leave "
                            "linear out",
                            once[row], twice);
        }
    }
    return GSC_OK;
}

static gsc_status try_expert(trial *self, void (*phase)(const char *name), gsc_error *error) {
    const gsc_expert *expert = self->plugin->expert;
    phase("forward");
    forward(self, 0);
    for (int i = 0; i < ROWS * OUTPUTS; i++) {
        if (!isfinite(self->y[i])) {
            return gsc_fail(error, GSC_ERR_PLUGIN, "returns %g from forward; it must be finite",
                            isnan(self->y[i]) ? NAN : self->y[i]);
        }
    }
    gsc_status status = GSC_OK;
    if (expert->backward != NULL) {
        status = check_backward(self, phase, error);
    }
    if (status == GSC_OK && expert->jacobian != NULL) {
        status = check_jacobian(self, phase, error);
    }
    return status == GSC_OK && expert->linear != 0 ? check_linear(self, error) : status;
}

/* Rows of logits from level to far apart; p must be finite, not negative, and sum to 1 where it says so. */
static gsc_status try_probs(trial *self, void (*phase)(const char *name), gsc_error *error) {
    static const double scales[ROWS] = {0, 1, 5, 30, 700};
    double z[MAX_LOGITS], p[EXPERTS];
    phase("probs");
    for (int row = 0; row < ROWS; row++) {
        for (int64_t j = 0; j < self->call.logits; j++) {
            z[j] = scales[row] * cos(1.9 * (double)j + (double)row);
        }
        memset(p, 0xff, sizeof p);
        self->plugin->gate->probs(&self->call, row, self->call.logits > 0 ? z : NULL, p);
        double sum = 0;
        for (int j = 0; j < EXPERTS; j++) {
            sum += p[j];
            if (!(p[j] >= 0) || !isfinite(p[j])) {
                return gsc_fail(error, GSC_ERR_PLUGIN,
                                "returns p = %g from probs at logits up to %g; it must be finite "
                                "and at least 0",
                                isnan(p[j]) ? NAN : p[j], scales[row]);
            }
        }
        if ((self->plugin->capabilities & GSC_CAP_NO_SUM) == 0 && fabs(sum - 1) > 1e-6) {
            return gsc_fail(error, GSC_ERR_PLUGIN,
                            "returns p that sum to %g from probs; 1 is right, or declare "
                            "GSC_CAP_NO_SUM",
                            sum);
        }
    }
    return GSC_OK;
}

gsc_status gsc_plugin_smoke_rows(const gsc_plugin *plugin, const double *params,
                                 void (*phase)(const char *name), gsc_error *error) {
    bool own_expert = plugin->kind == GSC_KIND_EXPERT && plugin->expert->form == GSC_EXPERT_OWN;
    bool row_gate = plugin->kind == GSC_KIND_GATE && plugin->gate->probs != NULL;
    trial *self = own_expert || row_gate ? calloc(1, sizeof *self) : NULL;
    if (self == NULL) {
        return GSC_OK;
    }
    self->plugin = plugin;
    self->call = (gsc_call){
        .struct_size = sizeof(gsc_call),
        .rows = ROWS,
        .inputs = INPUTS,
        .experts = EXPERTS,
        .logits = EXPERTS,
        .hidden = HIDDEN,
        .outputs = OUTPUTS,
        .top_k = 2,
        .params = params,
        .tensors = self->tensors,
        .gradients = self->gradients,
        .tokens = (plugin->capabilities & GSC_CAP_TOKENS) != 0 ? self->tokens : NULL,
        .step = (plugin->capabilities & GSC_CAP_STEP) != 0 ? 0 : -1,
        .random_key = (plugin->capabilities & GSC_CAP_RANDOM) != 0 ? 1 : 0,
        .host = gsc_stages_host(),
    };
    if (row_gate && plugin->gate->logits != NULL) {
        phase("logits");
        self->call.logits = plugin->gate->logits(EXPERTS, params);
    } else if (row_gate && plugin->gate->score_form == GSC_SCORE_NONE) {
        self->call.logits = 0;
    }
    gsc_status status = GSC_OK;
    if (self->call.logits < 0) {
        status = gsc_fail(error, GSC_ERR_PLUGIN,
                          "returns %lld from logits for %d experts; a number "
                          "of logits is at least 0",
                          (long long)self->call.logits, EXPERTS);
    } else if (self->call.logits <= MAX_LOGITS && fill(self)) {
        status = own_expert ? try_expert(self, phase, error) : try_probs(self, phase, error);
    }
    free(self);
    return status;
}

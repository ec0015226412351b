/* SPDX-License-Identifier: MIT
 *
 * What an arm measures, with names, titles, definitions and proven bounds.
 *
 * Names: an error over exact cells is BLOCK_p1, over over-specified cells BLOCK_pR with R the
 * block's exponent in the loss for the largest cell possible, k - k* + 1 atoms (BLOCK_over where R
 * is 1); its worst atom BLOCK_worst.
 */
#include "core/theory/lab_internal.h"

#include "core/theory/gate_rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static size_t largest_cell(const lab_arm *arm, bool routed) {
    return routed ? arm->k_routed - arm->reference->shape.k_routed + 1
                  : arm->k_shared - arm->reference->shape.k_shared + 1;
}

/* What a legend says of an arm: "2 fitted to 1", after the entry's name where it has one. */
static void arm_title(const lab *self, const lab_arm *arm, char *ret_title, size_t size) {
    bool vary_shared = false, vary_routed = false;
    for (size_t a = 0; a < self->n_arms; a++) {
        if (self->arms[a].plan == arm->plan) {
            vary_shared |= self->arms[a].k_shared != arm->k_shared;
            vary_routed |= self->arms[a].k_routed != arm->k_routed;
        }
    }
    const gsc_mixture_shape *truth = &arm->plan->truth->shape;
    const size_t k1 = truth->k_shared, k2 = truth->k_routed;
    char numbers[64] = "";
    if (vary_shared && vary_routed) {
        snprintf(numbers, sizeof numbers, "%zu + %zu fitted to %zu + %zu", arm->k_shared,
                 arm->k_routed, k1, k2);
    } else if (vary_shared || vary_routed) {
        const size_t k = vary_shared ? arm->k_shared : arm->k_routed,
                     true_k = vary_shared ? k1 : k2;
        snprintf(numbers, sizeof numbers,
                 k == true_k && k == 1 ? "%zu expert fitted to %zu" : "%zu fitted to %zu", k,
                 true_k);
    }
    const char *name = arm->plan->name;
    snprintf(ret_title, size, "%s%s%s", name, name[0] != '\0' && numbers[0] != '\0' ? ", " : "",
             numbers);
}

static const char *quantity_name(lab_quantity quantity) {
    static const char *const names[] = {
        "loss",           "loss_shared",     "loss_routed", "loss_sparse",        "loss_stopped",
        "log_likelihood", "likelihood_gain", "iterations",  "iterations_stopped", "n_kl",
        "gate_l2",        "expert_l2"};
    return names[quantity];
}

static void quantity_definition(const lab_arm *arm, lab_quantity quantity, char *ret_text,
                                size_t size) {
    const char *reference = arm->pseudo != NULL ? ", routed atoms against the pseudo-truth"
                            : arm->plan->loss == GSC_LOSS_D4
                                ? ", against the truth (the paper: a pseudo-truth)"
                                : "";
    switch (quantity) {
    case LAB_LOSS:
        snprintf(ret_text, size,
                 "Voronoi loss %s of the aligned fit: shared part + routed part, masses included%s",
                 arm->plan->loss_name, reference);
        break;
    case LAB_LOSS_SHARED:
        snprintf(ret_text, size, "the shared atoms' part of Voronoi loss %s", arm->plan->loss_name);
        break;
    case LAB_LOSS_ROUTED:
        snprintf(ret_text, size, "the routed atoms' part of Voronoi loss %s%s",
                 arm->plan->loss_name, reference);
        break;
    case LAB_LOSS_SPARSE:
        snprintf(
            ret_text, size,
            "Voronoi loss %s of the fits whose over-specified routed cells have true slopes 0, "
            "which theorem 3 speaks of",
            arm->plan->loss_name);
        break;
    case LAB_GATE_ERROR:
        snprintf(ret_text, size,
                 "root of E_x sum over true routed experts of (gate probability of the cell - true "
                 "one)^2");
        break;
    case LAB_EXPERT_ERROR:
        snprintf(ret_text, size,
                 "root of E_x of (fitted - true expert function)^2, weighted by the true gate and "
                 "within a cell by the fitted one");
        break;
    case LAB_LOSS_STOPPED:
        snprintf(ret_text, size,
                 "Voronoi loss %s where EM from the first start stops, before the polish%s",
                 arm->plan->loss_name, reference);
        break;
    case LAB_LOG_LIKELIHOOD:
        snprintf(ret_text, size, "sum over the sample of log f(y|x) at the fit");
        break;
    case LAB_GAIN:
        snprintf(ret_text, size,
                 "log-likelihood of the fit minus that of the truth on the same sample");
        break;
    case LAB_ITERATIONS:
        snprintf(ret_text, size,
                 arm->plan->fit.polish ? "EM iterations plus Newton steps of the start that is kept"
                                       : "EM iterations of the start that is kept");
        break;
    case LAB_ITERATIONS_STOPPED:
        snprintf(ret_text, size, "EM iterations of the first start, to the tolerance");
        break;
    case LAB_N_KL:
        snprintf(
            ret_text, size,
            "n times KL(truth || fit), averaged over X, by quadrature: what prediction suffers");
        break;
    case LAB_BLOCK_ERROR:
    case LAB_BLOCK_WORST:
        break;
    }
}

static void block_definition(const lab_arm *arm, const lab_series *series, char *ret_text,
                             size_t size) {
    const gsc_error_block *block = &arm->blocks[series->block];
    const char *cells =
        series->exact ? "cells of one fitted atom" : "cells of several fitted atoms";
    const char *weight = !block->routed                ? "omega"
                         : arm->reference->mean_masses ? "mean gate probability"
                                                       : "a(beta0)";
    if (block->what == GSC_BLOCK_MASS) {
        snprintf(ret_text, size, "%s |sum of %s in the cell - true %s| over %s",
                 series->quantity == LAB_BLOCK_WORST ? "largest" : "mean", weight, weight, cells);
    } else if (series->quantity == LAB_BLOCK_WORST) {
        snprintf(ret_text, size, "largest |fitted - true| of %s in any atom of %s", block->name,
                 cells);
    } else if (series->r == 1) {
        snprintf(ret_text, size, "sum w |fitted - true| / sum w of %s over %s, w = %s", block->name,
                 cells, weight);
    } else {
        snprintf(ret_text, size, "(sum w |fitted - true|^%g / sum w)^(1/%g) of %s over %s, w = %s",
                 series->r, series->r, block->name, cells, weight);
    }
}

/* Whether the theorem bounds what a series measures. Theorem 4 speaks of the distance of the routed
 * atoms to a pseudo-truth; that is the truth where none is over-specified, and no sample that
 * cannot tell the pseudo-truth from the truth (n KL below 1 at the largest n) speaks of it. */
static bool is_bounded(const lab_arm *arm, bool routed) {
    if (!arm->plan->theorem || arm->plan->crossed) {
        return false;
    }
    if (routed && arm->plan->loss == GSC_LOSS_D4 &&
        arm->k_routed > arm->plan->truth->shape.k_routed) {
        return arm->pseudo != NULL && arm->felt;
    }
    return true;
}

/* Loss D3 where some true slopes are 0 and some are not, and experts are not linear: theorem 3 bounds the fits whose
 * extra atoms join the former. */
static bool is_partly_sparse(const lab_arm *arm) {
    const gsc_truth *truth = arm->plan->truth;
    size_t zero = 0;
    for (size_t i = truth->layout.beta1; i < truth->layout.eta; i++) {
        zero += truth->mixture[i] == 0;
    }
    return arm->plan->loss == GSC_LOSS_D3 && !arm->plan->crossed && !arm->plan->theorem &&
           truth->classes == 0 && zero > 0 && zero < truth->layout.eta - truth->layout.beta1 &&
           strcmp(truth->gate.loaded->plugin->id, "normalized_sigmoid") == 0 &&
           truth->shape.k_shared > 0 && !truth->shared.linear && !truth->routed.linear;
}

/* Gate and expert functions that can be compared: experts of a number. */
static bool has_functions(const lab_arm *arm) {
    return arm->k_routed > 0 && arm->plan->truth->classes == 0;
}

static lab_series *add_series(lab_arm *arm, lab_quantity quantity) {
    lab_series *series = &arm->series[arm->n_series++];
    *series = (lab_series){.quantity = quantity, .r = 1, .bound = NAN, .handle = -1};
    if (quantity < LAB_BLOCK_ERROR) {
        snprintf(series->name, sizeof series->name, "%s", quantity_name(quantity));
    }
    return series;
}

static void list_quantities(lab_arm *arm, const char *title) {
    for (lab_quantity quantity = LAB_LOSS; quantity < LAB_BLOCK_ERROR; quantity++) {
        const bool stopped = quantity == LAB_LOSS_STOPPED || quantity == LAB_ITERATIONS_STOPPED;
        if ((quantity == LAB_N_KL && arm->plan->kl == NULL) ||
            (quantity <= LAB_LOSS_STOPPED && arm->plan->no_loss) ||
            (quantity == LAB_LOSS_SPARSE && !is_partly_sparse(arm)) ||
            ((quantity == LAB_GATE_ERROR || quantity == LAB_EXPERT_ERROR) && !has_functions(arm)) ||
            (stopped && (!arm->plan->fit.polish || arm->plan->truth->classes > 0))) {
            continue;
        }
        lab_series *series = add_series(arm, quantity);
        const bool loss = quantity <= LAB_LOSS_STOPPED;
        const bool by_loss = strcmp(arm->plan->measure, "loss") == 0;
        series->drawn = loss ? by_loss : quantity == LAB_N_KL;
        const bool sparse = quantity == LAB_LOSS_SPARSE;
        series->bound = sparse                                                 ? -0.5
                        : loss && is_bounded(arm, quantity != LAB_LOSS_SHARED) ? -0.5
                                                                               : NAN;
        const char *what = quantity == LAB_LOSS                       ? "whole loss"
                           : quantity == LAB_LOSS_SHARED              ? "shared part"
                           : quantity == LAB_LOSS_ROUTED              ? "routed part"
                           : sparse                                   ? "whole loss, sparse cells"
                           : quantity == LAB_LOSS_STOPPED             ? "whole loss as EM stops"
                           : quantity == LAB_N_KL && title[0] != '\0' ? ""
                           : quantity == LAB_N_KL                     ? "fit"
                                                                      : quantity_name(quantity);
        snprintf(series->title, sizeof series->title, "%s%s%s", what,
                 what[0] != '\0' && title[0] != '\0' ? ", " : "", title);
    }
}

/* One number whose scale the alignment has set to the truth's: its error would be rounding. */
static bool is_set_by_alignment(const lab_arm *arm, const gsc_error_block *block) {
    const gsc_truth *truth = arm->reference;
    return block->what == GSC_BLOCK_THETA && block->offset == 0 && block->size == 1 &&
           gsc_expert_is_homogeneous(block->routed ? &truth->routed : &truth->shared);
}

/* "kappa" is every block of the shared experts: kappa_weight, kappa_bias. */
static bool is_measured(const lab_arm *arm, const gsc_error_block *block) {
    const char *measure = arm->plan->measure;
    const size_t length = strlen(measure);
    return strncmp(block->name, measure, length) == 0 &&
           (block->name[length] == '\0' || block->name[length] == '_');
}

static void list_blocks(lab_arm *arm, const char *title) {
    arm->n_blocks = gsc_error_blocks(arm->reference, arm->blocks);
    if (arm->k_routed > 0 && arm->reference->shape.k_routed > 1 &&
        gsc_gate_has_slopes(arm->reference)) {
        arm->blocks[arm->n_blocks++] = gsc_beta0_block();
    }
    for (size_t b = 0; b < arm->n_blocks; b++) {
        const gsc_error_block *block = &arm->blocks[b];
        const size_t m = largest_cell(arm, block->routed);
        const size_t count =
            block->routed ? arm->reference->shape.k_routed : arm->reference->shape.k_shared;
        if ((block->routed ? arm->k_routed : arm->k_shared) == 0 ||
            (block->what == GSC_BLOCK_MASS && count == 1) || is_set_by_alignment(arm, block)) {
            continue;
        }
        for (int kind = 0; kind < 3; kind++) { /* exact, over-specified, its worst atom */
            const bool exact = kind == 0;
            if (exact ? count == 1 && m > 1 : m < 2 || block->what == GSC_BLOCK_BETA0) {
                continue;
            }
            lab_series *series = add_series(arm, kind == 2 ? LAB_BLOCK_WORST : LAB_BLOCK_ERROR);
            series->block = b;
            series->exact = exact;
            series->r = exact ? 1 : gsc_error_exponent(arm->plan->loss, block, m);
            series->drawn = kind < 2 && is_measured(arm, block);
            series->bound = kind < 2 && is_bounded(arm, block->routed) ? -0.5 / series->r : NAN;
            if (kind == 2) {
                snprintf(series->name, sizeof series->name, "%s_worst", block->name);
            } else if (!exact && series->r == 1) {
                snprintf(series->name, sizeof series->name, "%s_over", block->name);
            } else {
                snprintf(series->name, sizeof series->name, "%s_p%g", block->name, series->r);
            }
            if (series->drawn && title[0] != '\0') {
                const bool both = count > 1 && m > 1;
                snprintf(series->title, sizeof series->title, "%s%s", title,
                         !both   ? ""
                         : exact ? ", exact"
                                 : ", over-specified");
            } else {
                snprintf(series->title, sizeof series->title, "%s%s%s%s", block->symbol,
                         exact       ? ", exact cells"
                         : kind == 1 ? ", over-specified cells"
                                     : ", worst atom",
                         title[0] != '\0' ? ", " : "", title);
            }
        }
    }
}

static void bound_title(double bound, char *ret_title, size_t size) {
    const double inverse = -1 / bound;
    if (isnan(bound)) {
        ret_title[0] = '\0';
    } else if (fabs(inverse - round(inverse)) < 1e-9) {
        snprintf(ret_title, size, "n^{-1/%g}", round(inverse));
    } else {
        snprintf(ret_title, size, "n^{%.3g}", bound);
    }
}

gsc_status lab_declare_series(lab *self, lab_arm *arm, gsc_error *error) {
    char title[96], definition[256], bound[32], y_title[64];
    arm_title(self, arm, title, sizeof title);
    list_quantities(arm, title);
    list_blocks(arm, title);
    for (size_t s = 0; s < arm->n_series; s++) {
        lab_series *series = &arm->series[s];
        gsc_series_info info = GSC_SERIES_INIT;
        const bool kl = series->quantity == LAB_N_KL;
        if (series->quantity < LAB_BLOCK_ERROR) {
            quantity_definition(arm, series->quantity, definition, sizeof definition);
        } else {
            block_definition(arm, series, definition, sizeof definition);
        }
        if (kl) {
            snprintf(y_title, sizeof y_title, "n × KL (nat)");
        } else if (series->quantity <= LAB_LOSS_STOPPED) {
            snprintf(y_title, sizeof y_title, "Loss %s", arm->plan->loss_name);
        } else if (series->quantity >= LAB_BLOCK_ERROR) {
            snprintf(y_title, sizeof y_title, "Error of %s", arm->blocks[series->block].symbol);
        } else {
            snprintf(y_title, sizeof y_title, "%s", quantity_name(series->quantity));
        }
        bound_title(series->bound, bound, sizeof bound);
        info.name = series->name;
        info.arm = arm->name;
        info.title = series->title;
        info.unit = series->quantity == LAB_LOG_LIKELIHOOD || series->quantity == LAB_GAIN || kl
                        ? "nat"
                        : "";
        info.definition = definition;
        info.x_name = "n";
        info.x_title = "Sample size n";
        info.panel = !series->drawn ? "" : kl ? "divergence" : "error";
        info.y_title = y_title;
        info.bound = series->bound;
        info.bound_title = bound;
        const gsc_status status = self->sink->series(self->sink, &info, &series->handle, error);
        if (status != GSC_OK) {
            return status;
        }
    }
    return GSC_OK;
}

/* SPDX-License-Identifier: MIT
 *
 * The losses: zero at the truth, at the truth permuted, at the truth duplicated with split mass; invariance under
 * what the density does not feel; a value worked out by hand; the table of r; block errors.
 */
#include "core/theory/loss.h"

#include "core/theory/align.h"
#include "tests/tap.h"
#include "tests/theory/support.h"

typedef struct fitted {
    gsc_truth *truth;
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_mixture_layout at;
    gsc_voronoi cells;
    double mixture[128];
} fitted;

static void fit_of(fitted *fit, const char *preset, size_t k_shared, size_t k_routed) {
    fit->truth = truth_from(preset, NULL);
    gsc_truth_fit_shape(fit->truth, k_shared, k_routed, &fit->gate, &fit->shape);
    fit->at = gsc_mixture_get_layout(&fit->shape);
}

/* Fitted atom i is true atom from[i], its mass divided by share[i]. */
static void copy_shared(fitted *fit, size_t i, size_t from, double share) {
    const gsc_mixture_layout *true_at = &fit->truth->layout;
    const size_t p = fit->truth->shared.theta_size;
    fit->mixture[fit->at.omega + i] = fit->truth->mixture[true_at->omega + from] / share;
    for (size_t k = 0; k < p; k++) {
        fit->mixture[fit->at.kappa + i * p + k] =
            fit->truth->mixture[true_at->kappa + from * p + k];
    }
    fit->mixture[fit->at.tau + i] = fit->truth->mixture[true_at->tau + from];
}

static void copy_routed(fitted *fit, size_t i, size_t from, double share) {
    gsc_error error;
    const gsc_mixture_layout *true_at = &fit->truth->layout;
    const size_t p = fit->truth->routed.theta_size;
    double log_a;
    need(gsc_gate_log_affinity(&fit->gate, 1, fit->truth->mixture + true_at->beta0 + from, &log_a,
                               NULL, &error),
         &error);
    need(gsc_gate_invert(&fit->gate, log_a - log(share), 40, &fit->mixture[fit->at.beta0 + i], NULL,
                         &error),
         &error);
    fit->mixture[fit->at.beta1 + i] = fit->truth->mixture[true_at->beta1 + from];
    for (size_t k = 0; k < p; k++) {
        fit->mixture[fit->at.eta + i * p + k] = fit->truth->mixture[true_at->eta + from * p + k];
    }
    fit->mixture[fit->at.nu + i] = fit->truth->mixture[true_at->nu + from];
}

static gsc_loss loss_of(fitted *fit, gsc_loss_kind kind) {
    gsc_error error;
    gsc_loss loss;
    gsc_voronoi_assign(fit->truth, &fit->shape, fit->mixture, &fit->cells);
    need(gsc_loss_compute(kind, fit->truth, &fit->shape, fit->mixture, &fit->cells, &loss, &error),
         &error);
    return loss;
}

static gsc_loss aligned_loss_of(fitted *fit, gsc_loss_kind kind, gsc_align_info *ret_info) {
    gsc_error error;
    need(gsc_align(fit->truth, kind, &fit->shape, fit->mixture, ret_info, &error), &error);
    return loss_of(fit, kind);
}

/* The presets and their losses: every loss is zero at its own truth, however it is written. */
static void check_zero(const char *preset, gsc_loss_kind kind) {
    fitted fit;
    char what[96];
    fit_of(&fit, preset, 1, 2);
    copy_shared(&fit, 0, 0, 1);
    copy_routed(&fit, 0, 0, 1);
    copy_routed(&fit, 1, 1, 1);
    snprintf(what, sizeof what, "%s: zero at the truth", preset);
    TAP_NEAR(loss_of(&fit, kind).total, 0, 1e-12, what);
    copy_routed(&fit, 0, 1, 1);
    copy_routed(&fit, 1, 0, 1);
    snprintf(what, sizeof what, "%s: zero at the permuted truth", preset);
    TAP_NEAR(loss_of(&fit, kind).total, 0, 1e-12, what);
    TAP_NEAR(aligned_loss_of(&fit, kind, NULL).total, 0, 1e-10, "and after alignment");
    gsc_truth_free(fit.truth);

    fit_of(&fit, preset, 2, 3);
    copy_shared(&fit, 0, 0, 4);
    copy_shared(&fit, 1, 0, 4.0 / 3);
    copy_routed(&fit, 0, 1, 2);
    copy_routed(&fit, 1, 0, 1);
    copy_routed(&fit, 2, 1, 2);
    const gsc_loss loss = loss_of(&fit, kind);
    snprintf(what, sizeof what, "%s: duplicated truth with split mass", preset);
    if (kind == GSC_LOSS_D4) {
        /* D4 compares beta0 atom by atom, so that a split atom is not free. */
        TAP_NEAR(loss.shared, 0, 1e-12, what);
    } else {
        TAP_NEAR(loss.total, 0, 1e-10, what);
    }
    gsc_error error;
    const gsc_sample sample = sample_from(fit.truth, 300, 0);
    double split, truth;
    need(gsc_mixture_log_likelihood(&fit.shape, fit.mixture, &sample, &split, &error), &error);
    need(gsc_mixture_log_likelihood(&fit.truth->shape, fit.truth->mixture, &sample, &truth, &error),
         &error);
    if (kind == GSC_LOSS_D1 || kind == GSC_LOSS_D2) {
        TAP_NEAR(split, truth, 1e-9 * fabs(truth), "and of the same likelihood");
    }
    free((double *)sample.x);
    free((double *)sample.y);
    gsc_truth_free(fit.truth);
}

static void check_translation(void) {
    fitted fit;
    fit_of(&fit, "theorem2", 2, 3);
    copy_shared(&fit, 0, 0, 2);
    copy_shared(&fit, 1, 0, 2);
    for (size_t j = 0; j < 3; j++) {
        copy_routed(&fit, j, j == 2 ? 0 : j, j == 1 ? 1 : 2);
        fit.mixture[fit.at.eta + 2 * j] += 0.1 * (double)j;
    }
    gsc_align_info info;
    const double before = aligned_loss_of(&fit, GSC_LOSS_D2, &info).total;
    TAP_OK(info.translated && !info.rescaled, "softmax is translated");
    TAP_OK(before > 0.01, "a disturbed fit has a loss");
    for (size_t j = 0; j < 3; j++) {
        fit.mixture[fit.at.beta0 + j] += 3.5;
        fit.mixture[fit.at.beta1 + j] -= 1.25;
    }
    TAP_OK(fabs(loss_of(&fit, GSC_LOSS_D2).total - before) > 1, "which a translation changes");
    TAP_NEAR(aligned_loss_of(&fit, GSC_LOSS_D2, NULL).total, before, 1e-10,
             "but not after alignment");
    gsc_truth_free(fit.truth);
}

static void check_scale(void) {
    fitted fit;
    fit_of(&fit, "theorem1", 1, 2);
    TAP_OK(gsc_expert_is_homogeneous(&fit.truth->shared), "ReLU is positively homogeneous");
    copy_shared(&fit, 0, 0, 1);
    copy_routed(&fit, 0, 0, 1);
    copy_routed(&fit, 1, 1, 1);
    const double factor = 1.7;
    double *kappa = fit.mixture + fit.at.kappa; /* in, bias, out */
    kappa[0] *= factor;
    kappa[1] *= factor;
    kappa[2] /= factor;
    double *eta = fit.mixture + fit.at.eta; /* in, out */
    eta[0] /= factor;
    eta[1] *= factor;
    TAP_OK(loss_of(&fit, GSC_LOSS_D1).total > 1, "another scale of a ReLU atom costs");
    TAP_NEAR(aligned_loss_of(&fit, GSC_LOSS_D1, NULL).total, 0, 1e-10, "until it is canonical");
    gsc_truth_free(fit.truth);
    static const char *const gelu[] = {"expert={\"id\":\"gelu\",\"bias\":0}", NULL};
    gsc_truth *truth = truth_from("theorem1", gelu);
    TAP_OK(!gsc_expert_is_homogeneous(&truth->routed), "GELU is not homogeneous");
    gsc_truth_free(truth);
}

static void check_rescaling(void) {
    fitted fit;
    gsc_align_info info;
    fit_of(&fit, "theorem3", 1, 2);
    copy_shared(&fit, 0, 0, 1);
    copy_routed(&fit, 0, 0, 1);
    copy_routed(&fit, 1, 1, 1);
    /* Half of both masses: only their ratio is known. */
    for (size_t j = 0; j < 2; j++) {
        const double mass = 0.5 / (1 + exp(-fit.mixture[fit.at.beta0 + j]));
        fit.mixture[fit.at.beta0 + j] = log(mass / (1 - mass));
    }
    TAP_OK(loss_of(&fit, GSC_LOSS_D3).total > 0.5, "half of both sigmoid masses costs");
    TAP_NEAR(aligned_loss_of(&fit, GSC_LOSS_D3, &info).total, 0, 1e-9, "until they are rescaled");
    TAP_OK(info.rescaled && !info.clipped, "rescaled, not clipped");
    gsc_truth_free(fit.truth);
}

/* By hand: theorem2, k = (2, 2). Shared: omega .6, .4 (mass term 0), slopes 2.1, 2, intercepts 0, .2, tau .2, .3:
 * .6 (.1^2 + 0 + 0) + .4 (0 + .2^4 + .1^2) = .006 + .00064 + .004 = .01064.
 * Routed exact: masses e^-.5, e^.5; first atom beta1 5.1, eta1 8.2: e^-.5 (.1 + .2); second: beta0 .6, nu .5:
 * |e^.6 - e^.5| + e^.6 .1. */
static void check_by_hand(void) {
    fitted fit;
    fit_of(&fit, "theorem2", 2, 2);
    copy_shared(&fit, 0, 0, 1 / 0.6);
    copy_shared(&fit, 1, 0, 1 / 0.4);
    copy_routed(&fit, 0, 0, 1);
    copy_routed(&fit, 1, 1, 1);
    fit.mixture[fit.at.kappa] += 0.1;
    fit.mixture[fit.at.kappa + 3] += 0.2;
    fit.mixture[fit.at.tau + 1] += 0.1;
    fit.mixture[fit.at.beta1] += 0.1;
    fit.mixture[fit.at.eta] += 0.2;
    fit.mixture[fit.at.beta0 + 1] += 0.1;
    fit.mixture[fit.at.nu + 1] += 0.1;
    const gsc_loss loss = loss_of(&fit, GSC_LOSS_D2);
    TAP_NEAR(loss.shared, 0.01064, 1e-12, "D2 by hand: shared");
    TAP_NEAR(loss.routed, exp(-0.5) * 0.3 + exp(0.6) - exp(0.5) + exp(0.6) * 0.1, 1e-12,
             "D2 by hand: routed");
    TAP_NEAR(loss.routed_mass, exp(0.6) - exp(0.5), 1e-12, "D2 by hand: routed mass");
    /* D1 joins slope and intercept, all squared: .6 .01 + .4 (.04 + .01). */
    TAP_NEAR(loss_of(&fit, GSC_LOSS_D1).shared, 0.026, 1e-12, "D1 by hand: shared");
    gsc_error_block blocks[GSC_MAX_ERROR_BLOCKS];
    gsc_error error;
    const size_t n = gsc_error_blocks(fit.truth, blocks);
    for (size_t b = 0; b < n; b++) {
        gsc_block_error value;
        if (strcmp(blocks[b].name, "tau") == 0) {
            need(gsc_block_error_compute(fit.truth, &fit.shape, fit.mixture, &fit.cells, &blocks[b],
                                         false, 2, &value, &error),
                 &error);
            TAP_NEAR(value.value, sqrt(0.4 * 0.01), 1e-12, "tau, p2 over the cell of two");
            TAP_NEAR(value.worst, 0.1, 1e-12, "tau, worst atom");
            need(gsc_block_error_compute(fit.truth, &fit.shape, fit.mixture, &fit.cells, &blocks[b],
                                         true, 1, &value, &error),
                 &error);
            TAP_OK(isnan(value.value) && value.atoms == 0, "tau has no exact cell");
        }
        if (strcmp(blocks[b].name, "nu") == 0) {
            need(gsc_block_error_compute(fit.truth, &fit.shape, fit.mixture, &fit.cells, &blocks[b],
                                         true, 1, &value, &error),
                 &error);
            TAP_NEAR(value.value, 0.1 * exp(0.6) / (exp(0.6) + exp(-0.5)), 1e-12,
                     "nu, p1 over the exact cells, weighted by mass");
        }
        if (strcmp(blocks[b].name, "kappa_bias") == 0) {
            TAP_NEAR(gsc_error_exponent(GSC_LOSS_D2, &blocks[b], 3), 6, 0, "kappa0: r(3) in D2");
            TAP_NEAR(gsc_error_exponent(GSC_LOSS_D1, &blocks[b], 3), 2, 0, "kappa0: 2 in D1");
        }
    }
    gsc_truth_free(fit.truth);
}

int main(void) {
    TAP_NEAR(gsc_loss_r(2), 4, 0, "r(2)");
    TAP_NEAR(gsc_loss_r(3), 6, 0, "r(3)");
    TAP_NEAR(gsc_loss_r(4), 7, 0, "r(4)");
    TAP_NEAR(gsc_loss_r(9), 7, 0, "r(9)");
    check_zero("theorem1", GSC_LOSS_D1);
    check_zero("theorem2", GSC_LOSS_D2);
    check_zero("theorem3", GSC_LOSS_D3);
    check_zero("theorem4", GSC_LOSS_D4);
    check_translation();
    check_scale();
    check_rescaling();
    check_by_hand();
    return tap_done();
}

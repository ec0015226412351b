/* SPDX-License-Identifier: MIT
 *
 * The pseudo-truth of dense sigmoid truths: divergences and least eigenvalues as measured by an
 * independent prototype, and where that had stopped at a local minimum, the exact representation
 * that algebra gives.
 */
#include "core/theory/pseudo_truth.h"

#include "tests/tap.h"
#include "tests/theory/support.h"

typedef struct found {
    gsc_pseudo_truth info;
    double mixture[64];
    gsc_mixture_layout at;
} found;

/* Normalized sigmoid truth of two linear experts with gates (b00, b10) and (b01, b11), fitted by
 * three. */
static found find(double b00, double b10, double b01, double b11, double box) {
    gsc_error error;
    char truth_text[640];
    snprintf(truth_text, sizeof truth_text,
             "theory.truth={\"x\":[-3,3],\"shared\":[{\"omega\":1,\"expert\":{\"weight\":[2],"
             "\"bias\":[0]},\"variance\":0.2}],\"routed\":[{\"beta0\":%g,\"beta1\":[%g],"
             "\"expert\":{\"weight\":[8],\"bias\":[2]},\"variance\":0.4},{\"beta0\":%g,"
             "\"beta1\":[%g],\"expert\":{\"weight\":[-6],\"bias\":[1]},\"variance\":0.4}]}",
             b00, b10, b01, b11);
    const char *const settings[] = {"gate=normalized_sigmoid", truth_text, NULL};
    gsc_truth *truth = truth_from("first", settings);
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_truth_fit_shape(truth, 1, 3, &gate, &shape);
    gsc_pseudo_truth_options options = gsc_pseudo_truth_options_default(&shape);
    options.gate_box = box;
    found self;
    need(gsc_pseudo_truth_find(truth, &shape, &options, self.mixture, &self.info, &error), &error);
    self.at = gsc_mixture_get_layout(&shape);
    gsc_truth_free(truth);
    return self;
}

static void check_dense(void) {
    const found twins = find(2, 4, 2, -4, 4);
    TAP_NEAR(twins.info.kl, 4.06e-8, 0.05e-8, "gates (2, 4), (2, -4): KL 4.06e-8");
    TAP_NEAR(twins.info.least_eigenvalue, 1.8e-5, 0.2e-5, "and identified");
    TAP_OK(twins.info.hits >= 2, "found more than once");
    const found mild = find(-0.5, 2, 0.5, -1, 4);
    TAP_NEAR(mild.info.kl, 4.22e-8, 0.05e-8, "gates (-.5, 2), (.5, -1), box 4: KL 4.22e-8");
    TAP_NEAR(mild.info.least_eigenvalue, 1.06e-5, 0.1e-5, "and identified");
    const found dead = find(-0.5, 2, 0.5, -1, 8);
    TAP_OK(dead.info.kl < 1e-10, "box 8: all but exact");
    TAP_OK(dead.info.least_eigenvalue < 1e-8, "with a dead atom that nothing identifies");
    const found symmetric = find(0, 4, 0, -4, 20);
    TAP_OK(symmetric.info.kl < 1e-20, "z2 = -z1: the truth is held exactly");
    TAP_OK(fabs(symmetric.info.least_eigenvalue) < 1e-8, "and singular");
}

/* Equal slopes: sigma(b) / sigma(a) = 1 + (e^c - 1) sigma(-b) with b = a + c, so that twins of
 * the second expert, one with a constant gate and one with gate -b, make the truth exactly. */
static void check_printed(void) {
    const found wide = find(-0.5, 5, 0.5, 5, 8);
    TAP_OK(wide.info.kl < 1e-20, "printed theorem 4: three atoms hold it exactly");
    TAP_OK(wide.info.least_eigenvalue > 1e-6, "and are identified");
    size_t turned = 0, flat = 0;
    for (size_t j = 0; j < 3; j++) {
        turned += fabs(wide.mixture[wide.at.beta1 + j] + 5) < 1e-4;
        flat += fabs(wide.mixture[wide.at.beta1 + j]) < 1e-4;
    }
    TAP_OK(turned == 1 && flat == 2, "by one gate of slope -5 and two constant ones");
    const double level = wide.mixture[wide.at.beta0];
    TAP_NEAR(1 / (1 + exp(-level)), 1 / (exp(1) - 1), 1e-4, "at the level 1 / (e - 1)");
    const found tight = find(-0.5, 5, 0.5, 5, 4.999);
    TAP_OK(tight.info.kl > 0 && tight.info.kl < 1e-9, "a box just too small costs little");
}

static void check_pairs(void) {
    const found one = find(2, 4, 2, -4, 4);
    gsc_error error;
    static const char *const sigmoid[] = {"gate=normalized_sigmoid", NULL};
    gsc_truth *truth = truth_from("first", sigmoid);
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_truth_fit_shape(truth, 1, 3, &gate, &shape);
    double turned[64];
    const size_t order[] = {2, 0, 1};
    memcpy(turned, one.mixture, one.at.size * sizeof(double));
    for (size_t j = 0; j < 3; j++) {
        turned[one.at.beta1 + j] = one.mixture[one.at.beta1 + order[j]];
        turned[one.at.nu + j] = one.mixture[one.at.nu + order[j]];
        memcpy(turned + one.at.eta + 2 * j, one.mixture + one.at.eta + 2 * order[j],
               2 * sizeof(double));
    }
    size_t pairs[3];
    gsc_pseudo_truth_pair(&shape, one.mixture, turned, pairs);
    TAP_OK(pairs[0] == 2 && pairs[1] == 0 && pairs[2] == 1, "atoms in another order find theirs");
    double mixture[64];
    gsc_pseudo_truth info;
    const gsc_pseudo_truth_options none = {.gate_box = 4, .starts = 0};
    TAP_OK(gsc_pseudo_truth_find(truth, &shape, &none, mixture, &info, &error) == GSC_ERR_INPUT,
           "no start is refused");
    gsc_truth_free(truth);
}

int main(void) {
    check_dense();
    check_printed();
    check_pairs();
    return tap_done();
}

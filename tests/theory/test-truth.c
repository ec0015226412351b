/* SPDX-License-Identifier: MIT
 *
 * Truths from specs, and one sentence for each thing that can be wrong with them.
 */
#include "core/theory/truth.h"

#include "tests/tap.h"
#include "tests/theory/support.h"

#define SHARED "{\"omega\":1,\"expert\":{\"weight\":[2],\"bias\":[0]},\"variance\":0.2}"
#define ROUTED                                                                                     \
    "{\"beta0\":-0.5,\"beta1\":[1],\"expert\":{\"weight\":[8],\"bias\":[2]},\"variance\":0.4}"

static void refused(const char *truth_json, const char *sentence) {
    gsc_error error = {0};
    gsc_spec *spec;
    gsc_truth *truth = NULL;
    char text[1024];
    need(gsc_spec_load("preset:theorem2", &spec, &error), &error);
    snprintf(text, sizeof text, "theory.truth=%s", truth_json);
    need(gsc_spec_set(spec, text, &error), &error);
    const gsc_status status = gsc_truth_new(spec, &truth, &error);
    TAP_OK(status == GSC_ERR_INPUT, "refused as input");
    TAP_CONTAINS(error.message, sentence, sentence);
    gsc_truth_free(truth);
    gsc_spec_free(spec);
}

int main(void) {
    gsc_truth *truth = truth_from("first", NULL);
    TAP_OK(truth->shape.k_shared == 1 && truth->shape.k_routed == 2 && truth->shape.inputs == 1,
           "first: one shared and two routed experts of one input");
    TAP_NEAR(truth->mixture[truth->layout.eta + 2], -6, 0, "eta1 of the second routed expert");
    TAP_NEAR(truth->mixture[truth->layout.tau], 0.2, 0, "tau");
    TAP_NEAR(truth->shape.variance_floor, 0.05, 0, "the spec's floor");
    gsc_truth_free(truth);
    truth = truth_from("theorem2", NULL);
    TAP_NEAR(truth->shape.variance_floor, 0.05, 1e-15,
             "default floor: a quarter of the least variance");
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_truth_fit_shape(truth, 2, 3, &gate, &shape);
    TAP_OK(gsc_shape_free_parameters(&shape) == 1 + 4 + 2 + 6 + 6 + 3, "free parameters of (2, 3)");
    gsc_truth_free(truth);

    refused("{\"x\":[-3,3]}", "theory.truth has no atom");
    refused("{\"x\":[3,-3],\"shared\":[" SHARED "]}", "its first number should be the smaller");
    refused("{\"shared\":[" SHARED "]}", "theory.truth.x is missing");
    refused("{\"x\":[-3,3],\"shraed\":[" SHARED "]}", "did you mean shared");
    refused("{\"x\":[-3,3],\"shared\":[" SHARED "," SHARED "]}",
            "the omega of theory.truth.shared sum to 2; they should sum to 1");
    refused("{\"x\":[-3,3],\"routed\":[" ROUTED
            ",{\"beta0\":1,\"beta1\":[1],\"expert\":{\"weight\":[8]},"
            "\"variance\":1}]}",
            "theory.truth.routed[1].expert.bias is missing");
    refused("{\"x\":[-3,3],\"shared\":[{\"omega\":1,\"expert\":{\"weight\":[2,3],\"bias\":[0]},"
            "\"variance\":1}]}",
            "theory.truth.shared[0].expert.weight has 2 numbers; it should have 1");
    refused("{\"x\":[-3,3],\"shared\":[{\"omega\":1,\"expert\":{\"weight\":[2],\"bias\":[0]},"
            "\"variance\":-0.2}]}",
            "theory.truth.shared[0].variance is -0.2; it should be above 0");
    refused("{\"x\":[-3,3],\"routed\":[{\"beta0\":1,\"expert\":{\"weight\":[2],\"bias\":[0]},"
            "\"variance\":1}]}",
            "theory.truth.routed[0].beta1 is missing");
    refused("{\"x\":[-3,3],\"shared\":[{\"omega\":1,\"expert\":{\"weight\":[200],\"bias\":[0]},"
            "\"variance\":1}]}",
            "theory.box is 20");
    return tap_done();
}

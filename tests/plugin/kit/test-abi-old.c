/* SPDX-License-Identifier: MIT
 *
 * The ABI promise: a plugin built against the header of ABI 1.0 keeps loading and running, the old binary as
 * well as one built now from the frozen header; and today's header begins with every struct as it was then.
 *
 * argv: the folder of the old binary, the folder of the one that is built now.
 */
#include "core/plugin/conformance.h"
#include "core/plugin/registry.h"
#include "core/plugin/stages.h"
#include "tests/tap.h"

#include <stdlib.h>

enum {
    ROWS = 2,
    EXPERTS = 3
};

/* p, the choice and the weights of two rows, against the formula in its header comment. */
static void run_old(const char *id) {
    const gsc_loaded *loaded = NULL;
    gsc_error error = {0};
    gsc_registry_load(GSC_KIND_GATE, id, &loaded, &error);
    TAP_STRING(error.message, "", id);
    if (loaded == NULL) {
        return;
    }
    TAP_OK(loaded->plugin->abi_major == 1 && loaded->plugin->abi_minor == 0, "speaks ABI 1.0");
    TAP_OK(loaded->plugin->needs == NULL && loaded->plugin->extension == NULL,
           "what it does not know is zero");
    const double params[] = {2};
    double offset[EXPERTS] = {0.1, 0, -0.2}, gradient[EXPERTS] = {0};
    double *tensors[] = {offset}, *gradients[] = {gradient};
    const double z[ROWS * EXPERTS] = {1, 2, 3, 0.5, -1, 0}, bias[EXPERTS] = {5, 0, 0};
    gsc_call call = {.struct_size = sizeof call,
                     .rows = ROWS,
                     .inputs = 1,
                     .experts = EXPERTS,
                     .top_k = 1,
                     .params = params,
                     .tensors = (real *const *)tensors,
                     .gradients = (real *const *)gradients,
                     .bias = bias,
                     .step = -1};
    gsc_gate_pass pass = {0};
    gsc_gate_pass_init(&pass, loaded, &call, &error);
    memcpy(pass.z, z, sizeof z);
    gsc_gate_forward(&pass, NULL, NULL, NULL, &error);
    TAP_STRING(error.message, "", "it runs");
    double worst = 0;
    for (int row = 0; row < ROWS; row++) {
        double sum = 0;
        for (int j = 0; j < EXPERTS; j++) {
            sum += exp(z[row * EXPERTS + j] / 2 + offset[j]);
        }
        for (int j = 0; j < EXPERTS; j++) {
            double right = exp(z[row * EXPERTS + j] / 2 + offset[j]) / sum;
            worst = fmax(worst, fabs(pass.p[row * EXPERTS + j] - right));
        }
    }
    TAP_NEAR(worst, 0, 1e-15, "p is its formula");
    TAP_OK(pass.choice.chosen[0] == 0 && pass.choice.chosen[1] == 0, "its rank sees the bias");
    TAP_NEAR(pass.choice.weight[0], 1, 1e-15, "and the weights do not");
    gsc_gate_pass_clear(&pass);

    const gsc_conformance_options options = {0};
    json_t *report = NULL;
    gsc_conformance_check(loaded->path, &options, &report, &error);
    TAP_OK(json_is_true(json_object_get(report, "ok")), "and it passes today's conformance suite");
    json_decref(report);
}

int main(int argc, char **argv) {
    char path[2048];
    if (argc != 3) {
        printf("Bail out! two folders are needed\n");
        return 1;
    }
    snprintf(path, sizeof path, "%s:%s", argv[1], argv[2]);
    setenv("GATESCOPE_PLUGIN_PATH", path, 1);
#if defined(__x86_64__) && defined(__linux__)
    run_old("old_gate");
#else
    puts("# the old binary is of another machine");
#endif
    run_old("old_gate_built");
    return tap_done();
}

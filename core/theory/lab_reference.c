/* SPDX-License-Identifier: MIT
 *
 * What an arm's errors are measured from: the truth, or, for the routed atoms, the pseudo-truth of
 * the arm's family (paper, theorem 4): argmin KL(truth || family) inside the box, by quadrature.
 * The shared atoms are always the truth's own.
 */
#include "core/theory/lab_internal.h"

#include "core/theory/mixture_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Below this divergence the family holds the truth: a fit goes to the truth itself, in many ways.
 */
static const double well_specified_kl = 1e-12;

/* A copy of the truth whose routed atoms are those of a mixture of the arm's shape. */
static gsc_truth *make_reference(const lab_arm *arm, const double *pseudo) {
    const gsc_truth *truth = arm->plan->truth;
    gsc_truth *made = malloc(sizeof *made);
    if (made == NULL) {
        return NULL;
    }
    *made = *truth;
    made->gate = arm->gate;
    made->shape.shared = truth->shape.k_shared > 0 ? &made->shared : NULL;
    made->shape.routed = &made->routed;
    made->shape.gate = &made->gate;
    made->shape.k_routed = arm->k_routed;
    made->layout = gsc_mixture_get_layout(&made->shape);
    made->mixture = malloc(made->layout.size * sizeof *made->mixture);
    if (made->mixture == NULL) {
        free(made);
        return NULL;
    }
    memcpy(made->mixture, truth->mixture, truth->layout.beta0 * sizeof *made->mixture);
    memcpy(made->mixture + made->layout.beta0, pseudo + arm->layout.beta0,
           (arm->layout.size - arm->layout.beta0) * sizeof *made->mixture);
    return made;
}

static gsc_status tell_reference(lab *self, const lab_arm *arm, const double *pseudo,
                                 const gsc_pseudo_truth *info, gsc_error *error) {
    json_t *json = json_pack("{s:s, s:f, s:f, s:I, s:I, s:I, s:b, s:o}", "arm", arm->name, "kl",
                             info->kl, "least_eigenvalue", info->least_eigenvalue, "at_bound",
                             (json_int_t)info->at_bound, "starts", (json_int_t)info->starts, "hits",
                             (json_int_t)info->hits, "used", info->kl > well_specified_kl,
                             "parameters", gsc_mixture_json(&arm->shape, pseudo));
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (text == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the pseudo-truth's document");
    }
    gsc_status status =
        self->sink->document(self->sink, "pseudo_truth", arm->name, 0, -1, text, error);
    free(text);
    const gsc_result results[] = {
        {.name = "pseudo_truth_kl",
         .arm = arm->name,
         .unit = "nat",
         .definition = "least KL(truth || family) inside the box, by quadrature",
         .value = info->kl,
         .low = NAN,
         .high = NAN},
        {.name = "pseudo_truth_least_eigenvalue",
         .arm = arm->name,
         .unit = "",
         .definition = "least eigenvalue of the Hessian of KL there; near 0: not identified",
         .value = info->least_eigenvalue,
         .low = NAN,
         .high = NAN}};
    for (size_t i = 0; i < 2 && status == GSC_OK; i++) {
        status = self->sink->result(self->sink, &results[i], error);
    }
    char message[320];
    snprintf(message, sizeof message,
             info->kl > well_specified_kl
                 ? "%s%serrors of routed atoms are from the pseudo-truth, KL %.3g nat from the "
                   "truth, least eigenvalue %.2g; rates towards it begin beyond n = %.2g"
                 : "%s%sthe family holds the truth (KL %.2g nat, least eigenvalue %.2g): errors "
                   "are from the truth",
             arm->name, arm->name[0] != '\0' ? ": " : "", info->kl, info->least_eigenvalue,
             1 / info->kl);
    return status == GSC_OK
               ? self->sink->event(self->sink, GSC_EVENT_INFO, "theory", message, error)
               : status;
}

gsc_status lab_find_reference(lab *self, lab_arm *arm, gsc_error *error) {
    const lab_plan *plan = arm->plan;
    const bool asked =
        strcmp(gsc_spec_string(plan->spec, "theory.d4_reference"), "pseudo_truth") == 0;
    const bool concerned = plan->loss == GSC_LOSS_D4 || plan->crossed;
    arm->reference = plan->truth;
    if (!asked || !concerned || arm->k_routed == 0 || arm->shape.top_k > 0 ||
        plan->truth->shape.inputs != 1 || plan->no_loss) {
        return GSC_OK;
    }
    double *pseudo = malloc(arm->layout.size * sizeof *pseudo);
    if (pseudo == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a pseudo-truth");
    }
    gsc_pseudo_truth_options options = gsc_pseudo_truth_options_default(&arm->shape);
    gsc_pseudo_truth info;
    options.stop = &self->stop;
    gsc_status status =
        gsc_pseudo_truth_find(plan->truth, &arm->shape, &options, pseudo, &info, error);
    if (status == GSC_OK) {
        status = tell_reference(self, arm, pseudo, &info, error);
    }
    if (status == GSC_OK && info.kl > well_specified_kl) {
        arm->own_reference = make_reference(arm, pseudo);
        if (arm->own_reference == NULL) {
            status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for a pseudo-truth");
        } else {
            arm->reference = arm->own_reference;
            arm->pseudo = pseudo;
            arm->felt = info.kl * (double)self->sizes[self->n_sizes - 1] > 1;
            return GSC_OK;
        }
    }
    free(pseudo);
    return status;
}

void lab_clear_reference(lab_arm *arm) {
    if (arm->own_reference != NULL) {
        free(arm->own_reference->mixture);
        free(arm->own_reference);
    }
    free(arm->pseudo);
}

/* SPDX-License-Identifier: MIT
 *
 * The tables of mixture.h: which implementation this machine runs. Layer: kernels.
 */
#include "kernels/mixture.h"

#include "kernels/cpu_info.h"

static const gsc_mixture_kernels reference = {
    gsc_mixture_posterior_ref,   gsc_mixture_moments_ref, gsc_mixture_gate_normalise_ref,
    gsc_mixture_gate_scores_ref, gsc_mixture_combine_ref, gsc_mixture_product_ref,
    gsc_mixture_dot_ref,         gsc_mixture_finite_ref,
};

#define TABLE(isa)                                                                                 \
    {                                                                                              \
        GSC_ISA_PICK(isa, gsc_mixture_posterior), GSC_ISA_PICK(isa, gsc_mixture_moments),          \
            GSC_ISA_PICK(isa, gsc_mixture_gate_normalise),                                         \
            GSC_ISA_PICK(isa, gsc_mixture_gate_scores), GSC_ISA_PICK(isa, gsc_mixture_combine),    \
            GSC_ISA_PICK(isa, gsc_mixture_product), GSC_ISA_PICK(isa, gsc_mixture_dot),            \
            GSC_ISA_PICK(isa, gsc_mixture_finite),                                                 \
    }

static const gsc_mixture_kernels levels[GSC_ISA_COUNT] = {
    TABLE(GSC_ISA_BASELINE),
    TABLE(GSC_ISA_V3),
    TABLE(GSC_ISA_V4),
    TABLE(GSC_ISA_AMX),
};

const gsc_mixture_kernels *gsc_mixture_kernels_at(gsc_isa isa) {
    return &levels[isa];
}

const gsc_mixture_kernels *gsc_mixture_kernels_get(void) {
    return gsc_mixture_kernels_at(gsc_cpu_isa());
}

const gsc_mixture_kernels *gsc_mixture_kernels_ref(void) {
    return &reference;
}

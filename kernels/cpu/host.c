/* SPDX-License-Identifier: MIT
 *
 * The host's row kernels at the processor's instruction set. Layer: kernels.
 */
#include "kernels/host.h"

#include "kernels/cpu/rows.h"
#include "kernels/cpu_info.h"

bool gsc_host_finite(const double *x, size_t n) {
    return GSC_ISA_PICK(gsc_cpu_isa(), gsc_rows_finite)(x, n);
}

bool gsc_host_widen(double *to, const float *from, size_t n) {
    return GSC_ISA_PICK(gsc_cpu_isa(), gsc_rows_widen)(to, from, n);
}

void gsc_host_narrow(float *to, const double *from, size_t n) {
    GSC_ISA_PICK(gsc_cpu_isa(), gsc_rows_narrow)(to, from, n);
}

double gsc_host_least(const double *x, size_t n) {
    return GSC_ISA_PICK(gsc_cpu_isa(), gsc_rows_least)(x, n);
}

double gsc_host_exp_row(double *p, const double *a, size_t n, bool shares) {
    double top = 0.0;
    const double sum = GSC_ISA_PICK(gsc_cpu_isa(), gsc_rows_exp)(p, a, n, shares, &top);
    return top + log(sum);
}

double gsc_host_share_row(double *p, const double *a, size_t n, bool shares) {
    return GSC_ISA_PICK(gsc_cpu_isa(), gsc_rows_share)(p, a, n, shares);
}

bool gsc_host_add(double *c, const double *a, const double *b, size_t n) {
    return GSC_ISA_PICK(gsc_cpu_isa(), gsc_rows_add)(c, a, b, n);
}

void gsc_host_share_backward(double *da, const double *p, const double *dp, size_t n, bool shares,
                             const double *scale) {
    GSC_ISA_PICK(gsc_cpu_isa(), gsc_rows_share_backward)(da, p, dp, n, shares, scale);
}

bool gsc_host_add_product(double *c, const double *a, const double *b, size_t n) {
    return GSC_ISA_PICK(gsc_cpu_isa(), gsc_rows_add_product)(c, a, b, n);
}

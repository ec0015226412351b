/* SPDX-License-Identifier: MIT
 *
 * Asks OpenBLAS about itself. Layer: kernels.
 */
#include "kernels/blas_info.h"

#include <cblas.h>

const char *gsc_blas_config(void) {
    return openblas_get_config();
}

const char *gsc_blas_core(void) {
    return openblas_get_corename();
}

const char *gsc_blas_threading(void) {
    switch (openblas_get_parallel()) {
    case OPENBLAS_THREAD:
        return "pthreads";
    case OPENBLAS_OPENMP:
        return "OpenMP";
    default:
        return "none";
    }
}

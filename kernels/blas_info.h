/* SPDX-License-Identifier: MIT
 *
 * Which BLAS the matrix products use, for reports. Layer: kernels; OpenBLAS.
 */
#ifndef GSC_KERNELS_BLAS_INFO_H
#define GSC_KERNELS_BLAS_INFO_H

/* "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ... MAX_THREADS=64" */
const char *gsc_blas_config(void);
/* The processor it chose its code for: "SkylakeX". */
const char *gsc_blas_core(void);
/* "pthreads", "OpenMP" (which hangs in a forked child) or "none": how it was built. */
const char *gsc_blas_threading(void);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Kernels over plain arrays of doubles on the calling thread: for the host's own stages and the
 * services that plugins get. Leaves: nothing is checked, nothing fails, nothing is allocated.
 *
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_HOST_H
#define GSC_KERNELS_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As matmul.h says. [any thread] */
void gsc_host_matmul(double *c, const double *a, const double *b, size_t m, size_t n, size_t k,
                     bool transpose_a, bool transpose_b, bool accumulate);

/* As top_k.h says, for one row. [any thread] */
void gsc_host_top_k(int32_t *ret_index, const double *value, size_t n, size_t k);

#endif

/* SPDX-License-Identifier: MIT
 *
 * A matrix product for one expert's few rows, where OpenBLAS spends its time on packing.
 *
 *     c [m, n] (+)= a b,   a_il at a + i a_row + l a_step,   b_lj at b + l b_row + j, or with
 *                          transpose_b at b + j b_row + l;   rows of c are c_row apart
 *
 * Products are fused; each element is summed over l in order within blocks of 256, blocks in order.
 * Allocates nothing, uses 48 KiB of stack. Layer: kernels, private.
 */
#ifndef GSC_KERNELS_CPU_SMALL_MATMUL_H
#define GSC_KERNELS_CPU_SMALL_MATMUL_H

#include "kernels/isa.h"

#include <stdbool.h>

typedef struct gsc_small_product {
    float *c;
    const float *a, *b;
    size_t m, n, k, a_row, a_step, b_row, c_row;
    bool transpose_b, accumulate;
} gsc_small_product;

/* False, with nothing done, at levels without AVX-512: OpenBLAS is as good there. */
GSC_ISA_DECLARE(bool, gsc_small_matmul, (const gsc_small_product *product));

#endif

/* SPDX-License-Identifier: MIT
 *
 * One expert's products, whose rows of x may lie anywhere: they are read where they lie, and weights that
 * already lie as the product wants them are not packed.
 *
 *     rows    c [m, n] (+)= a b       row i of a at a + a_index[i] a_row; b [k, n] with rows b_row apart, or
 *                                     with transpose_b [n, k]
 *     outer   c [m, n] (+)= a^T b     row l of a [k, m] at a + a_index[l] a_row, of b [k, n] at b +
 *                                     b_index[l] b_row
 *
 * An index that is NULL: 0, 1, 2, ... Rows of c are c_row apart, from 0 in memory.
 *
 * Products are fused; each element is summed over its inner numbers in order within blocks of 256 (rows) or
 * 128 (outer), blocks in order. Allocates nothing, uses 48 KiB of stack. Layer: kernels, private.
 */
#ifndef GSC_KERNELS_CPU_EXPERT_PRODUCT_H
#define GSC_KERNELS_CPU_EXPERT_PRODUCT_H

#include "kernels/isa.h"

#include <stdbool.h>

typedef struct gsc_expert_product {
    float *c;
    const float *a, *b;
    const int32_t *a_index, *b_index;
    size_t m, n, k, a_row, b_row, c_row;
    bool transpose_b, accumulate;
} gsc_expert_product;

/* False, with nothing done, at levels without AVX-512. */
GSC_ISA_DECLARE(bool, gsc_expert_rows, (const gsc_expert_product *product));
GSC_ISA_DECLARE(bool, gsc_expert_outer, (const gsc_expert_product *product));

#endif

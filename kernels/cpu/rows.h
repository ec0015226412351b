/* SPDX-License-Identifier: MIT
 *
 * The row kernels of the processor path, one per instruction set, over plain arrays: leaves, which
 * check nothing. softmax.h, top_k.h and host.h (gate_rows.c) hold the contracts. Layer: kernels, and
 * private to it.
 */
#ifndef GSC_KERNELS_CPU_ROWS_H
#define GSC_KERNELS_CPU_ROWS_H

#include "kernels/isa.h"

#include <stdbool.h>

GSC_ISA_DECLARE(void, gsc_softmax_rows_f32,
                (float *p, const float *z, size_t rows, size_t columns));
GSC_ISA_DECLARE(void, gsc_softmax_rows_f64,
                (double *p, const double *z, size_t rows, size_t columns));
GSC_ISA_DECLARE(void, gsc_top_k_rows_f32,
                (int32_t * index, const float *value, size_t rows, size_t columns, size_t k));
GSC_ISA_DECLARE(void, gsc_top_k_rows_f64,
                (int32_t * index, const double *value, size_t rows, size_t columns, size_t k));

GSC_ISA_DECLARE(bool, gsc_rows_finite, (const double *x, size_t n));
GSC_ISA_DECLARE(bool, gsc_rows_widen, (double *restrict to, const float *restrict from, size_t n));
GSC_ISA_DECLARE(void, gsc_rows_narrow, (float *restrict to, const double *restrict from, size_t n));
GSC_ISA_DECLARE(double, gsc_rows_least, (const double *x, size_t n));
GSC_ISA_DECLARE(double, gsc_rows_exp,
                (double *restrict p, const double *restrict a, size_t n, bool shares,
                 double *ret_top));
GSC_ISA_DECLARE(double, gsc_rows_share,
                (double *restrict p, const double *restrict a, size_t n, bool shares));
GSC_ISA_DECLARE(bool, gsc_rows_add,
                (double *restrict c, const double *restrict a, const double *restrict b, size_t n));
GSC_ISA_DECLARE(void, gsc_rows_share_backward,
                (double *restrict da, const double *restrict p, const double *restrict dp, size_t n,
                 bool shares, const double *scale));
GSC_ISA_DECLARE(bool, gsc_rows_add_product,
                (double *restrict c, const double *restrict a, const double *restrict b, size_t n));

#endif

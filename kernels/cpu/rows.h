/* SPDX-License-Identifier: MIT
 *
 * The row kernels of the processor path, one per instruction set, over plain arrays: leaves, which
 * check nothing. softmax.h and top_k.h hold the contracts. Layer: kernels, and private to it.
 */
#ifndef GSC_KERNELS_CPU_ROWS_H
#define GSC_KERNELS_CPU_ROWS_H

#include "kernels/isa.h"

GSC_ISA_DECLARE(void, gsc_softmax_rows_f32,
                (float *p, const float *z, size_t rows, size_t columns));
GSC_ISA_DECLARE(void, gsc_softmax_rows_f64,
                (double *p, const double *z, size_t rows, size_t columns));
GSC_ISA_DECLARE(void, gsc_top_k_rows_f32,
                (int32_t * index, const float *value, size_t rows, size_t columns, size_t k));
GSC_ISA_DECLARE(void, gsc_top_k_rows_f64,
                (int32_t * index, const double *value, size_t rows, size_t columns, size_t k));

#endif

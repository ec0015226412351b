/* SPDX-License-Identifier: MIT
 *
 * What the files of the cpu devices share. Layer: kernels, private.
 */
#ifndef GSC_KERNELS_CPU_CPU_H
#define GSC_KERNELS_CPU_CPU_H

#include "kernels/device.h"

/* To be called before a task calls OpenBLAS: products run on the task's own thread. */
void gsc_cpu_one_blas_thread(void);

/* Override the ops of a language model; f64 stays ref's. */
void gsc_cpu_fill_rows(gsc_ops *ops);
void gsc_cpu_fill_grouped(gsc_ops *ops);
void gsc_cpu_fill_attention(gsc_ops *ops);

#endif

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

/* Rows of gates, n numbers each. Whatever is written lies apart from what is read. Loops of + - * / and
 * sums over 16 fixed lanes: the same bits on every processor but for exp's last ones. [any thread] */

/* Whether all are finite. */
bool gsc_host_finite(const double *x, size_t n);
/* to = from; widen says whether all are finite. */
bool gsc_host_widen(double *to, const float *from, size_t n);
void gsc_host_narrow(float *to, const double *from, size_t n);
/* The smallest of finite numbers. n > 0. */
double gsc_host_least(const double *x, size_t n);
/* p = exp(a) with shares divided by its sum; returns log of the sum of exp(a). n > 0. */
double gsc_host_exp_row(double *p, const double *a, size_t n, bool shares);
/* p = a, with shares divided by its sum, which is returned. */
double gsc_host_share_row(double *p, const double *a, size_t n, bool shares);
/* c = a + b; whether all sums are finite. */
bool gsc_host_add(double *c, const double *a, const double *b, size_t n);
/* What comes back from shares: da_j = s_j (dp_j - sum_l dp_l p_l), the sum only with shares; s = *scale, or
 * p where scale is NULL. */
void gsc_host_share_backward(double *da, const double *p, const double *dp, size_t n, bool shares,
                             const double *scale);
/* c += a b, number by number; whether all of c are finite. */
bool gsc_host_add_product(double *c, const double *a, const double *b, size_t n);

#endif

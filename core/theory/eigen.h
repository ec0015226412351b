/* SPDX-License-Identifier: MIT
 *
 * Eigenvalues and eigenvectors of a small symmetric matrix: LAPACK's dsyev behind one function.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_EIGEN_H
#define GSC_CORE_THEORY_EIGEN_H

#include "core/base/error.h"

#include <stddef.h>

/* Doubles of workspace for size n. */
size_t gsc_eigen_workspace(size_t n);

/* matrix [n][n], symmetric: on return its row i is the unit eigenvector of ret_values[i], ascending. */
gsc_status gsc_eigen_symmetric(double *matrix, size_t n, double *ret_values, double *workspace,
                               gsc_error *error);

#endif

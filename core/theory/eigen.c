/* SPDX-License-Identifier: MIT
 *
 * dsyev: column-major, so that its eigenvector columns are our rows.
 */
#include "core/theory/eigen.h"

#include <pthread.h>

void openblas_set_num_threads(int threads);
void dsyev_(const char *job, const char *triangle, const int *n, double *a, const int *lda,
            double *w, double *work, const int *lwork, int *info);

/* Our threads each solve their own small problem: OpenBLAS starting more would only cost. */
static void use_one_thread(void) {
    openblas_set_num_threads(1);
}

size_t gsc_eigen_workspace(size_t n) {
    return 34 * n + 8;
}

gsc_status gsc_eigen_symmetric(double *matrix, size_t n, double *ret_values, double *workspace,
                               gsc_error *error) {
    if (n == 0) {
        return GSC_OK;
    }
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, use_one_thread);
    const int size = (int)n, work = (int)gsc_eigen_workspace(n);
    int info = 0;
    dsyev_("V", "U", &size, matrix, &size, ret_values, workspace, &work, &info);
    if (info != 0) {
        return gsc_fail(error, GSC_ERR_NUMERIC,
                        "the eigenvalues of a %zu x %zu Hessian did not converge (dsyev says %d)",
                        n, n, info);
    }
    return GSC_OK;
}

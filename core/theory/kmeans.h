/* SPDX-License-Identifier: MIT
 *
 * Lloyd's k-means from a k-means++ start (Arthur and Vassilvitskii 2007), for starts of fits.
 *
 * Layer: core/theory. Limits: one thread, meant for some thousands of rows.
 */
#ifndef GSC_CORE_THEORY_KMEANS_H
#define GSC_CORE_THEORY_KMEANS_H

#include "core/base/error.h"
#include "core/theory/random.h"

/* Clusters m rows of w columns, points [m][w], into k. ret_cluster [m]. Of several k-means++ seedings the
 * clusters of least sum of squares are kept. A cluster that lost its rows takes the row that
 * is farthest from its own centre; with fewer distinct rows than clusters some stay empty. */
gsc_status gsc_kmeans(gsc_rng *random, const double *points, size_t m, size_t w, size_t k,
                      size_t *ret_cluster, gsc_error *error);

#endif

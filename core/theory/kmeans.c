/* SPDX-License-Identifier: MIT
 *
 * Seeding by squared distance, then alternating means and nearest centres.
 */
#include "core/theory/kmeans.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    RESTARTS = 8, /* of which the tightest clusters are kept */
    MOST_PASSES = 50
};

static double distance(const double *a, const double *b, size_t w) {
    double total = 0;
    for (size_t i = 0; i < w; i++) {
        total += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return total;
}

/* Centres are rows, each next one drawn with a chance in proportion to its squared distance from those before. */
static void seed_centres(gsc_rng *random, const double *points, size_t m, size_t w, size_t k,
                         double *centres, double *nearest) {
    for (size_t t = 0; t < m; t++) {
        nearest[t] = INFINITY;
    }
    size_t chosen = gsc_rng_below(random, m);
    for (size_t c = 0; c < k; c++) {
        memcpy(centres + c * w, points + chosen * w, w * sizeof *centres);
        double total = 0;
        for (size_t t = 0; t < m; t++) {
            nearest[t] = fmin(nearest[t], distance(points + t * w, centres + c * w, w));
            total += nearest[t];
        }
        if (!(total > 0)) {
            chosen = gsc_rng_below(random, m);
            continue;
        }
        double left = gsc_rng_uniform(random) * total;
        chosen = 0;
        while (chosen + 1 < m && left >= nearest[chosen]) {
            left -= nearest[chosen++];
        }
    }
}

/* Whether a row changed its cluster; nearest holds squared distances. */
static bool assign(const double *points, size_t m, size_t w, size_t k, const double *centres,
                   size_t *cluster, double *nearest) {
    bool changed = false;
    for (size_t t = 0; t < m; t++) {
        size_t best = 0;
        double least = INFINITY;
        for (size_t c = 0; c < k; c++) {
            const double d = distance(points + t * w, centres + c * w, w);
            if (d < least) {
                least = d;
                best = c;
            }
        }
        changed = changed || cluster[t] != best;
        cluster[t] = best;
        nearest[t] = least;
    }
    return changed;
}

static void move_centres(const double *points, size_t m, size_t w, size_t k, size_t *cluster,
                         double *nearest, double *centres, size_t *size) {
    memset(centres, 0, k * w * sizeof *centres);
    memset(size, 0, k * sizeof *size);
    for (size_t t = 0; t < m; t++) {
        size[cluster[t]]++;
        for (size_t i = 0; i < w; i++) {
            centres[cluster[t] * w + i] += points[t * w + i];
        }
    }
    for (size_t c = 0; c < k; c++) {
        if (size[c] > 0) {
            for (size_t i = 0; i < w; i++) {
                centres[c * w + i] /= (double)size[c];
            }
            continue;
        }
        size_t farthest = 0;
        for (size_t t = 1; t < m; t++) {
            farthest = nearest[t] > nearest[farthest] ? t : farthest;
        }
        nearest[farthest] = 0;
        memcpy(centres + c * w, points + farthest * w, w * sizeof *centres);
    }
}

gsc_status gsc_kmeans(gsc_rng *random, const double *points, size_t m, size_t w, size_t k,
                      size_t *ret_cluster, gsc_error *error) {
    double *memory = malloc((k * w + m) * sizeof *memory), least = INFINITY;
    size_t *size = malloc((k + 1) * sizeof *size), *cluster = malloc((m + 1) * sizeof *cluster);
    if (memory == NULL || size == NULL || cluster == NULL) {
        free(memory);
        free(size);
        free(cluster);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory to cluster %zu rows", m);
    }
    double *centres = memory, *nearest = memory + k * w;
    for (int restart = 0; restart < RESTARTS; restart++) {
        seed_centres(random, points, m, w, k, centres, nearest);
        memset(cluster, 0, m * sizeof *cluster);
        assign(points, m, w, k, centres, cluster, nearest);
        for (int pass = 0; pass < MOST_PASSES; pass++) {
            move_centres(points, m, w, k, cluster, nearest, centres, size);
            if (!assign(points, m, w, k, centres, cluster, nearest)) {
                break;
            }
        }
        double total = 0;
        for (size_t t = 0; t < m; t++) {
            total += nearest[t];
        }
        if (total < least || restart == 0) {
            least = total;
            memcpy(ret_cluster, cluster, m * sizeof *cluster);
        }
    }
    free(memory);
    free(size);
    free(cluster);
    return GSC_OK;
}

/* SPDX-License-Identifier: MIT
 *
 * Reference: normalisation of rows and its gradient. Layer: kernels.
 */
#include "kernels/args.h"
#include "kernels/ref/ref.h"

#include <math.h>

void gsc_norm_ref(gsc_queue *queue, const gsc_norm_args *a) {
    double n = (double)a->columns;
    for (size_t t = 0; t < a->rows; t++) {
        size_t first = t * a->columns;
        double mean = 0.0, squares = 0.0;
        for (size_t j = 0; a->centred && j < a->columns; j++) {
            mean += gsc_ref_get(a->dtype, a->x, first + j) / n;
        }
        for (size_t j = 0; j < a->columns; j++) {
            double d = gsc_ref_get(a->dtype, a->x, first + j) - mean;
            squares += d * d / n;
        }
        double rstd = 1.0 / sqrt(squares + a->epsilon);
        for (size_t j = 0; j < a->columns; j++) {
            double y = (gsc_ref_get(a->dtype, a->x, first + j) - mean) * rstd *
                       gsc_ref_get(a->dtype, a->gain, j);
            y += a->bias != NULL ? gsc_ref_get(a->dtype, a->bias, j) : 0.0;
            gsc_ref_set(a->dtype, a->y, first + j, y);
        }
        if (a->centred) {
            gsc_ref_set(a->dtype, a->mean, t, mean);
        }
        gsc_ref_set(a->dtype, a->rstd, t, rstd);
    }
}

/* n_tj */
static double normalised(const gsc_norm_args *a, size_t t, size_t j) {
    double mean = a->centred ? gsc_ref_get(a->dtype, a->mean, t) : 0.0;
    return (gsc_ref_get(a->dtype, a->x, t * a->columns + j) - mean) *
           gsc_ref_get(a->dtype, a->rstd, t);
}

void gsc_norm_backward_ref(gsc_queue *queue, const gsc_norm_args *a) {
    for (size_t j = 0; j < a->columns; j++) {
        double gain = gsc_ref_get(a->dtype, a->dgain, j);
        double bias = a->dbias != NULL ? gsc_ref_get(a->dtype, a->dbias, j) : 0.0;
        for (size_t t = 0; t < a->rows; t++) {
            double dy = gsc_ref_get(a->dtype, a->dy, t * a->columns + j);
            gain += dy * normalised(a, t, j);
            bias += dy;
        }
        gsc_ref_set(a->dtype, a->dgain, j, gain);
        if (a->dbias != NULL) {
            gsc_ref_set(a->dtype, a->dbias, j, bias);
        }
    }
    double n = (double)a->columns;
    for (size_t t = 0; t < a->rows; t++) {
        double mean_g = 0.0, mean_gn = 0.0;
        for (size_t j = 0; j < a->columns; j++) {
            double g = gsc_ref_get(a->dtype, a->dy, t * a->columns + j) *
                       gsc_ref_get(a->dtype, a->gain, j);
            mean_g += a->centred ? g / n : 0.0;
            mean_gn += g * normalised(a, t, j) / n;
        }
        double rstd = gsc_ref_get(a->dtype, a->rstd, t);
        for (size_t j = 0; j < a->columns; j++) {
            size_t i = t * a->columns + j;
            double g = gsc_ref_get(a->dtype, a->dy, i) * gsc_ref_get(a->dtype, a->gain, j);
            double dx = rstd * (g - mean_g - normalised(a, t, j) * mean_gn);
            dx += a->accumulate ? gsc_ref_get(a->dtype, a->dx, i) : 0.0;
            gsc_ref_set(a->dtype, a->dx, i, dx);
        }
    }
}

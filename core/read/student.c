/* SPDX-License-Identifier: MIT
 *
 * Student's t: see student.h. The continued fraction of the incomplete beta function (Abramowitz and Stegun
 * 26.5.8) is summed by Lentz's method.
 *
 * Layer: core/read.
 */
#include "core/read/student.h"

#include <math.h>

/* The fraction, which converges fast for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x) {
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double f = d;
    for (int m = 1; m < 10000; m++) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 + even * d;
        c = 1 + even / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        f *= d * c;
        d = 1 + odd * d;
        c = 1 + odd / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        f *= d * c;
        if (fabs(d * c - 1) < 4e-16) {
            break;
        }
    }
    return f;
}

double gsc_incomplete_beta(double a, double b, double x) {
    if (!(x > 0)) {
        return 0;
    }
    if (x >= 1) {
        return 1;
    }
    const double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                     : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double gsc_student_cdf(double t, double df) {
    if (isnan(t)) {
        return NAN;
    }
    if (isinf(t)) {
        return t > 0 ? 1 : 0;
    }
    const double tail = 0.5 * gsc_incomplete_beta(df / 2, 0.5, df / (df + t * t));
    return t > 0 ? 1 - tail : tail;
}

static double density(double t, double df) {
    return exp(lgamma((df + 1) / 2) - lgamma(df / 2) - (df + 1) / 2 * log1p(t * t / df)) /
           sqrt(df * 3.14159265358979323846);
}

/* Newton's steps from inside a bracket, which they may not leave: halved where they would. */
double gsc_student_quantile(double p, double df) {
    if (p == 0.5) {
        return 0;
    }
    const double tail = p < 0.5 ? p : 1 - p;
    double low = 0, high = 1;
    while (gsc_student_cdf(-high, df) > tail && high < 1e300) {
        low = high;
        high *= 2;
    }
    double t = 0.5 * (low + high);
    for (int i = 0; i < 200; i++) {
        const double off = gsc_student_cdf(-t, df) - tail;
        *(off > 0 ? &low : &high) = t;
        const double step = off / density(t, df), next = t + step;
        if (fabs(step) < 1e-14 * t || high - low < 1e-15 * high) {
            break;
        }
        t = next > low && next < high ? next : 0.5 * (low + high);
    }
    return p < 0.5 ? -t : t;
}

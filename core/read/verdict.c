/* SPDX-License-Identifier: MIT
 *
 * Verdicts over paired differences: see verdict.h.
 *
 * Layer: core/read.
 */
#include "core/read/verdict.h"

#include "core/read/student.h"

#include <math.h>

enum {
    MOST_SEEDS = 100000
};

gsc_paired gsc_paired_t(const double *differences, size_t n, double level) {
    gsc_paired made = {.mean = NAN, .sd = NAN, .low = NAN, .high = NAN, .p = NAN};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(differences[i])) {
            sum += differences[i];
            made.n++;
        }
    }
    if (made.n == 0) {
        return made;
    }
    made.mean = sum / (double)made.n;
    for (size_t i = 0; i < n; i++) {
        const double off = differences[i] - made.mean;
        squares += isfinite(off) ? off * off : 0;
    }
    if (made.n < 2) {
        return made;
    }
    const double df = (double)(made.n - 1);
    made.sd = sqrt(squares / df);
    const double error = made.sd / sqrt((double)made.n);
    const double half = gsc_student_quantile(0.5 + level / 2, df) * error;
    made.low = made.mean - half;
    made.high = made.mean + half;
    made.p = error > 0 ? 2 * gsc_student_cdf(-fabs(made.mean) / error, df) : made.mean == 0;
    return made;
}

double gsc_equivalence_p(const gsc_paired *paired, double margin) {
    if (paired->n < 2) {
        return NAN;
    }
    const double df = (double)(paired->n - 1), error = paired->sd / sqrt((double)paired->n);
    const double room = margin - fabs(paired->mean); /* of the nearer bound, which decides */
    if (!(error > 0)) {
        return room > 0 ? 0 : 1;
    }
    return gsc_student_cdf(-room / error, df);
}

void gsc_holm(const double *p, size_t n, double *ret_adjusted) {
    size_t tests = 0;
    for (size_t i = 0; i < n; i++) {
        tests += !isnan(p[i]);
    }
    /* adjusted(i) = max over the j that are not larger of (tests - rank(j)) p(j), at most 1. */
    for (size_t i = 0; i < n; i++) {
        ret_adjusted[i] = isnan(p[i]) ? NAN : 0;
        for (size_t j = 0; j < n && !isnan(p[i]); j++) {
            size_t rank = 0;
            if (isnan(p[j]) || p[j] > p[i]) {
                continue;
            }
            for (size_t k = 0; k < n; k++) {
                rank += p[k] < p[j] || (p[k] == p[j] && k < j);
            }
            ret_adjusted[i] = fmax(ret_adjusted[i], fmin(1, (double)(tests - rank) * p[j]));
        }
    }
}

const char *gsc_verdict_name(gsc_verdict verdict) {
    static const char *const names[] = {"locked", "better", "worse", "equivalent", "undecided"};
    return names[verdict];
}

gsc_verdict gsc_judge(double mean, double p, double p_equivalent, double alpha,
                      bool lower_is_better) {
    if (p_equivalent < alpha) {
        return GSC_VERDICT_EQUIVALENT;
    }
    if (p < alpha) {
        return (mean < 0) == lower_is_better ? GSC_VERDICT_BETTER : GSC_VERDICT_WORSE;
    }
    return GSC_VERDICT_UNDECIDED;
}

double gsc_detectable(double sd, size_t n, double alpha, double power) {
    if (n < 2) {
        return NAN;
    }
    const double df = (double)(n - 1);
    return (gsc_student_quantile(1 - alpha / 2, df) + gsc_student_quantile(power, df)) * sd /
           sqrt((double)n);
}

static double equivalence_room(double sd, size_t n, double alpha, double power) {
    const double df = (double)(n - 1);
    return (gsc_student_quantile(1 - alpha, df) + gsc_student_quantile((1 + power) / 2, df)) * sd /
           sqrt((double)n);
}

/* Simulated: 2e6 sequences of normal differences; the 5% quantile of the smallest p over looks at n = 3 to
 * last. Between the rows, a straight line in log-log. */
double gsc_look_level(size_t last) {
    static const struct {
        double last, alpha;
    } table[] = {{3, 0.05},    {4, 0.0305},  {5, 0.0229},  {6, 0.0187},  {7, 0.0162},  {8, 0.0144},
                 {9, 0.0130},  {10, 0.0120}, {12, 0.0105}, {14, 0.0095}, {16, 0.0088}, {20, 0.0077},
                 {24, 0.0070}, {32, 0.0061}, {48, 0.0051}, {64, 0.0046}};
    const size_t n = sizeof table / sizeof table[0];
    const double at = (double)last;
    if (at <= table[0].last) {
        return table[0].alpha;
    }
    for (size_t i = 1; i < n; i++) {
        if (at <= table[i].last) {
            const double share =
                log(at / table[i - 1].last) / log(table[i].last / table[i - 1].last);
            return table[i - 1].alpha * pow(table[i].alpha / table[i - 1].alpha, share);
        }
    }
    return table[n - 1].alpha * table[n - 1].last / at;
}

/* Both fall with n: the least n by doubling, then halving. */
static size_t least(double (*of)(double, size_t, double, double), double aim, double sd,
                    double alpha, double power) {
    size_t low = 1, high = 2;
    while (high < MOST_SEEDS && !(of(sd, high, alpha, power) <= aim)) {
        low = high;
        high *= 2;
    }
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (of(sd, middle, alpha, power) <= aim) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return high < MOST_SEEDS ? high : MOST_SEEDS;
}

size_t gsc_seeds_for_effect(double effect, double sd, double alpha, double power) {
    return least(gsc_detectable, effect, sd, alpha, power);
}

size_t gsc_seeds_for_equivalence(double margin, double sd, double alpha, double power) {
    return least(equivalence_room, margin, sd, alpha, power);
}

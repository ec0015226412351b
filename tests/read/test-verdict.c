/* SPDX-License-Identifier: MIT
 *
 * Student's t against printed tables; intervals, Holm and verdicts on numbers worked out by hand; and how
 * often the tests say something false where nothing is there.
 */
#include "core/read/student.h"
#include "core/read/verdict.h"
#include "tests/tap.h"

#include <stdint.h>

/* Two-sided 5% and one-sided 5% points as tables print them. */
static void test_student(void) {
    static const struct {
        double p, df, t, within;
    } table[] = {{0.975, 1, 12.706, 5e-4},   {0.975, 2, 4.303, 5e-4},  {0.975, 5, 2.571, 5e-4},
                 {0.975, 7, 2.365, 5e-4},    {0.975, 10, 2.228, 5e-4}, {0.975, 30, 2.042, 5e-4},
                 {0.95, 7, 1.895, 5e-4},     {0.995, 9, 3.250, 5e-4},  {0.9995, 4, 8.610, 5e-4},
                 {0.975, 1e7, 1.95996, 1e-5}};
    char name[64];
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        snprintf(name, sizeof name, "t of %g with %g degrees", table[i].p, table[i].df);
        TAP_NEAR(gsc_student_quantile(table[i].p, table[i].df), table[i].t, table[i].within, name);
        TAP_NEAR(gsc_student_cdf(gsc_student_quantile(table[i].p, table[i].df), table[i].df),
                 table[i].p, table[i].df > 1e6 ? 1e-9 : 1e-12, "and back");
    }
    TAP_NEAR(gsc_student_cdf(1, 1), 0.75, 1e-14, "Cauchy: atan");
    TAP_NEAR(gsc_student_quantile(0.025, 7), -gsc_student_quantile(0.975, 7), 1e-12, "symmetry");
    TAP_NEAR(gsc_incomplete_beta(2, 3, 0.4), 0.5248, 1e-12, "I_0.4(2, 3) by its polynomial");
}

static void test_paired(void) {
    const double d[] = {1, 2, 3, 4}, one[] = {0.3}, same[] = {2, 2, 2}, holes[] = {1, NAN, 2, 3, 4};
    gsc_paired p = gsc_paired_t(d, 4, 0.95);
    TAP_NEAR(p.mean, 2.5, 1e-15, "mean");
    TAP_NEAR(p.sd, sqrt(5.0 / 3), 1e-15, "standard deviation");
    TAP_NEAR(p.high - p.mean, 3.18245 * sqrt(5.0 / 12), 1e-5, "half of the interval");
    TAP_NEAR(p.p, 0.030466, 1e-6, "p");
    TAP_OK(isnan(gsc_paired_t(one, 1, 0.95).p), "one difference has no p");
    TAP_OK(gsc_paired_t(same, 3, 0.95).p == 0, "equal differences are certain");
    TAP_OK(gsc_paired_t(holes, 5, 0.95).n == 4 && gsc_paired_t(holes, 5, 0.95).sd == p.sd,
           "what is not finite is left out");
    /* evidence: half-width in units of the standard deviation at n = 8 */
    const double eight[] = {-1, 1, -1, 1, -1, 1, -1, 1};
    const gsc_paired q = gsc_paired_t(eight, 8, 0.95);
    TAP_NEAR(q.high / q.sd, 0.836, 5e-4, "half-width at n = 8");
    TAP_NEAR(gsc_equivalence_p(&q, 0), 0.5, 1e-12, "no margin: a half");
    TAP_OK(gsc_equivalence_p(&q, 10) < 1e-6 && gsc_equivalence_p(&q, 0.1) > 0.3,
           "a margin wide enough, and one that is not");
}

static void test_holm(void) {
    const double p[] = {0.01, 0.04, NAN, 0.03, 0.005};
    double adjusted[5];
    gsc_holm(p, 5, adjusted);
    TAP_NEAR(adjusted[0], 0.03, 1e-15, "second of four");
    TAP_NEAR(adjusted[1], 0.06, 1e-15, "the largest is as the one before");
    TAP_OK(isnan(adjusted[2]), "no test stays none");
    TAP_NEAR(adjusted[3], 0.06, 1e-15, "third of four");
    TAP_NEAR(adjusted[4], 0.02, 1e-15, "the smallest, four times");
}

static void test_power(void) {
    TAP_NEAR(gsc_detectable(1, 8, 0.05, 0.8), (2.36462 + 0.89603) / sqrt(8.0), 1e-4,
             "what 8 seeds see");
    const size_t n = gsc_seeds_for_effect(0.005, 0.01, 0.05, 0.8);
    TAP_OK(gsc_detectable(0.01, n, 0.05, 0.8) <= 0.005 &&
               gsc_detectable(0.01, n - 1, 0.05, 0.8) > 0.005,
           "the least number of seeds for an effect");
    TAP_OK(gsc_seeds_for_equivalence(0.005, 0.01, 0.05, 0.8) > n, "equivalence takes more");
    TAP_NEAR(gsc_look_level(3), 0.05, 1e-15, "one look");
    TAP_OK(gsc_look_level(10) > gsc_look_level(11) && gsc_look_level(11) > gsc_look_level(12),
           "more looks, less each");
}

/* ---- Simulations ---- */

static uint64_t state = 7;

static double uniform(void) {
    state += 0x9e3779b97f4a7c15u;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53;
}

static double normal(void) {
    return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

enum {
    ROUNDS = 10000,
    SEEDS = 8
};

/* Share of sweeps without any true difference in which some arm is called better or worse. */
static double false_verdicts(int arms) {
    int wrong = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double base[SEEDS], p[8], adjusted[8], mean[8];
        for (int s = 0; s < SEEDS; s++) {
            base[s] = normal();
        }
        for (int a = 0; a < arms; a++) {
            double d[SEEDS];
            for (int s = 0; s < SEEDS; s++) {
                d[s] = normal() - base[s];
            }
            const gsc_paired paired = gsc_paired_t(d, SEEDS, 0.95);
            p[a] = paired.p;
            mean[a] = paired.mean;
        }
        gsc_holm(p, (size_t)arms, adjusted);
        bool any = false;
        for (int a = 0; a < arms; a++) {
            const gsc_verdict v = gsc_judge(mean[a], adjusted[a], 1, 0.05, true);
            any = any || v == GSC_VERDICT_BETTER || v == GSC_VERDICT_WORSE;
        }
        wrong += any;
    }
    return (double)wrong / ROUNDS;
}

/* Share of sequences that some look from 3 to SEEDS calls different from 0. */
static double false_looks(double alpha) {
    int wrong = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double d[SEEDS];
        bool any = false;
        for (int s = 0; s < SEEDS; s++) {
            d[s] = normal();
            any = any || (s >= 2 && gsc_paired_t(d, (size_t)s + 1, 0.95).p < alpha);
        }
        wrong += any;
    }
    return (double)wrong / ROUNDS;
}

static void test_false_verdicts(void) {
    const double one = false_verdicts(1), three = false_verdicts(3);
    printf("# one arm %.4f, three arms %.4f\n", one, three);
    TAP_NEAR(one, 0.05, 0.008, "one locked arm: 5% false verdicts");
    TAP_OK(three > 0.03 && three < 0.058, "three arms after Holm: 5% at most");
    const double naive = false_looks(0.05), corrected = false_looks(gsc_look_level(SEEDS));
    printf("# looks at 0.05 %.4f, corrected %.4f\n", naive, corrected);
    TAP_OK(naive > 0.12, "looking after every seed misleads");
    TAP_NEAR(corrected, 0.05, 0.008, "at the level of looks it does not");
}

static void test_judge(void) {
    TAP_OK(gsc_judge(-1, 0.01, 0.5, 0.05, true) == GSC_VERDICT_BETTER, "less of a loss is better");
    TAP_OK(gsc_judge(-1, 0.01, 0.5, 0.05, false) == GSC_VERDICT_WORSE,
           "less of an accuracy is worse");
    TAP_OK(gsc_judge(1e-3, 0.01, 0.01, 0.05, true) == GSC_VERDICT_EQUIVALENT,
           "a difference that is real and does not matter");
    TAP_OK(gsc_judge(1, 0.2, 0.5, 0.05, true) == GSC_VERDICT_UNDECIDED, "neither");
}

int main(void) {
    test_student();
    test_paired();
    test_holm();
    test_power();
    test_judge();
    test_false_verdicts();
    return tap_done();
}

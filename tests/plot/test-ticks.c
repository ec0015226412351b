/* SPDX-License-Identifier: MIT
 *
 * Ticks stand on good values and are written well.
 */
#include "ui/plot/ticks.h"

#include "tests/tap.h"

static size_t labelled(const gsc_ticks *ticks) {
    size_t n = 0;
    for (size_t i = 0; i < ticks->n; i++) {
        n += !ticks->ticks[i].minor;
    }
    return n;
}

static const gsc_tick *label(const gsc_ticks *ticks, size_t k) {
    for (size_t i = 0; i < ticks->n; i++) {
        if (!ticks->ticks[i].minor && k-- == 0) {
            return &ticks->ticks[i];
        }
    }
    return NULL;
}

static void test_linear(void) {
    gsc_ticks ticks;
    gsc_ticks_linear(0, 10, 5, &ticks);
    TAP_OK(ticks.n == 6, "0..10 has six ticks");
    TAP_STRING(label(&ticks, 1)->label, "2", "the second is 2");
    gsc_ticks_linear(-0.3, 0.3, 4, &ticks);
    TAP_STRING(label(&ticks, 0)->label, "−0.2", "true minus, as many decimals as the step");
    TAP_STRING(label(&ticks, 1)->label, "0", "zero is 0");
}

static void test_log(void) {
    gsc_ticks ticks;
    gsc_ticks_log(1.9, 4.1, 6, &ticks);
    TAP_OK(labelled(&ticks) == 3, "80 to 12600: three decades are labelled");
    TAP_STRING(label(&ticks, 0)->label, "10^{2}", "as powers");
    TAP_NEAR(label(&ticks, 2)->position, 4, 1e-12, "at their exponents");
    TAP_OK(ticks.n > 20, "with minor ticks between");
    for (size_t i = 0; i < ticks.n; i++) {
        if (ticks.ticks[i].position < 1.9 || ticks.ticks[i].position > 4.1) {
            TAP_OK(0, "every tick is inside");
        }
    }
    gsc_ticks_log(-1.05, 0.4, 6, &ticks);
    TAP_STRING(label(&ticks, 0)->label, "0.1", "little more than a decade: plain numbers");
    TAP_STRING(label(&ticks, 1)->label, "0.2", "at 1, 2, 5");
    TAP_NEAR(label(&ticks, 2)->position, log10(0.5), 1e-12, "in their places");
    gsc_ticks_log(log10(3.1), log10(3.6), 5, &ticks);
    TAP_OK(labelled(&ticks) >= 3 && labelled(&ticks) <= 7, "a sliver of a decade still has labels");
    TAP_STRING(label(&ticks, 0)->label, "3.1", "of nice values");
    gsc_ticks_log(-30, 20, 6, &ticks);
    TAP_OK(labelled(&ticks) >= 4 && labelled(&ticks) <= 8, "fifty decades: few labels");
    gsc_ticks_log(1, 1, 6, &ticks);
    TAP_OK(ticks.n == 0, "an empty range has none");
}

/* Over many ranges the number of labels stays within bounds and they ascend. */
static void test_many(void) {
    int bad_count = 0, bad_order = 0;
    for (int i = 0; i < 2000; i++) {
        double low = -6 + 0.0061 * i, span = 0.02 * pow(1.003, i);
        gsc_ticks ticks;
        gsc_ticks_log(low, low + span, 6, &ticks);
        size_t n = labelled(&ticks);
        bad_count += n < 2 || n > 8;
        for (size_t k = 1; k < n; k++) {
            bad_order += !(label(&ticks, k)->position > label(&ticks, k - 1)->position);
        }
    }
    TAP_OK(bad_count == 0, "2,000 log ranges have 2 to 8 labels");
    TAP_OK(bad_order == 0, "in ascending order");
}

static void test_values(void) {
    char text[64];
    gsc_format_value(0.031623, 3, text, sizeof text);
    TAP_STRING(text, "0.0316", "three digits");
    gsc_format_value(-31622.8, 3, text, sizeof text);
    TAP_STRING(text, "−31,600", "thousands and a true minus");
    gsc_format_value(3.2e-7, 2, text, sizeof text);
    TAP_STRING(text, "3.2×10^{−7}", "small values as powers");
    gsc_format_value(9.9996, 3, text, sizeof text);
    TAP_STRING(text, "10.0", "rounding carries into the exponent");
    gsc_format_value(0, 3, text, sizeof text);
    TAP_STRING(text, "0", "zero");
    gsc_format_value(NAN, 3, text, sizeof text);
    TAP_STRING(text, "–", "no number");
    gsc_format_value(2000, 4, text, sizeof text);
    TAP_STRING(text, "2,000", "four digits");
}

int main(void) {
    test_linear();
    test_log();
    test_many();
    test_values();
    return tap_done();
}

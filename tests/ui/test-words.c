/* SPDX-License-Identifier: MIT */
#include "ui/words.h"

#include "tests/tap.h"

#include <time.h>

static void check_duration(double seconds, const char *expected) {
    g_autofree char *text = gsc_words_duration(seconds);

    TAP_STRING(text, expected, "a duration in words");
}

static void check_markup(const char *text, const char *expected) {
    g_autofree char *markup = gsc_words_markup(text);

    TAP_STRING(markup, expected, "small writing");
}

/* Indices and exponents are written _(…), ^(…) here. */
static void check_formula(const char *text, const char *expected) {
    g_autofree char *markup = gsc_words_formula(text);
    g_autoptr(GString) plain = g_string_new(markup);

    g_string_replace(plain, "<span size='smaller' rise='3072' line_height='0.8'>", "^(", 0);
    g_string_replace(plain, "<span size='smaller' rise='-2048' line_height='0.8'>", "_(", 0);
    g_string_replace(plain, "</span>", ")", 0);
    TAP_STRING(plain->str, expected, "a formula as mathematics writes it");
}

static void check_sentence(const char *text, const char *expected) {
    g_autofree char *sentence = gsc_words_sentence(text);

    TAP_STRING(sentence, expected, "a clause as a sentence");
}

int main(void) {
    check_duration(0.42, "0.4 s");
    check_duration(9.97, "10 s");
    check_duration(59.4, "59 s");
    check_duration(60, "1 min");
    check_duration(200, "3 min 20 s");
    check_duration(7500, "2 h 5 min");
    check_duration(-3, "0 s");
    check_duration(NAN, "0 s");

    check_markup("a < b", "a &lt; b");
    check_markup("n^-1/2, x", "n<span size='smaller' rise='3072' line_height='0.8'>−1/2</span>, x");
    check_markup("n^{-1/4}", "n<span size='smaller' rise='3072' line_height='0.8'>−1/4</span>");
    check_markup("x_{1}y", "x<span size='smaller' rise='-2048' line_height='0.8'>1</span>y");
    check_markup("k_shared", "k_shared");
    check_markup("end^", "end^");
    check_markup("", "");

    check_formula("p_j = sigma(z_j) / sum_l sigma(z_l)", "p_(j) = σ(z_(j)) / Σ_(l) σ(z_(l))");
    check_formula("p_j = max(z_j / 2 - tau, 0)^2, p_j >= 0",
                  "p_(j) = max(z_(j) / 2 − τ, 0)^(2), p_(j) ≥ 0");
    check_formula("z_j = -|x - w_j| / (sqrt(D) width)", "z_(j) = −|x − w_(j)| / (√(D) width)");
    check_formula("y = out . GELU(in x + b), x.w_j, -z_{E+j}",
                  "y = out · GELU(in x + b), x·w_(j), −z_(E+j)");
    check_formula("from switch_step on, top-k of the sum, growth^sign(x), libm.so",
                  "from switch_step on, top-k of the sum, growth^sign(x), libm.so");
    check_formula("a < b & c^", "a &lt; b &amp; c^");
    check_formula("", "");

    check_sentence("gate x is no weight; take y", "Gate x is no weight. Take y.");
    check_sentence("a; b; c", "A; b. C.");
    check_sentence("done.", "Done.");
    check_sentence("", "");

    g_autofree char *minus = gsc_words_minus("-0.02 [-0.03, +0.01] at-8, a-b, -.5");
    TAP_STRING(minus, "\u22120.02 [\u22120.03, +0.01] at-8, a-b, \u2212.5", "minus signs");

    g_autofree char *today = gsc_words_when((double)time(NULL));
    TAP_OK(today[2] == ':', "a moment of today is a time of day");
    return tap_done();
}

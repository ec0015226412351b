/* SPDX-License-Identifier: MIT
 *
 * Ticks and numbers. Layer: ui/plot; pure functions.
 */
#include "ui/plot/ticks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static gsc_tick *add(gsc_ticks *ticks, double position, bool minor) {
    if (ticks->n == GSC_TICKS_MAX) {
        return NULL;
    }
    gsc_tick *tick = &ticks->ticks[ticks->n++];
    *tick = (gsc_tick){.position = position, .minor = minor};
    return tick;
}

/* Replaces the ASCII minus at the front by a true one. */
static void put_signed(const char *number, char *ret_text, size_t size) {
    snprintf(ret_text, size, "%s%s", number[0] == '-' ? "−" : "", number + (number[0] == '-'));
}

/* 1, 2 or 5 times a power of ten, at least span / wanted. */
static double nice_step(double span, int wanted) {
    double raw = span / (wanted > 1 ? wanted : 1);
    double power = pow(10, floor(log10(raw)));
    double mantissa = raw / power;
    return power * (mantissa <= 1.0000001   ? 1
                    : mantissa <= 2.0000001 ? 2
                    : mantissa <= 5.0000001 ? 5
                                            : 10);
}

/* Puts commas between groups of three digits before the point. */
static void group_digits(const char *number, char *ret_text, size_t size) {
    size_t sign = number[0] == '-';
    size_t whole = strcspn(number + sign, ".");
    size_t out = (size_t)snprintf(ret_text, size, "%s", sign ? "−" : "");
    for (size_t i = 0; number[sign + i] != '\0' && out + 2 < size; i++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0) {
            ret_text[out++] = ',';
        }
        ret_text[out++] = number[sign + i];
    }
    ret_text[out] = '\0';
}

static void label_linear(double value, double step, char *ret_text, size_t size) {
    if (fabs(value) < step * 1e-6) {
        snprintf(ret_text, size, "0");
        return;
    }
    int decimals = (int)fmax(0, -floor(log10(step) + 1e-9));
    if (fabs(value) >= 1e6 || decimals > 6) {
        int digits = (int)(floor(log10(fabs(value))) - floor(log10(step))) + 1;
        gsc_format_value(value, digits < 1 ? 1 : digits > 12 ? 12 : digits, ret_text, size);
        return;
    }
    char number[64];
    snprintf(number, sizeof number, "%.*f", decimals, value);
    group_digits(number, ret_text, size);
}

void gsc_ticks_linear(double low, double high, int wanted, gsc_ticks *ret_ticks) {
    ret_ticks->n = 0;
    if (!(low < high) || !isfinite(high - low)) {
        return;
    }
    double step = nice_step(high - low, wanted);
    double first = ceil(low / step - 1e-9), last = floor(high / step + 1e-9);
    if (last - first <
        2) { /* one or two say little: the next finer step where it is not too much */
        double fine = nice_step(high - low, 2 * wanted);
        double from = ceil(low / fine - 1e-9), to = floor(high / fine + 1e-9);
        if (to - from < wanted + 2) {
            step = fine, first = from, last = to;
        }
    }
    for (double k = first; k <= last && ret_ticks->n < GSC_TICKS_MAX; k++) {
        gsc_tick *tick = add(ret_ticks, k * step, false);
        if (tick != NULL) {
            label_linear(k * step, step, tick->label, sizeof tick->label);
        }
    }
}

/* Decades every step-th labelled; the rest minor, and 2..9 minor where few decades are in sight. */
static void decades(double low, double high, int wanted, gsc_ticks *ret_ticks) {
    double first = ceil(low - 1e-9), last = floor(high + 1e-9);
    double step = ceil((last - first + 1) / (wanted > 1 ? wanted : 1));
    bool fine = high - low <= 8 && step == 1;
    for (double k = floor(low); k <= last && ret_ticks->n < GSC_TICKS_MAX; k++) {
        if (k >= first) {
            bool labelled = fmod(k, step) == 0;
            gsc_tick *tick = add(ret_ticks, k, !labelled);
            if (tick != NULL && labelled) {
                snprintf(tick->label, sizeof tick->label, "10^{%s%.0f}", k < 0 ? "−" : "", fabs(k));
            }
        }
        for (int m = 2; fine && m <= 9; m++) {
            double position = k + log10(m);
            if (position >= low && position <= high) {
                add(ret_ticks, position, true);
            }
        }
    }
}

/* 1, 2, 5 in each decade, labelled as plain numbers, 3 4 6 7 8 9 minor. */
static void one_two_five(double low, double high, gsc_ticks *ret_ticks) {
    for (double k = floor(low); k <= floor(high); k++) {
        for (int m = 1; m <= 9; m++) {
            double position = k + log10(m);
            if (position < low - 1e-9 || position > high + 1e-9) {
                continue;
            }
            bool labelled = m == 1 || m == 2 || m == 5;
            gsc_tick *tick = add(ret_ticks, position, !labelled);
            if (tick != NULL && labelled) {
                gsc_format_value(m * pow(10, k), 1, tick->label, sizeof tick->label);
            }
        }
    }
}

static size_t count_labels(const gsc_ticks *ticks) {
    size_t n = 0;
    for (size_t i = 0; i < ticks->n; i++) {
        n += !ticks->ticks[i].minor;
    }
    return n;
}

void gsc_ticks_log(double low, double high, int wanted, gsc_ticks *ret_ticks) {
    ret_ticks->n = 0;
    if (!(low < high) || !isfinite(high - low)) {
        return;
    }
    if (high - low >= 2.5 || floor(high + 1e-9) - ceil(low - 1e-9) >= 2) {
        decades(low, high, wanted, ret_ticks);
        return;
    }
    one_two_five(low, high, ret_ticks);
    size_t labels = count_labels(ret_ticks);
    if (labels >= 3 && labels <= (size_t)wanted + 2) {
        return;
    }
    gsc_ticks coarse = *ret_ticks;
    if (labels > 2 && high - low > 1.5) {
        ret_ticks->n = 0;
        decades(low, high, wanted, ret_ticks);
        return;
    }
    if (low < -300 || high > 300) {
        return;
    }
    /* Little more than a decade or less: nice values, placed logarithmically. */
    gsc_ticks values;
    gsc_ticks_linear(pow(10, low), pow(10, high), wanted, &values);
    if (values.n < labels) {
        *ret_ticks = coarse;
        return;
    }
    ret_ticks->n = 0;
    for (size_t i = 0; i < values.n; i++) {
        if (values.ticks[i].position > 0) {
            gsc_tick *tick = add(ret_ticks, log10(values.ticks[i].position), false);
            memcpy(tick->label, values.ticks[i].label, sizeof tick->label);
        }
    }
}

void gsc_ticks_whole(double low, double high, int wanted, gsc_ticks *ret_ticks) {
    gsc_ticks all;
    gsc_ticks_linear(low, high, wanted, &all);
    ret_ticks->n = 0;
    for (size_t i = 0; i < all.n; i++) {
        double position = all.ticks[i].position;
        if (!all.ticks[i].minor && fabs(position - round(position)) < 1e-6) {
            gsc_tick *tick = add(ret_ticks, round(position), false);
            gsc_format_value(tick->position, 6, tick->label, sizeof tick->label);
            tick->label[strcspn(tick->label, ".")] = '\0';
        }
    }
}

void gsc_ticks_names(char *const *names, size_t n, double low, double high, int wanted,
                     gsc_ticks *ret_ticks) {
    ret_ticks->n = 0;
    double first = fmax(ceil(low), 0), last = fmin(floor(high), (double)n - 1);
    if (!(first <= last) || wanted < 1) {
        return;
    }
    double stride = ceil((last - first + 1) / fmin(wanted, GSC_TICKS_MAX));
    /* Multiples of the stride, so that panning moves names but does not swap them. */
    for (double at = ceil(first / stride) * stride; at <= last; at += stride) {
        gsc_tick *tick = add(ret_ticks, at, false);
        if (tick != NULL) {
            snprintf(tick->label, sizeof tick->label, "%s", names[(size_t)at]);
        }
    }
}

void gsc_format_value(double value, int digits, char *ret_text, size_t size) {
    if (!isfinite(value)) {
        snprintf(ret_text, size, "%s", isnan(value) ? "–" : value > 0 ? "∞" : "−∞");
        return;
    }
    if (value == 0) {
        snprintf(ret_text, size, "0");
        return;
    }
    char number[64];
    snprintf(number, sizeof number, "%.*e", digits - 1,
             value); /* rounds before the exponent is read */
    int exponent = 0;
    char *e = strchr(number, 'e');
    sscanf(e, "e%d", &exponent);
    if (exponent >= -4 && exponent < 6) {
        double rounded = 0;
        sscanf(number, "%lf", &rounded);
        int decimals = digits - 1 - exponent;
        snprintf(number, sizeof number, "%.*f", decimals > 0 ? decimals : 0, rounded);
        group_digits(number, ret_text, size);
        return;
    }
    *e = '\0';
    char mantissa[64];
    put_signed(number, mantissa, sizeof mantissa);
    snprintf(ret_text, size, "%s×10^{%s%d}", mantissa, exponent < 0 ? "−" : "",
             exponent < 0 ? -exponent : exponent);
}

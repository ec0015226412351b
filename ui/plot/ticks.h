/* SPDX-License-Identifier: MIT
 *
 * Ticks: few, good, and written well. Linear axes get 1, 2 or 5 times a power of ten; log axes
 * decades with minor ticks at 2..9, or labelled 1, 2, 5 where little more than a decade is in
 * sight.
 *
 * Layer: ui/plot; pure functions.
 */
#ifndef GSC_UI_PLOT_TICKS_H
#define GSC_UI_PLOT_TICKS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    GSC_TICKS_MAX = 96,
    GSC_TICK_LABEL_SIZE = 64
};

typedef struct gsc_tick {
    double position;                 /* axis space */
    bool minor;                      /* no label, no grid line */
    char label[GSC_TICK_LABEL_SIZE]; /* small markup: "10^{−2}"; "" for minor ticks */
} gsc_tick;

typedef struct gsc_ticks {
    gsc_tick ticks[GSC_TICKS_MAX];
    size_t n;
} gsc_ticks;

/* Ticks of [low, high] (axis space, low < high) with about wanted labels, at most wanted + 2. */
void gsc_ticks_linear(double low, double high, int wanted, gsc_ticks *ret_ticks);
void gsc_ticks_log(double low, double high, int wanted, gsc_ticks *ret_ticks);

/* Ticks at whole numbers only. */
void gsc_ticks_whole(double low, double high, int wanted, gsc_ticks *ret_ticks);
/* Ticks at 0, 1, … n - 1 with their names, every one or evenly chosen ones so that at most wanted
 * are in sight. */
void gsc_ticks_names(char *const *names, size_t n, double low, double high, int wanted,
                     gsc_ticks *ret_ticks);

/* A value for people, digits significant, with a true minus sign and no exponent from 1e-4 to 1e6:
 * "0.0316", "31,600"; outside "3.2×10^{−7}". */
void gsc_format_value(double value, int digits, char *ret_text, size_t size);

#endif

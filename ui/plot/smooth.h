/* SPDX-License-Identifier: MIT
 *
 * Smoothing that is honest: a centred mean over the data themselves, whatever of them is drawn, that
 * neither lags behind them nor reaches over a gap. Layer: ui/plot; pure function.
 */
#ifndef GSC_UI_PLOT_SMOOTH_H
#define GSC_UI_PLOT_SMOOTH_H

#include <stdbool.h>
#include <stddef.h>

/* ret_y[i] = mean of y[i - h] ... y[i + h] with h = window / 2, less near the ends of a stretch so that
 * as many lie on either side. A stretch ends at a NAN, or where x goes on by more than eight times its
 * mean step. ret_y may not be y. false: out of memory. */
bool gsc_smooth(const double *x, const double *y, size_t n, size_t window, double *ret_y);

#endif

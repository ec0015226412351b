/* SPDX-License-Identifier: MIT
 *
 * See colormap.h. Layer: ui/plot.
 */
#include "ui/plot/colormap.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* OKLab lightness, chroma and hue (radians) as linear light. */
static void to_linear(double lightness, double chroma, double hue, double ret_rgb[3]) {
    double a = chroma * cos(hue), b = chroma * sin(hue);
    double l = lightness + 0.3963377774 * a + 0.2158037573 * b;
    double m = lightness - 0.1055613458 * a - 0.0638541728 * b;
    double s = lightness - 0.0894841775 * a - 1.2914855480 * b;
    l = l * l * l, m = m * m * m, s = s * s * s;
    ret_rgb[0] = 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s;
    ret_rgb[1] = -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s;
    ret_rgb[2] = -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s;
}

static bool shown(const double rgb[3]) {
    for (int i = 0; i < 3; i++) {
        if (rgb[i] < -1e-4 || rgb[i] > 1 + 1e-4) {
            return false;
        }
    }
    return true;
}

static float encode(double linear) {
    double v = fmin(fmax(linear, 0), 1);
    return (float)(v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055);
}

/* The colour of this lightness and hue with the wanted chroma, or the most that sRGB has. */
static gsc_rgba make_color(double lightness, double chroma, double hue_degrees) {
    double rgb[3], hue = hue_degrees * M_PI / 180, low = 0, high = chroma;
    to_linear(lightness, chroma, hue, rgb);
    if (!shown(rgb)) {
        for (int i = 0; i < 24; i++) {
            double middle = (low + high) / 2;
            to_linear(lightness, middle, hue, rgb);
            *(shown(rgb) ? &low : &high) = middle;
        }
        to_linear(lightness, low, hue, rgb);
    }
    return (gsc_rgba){encode(rgb[0]), encode(rgb[1]), encode(rgb[2]), 1};
}

static double mix(double from, double to, double t) {
    return from + (to - from) * t;
}

static gsc_rgba sequential(double t) {
    return make_color(mix(0.26, 0.93, t), 0.105 + 0.06 * pow(t, 3), mix(292, 104, pow(t, 0.9)));
}

static gsc_rgba diverging(double t, bool dark) {
    double away = fabs(2 * t - 1);
    double chroma = 0.15 * pow(away, 0.8);
    double lightness = dark ? mix(0.30, 0.80, away) : mix(0.965, 0.46, away);
    return make_color(lightness, chroma, t < 0.5 ? 252 : 52);
}

void gsc_colormap_fill(gsc_colormap_kind kind, const gsc_plot_theme *theme,
                       gsc_rgba ret_table[GSC_COLORMAP_SIZE]) {
    bool dark = theme->ground.g < 0.5f;
    for (int i = 0; i < GSC_COLORMAP_SIZE; i++) {
        double t = i / (double)(GSC_COLORMAP_SIZE - 1);
        ret_table[i] = kind == GSC_COLORMAP_DIVERGING ? diverging(t, dark) : sequential(t);
    }
}

int gsc_colormap_index(double place) {
    return (int)(fmin(fmax(place, 0), 1) * (GSC_COLORMAP_SIZE - 1) + 0.5);
}

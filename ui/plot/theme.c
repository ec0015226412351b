/* SPDX-License-Identifier: MIT
 *
 * The two themes. Light is for paper: white ground, near-black ink. Layer: ui/plot.
 */
#include "ui/plot/theme.h"

#include <stddef.h>
#include <math.h>
#include <string.h>

#define HEX(rgb)                                                                                   \
    { ((rgb) >> 16 & 255) / 255.0f, ((rgb) >> 8 & 255) / 255.0f, ((rgb)&255) / 255.0f, 1.0f }
#define FONTS "Cantarell, Adwaita Sans, DejaVu Sans, sans-serif"

const gsc_plot_theme gsc_plot_theme_light = {
    .name = "light",
    .ground = HEX(0xffffff),
    .ink = HEX(0x1d1f23),
    .muted = HEX(0x575c66),
    .axis = HEX(0x747a85),
    .grid = HEX(0xe9ebef),
    .crosshair = HEX(0x8a909c),
    .palette = {HEX(0x0a66b7), HEX(0xcf4f00), HEX(0x07835f), HEX(0x9a4198), HEX(0xa37400),
                HEX(0x2f93c8), HEX(0xb92d55), HEX(0x4b5360)},
    .font = FONTS,
};

const gsc_plot_theme gsc_plot_theme_dark = {
    .name = "dark",
    .ground = HEX(0x1e1e20),
    .ink = HEX(0xf2f3f5),
    .muted = HEX(0xb2b7c0),
    .axis = HEX(0x8a909b),
    .grid = HEX(0x323337),
    .crosshair = HEX(0x9aa0ab),
    .palette = {HEX(0x62b0f2), HEX(0xf5934a), HEX(0x45c39a), HEX(0xd592d3), HEX(0xe2b53f),
                HEX(0x95d8f5), HEX(0xf4829f), HEX(0xb9c0cb)},
    .font = FONTS,
};

const gsc_plot_theme *gsc_plot_theme_find(const char *name) {
    if (name != NULL && strcmp(name, "light") == 0) {
        return &gsc_plot_theme_light;
    }
    if (name != NULL && strcmp(name, "dark") == 0) {
        return &gsc_plot_theme_dark;
    }
    return NULL;
}

static double luminance(gsc_rgba color) {
    const double channels[3] = {color.r, color.g, color.b}, weights[3] = {0.2126, 0.7152, 0.0722};
    double sum = 0;

    for (int i = 0; i < 3; i++) {
        const double c = channels[i];
        sum += weights[i] * (c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
    }
    return sum;
}

double gsc_plot_contrast(gsc_rgba a, gsc_rgba b) {
    const double x = luminance(a), y = luminance(b);

    return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}

gsc_rgba gsc_plot_theme_text_color(const gsc_plot_theme *theme, int i) {
    const gsc_rgba color = gsc_plot_theme_color(theme, i), ink = theme->ink;
    gsc_rgba words = color;

    for (float t = 0; t < 1 && gsc_plot_contrast(words, theme->ground) < 4.5; t += 0.05F) {
        words.r = color.r + t * (ink.r - color.r);
        words.g = color.g + t * (ink.g - color.g);
        words.b = color.b + t * (ink.b - color.b);
    }
    return words;
}

gsc_rgba gsc_plot_theme_color(const gsc_plot_theme *theme, int i) {
    int k = i % GSC_PALETTE_SIZE;
    return theme->palette[k < 0 ? k + GSC_PALETTE_SIZE : k];
}

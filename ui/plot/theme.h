/* SPDX-License-Identifier: MIT
 *
 * Colours, sizes and fonts of figures. Two themes, light and dark, with a palette each that people
 * with any of the common colour vision deficiencies can tell apart, and that keeps 3:1 contrast to
 * its ground.
 *
 * Layer: ui/plot; data only.
 */
#ifndef GSC_UI_PLOT_THEME_H
#define GSC_UI_PLOT_THEME_H

typedef struct gsc_rgba {
    float r, g, b, a; /* straight alpha, sRGB */
} gsc_rgba;

enum {
    GSC_PALETTE_SIZE = 8
};

typedef struct gsc_plot_theme {
    const char *name;   /* "light" */
    gsc_rgba ground;    /* behind everything */
    gsc_rgba ink;       /* titles */
    gsc_rgba muted;     /* tick labels, axis titles, small print */
    gsc_rgba axis;      /* frame and ticks */
    gsc_rgba grid;      /* major grid */
    gsc_rgba crosshair; /* pointer lines, box zoom outline */
    gsc_rgba palette[GSC_PALETTE_SIZE];
    const char *font; /* Pango family list */
} gsc_plot_theme;

extern const gsc_plot_theme gsc_plot_theme_light;
extern const gsc_plot_theme gsc_plot_theme_dark;

/* "light" or "dark"; NULL for any other name. */
const gsc_plot_theme *gsc_plot_theme_find(const char *name);
/* Palette entry i modulo its size. */
gsc_rgba gsc_plot_theme_color(const gsc_plot_theme *theme, int i);
/* The same for words: as much nearer to the ink as a contrast of 4.5 to the ground needs. */
gsc_rgba gsc_plot_theme_text_color(const gsc_plot_theme *theme, int i);
/* Of two colours, 1 to 21: the ratio of their luminances as the Web Content Accessibility Guidelines 2.1 take it. */
double gsc_plot_contrast(gsc_rgba a, gsc_rgba b);

#endif

/* SPDX-License-Identifier: MIT
 *
 * The figures' colours can be told from their ground: words at 4.5 to 1, lines at 3 to 1, in light and dark.
 */
#include "ui/plot/theme.h"

#include "tests/tap.h"

#include <math.h>
#include <stdbool.h>

static const gsc_rgba black = {0, 0, 0, 1}, white = {1, 1, 1, 1};

static bool is_same(gsc_rgba a, gsc_rgba b) {
    return a.r == b.r && a.g == b.g && a.b == b.b && a.a == b.a;
}

static void check(const gsc_plot_theme *theme) {
    double words = INFINITY, lines = INFINITY;
    bool changed_too_much = false;

    for (int i = 0; i < GSC_PALETTE_SIZE; i++) {
        const gsc_rgba color = gsc_plot_theme_color(theme, i);
        const gsc_rgba text = gsc_plot_theme_text_color(theme, i);
        words = fmin(words, gsc_plot_contrast(text, theme->ground));
        lines = fmin(lines, gsc_plot_contrast(color, theme->ground));
        changed_too_much = changed_too_much || (gsc_plot_contrast(color, theme->ground) >= 4.5 &&
                                                !is_same(color, text));
    }
    printf("# %s: words %.2f, lines %.2f, ink %.2f, small print %.2f, axes %.2f\n", theme->name,
           words, lines, gsc_plot_contrast(theme->ink, theme->ground),
           gsc_plot_contrast(theme->muted, theme->ground),
           gsc_plot_contrast(theme->axis, theme->ground));
    TAP_OK(words >= 4.5, "labels of lines can be read");
    TAP_OK(!changed_too_much, "and have the colour of their lines where that can be read");
    TAP_OK(lines >= 3, "lines can be seen");
    TAP_OK(gsc_plot_contrast(theme->ink, theme->ground) >= 7, "titles can be read");
    TAP_OK(gsc_plot_contrast(theme->muted, theme->ground) >= 4.5, "so can small print");
    TAP_OK(gsc_plot_contrast(theme->axis, theme->ground) >= 3, "axes can be seen");
}

int main(void) {
    TAP_NEAR(gsc_plot_contrast(black, white), 21, 1e-6, "black on white");
    TAP_NEAR(gsc_plot_contrast(white, white), 1, 1e-6, "white on white");
    check(&gsc_plot_theme_light);
    check(&gsc_plot_theme_dark);
    return tap_done();
}

/* SPDX-License-Identifier: MIT
 *
 * test-golden FOLDER: every kind of figure is drawn and compared with its picture in FOLDER (tests/golden/figures),
 * light and, for one of them, dark. A picture is 320 x 200, the figure at a third of its size; blocks of 8 x 8 of
 * its pixels may differ by 4 of 255 in a channel, which forgives the edges of letters and lines but no colour, no
 * width and nothing that is missing: that is tried here, too.
 *
 * GATESCOPE_GOLDEN=write writes the pictures anew, to be looked at and committed.
 */
#include "ui/plot/render.h"

#include "tests/plot/figure_runs.h"
#include "tests/plot/router_run.h"
#include "tests/tap.h"

#include <cairo.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDTH = 320,
    HEIGHT = 200,
    SHRINK = 3,
    BLOCK = 8
};

static const double LIMIT = 4;

/* Drawn large and shrunk, so that the shape of letters hardly counts. */
static cairo_surface_t *draw(const gsc_figure *figure, const gsc_plot_theme *theme) {
    gsc_error error = {.status = GSC_OK};
    gsc_export options = {
        .width_px = SHRINK * WIDTH, .height_px = SHRINK * HEIGHT, .dpi = 96, .theme = theme};
    cairo_surface_t *large = NULL;
    gsc_test_need(gsc_export_surface(figure, &options, &large, &error), &error);
    cairo_surface_flush(large);
    const unsigned char *from = cairo_image_surface_get_data(large);
    size_t from_stride = (size_t)cairo_image_surface_get_stride(large);
    cairo_surface_t *small = cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
    cairo_surface_flush(small);
    unsigned char *to = cairo_image_surface_get_data(small);
    size_t to_stride = (size_t)cairo_image_surface_get_stride(small);
    for (size_t y = 0; y < HEIGHT; y++) {
        for (size_t i = 0; i < 4 * WIDTH; i++) {
            unsigned sum = 0;
            for (size_t k = 0; k < SHRINK * SHRINK; k++) {
                size_t x = SHRINK * (i / 4) + k % SHRINK;
                sum += from[(SHRINK * y + k / SHRINK) * from_stride + 4 * x + i % 4];
            }
            /* Whole eights: small files. */
            unsigned mean = (sum + SHRINK * SHRINK / 2) / (SHRINK * SHRINK);
            to[y * to_stride + i] = (unsigned char)(mean >= 251 ? 255 : (mean + 4) / 8 * 8);
        }
    }
    cairo_surface_mark_dirty(small);
    cairo_surface_destroy(large);
    return small;
}

static double block_mean(cairo_surface_t *surface, int left, int top, int channel) {
    const unsigned char *pixels = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface);
    double sum = 0;
    for (int y = top; y < top + BLOCK; y++) {
        for (int x = left; x < left + BLOCK; x++) {
            sum += pixels[y * stride + 4 * x + channel];
        }
    }
    return sum / (BLOCK * BLOCK);
}

/* The largest difference of a block; 255 where a picture has another size or there is none. */
static double difference(cairo_surface_t *a, cairo_surface_t *b) {
    double worst = 0;
    if (cairo_surface_status(b) != CAIRO_STATUS_SUCCESS ||
        cairo_image_surface_get_width(b) != WIDTH || cairo_image_surface_get_height(b) != HEIGHT) {
        return 255;
    }
    cairo_surface_flush(a);
    cairo_surface_flush(b);
    for (int y = 0; y < HEIGHT; y += BLOCK) {
        for (int x = 0; x < WIDTH; x += BLOCK) {
            for (int c = 0; c < 3; c++) {
                worst = fmax(worst, fabs(block_mean(a, x, y, c) - block_mean(b, x, y, c)));
            }
        }
    }
    return worst;
}

static void check(const char *folder, const char *name, const gsc_plot_theme *theme) {
    char path[4096];
    gsc_figure *figure = gsc_figure_runs_build(name, false);
    cairo_surface_t *now = draw(figure, theme);
    snprintf(path, sizeof path, "%s/%s%s.png", folder, name,
             theme == &gsc_plot_theme_dark ? "-dark" : "");
    const char *mode = getenv("GATESCOPE_GOLDEN");
    if (mode != NULL && strcmp(mode, "write") == 0) {
        cairo_surface_write_to_png(now, path);
    }
    cairo_surface_t *golden = cairo_image_surface_create_from_png(path);
    double worst = difference(now, golden);
    printf("# %s: blocks differ by at most %.2f of 255\n", path, worst);
    if (!TAP_OK(worst < LIMIT, "the figure looks as its picture does")) {
        char other[64];
        snprintf(other, sizeof other, "golden-%s.png", name);
        cairo_surface_write_to_png(now, other);
        printf("# what it looks like now is in %s, where the test ran\n", other);
    }
    cairo_surface_destroy(golden);
    cairo_surface_destroy(now);
    gsc_figure_free(figure);
}

/* A changed renderer must fail: another colour, a lost layer, a wider line. */
static void test_sees(void) {
    gsc_figure *figure = gsc_figure_runs_build("rate", false);
    gsc_panel *panel = figure->panels[0];
    cairo_surface_t *before = draw(figure, &gsc_plot_theme_light);
    gsc_plot_layer *line = NULL;
    for (size_t i = 0; i < panel->n_layers && line == NULL; i++) {
        line = panel->layers[i]->kind == GSC_LAYER_LINE ? panel->layers[i] : NULL;
    }
    if (!TAP_OK(line != NULL, "there is a line to change")) {
        return;
    }
    gsc_plot_layer was = *line;
    line->color += 1;
    cairo_surface_t *after = draw(figure, &gsc_plot_theme_light);
    TAP_OK(difference(before, after) > LIMIT, "a line in another colour is seen");
    cairo_surface_destroy(after);
    *line = was;
    line->hidden = true;
    after = draw(figure, &gsc_plot_theme_light);
    TAP_OK(difference(before, after) > LIMIT, "a line that is missing is seen");
    cairo_surface_destroy(after);
    *line = was;
    line->weight = 1.8;
    after = draw(figure, &gsc_plot_theme_light);
    TAP_OK(difference(before, after) > LIMIT, "a line that is too wide is seen");
    cairo_surface_destroy(after);
    cairo_surface_destroy(before);
    gsc_figure_free(figure);
}

int main(int argc, char **argv) {
    size_t n = 0;
    const char *const *names = gsc_figure_names(&n);
    if (argc != 2) {
        printf("Bail out! usage: test-golden FOLDER\n");
        return 1;
    }
    gsc_figure_runs_open();
    for (size_t i = 0; i < n; i++) {
        check(argv[1], names[i], &gsc_plot_theme_light);
    }
    check(argv[1], "rate", &gsc_plot_theme_dark);
    test_sees();
    gsc_figure_runs_close();
    return tap_done();
}

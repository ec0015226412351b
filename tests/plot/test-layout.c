/* SPDX-License-Identifier: MIT
 *
 * Text of a laid-out figure never covers other text or the plots, at any reasonable size.
 */
#include "ui/plot/layout.h"

#include "tests/plot/sample_run.h"
#include "tests/tap.h"
#include "ui/plot/heatmap.h"

#include <stdlib.h>
#include <unistd.h>

static bool overlap(gsc_box a, gsc_box b) {
    double slack = 0.5; /* line boxes may touch */
    return a.x + slack < b.x + b.width && b.x + slack < a.x + a.width &&
           a.y + slack < b.y + b.height && b.y + slack < a.y + a.height;
}

static int count_overlaps(const gsc_layout *layout) {
    int n = 0;
    for (size_t i = 0; i < layout->n_texts; i++) {
        for (size_t k = 0; k < i; k++) {
            if (overlap(layout->texts[i].box, layout->texts[k].box)) {
                n++;
                printf("# \"%s\" covers \"%s\"\n", layout->texts[i].markup,
                       layout->texts[k].markup);
            }
        }
        for (size_t p = 0; p < layout->n_panels; p++) {
            gsc_text_role role = layout->texts[i].role;
            bool inside = role == GSC_TEXT_MESSAGE;
            n += !inside && overlap(layout->texts[i].box, layout->panels[p].plot);
        }
    }
    return n;
}

static int count_outside(const gsc_layout *layout) {
    int n = 0;
    for (size_t i = 0; i < layout->n_texts; i++) {
        gsc_box box = layout->texts[i].box;
        bool outside = box.x < -0.5 || box.y < -0.5 || box.x + box.width > layout->width + 0.5 ||
                       box.y + box.height > layout->height + 0.5;
        n += outside;
        if (outside) {
            printf("# \"%s\" leaves the figure\n", layout->texts[i].markup);
        }
    }
    return n;
}

static gsc_figure *build(const char *path) {
    gsc_run *run = NULL;
    gsc_figure *figure = NULL;
    gsc_error error = {.status = GSC_OK};
    if (gsc_run_open(path, &run, &error) != GSC_OK ||
        gsc_figure_build("rate", &run, 1, NULL, &figure, &error) != GSC_OK) {
        printf("# %s\n", error.message);
        exit(1);
    }
    gsc_run_close(run);
    return figure;
}

/* 24 named rows: all have their names where they fit in smaller letters, else evenly chosen ones. */
static void test_row_names(void) {
    enum {
        ROWS = 24
    };
    static const char *const names[ROWS] = {"a", "b", "c", "d", "e", "f", "g", "h",
                                            "i", "j", "k", "l", "m", "n", "o", "p",
                                            "q", "r", "s", "t", "u", "v", "w", "x"};
    static const double heights[] = {800, 480, 280};
    static const size_t wanted[] = {ROWS, ROWS, ROWS / 2};
    gsc_figure *figure = gsc_figure_new("rows");
    gsc_panel *panel = gsc_figure_add_panel(figure, "rows");
    if (gsc_panel_add_heatmap(panel, ROWS, 4) == NULL ||
        !gsc_axis_set_names(&panel->y, names, ROWS)) {
        exit(1);
    }
    for (size_t i = 0; i < 3; i++) {
        gsc_layout *layout =
            gsc_layout_new(figure, NULL, &gsc_plot_theme_light, 768, heights[i], NULL);
        size_t n, ticks = 0;
        const gsc_text_run *texts = gsc_layout_texts(layout, &n);
        for (size_t t = 0; t < n; t++) {
            ticks += texts[t].role == GSC_TEXT_TICK && texts[t].markup[0] >= 'a';
        }
        TAP_OK(ticks == wanted[i], i < 2 ? "every row has its name" : "half of the rows have it");
        TAP_OK(count_overlaps(layout) == 0, "and no name covers another");
        gsc_layout_free(layout);
    }
    gsc_figure_free(figure);
}

int main(void) {
    test_row_names();
    char path[] = "layout-XXXXXX";
    int fd = mkstemp(path);
    close(fd);
    gsc_error error = {.status = GSC_OK};
    gsc_sample sample = {7, 16, 3, 0.25, 4, GSC_RUN_DONE};
    if (gsc_sample_run_write(path, &sample, &error) != GSC_OK) {
        printf("# %s\n", error.message);
        return 1;
    }
    gsc_figure *figure = build(path);
    unlink(path);
    static const double sizes[][3] = {{768, 480, 1}, {1200, 800, 1}, {560, 380, 1},
                                      {500, 900, 1}, {1200, 900, 2}, {420, 340, 0.75}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        gsc_layout_options options = {.text_scale = sizes[i][2]};
        gsc_layout *layout =
            gsc_layout_new(figure, NULL, &gsc_plot_theme_light, sizes[i][0], sizes[i][1], &options);
        char what[96];
        snprintf(what, sizeof what, "%g x %g, text %g: no text covers text or plot", sizes[i][0],
                 sizes[i][1], sizes[i][2]);
        TAP_OK(count_overlaps(layout) == 0, what);
        snprintf(what, sizeof what, "%g x %g: no text leaves the figure", sizes[i][0], sizes[i][1]);
        TAP_OK(count_outside(layout) == 0, what);
        double share = 0;
        for (size_t p = 0; p < layout->n_panels; p++) {
            share += layout->panels[p].plot.width * layout->panels[p].plot.height;
        }
        TAP_OK(share > 0.2 * sizes[i][0] * sizes[i][1], "plots have a fifth of the area or more");
        gsc_layout_free(layout);
    }
    gsc_layout *layout =
        gsc_layout_new(figure, NULL, &gsc_plot_theme_light, 900, 600, &(gsc_layout_options){0});
    gsc_box plot = layout->panels[1].plot, row = layout->panels[0].legend[1].box;
    gsc_layout_hit hit = gsc_layout_find(layout, plot.x + 5, plot.y + 5);
    TAP_OK(hit.panel == 1 && hit.in_plot && hit.legend_row == -1, "a pixel of the second plot");
    hit = gsc_layout_find(layout, row.x + 5, row.y + 5);
    TAP_OK(hit.panel == 0 && !hit.in_plot && hit.legend_row == 1, "a pixel of a legend row");
    TAP_OK(gsc_layout_find(layout, 1, 1).panel == -1, "a pixel of the margin");
    TAP_NEAR(layout->panels[0].plot.y, layout->panels[1].plot.y, 1e-9, "plots in a row are level");
    gsc_layout_free(layout);

    layout = gsc_layout_new(figure, NULL, &gsc_plot_theme_light, 500, 900, NULL);
    gsc_box upper = layout->panels[0].plot, lower = layout->panels[1].plot;
    TAP_OK(lower.y > upper.y + upper.height, "a tall figure stacks its panels");
    TAP_NEAR(upper.x, lower.x, 1e-9, "plots in a column begin at the same x");
    TAP_NEAR(upper.width, lower.width, 1e-9, "and are as wide");
    gsc_layout_free(layout);
    gsc_figure_free(figure);
    return tap_done();
}

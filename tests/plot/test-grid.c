/* SPDX-License-Identifier: MIT
 *
 * The grid of panels: whatever the figure and its size, no text covers text or a plot, none leaves the figure, and
 * plots have their share of it; what neighbours have in common is said once.
 */
#include "ui/plot/heatmap.h"
#include "ui/plot/layout.h"
#include "ui/plot/readout.h"

#include "tests/plot/figure_runs.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool covers(gsc_box a, gsc_box b) {
    const double slack = 0.5; /* line boxes may touch */
    return a.x + slack < b.x + b.width && b.x + slack < a.x + a.width &&
           a.y + slack < b.y + b.height && b.y + slack < a.y + a.height;
}

/* A slanting text's box covers more than its letters. */
static bool is_slanted(const gsc_text_run *run) {
    return run->rotation != 0 && fabs(run->rotation + M_PI / 2) > 1e-6;
}

static int count_covered(const gsc_layout *layout) {
    int n = 0;
    for (size_t i = 0; i < layout->n_texts; i++) {
        const gsc_text_run *own = &layout->texts[i];
        for (size_t k = 0; k < i && !is_slanted(own); k++) {
            if (!is_slanted(&layout->texts[k]) && covers(own->box, layout->texts[k].box)) {
                printf("# \"%s\" covers \"%s\"\n", own->markup, layout->texts[k].markup);
                n++;
            }
        }
        for (size_t p = 0; p < layout->n_panels; p++) {
            if (own->role != GSC_TEXT_MESSAGE && own->role != GSC_TEXT_INLINE &&
                covers(own->box, layout->panels[p].plot)) {
                printf("# \"%s\" covers plot %zu\n", own->markup, p);
                n++;
            }
        }
    }
    return n;
}

static int count_outside(const gsc_layout *layout) {
    int n = 0;
    for (size_t i = 0; i < layout->n_texts; i++) {
        gsc_box box = layout->texts[i].box;
        if (box.x < -0.5 || box.y < -0.5 || box.x + box.width > layout->width + 0.5 ||
            box.y + box.height > layout->height + 0.5) {
            printf("# \"%s\" leaves the figure\n", layout->texts[i].markup);
            n++;
        }
    }
    return n;
}

static double plots_share(const gsc_layout *layout) {
    double share = 0;
    for (size_t p = 0; p < layout->n_panels; p++) {
        share += layout->panels[p].plot.width * layout->panels[p].plot.height;
    }
    return share / (layout->width * layout->height);
}

/* Every kind of figure in a paper's sizes and in a window's. */
static void test_kinds(void) {
    static const struct {
        double width, height, text;
        double least; /* share of plots */
    } sizes[] = {
        {768, 480, 1, 0.16}, {700, 450, 1, 0.14}, {1500, 900, 1, 0.3}, {1000, 1000, 1.5, 0.14}};
    size_t n = 0;
    const char *const *names = gsc_figure_names(&n);
    for (size_t i = 0; i < n; i++) {
        gsc_figure *figure = gsc_figure_runs_build(names[i], true);
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            gsc_layout_options options = {.text_scale = sizes[s].text};
            gsc_layout *layout = gsc_layout_new(figure, NULL, &gsc_plot_theme_light, sizes[s].width,
                                                sizes[s].height, &options);
            printf("# %s, %g x %g: plots have %.2f\n", names[i], sizes[s].width, sizes[s].height,
                   plots_share(layout));
            TAP_OK(count_covered(layout) == 0, "no text covers text or plot");
            TAP_OK(count_outside(layout) == 0, "no text leaves the figure");
            TAP_OK(plots_share(layout) > sizes[s].least, "plots have their share");
            gsc_layout_free(layout);
        }
        gsc_figure_free(figure);
    }
}

/* Lines of several runs say by what their run differs; those of arms, which are many runs, do not. */
static void test_about(void) {
    gsc_figure *figure = gsc_figure_runs_build("loss", false);
    const gsc_panel *panel = figure->panels[0];
    for (size_t i = 0; i < panel->n_layers; i++) {
        if (panel->layers[i]->run == 3) {
            const gsc_plot_hit hit = {.layer = (int)i, .x = 10, .y = 2, .low = NAN, .high = NAN};
            char *text = gsc_hit_text(panel, &hit);
            TAP_STRING(panel->layers[i]->about, "gate sigmoid, seed 2", "a run's own settings");
            TAP_CONTAINS(text, "gate sigmoid, seed 2\n", "are read at its line");
            free(text);
            break;
        }
    }
    gsc_figure_free(figure);
    figure = gsc_figure_runs_build("compare", false);
    bool told = false;
    for (size_t i = 0; i < figure->panels[0]->n_layers; i++) {
        told = told || figure->panels[0]->layers[i]->about != NULL;
    }
    TAP_OK(!told, "arms have none");
    gsc_figure_free(figure);
}

static size_t count_texts(const gsc_layout *layout, const char *markup) {
    size_t n = 0;
    for (size_t i = 0; i < layout->n_texts; i++) {
        n += strcmp(layout->texts[i].markup, markup) == 0;
    }
    return n;
}

/* Panels with one x axis, and one y axis, each with the same three rows of legend. */
static gsc_figure *make_panels(size_t n, const char *value) {
    gsc_figure *figure = gsc_figure_new("panels");
    for (size_t i = 0; i < n; i++) {
        char title[32];
        snprintf(title, sizeof title, "Panel %zu", i + 1);
        gsc_panel *panel = gsc_figure_add_panel(figure, "panel");
        gsc_plot_layer *layer = gsc_panel_add_layer(panel, GSC_LAYER_LINE, 2, false);
        layer->x[0] = layer->y[0] = 0;
        layer->x[1] = layer->y[1] = 1;
        if (!gsc_figure_set_text(&panel->title, title) ||
            !gsc_figure_set_text(&panel->x.title, "Step") ||
            !gsc_figure_set_text(&panel->y.title, "Loss")) {
            exit(1);
        }
        for (int r = 0; r < 3; r++) {
            char label[32];
            snprintf(label, sizeof label, "arm %d of three", r);
            gsc_panel_add_legend(panel, label, value)->color = r;
        }
    }
    return figure;
}

static gsc_layout *lay_out(const gsc_figure *figure, double width, double height) {
    return gsc_layout_new(figure, NULL, &gsc_plot_theme_light, width, height, NULL);
}

static void test_shared(void) {
    gsc_figure *figure = make_panels(4, "");
    gsc_layout *layout = lay_out(figure, 900, 600);
    gsc_box first = layout->panels[0].plot, last = layout->panels[3].plot;
    TAP_OK(last.x > first.x && last.y > first.y, "four panels stand two by two");
    TAP_NEAR(first.width, last.width, 1e-9, "their plots are as wide");
    TAP_NEAR(first.height, last.height, 1e-9, "and as high");
    TAP_OK(count_texts(layout, "Step") == 2, "the x title stands under each column");
    TAP_OK(count_texts(layout, "Loss") == 2, "the y title before each row");
    TAP_OK(count_texts(layout, "arm 0 of three") == 1, "one legend stands for all");
    gsc_box row = layout->panels[0].legend[1].box;
    gsc_layout_hit hit = gsc_layout_find(layout, row.x + 3, row.y + 3);
    TAP_OK(hit.panel == 0 && hit.legend_row == 1 && !hit.in_plot, "whose rows can be pointed at");
    TAP_OK(row.y + row.height < first.y, "above the panels");
    gsc_layout_free(layout);
    gsc_figure_free(figure);

    figure = make_panels(2, "0.1");
    layout = lay_out(figure, 900, 600);
    TAP_OK(count_texts(layout, "arm 0 of three") == 2 && count_texts(layout, "0.1") == 6,
           "legends with values stand in their panels");
    gsc_layout_free(layout);
    gsc_figure_free(figure);
    figure = make_panels(12, "a value so long that it has no room");
    layout = lay_out(figure, 640, 400);
    TAP_OK(count_texts(layout, "arm 2 of three") > 0, "where they have no room, labels alone do");
    TAP_OK(layout->text_scale < 1, "and letters are smaller");
    gsc_layout_free(layout);
    gsc_figure_free(figure);
}

static void test_maps(void) {
    gsc_figure *figure = gsc_figure_new("maps");
    for (int i = 0; i < 5; i++) {
        gsc_panel *panel = gsc_figure_add_panel(figure, "map");
        gsc_plot_layer *layer = gsc_panel_add_heatmap(panel, 8, 8);
        if (layer == NULL || !gsc_figure_set_text(&panel->title, "Map") ||
            !gsc_figure_set_text(&panel->x.title, "Column") ||
            !gsc_figure_set_text(&panel->y.title, "Row") ||
            !gsc_figure_set_text(&layer->heat->scale.title, "Share")) {
            exit(1);
        }
    }
    gsc_layout *layout = lay_out(figure, 900, 600);
    size_t bars = 0, columns = 0;
    for (size_t i = 0; i < 5; i++) {
        bars += layout->panels[i].bar.width > 0;
        columns += layout->panels[i].plot.y == layout->panels[0].plot.y;
    }
    TAP_OK(columns == 3 && bars == 1, "one colour bar at the end of the full row");
    TAP_OK(layout->panels[2].bar.width > 0, "beside its last map");
    TAP_OK(plots_share(layout) > 0.35, "and maps fill the figure");
    size_t before = count_texts(layout, "4");
    gsc_plot_view views[5];
    for (size_t i = 0; i < 5; i++) {
        views[i] = layout->panels[i].view;
    }
    views[1].y_high = 5.5;
    gsc_layout *zoomed = gsc_layout_new(figure, views, &gsc_plot_theme_light, 900, 600, NULL);
    TAP_OK(zoomed->panels[2].plot.y == zoomed->panels[0].plot.y &&
               zoomed->panels[3].plot.y > zoomed->panels[0].plot.y,
           "zooming one changes no columns");
    TAP_OK(count_texts(zoomed, "4") > before, "but what it shows is written at it");
    gsc_layout_free(zoomed);
    gsc_heatmap *last = figure->panels[4]->layers[0]->heat;
    last->scale.high = 2;
    gsc_layout_free(layout);
    layout = lay_out(figure, 900, 600);
    TAP_OK(layout->panels[4].bar.width > 0 && layout->panels[2].bar.width > 0,
           "another scale has its own");
    gsc_layout_free(layout);
    gsc_figure_free(figure);
}

/* Long names under an axis are all written, slantwise; a title longer than its axis is made to fit. */
static void test_long(void) {
    static const char *const names[] = {"deepseek-v2", "deepseek-v3", "normalized sigmoid"};
    gsc_figure *figure = make_panels(1, "");
    gsc_panel *panel = figure->panels[0];
    if (!gsc_axis_set_names(&panel->x, names, 3) ||
        !gsc_figure_set_text(&panel->y.title, "A title of an axis that is a good deal longer than "
                                              "the axis that it stands beside^{2}")) {
        exit(1);
    }
    panel->x.low = -0.5, panel->x.high = 2.5;
    gsc_layout *layout = lay_out(figure, 260, 300);
    TAP_OK(count_texts(layout, names[0]) == 1 && count_texts(layout, names[1]) == 1 &&
               count_texts(layout, names[2]) == 1,
           "every name is there");
    bool slanted = false, cut = false;
    for (size_t i = 0; i < layout->n_texts; i++) {
        slanted = slanted || is_slanted(&layout->texts[i]);
        cut = cut || (layout->texts[i].role == GSC_TEXT_AXIS_TITLE &&
                      strstr(layout->texts[i].markup, "…") != NULL);
    }
    TAP_OK(slanted, "slantwise");
    TAP_OK(cut, "the title is cut");
    TAP_OK(count_outside(layout) == 0, "and nothing leaves the figure");
    gsc_layout_free(layout);
    layout = lay_out(figure, 1200, 700);
    slanted = false;
    for (size_t i = 0; i < layout->n_texts; i++) {
        slanted = slanted || is_slanted(&layout->texts[i]);
    }
    TAP_OK(!slanted, "with room they stand upright");
    gsc_layout_free(layout);
    gsc_figure_free(figure);
}

int main(void) {
    gsc_figure_runs_open();
    test_kinds();
    test_about();
    gsc_figure_runs_close();
    test_shared();
    test_maps();
    test_long();
    return tap_done();
}

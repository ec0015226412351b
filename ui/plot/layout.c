/* SPDX-License-Identifier: MIT
 *
 * Places title, panels and small print. From the outside in: title and small print take what they
 * need, the panels share the rest in a grid (layout_grid.c), and layout_panel.c fills each.
 * Layer: ui/plot.
 */
#include "ui/plot/layout_panel.h"

#include <stdlib.h>
#include <string.h>

/* Title and subtitle from the top; returns where the panels may begin. */
static double place_title(gsc_text_ruler *ruler, double margin) {
    const gsc_layout *layout = ruler->layout;
    const gsc_figure *figure = layout->figure;
    double k = layout->text_scale, y = margin;
    gsc_text_style title = {
        GSC_TEXT_TITLE, -1, 16 * k, true, layout->theme->ink, layout->width - 2 * margin};
    gsc_text_style subtitle = {GSC_TEXT_SUBTITLE,         -1, 12 * k, false, layout->theme->muted,
                               layout->width - 2 * margin};
    gsc_box box = gsc_text_add(ruler, figure->title, &title, margin, y, 0, 0);
    y += box.height + (box.height > 0 ? 2 * k : 0);
    box = gsc_text_add(ruler, figure->subtitle, &subtitle, margin, y, 0, 0);
    y += box.height;
    return y > margin ? y + 14 * k : y;
}

/* Definitions are written with hyphens for minus signs; in print they are the true ones. NULL: out of memory. */
static char *with_minus_signs(const char *text) {
    static const char hyphen[] = " - ", minus[] = " − ";
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, hyphen)) != NULL; at++) {
        n++;
    }
    char *whole = malloc(strlen(text) + n * (sizeof minus - sizeof hyphen) + 1);
    char *to = whole;
    for (const char *at = text; whole != NULL;) {
        const char *found = strstr(at, hyphen);
        size_t length = found != NULL ? (size_t)(found - at) : strlen(at);
        memcpy(to, at, length);
        to += length;
        if (found == NULL) {
            *to = '\0';
            break;
        }
        memcpy(to, minus, sizeof minus - 2); /* its last blank may begin the next */
        to += sizeof minus - 2;
        at = found + sizeof hyphen - 2;
    }
    return whole;
}

/* Small print at the bottom; returns where the panels must end. */
static double place_recipe(gsc_text_ruler *ruler, double margin) {
    const gsc_layout *layout = ruler->layout;
    double k = layout->text_scale, bottom = layout->height - margin;
    gsc_text_style style = {GSC_TEXT_RECIPE,           -1, 8.5 * k, false, layout->theme->muted,
                            layout->width - 2 * margin};
    char *text = with_minus_signs(layout->figure->recipe != NULL ? layout->figure->recipe : "");
    ruler->failed = ruler->failed || text == NULL;
    /* Much of it is printed smaller: the figure is what one came for. */
    for (double most = 0.22 * layout->height; style.size > 6 * k; style.size -= 0.5 * k) {
        if (gsc_text_measure(ruler, text, &style).height <= most) {
            break;
        }
    }
    gsc_box box = gsc_text_add(ruler, text, &style, margin, bottom, 0, 1);
    free(text);
    return box.height > 0 ? box.y - 10 * k : bottom;
}

gsc_layout *gsc_layout_new(const gsc_figure *figure, const gsc_plot_view *views,
                           const gsc_plot_theme *theme, double width, double height,
                           const gsc_layout_options *options) {
    gsc_layout *layout = calloc(1, sizeof *layout);
    if (layout == NULL) {
        return NULL;
    }
    layout->figure = figure;
    layout->theme = theme;
    layout->width = width;
    layout->height = height;
    layout->text_scale = options != NULL && options->text_scale > 0 ? options->text_scale : 1;
    layout->n_panels = figure->n_panels;
    gsc_text_ruler ruler;
    if (!gsc_text_ruler_init(&ruler, layout)) {
        free(layout);
        return NULL;
    }
    double margin = 16 * layout->text_scale;
    bool title = options == NULL || !options->hide_title;
    bool recipe = options == NULL || !options->hide_recipe;
    double top = title ? place_title(&ruler, margin) : margin;
    double bottom = recipe ? place_recipe(&ruler, margin) : height - margin;
    for (size_t i = 0; i < layout->n_panels; i++) {
        layout->panels[i].view = views != NULL ? views[i] : gsc_panel_home(figure->panels[i]);
    }
    gsc_layout_panels(&ruler, (gsc_box){margin, top, width - 2 * margin, bottom - top});
    bool failed = ruler.failed;
    gsc_text_ruler_clear(&ruler);
    if (failed) {
        gsc_layout_free(layout);
        return NULL;
    }
    return layout;
}

void gsc_layout_free(gsc_layout *layout) {
    if (layout == NULL) {
        return;
    }
    for (size_t i = 0; i < layout->n_panels; i++) {
        free(layout->panels[i].legend);
    }
    for (size_t i = 0; i < layout->n_texts; i++) {
        free(layout->texts[i].markup);
    }
    free(layout->texts);
    free(layout);
}

const gsc_text_run *gsc_layout_texts(const gsc_layout *layout, size_t *ret_count) {
    *ret_count = layout->n_texts;
    return layout->texts;
}

gsc_layout_hit gsc_layout_find(const gsc_layout *layout, double px, double py) {
    gsc_layout_hit hit = {-1, -1, false};
    for (size_t i = 0; i < layout->n_panels; i++) {
        const gsc_panel_layout *panel = &layout->panels[i];
        for (size_t k = 0; k < panel->n_legend; k++) { /* may stand above all panels */
            if (gsc_box_contains(panel->legend[k].box, px, py)) {
                return (gsc_layout_hit){(int)i, (int)panel->legend[k].row, false};
            }
        }
        if (gsc_box_contains(panel->box, px, py)) {
            hit.panel = (int)i;
            hit.in_plot = gsc_box_contains(panel->plot, px, py);
        }
    }
    return hit;
}

/* SPDX-License-Identifier: MIT
 *
 * See layout_bar.h. Layer: ui/plot.
 */
#include "ui/plot/layout_bar.h"

#include "ui/plot/heatmap.h"

#include <math.h>

static const double gap = 12, breadth = 11, tick_room = 7, title_room = 21,
                    below = 20; /* at text scale 1 */

static gsc_text_style tick_style(const gsc_layout *layout, size_t panel) {
    return (gsc_text_style){GSC_TEXT_TICK, (int)panel, 10.5 * layout->text_scale, false,
                            layout->theme->muted};
}

static void make_ticks(const gsc_heatmap *heat, double length, gsc_ticks *ret_ticks) {
    double low = gsc_axis_forward(&heat->scale, heat->scale.low);
    double high = gsc_axis_forward(&heat->scale, heat->scale.high);
    int wanted = (int)fmin(fmax(3, length / 38), 8);
    (heat->scale.log ? gsc_ticks_log : gsc_ticks_linear)(low, high, wanted, ret_ticks);
    for (size_t i = 0; heat->scale.log && i < ret_ticks->n; i++) {
        gsc_tick *tick = &ret_ticks->ticks[i];
        if (!tick->minor) {
            gsc_format_value(pow(10, tick->position), 1, tick->label, sizeof tick->label);
        }
    }
}

static double label_width(gsc_text_ruler *ruler, size_t index, const gsc_ticks *ticks) {
    gsc_text_style style = tick_style(ruler->layout, index);
    double width = 0;
    for (size_t i = 0; i < ticks->n; i++) {
        width = fmax(width, gsc_text_measure(ruler, ticks->ticks[i].label, &style).width);
    }
    return width;
}

double gsc_layout_bar_width(gsc_text_ruler *ruler, size_t index) {
    const gsc_layout *layout = ruler->layout;
    const gsc_heatmap *heat = gsc_panel_heatmap(layout->figure->panels[index]);
    gsc_ticks ticks;
    if (heat == NULL) {
        return 0;
    }
    double k = layout->text_scale;
    make_ticks(heat, layout->panels[index].plot.height / k, &ticks);
    return (gap + breadth + tick_room + (heat->scale.title != NULL ? title_room : 0)) * k +
           label_width(ruler, index, &ticks);
}

void gsc_layout_bar_place(gsc_text_ruler *ruler, size_t index) {
    gsc_layout *layout = ruler->layout;
    gsc_panel_layout *place = &layout->panels[index];
    const gsc_heatmap *heat = gsc_panel_heatmap(layout->figure->panels[index]);
    if (heat == NULL) {
        return;
    }
    double k = layout->text_scale, low = gsc_axis_forward(&heat->scale, heat->scale.low);
    double high = gsc_axis_forward(&heat->scale, heat->scale.high);
    gsc_box plot = place->plot;
    place->bar = (gsc_box){plot.x + plot.width + gap * k, plot.y, breadth * k, plot.height};
    make_ticks(heat, plot.height / k, &place->bar_ticks);
    gsc_text_style style = tick_style(layout, index);
    double right = place->bar.x + place->bar.width, last = INFINITY;
    for (size_t i = 0; i < place->bar_ticks.n; i++) {
        const gsc_tick *tick = &place->bar_ticks.ticks[i];
        double y = plot.y + (high - tick->position) / (high - low) * plot.height;
        if (!tick->minor && y < last - 13 * k) {
            gsc_text_add(ruler, tick->label, &style, right + tick_room * k, y, 0, 0.5);
            last = y;
        }
    }
    gsc_text_style title = {GSC_TEXT_AXIS_TITLE, (int)index, 11.5 * k, false, layout->theme->ink};
    char words[256];
    double length = gsc_text_fit(ruler, heat->scale.title, plot.height + below * k, &title, words,
                                 sizeof words);
    title.rotation = -M_PI / 2;
    gsc_text_add(ruler, words, &title,
                 right + (tick_room + 5) * k + label_width(ruler, index, &place->bar_ticks),
                 plot.y + (plot.height + fmax(length - plot.height, 0)) / 2, 0.5, 0);
}

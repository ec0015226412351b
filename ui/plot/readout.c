/* SPDX-License-Identifier: MIT
 *
 * See readout.h. Layer: ui/plot.
 */
#include "ui/plot/readout.h"

#include "ui/plot/figures/recipe.h"
#include "ui/plot/heatmap.h"
#include "ui/plot/ticks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void gsc_axis_text(const gsc_plot_axis *axis, double value, int digits, char *ret_text,
                   size_t size) {
    if (axis->n_names > 0 && value > -0.5 && value < (double)axis->n_names - 0.5) {
        snprintf(ret_text, size, "%s", axis->names[(size_t)lround(value)]);
        return;
    }
    gsc_format_value(value, digits, ret_text, size);
    char *zeros = strrchr(ret_text, '.'); /* a step is 210, not 210.0 */
    if (zeros != NULL && value == round(value) && zeros[1 + strspn(zeros + 1, "0")] == '\0') {
        *zeros = '\0';
    }
}

static void add_axis(gsc_words *words, const gsc_plot_axis *axis, const char *otherwise,
                     double value, int digits) {
    char text[96];
    gsc_axis_text(axis, value, digits, text, sizeof text);
    bool titled = axis->title != NULL && axis->title[0] != '\0';
    gsc_words_add(words, "%s%s  %s", words->length > 0 ? "\n" : "",
                  titled ? axis->title : otherwise, text);
}

static void add_cell(gsc_words *words, const gsc_heatmap *heat, double value) {
    const char *title = heat->scale.title != NULL ? heat->scale.title : "value";
    char text[48];
    if (isnan(value)) {
        gsc_words_add(words, "\n%s  %s", title,
                      heat->missing != NULL ? heat->missing : "not measured");
    } else {
        gsc_format_value(value, 3, text, sizeof text);
        gsc_words_add(words, "\n%s  %s", title, text);
    }
}

char *gsc_hit_text(const gsc_panel *panel, const gsc_plot_hit *hit) {
    const gsc_plot_layer *layer = panel->layers[hit->layer];
    gsc_words words = {0};
    char low[48], high[48];
    if (layer->label != NULL && layer->label[0] != '\0') {
        gsc_words_add(&words, "%s", layer->label);
    }
    if (layer->about != NULL) {
        gsc_words_add(&words, "%s%s", words.length > 0 ? "\n" : "", layer->about);
    }
    add_axis(&words, &panel->x, "x", hit->x, 4);
    add_axis(&words, &panel->y, "y", hit->y, 3);
    if (hit->on_cell && layer->heat != NULL) {
        add_cell(&words, layer->heat, hit->value);
    } else if (!isnan(hit->low) && !isnan(hit->high)) {
        gsc_format_value(hit->low, 3, low, sizeof low);
        gsc_format_value(hit->high, 3, high, sizeof high);
        gsc_words_add(&words, "  [%s, %s]", low, high);
    }
    if (words.failed) {
        gsc_words_clear(&words);
    }
    return words.text;
}

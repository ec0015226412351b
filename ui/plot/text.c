/* SPDX-License-Identifier: MIT
 *
 * Text runs: measured once here, drawn from the same numbers by Cairo and by the window.
 * Layer: ui/plot; Pango over Cairo.
 */
#include "ui/plot/text.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

PangoLayout *gsc_text_new_pango(void) {
    PangoContext *context = pango_font_map_create_context(pango_cairo_font_map_get_default());
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_context_set_font_options(context, options);
    cairo_font_options_destroy(options);
    pango_context_set_round_glyph_positions(context, 0);
    PangoLayout *pango = pango_layout_new(context);
    g_object_unref(context);
    return pango;
}

bool gsc_text_ruler_init(gsc_text_ruler *ruler, gsc_layout *layout) {
    *ruler = (gsc_text_ruler){.layout = layout, .pango = gsc_text_new_pango()};
    return ruler->pango != NULL;
}

void gsc_text_ruler_clear(gsc_text_ruler *ruler) {
    g_object_unref(ruler->pango);
}

void gsc_text_run_prepare(const gsc_text_run *run, const gsc_layout *layout, PangoLayout *pango) {
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family(font, layout->theme->font);
    pango_font_description_set_absolute_size(font, run->size * PANGO_SCALE);
    pango_font_description_set_weight(font, run->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(pango, font);
    pango_font_description_free(font);
    pango_layout_set_width(pango, run->wrap_width > 0 ? (int)(run->wrap_width * PANGO_SCALE) : -1);
    pango_layout_set_wrap(pango, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(pango, run->centered ? PANGO_ALIGN_CENTER : PANGO_ALIGN_LEFT);
    pango_layout_set_markup(pango, run->markup, -1);
    PangoAttrList *list = pango_layout_get_attributes(pango);
    list = list != NULL ? pango_attr_list_copy(list) : pango_attr_list_new();
    pango_attr_list_insert(list, pango_attr_font_features_new("tnum=1"));
    pango_layout_set_attributes(pango, list);
    pango_attr_list_unref(list);
}

static gsc_text_size measure_run(gsc_text_ruler *ruler, const gsc_text_run *run) {
    gsc_text_run_prepare(run, ruler->layout, ruler->pango);
    PangoRectangle logical;
    pango_layout_get_extents(ruler->pango, NULL, &logical);
    return (gsc_text_size){
        run->centered && run->wrap_width > 0 ? run->wrap_width
                                             : (double)logical.width / PANGO_SCALE,
        (double)logical.height / PANGO_SCALE,
        (double)pango_layout_get_baseline(ruler->pango) / PANGO_SCALE,
    };
}

static gsc_text_run make_run(char *markup, const gsc_text_style *style) {
    return (gsc_text_run){.markup = markup,
                          .role = style->role,
                          .panel = style->panel,
                          .rotation = style->rotation,
                          .size = style->size,
                          .wrap_width = style->wrap_width,
                          .bold = style->bold,
                          .centered = style->centered,
                          .color = style->color};
}

gsc_text_size gsc_text_measure(gsc_text_ruler *ruler, const char *text,
                               const gsc_text_style *style) {
    if (text == NULL || *text == '\0') {
        return (gsc_text_size){0, 0, 0};
    }
    char *markup = gsc_markup(text);
    if (markup == NULL) {
        ruler->failed = true;
        return (gsc_text_size){0, 0, 0};
    }
    gsc_text_run run = make_run(markup, style);
    gsc_text_size size = measure_run(ruler, &run);
    free(markup);
    return size;
}

double gsc_text_fit(gsc_text_ruler *ruler, const char *text, double room, gsc_text_style *style,
                    char *ret_text, size_t size) {
    double length = gsc_text_measure(ruler, text, style).width;
    if (length > room) {
        style->size *= fmax(GSC_TEXT_LEAST_SHRINK, room / length);
    }
    return gsc_text_cut(ruler, text, room, style, ret_text, size);
}

double gsc_text_cut(gsc_text_ruler *ruler, const char *text, double room,
                    const gsc_text_style *style, char *ret_text, size_t size) {
    snprintf(ret_text, size, "%s", text != NULL ? text : "");
    double length = gsc_text_measure(ruler, ret_text, style).width;
    size_t bytes = strlen(ret_text);
    if (length <= room + 0.5 || bytes + sizeof "…" > size) {
        return length;
    }
    /* Letter by letter; a superscript goes as a whole. */
    for (char *end = ret_text + bytes; length > room && end > ret_text;) {
        char *brace = end[-1] == '}' ? strrchr(ret_text, '{') : NULL;
        end = brace != NULL && brace > ret_text ? brace - 1 : end - 1;
        while (end > ret_text && ((unsigned char)*end & 0xc0) == 0x80) {
            end--;
        }
        while (end > ret_text && end[-1] == ' ') {
            end--;
        }
        strcpy(end, end > ret_text ? "…" : "");
        length = gsc_text_measure(ruler, ret_text, style).width;
        *end = length > room ? '\0' : *end;
    }
    return length;
}

/* What the run's rectangle covers after its rotation. */
static gsc_box covered(const gsc_text_run *run, gsc_text_size size) {
    double c = cos(run->rotation), s = sin(run->rotation);
    double x_low = INFINITY, x_high = -INFINITY, y_low = INFINITY, y_high = -INFINITY;
    for (int corner = 0; corner < 4; corner++) {
        double u = run->dx + (corner & 1 ? size.width : 0);
        double v = run->dy + (corner & 2 ? size.height : 0);
        double x = run->x + c * u - s * v, y = run->y + s * u + c * v;
        x_low = fmin(x_low, x), x_high = fmax(x_high, x);
        y_low = fmin(y_low, y), y_high = fmax(y_high, y);
    }
    return (gsc_box){x_low, y_low, x_high - x_low, y_high - y_low};
}

gsc_box gsc_text_add(gsc_text_ruler *ruler, const char *text, const gsc_text_style *style, double x,
                     double y, double anchor_x, double anchor_y) {
    gsc_layout *layout = ruler->layout;
    gsc_box nothing = {x, y, 0, 0};
    if (text == NULL || *text == '\0') {
        return nothing;
    }
    if (layout->n_texts == layout->texts_capacity) {
        size_t capacity = layout->texts_capacity > 0 ? 2 * layout->texts_capacity : 64;
        gsc_text_run *texts = realloc(layout->texts, capacity * sizeof *texts);
        if (texts == NULL) {
            ruler->failed = true;
            return nothing;
        }
        layout->texts = texts;
        layout->texts_capacity = capacity;
    }
    char *markup = gsc_markup(text);
    if (markup == NULL) {
        ruler->failed = true;
        return nothing;
    }
    gsc_text_run run = make_run(markup, style);
    gsc_text_size size = measure_run(ruler, &run);
    run.x = x;
    run.y = y;
    run.dx = -anchor_x * size.width;
    run.dy = anchor_y > 1 ? -size.baseline : -anchor_y * size.height;
    run.box = covered(&run, size);
    layout->texts[layout->n_texts++] = run;
    return run.box;
}

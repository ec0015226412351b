/* SPDX-License-Identifier: MIT
 *
 * See svg_text.h. Layer: ui/plot; Pango.
 */
#include "ui/plot/svg_text.h"

#include "ui/plot/text.h"

#include <math.h>
#include <string.h>

/* What XML wants written otherwise, and what it does not allow at all. */
static void put_escaped(FILE *file, const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        switch (text[i]) {
        case '&':
            fputs("&amp;", file);
            break;
        case '<':
            fputs("&lt;", file);
            break;
        case '>':
            fputs("&gt;", file);
            break;
        default:
            fputc((unsigned char)text[i] < ' ' ? ' ' : text[i], file);
        }
    }
}

static double in_pixels(int units) {
    return (double)units / PANGO_SCALE;
}

/* A stretch of one font: x, y (its baseline) and its size where that is not the whole text's. */
static void put_stretch(FILE *file, const gsc_text_run *run, PangoLayoutIter *iter,
                        const char *anchor, double offset) {
    PangoLayoutRun *item = pango_layout_iter_get_run_readonly(iter);
    if (item == NULL) {
        return;
    }
    PangoRectangle box;
    pango_layout_iter_get_run_extents(iter, NULL, &box);
    PangoFontDescription *font = pango_font_describe(item->item->analysis.font);
    double size = in_pixels(pango_font_description_get_size(font));
    if (!pango_font_description_get_size_is_absolute(font)) {
        size *= 96 / 72.0;
    }
    pango_font_description_free(font);
    fputs("<tspan x=\"", file);
    gsc_svg_number(file, run->dx + in_pixels(box.x) + offset * in_pixels(box.width));
    fputs("\" y=\"", file);
    gsc_svg_number(file, run->dy + in_pixels(pango_layout_iter_get_run_baseline(iter)));
    fputc('"', file);
    if (fabs(size - run->size) > 0.01 * run->size) {
        fputs(" font-size=\"", file);
        gsc_svg_number(file, size);
        fputc('"', file);
    }
    fputs(anchor, file);
    fputc('>', file);
    const char *text = pango_layout_get_text(pango_layout_iter_get_layout(iter));
    put_escaped(file, text + item->item->offset, (size_t)item->item->length);
    fputs("</tspan>", file);
}

static void put_text(FILE *file, const gsc_text_run *run, PangoLayout *pango) {
    fputs("<text transform=\"translate(", file);
    gsc_svg_number(file, run->x);
    fputc(' ', file);
    gsc_svg_number(file, run->y);
    fputc(')', file);
    if (run->rotation != 0) {
        fputs(" rotate(", file);
        gsc_svg_number(file, run->rotation * 180 / M_PI);
        fputc(')', file);
    }
    fputs("\" font-size=\"", file);
    gsc_svg_number(file, run->size);
    fputc('"', file);
    fputs(run->bold ? " font-weight=\"bold\"" : "", file);
    gsc_svg_color(file, "fill", run->color);
    fputc('>', file);
    /* Where a viewer has other fonts, a text of one stretch still hangs where it was hung. */
    bool single = pango_layout_get_line_count(pango) == 1 && strchr(run->markup, '<') == NULL;
    PangoRectangle all;
    pango_layout_get_extents(pango, NULL, &all);
    double share = single && all.width > 0 ? -run->dx / in_pixels(all.width) : 0;
    double offset = share > 0.75 ? 1 : share > 0.25 ? 0.5 : 0;
    const char *anchor = offset == 1     ? " text-anchor=\"end\""
                         : offset == 0.5 ? " text-anchor=\"middle\""
                                         : "";
    PangoLayoutIter *iter = pango_layout_get_iter(pango);
    do {
        put_stretch(file, run, iter, anchor, offset);
    } while (pango_layout_iter_next_run(iter));
    pango_layout_iter_free(iter);
    fputs("</text>\n", file);
}

gsc_status gsc_svg_texts(const gsc_layout *layout, FILE *file, gsc_error *error) {
    PangoLayout *pango = gsc_text_new_pango();
    if (pango == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left for the figure's text");
    }
    fprintf(file, "<g font-family=\"%s\" style=\"font-variant-numeric:tabular-nums\">\n",
            layout->theme->font);
    for (size_t i = 0; i < layout->n_texts; i++) {
        gsc_text_run_prepare(&layout->texts[i], layout, pango);
        put_text(file, &layout->texts[i], pango);
    }
    fputs("</g>\n", file);
    g_object_unref(pango);
    return GSC_OK;
}

static void put_element(FILE *file, const char *name, const char *text) {
    if (text != NULL && *text != '\0') {
        fprintf(file, "<%s>", name);
        put_escaped(file, text, strlen(text));
        fprintf(file, "</%s>\n", name);
    }
}

void gsc_svg_describe(const gsc_figure *figure, FILE *file) {
    put_element(file, "title", figure->title);
    put_element(file, "desc", figure->recipe);
}

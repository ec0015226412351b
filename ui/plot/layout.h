/* SPDX-License-Identifier: MIT
 *
 * Where everything of a figure goes at a size in logical pixels (1/96 inch): rectangles of panels,
 * ticks, and every piece of text with its place. Both renderers and the window draw from the same
 * layout, so a figure on screen is the figure in the file.
 *
 * Use on screen:
 *     gsc_plot_view views[GSC_FIGURE_MAX_PANELS];  gsc_panel_home() each, then pan and zoom
 *     gsc_layout *layout = gsc_layout_new(figure, views, theme, width, height, NULL);
 *     in render:   gsc_gl_draw(renderer, layout, scale factor)
 *     in snapshot: for each of gsc_layout_texts(): gsc_text_run_prepare(run, layout, pango);
 *                  translate to (run->x, run->y), rotate by run->rotation, translate by
 *                  (run->dx, run->dy), append the Pango layout in run->color.
 * A layout borrows figure and theme; make a new one (1-2 ms) whenever figure, views or size change.
 *
 * Layer: ui/plot; Pango for measuring.
 */
#ifndef GSC_UI_PLOT_LAYOUT_H
#define GSC_UI_PLOT_LAYOUT_H

#include "ui/plot/theme.h"
#include "ui/plot/ticks.h"
#include "ui/plot/view.h"

#include <pango/pango.h>

typedef enum gsc_text_role {
    GSC_TEXT_TITLE,
    GSC_TEXT_SUBTITLE,
    GSC_TEXT_PANEL_TITLE,
    GSC_TEXT_AXIS_TITLE,
    GSC_TEXT_TICK,
    GSC_TEXT_LEGEND,
    GSC_TEXT_INLINE, /* on a theory line */
    GSC_TEXT_MESSAGE,
    GSC_TEXT_NOTE,
    GSC_TEXT_RECIPE,
} gsc_text_role;

/* A piece of text: the point (x, y), turned by rotation; from there the Pango layout's top left
 * corner is at (dx, dy). box is what it covers, axis-parallel. */
typedef struct gsc_text_run {
    char *markup; /* Pango markup */
    gsc_text_role role;
    int panel; /* -1: the figure's */
    double x, y, dx, dy;
    double rotation;   /* radians, clockwise on screen */
    double size;       /* font size in logical pixels */
    double wrap_width; /* 0: one line */
    bool bold, centered;
    gsc_rgba color;
    gsc_box box;
} gsc_text_run;

typedef struct gsc_legend_box {
    gsc_box box;
    size_t row; /* in panel->legend */
} gsc_legend_box;

typedef struct gsc_panel_layout {
    gsc_box box;  /* the panel with its axes */
    gsc_box plot; /* inside the frame */
    gsc_plot_view view;
    gsc_ticks x_ticks, y_ticks;
    gsc_box bar; /* the colour bar of a heatmap; width 0: none */
    gsc_ticks bar_ticks;
    gsc_legend_box *legend;
    size_t n_legend; /* rows shown; may be fewer than the panel has */
} gsc_panel_layout;

typedef struct gsc_layout {
    const gsc_figure *figure;
    const gsc_plot_theme *theme;
    double width, height;
    double text_scale; /* of panels: smaller than asked for where many have little room */
    gsc_panel_layout panels[GSC_FIGURE_MAX_PANELS];
    size_t n_panels;
    gsc_text_run *texts;
    size_t n_texts, texts_capacity;
} gsc_layout;

/* A file shows title and small print; a window may have them elsewhere. */
typedef struct gsc_layout_options {
    double text_scale; /* 1 (or 0) is 12 px body text */
    bool hide_title;   /* no title and subtitle */
    bool hide_recipe;  /* no small print */
} gsc_layout_options;

/* views: one for each panel, or NULL for home; options may be NULL. NULL: out of memory. */
gsc_layout *gsc_layout_new(const gsc_figure *figure, const gsc_plot_view *views,
                           const gsc_plot_theme *theme, double width, double height,
                           const gsc_layout_options *options);
void gsc_layout_free(gsc_layout *layout);

const gsc_text_run *gsc_layout_texts(const gsc_layout *layout, size_t *ret_count);
/* Sets markup, font (absolute size, tabular figures) and width of a Pango layout from a run. */
void gsc_text_run_prepare(const gsc_text_run *run, const gsc_layout *layout, PangoLayout *pango);

/* What is under a pixel. panel is -1 outside; legend_row is -1 unless the pixel is on a legend
 * row; in_plot says whether it is inside the frame. */
typedef struct gsc_layout_hit {
    int panel, legend_row;
    bool in_plot;
} gsc_layout_hit;
gsc_layout_hit gsc_layout_find(const gsc_layout *layout, double px, double py);

#endif

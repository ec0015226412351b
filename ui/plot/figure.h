/* SPDX-License-Identifier: MIT
 *
 * A figure as data: what is to be seen, in data units, with nothing about pixels. Builders
 * (figures/) make figures from runs; layout.h places them; render.h draws them.
 *
 * Text members are in Gatescope's small markup: UTF-8 in which ^{...} is a superscript, _{...} a
 * subscript and everything else is plain ("n^{-1/4}"). Every pointer is owned by its figure and
 * freed with it.
 *
 * Layer: ui/plot; no drawing, no GTK.
 */
#ifndef GSC_UI_PLOT_FIGURE_H
#define GSC_UI_PLOT_FIGURE_H

#include "core/base/error.h"
#include "core/read/run_file.h"

#include <stdbool.h>
#include <stddef.h>

/* An axis. Axis space is the value itself, or its log10 where log is set. low and high (data
 * units) are what the home range holds beside the data; NAN: nothing. An axis with names has
 * them at 0, 1, 2, …; a whole one has ticks at whole numbers only. */
typedef struct gsc_plot_axis {
    char *title; /* with the unit: "Error of τ (nat)" */
    bool log, whole;
    double low, high;
    char **names;
    size_t n_names;
} gsc_plot_axis;

typedef enum gsc_layer_kind {
    GSC_LAYER_CLOUD,   /* faint dots: the replicates */
    GSC_LAYER_BAND,    /* filled between low and high */
    GSC_LAYER_BARS,    /* error bars from low to high */
    GSC_LAYER_LINE,    /* solid polyline through x, y */
    GSC_LAYER_DASHED,  /* dashed polyline: theory; inline_label is written on it */
    GSC_LAYER_POINTS,  /* markers; low and high (optional) are for the readout */
    GSC_LAYER_HEATMAP, /* coloured cells: heat; n is 0 */
} gsc_layer_kind;

struct gsc_heatmap; /* heatmap.h */
struct gsc_pyramid; /* pyramid.h */

typedef struct gsc_plot_layer {
    gsc_layer_kind kind;
    char *label;        /* what it is, for readouts; NULL: none */
    char *inline_label; /* written on a line; NULL: none */
    char *about;        /* by what its run differs from the others, for readouts; NULL: nothing */
    size_t n;
    double *x, *y;      /* n each; bands and bars may have y NULL */
    double *low, *high; /* n each or NULL */
    int color;          /* index in the theme's palette, taken modulo its size */
    int shape;          /* marker: 0 disc, 1 square, 2 triangle, 3 diamond; modulo 4 */
    double weight;      /* of lines and markers; 0 is 1; more, for what another layer would cover */
    double fade;        /* how much fainter, 0 to 1 */
    int run, series;    /* which run of the build and which series of it; -1: none */
    bool emphasis;      /* drawn stronger (hover) */
    bool hidden;
    struct gsc_heatmap *heat;    /* of a heatmap; NULL: none */
    struct gsc_pyramid *pyramid; /* of a long line, made when it is first drawn; NULL: not yet */
} gsc_plot_layer;

/* One row of the legend: marker, words, and a figure of merit in a column of its own. */
typedef struct gsc_legend_row {
    char *label; /* "2 experts fitted to 1" */
    char *value; /* "−0.31 [−0.34, −0.28]"; "" for none */
    int color, shape;
    int run, series;
    bool emphasis;
    bool hidden; /* its layers are hidden; the row stays, dimmed */
} gsc_legend_row;

typedef struct gsc_panel {
    char *name;  /* the series' panel: "error" */
    char *title; /* NULL or "": none */
    gsc_plot_axis x, y;
    gsc_plot_layer **layers;
    size_t n_layers;
    gsc_legend_row **legend;
    size_t n_legend;
    char *value_title; /* over the column of values: "slope [95% interval]"; NULL: none */
    char *message; /* in the middle of an empty panel: "Waiting for the first fit…"; NULL: none */
    int above; /* index, from 1, of an earlier panel that this one stands right under; 0: in order */
    size_t n_left_out; /* points that have no place on a log axis; written as a note */
} gsc_panel;

typedef struct gsc_figure {
    char *name; /* "rate" */
    char *title, *subtitle;
    char *recipe; /* small print: spec, seeds, definitions, commit */
    char *spec;   /* JSON array of the runs' specs; travels inside a PNG */
    char *
        band_words; /* part of the recipe that says what bands are, until seeds are grouped; NULL: none */
    char *origin; /* JSON object of runs and definitions, for files of recipes; NULL: none */
    gsc_panel **panels;
    size_t n_panels;
    /* options->quick left points out: at home nothing is to be seen of it, zoomed in it is. */
    bool coarse;
    bool by_arm; /* runs of its layers are arms of a comparison: means over seeds already */
} gsc_figure;

enum {
    GSC_FIGURE_MAX_PANELS = 16,
    GSC_FIGURE_MAX_LAYERS = 4096
};

/* Allocation failure in these returns NULL; strings are copied, NULL is taken as NULL. */
gsc_figure *gsc_figure_new(const char *name);
void gsc_figure_free(gsc_figure *figure);
void gsc_plot_layer_free(gsc_plot_layer *layer); /* one that is in no panel */
gsc_panel *gsc_figure_add_panel(gsc_figure *figure, const char *name);
/* A layer with room for n points; with_interval allocates low and high too. Values start as NAN. */
gsc_plot_layer *gsc_panel_add_layer(gsc_panel *panel, gsc_layer_kind kind, size_t n,
                                    bool with_interval);
gsc_legend_row *gsc_panel_add_legend(gsc_panel *panel, const char *label, const char *value);
/* The extremes of a long layer (x and y must not change from now on), made at the first call;
 * NULL: it is short, or there is no memory. */
const struct gsc_pyramid *gsc_layer_pyramid(gsc_plot_layer *layer);
/* Replaces an owned string by a copy of text (NULL allowed); false: out of memory, nothing
 * changed. */
bool gsc_figure_set_text(char **member, const char *text);
/* Gives an axis n names, copied; false: out of memory, nothing changed. */
bool gsc_axis_set_names(gsc_plot_axis *axis, const char *const *names, size_t n);

/* Hides or shows every layer and legend row of (run, series) in all panels; series -1: the whole
 * run. */
void gsc_figure_set_hidden(gsc_figure *figure, int run, int series, bool hidden);
/* Marks (run, series) as pointed at and clears every other; run -1 clears all. */
void gsc_figure_set_emphasis(gsc_figure *figure, int run, int series);

/* Makes the x (or y) axes of all panels of numbers logarithmic or linear, counting what has no place
 * on them. */
void gsc_figure_set_log(gsc_figure *figure, bool x, bool log);
/* Draws every solid line as the centred mean of so many of its points (smooth.h), with the line as it
 * was, faint, behind it, and says so in the small print; a line of fewer than twice as many points
 * stays, and one with markers on it. Once for a figure; below 2 nothing changes.
 * false: out of memory. */
bool gsc_figure_smooth(gsc_figure *figure, size_t window);

/* Small markup to Pango markup, escaped; caller frees; NULL: out of memory. */
char *gsc_markup(const char *text);

/* ---- Builders ------------------------------------------------------------------------------- */

/* What a band around a mean is. */
typedef enum gsc_band {
    GSC_BAND_95, /* the mean's interval, Student's t */
    GSC_BAND_SD,
    GSC_BAND_ERROR, /* standard error */
    GSC_BAND_RANGE  /* least to greatest */
} gsc_band;

/* Zero-initialised options are the defaults. */
typedef struct gsc_figure_options {
    const int *run_colors;  /* palette index of each run; NULL: their order */
    bool hide_replicates;   /* no cloud */
    size_t bootstrap_draws; /* of the slope's interval; 0: 1000 */
    const char *part;       /* only arms that begin with this word; NULL: all */
    bool at_step;           /* maps show the last vectors at or before step; else the last of all */
    double step;
    bool one_layer; /* maps show this layer alone */
    int32_t layer;
    gsc_band band;        /* of comparisons */
    const char *baseline; /* the arm of comparison; NULL: what was set, else the first */
    const char *metric;   /* of robustness, or the first part of several; NULL: the result */
    const char *x_result, *y_result; /* of scatter; NULL: the first that differ */
    /* Of series of millions of points only the extremes of every 1,024: a first picture. */
    bool quick;
} gsc_figure_options;

/* Names that gsc_figure_build knows, in order. */
const char *const *gsc_figure_names(size_t *ret_count);

/* The figure that shows what the first of these runs was made for: its study's; "rate" without a run. */
const char *gsc_figure_default_name(gsc_run *const *runs, size_t n_runs);

/* What people read for a figure's name: "By parameter". */
const char *gsc_figure_title(const char *name);

/* Names of the figures that these runs have something for, the default first: at most room of them, at least
 * one. */
size_t gsc_figure_choices(gsc_run *const *runs, size_t n_runs, const char **ret_names, size_t room);

/* Builds the named figure from runs (read from, not changed otherwise; all from the calling
 * thread). With no run, or runs without points, the figure has empty axes and a message. Colours
 * are by run where there are several, else by arm. Errors: GSC_ERR_INPUT (unknown name, with the
 * nearest), GSC_ERR_IO, MEMORY. */
gsc_status gsc_figure_build(const char *name, gsc_run *const *runs, size_t n_runs,
                            const gsc_figure_options *options, gsc_figure **ret_figure,
                            gsc_error *error);

#endif

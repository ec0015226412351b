/* SPDX-License-Identifier: MIT
 *
 * gatescope-plot: figures of run files into PNG, SVG or PDF, with no display. `gatescope plot` runs
 * it. Exit 0 done, 1 failed, 2 bad usage. Layer: app; ui/plot and core/read.
 */
#include "app/plot_bench.h"
#include "core/read/spec.h"
#include "ui/plot/group.h"
#include "ui/plot/look.h"
#include "ui/plot/render.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: gatescope plot FILE.gsc... -o OUT.png|svg|pdf|csv|json [options]\n"
    "\n"
    "  -o, --output FILE      where to write; the ending says as what: a picture, what is\n"
    "                         drawn in numbers (.csv), or what it was made of (.json)\n"
    "      --figure NAME      which figure (default: that of the run's study); several names\n"
    "                         with commas, or all, are one page\n"
    "      --size WxH         pixels (default: 1600x1000; many panels: 2400x1700)\n"
    "      --dpi N            pixels per inch; text keeps its size on paper (default: 200; many panels: 190)\n"
    "      --theme NAME       light or dark (default: light)\n"
    "      --renderer NAME    cairo or gl (default: cairo)\n"
    "      --part NAME        only the arms that begin with this word, as theorem1 of the run rates\n"
    "      --step N           maps (load, coactivation, specialization) at this step, not the last\n"
    "      --layer N          maps, and metrics of the router, of this layer alone\n"
    "      --seeds NAME       runs that differ in their seed alone: mean (as one line with a band)\n"
    "                         or each (default: mean where there are more runs than colours)\n"
    "      --band NAME        of means and comparisons: 95 (default), std, stderr or range\n"
    "      --baseline ARM     what the others are compared with\n"
    "      --metric NAME      of the figure robustness, or the first part of several, as jain\n"
    "      --x NAME, --y NAME results on the axes of the figure scatter\n"
    "      --log-x, --log-y, --linear-x, --linear-y   the axes of every panel\n"
    "      --smooth N         lines as centred means of N points, faint as measured behind them\n"
    "      --no-replicates    medians only\n"
    "      --list             names of the figures\n"
    "  -h, --help             this text\n";

typedef struct arguments {
    const char *figure, *output;
    gsc_export export;
    gsc_figure_options options;
    char **files;
    size_t n_files;
    bool list, help;
    gsc_figure_look look; /* but its group and band, which are seeds and options.band */
    int seeds;            /* 1 means, -1 each run, 0 as many runs as there are ask for */
} arguments;

enum {
    FIGURE = 256,
    SIZE,
    DPI,
    THEME,
    RENDERER,
    NO_REPLICATES,
    PART,
    STEP,
    LAYER,
    SEEDS,
    BAND,
    BASELINE,
    METRIC,
    LOG_X,
    LOG_Y,
    LINEAR_X,
    LINEAR_Y,
    SMOOTH,
    X_RESULT,
    Y_RESULT,
    LIST
};

static const struct option options[] = {
    {"output", required_argument, NULL, 'o'},
    {"figure", required_argument, NULL, FIGURE},
    {"size", required_argument, NULL, SIZE},
    {"dpi", required_argument, NULL, DPI},
    {"theme", required_argument, NULL, THEME},
    {"renderer", required_argument, NULL, RENDERER},
    {"part", required_argument, NULL, PART},
    {"step", required_argument, NULL, STEP},
    {"layer", required_argument, NULL, LAYER},
    {"seeds", required_argument, NULL, SEEDS},
    {"band", required_argument, NULL, BAND},
    {"baseline", required_argument, NULL, BASELINE},
    {"metric", required_argument, NULL, METRIC},
    {"log-x", no_argument, NULL, LOG_X},
    {"log-y", no_argument, NULL, LOG_Y},
    {"linear-x", no_argument, NULL, LINEAR_X},
    {"linear-y", no_argument, NULL, LINEAR_Y},
    {"smooth", required_argument, NULL, SMOOTH},
    {"x", required_argument, NULL, X_RESULT},
    {"y", required_argument, NULL, Y_RESULT},
    {"no-replicates", no_argument, NULL, NO_REPLICATES},
    {"list", no_argument, NULL, LIST},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static gsc_status read_size(const char *text, gsc_export *export, gsc_error *error) {
    char rest;
    if (sscanf(text, "%dx%d%c", &export->width_px, &export->height_px, &rest) != 2 ||
        export->width_px <= 0 || export->height_px <= 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "--size is \"%s\", but should be width x height in pixels, as 1600x1000",
                        text);
    }
    return GSC_OK;
}

static gsc_status read_dpi(const char *text, gsc_export *export, gsc_error *error) {
    char rest;
    if (sscanf(text, "%lf%c", &export->dpi, &rest) != 1 || !(export->dpi > 0)) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "--dpi is \"%s\", but should be a number of pixels per inch, as 200", text);
    }
    return GSC_OK;
}

static gsc_status read_step(const char *text, gsc_figure_options *ret, gsc_error *error) {
    char rest;
    if (sscanf(text, "%lf%c", &ret->step, &rest) != 1 || !(ret->step >= 0)) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "--step is \"%s\", but should be a step of training, as 150", text);
    }
    ret->at_step = true;
    return GSC_OK;
}

static gsc_status read_layer(const char *text, gsc_figure_options *ret, gsc_error *error) {
    int layer;
    char rest;
    if (sscanf(text, "%d%c", &layer, &rest) != 1 || layer < 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "--layer is \"%s\", but should be a layer's number, as 0", text);
    }
    ret->layer = layer;
    ret->one_layer = true;
    return GSC_OK;
}

static gsc_status read_band(const char *text, gsc_figure_options *ret, gsc_error *error) {
    static const char *const names[] = {[GSC_BAND_95] = "95",
                                        [GSC_BAND_SD] = "std",
                                        [GSC_BAND_ERROR] = "stderr",
                                        [GSC_BAND_RANGE] = "range"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(text, names[i]) == 0) {
            ret->band = (gsc_band)i;
            return GSC_OK;
        }
    }
    return gsc_fail(error, GSC_ERR_INPUT,
                    "--band is \"%s\", but should be \"95\", \"std\", \"stderr\" or \"range\"",
                    text);
}

static gsc_status read_seeds(const char *text, int *ret_seeds, gsc_error *error) {
    const bool mean = strcmp(text, "mean") == 0;
    if (!mean && strcmp(text, "each") != 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "--seeds is \"%s\", but should be \"mean\" or \"each\"", text);
    }
    *ret_seeds = mean ? 1 : -1;
    return GSC_OK;
}

static gsc_status read_smooth(const char *text, int *ret_smooth, gsc_error *error) {
    char rest;
    if (sscanf(text, "%d%c", ret_smooth, &rest) != 1 || *ret_smooth < 2) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "--smooth is \"%s\", but should be a number of points from 2 on, as 21",
                        text);
    }
    return GSC_OK;
}

static gsc_status read_renderer(const char *text, gsc_export *export, gsc_error *error) {
    if (strcmp(text, "cairo") != 0 && strcmp(text, "gl") != 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "--renderer is \"%s\", but should be \"cairo\" or \"gl\"", text);
    }
    export->renderer = strcmp(text, "gl") == 0 ? GSC_RENDERER_GL : GSC_RENDERER_CAIRO;
    return GSC_OK;
}

static gsc_status read_theme(const char *text, gsc_export *export, gsc_error *error) {
    export->theme = gsc_plot_theme_find(text);
    if (export->theme == NULL) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "--theme is \"%s\", but should be \"light\" or \"dark\"", text);
    }
    return GSC_OK;
}

static gsc_status unknown_option(const char *word, gsc_error *error) {
    const char *known[32];
    size_t n = 0;
    for (const struct option *o = options; o->name != NULL; o++) {
        known[n++] = o->name;
    }
    const char *nearest =
        word != NULL && strncmp(word, "--", 2) == 0 ? gsc_nearest(word + 2, known, n) : NULL;
    if (nearest != NULL && strcmp(nearest, word + 2) == 0) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s needs a value; see --help", word);
    }
    return gsc_fail(
        error, GSC_ERR_INPUT, "%s is no option of plot; %s%s", word != NULL ? word : "this",
        nearest != NULL ? "did you mean --" : "see --help", nearest != NULL ? nearest : "");
}

static gsc_status read_arguments(int argc, char **argv, arguments *a, gsc_error *error) {
    gsc_status status = GSC_OK;
    opterr = 0;
    for (int c; status == GSC_OK && (c = getopt_long(argc, argv, "o:h", options, NULL)) != -1;) {
        switch (c) {
        case 'o':
            a->output = optarg;
            break;
        case FIGURE:
            a->figure = optarg;
            break;
        case SIZE:
            status = read_size(optarg, &a->export, error);
            break;
        case DPI:
            status = read_dpi(optarg, &a->export, error);
            break;
        case THEME:
            status = read_theme(optarg, &a->export, error);
            break;
        case RENDERER:
            status = read_renderer(optarg, &a->export, error);
            break;
        case PART:
            a->options.part = optarg;
            break;
        case STEP:
            status = read_step(optarg, &a->options, error);
            break;
        case LAYER:
            status = read_layer(optarg, &a->options, error);
            break;
        case SEEDS:
            status = read_seeds(optarg, &a->seeds, error);
            break;
        case BAND:
            status = read_band(optarg, &a->options, error);
            break;
        case BASELINE:
            a->options.baseline = optarg;
            break;
        case METRIC:
            a->options.metric = optarg;
            break;
        case LOG_X:
        case LINEAR_X:
            a->look.log_x = c == LOG_X ? 1 : -1;
            break;
        case LOG_Y:
        case LINEAR_Y:
            a->look.log_y = c == LOG_Y ? 1 : -1;
            break;
        case SMOOTH:
            status = read_smooth(optarg, &a->look.smooth, error);
            break;
        case X_RESULT:
            a->options.x_result = optarg;
            break;
        case Y_RESULT:
            a->options.y_result = optarg;
            break;
        case NO_REPLICATES:
            a->options.hide_replicates = true;
            break;
        case LIST:
            a->list = true;
            break;
        case 'h':
            a->help = true;
            break;
        default:
            status = unknown_option(argv[optind - 1], error);
        }
    }
    a->files = argv + optind;
    a->n_files = (size_t)(argc - optind);
    if (status != GSC_OK || a->help || a->list) {
        return status;
    }
    if (a->n_files == 0) {
        return gsc_fail(error, GSC_ERR_INPUT, "plot needs a run file, as first.gsc; see --help");
    }
    if (a->output == NULL) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "plot needs -o FILE.png, .svg, .pdf, .csv or .json; see --help");
    }
    return GSC_OK;
}

enum {
    MOST_FIGURES = 16
};

/* The names that --figure asks for, into words (a copy that they point into). */
static gsc_status choose_figures(const arguments *a, gsc_run *const *runs, size_t n_runs,
                                 char *words, const char **ret_names, size_t *ret_n,
                                 gsc_error *error) {
    if (a->figure == NULL) {
        ret_names[0] = gsc_figure_default_name(runs, n_runs);
        *ret_n = 1;
    } else if (strcmp(a->figure, "all") == 0) {
        *ret_n = gsc_figure_choices(runs, n_runs, ret_names, MOST_FIGURES);
    } else {
        char *rest = NULL;
        *ret_n = 0;
        for (char *word = strtok_r(words, ",", &rest); word != NULL;
             word = strtok_r(NULL, ",", &rest)) {
            if (*ret_n == MOST_FIGURES) {
                return gsc_fail(error, GSC_ERR_INPUT, "--figure names more than %d figures",
                                MOST_FIGURES);
            }
            ret_names[(*ret_n)++] = word;
        }
    }
    return *ret_n > 0 ? GSC_OK
                      : gsc_fail(error, GSC_ERR_INPUT, "--figure names no figure; see --list");
}

static gsc_figure_look look_of(const arguments *a) {
    gsc_figure_look look = a->look;
    look.group = a->seeds > 0;
    look.band = a->options.band;
    return look;
}

static gsc_status build_figure(const arguments *a, const char *name, gsc_run *const *runs,
                               size_t n_runs, gsc_figure **ret_figure, gsc_error *error) {
    const gsc_figure_look look = look_of(a);
    gsc_status status = gsc_figure_build(name, runs, n_runs, &a->options, ret_figure, error);
    if (status == GSC_OK) {
        status = gsc_figure_look_apply(&look, *ret_figure, runs, n_runs, NULL, error);
    }
    return status;
}

static gsc_status plot_runs(const arguments *a, gsc_run *const *runs, size_t n_runs,
                            gsc_error *error) {
    const char *names[MOST_FIGURES];
    gsc_figure *figures[MOST_FIGURES] = {NULL};
    size_t n = 0, n_panels = 0;
    char *words = strdup(a->figure != NULL ? a->figure : "");
    gsc_status status =
        words != NULL ? choose_figures(a, runs, n_runs, words, names, &n, error)
                      : gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left to read --figure");
    for (size_t i = 0; i < n && status == GSC_OK; i++) {
        status = build_figure(a, names[i], runs, n_runs, &figures[i], error);
        n_panels += status == GSC_OK ? figures[i]->n_panels : 0;
    }
    gsc_export export = a->export;
    if (n_panels > 6 && export.width_px == 0 && export.dpi == 0) {
        export.width_px = 2400;
        export.height_px = 1700;
        export.dpi = 190;
    }
    char *look = NULL;
    if (status == GSC_OK && n == 1) {
        gsc_plot_look taken = {
            .how = look_of(a), .at_step = a->options.at_step, .step = a->options.step};
        snprintf(taken.figure, sizeof taken.figure, "%s", names[0]);
        export.look = look = gsc_plot_look_write(&taken);
    }
    if (status == GSC_OK) {
        status = gsc_export_page((const gsc_figure *const *)figures, n, &export, a->output, error);
    }
    for (size_t i = 0; i < n; i++) {
        gsc_figure_free(figures[i]);
    }
    free(look);
    free(words);
    return status;
}

/* Whether any run has the layer that is asked for. */
static gsc_status check_layer(const arguments *a, gsc_run *const *runs, size_t n_runs,
                              gsc_error *error) {
    int32_t most = -1;
    for (size_t r = 0; r < n_runs; r++) {
        for (size_t s = 0; s < gsc_run_series_count(runs[r]); s++) {
            const int32_t layer = gsc_run_series(runs[r], s)->layer;
            most = layer > most ? layer : most;
        }
    }
    if (!a->options.one_layer || a->options.layer <= most) {
        return GSC_OK;
    }
    return most < 0 ? gsc_fail(error, GSC_ERR_INPUT, "--layer is %d, but nothing here has layers",
                               (int)a->options.layer)
                    : gsc_fail(error, GSC_ERR_INPUT, "--layer is %d, but there are layers 0 to %d",
                               (int)a->options.layer, (int)most);
}

/* Whether seeds are one line, and then in what colours. */
static gsc_status choose_seeds(arguments *a, gsc_run *const *runs, size_t n_runs, int *colors,
                               gsc_error *error) {
    a->seeds = a->seeds != 0 ? a->seeds : n_runs > GSC_PALETTE_SIZE ? 1 : -1;
    if (a->seeds < 0) {
        return GSC_OK;
    }
    a->options.run_colors = colors;
    return gsc_group_colors(runs, n_runs, colors, error);
}

static gsc_status plot(arguments *a, gsc_error *error) {
    gsc_run **runs = calloc(a->n_files, sizeof(gsc_run *));
    int *colors = calloc(a->n_files, sizeof *colors);
    if (runs == NULL || colors == NULL) {
        free(runs);
        free(colors);
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left to open %zu runs",
                        a->n_files);
    }
    gsc_status status = GSC_OK;
    size_t n = 0;
    for (; n < a->n_files && status == GSC_OK; n++) {
        status = gsc_run_open(a->files[n], &runs[n], error);
    }
    if (status == GSC_OK) {
        status = check_layer(a, runs, n, error);
    }
    if (status == GSC_OK) {
        status = choose_seeds(a, runs, n, colors, error);
    }
    if (status == GSC_OK) {
        status = plot_runs(a, runs, n, error);
    }
    for (size_t i = 0; i < n; i++) {
        gsc_run_close(runs[i]);
    }
    free(runs);
    free(colors);
    return status;
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "bench") == 0) {
        return gsc_plot_bench(argc - 1, argv + 1);
    }
    char drew[160] = "";
    arguments a = {.export = {.ret_gl_renderer = drew, .size_gl_renderer = sizeof drew}};
    gsc_error error = {.status = GSC_OK};
    gsc_status status = read_arguments(argc, argv, &a, &error);
    if (status == GSC_OK && a.help) {
        fputs(usage, stdout);
        return 0;
    }
    if (status == GSC_OK && a.list) {
        size_t n;
        const char *const *names = gsc_figure_names(&n);
        for (size_t i = 0; i < n; i++) {
            puts(names[i]);
        }
        return 0;
    }
    if (status == GSC_OK) {
        status = plot(&a, &error);
    }
    if (status != GSC_OK) {
        fprintf(stderr, "gatescope plot: %s\n", error.message);
        return status == GSC_ERR_INPUT ? 2 : 1;
    }
    if (drew[0] != '\0') {
        fprintf(stderr, "drawn by OpenGL on %s\n", drew);
    }
    return 0;
}

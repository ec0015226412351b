/* SPDX-License-Identifier: MIT
 *
 * `gatescope-plot bench [--open FILE]`, the half of `gatescope bench plot` that draws without a screen: long lines
 * while they are panned and zoomed, as JSON. A frame is what the window does for one: a layout for the new view, the
 * picture by OpenGL in a context without a screen, its pixels read back into memory, and the text on them; it counts
 * when all that is done.
 *
 * Layer: app; ui/plot.
 */
#include "app/plot_bench.h"

#include "core/read/run_file.h"
#include "ui/plot/gl/egl.h"
#include "ui/plot/render.h"

#include <getopt.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    WIDTH = 1500,
    HEIGHT = 950,
    FRAMES = 90,
    MOST_CASES = 16
};

typedef struct bench_case {
    char name[48];
    const char *unit;
    double ours;
    double budget; /* NAN: none */
    double p95_ms; /* of a frame; NAN where a case is no animation */
    double cpu_ms; /* of a frame or of the whole */
} bench_case;

typedef struct bench {
    gsc_egl *egl;
    cairo_surface_t *surface;
    bench_case cases[MOST_CASES];
    size_t n_cases;
    char renderer[128];
} bench;

static double clock_s(clockid_t id) {
    struct timespec now;
    clock_gettime(id, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double uniform(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*state >> 33) + 0.5) / 2147483648.0;
}

/* A random walk with steps of 1 / sqrt(n), and noise of 2% on top. */
static gsc_figure *make_figure(size_t series, size_t points) {
    gsc_figure *figure = gsc_figure_new("bench");
    gsc_panel *panel = figure != NULL ? gsc_figure_add_panel(figure, "loss") : NULL;
    bool good = panel != NULL && gsc_figure_set_text(&panel->title, "Random walks") &&
                gsc_figure_set_text(&panel->x.title, "Step") &&
                gsc_figure_set_text(&panel->y.title, "Loss (nat)");
    uint64_t state = 1;
    for (size_t s = 0; good && s < series; s++) {
        gsc_plot_layer *layer = gsc_panel_add_layer(panel, GSC_LAYER_LINE, points, false);
        double walk = 3 * uniform(&state);
        good = layer != NULL;
        for (size_t i = 0; good && i < points; i++) {
            walk += (2 * uniform(&state) - 1) * 1.7 / sqrt((double)points);
            layer->x[i] = (double)i;
            layer->y[i] = walk + 0.04 * (2 * uniform(&state) - 1);
            layer->color = (int)s;
        }
    }
    if (!good) {
        gsc_figure_free(figure);
        return NULL;
    }
    return figure;
}

/* One whole frame. */
static gsc_status draw_frame(bench *b, const gsc_figure *figure, const gsc_plot_view *views,
                             gsc_error *error) {
    static const gsc_layout_options screen = {.hide_title = true, .hide_recipe = true};
    gsc_layout *layout =
        gsc_layout_new(figure, views, &gsc_plot_theme_light, WIDTH, HEIGHT, &screen);
    if (layout == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left to lay out the figure");
    }
    gsc_status status = gsc_egl_frame(b->egl, layout, 1, cairo_image_surface_get_data(b->surface),
                                      cairo_image_surface_get_stride(b->surface), error);
    if (status == GSC_OK) {
        cairo_surface_mark_dirty(b->surface);
        cairo_t *cairo = cairo_create(b->surface);
        status = gsc_cairo_draw_text(layout, cairo, error);
        cairo_destroy(cairo);
        cairo_surface_flush(b->surface);
    }
    gsc_layout_free(layout);
    return status;
}

/* Where the view is at frame i: panning to and fro while it zooms in to an eighth and out again. */
static gsc_plot_view view_at(gsc_plot_view home, int i, bool zoom) {
    static const gsc_box plot = {0, 0, WIDTH, HEIGHT};
    double t = i / (double)FRAMES;
    if (zoom) {
        double factor = pow(8, sin(M_PI * t));
        return gsc_view_zoom(home, &home, plot, WIDTH * (0.5 + 0.2 * t), HEIGHT / 2.0, factor,
                             factor);
    }
    return gsc_view_pan(home, plot, 0.4 * WIDTH * sin(2 * M_PI * t), 0.1 * HEIGHT * t);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bench_case *add_case(bench *b, const char *unit, double ours, double budget) {
    bench_case *c = &b->cases[b->n_cases++];
    *c = (bench_case){.unit = unit, .ours = ours, .budget = budget, .p95_ms = NAN, .cpu_ms = NAN};
    return c;
}

static gsc_status animate(bench *b, const gsc_figure *figure, const char *name, bool zoom,
                          gsc_error *error) {
    double times[FRAMES];
    gsc_plot_view home = gsc_panel_home(figure->panels[0]);
    gsc_status status = GSC_OK;
    double start = clock_s(CLOCK_MONOTONIC), cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID), last = start;
    for (int i = 0; i < FRAMES && status == GSC_OK; i++) {
        gsc_plot_view view = view_at(home, i, zoom);
        status = draw_frame(b, figure, &view, error);
        double now = clock_s(CLOCK_MONOTONIC);
        times[i] = now - last;
        last = now;
    }
    if (status == GSC_OK) {
        cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu;
        qsort(times, FRAMES, sizeof *times, ascending);
        bench_case *c = add_case(b, "frames/s", FRAMES / (last - start), 30);
        snprintf(c->name, sizeof c->name, "%s_%s", zoom ? "zoom" : "pan", name);
        c->p95_ms = 1e3 * times[FRAMES * 95 / 100];
        c->cpu_ms = 1e3 * cpu / FRAMES;
    }
    return status;
}

/* From numbers in memory to the first picture, then the animations. */
static gsc_status bench_lines(bench *b, const char *name, size_t series, size_t points,
                              gsc_error *error) {
    gsc_figure *figure = make_figure(series, points);
    if (figure == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left for %zu x %zu points",
                        series, points);
    }
    double start = clock_s(CLOCK_MONOTONIC);
    gsc_status status = draw_frame(b, figure, NULL, error);
    bench_case *c = add_case(b, "ms", 1e3 * (clock_s(CLOCK_MONOTONIC) - start), NAN);
    snprintf(c->name, sizeof c->name, "first_%s", name);
    status = status == GSC_OK ? animate(b, figure, name, false, error) : status;
    status = status == GSC_OK ? animate(b, figure, name, true, error) : status;
    gsc_figure_free(figure);
    return status;
}

/* From the file's name to its first picture. */
static gsc_status bench_open(bench *b, const char *path, gsc_error *error) {
    static const gsc_figure_options quick = {.quick = true};
    gsc_run *run = NULL;
    gsc_figure *figure = NULL;
    double start = clock_s(CLOCK_MONOTONIC), cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID);
    gsc_status status = gsc_run_open(path, &run, error);
    if (status == GSC_OK) {
        status = gsc_figure_build("loss", &run, 1, &quick, &figure, error);
    }
    if (status == GSC_OK) {
        status = draw_frame(b, figure, NULL, error);
    }
    bench_case *c = add_case(b, "ms", 1e3 * (clock_s(CLOCK_MONOTONIC) - start), 300);
    c->cpu_ms = 1e3 * (clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    int64_t points = run != NULL ? gsc_run_points_count(run, 0) : 0;
    snprintf(c->name, sizeof c->name, "open_run_%lldk", (long long)points / 1000);
    gsc_figure_free(figure);
    gsc_run_close(run);
    return status;
}

/* ---- Telling ------------------------------------------------------------------------------------ */
static void print_json(const bench *b) {
    printf(
        "{\"machine\": \"%s\", \"frame\": \"layout, OpenGL without a screen, pixels read back, text; %d x %d\", "
        "\"cases\": [",
        b->renderer, WIDTH, HEIGHT);
    for (size_t i = 0; i < b->n_cases; i++) {
        const bench_case *c = &b->cases[i];
        printf("%s\n  {\"name\": \"%s\", \"ours\": %.4g, \"peer\": null, \"ratio\": null, "
               "\"unit\": \"%s\"",
               i > 0 ? "," : "", c->name, c->ours, c->unit);
        if (!isnan(c->budget)) {
            printf(", \"budget\": %.4g", c->budget);
        }
        if (!isnan(c->p95_ms)) {
            printf(", \"p95_ms\": %.4g", c->p95_ms);
        }
        if (!isnan(c->cpu_ms)) {
            printf(", \"cpu_ms\": %.4g", c->cpu_ms);
        }
        printf("}");
    }
    printf("\n]}\n");
}

int gsc_plot_bench(int argc, char **argv) {
    static const struct option options[] = {{"open", required_argument, NULL, 'o'},
                                            {NULL, 0, NULL, 0}};
    const char *file = NULL;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c != 'o') {
            return 2;
        }
        file = optarg;
    }
    bench b = {0};
    gsc_error error = {.status = GSC_OK};
    b.surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, WIDTH, HEIGHT);
    gsc_status status = gsc_egl_open(WIDTH, HEIGHT, &b.egl, &error);
    if (status == GSC_OK) {
        snprintf(b.renderer, sizeof b.renderer, "%s", gsc_egl_renderer(b.egl));
        status = bench_lines(&b, "100x100k", 100, 100000, &error);
    }
    status = status == GSC_OK ? bench_lines(&b, "10x1M", 10, 1000000, &error) : status;
    if (status == GSC_OK && file != NULL) {
        status = bench_open(&b, file, &error);
    }
    gsc_egl_close(b.egl);
    cairo_surface_destroy(b.surface);
    if (status != GSC_OK) {
        fprintf(stderr, "gatescope-plot: %s\n", error.message);
        return 1;
    }
    print_json(&b);
    return 0;
}

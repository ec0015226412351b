/* SPDX-License-Identifier: MIT
 *
 * Figures, one or a page of them, into files: PNG, SVG and PDF, and their numbers and recipe as CSV and JSON. A
 * file is written beside its place under another name and moved there when whole. Layer: ui/plot; Cairo, EGL, libpng.
 */
#include "ui/plot/data_file.h"
#include "ui/plot/gl/egl.h"
#include "ui/plot/png_file.h"
#include "ui/plot/render.h"
#include "ui/plot/svg_file.h"

#include <cairo-pdf.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
    MOST_PIXELS = 16384,
    LEAST_PIXELS = 64
};

/* The options with their defaults filled in, and the figures laid out for them. */
typedef struct job {
    gsc_export options;
    double scale;           /* device pixels per logical pixel */
    double width, height;   /* of the page, in logical pixels */
    gsc_svg_place *figures; /* with layouts of its own */
    size_t n;
} job;

static void end_job(job *j) {
    for (size_t i = 0; i < j->n; i++) {
        gsc_layout_free((gsc_layout *)j->figures[i].layout);
    }
    free(j->figures);
}

/* As many as bring the cells nearest to 16:10, with few of them empty. */
static size_t columns_of(size_t n, double width, double height) {
    size_t best = 1;
    double least = INFINITY;
    for (size_t columns = 1; columns <= n; columns++) {
        const size_t rows = (n + columns - 1) / columns;
        const double shape = width / (double)columns / (height / (double)rows);
        const double cost = fabs(log(shape / 1.6)) + 0.5 * (double)(columns * rows - n) / (double)n;
        if (cost < least) {
            least = cost;
            best = columns;
        }
    }
    return best;
}

static gsc_status lay_out(const gsc_figure *const *figures, size_t n, job *j, gsc_error *error) {
    const gsc_export *o = &j->options;
    const size_t columns = columns_of(n, j->width, j->height), rows = (n + columns - 1) / columns;
    const double width = j->width / (double)columns, height = j->height / (double)rows;
    /* Figures smaller than a hand have smaller text, so that the picture keeps its share. */
    const double fit = fmin(1, fmin(width / 560, height / 360));
    const gsc_layout_options layout = {.text_scale = (o->text_scale > 0 ? o->text_scale : 1) * fit};
    j->figures = calloc(n, sizeof *j->figures);
    for (j->n = 0; j->figures != NULL && j->n < n; j->n++) {
        gsc_svg_place *place = &j->figures[j->n];
        place->x = (double)(j->n % columns) * width;
        place->y = (double)(j->n / columns) * height;
        place->layout = gsc_layout_new(figures[j->n], n == 1 ? o->views : NULL, o->theme, width,
                                       height, &layout);
        if (place->layout == NULL) {
            break;
        }
    }
    if (j->n < n) {
        end_job(j);
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left to lay out the figure");
    }
    return GSC_OK;
}

static gsc_status start_job(const gsc_figure *const *figures, size_t n, const gsc_export *options,
                            job *ret_job, gsc_error *error) {
    gsc_export o = options != NULL ? *options : (gsc_export){0};
    o.width_px = o.width_px != 0 ? o.width_px : 1600;
    o.height_px = o.height_px != 0 ? o.height_px : 1000;
    o.dpi = o.dpi != 0 ? o.dpi : 200;
    o.theme = o.theme != NULL ? o.theme : &gsc_plot_theme_light;
    if (o.width_px < LEAST_PIXELS || o.width_px > MOST_PIXELS || o.height_px < LEAST_PIXELS ||
        o.height_px > MOST_PIXELS) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "the size %dx%d is out of range; width and height go from %d to %d pixels",
                        o.width_px, o.height_px, LEAST_PIXELS, MOST_PIXELS);
    }
    if (!(o.dpi >= 20 && o.dpi <= 2400)) {
        return gsc_fail(error, GSC_ERR_INPUT, "%g dpi is out of range; it goes from 20 to 2400",
                        o.dpi);
    }
    if (n > 1 && o.renderer == GSC_RENDERER_GL) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "OpenGL draws one figure at a time: a page is the Cairo renderer's");
    }
    const double scale = o.dpi / 96;
    *ret_job = (job){
        .options = o, .scale = scale, .width = o.width_px / scale, .height = o.height_px / scale};
    return lay_out(figures, n, ret_job, error);
}

/* Every figure in its place, in logical pixels. */
static gsc_status draw_figures(const job *j, cairo_t *cairo, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < j->n && status == GSC_OK; i++) {
        const gsc_svg_place *place = &j->figures[i];
        cairo_save(cairo);
        cairo_translate(cairo, place->x, place->y);
        status = gsc_cairo_draw(place->layout, cairo, error);
        cairo_restore(cairo);
    }
    return status;
}

static gsc_status draw_image(const job *j, cairo_surface_t *surface, gsc_error *error) {
    const gsc_export *o = &j->options;
    const gsc_rgba ground = o->theme->ground;
    cairo_t *cairo = cairo_create(surface);
    cairo_scale(cairo, j->scale, j->scale);
    gsc_status status;
    if (o->renderer == GSC_RENDERER_GL) {
        status = gsc_egl_draw(j->figures[0].layout, j->scale, o->width_px, o->height_px,
                              cairo_image_surface_get_data(surface),
                              cairo_image_surface_get_stride(surface), o->ret_gl_renderer,
                              o->size_gl_renderer, error);
        cairo_surface_mark_dirty(surface);
        if (status == GSC_OK) {
            status = gsc_cairo_draw_text(j->figures[0].layout, cairo, error);
        }
    } else {
        cairo_set_source_rgb(cairo, ground.r, ground.g, ground.b);
        cairo_paint(cairo);
        status = draw_figures(j, cairo, error);
    }
    cairo_destroy(cairo);
    cairo_surface_flush(surface);
    return status;
}

static gsc_status make_image(const job *j, cairo_surface_t **ret_surface, gsc_error *error) {
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_ARGB32, j->options.width_px, j->options.height_px);
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS) {
        cairo_surface_destroy(surface);
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left for %d x %d pixels",
                        j->options.width_px, j->options.height_px);
    }
    gsc_status status = draw_image(j, surface, error);
    if (status != GSC_OK) {
        cairo_surface_destroy(surface);
        return status;
    }
    *ret_surface = surface;
    return GSC_OK;
}

gsc_status gsc_export_surface(const gsc_figure *figure, const gsc_export *options,
                              cairo_surface_t **ret_surface, gsc_error *error) {
    job j;
    gsc_status status = start_job(&figure, 1, options, &j, error);
    if (status == GSC_OK) {
        status = make_image(&j, ret_surface, error);
        end_job(&j);
    }
    return status;
}

/* ---- Files ---------------------------------------------------------------------------------- */

typedef enum format {
    PNG,
    SVG,
    PDF,
    CSV,
    JSON,
    UNKNOWN
} format;

static format format_of(const char *path) {
    const char *dot = strrchr(path, '.');
    if (dot == NULL) {
        return UNKNOWN;
    }
    return strcasecmp(dot, ".png") == 0    ? PNG
           : strcasecmp(dot, ".svg") == 0  ? SVG
           : strcasecmp(dot, ".pdf") == 0  ? PDF
           : strcasecmp(dot, ".csv") == 0  ? CSV
           : strcasecmp(dot, ".json") == 0 ? JSON
                                           : UNKNOWN;
}

static gsc_status write_png(const job *j, FILE *file, gsc_error *error) {
    cairo_surface_t *surface = NULL;
    gsc_status status = make_image(j, &surface, error);
    if (status != GSC_OK) {
        return status;
    }
    const gsc_figure *figure = j->figures[0].layout->figure;
    const gsc_png_text texts[] = {{"Software", "Gatescope"},
                                  {"Title", figure->title},
                                  {"gatescope-recipe", figure->recipe},
                                  {"gatescope-spec", figure->spec},
                                  {"gatescope-origin", figure->origin},
                                  {"gatescope-look", j->options.look}};
    status = gsc_png_write(file, cairo_image_surface_get_data(surface), j->options.width_px,
                           j->options.height_px, cairo_image_surface_get_stride(surface),
                           j->options.dpi, texts, sizeof texts / sizeof *texts, error);
    cairo_surface_destroy(surface);
    return status;
}

static cairo_status_t write_stream(void *closure, const unsigned char *data, unsigned length) {
    return fwrite(data, 1, length, closure) == length ? CAIRO_STATUS_SUCCESS
                                                      : CAIRO_STATUS_WRITE_ERROR;
}

/* In points: pixels at dpi. */
static gsc_status write_pdf(const job *j, FILE *file, gsc_error *error) {
    cairo_surface_t *surface =
        cairo_pdf_surface_create_for_stream(write_stream, file, j->width * 0.75, j->height * 0.75);
    if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS) {
        const gsc_figure *figure = j->figures[0].layout->figure;
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "Gatescope");
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE,
                                       figure->title != NULL ? figure->title : "");
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT,
                                       figure->recipe != NULL ? figure->recipe : "");
    }
    cairo_t *cairo = cairo_create(surface);
    cairo_scale(cairo, 0.75, 0.75);
    gsc_status status = draw_figures(j, cairo, error);
    cairo_show_page(cairo);
    cairo_destroy(cairo);
    cairo_surface_finish(surface);
    cairo_status_t end = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (status == GSC_OK && end != CAIRO_STATUS_SUCCESS) {
        return gsc_fail(error, GSC_ERR_IO, "the figure could not be written: %s",
                        cairo_status_to_string(end));
    }
    return status;
}

static gsc_status write_to(const job *j, const gsc_figure *const *figures, format kind,
                           const char *path, const char *temporary, gsc_error *error) {
    FILE *file = fopen(temporary, "wb");
    if (file == NULL) {
        return gsc_fail(error, GSC_ERR_IO, "%s cannot be written: %s", path, strerror(errno));
    }
    gsc_status status = GSC_OK;
    switch (kind) {
    case PNG:
        status = write_png(j, file, error);
        break;
    case SVG:
        status = gsc_svg_write(j->figures, j->n, j->width, j->height, file, error);
        break;
    case PDF:
        status = write_pdf(j, file, error);
        break;
    case CSV:
        gsc_csv_write(figures, j->n, file);
        break;
    case JSON:
        status = gsc_recipe_write(figures, j->n, file, error);
        break;
    case UNKNOWN:
        break;
    }
    bool good = ferror(file) == 0;
    good = fclose(file) == 0 && good;
    if (status == GSC_OK && !good) {
        status =
            gsc_fail(error, GSC_ERR_IO, "%s could not be written whole: %s", path, strerror(errno));
    }
    if (status == GSC_OK && rename(temporary, path) != 0) {
        status = gsc_fail(error, GSC_ERR_IO, "%s cannot be written: %s", path, strerror(errno));
    }
    if (status != GSC_OK) {
        unlink(temporary);
    }
    return status;
}

gsc_status gsc_export_page(const gsc_figure *const *figures, size_t n, const gsc_export *options,
                           const char *path, gsc_error *error) {
    format kind = format_of(path);
    if (kind == UNKNOWN) {
        return gsc_fail(
            error, GSC_ERR_INPUT,
            "%s does not say what to write; its name must end in .png, .svg or .pdf, or "
            ".csv for the numbers, .json for the recipe",
            path);
    }
    if (kind != PNG && options != NULL && options->renderer == GSC_RENDERER_GL) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "OpenGL draws pixels: %s must end in .png, or use the Cairo renderer",
                        path);
    }
    size_t length = strlen(path) + 32;
    char *temporary = malloc(length);
    if (temporary == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left to write %s", path);
    }
    snprintf(temporary, length, "%s.%ld.part", path, (long)getpid());
    job j;
    gsc_status status = start_job(figures, n, options, &j, error);
    if (status == GSC_OK) {
        status = write_to(&j, figures, kind, path, temporary, error);
        end_job(&j);
    }
    free(temporary);
    return status;
}

gsc_status gsc_export_file(const gsc_figure *figure, const gsc_export *options, const char *path,
                           gsc_error *error) {
    return gsc_export_page(&figure, 1, options, path, error);
}

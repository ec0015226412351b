/* SPDX-License-Identifier: MIT
 *
 * See png_file.h. Layer: ui/plot; libpng.
 */
#include "ui/plot/png_file.h"

#include <math.h>
#include <png.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_TEXTS = 8
};

/* libpng reports through here and then jumps. */
static void on_error(png_structp png, png_const_charp message) {
    gsc_fail(png_get_error_ptr(png), GSC_ERR_IO, "the PNG could not be written: %s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
}

static void put_texts(png_structp png, png_infop info, const gsc_png_text *texts, int n_texts) {
    png_text chunks[MOST_TEXTS];
    int n = 0;
    memset(chunks, 0, sizeof chunks);
    for (int i = 0; i < n_texts && n < MOST_TEXTS; i++) {
        if (texts[i].text != NULL && *texts[i].text != '\0') {
            chunks[n].compression = PNG_ITXT_COMPRESSION_NONE;
            chunks[n].key = (char *)texts[i].key;
            chunks[n].text = (char *)texts[i].text;
            chunks[n].itxt_length = strlen(texts[i].text);
            chunks[n].lang = (char *)"en";
            chunks[n].lang_key = (char *)texts[i].key;
            n++;
        }
    }
    png_set_text(png, info, chunks, n);
}

static void put_rows(png_structp png, const unsigned char *pixels, int width_px, int height_px,
                     int stride_bytes, unsigned char *row) {
    for (int y = 0; y < height_px; y++) {
        const unsigned char *from = pixels + (size_t)y * (size_t)stride_bytes;
        for (int x = 0; x < width_px; x++) {
            uint32_t argb;
            memcpy(&argb, from + 4 * (size_t)x, sizeof argb);
            row[3 * x] = (unsigned char)(argb >> 16);
            row[3 * x + 1] = (unsigned char)(argb >> 8);
            row[3 * x + 2] = (unsigned char)argb;
        }
        png_write_row(png, row);
    }
}

gsc_status gsc_png_write(FILE *file, const unsigned char *pixels, int width_px, int height_px,
                         int stride_bytes, double dpi, const gsc_png_text *texts, int n_texts,
                         gsc_error *error) {
    gsc_error failure = {.status = GSC_OK};
    unsigned char *row = malloc(3 * (size_t)width_px);
    png_structp png =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, &failure, on_error, on_warning);
    png_infop info = png != NULL ? png_create_info_struct(png) : NULL;
    if (row == NULL || info == NULL) {
        png_destroy_write_struct(&png, &info);
        free(row);
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left for a PNG of %d x %d",
                        width_px, height_px);
    }
    if (setjmp(png_jmpbuf(png)) != 0) {
        png_destroy_write_struct(&png, &info);
        free(row);
        return gsc_fail(error, GSC_ERR_IO, "%s", failure.message);
    }
    png_init_io(png, file);
    png_set_compression_level(png, 6);
    png_set_IHDR(png, info, (png_uint_32)width_px, (png_uint_32)height_px, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
    png_set_sRGB_gAMA_and_cHRM(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
    if (dpi > 0) {
        png_uint_32 per_metre = (png_uint_32)lround(dpi / 0.0254);
        png_set_pHYs(png, info, per_metre, per_metre, PNG_RESOLUTION_METER);
    }
    put_texts(png, info, texts, n_texts);
    png_write_info(png, info);
    put_rows(png, pixels, width_px, height_px, stride_bytes, row);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    free(row);
    return GSC_OK;
}

/* SPDX-License-Identifier: MIT
 *
 * See png_text.h. Layer: ui/plot; libpng.
 */
#include "ui/plot/png_text.h"

#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_BYTES = 16 << 20
};

/* libpng reports through here and then jumps. */
static void on_error(png_structp png, png_const_charp message) {
    gsc_fail(png_get_error_ptr(png), GSC_ERR_IO, "%s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
}

static gsc_status find_text(png_structp png, png_infop info, const char *key, char **ret_text) {
    png_textp texts = NULL;
    int n = 0;
    png_get_text(png, info, &texts, &n);
    for (int i = 0; i < n; i++) {
        if (texts[i].key != NULL && strcmp(texts[i].key, key) == 0 && texts[i].text != NULL) {
            *ret_text = strdup(texts[i].text);
            return *ret_text != NULL ? GSC_OK : GSC_ERR_MEMORY;
        }
    }
    *ret_text = NULL;
    return GSC_OK;
}

gsc_status gsc_png_read_text(const char *path, const char *key, char **ret_text, gsc_error *error) {
    gsc_error failure = {.status = GSC_OK};
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return gsc_fail(error, GSC_ERR_IO, "%s cannot be read: %s", path, strerror(errno));
    }
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &failure, on_error, on_warning);
    png_infop info = png != NULL ? png_create_info_struct(png) : NULL;
    if (info == NULL) {
        png_destroy_read_struct(&png, NULL, NULL);
        fclose(file);
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left to read %s", path);
    }
    if (setjmp(png_jmpbuf(png)) != 0) {
        png_destroy_read_struct(&png, &info, NULL);
        fclose(file);
        return gsc_fail(error, GSC_ERR_IO, "%s cannot be read as a PNG: %s", path, failure.message);
    }
    png_set_chunk_malloc_max(png, MOST_BYTES);
    png_init_io(png, file);
    png_read_info(png, info); /* chunks before the pixels: where Gatescope writes its text */
    gsc_status status = find_text(png, info, key, ret_text);
    png_destroy_read_struct(&png, &info, NULL);
    fclose(file);
    return status == GSC_OK ? GSC_OK
                            : gsc_fail(error, status, "there is no memory left to read %s", path);
}

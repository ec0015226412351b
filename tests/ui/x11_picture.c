/* SPDX-License-Identifier: MIT
 *
 * What a person at the X display would see. See x11_picture.h.
 */
#include "tests/ui/x11_picture.h"

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy_pixels(const XImage *image, picture *self) {
    for (int y = 0; y < self->height; y++) {
        for (int x = 0; x < self->width; x++) {
            unsigned long pixel = XGetPixel((XImage *)image, x, y);
            uint8_t *at = self->rgb + 3 * ((size_t)y * (size_t)self->width + (size_t)x);
            at[0] = (uint8_t)(pixel >> 16);
            at[1] = (uint8_t)(pixel >> 8);
            at[2] = (uint8_t)pixel;
        }
    }
}

bool picture_grab(picture *ret_picture) {
    Display *display = XOpenDisplay(NULL);

    if (display == NULL) {
        fprintf(stderr, "no X display %s\n", getenv("DISPLAY") ? getenv("DISPLAY") : "");
        return false;
    }
    Window root = DefaultRootWindow(display);
    XWindowAttributes attributes;
    XGetWindowAttributes(display, root, &attributes);
    XImage *image = XGetImage(display, root, 0, 0, (unsigned)attributes.width,
                              (unsigned)attributes.height, AllPlanes, ZPixmap);
    picture self = {.width = attributes.width, .height = attributes.height};
    self.rgb = malloc((size_t)self.width * (size_t)self.height * 3);
    bool good = image != NULL && self.rgb != NULL;
    if (good) {
        copy_pixels(image, &self);
        *ret_picture = self;
    } else {
        free(self.rgb);
    }
    if (image != NULL) {
        XDestroyImage(image);
    }
    XCloseDisplay(display);
    return good;
}

bool picture_write_png(const picture *self, const char *path) {
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)self->width,
                       .height = (png_uint_32)self->height,
                       .format = PNG_FORMAT_RGB};

    return png_image_write_to_file(&image, path, 0, self->rgb, 0, NULL) != 0;
}

bool picture_read_png(const char *path, picture *ret_picture) {
    png_image image = {.version = PNG_IMAGE_VERSION};

    if (!png_image_begin_read_from_file(&image, path)) {
        return false;
    }
    image.format = PNG_FORMAT_RGB;
    picture self = {.width = (int)image.width, .height = (int)image.height};
    self.rgb = malloc(PNG_IMAGE_SIZE(image));
    png_color white = {255, 255, 255};
    if (self.rgb == NULL || !png_image_finish_read(&image, &white, self.rgb, 0, NULL)) {
        free(self.rgb);
        png_image_free(&image);
        return false;
    }
    *ret_picture = self;
    return true;
}

void picture_clear(picture *self) {
    free(self->rgb);
    *self = (picture){0};
}

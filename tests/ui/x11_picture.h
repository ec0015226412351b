/* SPDX-License-Identifier: MIT
 *
 * What a person at the X display would see: its root window as pixels, and as a PNG.
 */
#ifndef GSC_TESTS_UI_X11_PICTURE_H
#define GSC_TESTS_UI_X11_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct picture {
    int width, height;
    uint8_t *rgb; /* 3 bytes a pixel, rows without padding */
} picture;

/* The whole screen of $DISPLAY. false with a sentence on stderr where there is none. */
bool picture_grab(picture *ret_picture);
bool picture_read_png(const char *path, picture *ret_picture);
bool picture_write_png(const picture *self, const char *path);
void picture_clear(picture *self);

#endif

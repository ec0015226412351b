/* SPDX-License-Identifier: MIT
 *
 * An eye on part of the X screen. See eye.h.
 */
#include "tests/bench/window/eye.h"

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    NEAR = 24,         /* channel difference that the eye forgives */
    BUCKETS = 1 << 12, /* colours by their upper four bits */
    LOOK_EVERY_US = 1000
};

struct eye {
    Display *display;
    int x, y, width, height;
    uint32_t *pixels;
};

eye *eye_open(void) {
    Display *display = XOpenDisplay(NULL);
    eye *self = display != NULL ? calloc(1, sizeof *self) : NULL;

    if (self != NULL) {
        self->display = display;
    }
    return self;
}

void eye_close(eye *self) {
    if (self != NULL) {
        XCloseDisplay(self->display);
        free(self->pixels);
        free(self);
    }
}

static int clamp(int value, int low, int high) {
    return value < low ? low : value > high ? high : value;
}

void eye_turn(eye *self, const double box[4]) {
    int screen = DefaultScreen(self->display);
    int width = DisplayWidth(self->display, screen), height = DisplayHeight(self->display, screen);

    self->x = clamp((int)box[0], 0, width - 1);
    self->y = clamp((int)box[1], 0, height - 1);
    self->width = clamp((int)box[2], 1, width - self->x);
    self->height = clamp((int)box[3], 1, height - self->y);
    free(self->pixels);
    self->pixels = calloc((size_t)self->width * (size_t)self->height, sizeof *self->pixels);
    if (self->pixels == NULL) {
        abort();
    }
}

const uint32_t *eye_look(eye *self, size_t *ret_pixels) {
    XImage *image = XGetImage(self->display, DefaultRootWindow(self->display), self->x, self->y,
                              (unsigned)self->width, (unsigned)self->height, AllPlanes, ZPixmap);

    *ret_pixels = (size_t)self->width * (size_t)self->height;
    if (image == NULL) {
        return self->pixels;
    }
    for (int y = 0; y < self->height; y++) {
        uint32_t *row = self->pixels + (size_t)y * (size_t)self->width;
        if (image->bits_per_pixel == 32) {
            memcpy(row, image->data + (size_t)y * (size_t)image->bytes_per_line,
                   sizeof *row * (size_t)self->width);
            continue;
        }
        for (int x = 0; x < self->width; x++) {
            row[x] = (uint32_t)XGetPixel(image, x, y);
        }
    }
    XDestroyImage(image);
    return self->pixels;
}

uint32_t *eye_remember(eye *self, double still_s, size_t *ret_pixels) {
    size_t pixels = 0;
    const uint32_t *now = eye_look(self, &pixels);
    size_t bytes = pixels * sizeof *now;
    uint32_t *copy = malloc(bytes);

    if (copy == NULL) {
        abort();
    }
    memcpy(copy, now, bytes);
    for (double since = eye_clock(); eye_clock() - since < still_s;) {
        usleep(LOOK_EVERY_US);
        now = eye_look(self, &pixels);
        if (memcmp(copy, now, bytes) != 0) {
            memcpy(copy, now, bytes);
            since = eye_clock();
        }
    }
    *ret_pixels = pixels;
    return copy;
}

static int channel(uint32_t pixel, int shift) {
    return (int)(pixel >> shift & 255);
}

static bool near(uint32_t a, uint32_t b) {
    return abs(channel(a, 16) - channel(b, 16)) < NEAR &&
           abs(channel(a, 8) - channel(b, 8)) < NEAR && abs(channel(a, 0) - channel(b, 0)) < NEAR;
}

static uint32_t find_ground(const uint32_t *picture, size_t pixels) {
    static unsigned counts[BUCKETS];
    static uint32_t example[BUCKETS];
    size_t best = 0;

    memset(counts, 0, sizeof counts);
    for (size_t i = 0; i < pixels; i++) {
        size_t bucket =
            (picture[i] >> 20 & 15) << 8 | (picture[i] >> 12 & 15) << 4 | (picture[i] >> 4 & 15);
        counts[bucket]++;
        example[bucket] = picture[i];
        best = counts[bucket] > counts[best] ? bucket : best;
    }
    return example[best];
}

double eye_compare(eye *self, const uint32_t *remembered, size_t pixels) {
    uint32_t ground = find_ground(remembered, pixels);
    size_t now_pixels = 0, wanted = 0, seen = 0;
    const uint32_t *now = eye_look(self, &now_pixels);

    for (size_t i = 0; i < pixels && i < now_pixels; i++) {
        bool stands_out = !near(remembered[i], ground);
        wanted += stands_out;
        seen += stands_out && near(remembered[i], now[i]);
    }
    return wanted > 0 ? (double)seen / (double)wanted : 0;
}

size_t eye_count_drawn(eye *self) {
    size_t pixels = 0, count = 0;
    const uint32_t *now = eye_look(self, &pixels);
    uint32_t ground = find_ground(now, pixels);

    for (size_t i = 0; i < pixels; i++) {
        count += !near(now[i], ground);
    }
    return count;
}

int eye_count_colored(eye *self) {
    size_t pixels = 0;
    const uint32_t *now = eye_look(self, &pixels);
    int count = 0;

    for (size_t i = 0; i < pixels; i++) {
        int r = channel(now[i], 16), g = channel(now[i], 8), b = channel(now[i], 0);
        int high = r > g ? r : g, low = r < g ? r : g;
        high = high > b ? high : b;
        low = low < b ? low : b;
        count += high - low > 80;
    }
    return count;
}

double eye_clock(void) {
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

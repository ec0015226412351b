/* SPDX-License-Identifier: MIT
 *
 * An eye on part of the X screen that looks again and again: what a person would see, and when. It asks the
 * server for one box of the root window, so that a look costs a few milliseconds.
 *
 * Layer: tests.
 */
#ifndef GSC_TESTS_BENCH_WINDOW_EYE_H
#define GSC_TESTS_BENCH_WINDOW_EYE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct eye eye;

/* Opens $DISPLAY. NULL where there is none. */
eye *eye_open(void);
void eye_close(eye *self);

/* Turns to a box of the screen: x, y, width, height in pixels, cut to the screen. */
void eye_turn(eye *self, const double box[4]);

/* One look at the box: width x height pixels 0xRRGGBB, row by row; valid until the next look. */
const uint32_t *eye_look(eye *self, size_t *ret_pixels);

/* A copy of one look, after the picture has rested for still_s; caller frees. */
uint32_t *eye_remember(eye *self, double still_s, size_t *ret_pixels);

/* Share of what stands out from the ground in the remembered picture that is seen now, 0..1. The ground is
 * the most frequent colour of the remembered picture. */
double eye_compare(eye *self, const uint32_t *remembered, size_t pixels);

/* Pixels that stand out from the ground now: none where nothing is drawn yet. */
size_t eye_count_drawn(eye *self);

/* Pixels of saturated colour: curves, not axes. */
int eye_count_colored(eye *self);

/* Seconds of a clock that only goes forward. */
double eye_clock(void);

#endif

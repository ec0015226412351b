/* SPDX-License-Identifier: MIT
 *
 * The theory lab's random numbers: xoshiro256** (Blackman and Vigna 2018, arXiv 1805.01407), its state filled
 * by splitmix64 from four numbers, so that a stream is a function of (seed, n, replicate, stream) and of
 * nothing else: not of the arm, the thread or the order of work.
 *
 * Layer: core/theory; libc.
 */
#ifndef GSC_CORE_THEORY_RANDOM_H
#define GSC_CORE_THEORY_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct gsc_rng {
    uint64_t state[4];
    double spare; /* second normal of a pair */
    int has_spare;
} gsc_rng;

/* Streams of one replicate: its data, and the noise of its start number s. */
enum {
    GSC_STREAM_DATA = 0,
    GSC_STREAM_START = 1
};

void gsc_rng_init(gsc_rng *self, uint64_t seed, uint64_t n, uint64_t replicate, uint64_t stream);

uint64_t gsc_rng_bits(gsc_rng *self);
/* Uniform in the open interval (0, 1), 53 bits. */
double gsc_rng_uniform(gsc_rng *self);
/* Standard normal, by the polar method. */
double gsc_rng_normal(gsc_rng *self);
/* Uniform integer in [0, bound), bound >= 1, without modulo bias. */
size_t gsc_rng_below(gsc_rng *self, size_t bound);

#endif

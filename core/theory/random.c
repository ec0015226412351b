/* SPDX-License-Identifier: MIT
 *
 * xoshiro256** seeded by splitmix64.
 */
#include "core/theory/random.h"

#include <math.h>

static uint64_t splitmix(uint64_t *state) {
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void gsc_rng_init(gsc_rng *self, uint64_t seed, uint64_t n, uint64_t replicate, uint64_t stream) {
    const uint64_t words[4] = {seed, n, replicate, stream};
    uint64_t mix = 0;
    for (size_t i = 0; i < 4; i++) {
        mix ^= words[i];
        mix = splitmix(&mix);
    }
    for (size_t i = 0; i < 4; i++) {
        self->state[i] = splitmix(&mix);
    }
    self->has_spare = 0;
    self->spare = 0;
}

static uint64_t rotate(uint64_t x, int k) {
    return (x << k) | (x >> (64 - k));
}

uint64_t gsc_rng_bits(gsc_rng *self) {
    uint64_t *s = self->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double gsc_rng_uniform(gsc_rng *self) {
    return ((double)(gsc_rng_bits(self) >> 11) + 0.5) * 0x1p-53;
}

double gsc_rng_normal(gsc_rng *self) {
    if (self->has_spare) {
        self->has_spare = 0;
        return self->spare;
    }
    double u, v, q;
    do {
        u = 2 * gsc_rng_uniform(self) - 1;
        v = 2 * gsc_rng_uniform(self) - 1;
        q = u * u + v * v;
    } while (q >= 1 || q == 0);
    double scale = sqrt(-2 * log(q) / q);
    self->spare = v * scale;
    self->has_spare = 1;
    return u * scale;
}

size_t gsc_rng_below(gsc_rng *self, size_t bound) {
    uint64_t range = bound;
    uint64_t limit = UINT64_MAX - UINT64_MAX % range;
    uint64_t bits;
    do {
        bits = gsc_rng_bits(self);
    } while (bits >= limit);
    return (size_t)(bits % range);
}

/* SPDX-License-Identifier: MIT
 *
 * One vector of doubles at the level being compiled, with the few operations that the mixture's
 * loops need; for isa sources only. Products are fused where the level has it.
 *
 * vec_exp: x = n log 2 + r, |r| <= (log 2) / 2, a polynomial of degree 11 (error 1.6e-17), times
 * 2^n; with
 *          AVX-512 n is a multiple of 1/16, its 2^(i / 16) from a table in registers, and degree 6
 *          (error 2.8e-17) is enough; arguments below -120
 *          give 7e-53, which is nothing beside the 1 of the largest component, so that products of
 *          three such numbers stay clear of the slow subnormals; NaN stays NaN.
 * vec_power: exp(x) from x times VEC_UNIT, which makes the range reduction exact and two operations shorter;
 *          |x| <= 600, and no limit is kept. Same table and degrees (error 1.5e-17 with AVX-512).
 * vec_log: positive normal arguments; x = 2^e m, m in [3/4, 3/2), 2 atanh((m - 1) / (m + 1)) by a
 *          polynomial of degree 8 in its square (error 6.5e-19). With AVX-512 m is in [1, 2), its reciprocal to 5 bits
 *          and that one's logarithm come from tables in registers, and a polynomial of degree 8 has an error of 5e-17,
 *          absolute also near x = 1.
 *
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_CPU_MIXTURE_VEC_H
#define GSC_KERNELS_CPU_MIXTURE_VEC_H

#include "kernels/isa.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum {
    LANES = GSC_ISA_LANES_F64
};

typedef double vec __attribute__((vector_size(LANES * 8)));
typedef uint64_t vec_bits __attribute__((vector_size(LANES * 8)));

#define INLINE static inline __attribute__((always_inline, unused))

INLINE vec vec_set(double value) {
    return value - (vec){0};
}

INLINE vec vec_load(const double *from) {
    return *(const vec *)from;
}

INLINE void vec_store(double *to, vec value) {
    *(vec *)to = value;
}

/* a b + c */
INLINE vec vec_fma(vec a, vec b, vec c) {
#if defined(__AVX512F__)
    return (vec)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__FMA__)
    return (vec)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#else
    return a * b + c;
#endif
}

/* c - a b */
INLINE vec vec_fnma(vec a, vec b, vec c) {
#if defined(__AVX512F__)
    return (vec)_mm512_fnmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__FMA__)
    return (vec)_mm256_fnmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#else
    return c - a * b;
#endif
}

INLINE vec vec_max(vec a, vec b) {
#if defined(__AVX512F__)
    return (vec)_mm512_max_pd((__m512d)a, (__m512d)b);
#elif defined(__AVX2__)
    return (vec)_mm256_max_pd((__m256d)a, (__m256d)b);
#elif defined(__SSE2__)
    return (vec)_mm_max_pd((__m128d)a, (__m128d)b);
#else
    vec_bits mask = (vec_bits)(a > b);
    return (vec)((mask & (vec_bits)a) | (~mask & (vec_bits)b));
#endif
}

INLINE vec vec_min(vec a, vec b) {
#if defined(__AVX512F__)
    return (vec)_mm512_min_pd((__m512d)a, (__m512d)b);
#else
    return -vec_max(-a, -b);
#endif
}

/* -|x| */
INLINE vec vec_minus_abs(vec x) {
    return (vec)((vec_bits)x | ~(~(uint64_t)0 >> 1));
}

/* a where x > 0, else b. */
INLINE vec vec_pick(vec x, vec a, vec b) {
#if defined(__AVX512F__)
    const __mmask8 above = _mm512_cmp_pd_mask((__m512d)x, _mm512_setzero_pd(), _CMP_GT_OQ);
    return (vec)_mm512_mask_blend_pd(above, (__m512d)b, (__m512d)a);
#else
    const vec_bits above = (vec_bits)(x > vec_set(0));
    return (vec)((above & (vec_bits)a) | (~above & (vec_bits)b));
#endif
}

/* sum + a where x > 0, and sum + a b. */
INLINE vec vec_add_where(vec x, vec a, vec sum) {
#if defined(__AVX512F__)
    const __mmask8 above = _mm512_cmp_pd_mask((__m512d)x, _mm512_setzero_pd(), _CMP_GT_OQ);
    return (vec)_mm512_mask_add_pd((__m512d)sum, above, (__m512d)sum, (__m512d)a);
#else
    return sum + vec_pick(x, a, vec_set(0));
#endif
}

INLINE vec vec_fma_where(vec x, vec a, vec b, vec sum) {
#if defined(__AVX512F__)
    const __mmask8 above = _mm512_cmp_pd_mask((__m512d)x, _mm512_setzero_pd(), _CMP_GT_OQ);
    return (vec)_mm512_mask3_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)sum, above);
#else
    return vec_fma(vec_pick(x, a, vec_set(0)), b, sum);
#endif
}

/* 1 / x for x in the middle of the range of numbers: with AVX-512 an estimate of 14 bits and
 * two Newton steps (1 ulp), which costs a third of a division. */
INLINE vec vec_reciprocal(vec x) {
#if defined(__AVX512F__)
    vec y = (vec)_mm512_rcp14_pd((__m512d)x);
    y = vec_fma(y, vec_fnma(x, y, vec_set(1)), y);
    return vec_fma(y, vec_fnma(x, y, vec_set(1)), y);
#else
    return 1.0 / x;
#endif
}

#if defined(__AVX512F__)
/* Bits of 2^(i / 16) less i << 48, so that adding n << 48 (n of vec_exp, i its last four bits)
 * makes the bits of 2^(n / 16). */
static const uint64_t exp_table[16] __attribute__((aligned(64))) = {
    0x3ff0000000000000u, 0x3fefb5586cf9890fu, 0x3fef72b83c7d517bu, 0x3fef387a6e756238u,
    0x3fef06fe0a31b715u, 0x3feedea64c123422u, 0x3feebfdad5362a27u, 0x3feeab07dd485429u,
    0x3feea09e667f3bcdu, 0x3feea11473eb0187u, 0x3feeace5422aa0dbu, 0x3feec49182a3f090u,
    0x3feee89f995ad3adu, 0x3fef199bdd85529cu, 0x3fef5818dcfba487u, 0x3fefa4afa2a490dau,
};

/* The same for |x| <= 120. */
INLINE vec vec_exp_within(vec x) {
    const vec shift = vec_set(0x1.8p52);
    const __m512i low = _mm512_load_si512(exp_table), high = _mm512_load_si512(exp_table + 8);
    const vec shifted = vec_fma(x, vec_set(0x1.71547652b82fep4), shift), n = shifted - shift;
    vec r = vec_fnma(n, vec_set(0x1.62e42fef00000p-5), x);
    r = vec_fnma(n, vec_set(0x1.473de6af278edp-38), r);
    const vec a = vec_fma(vec_set(0x1.55555554dd388p-3), r, vec_set(0.5));
    vec b = vec_fma(vec_set(0x1.11120b03cd855p-7), r, vec_set(0x1.555555551946fp-5));
    b = vec_fma(vec_set(0x1.6c17bb5ebddb4p-10), r * r, b);
    const vec power = vec_fma(vec_fma(b, r * r, a), r * r, r);
    const __m512i bits = _mm512_permutex2var_epi64(low, (__m512i)shifted, high);
    const vec scale = (vec)_mm512_add_epi64(bits, _mm512_slli_epi64((__m512i)shifted, 48));
    return vec_fma(scale, power, scale);
}
#else
/* exp(r), |r| <= (log 2) / 2. */
INLINE vec vec_exp_rest(vec r) {
    const vec r2 = r * r, r4 = r2 * r2;
    vec low = vec_fma(vec_set(0x1.5555555555556p-3), r, vec_set(0.5));
    vec middle = vec_fma(vec_set(0x1.11111111109b3p-7), r, vec_set(0x1.5555555553d63p-5));
    vec high = vec_fma(vec_set(0x1.a01a01a7c41d5p-13), r, vec_set(0x1.6c16c1788bd90p-10));
    vec higher = vec_fma(vec_set(0x1.71de0dae63bb3p-19), r, vec_set(0x1.a019b90d2ae7ap-16));
    const vec highest = vec_fma(vec_set(0x1.af38a9b0ec855p-26), r, vec_set(0x1.289185613a3d6p-22));
    higher = vec_fma(highest, r2, higher);
    low = vec_fma(middle, r2, low);
    high = vec_fma(higher, r2, high);
    low = vec_fma(high, r4, low);
    return vec_fma(low, r2, r) + 1.0;
}

INLINE vec vec_exp_within(vec x) {
    const vec shift = vec_set(0x1.8p52);
    const vec shifted = vec_fma(x, vec_set(0x1.71547652b82fep0), shift);
    const vec n = shifted - shift;
    vec r = vec_fnma(n, vec_set(0x1.62e42fefa0000p-1), x);
    r = vec_fnma(n, vec_set(0x1.cf79abc9e3b3ap-40), r);
    const vec_bits scale = ((vec_bits)shifted + 1023) << 52;
    return vec_exp_rest(r) * (vec)scale;
}
#endif

/* exp(x) from VEC_UNIT x. */
#if defined(__AVX512F__)
#define VEC_UNIT 0x1.71547652b82fep4 /* 16 / log 2 */
INLINE vec vec_power(vec x) {
    const vec shift = vec_set(0x1.8p52);
    const __m512i low = _mm512_load_si512(exp_table), high = _mm512_load_si512(exp_table + 8);
    const vec shifted = x + shift, f = x - (shifted - shift), f2 = f * f;
    const vec a = vec_fma(vec_set(0x1.ebfbdff82c590p-11), f, vec_set(0x1.62e42fefa39f3p-5));
    vec b = vec_fma(vec_set(0x1.3b2ab6fb41213p-23), f, vec_set(0x1.c6b08d6f2a289p-17));
    const vec c = vec_fma(vec_set(0x1.430a1d08ec681p-37), f, vec_set(0x1.5d897e525c216p-30));
    b = vec_fma(c, f2, b);
    const __m512i bits = _mm512_permutex2var_epi64(low, (__m512i)shifted, high);
    const vec scale = (vec)_mm512_add_epi64(bits, _mm512_slli_epi64((__m512i)shifted, 48));
    return vec_fma(scale * f, vec_fma(b, f2, a), scale);
}
#else
#define VEC_UNIT 0x1.71547652b82fep0 /* 1 / log 2 */
INLINE vec vec_power(vec x) {
    const vec shift = vec_set(0x1.8p52), shifted = x + shift;
    const vec r = (x - (shifted - shift)) * 0x1.62e42fefa39efp-1;
    const vec_bits scale = ((vec_bits)shifted + 1023) << 52;
    return vec_exp_rest(r) * (vec)scale;
}
#endif

INLINE vec vec_exp(vec x) {
    return vec_exp_within(vec_max(vec_set(-120), x));
}

#if defined(__AVX512F__)
/* c about 1 / (1 + (i + 1/2) / 16), and -log c. */
static const double log_reciprocals[16] __attribute__((aligned(64))) = {
    0x1.f07c1f07c1f08p-1, 0x1.d41d41d41d41dp-1, 0x1.bacf914c1bad0p-1, 0x1.a41a41a41a41ap-1,
    0x1.8f9c18f9c18fap-1, 0x1.7d05f417d05f4p-1, 0x1.6c16c16c16c17p-1, 0x1.5c9882b931057p-1,
    0x1.4e5e0a72f0539p-1, 0x1.4141414141414p-1, 0x1.3521cfb2b78c1p-1, 0x1.29e4129e4129ep-1,
    0x1.1f7047dc11f70p-1, 0x1.15b1e5f75270dp-1, 0x1.0c9714fbcda3bp-1, 0x1.0410410410410p-1,
};
static const double log_of_those[16] __attribute__((aligned(64))) = {
    0x1.f829b0e7832f8p-6, 0x1.6f0d28ae56b4ep-4, 0x1.29552f81ff521p-3, 0x1.9525a9cf456b6p-3,
    0x1.fb9186d5e3e29p-3, 0x1.2e8e2bae11d31p-2, 0x1.5d1bdbf5809cap-2, 0x1.89a3386c1425bp-2,
    0x1.b44f77bcc8f64p-2, 0x1.dd46a04c1c4a1p-2, 0x1.02552a5a5d0ffp-1, 0x1.154c3d2f4d5eap-1,
    0x1.2795e1289b11bp-1, 0x1.393e0d3562a1ap-1, 0x1.4a4f85db03ebbp-1, 0x1.5ad404c359f2dp-1,
};

INLINE vec vec_log(vec x) {
    const __m512i index = _mm512_srli_epi64((__m512i)x, 48);
    const vec e = (vec)_mm512_getexp_pd((__m512d)x);
    const vec m = (vec)_mm512_getmant_pd((__m512d)x, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_src);
    const vec c = (vec)_mm512_permutex2var_pd(_mm512_load_pd(log_reciprocals), index,
                                              _mm512_load_pd(log_reciprocals + 8));
    const vec far = (vec)_mm512_permutex2var_pd(_mm512_load_pd(log_of_those), index,
                                                _mm512_load_pd(log_of_those + 8));
    const vec r = vec_fma(m, c, vec_set(-1)), r2 = r * r;
    const vec p = vec_fma(vec_set(0.3333333333446673), r, vec_set(-0.5));
    const vec q = vec_fma(vec_set(0.19999990716115904), r, vec_set(-0.25000000001020084));
    vec s = vec_fma(vec_set(0.14304721983359833), r, vec_set(-0.16666658310969995));
    s = vec_fma(vec_set(-0.12517107244459322), r2, s);
    s = vec_fma(vec_fma(s, r2, q), r2, p);
    return vec_fma(e, vec_set(0x1.62e42fefa39efp-1), far) + vec_fma(s, r2, r);
}
#else
INLINE vec vec_log(vec x) {
    const uint64_t shift = 0x3ff0000000000000u - 0x3fe8000000000000u;
    const vec_bits biased = ((vec_bits)x + shift) >> 52;
    const vec e = (vec)(biased | 0x4330000000000000u) - (0x1p52 + 1023);
    const vec m = (vec)((vec_bits)x - ((biased - 1023) << 52));
    const vec f = (m - 1.0) * vec_reciprocal(m + 1.0);
    const vec w = f * f, w2 = w * w;
    vec a = vec_fma(vec_set(0.4000000000000794), w, vec_set(0.6666666666666666));
    vec b = vec_fma(vec_set(0.2222222304835159), w, vec_set(0.28571428567275936));
    vec c = vec_fma(vec_set(0.15388867805614162), w, vec_set(0.18181737626302924));
    vec d = vec_fma(vec_set(0.13609030262907734), w, vec_set(0.13209708242052065));
    c = vec_fma(d, w2, c);
    a = vec_fma(b, w2, a);
    a = vec_fma(c, w2 * w2, a);
    const vec tail = f * w * a;
    return vec_fma(e, vec_set(0x1.62e42fefa0000p-1),
                   2.0 * f + vec_fma(e, vec_set(0x1.cf79abc9e3b3ap-40), tail));
}
#endif

/* x = 2^e m, m in [1, 2), for positive normal x: returns m and adds e to *exponent. */
INLINE vec vec_split(vec x, vec *exponent) {
#if defined(__AVX512F__)
    *exponent += (vec)_mm512_getexp_pd((__m512d)x);
    return (vec)_mm512_getmant_pd((__m512d)x, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_src);
#else
    const vec_bits biased = (vec_bits)x >> 52;
    *exponent += (vec)(biased | 0x4330000000000000u) - (0x1p52 + 1023);
    return (vec)((vec_bits)x - ((biased - 1023) << 52));
#endif
}

/* Whether a lane is not above a number, or NaN. */
INLINE int vec_any_low(vec x, double least) {
#if defined(__AVX512F__)
    return _mm512_cmp_pd_mask((__m512d)x, _mm512_set1_pd(least), _CMP_GT_OQ) != 0xff;
#elif defined(__AVX2__)
    const __m256d above = _mm256_cmp_pd((__m256d)x, _mm256_set1_pd(least), _CMP_GT_OQ);
    return _mm256_movemask_pd(above) != 0xf;
#elif defined(__SSE2__)
    return _mm_movemask_pd(_mm_cmpgt_pd((__m128d)x, _mm_set1_pd(least))) != 3;
#else
    int low = 0;
    for (size_t l = 0; l < LANES; l++) {
        low |= !(x[l] > least);
    }
    return low;
#endif
}

/* All ones in the lanes t .. of a block of so many rows, else zeros. */
INLINE vec_bits vec_valid(size_t t, size_t rows) {
    vec_bits mask;
    for (size_t l = 0; l < LANES; l++) {
        mask[l] = t + l < rows ? ~(uint64_t)0 : 0;
    }
    return mask;
}

/* Lanes added in pairs of a fixed order. */
INLINE double vec_sum(vec value) {
    double lane[LANES];
    memcpy(lane, &value, sizeof lane);
    for (size_t width = LANES / 2; width > 0; width /= 2) {
        for (size_t l = 0; l < width; l++) {
            lane[l] += lane[l + width];
        }
    }
    return lane[0];
}

#endif

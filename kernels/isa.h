/* SPDX-License-Identifier: MIT
 *
 * One source, several instruction sets. Files listed as isa_sources in kernels/meson.build are
 * compiled once per level (baseline, v3 = AVX2 and FMA, v4 = AVX-512), and each names its functions
 * by level:
 *
 * in kernels/thing.h                 GSC_ISA_DECLARE(void, gsc_thing_kernel, (double *x, size_t
 * n));
 * in the isa source                  void GSC_ISA_NAME(gsc_thing_kernel)(double *x, size_t n) { ...
 * }
 *     in an ordinary source              GSC_ISA_PICK(gsc_cpu_isa(), gsc_thing_kernel)(x, n);
 *
 * Rules for isa sources: every function is static or named by GSC_ISA_NAME; no changing statics;
 * nothing but kernels' own headers, core/base and libc is included. They are built with -O3 and
 * -ffp-contract=off at every level, so a loop of + - * / sqrt gives the same bits on all of them;
 * who wants fused products writes fma() under GSC_ISA_HAS_FMA and says so in the contract. exp,
 * log, ... below become libmvec calls (4 ulp), whose last bits differ between levels.
 *
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_ISA_H
#define GSC_KERNELS_ISA_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

typedef enum gsc_isa {
    GSC_ISA_BASELINE = 0, /* what the compiler targets by default: SSE2 on x86-64 */
    GSC_ISA_V3 = 1,       /* x86-64-v3 */
    GSC_ISA_V4 = 2,       /* x86-64-v4 */
    GSC_ISA_AMX = 3,      /* v4, and its tile unit for matrix products (cpu/tiles.h) */
} gsc_isa;
enum {
    GSC_ISA_COUNT = 4
};

#define GSC_ISA_PASTE_(stem, level) stem##_##level
#define GSC_ISA_PASTE(stem, level)  GSC_ISA_PASTE_(stem, level)

/* GSC_ISA_SUFFIX is set per level by the build; ordinary sources have none. */
#ifdef GSC_ISA_SUFFIX
#define GSC_ISA_NAME(stem) GSC_ISA_PASTE(stem, GSC_ISA_SUFFIX)
#endif

/* What the level being compiled has: lanes of a vector register, fused multiply-add. */
#if defined(__AVX512F__)
enum {
    GSC_ISA_LANES_F64 = 8,
    GSC_ISA_LANES_F32 = 16
};
#elif defined(__AVX2__)
enum {
    GSC_ISA_LANES_F64 = 4,
    GSC_ISA_LANES_F32 = 8
};
#else
enum {
    GSC_ISA_LANES_F64 = 2,
    GSC_ISA_LANES_F32 = 4
};
#endif
#if defined(__FMA__)
#define GSC_ISA_HAS_FMA 1
#else
#define GSC_ISA_HAS_FMA 0
#endif

/* Declares stem_baseline, stem_v3, stem_v4 with one signature; picks one by level. */
#if defined(__x86_64__)
#define GSC_ISA_DECLARE(type, stem, arguments)                                                     \
    type stem##_baseline arguments;                                                                \
    type stem##_v3 arguments;                                                                      \
    type stem##_v4 arguments
#define GSC_ISA_PICK(isa, stem)                                                                    \
    ((isa) >= GSC_ISA_V4 ? stem##_v4 : (isa) == GSC_ISA_V3 ? stem##_v3 : stem##_baseline)
#else
#define GSC_ISA_DECLARE(type, stem, arguments) type stem##_baseline arguments
#define GSC_ISA_PICK(isa, stem)                (stem##_baseline)
#endif

/* Vectorisable mathematics in isa sources: loops over these become glibc's libmvec. */
#if defined(GSC_ISA_SUFFIX) && defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) &&  \
    defined(__GLIBC__)
#define GSC_ISA_VECTOR __attribute__((simd("notinbranch")))
extern GSC_ISA_VECTOR double exp(double);
extern GSC_ISA_VECTOR double log(double);
extern GSC_ISA_VECTOR double tanh(double);
extern GSC_ISA_VECTOR double log1p(double);
extern GSC_ISA_VECTOR float expf(float);
extern GSC_ISA_VECTOR float logf(float);
#endif

#endif

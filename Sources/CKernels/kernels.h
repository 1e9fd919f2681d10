#pragma once
// What each format's file gives to the tables, and the instruction sets a file may be compiled for.
#include "CKernels.h"

#if defined(__x86_64__)
#define CARAT_HAS_AVX2 1
#define CARAT_AVX2 __attribute__((target("avx2,fma,f16c")))
#else
#define CARAT_HAS_AVX2 0
#endif

#define CARAT_DECLARE_FORMAT(format, isa)                                                                             \
    void carat_dequantize_##format##_##isa(const void *row, size_t count, float *out);                                \
    void carat_dot_##format##_##isa(                                                                                  \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const void *activation, float *y);

#define CARAT_DECLARE_ISA(isa)                                                                                        \
    CARAT_DECLARE_FORMAT(f32, isa)                                                                                    \
    CARAT_DECLARE_FORMAT(f16, isa)                                                                                    \
    CARAT_DECLARE_FORMAT(bf16, isa)                                                                                   \
    CARAT_DECLARE_FORMAT(q8_0, isa)                                                                                   \
    CARAT_DECLARE_FORMAT(q2_k, isa)                                                                                   \
    CARAT_DECLARE_FORMAT(q3_k, isa)                                                                                   \
    CARAT_DECLARE_FORMAT(q4_k, isa)                                                                                   \
    CARAT_DECLARE_FORMAT(q5_k, isa)                                                                                   \
    CARAT_DECLARE_FORMAT(q6_k, isa)                                                                                   \
    void carat_quantize256_##isa(const float *x, size_t count, carat_act256 *out);                                    \
    void carat_quantize32_##isa(const float *x, size_t count, carat_act32 *out);

#define CARAT_DECLARE_TILE(format, isa)                                                                               \
    void carat_tile_##format##_##isa(                                                                                 \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const carat_act256 *activations,        \
        size_t positions, float *y, size_t y_stride);

CARAT_DECLARE_ISA(portable)
#if CARAT_HAS_AVX2
CARAT_DECLARE_ISA(avx2)
CARAT_DECLARE_TILE(q2_k, avx2)
CARAT_DECLARE_TILE(q3_k, avx2)
CARAT_DECLARE_TILE(q4_k, avx2)
CARAT_DECLARE_TILE(q5_k, avx2)
CARAT_DECLARE_TILE(q6_k, avx2)
#endif

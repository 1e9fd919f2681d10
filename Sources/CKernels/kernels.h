#pragma once
// What each format's file gives to the tables, and the instruction sets a file may be compiled for.
#include "CKernels.h"
#include <string.h>

#if defined(__x86_64__)
#define CARAT_HAS_AVX2 1
#define CARAT_AVX2 __attribute__((target("avx2,fma,f16c")))
#ifndef CARAT_AVXVNNI  // defined from outside where a proof puts plain C in the place of the instructions
#define CARAT_AVXVNNI __attribute__((target("avx2,fma,f16c,avxvnni")))
#endif
#define CARAT_AVX512VNNI                                                                                              \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))
#else
#define CARAT_HAS_AVX2 0
#endif

#if defined(__aarch64__)
#define CARAT_HAS_NEON 1
#define CARAT_NEON __attribute__((target("dotprod")))
#else
#define CARAT_HAS_NEON 0
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

#define CARAT_DECLARE_TILES(isa)                                                                                      \
    CARAT_DECLARE_TILE(q2_k, isa)                                                                                     \
    CARAT_DECLARE_TILE(q3_k, isa)                                                                                     \
    CARAT_DECLARE_TILE(q4_k, isa)                                                                                     \
    CARAT_DECLARE_TILE(q5_k, isa)                                                                                     \
    CARAT_DECLARE_TILE(q6_k, isa)

#define CARAT_DECLARE_DOT(format, isa)                                                                                \
    void carat_dot_##format##_##isa(                                                                                  \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const void *activation, float *y);

/// The dot and tile kernels of the quantized formats, for instruction sets that take the rest from another.
#define CARAT_DECLARE_DOTS_AND_TILES(isa)                                                                             \
    CARAT_DECLARE_DOT(q8_0, isa)                                                                                      \
    CARAT_DECLARE_DOT(q2_k, isa)                                                                                      \
    CARAT_DECLARE_DOT(q3_k, isa)                                                                                      \
    CARAT_DECLARE_DOT(q4_k, isa)                                                                                      \
    CARAT_DECLARE_DOT(q5_k, isa)                                                                                      \
    CARAT_DECLARE_DOT(q6_k, isa)                                                                                      \
    CARAT_DECLARE_TILES(isa)

/// Puts the dot and tile kernels of the quantized formats into a table, in the place of all that it had.
#define CARAT_SET_DOTS_AND_TILES(table, isa_)                                                                         \
    do {                                                                                                              \
        (table).dot[CARAT_Q8_0] = carat_dot_q8_0_##isa_;                                                              \
        (table).dot[CARAT_Q2_K] = carat_dot_q2_k_##isa_;                                                              \
        (table).dot[CARAT_Q3_K] = carat_dot_q3_k_##isa_;                                                              \
        (table).dot[CARAT_Q4_K] = carat_dot_q4_k_##isa_;                                                              \
        (table).dot[CARAT_Q5_K] = carat_dot_q5_k_##isa_;                                                              \
        (table).dot[CARAT_Q6_K] = carat_dot_q6_k_##isa_;                                                              \
        (table).tile[CARAT_Q2_K] = carat_tile_q2_k_##isa_;                                                            \
        (table).tile[CARAT_Q3_K] = carat_tile_q3_k_##isa_;                                                            \
        (table).tile[CARAT_Q4_K] = carat_tile_q4_k_##isa_;                                                            \
        (table).tile[CARAT_Q5_K] = carat_tile_q5_k_##isa_;                                                            \
        (table).tile[CARAT_Q6_K] = carat_tile_q6_k_##isa_;                                                            \
        memset((table).paired_tile, 0, sizeof(table).paired_tile);                                                    \
        (table).pair256 = NULL;                                                                                       \
    } while (0)

CARAT_DECLARE_ISA(portable)
#if CARAT_HAS_AVX2
CARAT_DECLARE_ISA(avx2)
CARAT_DECLARE_TILE(q2_k, avx2)
CARAT_DECLARE_TILE(q3_k, avx2)
CARAT_DECLARE_TILE(q4_k, avx2)
CARAT_DECLARE_TILE(q5_k, avx2)
CARAT_DECLARE_TILE(q6_k, avx2)
CARAT_DECLARE_TILE(paired_q2_k, avx2)
CARAT_DECLARE_TILE(paired_q3_k, avx2)
void carat_pair256_avx2(carat_act256 *blocks, size_t count);
CARAT_DECLARE_DOTS_AND_TILES(avxvnni)
CARAT_DECLARE_DOTS_AND_TILES(avx512vnni)
#endif
#if CARAT_HAS_NEON
CARAT_DECLARE_DOTS_AND_TILES(neon)
void carat_dequantize_q2_k_neon(const void *row, size_t count, float *out);
void carat_dequantize_q3_k_neon(const void *row, size_t count, float *out);
void carat_dequantize_q4_k_neon(const void *row, size_t count, float *out);
void carat_dequantize_q5_k_neon(const void *row, size_t count, float *out);
void carat_dequantize_q6_k_neon(const void *row, size_t count, float *out);
void carat_quantize256_neon(const float *x, size_t count, carat_act256 *out);
void carat_quantize32_neon(const float *x, size_t count, carat_act32 *out);
#endif

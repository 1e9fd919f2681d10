#pragma once
// SIMD kernels of Carat, one file per weight format, behind a table that is chosen at run time by CPU feature.
//
// Every quantized kernel is exact in its integers: per super-block it forms whole sums of codes x int8 activations and
// then scales them in one fixed order of Float operations. So all instruction sets give the same bits, and a result
// does not depend on how rows and columns were shared out among threads.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Weight formats that Carat computes with.
typedef enum {
    CARAT_F32,
    CARAT_F16,
    CARAT_BF16,
    CARAT_Q8_0,
    CARAT_Q2_K,
    CARAT_Q3_K,
    CARAT_Q4_K,
    CARAT_Q5_K,
    CARAT_Q6_K,
    CARAT_FORMAT_COUNT
} carat_format;

/// 256 activations as int8 codes in [-127, 127] under one scale: the partner of the K formats.
/// `sums[i]` is the sum of codes[16*i ..< 16*i+16]. A block with a NaN or an infinity has d = NaN and codes 0.
typedef struct {
    float d;
    int16_t sums[16];
    int8_t codes[256];
} carat_act256;

/// 32 activations as int8 codes in [-127, 127] under one scale: the partner of Q8_0.
typedef struct {
    float d;
    int8_t codes[32];
} carat_act32;

/// out[i] = value of weight i of one row; `count` weights, a whole number of blocks.
typedef void (*carat_dequantize_fn)(const void *row, size_t count, float *out);

/// y[r] = row r . activation, for `row_count` rows that lie `row_bytes` apart, each `columns` weights long.
/// `activation`: carat_act256[columns/256] for K formats, carat_act32[columns/32] for Q8_0, float[columns] for the rest.
typedef void (*carat_dot_fn)(
    const void *rows, size_t row_bytes, size_t row_count, size_t columns, const void *activation, float *y);

/// The kernels of one instruction set.
typedef struct {
    const char *isa;
    carat_dequantize_fn dequantize[CARAT_FORMAT_COUNT];
    carat_dot_fn dot[CARAT_FORMAT_COUNT];

    /// `count` floats to int8 blocks; count is a multiple of the block size.
    void (*quantize256)(const float *x, size_t count, carat_act256 *out);
    void (*quantize32)(const float *x, size_t count, carat_act32 *out);
} carat_kernels;

/// Scalar C, the specification; runs everywhere.
const carat_kernels *carat_kernels_portable(void);
/// AVX2 + FMA + F16C, or NULL where this CPU or build lacks them.
const carat_kernels *carat_kernels_avx2(void);
/// The fastest table for this CPU.
const carat_kernels *carat_kernels_best(void);

static inline carat_dot_fn carat_dot(const carat_kernels *k, carat_format format) { return k->dot[format]; }
static inline carat_dequantize_fn carat_dequantize(const carat_kernels *k, carat_format format) {
    return k->dequantize[format];
}

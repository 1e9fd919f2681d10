#pragma once
// SIMD kernels of Carat, one file per weight format, behind a table that is chosen at run time by CPU feature.
//
// Every quantized kernel is exact in its integers: per super-block it forms whole sums of codes x int8 activations and
// then scales them in one fixed order of Float operations. So all instruction sets give the same bits, and a result
// does not depend on how rows and columns were shared out among threads.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

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
/// `sums[i]` is the sum of codes[16*i ..< 16*i+16]; `pair_sums[i]` is that sum in two parts: of the codes whose number
/// leaves 0 or 1 when divided by 4, and of those that leave 2 or 3. A block with a NaN or an infinity has d = NaN and
/// codes 0.
typedef struct {
    float d;
    int16_t sums[16];
    int16_t pair_sums[16][2];
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

/// y[p * y_stride + r] = row r . activation p, the same bits as `carat_dot_fn` gives, for many positions at a time.
/// `activations`: carat_act256[positions][columns/256].
typedef void (*carat_tile_fn)(
    const void *rows, size_t row_bytes, size_t row_count, size_t columns, const carat_act256 *activations,
    size_t positions, float *y, size_t y_stride);

/// One run of keys for the query heads that share a KV head: scores, softmax and weighted values of that run alone.
/// Runs are joined by `join`, always in ascending order, so that the bits do not depend on who did which.
typedef struct {
    const float *queries;  // [heads, dim], already scaled by 1/sqrt(dim)
    const void *keys;      // [count, stride] F16 or F32, rows of `dim`
    const void *values;    // likewise
    size_t heads, dim, count, stride;
    float *scores;  // scratch, [heads, count rounded up to 8]
    float *maxima;  // out, [heads]: largest score
    float *sums;    // out, [heads]: sum of exp(score - maximum)
    float *mixed;   // out, [heads, dim]: sum of exp(score - maximum) * value
} carat_attention;

/// The kernels of one instruction set.
typedef struct {
    const char *isa;
    carat_dequantize_fn _Nonnull dequantize[CARAT_FORMAT_COUNT];
    carat_dot_fn _Nonnull dot[CARAT_FORMAT_COUNT];
    carat_tile_fn _Nullable tile[CARAT_FORMAT_COUNT];  // NULL where only `dot` is there

    /// `count` floats to int8 blocks; count is a multiple of the block size.
    void (*_Nonnull quantize256)(const float *x, size_t count, carat_act256 *out);
    void (*_Nonnull quantize32)(const float *x, size_t count, carat_act32 *out);

    /// y = x / sqrt(mean(x^2) + epsilon) * weight
    void (*_Nonnull rms_norm)(const float *x, const float *weight, float epsilon, size_t count, float *y);
    /// Rotates the pairs (i, i + dim/2) of one head in place (the NEOX order).
    void (*_Nonnull rope)(float *head, const float *cosines, const float *sines, size_t dim);
    /// out = gelu(gate) * up, with the tanh form of GELU; `out` may be `gate`.
    void (*_Nonnull geglu)(const float *gate, const float *up, size_t count, float *out);
    /// y += x
    void (*_Nonnull add)(const float *x, size_t count, float *y);
    void (*_Nonnull to_f16)(const float *x, size_t count, uint16_t *out);
    void (*_Nonnull attend_f16)(const carat_attention *run);
    void (*_Nonnull attend_f32)(const carat_attention *run);
    /// Joins run `b` into run `a` (maximum, sum and mixed values of one head).
    void (*_Nonnull join)(float *max_a, float *sum_a, float *mixed_a, float max_b, float sum_b, const float *mixed_b, size_t dim);
} carat_kernels;

/// Scalar C, the specification; runs everywhere.
const carat_kernels *carat_kernels_portable(void);
/// AVX2 + FMA + F16C, or NULL where this CPU or build lacks them.
const carat_kernels *_Nullable carat_kernels_avx2(void);
/// AVX2 with quantized dots and tiles of AVX-VNNI, or NULL where this CPU or build lacks it.
const carat_kernels *_Nullable carat_kernels_avxvnni(void);
/// AVX2 with quantized dots and tiles of AVX-512-VNNI, or NULL where this CPU or build lacks it.
const carat_kernels *_Nullable carat_kernels_avx512vnni(void);
/// NEON with its dot product instructions, or NULL where this CPU or build lacks them.
const carat_kernels *_Nullable carat_kernels_neon(void);

static inline carat_dot_fn _Nonnull carat_dot(const carat_kernels *k, carat_format format) { return k->dot[format]; }
static inline carat_tile_fn _Nullable carat_tile(const carat_kernels *k, carat_format format) {
    return k->tile[format];
}
static inline carat_dequantize_fn _Nonnull carat_dequantize(const carat_kernels *k, carat_format format) {
    return k->dequantize[format];
}

#pragma clang assume_nonnull end

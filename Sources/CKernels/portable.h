#pragma once
// Scalar loops shared by the formats: a K format only says how its block unpacks, a float format how it widens.
#include "blocks.h"
#include "kernels.h"
#include <math.h>

/// One super-block of any K format, unpacked: weight i is d * scales[i / 16] * codes[i] - dmin * mins[i / 16].
///
/// Formats with one scale per 32 weights write it twice; formats without mins write dmin = 0 and mins of 0, which
/// changes no bit of a result: x - 0 and fma(-0, 0, x) are x.
typedef struct {
    float d, dmin;
    int8_t scales[16];
    uint8_t mins[16];
    int8_t codes[256];
} carat_super_block;

typedef void (*carat_unpack_fn)(const uint8_t *block, carat_super_block *out);

CARAT_INLINE void carat_dequantize_k_portable(
    carat_unpack_fn unpack, size_t block_bytes, const void *row, size_t count, float *out) {
    const uint8_t *block = row;
    carat_super_block w;
    for (size_t b = 0; b < count / CARAT_SUPER_BLOCK; b++, block += block_bytes) {
        unpack(block, &w);
        for (int g = 0; g < 16; g++) {
            const float scale = w.d * (float)w.scales[g], min = w.dmin * (float)w.mins[g];
            for (int i = 0; i < 16; i++) *out++ = scale * (float)w.codes[16 * g + i] - min;
        }
    }
}

CARAT_INLINE void carat_dot_k_portable(
    carat_unpack_fn unpack, size_t block_bytes, const void *rows, size_t row_bytes, size_t row_count, size_t columns,
    const void *activation, float *y) {
    const carat_act256 *act = activation;
    carat_super_block w;
    for (size_t r = 0; r < row_count; r++) {
        const uint8_t *block = (const uint8_t *)rows + r * row_bytes;
        float total = 0;
        for (size_t b = 0; b < columns / CARAT_SUPER_BLOCK; b++, block += block_bytes) {
            unpack(block, &w);
            int32_t products = 0, mins = 0;
            for (int g = 0; g < 16; g++) {
                int32_t sum = 0;
                for (int i = 0; i < 16; i++) sum += w.codes[16 * g + i] * act[b].codes[16 * g + i];
                products += w.scales[g] * sum;
                mins += w.mins[g] * act[b].sums[g];
            }
            const float x = fmaf(-w.dmin, (float)mins, w.d * (float)products);
            total = fmaf(x, act[b].d, total);
        }
        y[r] = total;
    }
}

/// Defines the two portable kernels of a K format from its `unpack_<format>`.
#define CARAT_PORTABLE_K(format)                                                                                      \
    void carat_dequantize_##format##_portable(const void *row, size_t count, float *out) {                            \
        carat_dequantize_k_portable(unpack_##format, sizeof(carat_block_##format), row, count, out);                  \
    }                                                                                                                 \
    void carat_dot_##format##_portable(                                                                               \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const void *activation, float *y) {     \
        carat_dot_k_portable(unpack_##format, sizeof(carat_block_##format), rows, row_bytes, row_count, columns,      \
            activation, y);                                                                                           \
    }

/// The 6-bit scales and mins of Q4_K and Q5_K, one pair per 32 weights, from 12 bytes:
/// bytes 0..3 hold scales 0..3, bytes 4..7 mins 0..3, each with two high bits of number + 4 on top; bytes 8..11 hold
/// the low nibbles of scales 4..7 (low) and of mins 4..7 (high).
CARAT_INLINE void carat_unpack_scales_mins(const uint8_t packed[12], carat_super_block *out) {
    for (int j = 0; j < 4; j++) {
        const uint8_t scale = packed[j], min = packed[4 + j], rest = packed[8 + j];
        out->scales[2 * j] = out->scales[2 * j + 1] = scale & 63;
        out->mins[2 * j] = out->mins[2 * j + 1] = min & 63;
        out->scales[8 + 2 * j] = out->scales[9 + 2 * j] = (int8_t)((rest & 15) | (scale >> 6) << 4);
        out->mins[8 + 2 * j] = out->mins[9 + 2 * j] = (uint8_t)((rest >> 4) | (min >> 6) << 4);
    }
}

/// Float dots keep 32 partial sums, sum i over columns i, i + 32, …, then fold the halves onto each other. Products
/// are rounded before they are added: without a fused instruction the same order costs nothing in plain C, and rows
/// are bound by memory anyway.
enum { CARAT_LANES = 32 };

/// Adds the last columns (fewer than 32) of a row to the partial sums.
CARAT_INLINE void carat_add_lanes(float lanes[CARAT_LANES], const float *w, const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) lanes[i] += w[i] * x[i];
}

CARAT_INLINE float carat_fold_lanes(float lanes[CARAT_LANES]) {
    for (int width = CARAT_LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++) lanes[i] += lanes[i + width];
    return lanes[0];
}

CARAT_INLINE void carat_dot_float_portable(
    carat_dequantize_fn widen, size_t weight_bytes, const void *rows, size_t row_bytes, size_t row_count,
    size_t columns, const float *x, float *y) {
    float w[CARAT_LANES];
    for (size_t r = 0; r < row_count; r++) {
        const uint8_t *row = (const uint8_t *)rows + r * row_bytes;
        float lanes[CARAT_LANES] = {0};
        size_t i = 0;
        for (; i + CARAT_LANES <= columns; i += CARAT_LANES) {
            widen(row + i * weight_bytes, CARAT_LANES, w);
            carat_add_lanes(lanes, w, x + i, CARAT_LANES);
        }
        widen(row + i * weight_bytes, columns - i, w);
        carat_add_lanes(lanes, w, x + i, columns - i);
        y[r] = carat_fold_lanes(lanes);
    }
}

/// Defines the portable dot of a float format from its dequantize.
#define CARAT_PORTABLE_FLOAT_DOT(format, weight_bytes)                                                                \
    void carat_dot_##format##_portable(                                                                               \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const void *activation, float *y) {     \
        carat_dot_float_portable(carat_dequantize_##format##_portable, weight_bytes, rows, row_bytes, row_count,      \
            columns, activation, y);                                                                                  \
    }

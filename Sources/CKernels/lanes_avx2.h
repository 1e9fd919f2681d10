#pragma once
// The float dot of portable.h with its 32 partial sums in four registers: same products, same order, same bits.
#include "avx2.h"
#include "portable.h"

#if CARAT_HAS_AVX2
/// 8 weights as floats.
typedef __m256 (*carat_load8_fn)(const uint8_t *weights);

CARAT_AVX2_INLINE void carat_dot_float_avx2(
    carat_load8_fn load, carat_dequantize_fn widen, size_t weight_bytes, const void *rows, size_t row_bytes,
    size_t row_count, size_t columns, const float *x, float *y) {
    for (size_t r = 0; r < row_count; r++) {
        const uint8_t *row = (const uint8_t *)rows + r * row_bytes;
        __m256 sum[4];
        for (int i = 0; i < 4; i++) sum[i] = _mm256_setzero_ps();
        size_t k = 0;
        for (; k + CARAT_LANES <= columns; k += CARAT_LANES)
            for (size_t i = 0; i < 4; i++) {
                const __m256 w = load(row + (k + 8 * i) * weight_bytes);
                sum[i] = _mm256_add_ps(sum[i], _mm256_mul_ps(w, _mm256_loadu_ps(x + k + 8 * i)));
            }
        float lanes[CARAT_LANES], last[CARAT_LANES];
        for (int i = 0; i < 4; i++) _mm256_storeu_ps(lanes + 8 * i, sum[i]);
        if (k < columns) {
            widen(row + k * weight_bytes, columns - k, last);
            carat_add_lanes(lanes, last, x + k, columns - k);
        }
        y[r] = carat_fold_lanes(lanes);
    }
}

/// Defines the AVX2 dot and dequantize of a float format from its `load8_<format>`.
#define CARAT_AVX2_FLOAT(format, weight_bytes)                                                                        \
    CARAT_AVX2 void carat_dot_##format##_avx2(                                                                        \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const void *activation, float *y) {     \
        carat_dot_float_avx2(load8_##format, carat_dequantize_##format##_portable, weight_bytes, rows, row_bytes,     \
            row_count, columns, activation, y);                                                                       \
    }                                                                                                                 \
    CARAT_AVX2 void carat_dequantize_##format##_avx2(const void *row, size_t count, float *out) {                     \
        const uint8_t *weights = row;                                                                                 \
        size_t i = 0;                                                                                                 \
        for (; i + 8 <= count; i += 8) _mm256_storeu_ps(out + i, load8_##format(weights + i * weight_bytes));         \
        carat_dequantize_##format##_portable(weights + i * weight_bytes, count - i, out + i);                         \
    }
#endif

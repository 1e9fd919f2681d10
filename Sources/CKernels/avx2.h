#pragma once
// What the AVX2 kernels share: four weight rows go together, so that loads of activations, the horizontal sums and the
// Float step are paid once per four rows.
#include "blocks.h"
#include "kernels.h"

#if CARAT_HAS_AVX2
#include <immintrin.h>

#define CARAT_AVX2_INLINE CARAT_AVX2 CARAT_INLINE

/// Half of it leaves a core waiting where memory gives it 40 GB/s; twice of it is more than a core keeps in flight.
enum { CARAT_PREFETCH_BYTES = 2048 };

/// Four weight rows that go together: the same row of each quarter of the rows. Each quarter is then one long upward
/// stream of memory, which the hardware's prefetcher can follow; four neighbouring rows would be four short ones.
typedef struct {
    const uint8_t *block[4];
    size_t quarter, row_count;
} carat_four_rows;

CARAT_INLINE carat_four_rows carat_quarter_rows(size_t row_count) {
    return (carat_four_rows){.quarter = (row_count + 3) / 4, .row_count = row_count};
}

/// Sets the rows number `r` of the quarters; past the last row, the last one again, whose result is then dropped.
CARAT_INLINE void carat_select_rows(carat_four_rows *four, const void *rows, size_t row_bytes, size_t r) {
    for (size_t i = 0; i < 4; i++) {
        const size_t row = i * four->quarter + r;
        four->block[i] = (const uint8_t *)rows + (row < four->row_count ? row : four->row_count - 1) * row_bytes;
    }
}

CARAT_AVX2_INLINE void carat_store_four(const carat_four_rows *four, float *y, size_t r, __m128 total) {
    float values[4];
    _mm_storeu_ps(values, total);
    for (size_t i = 0; i < 4; i++) {
        const size_t row = i * four->quarter + r;
        if (row < four->row_count) y[row] = values[i];
    }
}

CARAT_AVX2_INLINE __m256i carat_load(const void *p) { return _mm256_loadu_si256(p); }
CARAT_AVX2_INLINE __m256i carat_both_lanes(__m128i x) { return _mm256_broadcastsi128_si256(x); }

/// The sums of the eight int32 of each of four vectors.
CARAT_AVX2_INLINE __m128i carat_fold_four(const __m256i v[4]) {
    const __m256i sums = _mm256_hadd_epi32(_mm256_hadd_epi32(v[0], v[1]), _mm256_hadd_epi32(v[2], v[3]));
    return _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
}

/// Asks for the `bytes` a little further up the stream: while a kernel computes, it does not look far enough ahead for
/// the hardware alone to keep memory busy. A prefetch never faults, so asking past the last row is allowed.
CARAT_AVX2_INLINE void carat_prefetch_at(const uint8_t *block, size_t distance, size_t bytes) {
    const uintptr_t ahead = (uintptr_t)block + distance;
    for (size_t line = 0; line < bytes; line += 64) _mm_prefetch((const char *)(ahead + line), _MM_HINT_T0);
}

CARAT_AVX2_INLINE void carat_prefetch(const uint8_t *block, size_t bytes) {
    carat_prefetch_at(block, CARAT_PREFETCH_BYTES, bytes);
}

/// Four rows of one super-block: their exact sums and their scales.
typedef struct {
    __m256i products[4];  // per row: eight int32 whose sum is sum(scale * code * activation)
    __m128i mins;         // per row: sum(min * activation sum)
    __m128 d, dmin;
} carat_four_blocks;

/// The half floats at `offset` of four blocks. Reads these two bytes only: in some formats they are a row's last.
CARAT_AVX2_INLINE __m128 carat_four_deltas(const uint8_t *const block[4], size_t offset) {
    uint16_t d[4];
    for (int i = 0; i < 4; i++) memcpy(&d[i], block[i] + offset, sizeof d[i]);
    return _mm_cvtph_ps(_mm_setr_epi16((short)d[0], (short)d[1], (short)d[2], (short)d[3], 0, 0, 0, 0));
}

typedef void (*carat_four_blocks_fn)(const uint8_t *const block[4], const carat_act256 *act, carat_four_blocks *out);

CARAT_AVX2_INLINE void carat_dot_k_avx2(
    carat_four_blocks_fn multiply, bool has_mins, size_t block_bytes, const void *rows, size_t row_bytes,
    size_t row_count, size_t columns, const carat_act256 *act, float *y) {
    carat_four_rows four = carat_quarter_rows(row_count);
    carat_four_blocks w;
    for (size_t r = 0; r < four.quarter; r++) {
        carat_select_rows(&four, rows, row_bytes, r);
        __m128 total = _mm_setzero_ps();
        for (size_t b = 0; b < columns / CARAT_SUPER_BLOCK; b++) {
            for (int i = 0; i < 4; i++) carat_prefetch(four.block[i], block_bytes);
            multiply(four.block, act + b, &w);
            __m128 x = _mm_mul_ps(w.d, _mm_cvtepi32_ps(carat_fold_four(w.products)));
            if (has_mins) x = _mm_fnmadd_ps(w.dmin, _mm_cvtepi32_ps(w.mins), x);
            total = _mm_fmadd_ps(x, _mm_set1_ps(act[b].d), total);
            for (int i = 0; i < 4; i++) four.block[i] += block_bytes;
        }
        carat_store_four(&four, y, r, total);
    }
}

/// Defines the AVX2 dot of a K format from its `multiply_<format>`.
#define CARAT_AVX2_K_DOT(format, has_mins)                                                                            \
    CARAT_AVX2 void carat_dot_##format##_avx2(                                                                        \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const void *activation, float *y) {     \
        carat_dot_k_avx2(multiply_##format, has_mins, sizeof(carat_block_##format), rows, row_bytes, row_count,       \
            columns, activation, y);                                                                                  \
    }

/// Scale number `s` of both lanes' bytes as 16-bit integers in all places: `_mm256_shuffle_epi8(bytes, this)`.
#define CARAT_SPREAD(s) _mm256_set1_epi16((short)(0x8000 | (s)))
/// The same with number `lo` in the lower lane and `hi` in the upper.
#define CARAT_SPREAD_PAIR(lo, hi)                                                                                     \
    _mm256_setr_m128i(_mm_set1_epi16((short)(0x8000 | (lo))), _mm_set1_epi16((short)(0x8000 | (hi))))

/// The same for scales that are 16-bit integers already.
#define CARAT_SPREAD_WIDE_PAIR(lo, hi)                                                                                \
    _mm256_setr_m128i(                                                                                                \
        _mm_set1_epi16((short)((2 * (lo) + 1) << 8 | 2 * (lo))),                                                      \
        _mm_set1_epi16((short)((2 * (hi) + 1) << 8 | 2 * (hi))))

CARAT_AVX2_INLINE float carat_float_from_half_avx2(uint16_t half) {
    return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(half)));
}

/// out[g] = d * bytes[g]
CARAT_AVX2_INLINE void carat_scale16(__m128i bytes, float d, float out[16]) {
    const __m256 scale = _mm256_set1_ps(d);
    const __m128i upper = _mm_unpackhi_epi64(bytes, bytes);
    _mm256_storeu_ps(out, _mm256_mul_ps(scale, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes))));
    _mm256_storeu_ps(out + 8, _mm256_mul_ps(scale, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(upper))));
}

/// out[i] = scale * code i - min for 8 codes, with the Float operations of the specification.
CARAT_AVX2_INLINE void carat_store8(float *out, __m256i codes, __m256 scale, __m256 min) {
    _mm256_storeu_ps(out, _mm256_sub_ps(_mm256_mul_ps(scale, _mm256_cvtepi32_ps(codes)), min));
}

/// The same for 16 codes that are bytes.
CARAT_AVX2_INLINE void carat_store16(float *out, __m128i codes, __m256 scale, __m256 min) {
    carat_store8(out, _mm256_cvtepi8_epi32(codes), scale, min);
    carat_store8(out + 8, _mm256_cvtepi8_epi32(_mm_unpackhi_epi64(codes, codes)), scale, min);
}

/// out[i] = scales[i / 16] * code i for 32 codes that are bytes.
CARAT_AVX2_INLINE void carat_store32(float *out, __m256i codes, const float scales[2]) {
    const __m256 zero = _mm256_setzero_ps();  // x - 0 is x: the compiler may drop it
    carat_store16(out, _mm256_castsi256_si128(codes), _mm256_set1_ps(scales[0]), zero);
    carat_store16(out + 16, _mm256_extracti128_si256(codes, 1), _mm256_set1_ps(scales[1]), zero);
}
#endif

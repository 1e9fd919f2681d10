#pragma once
// What the dots of AVX-512-VNNI share: 64 codes of a row meet 64 activations in one vpdpbusd. Four rows go together, as
// in the AVX2 dots.
//
// Codes are loaded 64 bytes at a time: to broadcast 32 would cost a shuffle each. So a vector of codes has 32 columns
// of one place and 32 of another, and activations are brought into the same order once for four rows.
#include "avx2.h"
#include "panel_avx512.h"

#if CARAT_HAS_AVX2
/// sum += pairs of 16-bit products. Pinned: clang would take a product and a sum, to have a shorter chain.
#define CARAT_ADD_WORDS(sum, a, b) __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b))

/// 16 bytes of each of four rows, a lane per row.
CARAT_AVX512_INLINE __m512i carat_load_lanes(const uint8_t *const block[4], size_t offset) {
    __m128i row[4];
    for (int r = 0; r < 4; r++) row[r] = _mm_loadu_si128((const void *)(block[r] + offset));
    const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(row[0]), row[1], 1);
    const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(row[2]), row[3], 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

CARAT_AVX512_INLINE __m512i carat_all_lanes(__m128i x) { return _mm512_broadcast_i32x4(x); }

/// The first word of each lane.
CARAT_AVX512_INLINE __m128i carat_first_words(__m512i x) {
    const __m512i first = _mm512_setr_epi32(0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
    return _mm512_castsi512_si128(_mm512_permutexvar_epi32(first, x));
}

/// Per lane: the sum of its four words.
CARAT_AVX512_INLINE __m128i carat_fold_lanes_wide(__m512i x) {
    const __m512i pairs = _mm512_add_epi32(x, _mm512_shuffle_epi32(x, 0x4e));
    return carat_first_words(_mm512_add_epi32(pairs, _mm512_shuffle_epi32(pairs, 0xb1)));
}

/// d and dmin of four rows, side by side in the words.
CARAT_AVX512_INLINE void carat_split_deltas(__m128i words, __m128 *d, __m128 *dmin) {
    const __m256 deltas = _mm256_cvtph_ps(
        _mm_shuffle_epi8(words, _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15)));
    *d = _mm256_castps256_ps128(deltas);
    *dmin = _mm256_extractf128_ps(deltas, 1);
}

/// The products of a super-block of four rows, in Float, without the scale of the activations. `how`: what is told to
/// it of the format; both are constants and inlined.
typedef __m128 (*carat_four_blocks_wide_fn)(const void *how, const uint8_t *const block[4], const carat_act256 *act);

CARAT_AVX512_INLINE void carat_dot_rows_avx512(
    carat_four_blocks_wide_fn multiply, const void *how, size_t block_bytes, const void *rows, size_t row_bytes,
    size_t row_count, size_t columns, const carat_act256 *act, float *y) {
    carat_four_rows four = carat_quarter_rows(row_count);
    if (row_count == 0) return;
    carat_select_rows(&four, rows, row_bytes, 0);
    for (int i = 0; i < 4; i++) carat_prefetch_at(four.block[i], 0, CARAT_PREFETCH_BYTES);
    for (size_t r = 0; r < four.quarter; r++) {
        carat_select_rows(&four, rows, row_bytes, r);
        __m128 total = _mm_setzero_ps();
        for (size_t b = 0; b < columns / CARAT_SUPER_BLOCK; b++) {
            for (int i = 0; i < 4; i++) carat_prefetch(four.block[i], block_bytes);
            total = _mm_fmadd_ps(multiply(how, four.block, act + b), _mm_set1_ps(act[b].d), total);
            for (int i = 0; i < 4; i++) four.block[i] += block_bytes;
        }
        carat_store_four(&four, y, r, total);
    }
}

/// The products of four rows, scaled: d * products - dmin * mins.
CARAT_AVX512_INLINE __m128 carat_scale_four(__m128 d, __m128i products, __m128 dmin, __m128i mins) {
    return _mm_fnmadd_ps(dmin, _mm_cvtepi32_ps(mins), _mm_mul_ps(d, _mm_cvtepi32_ps(products)));
}

/// 64 codes of activations: 32 from a place and 32 from another.
CARAT_AVX512_INLINE __m512i carat_load_two(const int8_t *first, const int8_t *second) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(carat_load(first)), carat_load(second), 1);
}

/// Defines the AVX-512 dot of a format from `multiply` and what it is told.
#define CARAT_AVX512_DOT(format, multiply, type, ...)                                                                 \
    CARAT_AVX512VNNI CARAT_ALIGNED void carat_dot_##format##_avx512vnni(                                              \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const void *activation, float *y) {     \
        const type how = __VA_ARGS__;                                                                                 \
        carat_dot_rows_avx512(                                                                                        \
            multiply, &how, sizeof(carat_block_##format), rows, row_bytes, row_count, columns, activation, y);        \
    }
#endif

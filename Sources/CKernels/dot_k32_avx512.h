#pragma once
// One position at a time with AVX-512-VNNI, for the formats with groups of 32, Q4_K and Q5_K, which share a head.
//
// A byte holds weights that lie 32 apart: so vectors of codes have columns that lie 64 apart.
#include "dot_avx512.h"

#if CARAT_HAS_AVX2
/// How a format is read.
typedef struct {
    int odd_shift;  // codes of vectors 1 and 3 are 1 << odd_shift times too large
    /// Four vectors of codes of a row; inlined.
    void (*codes)(const uint8_t *block, __m512i codes[4]);
} carat_k32_format;

/// What a super-block of four rows has besides its codes.
typedef struct {
    __m512i scales;  // a lane per row: 8 of 16 bits
    __m128i mins;    // per row: sum(min * activation sum)
    __m128 d, dmin;
} carat_k32_head;

/// The sums of the sixteen int32 of each of four vectors.
CARAT_AVX512_INLINE __m128i carat_fold_four_wide(const __m512i v[4]) {
    const __m512i a = _mm512_add_epi32(_mm512_unpacklo_epi32(v[0], v[1]), _mm512_unpackhi_epi32(v[0], v[1]));
    const __m512i b = _mm512_add_epi32(_mm512_unpacklo_epi32(v[2], v[3]), _mm512_unpackhi_epi32(v[2], v[3]));
    const __m512i c = _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    const __m256i d = _mm256_add_epi32(_mm512_castsi512_si256(c), _mm512_extracti64x4_epi64(c, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(d), _mm256_extracti128_si256(d, 1));
}

/// The head, whose scales and mins lie as `carat_unpack_scales_mins` tells.
CARAT_AVX512_INLINE void carat_read_k32(
    const uint8_t *const block[4], const carat_act256 *act, carat_k32_head *out) {
    const __m512i head = carat_load_lanes(block, 0);
    // words 1, 3, 2, 3 hold the lower parts of scales 0-3 and 4-7, mins 0-3 and 4-7; words 1 and 2 the upper ones
    const __m512i low = _mm512_srlv_epi32(
        _mm512_shuffle_epi32(head, 0xed), carat_all_lanes(_mm_setr_epi32(0, 0, 0, 4)));
    const __m512i mask = carat_all_lanes(_mm_setr_epi32(0x3f3f3f3f, 0x0f0f0f0f, 0x3f3f3f3f, 0x0f0f0f0f));
    const __m512i upper = carat_all_lanes(_mm_setr_epi32(0, 0x30303030, 0, 0x30303030));
    const __m512i top = _mm512_srli_epi32(_mm512_shuffle_epi32(head, 0xa5), 2);
    const __m512i bytes = _mm512_ternarylogic_epi64(_mm512_and_si512(low, mask), top, upper, 0xf8);
    out->scales = _mm512_unpacklo_epi8(bytes, _mm512_setzero_si512());
    const __m512i mins = _mm512_unpackhi_epi8(bytes, _mm512_setzero_si512());
    const __m512i sums = carat_all_lanes(_mm_loadu_si128((const void *)act->sums32));
    out->mins = carat_fold_lanes_wide(_mm512_madd_epi16(mins, sums));
    carat_split_deltas(carat_first_words(head), &out->d, &out->dmin);
}

/// Numbers of 16-bit words that come to lie side by side: a pair for each 128-bit lane.
CARAT_AVX512_INLINE __m512i carat_word_pairs(const int first[4], const int second[4]) {
    __m128i lane[4];
    for (int i = 0; i < 4; i++) lane[i] = _mm_set1_epi32(first[i] | second[i] << 16);
    return _mm512_inserti64x4(
        _mm512_castsi256_si512(_mm256_setr_m128i(lane[0], lane[1])), _mm256_setr_m128i(lane[2], lane[3]), 1);
}

/// Scales of vectors 2 * i and 2 * i + 1 of a row, in the lower and upper word of each lane.
CARAT_AVX512_INLINE __m512i carat_k32_scales(const carat_k32_head *head, int row, int i) {
    const int g = 8 * row + 4 * i;
    const __m512i number =
        carat_word_pairs((const int[]){g, g, g + 2, g + 2}, (const int[]){g + 1, g + 1, g + 3, g + 3});
    return _mm512_permutexvar_epi16(number, head->scales);
}

/// The products of one row's block, over the lanes.
CARAT_AVX512_INLINE __m512i carat_multiply_row(
    const carat_k32_format *f, const uint8_t *block, const carat_k32_head *head, int row, const __m512i x[4]) {
    __m512i codes[4], sum = _mm512_setzero_si512();
    f->codes(block, codes);
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i += 2) {
        // sums of four are 4 * 31 * 127 = 15,748 at most: they fit 16 bits
        const __m512i even = _mm512_dpbusd_epi32(_mm512_setzero_si512(), codes[i], x[i]);
        const __m512i odd = _mm512_dpbusd_epi32(_mm512_setzero_si512(), codes[i + 1], x[i + 1]);
        const __m512i both =
            _mm512_mask_blend_epi16(0xaaaaaaaa, even, _mm512_slli_epi32(odd, (unsigned)(16 - f->odd_shift)));
        CARAT_ADD_WORDS(sum, both, carat_k32_scales(head, row, i / 2));
    }
    return sum;
}

CARAT_AVX512_INLINE __m128 carat_multiply_k32(
    const void *how, const uint8_t *const block[4], const carat_act256 *act) {
    carat_k32_head head;
    __m512i x[4], products[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
        const int8_t *from = act->codes + 128 * (i / 2) + 32 * (i % 2);
        x[i] = carat_load_two(from, from + 64);
    }
    carat_read_k32(block, act, &head);
#pragma clang loop unroll(full)
    for (int row = 0; row < 4; row++) {
        // Row by row, by statements that stay in order: mixed, rows need more registers than there are.
        const uint8_t *here = block[row];
        __asm__ volatile("" : "+r"(here));
        products[row] = carat_multiply_row(how, here, &head, row, x);
        __asm__ volatile("" : "+v"(products[row]));
    }
    return carat_scale_four(head.d, carat_fold_four_wide(products), head.dmin, head.mins);
}
#endif

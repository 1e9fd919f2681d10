#pragma once
// One position at a time with AVX-512-VNNI, for formats with groups of 16: Q2_K, Q3_K, Q6_K.
//
// A vector of codes has 32 columns of one plane in each half of a super-block, so each lane is one group. Sums of four
// columns of two rows are packed to 16 bits and meet the scales of both in one vpdpwssd.
#include "dot_avx512.h"

#if CARAT_HAS_AVX2
/// What a super-block of four rows has besides its codes: a lane per row.
typedef struct {
    __m512i scales[2];  // 16 bits each, of the first and of the second half
    __m512i mins[2];    // likewise; formats without: the scales
    __m128 d, dmin;
} carat_k16_head;

/// How a format is read. All functions are inlined.
typedef struct {
    bool has_mins;
    int offset;     // what makes the codes unsigned
    int odd_shift;  // codes of planes 1 and 3 are 1 << odd_shift times too large
    void (*read)(const uint8_t *const block[4], carat_k16_head *out);
    /// Four vectors of codes of a row, a plane each.
    void (*codes)(const uint8_t *block, __m512i codes[4]);
} carat_k16_format;

/// Scales of rows `row` and `row` + 1: each lane has those of its four groups in the one, then in the other.
CARAT_AVX512_INLINE __m512i carat_k16_scales(const __m512i scales[2], int row) {
    __m128i lane[4];
    for (int i = 0; i < 4; i++) {
        const int first = 32 * (i / 2) + 8 * row + i % 2, pair = (first + 2) << 16 | first;
        lane[i] = _mm_setr_epi32(pair, pair + 0x00040004, pair + 0x00080008, pair + 0x000c000c);
    }
    const __m512i number = _mm512_inserti64x4(
        _mm512_castsi256_si512(_mm256_setr_m128i(lane[0], lane[1])), _mm256_setr_m128i(lane[2], lane[3]), 1);
    return _mm512_permutex2var_epi16(scales[0], number, scales[1]);
}

/// Words `plane` and 4 + `plane` of each lane, four times each. Pinned: clang would take two shuffles.
CARAT_AVX512_INLINE __m512i carat_k16_spread(__m512i scales, int plane) {
    const int first = 0x01000100 + 0x02020202 * plane, second = first + 0x08080808;
    const __m512i number = carat_all_lanes(_mm_setr_epi32(first, first, second, second));
    __m512i spread;
    __asm__("vpshufb %2, %1, %0" : "=v"(spread) : "v"(scales), "v"(number));
    return spread;
}

/// Per row: the sum of two vectors' words; rows 0 and 1 of the first vector lie in the halves of its lanes, 2 and 3 in
/// those of the second.
CARAT_AVX512_INLINE __m128i carat_fold_pairs(const __m512i sums[2]) {
    const __m512 a = _mm512_castsi512_ps(sums[0]), b = _mm512_castsi512_ps(sums[1]);
    const __m512i c = _mm512_add_epi32(
        _mm512_castps_si512(_mm512_shuffle_ps(a, b, 0x88)), _mm512_castps_si512(_mm512_shuffle_ps(a, b, 0xdd)));
    const __m256i d = _mm256_add_epi32(_mm512_castsi512_si256(c), _mm512_extracti64x4_epi64(c, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(d), _mm256_extracti128_si256(d, 1));
}

/// The products of two rows' blocks, as `carat_fold_pairs` takes them.
CARAT_AVX512_INLINE __m512i carat_multiply_pair(
    const carat_k16_format *f, const uint8_t *const block[2], __m512i scales, const __m512i x[4]) {
    const __m512i large = _mm512_slli_epi16(scales, (unsigned)f->odd_shift);
    __m512i products[2][4], sum = _mm512_setzero_si512();
#pragma clang loop unroll(full)
    for (int row = 0; row < 2; row++) {
        // Row by row, by a statement that stays in order: mixed, rows need more registers than there are.
        const uint8_t *here = block[row];
        __asm__ volatile("" : "+r"(here));
        __m512i codes[4];
        f->codes(here, codes);
#pragma clang loop unroll(full)
        for (int plane = 0; plane < 4; plane++)
            products[row][plane] = _mm512_dpbusd_epi32(_mm512_setzero_si512(), codes[plane], x[plane]);
    }
    // sums of four are 4 * 63 * 127 = 32,004 at most: they fit 16 bits
#pragma clang loop unroll(full)
    for (int plane = 0; plane < 4; plane++)
        CARAT_ADD_WORDS(
            sum, _mm512_packs_epi32(products[0][plane], products[1][plane]),
            carat_k16_spread(plane % 2 == 0 ? large : scales, plane));
    __asm__ volatile("" : "+v"(sum));
    return sum;
}

CARAT_AVX512_INLINE __m128 carat_multiply_k16(
    const void *how, const uint8_t *const block[4], const carat_act256 *act) {
    const carat_k16_format *f = how;
    carat_k16_head head;
    __m512i x[4], sums[2];
    f->read(block, &head);
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) x[i] = carat_load_two(act->codes + 32 * i, act->codes + 128 + 32 * i);
    __m512i others = _mm512_madd_epi16(head.mins[0], carat_all_lanes(_mm_loadu_si128((const void *)act->sums)));
    CARAT_ADD_WORDS(others, head.mins[1], carat_all_lanes(_mm_loadu_si128((const void *)(act->sums + 8))));
#pragma clang loop unroll(full)
    for (int pair = 0; pair < 2; pair++)
        sums[pair] = carat_multiply_pair(f, block + 2 * pair, carat_k16_scales(head.scales, 2 * pair), x);
    const __m128i products = _mm_srai_epi32(carat_fold_pairs(sums), f->odd_shift);
    const __m128i mins = carat_fold_lanes_wide(others);
    if (f->has_mins) return carat_scale_four(head.d, products, head.dmin, mins);
    const __m128i offset = _mm_mullo_epi32(mins, _mm_set1_epi32(f->offset));
    return _mm_mul_ps(head.d, _mm_cvtepi32_ps(_mm_sub_epi32(products, offset)));
}

/// `scales` as bytes with a sign, for formats without mins.
CARAT_AVX512_INLINE void carat_k16_signed_scales(__m512i scales, carat_k16_head *out) {
    out->mins[0] = out->scales[0] = _mm512_srai_epi16(_mm512_unpacklo_epi8(scales, scales), 8);
    out->mins[1] = out->scales[1] = _mm512_srai_epi16(_mm512_unpackhi_epi8(scales, scales), 8);
}
#endif

#pragma once
// The common head of Q4_K and Q5_K blocks (d, dmin, and 12 bytes of scales and mins) for four rows at a time.
#include "few_avx2.h"

#if CARAT_HAS_AVX2
typedef struct {
    __m256i scales[4];  // per row: its 8 scales as bytes; rows 0 and 2 in bytes 0..7 of each lane, 1 and 3 in 8..15
    __m256i mins[2];    // per row: mins of groups 0..<4 and of 4..<8, 16 bits each
    __m128 d, dmin;
} carat_four_heads;

CARAT_AVX2_INLINE carat_four_heads carat_read_heads(const uint8_t *const block[4]) {
    carat_four_heads out;
    // 16 bytes a row are 4 words: d and dmin, scales, mins, rest. Transposed: a vector per word, a lane per row.
    const __m128i h0 = _mm_loadu_si128((const void *)block[0]), h1 = _mm_loadu_si128((const void *)block[1]);
    const __m128i h2 = _mm_loadu_si128((const void *)block[2]), h3 = _mm_loadu_si128((const void *)block[3]);
    const __m128i a = _mm_unpacklo_epi32(h0, h1), b = _mm_unpacklo_epi32(h2, h3);
    const __m128i c = _mm_unpackhi_epi32(h0, h1), e = _mm_unpackhi_epi32(h2, h3);
    const __m128i deltas = _mm_unpacklo_epi64(a, b), scales = _mm_unpackhi_epi64(a, b);
    const __m128i mins = _mm_unpacklo_epi64(c, e), rest = _mm_unpackhi_epi64(c, e);

    const __m128i halves = _mm_packus_epi32(
        _mm_and_si128(deltas, _mm_set1_epi32(0xffff)), _mm_srli_epi32(deltas, 16));
    const __m256 d = _mm256_cvtph_ps(halves);
    out.d = _mm256_castps256_ps128(d);
    out.dmin = _mm256_extractf128_ps(d, 1);

    const __m128i six = _mm_set1_epi8(63), low = _mm_set1_epi8(15), high = _mm_set1_epi8(48);
    const __m128i scales0 = _mm_and_si128(scales, six), mins0 = _mm_and_si128(mins, six);
    const __m128i scales4 = _mm_or_si128(_mm_and_si128(rest, low), _mm_and_si128(_mm_srli_epi16(scales, 2), high));
    const __m128i mins4 = _mm_or_si128(
        _mm_and_si128(_mm_srli_epi16(rest, 4), low), _mm_and_si128(_mm_srli_epi16(mins, 2), high));

    const __m256i rows01 = carat_both_lanes(_mm_unpacklo_epi32(scales0, scales4));
    const __m256i rows23 = carat_both_lanes(_mm_unpackhi_epi32(scales0, scales4));
    out.scales[0] = out.scales[1] = rows01;
    out.scales[2] = out.scales[3] = rows23;

    out.mins[0] = _mm256_cvtepu8_epi16(mins0);
    out.mins[1] = _mm256_cvtepu8_epi16(mins4);
    return out;
}

/// Per row: sum(min * activation sum).
///
/// - `sums16`: of 16 activations each.
CARAT_AVX2_INLINE __m128i carat_multiply_mins(const __m256i mins[2], __m256i sums16) {
    // Sums of 32 activations, 4 in each lane twice; then 4 mins of each row against the same 4 sums.
    const __m256i sums = _mm256_hadd_epi16(sums16, sums16);
    const __m256i sums0 = _mm256_permute4x64_epi64(sums, 0x00), sums4 = _mm256_permute4x64_epi64(sums, 0xaa);
    const __m256i pairs = _mm256_add_epi32(_mm256_madd_epi16(mins[0], sums0), _mm256_madd_epi16(mins[1], sums4));
    return _mm_hadd_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
}

CARAT_AVX2_INLINE void carat_few_read_heads(const uint8_t *const block[4], carat_few_head *out) {
    const carat_four_heads head = carat_read_heads(block);
    for (int i = 0; i < 4; i++) out->scales[i][0] = head.scales[i];
    out->mins[0] = head.mins[0];
    out->mins[1] = head.mins[1];
    out->d = head.d;
    out->dmin = head.dmin;
}

CARAT_AVX2_INLINE __m256i carat_few_head_scale(const carat_few_head *head, int row, int step) {
    const __m256i number = _mm256_set1_epi16((short)(0x8000 | (8 * (row % 2) + step)));
    return _mm256_shuffle_epi8(head->scales[row][0], number);
}

CARAT_AVX2_INLINE __m128i carat_few_head_mins(const carat_few_head *head, __m256i sums) {
    return carat_multiply_mins(head->mins, sums);
}

/// d * scale and dmin * min of the 8 groups of one block, in this order.
CARAT_AVX2_INLINE void carat_read_scales(const uint8_t *block, float scales[8], float mins[8]) {
    uint32_t word[4];
    memcpy(word, block, sizeof word);
    const uint64_t scale_bytes = (word[1] & 0x3f3f3f3f) |
        (uint64_t)((word[3] & 0x0f0f0f0f) | ((word[1] >> 2) & 0x30303030)) << 32;
    const uint64_t min_bytes = (word[2] & 0x3f3f3f3f) |
        (uint64_t)(((word[3] >> 4) & 0x0f0f0f0f) | ((word[2] >> 2) & 0x30303030)) << 32;
    const __m128 d = _mm_cvtph_ps(_mm_cvtsi32_si128((int)word[0]));
    const __m256 scale = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)scale_bytes)));
    const __m256 min = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)min_bytes)));
    _mm256_storeu_ps(scales, _mm256_mul_ps(_mm256_broadcastss_ps(d), scale));
    _mm256_storeu_ps(mins, _mm256_mul_ps(_mm256_broadcastss_ps(_mm_movehdup_ps(d)), min));
}
#endif

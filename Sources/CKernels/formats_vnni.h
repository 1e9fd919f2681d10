#pragma once
// How each K format's block gives its codes and scales to the AVX-VNNI kernels, which are the same for all formats.
#include "avx2.h"

#if CARAT_HAS_AVX2
/// Codes 32 * i ..< 32 * i + 32 of a block, made unsigned by the format's offset.
typedef __m256i (*carat_codes32_fn)(const uint8_t *block, int i);
/// The 16 scales of a block as 16-bit integers, one per group of 16 weights; and the 16 mins in formats with mins.
typedef void (*carat_scales16_fn)(const uint8_t *block, __m256i *scales, __m256i *mins);

typedef struct {
    carat_codes32_fn codes;
    carat_scales16_fn scales;
    size_t block_bytes, d, dmin;  // of d and dmin: where they lie in a block
    int offset;                   // what was added to the codes
    bool has_mins;
    int run;  // how many times 4 products of code and activation can be summed within 16 bits: 1, 2, 4; 0 if not
} carat_vnni_format;

CARAT_AVX2_INLINE __m256i codes_q2_k(const uint8_t *block, int i) {
    const __m256i packed = carat_load(block + offsetof(carat_block_q2_k, codes) + 32 * (i / 4));
    return _mm256_and_si256(_mm256_srli_epi16(packed, 2 * (i % 4)), _mm256_set1_epi8(3));
}

CARAT_AVX2_INLINE void scales_q2_k(const uint8_t *block, __m256i *scales, __m256i *mins) {
    const __m128i packed = _mm_loadu_si128((const void *)block), low = _mm_set1_epi8(15);
    *scales = _mm256_cvtepu8_epi16(_mm_and_si128(packed, low));
    *mins = _mm256_cvtepu8_epi16(_mm_and_si128(_mm_srli_epi16(packed, 4), low));
}

CARAT_AVX2_INLINE __m256i codes_q3_k(const uint8_t *block, int i) {
    const __m256i low = carat_load(block + offsetof(carat_block_q3_k, low) + 32 * (i / 4)), high = carat_load(block);
    const __m256i top = i < 2 ? _mm256_slli_epi16(high, 2 - i) : _mm256_srli_epi16(high, i - 2);
    return _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(low, 2 * (i % 4)), _mm256_set1_epi8(3)),
        _mm256_and_si256(top, _mm256_set1_epi8(4)));
}

CARAT_AVX2_INLINE void scales_q3_k(const uint8_t *block, __m256i *scales, __m256i *mins) {
    const carat_block_q3_k *w = (const void *)block;
    uint64_t low;
    uint32_t high;
    memcpy(&low, w->scales, sizeof low);
    memcpy(&high, w->scales + 8, sizeof high);
    const __m128i lows = _mm_srlv_epi64(_mm_set1_epi64x((long long)low), _mm_set_epi64x(4, 0));
    const __m128i highs = _mm_srlv_epi32(_mm_set1_epi32((int)high), _mm_setr_epi32(0, 2, 4, 6));
    const __m128i joined = _mm_or_si128(_mm_and_si128(lows, _mm_set1_epi8(15)),
        _mm_slli_epi16(_mm_and_si128(highs, _mm_set1_epi8(3)), 4));
    *scales = _mm256_cvtepi8_epi16(_mm_sub_epi8(joined, _mm_set1_epi8(32)));
    *mins = _mm256_setzero_si256();
}

CARAT_AVX2_INLINE __m256i nibbles(const uint8_t *packed, int i) {
    return _mm256_and_si256(_mm256_srli_epi16(carat_load(packed), 4 * i), _mm256_set1_epi8(15));
}

CARAT_AVX2_INLINE __m256i codes_q4_k(const uint8_t *block, int i) {
    return nibbles(block + offsetof(carat_block_q4_k, codes) + 32 * (i / 2), i % 2);
}

/// The head of Q4_K and Q5_K; a scale and a min stand for two groups of 16.
CARAT_AVX2_INLINE void scales_q4_k(const uint8_t *block, __m256i *scales, __m256i *mins) {
    uint32_t word[4];  // d and dmin, scales, mins, the upper parts of both
    memcpy(word, block, sizeof word);
    const uint64_t scale_bytes = (word[1] & 0x3f3f3f3f) |
        (uint64_t)((word[3] & 0x0f0f0f0f) | ((word[1] >> 2) & 0x30303030)) << 32;
    const uint64_t min_bytes = (word[2] & 0x3f3f3f3f) |
        (uint64_t)(((word[3] >> 4) & 0x0f0f0f0f) | ((word[2] >> 2) & 0x30303030)) << 32;
    const __m128i s = _mm_cvtsi64_si128((long long)scale_bytes), m = _mm_cvtsi64_si128((long long)min_bytes);
    *scales = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(s, s));
    *mins = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(m, m));
}

CARAT_AVX2_INLINE __m256i codes_q5_k(const uint8_t *block, int i) {
    const __m256i high = carat_load(block + offsetof(carat_block_q5_k, high));
    const __m256i top = i < 4 ? _mm256_slli_epi16(high, 4 - i) : _mm256_srli_epi16(high, i - 4);
    return _mm256_or_si256(nibbles(block + offsetof(carat_block_q5_k, low) + 32 * (i / 2), i % 2),
        _mm256_and_si256(top, _mm256_set1_epi8(16)));
}

CARAT_AVX2_INLINE __m256i codes_q6_k(const uint8_t *block, int i) {
    const int half = i / 4, plane = i % 4;
    const __m256i high = carat_load(block + offsetof(carat_block_q6_k, high) + 32 * half);
    const __m256i top = plane < 2 ? _mm256_slli_epi16(high, 4 - 2 * plane) : _mm256_srli_epi16(high, 2 * plane - 4);
    return _mm256_or_si256(nibbles(block + 64 * half + 32 * (plane % 2), plane / 2),
        _mm256_and_si256(top, _mm256_set1_epi8(48)));
}

CARAT_AVX2_INLINE void scales_q6_k(const uint8_t *block, __m256i *scales, __m256i *mins) {
    *scales = _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)(block + offsetof(carat_block_q6_k, scales))));
    *mins = _mm256_setzero_si256();
}

// run: 4 * 4 * 3 * 127 = 6096, 4 * 4 * 7 * 127 = 14224, 4 * 4 * 15 * 127 = 30480, 2 * 4 * 31 * 127 = 31496 are below
// 2^15; of Q6_K one step alone would be (4 * 63 * 127 = 32004), which costs more than a multiplication of 32 bits.
#define CARAT_VNNI_FORMAT(format, name, offset_, has_mins_, run_, scales_, dmin_)                                     \
    static const carat_vnni_format format = {                                                                         \
        .codes = codes_##name, .scales = scales_, .block_bytes = sizeof(carat_block_##name),                          \
        .d = offsetof(carat_block_##name, d), .dmin = offsetof(carat_block_##name, dmin_), .offset = offset_,         \
        .has_mins = has_mins_, .run = run_}
CARAT_VNNI_FORMAT(vnni_q2_k, q2_k, 0, true, 4, scales_q2_k, dmin);
CARAT_VNNI_FORMAT(vnni_q3_k, q3_k, 4, false, 4, scales_q3_k, d);
CARAT_VNNI_FORMAT(vnni_q4_k, q4_k, 0, true, 4, scales_q4_k, dmin);
CARAT_VNNI_FORMAT(vnni_q5_k, q5_k, 0, true, 2, scales_q4_k, dmin);
CARAT_VNNI_FORMAT(vnni_q6_k, q6_k, 32, false, 0, scales_q6_k, d);
#endif
